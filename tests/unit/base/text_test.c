/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void pieces_become_one_text(void **state)
{
    (void)state;
    struct text text = {0};
    assert_string_equal(text_string(&text), "");
    text_append_string(&text, "ab");
    text_append(&text, "cd\0e", 4);
    text_format(&text, "%d-%s", 42, "x");
    assert_int_equal(text.length, 10);
    assert_memory_equal(text_string(&text), "abcd\0e42-x", 11);
    text_fini(&text);
}

static void long_texts_grow(void **state)
{
    (void)state;
    struct text text = {0};
    for (int i = 0; i < 100000; i++) {
        text_format(&text, "%05d", i);
    }
    assert_false(text.failed);
    assert_int_equal(text.length, 500000);
    assert_memory_equal(text_string(&text) + 499995, "99999", 6);
    text_fini(&text);
}

static void taken_text_belongs_to_the_caller(void **state)
{
    (void)state;
    struct text text = {0};
    char *empty = text_take(&text);
    assert_string_equal(empty, "");
    free(empty);
    text_append_string(&text, "mine");
    char *mine = text_take(&text);
    assert_string_equal(mine, "mine");
    assert_string_equal(text_string(&text), "");
    free(mine);
}

static void cleared_text_keeps_its_memory(void **state)
{
    (void)state;
    struct text text = {0};
    text_append_string(&text, "something");
    size_t size = text.size;
    text_clear(&text);
    assert_string_equal(text_string(&text), "");
    assert_int_equal(text.size, size);
    text_fini(&text);
}

static void failed_text_takes_nothing_more(void **state)
{
    (void)state;
    struct text text = {0};
    text_append_string(&text, "kept");
    text_append(&text, "x", SIZE_MAX / 4);
    assert_true(text.failed);
    text_append_string(&text, "lost");
    assert_int_equal(text.length, 4);
    assert_null(text_take(&text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_become_one_text),
        cmocka_unit_test(long_texts_grow),
        cmocka_unit_test(taken_text_belongs_to_the_caller),
        cmocka_unit_test(cleared_text_keeps_its_memory),
        cmocka_unit_test(failed_text_takes_nothing_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
