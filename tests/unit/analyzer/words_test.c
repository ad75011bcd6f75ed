/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/report/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void numbers_have_commas(void **state)
{
    struct words words;
    (void)state;
    assert_string_equal(words_number(0, &words), "0");
    assert_string_equal(words_number(999, &words), "999");
    assert_string_equal(words_number(1000, &words), "1,000");
    assert_string_equal(words_number(UINT64_MAX, &words), "18,446,744,073,709,551,615");
    assert_string_equal(words_count(1, "packet", &words), "1 packet");
    assert_string_equal(words_count(1234, "packet", &words), "1,234 packets");
}

static void durations_have_the_fitting_unit(void **state)
{
    struct words words;
    (void)state;
    assert_string_equal(words_duration(480, &words), "480 ns");
    assert_string_equal(words_duration(12345, &words), "12.3 us");
    assert_string_equal(words_duration(12345678, &words), "12.3 ms");
    assert_string_equal(words_duration(12345678901u, &words), "12.3 s");
    assert_string_equal(words_duration(200000000000u, &words), "3 min 20 s");
    assert_non_null(words_duration(UINT64_MAX, &words));
}

static void times_are_to_the_microsecond(void **state)
{
    struct words words;
    (void)state;
    assert_string_equal(words_time(1767323045123456789u, &words), "03:04:05.123456");
    assert_string_equal(words_date_time(1767323045123456789u, &words),
                        "2026-01-02 03:04:05.123456 +0000");
    assert_non_null(words_date_time(UINT64_MAX, &words));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_have_commas),
        cmocka_unit_test(durations_have_the_fitting_unit),
        cmocka_unit_test(times_are_to_the_microsecond),
    };
    setenv("TZ", "UTC", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
