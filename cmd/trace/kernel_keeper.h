/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_KERNEL_KEEPER_H
#define XSW_CMD_KERNEL_KEEPER_H

/*
 * Keeps the process that reads the kernel's events alive: one that dies, or that cannot go on, is
 * followed by another, which knows since when nothing was told. The keeper has the rights for it
 * also when who wants the events has given them up.
 *
 * Threads: one in each process. What they share is written by the process that reads, and read by
 * others when it has died, but for `told_ns`.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <xsw/error.h>

enum { KERNEL_CAUSE_SIZE = 240 };

struct kernel_life {
    _Atomic uint64_t told_ns; /* all that happened before this is told; 0: nothing yet */
    uint32_t pause_ms;        /* before the next when they die in a row; 0: then it is given up */
    char cause[KERNEL_CAUSE_SIZE]; /* why the last one has ended */
};

/* Memory that is shared with processes that are made later. */
enum xsw_status kernel_life_create(struct kernel_life **life,
                                   struct xsw_error *error) XSW_MUST_CHECK;
void kernel_life_destroy(struct kernel_life *life); /* accepts null */

/* In a process of its own: tells, and keeps life->told_ns. Returns true when it is over, and false
 * with life->cause when it could not go on. */
typedef bool kernel_life_run(struct kernel_life *life, void *context);
/* Returns when it is over; false: it dies again and again, life->cause says of what, and
 * life->pause_ms is 0. */
bool kernel_keep(struct kernel_life *life, kernel_life_run *run, void *context);

#endif
