/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TUI_KEYS_H
#define XSW_TUI_KEYS_H

/*
 * Which key does what. Keys are Unicode characters, or TUI_KEY_* for those that have none; a person
 * may give an action other keys by a file of lines "ACTION KEY…", "#" begins a comment, and lines
 * of "show" are for app_columns.c. What the bottom bar and the help say is read from here, so that
 * both are right after that.
 *
 * Threads: one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xsw/error.h>

enum tui_key {
    TUI_KEY_NONE = 0,
    TUI_KEY_TAB = 9,
    TUI_KEY_ENTER = 10,
    TUI_KEY_CTRL_L = 12,
    TUI_KEY_ESCAPE = 27,
    TUI_KEY_SPACE = 32,
    TUI_KEY_SPECIAL = 0x110000, /* behind all characters */
    TUI_KEY_UP,
    TUI_KEY_DOWN,
    TUI_KEY_LEFT,
    TUI_KEY_RIGHT,
    TUI_KEY_PAGE_UP,
    TUI_KEY_PAGE_DOWN,
    TUI_KEY_HOME,
    TUI_KEY_END,
    TUI_KEY_BACKSPACE,
    TUI_KEY_DELETE,
    TUI_KEY_SHIFT_TAB,
    TUI_KEY_F1, /* to F12 */
    TUI_KEY_F12 = TUI_KEY_F1 + 11,
    TUI_KEY_CLICK, /* of the mouse, at a place */
    TUI_KEY_DOUBLE_CLICK,
    TUI_KEY_WHEEL_UP,
    TUI_KEY_WHEEL_DOWN,
    TUI_KEY_RESIZE
};

enum action {
    ACTION_NONE,
    ACTION_UP,
    ACTION_DOWN,
    ACTION_LEFT,
    ACTION_RIGHT,
    ACTION_PAGE_UP,
    ACTION_PAGE_DOWN,
    ACTION_HOME,
    ACTION_END,
    ACTION_FOLLOW,
    ACTION_OPEN,
    ACTION_BACK,
    ACTION_QUIT,
    ACTION_HELP,
    ACTION_NEXT_SCREEN,
    ACTION_PREVIOUS_SCREEN,
    ACTION_SCREEN_1, /* to the tenth */
    ACTION_SCREEN_10 = ACTION_SCREEN_1 + 9,
    ACTION_FILTER,
    ACTION_UNFILTER,
    ACTION_SEARCH,
    ACTION_SEARCH_NEXT,
    ACTION_SEARCH_PREVIOUS,
    ACTION_SORT_NEXT,
    ACTION_SORT_PREVIOUS,
    ACTION_REVERSE,
    ACTION_PAUSE,
    ACTION_TIME_BACK,
    ACTION_TIME_FORWARD,
    ACTION_TIME_FAR_BACK,
    ACTION_TIME_FAR_FORWARD,
    ACTION_WINDOW,
    ACTION_TIMES,
    ACTION_MARK,
    ACTION_COMPARE,
    ACTION_LETTER,
    ACTION_GO_LETTER,
    ACTION_TREE,
    ACTION_TREE_CLOSE,
    ACTION_TREE_OPEN,
    ACTION_TREE_ALL,
    ACTION_COLUMNS,
    ACTION_RECORD,
    ACTION_DUMP,
    ACTION_SAVE,
    ACTION_REDRAW,
    ACTION_COLOUR,
    ACTION_COUNT
};

enum { KEYS_OF_ACTION_MAX = 5, KEY_TEXT_SIZE = 16 };

struct keymap {
    uint32_t keys[ACTION_COUNT][KEYS_OF_ACTION_MAX]; /* TUI_KEY_NONE behind the last */
};

void keymap_init(struct keymap *map);
enum action keymap_find(const struct keymap *map, uint32_t key);
/* Lays the lines of a file over it. The error says which line, and what was expected there. */
enum xsw_status keymap_read(struct keymap *map, const char *path,
                            struct xsw_error *error) XSW_MUST_CHECK;

/* "Enter", "^L", "x": into KEY_TEXT_SIZE bytes. */
const char *key_text(uint32_t key, char *text);
/* The first key of an action, "" when it has none. */
const char *keymap_text(const struct keymap *map, enum action action, char *text);
const char *action_name(enum action action); /* "page-up": in files */
const char *action_help(enum action action); /* a few words */

#endif
