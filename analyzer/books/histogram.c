/* SPDX-License-Identifier: Apache-2.0 */
/* Bucket n < 32 holds the duration n; from there on each octave [2^k, 2^(k+1)) has 32 of one width.
 * See histogram.h. */
#include "analyzer/books/histogram.h"

enum { EXACT = HISTOGRAM_OCTAVE, EXACT_BITS = 5 };

_Static_assert(EXACT == 1 << EXACT_BITS, "the buckets of an octave are counted by bits");

static uint32_t bucket_of(uint64_t duration_ns)
{
    if (duration_ns < EXACT) {
        return (uint32_t)duration_ns;
    }
    uint32_t top = 63U - (uint32_t)__builtin_clzll(duration_ns);
    if (top >= HISTOGRAM_BITS_MAX) {
        return HISTOGRAM_BUCKETS - 1;
    }
    uint32_t within = (uint32_t)(duration_ns >> (top - EXACT_BITS)) - EXACT;
    return (top - EXACT_BITS + 1) * HISTOGRAM_OCTAVE + within;
}

uint64_t histogram_bucket_begin_ns(uint32_t bucket)
{
    if (bucket < EXACT) {
        return bucket;
    }
    uint32_t octave = bucket / HISTOGRAM_OCTAVE - 1;
    return (uint64_t)(EXACT + bucket % HISTOGRAM_OCTAVE) << octave;
}

void histogram_add(struct histogram *histogram, uint64_t duration_ns, uint64_t packet_id)
{
    struct histogram_bucket *bucket = &histogram->buckets[bucket_of(duration_ns)];
    bucket->count++;
    bucket->example_packet = packet_id;
    uint64_t sum = histogram->sum_ns + duration_ns;
    histogram->sum_ns = sum < duration_ns ? UINT64_MAX : sum;
    if (histogram->count == 0 || duration_ns < histogram->min_ns) {
        histogram->min_ns = duration_ns;
    }
    if (histogram->count == 0 || duration_ns > histogram->max_ns) {
        histogram->max_ns = duration_ns;
        histogram->max_packet = packet_id;
    }
    histogram->count++;
}

void histogram_merge(struct histogram *histogram, const struct histogram *behind)
{
    if (behind->count == 0) {
        return;
    }
    uint32_t last = bucket_of(behind->max_ns);
    for (uint32_t i = bucket_of(behind->min_ns); i <= last; i++) {
        if (behind->buckets[i].count != 0) {
            histogram->buckets[i].count += behind->buckets[i].count;
            histogram->buckets[i].example_packet = behind->buckets[i].example_packet;
        }
    }
    uint64_t sum = histogram->sum_ns + behind->sum_ns;
    histogram->sum_ns = sum < behind->sum_ns ? UINT64_MAX : sum;
    if (histogram->count == 0 || behind->min_ns < histogram->min_ns) {
        histogram->min_ns = behind->min_ns;
    }
    if (histogram->count == 0 || behind->max_ns > histogram->max_ns) {
        histogram->max_ns = behind->max_ns;
        histogram->max_packet = behind->max_packet;
    }
    histogram->count += behind->count;
}

struct histogram_point histogram_percentile(const struct histogram *histogram, uint32_t per_million)
{
    struct histogram_point point = {0};
    if (histogram->count == 0) {
        return point;
    }
    /* The rank of the one that is asked for, from 1: in two steps, since the product may be large.
     */
    uint64_t whole = histogram->count / 1000000 * per_million;
    uint64_t rest = histogram->count % 1000000 * per_million;
    uint64_t rank = whole + (rest + 999999) / 1000000;
    rank = rank == 0 ? 1 : rank > histogram->count ? histogram->count : rank;
    uint64_t passed = 0;
    uint32_t bucket = 0;
    while (bucket < HISTOGRAM_BUCKETS - 1) {
        passed += histogram->buckets[bucket].count;
        if (passed >= rank) {
            break;
        }
        bucket++;
    }
    point.example_packet = histogram->buckets[bucket].example_packet;
    point.value_ns = bucket == HISTOGRAM_BUCKETS - 1 ? histogram->max_ns
                                                     : histogram_bucket_begin_ns(bucket + 1) - 1;
    /* The ends are known exactly. */
    if (point.value_ns > histogram->max_ns) {
        point.value_ns = histogram->max_ns;
    }
    if (point.value_ns < histogram->min_ns) {
        point.value_ns = histogram->min_ns;
    }
    return point;
}
