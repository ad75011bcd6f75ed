/* SPDX-License-Identifier: Apache-2.0 */
/* A trace provider of another version: what is behind its number is not known. */
#include <stdint.h>

__attribute__((visibility("default"))) extern const uint32_t xsw_trace_provider[32];
const uint32_t xsw_trace_provider[32] = {999};
