/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/app/keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static enum xsw_status keys_from(struct keymap *map, const char *text, struct xsw_error *error)
{
    char path[] = "/tmp/xsw-keys-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    keymap_init(map);
    enum xsw_status status = keymap_read(map, path, error);
    unlink(path);
    return status;
}

static void no_key_does_two_things(void **state)
{
    struct keymap map;
    (void)state;
    keymap_init(&map);
    for (int action = 1; action < ACTION_COUNT; action++)
        for (int i = 0; i < KEYS_OF_ACTION_MAX; i++)
            if (map.keys[action][i] != TUI_KEY_NONE)
                assert_int_equal(keymap_find(&map, map.keys[action][i]), action);
}

static void every_action_has_a_key_a_name_and_words(void **state)
{
    struct keymap map;
    (void)state;
    keymap_init(&map);
    for (int action = 1; action < ACTION_COUNT; action++) {
        char text[KEY_TEXT_SIZE];
        assert_non_null(action_name((enum action)action));
        assert_true(strlen(action_help((enum action)action)) > 1);
        assert_true(keymap_text(&map, (enum action)action, text)[0] != '\0');
    }
}

static void a_file_gives_other_keys_and_takes_them_from_others(void **state)
{
    struct keymap map;
    (void)state;
    assert_int_equal(keys_from(&map, "# mine\n\npause F5 ^P\nquit p x\n", NULL), XSW_OK);
    assert_int_equal(keymap_find(&map, TUI_KEY_F1 + 4), ACTION_PAUSE);
    assert_int_equal(keymap_find(&map, 16), ACTION_PAUSE);
    assert_int_equal(keymap_find(&map, 'p'), ACTION_QUIT);
    assert_int_equal(keymap_find(&map, 'x'), ACTION_QUIT);
    assert_int_equal(keymap_find(&map, 'q'), ACTION_NONE);
    assert_int_equal(keymap_find(&map, 'f'), ACTION_FILTER);
}

static void what_a_file_has_wrong_is_told_with_its_line(void **state)
{
    struct keymap map;
    struct xsw_error error;
    (void)state;
    assert_int_equal(keys_from(&map, "pause F5\nfly x\n", &error), XSW_INVALID);
    assert_non_null(strstr(error.text, "line 2"));
    assert_non_null(strstr(error.text, "\"fly\""));
    assert_int_equal(keys_from(&map, "pause F99\n", &error), XSW_INVALID);
    assert_non_null(strstr(error.text, "line 1"));
    assert_non_null(strstr(error.text, "\"F99\""));
    assert_int_equal(keys_from(&map, "pause a b c d e f\n", &error), XSW_INVALID);
    assert_int_equal(keymap_read(&map, "/nowhere/top.keys", &error), XSW_IO);
}

static void keys_read_as_they_are_written(void **state)
{
    static const char *const words[] = {"Enter", "Esc", "Space", "PgUp", "F12", "^L", "x", "S-Tab"};
    (void)state;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        struct keymap map;
        char line[64];
        char text[KEY_TEXT_SIZE];
        snprintf(line, sizeof(line), "save %s\n", words[i]);
        assert_int_equal(keys_from(&map, line, NULL), XSW_OK);
        assert_string_equal(keymap_text(&map, ACTION_SAVE, text), words[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_key_does_two_things),
        cmocka_unit_test(every_action_has_a_key_a_name_and_words),
        cmocka_unit_test(a_file_gives_other_keys_and_takes_them_from_others),
        cmocka_unit_test(what_a_file_has_wrong_is_told_with_its_line),
        cmocka_unit_test(keys_read_as_they_are_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
