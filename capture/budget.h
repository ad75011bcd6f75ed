/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CAPTURE_BUDGET_H
#define XSW_CAPTURE_BUDGET_H

/*
 * How much of a worker's time a capture session may take. What it takes is measured once a batch,
 * in cycles, with what the switch does for those who look on (struct ended_batch.watch_cycles), and
 * looked at every 10 ms. A session that is over its budget three times in a row does less, in three
 * steps: it keeps only the first bytes of packets, then only one flow in 16, then nothing. It goes
 * one step back after a second within half of its budget; after a relapse it waits twice as long as
 * before, up to about a minute. A time without packets counts as one within it.
 *
 * Threads: each worker has its own for each session.
 */

#include <stdint.h>

enum budget_level {
    BUDGET_FULL = 0,    /* all that the session wants */
    BUDGET_SHORT = 1,   /* at most BUDGET_SNAP bytes of a packet */
    BUDGET_SAMPLED = 2, /* and of one flow in BUDGET_SAMPLE only */
    BUDGET_DISARMED = 3 /* nothing */
};

enum {
    BUDGET_SNAP = 128,
    BUDGET_SAMPLE = 16,
    BUDGET_WHOLE = 1000000, /* shares of the worker's time are in millionths */
    BUDGET_DEFAULT = 500000,
    BUDGET_WINDOW_NS = 10000000,
    BUDGET_OVER_WINDOWS = 3,
    BUDGET_CALM_WINDOWS = 100,
    BUDGET_CALM_WINDOWS_MAX = 6400 /* about a minute */
};

struct budget {
    uint64_t window_ns;     /* when the window began, by the clock of the worker */
    uint64_t window_cycles; /* and by its counter */
    uint64_t spent_cycles;  /* in this window */
    uint32_t share;         /* of the window before, in millionths */
    uint32_t over, calm;    /* windows in a row */
    uint32_t calm_needed;
    uint8_t level;         /* enum budget_level */
    uint8_t has_gone_back; /* a step, and it is not sure yet that this lasts */
};

/* Whether the window is over, and budget_close is to be called. */
static inline int budget_is_due(const struct budget *budget, uint64_t now_ns)
{
    return now_ns - budget->window_ns >= BUDGET_WINDOW_NS;
}

/* Ends the window: what was spent in it, as a share, decides about the level. `allowed` is in
 * millionths; BUDGET_WHOLE or more: no limit. Returns whether the level is another now. */
int budget_close(struct budget *budget, uint64_t now_ns, uint64_t now_cycles, uint32_t allowed);

/* "full", "short", "sampled", "disarmed". */
const char *budget_level_name(unsigned level);

#endif
