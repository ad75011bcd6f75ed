/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_BASE_CYCLES_H
#define XSW_BASE_CYCLES_H

/* The counter of the processor: about 13 ns. Good for differences on one processor. Any thread. */

#include <stdint.h>

static inline uint64_t cycles_now(void)
{
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#else
    uint64_t cycles;
    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(cycles));
    return cycles;
#endif
}

#endif
