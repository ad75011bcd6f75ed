/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* RFC 4648, section 10. */
static const struct {
    const char *bytes, *text;
} pairs[] = {{"", ""},
             {"f", "Zg=="},
             {"fo", "Zm8="},
             {"foo", "Zm9v"},
             {"foob", "Zm9vYg=="},
             {"fooba", "Zm9vYmE="},
             {"foobar", "Zm9vYmFy"}};

static void the_examples_of_the_standard_go_both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        char text[16];
        char bytes[16];
        size_t length = 0;
        base64_format(pairs[i].bytes, strlen(pairs[i].bytes), text);
        assert_string_equal(text, pairs[i].text);
        assert_int_equal(strlen(text) + 1, base64_text_size(strlen(pairs[i].bytes)));
        assert_true(base64_parse(text, bytes, sizeof(bytes), &length));
        assert_int_equal(length, strlen(pairs[i].bytes));
        assert_memory_equal(bytes, pairs[i].bytes, length);
    }
}

static void all_bytes_come_back(void **state)
{
    (void)state;
    uint8_t bytes[256];
    uint8_t back[256];
    char text[512];
    size_t length = 0;
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)(i * 37);
    }
    base64_format(bytes, sizeof(bytes), text);
    assert_true(base64_parse(text, back, sizeof(back), &length));
    assert_int_equal(length, sizeof(bytes));
    assert_memory_equal(back, bytes, length);
    /* One byte less room than it takes. */
    assert_false(base64_parse(text, back, sizeof(back) - 1, &length));
}

static void what_is_no_such_text_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"Z",        "Zg",       "Zg=",  "Zg=a",
                                        "====",     "Zm9v=",    "Zh==", "Zm9=",
                                        "Zg==Zg==", "Zm9v\nZg", "Zm-v", "\xff\xff=="};
    uint8_t bytes[16];
    size_t length = 0;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        if (base64_parse(wrong[i], bytes, sizeof(bytes), &length)) {
            fail_msg("\"%s\" was taken", wrong[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_the_standard_go_both_ways),
        cmocka_unit_test(all_bytes_come_back),
        cmocka_unit_test(what_is_no_such_text_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
