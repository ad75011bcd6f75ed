/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_BASE_CLOCK_H
#define XSW_BASE_CLOCK_H

/* Nanoseconds of the system's clocks. Any thread. */

#include <stdint.h>
#include <time.h>

enum { NS_PER_SECOND = 1000000000 };

static inline uint64_t clock_read(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

/* For differences and for time stamps: about 30 ns a call. */
static inline uint64_t clock_mono_ns(void)
{
    return clock_read(CLOCK_MONOTONIC);
}

/* Since 1970 UTC. */
static inline uint64_t clock_wall_ns(void)
{
    return clock_read(CLOCK_REALTIME);
}

#endif
