/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_FUZZ_BLOCK_MUTATE_H
#define XSW_FUZZ_BLOCK_MUTATE_H

/*
 * Spoils a pcapng file block by block, so that the spoiled file is still read far enough to spoil
 * what comes after: blocks go, come twice and change places, numbers and letters inside them
 * become others, and the lengths around them stay right. A fuzzer that knows
 * LLVMFuzzerCustomMutator uses it by itself.
 */

#include <stddef.h>
#include <stdint.h>

/* The new length, up to `room`. The same seed does the same. Bytes that are no little-endian pcapng
 * are spoiled as bytes. */
size_t block_mutate(uint8_t *bytes, size_t length, size_t room, uint64_t seed);

#endif
