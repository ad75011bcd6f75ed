/* SPDX-License-Identifier: Apache-2.0 */
/* The screens of xsw top on a recording, against texts in tests/golden/, and what keys do there.
 * With XSW_GOLDEN_WRITE=1 the texts are written anew: look at the difference before committing it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "support/recording.h"
#include "support/top_stand.h"

static void screen_compare(struct stand *stand, const char *name)
{
    struct text text = {0};
    frame(stand);
    grid_to_text(&stand->grid, &text);
    golden_compare(name, text_string(&text));
    text_fini(&text);
}

/* Screens ---------------------------------------------------------------------------------------
 */

static void every_screen_fits_80_by_24(void **state)
{
    struct stand *stand = stand_open(JOURNEYS, 80, 24);
    (void)state;
    frame(stand);
    for (int i = 0; i < SCREEN_COUNT; i++) {
        key(stand, (uint32_t)(i == SCREEN_PATHS ? '0' : '1' + i));
        assert_int_equal(stand->app.screen, i);
        screen_compare(stand, screen_get((enum screen_id)i)->name);
    }
    key(stand, '?');
    screen_compare(stand, "help");
    stand_close(stand);
}

/* On a terminal that is large, and at a moment before the end: each screen shows more, or less. */
static void every_screen_uses_132_by_43_and_follows_the_time(void **state)
{
    struct stand *stand = stand_open(JOURNEYS, 132, 43);
    char name[64];
    (void)state;
    frame(stand);
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < SCREEN_COUNT; i++) {
            key(stand, (uint32_t)(i == SCREEN_PATHS ? '0' : '1' + i));
            snprintf(name, sizeof(name), "%s-%s", screen_get((enum screen_id)i)->name,
                     pass == 0 ? "large" : "large-earlier");
            screen_compare(stand, name);
        }
        for (int i = 0; i < 15; i++)
            key(stand, '[');
    }
    stand_close(stand);
}

static void wide_screens_show_more_columns(void **state)
{
    struct stand *stand = stand_open(JOURNEYS, 160, 50);
    (void)state;
    frame(stand);
    screen_compare(stand, "pipeline-wide");
    key(stand, '3');
    screen_compare(stand, "drops-wide");
    key(stand, '4');
    screen_compare(stand, "journeys-wide");
    stand_close(stand);
}

static void without_utf8_there_is_nothing_but_ascii(void **state)
{
    struct stand *stand = stand_open(JOURNEYS, 80, 24);
    (void)state;
    stand->grid.is_ascii = true;
    frame(stand);
    screen_compare(stand, "pipeline-ascii");
    for (int i = 0; i < 80 * 24; i++)
        assert_true(stand->grid.cells[i].rune < 0x80);
    stand_close(stand);
}

/* No size makes it fail, and the bottom line always says how to get help. */
static void any_size_is_drawn(void **state)
{
    struct stand *stand = stand_open(JOURNEYS, 80, 24);
    (void)state;
    for (int width = 1; width <= 200; width += 13) {
        for (int height = 1; height <= 60; height += 3) {
            assert_int_equal(grid_resize(&stand->grid, width, height, NULL), XSW_OK);
            for (int i = 0; i < SCREEN_COUNT; i++) {
                app_go(&stand->app, (enum screen_id)i);
                key(stand, TUI_KEY_END);
                key(stand, TUI_KEY_ENTER);
                key(stand, TUI_KEY_ENTER);
                key(stand, 'u');
            }
            if (width >= 27 && height >= 10)
                assert_true(screen_has(stand, "? help"));
        }
    }
    stand_close(stand);
}

static void a_drop_is_told_apart_by_a_letter_and_by_its_style(void **state)
{
    struct stand *stand = stand_open(JOURNEYS, 80, 24);
    (void)state;
    key(stand, '4');
    int found = 0;
    for (int y = 0; y < 24; y++) {
        for (int x = 0; x + 1 < 80; x++) {
            const struct grid_cell *cell = grid_at(&stand->grid, x, y);
            bool is_letter = cell->rune == 'D' && cell[1].rune == ' ' && x > 40 && y > 4;
            found += is_letter && cell->style == GRID_BAD;
        }
    }
    assert_int_equal(found, 10); /* as many as were dropped, and all on the screen */
    stand_close(stand);
}

/* Keys ------------------------------------------------------------------------------------------
 */

static void enter_on_a_drop_leads_to_its_packets_and_on_to_one(void **state)
{
    struct stand *stand = stand_open(JOURNEYS, 80, 24);
    (void)state;
    key(stand, '3');
    key(stand, 'j'); /* from the pair to its rule */
    key(stand, TUI_KEY_ENTER);
    assert_int_equal(stand->app.screen, SCREEN_JOURNEYS);
    assert_string_equal(stand->app.filter,
                        "reason == acl-denied and stage == ingress-policy and end.rule == 10 and "
                        "in.port == alice");
    assert_int_equal(stand->app.derived->shown_count, 5);
    screen_compare(stand, "drop-packets");
    key(stand, TUI_KEY_ENTER);
    assert_int_equal(stand->app.page, APP_JOURNEY);
    screen_compare(stand, "drop-journey");
    key(stand, TUI_KEY_ESCAPE);
    key(stand, TUI_KEY_ESCAPE);
    assert_int_equal(stand->app.screen, SCREEN_DROPS);
    assert_string_equal(stand->app.filter, "");
    assert_int_equal(stand->app.derived->shown_count, 42);
    stand_close(stand);
}

static void what_was_changed_is_shown_in_bytes_and_fields(void **state)
{
    struct stand *stand = stand_open(JOURNEYS, 80, 24);
    (void)state;
    app_open_journey(&stand->app, 0, 1001);
    screen_compare(stand, "change");
    app_open_journey(&stand->app, 0, 2001);
    screen_compare(stand, "copies");
    stand_close(stand);
}

static void a_filter_is_tried_as_it_is_typed(void **state)
{
    struct stand *stand = stand_open(JOURNEYS, 80, 24);
    (void)state;
    key(stand, '4');
    key(stand, 'f');
    type(stand, "dropped");
    assert_int_equal(stand->app.derived->shown_count, 10);
    assert_true(screen_has(stand, "filter [ok]: dropped"));
    type(stand, " and por");
    assert_true(screen_has(stand, "filter [no]: dropped and por"));
    assert_true(screen_has(stand, "column 13"));
    key(stand, TUI_KEY_ENTER); /* stays open */
    assert_int_equal(stand->app.prompt.kind, PROMPT_FILTER);
    assert_int_equal(stand->app.derived->shown_count, 10);
    type(stand, "t == carol");
    assert_int_equal(stand->app.derived->shown_count, 5);
    screen_compare(stand, "typing");
    key(stand, TUI_KEY_ENTER);
    assert_int_equal(stand->app.prompt.kind, PROMPT_NONE);
    assert_true(screen_has(stand, "filter: dropped and port == carol"));
    key(stand, 'f');
    key(stand, 23); /* Ctrl-W */
    key(stand, TUI_KEY_ESCAPE);
    assert_string_equal(stand->app.filter, "dropped and port == carol");
    key(stand, 'u');
    assert_int_equal(stand->app.derived->shown_count, 42);
    stand_close(stand);
}

static void two_marked_journeys_are_compared(void **state)
{
    struct stand *stand = stand_open(JOURNEYS, 80, 24);
    (void)state;
    key(stand, '4');
    key(stand, 'd');
    assert_true(screen_has(stand, "mark two journeys with Space first; 0 are marked"));
    assert_true(app_filter_set(&stand->app, "packet in (1001, 1031)", NULL, 0));
    frame(stand);
    key(stand, TUI_KEY_HOME);
    key(stand, TUI_KEY_SPACE);
    key(stand, TUI_KEY_SPACE);
    key(stand, 'd');
    assert_int_equal(stand->app.page, APP_COMPARE);
    screen_compare(stand, "compare");
    stand_close(stand);
}

static void time_moves_back_and_forth(void **state)
{
    struct stand *stand = stand_open(JOURNEYS, 80, 24);
    const struct model_sample *end = model_sample(stand->model, 0);
    (void)state;
    frame(stand);
    uint64_t whole = stand->app.derived->shown_count;
    for (int i = 0; i < 10; i++)
        key(stand, '[');
    struct scene scene = app_scene(&stand->app);
    assert_true(scene.now->wall_ns < end->wall_ns);
    assert_true(scene.now->stages[STAGE_RX].in < end->stages[STAGE_RX].in);
    assert_true(stand->app.derived->shown_count < whole);
    assert_int_equal(stand->app.derived->shown_count, scene.now->account.written);
    screen_compare(stand, "earlier");
    key(stand, '}');
    assert_int_equal(stand->app.back, 0);
    frame(stand);
    assert_int_equal(stand->app.derived->shown_count, whole);
    key(stand, '[');
    key(stand, 'w'); /* 1 s: all of this recording lies in it */
    assert_int_equal(app_scene(&stand->app).window_ns, 1000000000U);
    stand_close(stand);
}

static void rows_are_sorted_by_the_column_that_is_chosen(void **state)
{
    struct stand *stand = stand_open(JOURNEYS, 80, 24);
    (void)state;
    key(stand, '2');
    for (int i = 0; i < 3; i++)
        key(stand, '>'); /* port, state, in/s */
    assert_int_equal(table_view_row(&stand->app.tables[SCREEN_PORTS], 0), 0); /* alice: most */
    assert_int_equal(table_view_row(&stand->app.tables[SCREEN_PORTS], 1), 1);
    key(stand, 'I');
    assert_int_equal(table_view_row(&stand->app.tables[SCREEN_PORTS], 0), 2); /* carol: least */
    key(stand, '<');
    key(stand, '<');
    key(stand, '<');
    key(stand, 'I');
    assert_int_equal(stand->app.tables[SCREEN_PORTS].sort, -1);
    stand_close(stand);
}

static void a_text_is_searched_for(void **state)
{
    struct stand *stand = stand_open(JOURNEYS, 80, 24);
    (void)state;
    key(stand, '3');
    key(stand, '/');
    type(stand, "MALLORY");
    key(stand, TUI_KEY_ENTER);
    assert_true(screen_has(stand, "\"MALLORY\" is nowhere on this screen"));
    key(stand, '/');
    type(stand, "spoof");
    key(stand, TUI_KEY_ENTER);
    size_t row =
        table_view_row(&stand->app.tables[SCREEN_DROPS], stand->app.tables[SCREEN_DROPS].row);
    assert_int_equal(stand->app.derived->drop_rows[row].reason, REASON_SPOOFED);
    key(stand, 'n');
    assert_int_equal(stand->app.tables[SCREEN_DROPS].row, row + 1);
    stand_close(stand);
}

static void the_mouse_chooses_tabs_and_rows_and_opens(void **state)
{
    struct stand *stand = stand_open(JOURNEYS, 80, 24);
    (void)state;
    frame(stand);
    app_key(&stand->app, TUI_KEY_CLICK, 20, 1);
    assert_int_equal(stand->app.screen, SCREEN_DROPS);
    frame(stand);
    app_key(&stand->app, TUI_KEY_CLICK, 3, stand->app.body.y + 2);
    assert_int_equal(stand->app.tables[SCREEN_DROPS].row, 1);
    app_key(&stand->app, TUI_KEY_DOUBLE_CLICK, 3, stand->app.body.y + 2);
    assert_int_equal(stand->app.screen, SCREEN_JOURNEYS);
    frame(stand);
    app_key(&stand->app, TUI_KEY_WHEEL_DOWN, 3, 6);
    assert_int_equal(stand->app.tables[SCREEN_JOURNEYS].row, 3);
    app_key(&stand->app, TUI_KEY_CLICK, stand->app.bar[0].x, 23);
    assert_true(stand->app.shows_help);
    stand_close(stand);
}

static void quitting_asks_while_a_recording_runs(void **state)
{
    struct stand *stand = stand_open(JOURNEYS, 80, 24);
    (void)state;
    stand->app.is_recording_now = true;
    key(stand, 'q');
    assert_int_equal(app_take_requests(&stand->app) & APP_QUIT, 0);
    key(stand, 'x'); /* any other key: stay */
    key(stand, 'q');
    assert_int_equal(app_take_requests(&stand->app) & APP_QUIT, 0);
    key(stand, 'q');
    assert_int_equal(app_take_requests(&stand->app) & APP_QUIT, APP_QUIT);
    stand_close(stand);
}

static void remapped_keys_work_and_are_shown(void **state)
{
    struct stand *stand = stand_open(JOURNEYS, 80, 24);
    (void)state;
    stand->app.keymap.keys[ACTION_QUIT][0] = TUI_KEY_F1 + 9;
    assert_true(screen_has(stand, "F10 quit"));
    key(stand, 'q');
    assert_int_equal(app_take_requests(&stand->app), 0);
    key(stand, TUI_KEY_F1 + 9);
    assert_int_equal(app_take_requests(&stand->app), APP_QUIT);
    stand_close(stand);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_screen_fits_80_by_24),
        cmocka_unit_test(every_screen_uses_132_by_43_and_follows_the_time),
        cmocka_unit_test(wide_screens_show_more_columns),
        cmocka_unit_test(without_utf8_there_is_nothing_but_ascii),
        cmocka_unit_test(any_size_is_drawn),
        cmocka_unit_test(a_drop_is_told_apart_by_a_letter_and_by_its_style),
        cmocka_unit_test(enter_on_a_drop_leads_to_its_packets_and_on_to_one),
        cmocka_unit_test(what_was_changed_is_shown_in_bytes_and_fields),
        cmocka_unit_test(a_filter_is_tried_as_it_is_typed),
        cmocka_unit_test(two_marked_journeys_are_compared),
        cmocka_unit_test(time_moves_back_and_forth),
        cmocka_unit_test(rows_are_sorted_by_the_column_that_is_chosen),
        cmocka_unit_test(a_text_is_searched_for),
        cmocka_unit_test(the_mouse_chooses_tabs_and_rows_and_opens),
        cmocka_unit_test(quitting_asks_while_a_recording_runs),
        cmocka_unit_test(remapped_keys_work_and_are_shown),
    };
    setenv("TZ", "UTC", 1);
    tzset();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    recording_cleanup();
    return failed;
}
