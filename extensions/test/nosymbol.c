/* SPDX-License-Identifier: Apache-2.0 */
/* A shared object that is no extension. */
extern const int nosymbol_answer;
__attribute__((visibility("default"))) const int nosymbol_answer = 42;
