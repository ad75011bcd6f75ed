/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/app/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

struct action_row {
    const char *name;
    const char *help;
    uint32_t keys[KEYS_OF_ACTION_MAX];
};

enum { CTRL_B = 2, CTRL_D = 4, CTRL_F = 6, CTRL_U = 21 };

static const struct action_row rows[ACTION_COUNT] = {
    [ACTION_NONE] = {"none", "nothing", {0}},
    [ACTION_UP] = {"up", "up", {TUI_KEY_UP, 'k'}},
    [ACTION_DOWN] = {"down", "down", {TUI_KEY_DOWN, 'j'}},
    [ACTION_LEFT] = {"left", "number to the left", {TUI_KEY_LEFT, 'h'}},
    [ACTION_RIGHT] = {"right", "number to the right", {TUI_KEY_RIGHT, 'l'}},
    [ACTION_PAGE_UP] = {"page-up", "a page up", {TUI_KEY_PAGE_UP, CTRL_B, CTRL_U}},
    [ACTION_PAGE_DOWN] = {"page-down", "a page down", {TUI_KEY_PAGE_DOWN, CTRL_F, CTRL_D}},
    [ACTION_HOME] = {"home", "first row: the newest", {TUI_KEY_HOME, 'g'}},
    [ACTION_END] = {"end", "to the last row", {TUI_KEY_END, 'G'}},
    [ACTION_FOLLOW] = {"follow", "follow the newest, or not", {'F', 'A'}},
    [ACTION_OPEN] = {"open", "the packets behind it", {TUI_KEY_ENTER}},
    [ACTION_BACK] = {"back", "back", {TUI_KEY_ESCAPE, TUI_KEY_BACKSPACE}},
    [ACTION_QUIT] = {"quit", "back, and at last quit", {'q'}},
    [ACTION_HELP] = {"help", "help", {'?', TUI_KEY_F1}},
    [ACTION_NEXT_SCREEN] = {"next-screen", "next screen", {TUI_KEY_TAB}},
    [ACTION_PREVIOUS_SCREEN] = {"previous-screen", "previous screen", {TUI_KEY_SHIFT_TAB}},
    [ACTION_SCREEN_1] = {"pipeline", "pipeline", {'1'}},
    [ACTION_SCREEN_1 + 1] = {"ports", "ports", {'2'}},
    [ACTION_SCREEN_1 + 2] = {"drops", "drops", {'3'}},
    [ACTION_SCREEN_1 + 3] = {"journeys", "journeys", {'4'}},
    [ACTION_SCREEN_1 + 4] = {"flows", "flows", {'5'}},
    [ACTION_SCREEN_1 + 5] = {"extensions", "extensions", {'6'}},
    [ACTION_SCREEN_1 + 6] = {"macs", "addresses", {'7'}},
    [ACTION_SCREEN_1 + 7] = {"sessions", "capture sessions", {'8'}},
    [ACTION_SCREEN_1 + 8] = {"events", "events", {'9'}},
    [ACTION_SCREEN_1 + 9] = {"paths", "ways through the switch", {'0'}},
    [ACTION_FILTER] = {"filter",
                       "filter the journeys",
                       {'f', '\\', TUI_KEY_F1 + 3, TUI_KEY_F1 + 6}},
    [ACTION_UNFILTER] = {"unfilter", "no filter", {'u'}},
    [ACTION_SEARCH] = {"search", "search for a text", {'/', TUI_KEY_F1 + 2}},
    [ACTION_SEARCH_NEXT] = {"search-next", "next hit, or change", {'n'}},
    [ACTION_SEARCH_PREVIOUS] = {"search-previous", "the one before", {'N'}},
    [ACTION_SORT_NEXT] = {"sort-next", "sort by the next column", {'>', TUI_KEY_F1 + 5}},
    [ACTION_SORT_PREVIOUS] = {"sort-previous", "sort by the column before", {'<'}},
    [ACTION_REVERSE] = {"reverse", "sort the other way", {'I', 'z'}},
    [ACTION_PAUSE] = {"pause", "freeze, or go on", {'p', 'Z'}},
    [ACTION_TIME_BACK] = {"time-back", "back in time", {'['}},
    [ACTION_TIME_FORWARD] = {"time-forward", "forth in time", {']'}},
    [ACTION_TIME_FAR_BACK] = {"time-far-back", "far back in time", {'{'}},
    [ACTION_TIME_FAR_FORWARD] = {"time-far-forward", "far forth in time", {'}'}},
    [ACTION_WINDOW] = {"window", "rates: 1 s, 10 s, 1 min", {'w'}},
    [ACTION_TIMES] = {"times", "times: day, start, last", {'T'}},
    [ACTION_MARK] = {"mark", "mark a journey", {TUI_KEY_SPACE}},
    [ACTION_COMPARE] = {"compare", "compare the two marked", {'d'}},
    [ACTION_LETTER] = {"letter", "letter for this journey", {'m'}},
    [ACTION_GO_LETTER] = {"go-letter", "to the letter's journey", {'\''}},
    [ACTION_TREE] = {"tree", "fold a copy, or unfold it", {'t', TUI_KEY_F1 + 4}},
    [ACTION_TREE_CLOSE] = {"tree-close", "fold it", {'-'}},
    [ACTION_TREE_OPEN] = {"tree-open", "unfold it", {'+'}},
    [ACTION_TREE_ALL] = {"tree-all", "unfold all, or fold all", {'*'}},
    [ACTION_COLUMNS] = {"columns", "choose columns", {'S', TUI_KEY_F1 + 9}},
    [ACTION_RECORD] = {"record", "record from here, stop", {'R'}},
    [ACTION_DUMP] = {"dump", "dump the flight recorder", {'D'}},
    [ACTION_SAVE] = {"save", "save what is shown", {'s', TUI_KEY_F1 + 1}},
    [ACTION_REDRAW] = {"redraw", "redraw", {TUI_KEY_CTRL_L}},
    [ACTION_COLOUR] = {"colour", "colours on or off", {'c'}},
};

static const struct {
    uint32_t key;
    const char *name;
} names[] = {
    {TUI_KEY_TAB, "Tab"},        {TUI_KEY_ENTER, "Enter"}, {TUI_KEY_ESCAPE, "Esc"},
    {TUI_KEY_SPACE, "Space"},    {TUI_KEY_UP, "Up"},       {TUI_KEY_DOWN, "Down"},
    {TUI_KEY_LEFT, "Left"},      {TUI_KEY_RIGHT, "Right"}, {TUI_KEY_PAGE_UP, "PgUp"},
    {TUI_KEY_PAGE_DOWN, "PgDn"}, {TUI_KEY_HOME, "Home"},   {TUI_KEY_END, "End"},
    {TUI_KEY_BACKSPACE, "Bksp"}, {TUI_KEY_DELETE, "Del"},  {TUI_KEY_SHIFT_TAB, "S-Tab"},
};

void keymap_init(struct keymap *map)
{
    for (size_t action = 0; action < ACTION_COUNT; action++) {
        memcpy(map->keys[action], rows[action].keys, sizeof(map->keys[action]));
    }
}

enum action keymap_find(const struct keymap *map, uint32_t key)
{
    for (size_t action = 1; key != TUI_KEY_NONE && action < ACTION_COUNT; action++) {
        for (size_t i = 0; i < KEYS_OF_ACTION_MAX; i++) {
            if (map->keys[action][i] == key) {
                return (enum action)action;
            }
        }
    }
    return ACTION_NONE;
}

const char *action_name(enum action action)
{
    return rows[action].name;
}

const char *action_help(enum action action)
{
    return rows[action].help;
}

const char *key_text(uint32_t key, char *text)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (names[i].key == key) {
            snprintf(text, KEY_TEXT_SIZE, "%s", names[i].name);
            return text;
        }
    }
    if (key >= TUI_KEY_F1 && key <= TUI_KEY_F12) {
        snprintf(text, KEY_TEXT_SIZE, "F%u", (unsigned)(key - TUI_KEY_F1 + 1));
    } else if (key > 0 && key < TUI_KEY_SPACE) {
        snprintf(text, KEY_TEXT_SIZE, "^%c", (char)(key + '@'));
    } else {
        snprintf(text, KEY_TEXT_SIZE, "%c", key < 0x7f ? (char)key : '?');
    }
    return text;
}

const char *keymap_text(const struct keymap *map, enum action action, char *text)
{
    text[0] = '\0';
    return map->keys[action][0] == TUI_KEY_NONE ? text : key_text(map->keys[action][0], text);
}

/* Files -----------------------------------------------------------------------------------------
 */

static uint32_t key_parse(const char *word)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcasecmp(word, names[i].name) == 0) {
            return names[i].key;
        }
    }
    char *end;
    unsigned long number = word[0] == 'F' && word[1] != '\0' ? strtoul(word + 1, &end, 10) : 0;
    if (number >= 1 && number <= 12 && *end == '\0') {
        return TUI_KEY_F1 + (uint32_t)number - 1;
    }
    if (word[0] == '^' && word[1] >= '@' && word[1] <= '_' && word[2] == '\0') {
        return (uint32_t)(word[1] - '@');
    }
    return word[1] == '\0' && word[0] > ' ' && word[0] < 0x7f ? (uint32_t)word[0] : TUI_KEY_NONE;
}

/* A key that is given to one action is taken from all others. */
static void key_take_away(struct keymap *map, uint32_t key)
{
    for (size_t action = 0; action < ACTION_COUNT; action++) {
        uint32_t *keys = map->keys[action];
        size_t kept = 0;
        for (size_t i = 0; i < KEYS_OF_ACTION_MAX; i++) {
            if (keys[i] != key && keys[i] != TUI_KEY_NONE) {
                keys[kept++] = keys[i];
            }
        }
        while (kept < KEYS_OF_ACTION_MAX) {
            keys[kept++] = TUI_KEY_NONE;
        }
    }
}

static enum xsw_status line_take(struct keymap *map, char *line, const char *where,
                                 struct xsw_error *error)
{
    char *rest;
    line[strcspn(line, "\n")] = '\0';
    char *name = strtok_r(line, " \t", &rest);
    if (name == NULL || name[0] == '#' || strcmp(name, "show") == 0) {
        return XSW_OK;
    }
    size_t action = 1;
    while (action < ACTION_COUNT && strcmp(rows[action].name, name) != 0) {
        action++;
    }
    if (action == ACTION_COUNT) {
        return error_set(error, XSW_INVALID, "%s: \"%s\" is no action; the names are in xsw-top(1)",
                         where, name);
    }
    uint32_t keys[KEYS_OF_ACTION_MAX] = {0};
    size_t count = 0;
    for (char *word = strtok_r(NULL, " \t", &rest); word != NULL;
         word = strtok_r(NULL, " \t", &rest)) {
        uint32_t key = key_parse(word);
        if (key == TUI_KEY_NONE || count == KEYS_OF_ACTION_MAX) {
            return error_set(error, XSW_INVALID,
                             "%s: \"%s\": expected up to %d keys, such as x, ^X, F5, PgUp or Space",
                             where, word, KEYS_OF_ACTION_MAX);
        }
        key_take_away(map, key);
        keys[count++] = key;
    }
    memcpy(map->keys[action], keys, sizeof(keys));
    return XSW_OK;
}

enum xsw_status keymap_read(struct keymap *map, const char *path, struct xsw_error *error)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return error_errno(error, "%s", path);
    }
    enum xsw_status status = XSW_OK;
    char line[256];
    for (unsigned number = 1; status == XSW_OK && fgets(line, sizeof(line), file) != NULL;
         number++) {
        char where[300];
        snprintf(where, sizeof(where), "%.200s, line %u", path, number);
        status = line_take(map, line, where, error);
    }
    fclose(file);
    return status;
}
