/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/books/histogram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct histogram *empty(void)
{
    struct histogram *histogram = calloc(1, sizeof(*histogram));
    assert_non_null(histogram);
    return histogram;
}

static void an_empty_one_has_no_percentiles(void **state)
{
    struct histogram *histogram = empty();
    (void)state;
    assert_int_equal(histogram_percentile(histogram, 500000).value_ns, 0);
    assert_int_equal(histogram_percentile(histogram, 500000).example_packet, 0);
    free(histogram);
}

static void each_bucket_begins_where_the_one_before_ends(void **state)
{
    (void)state;
    for (uint32_t bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) {
        struct histogram *histogram = empty();
        uint64_t begin = histogram_bucket_begin_ns(bucket);
        histogram_add(histogram, begin, 1);
        if (bucket + 1 < HISTOGRAM_BUCKETS)
            histogram_add(histogram, histogram_bucket_begin_ns(bucket + 1) - 1, 2);
        assert_int_equal(histogram->buckets[bucket].count, histogram->count);
        free(histogram);
    }
}

static void percentiles_are_at_most_a_thirtysecond_too_high(void **state)
{
    struct histogram *histogram = empty();
    (void)state;
    for (uint64_t n = 1; n <= 100000; n++)
        histogram_add(histogram, n * 17, n);
    for (uint32_t per_million = 10; per_million <= 1000000; per_million += 9990) {
        uint64_t truth = (100000ull * per_million + 999999) / 1000000 * 17;
        uint64_t got = histogram_percentile(histogram, per_million).value_ns;
        assert_true(got >= truth);
        assert_true(got <= truth + truth / 32 + 1);
    }
    free(histogram);
}

static void a_percentile_leads_to_a_packet_of_about_that_duration(void **state)
{
    struct histogram *histogram = empty();
    (void)state;
    for (uint64_t n = 0; n < 99; n++)
        histogram_add(histogram, 1000, n);
    histogram_add(histogram, 50000000, 4711);
    assert_int_equal(histogram_percentile(histogram, 500000).example_packet, 98);
    assert_int_equal(histogram_percentile(histogram, 1000000).example_packet, 4711);
    assert_int_equal(histogram->max_packet, 4711);
    free(histogram);
}

static void the_ends_and_the_sum_are_exact(void **state)
{
    struct histogram *histogram = empty();
    (void)state;
    histogram_add(histogram, 1234567, 1);
    histogram_add(histogram, 7654321, 2);
    assert_int_equal(histogram->min_ns, 1234567);
    assert_int_equal(histogram->max_ns, 7654321);
    assert_int_equal(histogram->sum_ns, 1234567 + 7654321);
    assert_int_equal(histogram_percentile(histogram, 1000000).value_ns, 7654321);
    free(histogram);
}

static void the_longest_durations_share_a_bucket_and_do_not_wrap(void **state)
{
    struct histogram *histogram = empty();
    (void)state;
    histogram_add(histogram, UINT64_MAX, 1);
    histogram_add(histogram, UINT64_MAX - 1, 2);
    assert_int_equal(histogram->buckets[HISTOGRAM_BUCKETS - 1].count, 2);
    assert_true(histogram->sum_ns == UINT64_MAX);
    assert_true(histogram_percentile(histogram, 990000).value_ns == UINT64_MAX);
    free(histogram);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_one_has_no_percentiles),
        cmocka_unit_test(each_bucket_begins_where_the_one_before_ends),
        cmocka_unit_test(percentiles_are_at_most_a_thirtysecond_too_high),
        cmocka_unit_test(a_percentile_leads_to_a_packet_of_about_that_duration),
        cmocka_unit_test(the_ends_and_the_sum_are_exact),
        cmocka_unit_test(the_longest_durations_share_a_bucket_and_do_not_wrap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
