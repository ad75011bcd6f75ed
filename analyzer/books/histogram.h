/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_HISTOGRAM_H
#define XSW_ANALYZER_HISTOGRAM_H

/*
 * Durations by logarithmic buckets, each octave cut into 32: a percentile is at most 3.2 % above
 * the true one, whatever the spread, in 19 KiB. Each bucket remembers the packet that came to it
 * last, so that a percentile leads to a packet; this is what the histograms of libhdr-histogram do
 * not have. Durations of 2^40 ns (18 minutes) and more share the last bucket; minimum, maximum and
 * sum are exact.
 *
 * Threads: one.
 */

#include <stdint.h>

enum {
    HISTOGRAM_OCTAVE = 32, /* buckets */
    HISTOGRAM_BITS_MAX = 40,
    HISTOGRAM_BUCKETS = (HISTOGRAM_BITS_MAX - 5 + 1) * HISTOGRAM_OCTAVE
};

struct histogram_bucket {
    uint64_t count;
    uint64_t example_packet;
};

struct histogram {
    uint64_t count;
    uint64_t sum_ns;         /* stops at UINT64_MAX */
    uint64_t min_ns, max_ns; /* valid when count is not 0 */
    uint64_t max_packet;
    struct histogram_bucket buckets[HISTOGRAM_BUCKETS];
};

struct histogram_point {
    uint64_t value_ns;       /* as many as asked for took this long or less */
    uint64_t example_packet; /* one of about that */
};

/* All zero is an empty one. */
void histogram_add(struct histogram *histogram, uint64_t duration_ns, uint64_t packet_id);
/* Adds what came behind all that is in `histogram`, as if it had been added one by one. */
void histogram_merge(struct histogram *histogram, const struct histogram *behind);
/* `per_million`: 500000 is the median. All zero when the histogram is empty. */
struct histogram_point histogram_percentile(const struct histogram *histogram,
                                            uint32_t per_million);
/* The durations that a bucket holds begin here. */
uint64_t histogram_bucket_begin_ns(uint32_t bucket);

#endif
