/* SPDX-License-Identifier: Apache-2.0 */
/* What keys do where something has been opened: lists, journeys, comparisons, the help; and how it
 * is left. */
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

enum { F5 = TUI_KEY_F1 + 4, FAR = 0x2603 };

/* Whether a line of the screen has both. */
static bool line_has(struct stand *stand, const char *one, const char *other)
{
    struct text text = {0};
    char *rest;
    bool has = false;
    frame(stand);
    grid_to_text(&stand->grid, &text);
    char *all = strdup(text_string(&text));
    for (char *line = strtok_r(all, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
        has |= strstr(line, one) != NULL && strstr(line, other) != NULL;
    free(all);
    text_fini(&text);
    return has;
}

/* Leaving ---------------------------------------------------------------------------------------
 */

static void q_leads_back_from_what_enter_opened_and_then_quits(void **state)
{
    struct stand *stand = stand_open(JOURNEYS, 80, 24);
    (void)state;
    key(stand, '3');
    key(stand, TUI_KEY_ENTER);
    key(stand, TUI_KEY_ENTER);
    assert_int_equal(stand->app.page, APP_JOURNEY);
    key(stand, '?');
    key(stand, 'q');
    assert_int_equal(stand->app.page, APP_JOURNEY);
    key(stand, 'q');
    assert_int_equal(stand->app.screen, SCREEN_JOURNEYS);
    assert_int_equal(stand->app.page, APP_TABLE);
    key(stand, 'q');
    assert_int_equal(stand->app.screen, SCREEN_DROPS);
    assert_string_equal(stand->app.filter, "");
    assert_int_equal(app_take_requests(&stand->app) & APP_QUIT, 0);
    key(stand, 'q');
    assert_int_equal(app_take_requests(&stand->app) & APP_QUIT, APP_QUIT);
    stand_close(stand);
}

/* Who goes on to another screen is at the top there. */
static void q_quits_on_a_screen_that_was_chosen(void **state)
{
    struct stand *stand = stand_open(JOURNEYS, 80, 24);
    (void)state;
    key(stand, '3');
    key(stand, TUI_KEY_ENTER);
    key(stand, TUI_KEY_TAB);
    assert_int_equal(stand->app.screen, SCREEN_FLOWS);
    key(stand, 'q');
    assert_int_equal(app_take_requests(&stand->app) & APP_QUIT, APP_QUIT);
    stand_close(stand);
}

static void asked_to_quit(struct stand *stand)
{
    stand->app.is_recording_now = true;
    app_key(&stand->app, 'q', 0, 0);
    assert_true(stand->app.asks_to_quit);
}

static void stays(struct stand *stand)
{
    assert_false(stand->app.asks_to_quit);
    app_key(&stand->app, 'q', 0, 0);
    assert_int_equal(app_take_requests(&stand->app) & APP_QUIT, 0);
    app_key(&stand->app, 'q', 0, 0);
    assert_int_equal(app_take_requests(&stand->app) & APP_QUIT, APP_QUIT);
}

static void a_question_is_forgotten_when_it_is_no_longer_on_the_screen(void **state)
{
    struct stand *stand = stand_open(JOURNEYS, 80, 24);
    (void)state;
    frame(stand);
    asked_to_quit(stand);
    for (int i = 0; i < 5; i++)
        frame(stand); /* ten seconds */
    stays(stand);
    asked_to_quit(stand);
    app_key(&stand->app, TUI_KEY_CLICK, 5, 8);
    stays(stand);
    asked_to_quit(stand);
    app_key(&stand->app, TUI_KEY_WHEEL_DOWN, 5, 8);
    stays(stand);
    asked_to_quit(stand);
    app_say(&stand->app, false, "something else has happened");
    stays(stand);
    /* The word in the bottom line is the same as the key. */
    asked_to_quit(stand);
    app_key(&stand->app, TUI_KEY_CLICK, stand->app.bar[1].x, stand->app.bar_y);
    assert_int_equal(app_take_requests(&stand->app) & APP_QUIT, APP_QUIT);
    stand_close(stand);
}

/* The list that is opened may have been sorted when it had more rows. */
static void one_packet_is_opened_though_its_list_was_sorted(void **state)
{
    struct stand *stand = stand_open(JOURNEYS, 80, 24);
    (void)state;
    key(stand, '4');
    key(stand, '>');
    assert_int_equal(stand->app.tables[SCREEN_JOURNEYS].sort, 0);
    key(stand, '9');
    key(stand, TUI_KEY_ENTER);
    assert_int_equal(stand->app.page, APP_JOURNEY);
    assert_int_equal(stand->app.derived->shown_count, 1);
    stand_close(stand);
}

/* Counts ----------------------------------------------------------------------------------------
 */

static void digits_count_where_enter_led_and_choose_screens_elsewhere(void **state)
{
    struct stand *stand = stand_open(JOURNEYS, 80, 24);
    const struct table_state *list = &stand->app.tables[SCREEN_JOURNEYS];
    (void)state;
    key(stand, '4');
    assert_true(screen_has(stand, "4Journeys"));
    assert_int_equal(list->row, 0);
    key(stand, '1');
    assert_int_equal(stand->app.screen, SCREEN_PIPELINE);
    key(stand, TUI_KEY_ENTER); /* all that came in */
    assert_int_equal(stand->app.screen, SCREEN_JOURNEYS);
    assert_false(screen_has(stand, "4Journeys"));
    type(stand, "12");
    assert_true(screen_has(stand, "12 times"));
    key(stand, 'j');
    assert_int_equal(list->row, 12);
    type(stand, "3k");
    assert_int_equal(list->row, 9);
    type(stand, "5G");
    assert_int_equal(list->row, 4);
    type(stand, "7");
    key(stand, TUI_KEY_ESCAPE); /* only the count is taken back */
    key(stand, 'j');
    assert_int_equal(list->row, 5);
    assert_int_equal(stand->app.screen, SCREEN_JOURNEYS);
    app_open_journey(&stand->app, 0, 2001);
    key(stand, 'g');
    type(stand, "10j");
    assert_int_equal(stand->app.journey.row, 10);
    type(stand, "99999999k");
    assert_int_equal(stand->app.journey.row, 0);
    stand_close(stand);
}

/* The tree of copies ----------------------------------------------------------------------------
 */

static void copies_fold_and_unfold(void **state)
{
    struct stand *stand = stand_open(JOURNEYS, 80, 24);
    struct journey_page *page = &stand->app.journey;
    (void)state;
    app_open_journey(&stand->app, 0, 2001);
    assert_true(screen_has(stand, "delivered to bob"));
    key(stand, 'G');
    key(stand, 't');
    assert_false(screen_has(stand, "delivered to bob"));
    assert_true(screen_has(stand, "[+] copy: packet 2002"));
    assert_true(screen_has(stand, "delivered to alice"));
    assert_int_equal(page->lines[page->row].step, JOURNEY_HEAD);
    key(stand, TUI_KEY_DOWN); /* nothing is below it */
    assert_true(page->lines[page->row].is_folded);
    key(stand, TUI_KEY_UP);
    key(stand, TUI_KEY_DOWN);
    key(stand, '+');
    assert_true(screen_has(stand, "delivered to bob"));
    key(stand, '*');
    assert_true(screen_has(stand, "[+] copy: packet 2002"));
    key(stand, '*');
    assert_true(screen_has(stand, "delivered to bob"));
    key(stand, 'g');
    key(stand, '-'); /* with all that is below */
    assert_true(screen_has(stand, "[+] packet 2001"));
    assert_false(screen_has(stand, "2002"));
    assert_false(screen_has(stand, "delivered to"));
    key(stand, F5);
    assert_true(screen_has(stand, "delivered to alice"));
    stand_close(stand);
}

static void what_is_folded_is_saved_and_steps_are_timed(void **state)
{
    struct stand *stand = stand_open(JOURNEYS, 80, 24);
    struct text text = {0};
    struct json_writer json;
    (void)state;
    app_open_journey(&stand->app, 0, 2001);
    assert_true(line_has(stand, "600 ns", "delivered to alice"));
    key(stand, 'T');
    key(stand, 'T');
    assert_true(line_has(stand, "+100 ns", "delivered to alice"));
    assert_false(line_has(stand, "600 ns", "delivered to alice"));
    key(stand, 'g');
    key(stand, '-');
    json_init_text(&json, &text);
    json_object_open(&json, NULL);
    journey_page_write_json(&stand->app.journey, stand->model, &json);
    json_object_close(&json);
    assert_non_null(strstr(text_string(&text), "2002"));
    text_fini(&text);
    stand_close(stand);
}

static void a_text_is_found_on_a_journey(void **state)
{
    struct stand *stand = stand_open(JOURNEYS, 80, 24);
    const struct journey_page *page = &stand->app.journey;
    (void)state;
    key(stand, '3'); /* the table behind it has a row with the text */
    size_t row = stand->app.tables[SCREEN_DROPS].row;
    app_open_journey(&stand->app, 0, 2001);
    key(stand, 'g');
    key(stand, '/');
    type(stand, "DELIVERED");
    key(stand, TUI_KEY_ENTER);
    assert_int_equal(page->row, 7);
    assert_true(screen_has(stand, "n next hit"));
    key(stand, 'n');
    assert_int_equal(page->row, 12);
    key(stand, 'n');
    assert_int_equal(page->row, 7);
    key(stand, 'N');
    assert_int_equal(page->row, 12);
    key(stand, '/');
    type(stand, "spoof");
    key(stand, TUI_KEY_ENTER);
    assert_true(screen_has(stand, "\"spoof\" is nowhere in this journey"));
    assert_int_equal(stand->app.tables[SCREEN_DROPS].row, row);
    key(stand, '/'); /* nothing: n leads to changes again */
    key(stand, TUI_KEY_ENTER);
    assert_true(screen_has(stand, "n next change"));
    stand_close(stand);
}

/* Letters ---------------------------------------------------------------------------------------
 */

static void a_letter_leads_back_to_a_journey_from_anywhere(void **state)
{
    struct stand *stand = stand_open(JOURNEYS, 80, 24);
    (void)state;
    key(stand, '4');
    key(stand, TUI_KEY_DOWN);
    key(stand, 'm');
    assert_true(screen_has(stand, "which letter"));
    key(stand, 'q'); /* is a letter here, and does not quit */
    assert_int_equal(app_take_requests(&stand->app), 0);
    assert_true(screen_has(stand, "q leads to packet 2001 now"));
    assert_true(line_has(stand, "q03:04:05", "2001"));
    app_open_journey(&stand->app, 0, 1001);
    type(stand, "mZ2");
    key(stand, TUI_KEY_ESCAPE);
    key(stand, TUI_KEY_ESCAPE);
    key(stand, '1');
    type(stand, "'q");
    assert_int_equal(stand->app.page, APP_JOURNEY);
    assert_int_equal(stand->app.journey.id, 2001);
    type(stand, "'Z");
    assert_int_equal(stand->app.journey.id, 1001);
    key(stand, TUI_KEY_ESCAPE);
    assert_int_equal(stand->app.screen, SCREEN_PIPELINE);
    type(stand, "'x");
    assert_true(screen_has(stand, "no journey has the letter x"));
    /* What comes into the list before the letter does not get it. */
    key(stand, '4');
    key(stand, TUI_KEY_HOME);
    key(stand, 'm');
    stand->app.tables[SCREEN_JOURNEYS].row = 7;
    key(stand, 'n');
    type(stand, "'n");
    assert_int_equal(stand->app.journey.id, 2002);
    key(stand, TUI_KEY_ESCAPE);
    key(stand, '1');
    key(stand, '\'');
    key(stand, TUI_KEY_ESCAPE);
    assert_int_equal(stand->app.page, APP_TABLE);
    key(stand, 'm');
    assert_true(screen_has(stand, "a letter is for a journey"));
    stand_close(stand);
}

/* Comparisons -----------------------------------------------------------------------------------
 */

static uint32_t chance_state;

static uint32_t chance(uint32_t below)
{
    chance_state = chance_state * 1664525U + 1013904223U;
    return (uint32_t)((uint64_t)(chance_state >> 8) * below >> 24);
}

static void compare_two(struct stand *stand)
{
    assert_true(app_filter_set(&stand->app, "packet in (1001, 1031)", NULL, 0));
    key(stand, '4');
    key(stand, TUI_KEY_HOME);
    key(stand, TUI_KEY_SPACE);
    key(stand, TUI_KEY_SPACE);
    key(stand, 'd');
    assert_int_equal(stand->app.page, APP_COMPARE);
}

/* A page on a grid that is full of something else around its area. */
static void stays_inside(struct stand *stand, const struct grid_area *area)
{
    struct grid *grid = &stand->grid;
    for (int i = 0; i < grid->width * grid->height; i++)
        grid->cells[i].rune = FAR;
    if (stand->app.page == APP_COMPARE)
        compare_page_draw(&stand->app.compare, stand->model, grid, *area);
    else
        journey_page_draw(&stand->app.journey, stand->model, grid, *area);
    for (int y = 0; y < grid->height; y++)
        for (int x = 0; x < grid->width; x++)
            if ((y < area->y || y >= area->y + area->height) && grid_at(grid, x, y)->rune != FAR)
                fail_msg("line %d is outside of %d to %d", y, area->y, area->y + area->height - 1);
}

static void pages_never_write_outside_of_their_area(void **state)
{
    static const uint32_t moves[] = {TUI_KEY_UP,
                                     TUI_KEY_DOWN,
                                     TUI_KEY_PAGE_UP,
                                     TUI_KEY_PAGE_DOWN,
                                     TUI_KEY_HOME,
                                     TUI_KEY_END,
                                     'n',
                                     'N',
                                     '-',
                                     '*',
                                     '9'};
    (void)state;
    for (uint32_t seed = 1; seed <= 40; seed++) {
        struct stand *stand = stand_open(JOURNEYS, 80, 24);
        struct grid_area area = {0, 2, 80, 19};
        chance_state = seed * 7919;
        if (seed % 2 == 0)
            app_open_journey(&stand->app, 0, 2001);
        else
            compare_two(stand);
        if (seed > 20)
            area.height = 3 + (int)chance(12); /* less is not drawn at all */
        for (int i = 0; i < 60; i++) {
            app_key(&stand->app, moves[chance(sizeof(moves) / sizeof(moves[0]))], 0, 0);
            stays_inside(stand, &area);
        }
        stand_close(stand);
    }
}

static void a_comparison_ends_with_its_last_line(void **state)
{
    struct stand *stand = stand_open(JOURNEYS, 80, 15);
    (void)state;
    compare_two(stand);
    assert_true(screen_has(stand, "packet 1001"));
    assert_false(screen_has(stand, "ip.dst"));
    key(stand, TUI_KEY_END);
    assert_true(screen_has(stand, "packet 1001"));
    size_t last = stand->app.compare.top;
    assert_true(last > 0);
    for (int i = 0; i < 30; i++)
        key(stand, TUI_KEY_DOWN);
    assert_int_equal(stand->app.compare.top, last);
    key(stand, TUI_KEY_UP);
    assert_int_equal(stand->app.compare.top, last - 1);
    key(stand, '/');
    assert_int_equal(stand->app.prompt.kind, PROMPT_NONE);
    assert_true(screen_has(stand, "a comparison is not searched"));
    stand_close(stand);
}

/* The help --------------------------------------------------------------------------------------
 */

/* Of every action that it tells of the words are somewhere, at any size. */
static void all_of_the_help_can_be_seen(void **state)
{
    static const int sizes[][2] = {{80, 24}, {40, 12}, {80, 12}, {200, 50}};
    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct stand *stand = stand_open(JOURNEYS, sizes[i][0], sizes[i][1]);
        bool is_seen[ACTION_COUNT] = {false};
        key(stand, '?');
        for (int line = 0; line < ACTION_COUNT; line++) {
            for (int action = 1; action < ACTION_COUNT; action++)
                is_seen[action] |= screen_has(stand, action_help((enum action)action));
            key(stand, TUI_KEY_DOWN);
        }
        for (int action = ACTION_LEFT; action < ACTION_COUNT; action++)
            if ((action < ACTION_SCREEN_1 || action > ACTION_SCREEN_10) && !is_seen[action])
                fail_msg("%d x %d: the help does not say \"%s\"", sizes[i][0], sizes[i][1],
                         action_help((enum action)action));
        assert_int_equal(stand->app.tables[SCREEN_PIPELINE].row, 0); /* nothing moved below it */
        key(stand, 'f');
        assert_false(stand->app.shows_help);
        assert_int_equal(stand->app.prompt.kind, PROMPT_FILTER);
        stand_close(stand);
    }
}

/* What is lost, and the filter that holds, are told while a wrong one is typed, too. */
static void loss_is_on_the_screen_while_a_filter_is_wrong(void **state)
{
    struct stand *stand = stand_open(JOURNEYS, 80, 24);
    (void)state;
    assert_true(app_filter_set(&stand->app, "dropped", NULL, 0));
    key(stand, 'f');
    assert_true(screen_has(stand, "Enter take it"));
    type(stand, " and por");
    assert_true(screen_has(stand, "column 13"));
    assert_true(screen_has(stand, "LOST 0"));
    assert_true(screen_has(stand, "filter: dropped"));
    stand_close(stand);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(q_leads_back_from_what_enter_opened_and_then_quits),
        cmocka_unit_test(q_quits_on_a_screen_that_was_chosen),
        cmocka_unit_test(a_question_is_forgotten_when_it_is_no_longer_on_the_screen),
        cmocka_unit_test(one_packet_is_opened_though_its_list_was_sorted),
        cmocka_unit_test(digits_count_where_enter_led_and_choose_screens_elsewhere),
        cmocka_unit_test(copies_fold_and_unfold),
        cmocka_unit_test(what_is_folded_is_saved_and_steps_are_timed),
        cmocka_unit_test(a_text_is_found_on_a_journey),
        cmocka_unit_test(a_letter_leads_back_to_a_journey_from_anywhere),
        cmocka_unit_test(pages_never_write_outside_of_their_area),
        cmocka_unit_test(a_comparison_ends_with_its_last_line),
        cmocka_unit_test(all_of_the_help_can_be_seen),
        cmocka_unit_test(loss_is_on_the_screen_while_a_filter_is_wrong),
    };
    setenv("TZ", "UTC", 1);
    tzset();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    recording_cleanup();
    return failed;
}
