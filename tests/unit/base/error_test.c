/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void an_error_has_its_status_and_its_sentence(void **state)
{
    (void)state;
    struct xsw_error error;
    assert_int_equal(error_set(&error, XSW_LIMIT, "at most %d", 7), XSW_LIMIT);
    assert_int_equal(error.status, XSW_LIMIT);
    assert_int_equal(error.errno_value, 0);
    assert_string_equal(error.text, "at most 7");
    assert_int_equal(error_set(NULL, XSW_BUSY, "nobody listens"), XSW_BUSY);
}

static void an_error_of_the_system_keeps_errno(void **state)
{
    (void)state;
    struct xsw_error error;
    errno = ENOENT;
    assert_int_equal(error_errno(&error, "cannot open %s", "x"), XSW_IO);
    assert_int_equal(error.errno_value, ENOENT);
    assert_int_equal(errno, ENOENT);
    assert_string_equal(error.text, "cannot open x: No such file or directory");
}

static void a_prefix_says_where(void **state)
{
    (void)state;
    struct xsw_error error;
    (void)error_set(&error, XSW_CORRUPT, "bad");
    assert_int_equal(error_prefix(&error, "file %s", "x"), XSW_CORRUPT);
    assert_string_equal(error.text, "file x: bad");
}

static void a_text_that_is_too_long_is_cut_and_ended(void **state)
{
    (void)state;
    struct xsw_error error;
    char text[2000];
    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    (void)error_set(&error, XSW_INVALID, "%s", text);
    assert_int_equal(strlen(error.text), sizeof(error.text) - 1);
    for (unsigned i = 0; i < 5; i++) {
        (void)error_prefix(&error, "%s", text + sizeof(text) - 100);
        assert_true(strlen(error.text) < sizeof(error.text));
    }
    (void)error_prefix(&error, "%s", text);
    assert_int_equal(strlen(error.text), sizeof(error.text) - 1);
    errno = EIO;
    (void)error_errno(&error, "%s", text);
    assert_int_equal(strlen(error.text), sizeof(error.text) - 1);
}

static void every_status_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (int a = XSW_LIMIT; a <= XSW_AGAIN; a++) {
        assert_string_not_equal(status_name((enum xsw_status)a), "unknown");
        for (int b = XSW_LIMIT; b < a; b++) {
            assert_string_not_equal(status_name((enum xsw_status)a),
                                    status_name((enum xsw_status)b));
        }
    }
    assert_string_equal(status_name((enum xsw_status)99), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_error_has_its_status_and_its_sentence),
        cmocka_unit_test(an_error_of_the_system_keeps_errno),
        cmocka_unit_test(a_prefix_says_where),
        cmocka_unit_test(a_text_that_is_too_long_is_cut_and_ended),
        cmocka_unit_test(every_status_has_a_name_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
