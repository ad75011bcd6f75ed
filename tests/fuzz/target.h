/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_FUZZ_TARGET_H
#define XSW_FUZZ_TARGET_H

#include <stddef.h>
#include <stdint.h>

/* The entry of a fuzz target, under the name that libFuzzer and others look for. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
