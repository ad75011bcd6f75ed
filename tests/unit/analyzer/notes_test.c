/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/books/notes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_safe(const char *source, const char *expected)
{
    char text[64];
    text_make_safe(text, sizeof(text), source);
    assert_string_equal(text, expected);
}

static void control_characters_cannot_reach_the_terminal(void **state)
{
    (void)state;
    assert_safe("a\033[31mb", "a?[31mb");
    assert_safe("line\nnext\ttab\x7f", "line?next?tab?");
    assert_safe("c1 \xc2\x9b csi", "c1 ?? csi");
}

static void broken_utf8_becomes_question_marks(void **state)
{
    (void)state;
    assert_safe("gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f");
    assert_safe("\xff\xc0\x80\xe2\x82", "?????");
    assert_safe("\xed\xa0\x80", "???");
    assert_safe("\xf0\x9f\x90\x9f", "\xf0\x9f\x90\x9f");
}

static void cut_never_splits_a_character(void **state)
{
    char text[4];
    (void)state;
    text_make_safe(text, sizeof(text), "ab\xc3\xbc");
    assert_string_equal(text, "ab");
    text_make_safe(text, 1, "ab");
    assert_string_equal(text, "");
}

static void same_note_is_kept_once(void **state)
{
    struct notes notes = {0};
    (void)state;
    notes_add(&notes, "%s", "again");
    notes_add(&notes, "%s", "again");
    assert_int_equal(notes.count, 1);
    assert_int_equal(notes.beyond, 0);
}

static void notes_beyond_the_limit_are_counted(void **state)
{
    struct notes notes = {0};
    (void)state;
    for (int i = 0; i < NOTES_MAX + 5; i++)
        notes_add(&notes, "note %d", i);
    assert_int_equal(notes.count, NOTES_MAX);
    assert_int_equal(notes.beyond, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(control_characters_cannot_reach_the_terminal),
        cmocka_unit_test(broken_utf8_becomes_question_marks),
        cmocka_unit_test(cut_never_splits_a_character),
        cmocka_unit_test(same_note_is_kept_once),
        cmocka_unit_test(notes_beyond_the_limit_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
