/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TRACE_KERNEL_SYMBOLS_H
#define XSW_TRACE_KERNEL_SYMBOLS_H

/*
 * Names of places in the kernel, from /proc/kallsyms: the file is looked through when a place is
 * seen for the first time, and the answer is kept. Private to trace.
 *
 * Threads: one.
 */

#include <stdint.h>

enum { KERNEL_SYMBOLS_MAX = 256, KERNEL_SYMBOL_SIZE = 64 };

struct kernel_symbol {
    uint64_t address;
    char name[KERNEL_SYMBOL_SIZE];
};

struct kernel_symbols {
    const char *path; /* null: /proc/kallsyms */
    struct kernel_symbol known[KERNEL_SYMBOLS_MAX];
    uint32_t count;
};

/* The function that the address is in; "" when it is not known, as for who may not see addresses.
 */
const char *kernel_symbols_find(struct kernel_symbols *symbols, uint64_t address);

#endif
