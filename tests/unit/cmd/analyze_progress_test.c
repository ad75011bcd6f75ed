/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/analyze/progress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"

static const uint64_t START_NS = 1000 * (uint64_t)NS_PER_SECOND;
static const uint64_t FILE_BYTES = 400ULL << 20;

/* How much was read, so many milliseconds behind the start; null: nothing is shown. */
static const char *told(struct progress *progress, unsigned ms, uint64_t mebibytes)
{
    static struct progress_line line;
    return progress_tell(progress, "a.pcapng", mebibytes << 20, FILE_BYTES,
                         START_NS + ms * 1000000ULL, &line)
               ? line.text
               : NULL;
}

static void the_time_that_is_left_comes_from_what_was_read_so_far(void **state)
{
    struct progress progress = {0};
    (void)state;
    assert_null(told(&progress, 0, 0));
    assert_false(progress.is_shown);
    assert_string_equal(told(&progress, 1000, 40), "\r\033[Ka.pcapng: 9 %, 9 s left");
    assert_true(progress.is_shown);
    assert_string_equal(told(&progress, 2000, 200), "\r\033[Ka.pcapng: 49 %, 2 s left");
    assert_string_equal(told(&progress, 4000, 399), "\r\033[Ka.pcapng: 99 %, 1 s left");
    assert_string_equal(told(&progress, 5000, 400), "\r\033[Ka.pcapng: 99 %, 0 s left");
}

/* What an index has spared took no time, and says nothing about the rest. */
static void what_an_index_has_spared_is_not_counted_as_read(void **state)
{
    struct progress progress = {0};
    (void)state;
    assert_null(told(&progress, 0, 300));
    assert_string_equal(told(&progress, 1000, 310), "\r\033[Ka.pcapng: 77 %, 9 s left");
}

static void it_is_told_five_times_a_second_and_no_more(void **state)
{
    struct progress progress = {0};
    (void)state;
    assert_null(told(&progress, 0, 0));
    assert_null(told(&progress, 199, 10));
    assert_non_null(told(&progress, 200, 11));
    assert_null(told(&progress, 399, 12));
    assert_non_null(told(&progress, 400, 13));
}

static void a_small_file_is_read_without_a_word(void **state)
{
    struct progress progress = {0};
    struct progress_line line;
    (void)state;
    for (unsigned second = 0; second < 3; second++) {
        assert_false(progress_tell(&progress, "a.pcapng", second, PROGRESS_FILE_BYTES_MIN - 1,
                                   START_NS + second * NS_PER_SECOND, &line));
    }
    assert_false(progress.is_shown);
}

/* A file that grows while it is read, and a name that is longer than a line. */
static void a_line_stays_a_line(void **state)
{
    struct progress progress = {0};
    struct progress_line line;
    char path[4096];
    (void)state;
    memset(path, 'x', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    assert_false(progress_tell(&progress, path, 0, FILE_BYTES, START_NS, &line));
    assert_true(progress_tell(&progress, path, 2 * FILE_BYTES, FILE_BYTES, START_NS + NS_PER_SECOND,
                              &line));
    assert_non_null(strstr(line.text, ", 0 s left"));
    assert_true(strlen(line.text) < 80);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_time_that_is_left_comes_from_what_was_read_so_far),
        cmocka_unit_test(what_an_index_has_spared_is_not_counted_as_read),
        cmocka_unit_test(it_is_told_five_times_a_second_and_no_more),
        cmocka_unit_test(a_small_file_is_read_without_a_word),
        cmocka_unit_test(a_line_stays_a_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
