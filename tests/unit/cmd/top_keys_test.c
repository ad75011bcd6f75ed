/* SPDX-License-Identifier: Apache-2.0 */
/* What each key does to the screen, as a golden text: the lines that are others afterwards, and
 * what is asked of the program. Then keys, sizes and recordings by chance. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/recording.h"
#include "support/top_stand.h"

/* Where a key is pressed: where it has something to do. */
enum place {
    ON_PIPELINE,
    ON_JOURNEYS,
    ON_JOURNEY,
    ON_FOLDED,
    AT_ITS_END,
    BEHIND_DROPS,
    IN_THE_PAST,
    ON_MARKED,
    ON_NUMBER
};

static enum place place_of(enum action action)
{
    switch (action) {
    case ACTION_MARK:
    case ACTION_UP:
    case ACTION_PAGE_UP:
    case ACTION_PAGE_DOWN:
    case ACTION_HOME:
    case ACTION_END:
    case ACTION_FOLLOW:
    case ACTION_TIMES:
    case ACTION_LETTER:
        return ON_JOURNEYS;
    case ACTION_SEARCH_NEXT:
    case ACTION_TREE:
    case ACTION_TREE_CLOSE:
    case ACTION_TREE_ALL:
        return ON_JOURNEY;
    case ACTION_TREE_OPEN:
        return ON_FOLDED;
    case ACTION_SEARCH_PREVIOUS:
        return AT_ITS_END;
    case ACTION_BACK:
    case ACTION_UNFILTER:
        return BEHIND_DROPS;
    case ACTION_TIME_FORWARD:
    case ACTION_TIME_FAR_FORWARD:
        return IN_THE_PAST;
    case ACTION_COMPARE:
        return ON_MARKED;
    case ACTION_LEFT:
    case ACTION_RIGHT:
        return ON_NUMBER;
    default:
        return ON_PIPELINE;
    }
}

static void place_go(struct stand *stand, enum place place)
{
    frame(stand);
    switch (place) {
    case ON_JOURNEYS:
        key(stand, '4');
        for (int i = 0; i < 20; i++)
            key(stand, TUI_KEY_DOWN);
        break;
    case ON_JOURNEY:
    case ON_FOLDED:
    case AT_ITS_END:
        app_open_journey(&stand->app, 0, 2001);
        key(stand, place == AT_ITS_END ? TUI_KEY_END : TUI_KEY_HOME);
        if (place == ON_FOLDED)
            key(stand, '-');
        break;
    case BEHIND_DROPS:
        key(stand, '3');
        key(stand, TUI_KEY_ENTER);
        break;
    case IN_THE_PAST:
        key(stand, '{');
        break;
    case ON_NUMBER:
        key(stand, TUI_KEY_RIGHT);
        key(stand, TUI_KEY_RIGHT);
        break;
    case ON_MARKED:
        key(stand, '4');
        key(stand, TUI_KEY_SPACE);
        key(stand, TUI_KEY_SPACE);
        break;
    default:
        break;
    }
    frame(stand);
    (void)app_take_requests(&stand->app);
}

/* A line with a mark where the cursor is on it, which in the text alone is not to be seen. */
static void lines_take(struct stand *stand, char lines[][400])
{
    for (int y = 0; y < stand->grid.height; y++) {
        struct text text = {0};
        bool is_here = false;
        for (int x = 0; x < stand->grid.width; x++) {
            char rune[5];
            const struct grid_cell *cell = grid_at(&stand->grid, x, y);
            bool is_cursor = cell->style == GRID_CURSOR && y > 2;
            bool was_cursor = x > 0 && cell[-1].style == GRID_CURSOR && y > 2;
            is_here |= cell->style == GRID_SELECTED;
            text_append_string(&text, is_cursor && !was_cursor   ? "["
                                      : was_cursor && !is_cursor ? "]"
                                                                 : "");
            grid_rune_text(cell->rune, rune);
            text_append_string(&text, rune);
        }
        const char *whole = text_string(&text);
        size_t end = strlen(whole);
        while (end > 0 && whole[end - 1] == ' ')
            end--;
        snprintf(lines[y], 400, "%s%.*s", is_here ? ">" : " ", (int)end, whole);
        text_fini(&text);
    }
}

static void press_tell(enum action action, uint32_t pressed, struct text *told)
{
    struct stand *stand = stand_open(JOURNEYS, 80, 24);
    static char before[24][400], after[24][400];
    place_go(stand, place_of(action));
    lines_take(stand, before);
    app_key(&stand->app, pressed, 0, 0);
    unsigned asked = app_take_requests(&stand->app);
    frame(stand);
    /* The name of a file to save to has the time in it. */
    if (action == ACTION_SAVE)
        stand->app.prompt.text[0] = '\0', stand->app.prompt.length = stand->app.prompt.cursor = 0;
    frame(stand);
    lines_take(stand, after);
    for (int y = 0; y < 24; y++)
        if (strcmp(before[y], after[y]) != 0)
            text_format(told, "%2d %s\n", y, after[y]);
    static const char *const names[] = {"quit",   "record", "dump",     "save",
                                        "redraw", "colour", "filtered", "moved"};
    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if ((asked & 1U << i) != 0)
            text_format(told, "asks the program: %s\n", names[i]);
    stand_close(stand);
}

static void every_key_does_what_its_action_says(void **state)
{
    struct keymap map;
    struct text all = {0};
    (void)state;
    keymap_init(&map);
    for (int action = 1; action < ACTION_COUNT; action++) {
        struct text first = {0};
        char name[KEY_TEXT_SIZE];
        text_format(&all, "== %s:", action_name((enum action)action));
        for (int i = 0; i < KEYS_OF_ACTION_MAX && map.keys[action][i] != TUI_KEY_NONE; i++)
            text_format(&all, " %s", key_text(map.keys[action][i], name));
        text_append_string(&all, "\n");
        for (int i = 0; i < KEYS_OF_ACTION_MAX && map.keys[action][i] != TUI_KEY_NONE; i++) {
            struct text told = {0};
            press_tell((enum action)action, map.keys[action][i], &told);
            if (i == 0)
                text_append_string(&first, text_string(&told));
            else
                assert_string_equal(text_string(&told), text_string(&first));
            text_fini(&told);
        }
        /* The first screen is there already. */
        if (action != ACTION_SCREEN_1 && strlen(text_string(&first)) == 0)
            fail_msg("%s does nothing", action_name((enum action)action));
        text_append_string(&all, text_string(&first));
        text_fini(&first);
    }
    golden_compare("keys", text_string(&all));
    text_fini(&all);
}

/* Lists below the table -------------------------------------------------------------------------
 */

static void the_cursor_goes_on_into_the_lists_and_opens_their_lines(void **state)
{
    struct stand *stand = stand_open(JOURNEYS, 80, 24);
    const struct table_state *table = &stand->app.tables[SCREEN_PIPELINE];
    (void)state;
    frame(stand);
    key(stand, TUI_KEY_END);
    key(stand, TUI_KEY_DOWN);
    assert_int_equal(table->list, 1);
    assert_true(screen_has(stand, "Enter: reason == acl-denied and stage == ingress-policy"));
    key(stand, TUI_KEY_RIGHT);
    key(stand, TUI_KEY_DOWN);
    assert_int_equal(table->list, 2);
    key(stand, TUI_KEY_ENTER);
    assert_int_equal(stand->app.screen, SCREEN_JOURNEYS);
    assert_int_equal(stand->app.derived->shown_count, 11); /* 26.2 % of 42 */
    key(stand, TUI_KEY_ESCAPE);
    assert_int_equal(stand->app.screen, SCREEN_PIPELINE);
    assert_int_equal(table->list, 2);
    assert_int_equal(table->line, 1);
    key(stand, TUI_KEY_LEFT);
    key(stand, TUI_KEY_ENTER);
    assert_string_equal(stand->app.filter, "reason == mac-spoofed and stage == ingress-policy");
    assert_int_equal(stand->app.derived->shown_count, 3);
    key(stand, TUI_KEY_ESCAPE);
    key(stand, TUI_KEY_UP);
    key(stand, TUI_KEY_UP);
    assert_int_equal(table->list, 0);
    assert_int_equal(table->row, stand->model->stage_count - 1);
    stand_close(stand);
}

/* Each line of each list, as the mouse opens it. */
static void every_line_of_a_list_leads_to_packets(void **state)
{
    struct stand *stand = stand_open(JOURNEYS, 132, 43);
    (void)state;
    frame(stand);
    assert_int_equal(stand->app.tables[SCREEN_PIPELINE].list_count, 4);
    for (int list = 0; list < 4; list++) {
        struct list_place place = stand->app.tables[SCREEN_PIPELINE].lists[list];
        assert_true(place.line_count > 0);
        for (int line = 0; line < (int)place.line_count; line++) {
            app_key(&stand->app, TUI_KEY_DOUBLE_CLICK, place.area.x + 3, place.area.y + line);
            frame(stand);
            assert_int_equal(stand->app.screen, SCREEN_JOURNEYS);
            assert_true(stand->app.derived->shown_count > 0);
            while (stand->app.screen != SCREEN_PIPELINE)
                key(stand, TUI_KEY_ESCAPE);
        }
    }
    stand_close(stand);
}

static void the_mouse_sorts_and_moves_in_time(void **state)
{
    struct stand *stand = stand_open(JOURNEYS, 80, 24);
    (void)state;
    key(stand, '2');
    app_key(&stand->app, TUI_KEY_CLICK, 28, stand->app.body.y);
    frame(stand);
    assert_true(stand->app.tables[SCREEN_PORTS].sort > 0);
    app_key(&stand->app, TUI_KEY_CLICK, 28, stand->app.body.y);
    assert_true(stand->app.tables[SCREEN_PORTS].is_reverse);
    app_key(&stand->app, TUI_KEY_CLICK, 0, 2);
    assert_int_equal(stand->app.back, stand->model->sample_count - 1);
    app_key(&stand->app, TUI_KEY_CLICK, 79, 2);
    assert_int_equal(stand->app.back, 0);
    stand_close(stand);
}

static void a_filter_that_is_too_long_is_refused(void **state)
{
    struct stand *stand = stand_open(JOURNEYS, 80, 24);
    char *filter = calloc(1, 2 * APP_FILTER_SIZE);
    char problem[200] = "";
    (void)state;
    while (strlen(filter) < APP_FILTER_SIZE)
        strcat(filter, "dropped or ");
    strcat(filter, "dropped");
    assert_false(app_filter_set(&stand->app, filter, problem, sizeof(problem)));
    assert_non_null(strstr(problem, "longer than"));
    assert_string_equal(stand->app.filter, "");
    free(filter);
    stand_close(stand);
}

/* By chance -------------------------------------------------------------------------------------
 */

static uint32_t chance_state;

static uint32_t chance(uint32_t below)
{
    chance_state = chance_state * 1664525U + 1013904223U;
    return (uint32_t)((uint64_t)(chance_state >> 8) * below >> 24);
}

/* Nothing but that nothing breaks: the sanitizers say more. */
static void mash(struct stand *stand, int presses)
{
    struct keymap map;
    keymap_init(&map);
    for (int i = 0; i < presses; i++) {
        if (chance(40) == 0) {
            int width = (int)(chance(3) == 0 ? 1 + chance(20) : 1 + chance(500));
            int height = (int)(chance(3) == 0 ? 1 + chance(12) : 1 + chance(200));
            assert_int_equal(grid_resize(&stand->grid, width, height, NULL), XSW_OK);
        }
        uint32_t pressed = chance(4) == 0 ? 0x20 + chance(0x60)
                                          : map.keys[1 + chance(ACTION_COUNT - 1)][chance(2)];
        pressed = chance(10) == 0    ? TUI_KEY_UP + chance(TUI_KEY_WHEEL_DOWN - TUI_KEY_UP + 1)
                  : chance(200) == 0 ? chance(UINT32_MAX)
                                     : pressed;
        app_key(&stand->app, pressed, (int)chance((uint32_t)stand->grid.width + 2),
                (int)chance((uint32_t)stand->grid.height + 2));
        if (stand->app.prompt.kind != PROMPT_NONE && chance(6) == 0)
            app_key(&stand->app, TUI_KEY_ENTER, 0, 0);
        (void)app_take_requests(&stand->app);
        frame(stand);
    }
}

/* So many times more, where somebody has the time: XSW_SOAK in the environment. */
static uint32_t soak(uint32_t count)
{
    const char *times = getenv("XSW_SOAK");
    return times != NULL ? count * (uint32_t)atoi(times) : count;
}

static void no_key_and_no_size_breaks_it(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= soak(6); seed++) {
        struct stand *stand = stand_open(seed % 2 == 0 ? JOURNEYS : 7, 80, 24);
        chance_state = seed;
        mash(stand, 400);
        stand_close(stand);
    }
}

static void copy_broken(const char *from, const char *to)
{
    static unsigned char bytes[1 << 20];
    FILE *file = fopen(from, "r");
    assert_non_null(file);
    size_t length = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    for (uint32_t i = 0; i < 1 + chance(30); i++)
        bytes[chance((uint32_t)length)] ^= (unsigned char)(1U << chance(8));
    if (chance(3) == 0)
        length = chance((uint32_t)length);
    file = fopen(to, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    fclose(file);
}

/* Each is taken, or refused with its line; never half of it without a word. */
static void no_file_of_keys_breaks_it(void **state)
{
    static const char *const words[] = {"quit", "open", "F5",  "^P", "Space", "pause", "#",
                                        "\n",   "\n",   "\t ", "é",  "F99",   "^",     "x"};
    int taken = 0;
    (void)state;
    for (uint32_t seed = 1; seed <= soak(300); seed++) {
        struct keymap map;
        struct xsw_error error = {.text = ""};
        chance_state = seed * 104729;
        const char *path = recording_path("top.keys");
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        for (uint32_t i = 0; i < chance(12); i++) {
            if (chance(20) == 0)
                fprintf(file, "%c", (char)chance(256));
            fprintf(file, "%s ", words[chance(sizeof(words) / sizeof(words[0]))]);
        }
        fclose(file);
        keymap_init(&map);
        bool is_taken = keymap_read(&map, path, &error) == XSW_OK;
        taken += is_taken;
        if (!is_taken)
            assert_non_null(strstr(error.text, "line "));
        unlink(path);
    }
    assert_in_range(taken, 1, soak(300) - 1);
}

static void no_recording_breaks_it(void **state)
{
    int opened = 0;
    (void)state;
    for (uint32_t seed = 1; seed <= soak(60); seed++) {
        char whole[160], broken[200];
        chance_state = seed * 7919;
        snprintf(whole, sizeof(whole), "%s", recording_path("whole.pcapng"));
        snprintf(broken, sizeof(broken), "%s.broken", whole);
        recording_demo(whole, 1);
        copy_broken(whole, broken);
        struct stand *stand = stand_open_file(broken, JOURNEYS, 80, 24);
        if (stand != NULL) {
            opened++;
            mash(stand, 40);
            stand_close(stand);
        }
        unlink(broken);
    }
    assert_true(opened > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_does_what_its_action_says),
        cmocka_unit_test(the_cursor_goes_on_into_the_lists_and_opens_their_lines),
        cmocka_unit_test(every_line_of_a_list_leads_to_packets),
        cmocka_unit_test(the_mouse_sorts_and_moves_in_time),
        cmocka_unit_test(a_filter_that_is_too_long_is_refused),
        cmocka_unit_test(no_key_and_no_size_breaks_it),
        cmocka_unit_test(no_file_of_keys_breaks_it),
        cmocka_unit_test(no_recording_breaks_it),
    };
    setenv("TZ", "UTC", 1);
    tzset();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    recording_cleanup();
    return failed;
}
