/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_BANDWIDTH_BUCKET_H
#define XSW_SWITCH_BANDWIDTH_BUCKET_H

/*
 * Token buckets as points in time: see switch/policy/bandwidth.h. Times in sixteenths of a
 * nanosecond, so that the rounding of a packet's cost is nothing even at the highest rate.
 *
 * Threads: any number of workers on one bucket, without locks.
 */

#include <stdatomic.h>
#include <stdint.h>

#include "switch/policy/bandwidth.h"

enum { TIMES_A_NS = 16 };

/* Bits of a byte times sixteenths of a nanosecond in a second. */
#define TIME_OF_BYTE UINT64_C(128000000000)

static inline uint64_t read_relaxed(const _Atomic uint64_t *value)
{
    return atomic_load_explicit(value, memory_order_relaxed);
}

static inline void raise_relaxed(_Atomic uint64_t *value, uint64_t least)
{
    uint64_t old = read_relaxed(value);
    while (old < least && !atomic_compare_exchange_weak_explicit(
                              value, &old, least, memory_order_relaxed, memory_order_relaxed)) {
    }
}

/* Since when the bucket fills, as it stands at `now`: not before it would be full, and with no more
 * debt than one packet makes (there may be more after the rate was raised). */
static inline uint64_t bucket_start(uint64_t bucket, const struct bandwidth_rate *rate,
                                    uint64_t now)
{
    uint64_t full = now > rate->depth ? now - rate->depth : 0;
    if (bucket < full) {
        return full;
    }
    return bucket > now + rate->debt ? now + rate->debt : bucket;
}

/* Takes `bytes` out of the bucket. False when they are not there yet: *ready is when they will be.
 */
static inline int bucket_take(_Atomic uint64_t *bucket, const struct bandwidth_rate *rate,
                              uint32_t bytes, uint64_t now_ns, uint64_t *ready_ns)
{
    uint64_t now = now_ns * TIMES_A_NS;
    uint64_t cost = bytes * TIME_OF_BYTE / rate->rate;
    uint64_t needed = cost < rate->depth ? cost : rate->depth;
    uint64_t old = read_relaxed(bucket);
    uint64_t start;
    do {
        start = bucket_start(old, rate, now);
        if (start + needed > now) {
            *ready_ns = (start + needed + TIMES_A_NS - 1) / TIMES_A_NS;
            return 0;
        }
    } while (!atomic_compare_exchange_weak_explicit(bucket, &old, start + cost,
                                                    memory_order_relaxed, memory_order_relaxed));
    return 1;
}

#endif
