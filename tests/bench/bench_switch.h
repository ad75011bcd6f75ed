/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_BENCH_SWITCH_H
#define XSW_BENCH_SWITCH_H

/*
 * The switch of the benchmarks: memory ports as generator and sink, so many addresses, each port
 * with the spoofing guard and an access list of two rules in and one out, or none.
 *
 * Threads: one at a time.
 */

#include <stdbool.h>
#include <stdint.h>

#include <xsw/error.h>

struct vswitch;

struct bench_switch_options {
    uint32_t ports, macs, frame_length; /* without the checksum: 60 is a frame of 64 */
    bool has_rules;
};

/* Ends the program when something fails. */
struct vswitch *bench_switch_make(const struct bench_switch_options *options);
_Noreturn void bench_fail(const char *what, const struct xsw_error *error);
/* "4.8M" is 4800000; 0: not a number. */
uint64_t bench_number(const char *text);

#endif
