/* SPDX-License-Identifier: Apache-2.0 */
/* What keys make of a table: its columns, its times, the row that the cursor stays on. */
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

/* Columns ---------------------------------------------------------------------------------------
 */

static void columns_are_chosen_kept_and_read_again(void **state)
{
    char path[200];
    struct stand *stand = stand_open(JOURNEYS, 80, 24);
    (void)state;
    snprintf(path, sizeof(path), "%s", recording_path("top.keys"));
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("# mine\npause F5\nshow ports port\nshowing off\n", file);
    fclose(file);
    key(stand, '2');
    assert_false(screen_has(stand, "VLAN"));
    key(stand, 'S');
    assert_true(screen_has(stand, "Columns of Ports"));
    for (int i = 0; i < 10; i++)
        key(stand, TUI_KEY_DOWN);
    key(stand, TUI_KEY_SPACE);
    assert_true(screen_has(stand, "[x] VLAN"));
    key(stand, 's');
    assert_int_equal(app_take_requests(&stand->app), APP_KEEP);
    key(stand, 'q');
    assert_int_equal(stand->app.page, APP_TABLE);
    assert_int_equal(app_columns_keep(&stand->app, path, NULL), XSW_OK);
    char text[1024] = "";
    file = fopen(path, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    assert_string_equal(text, "# mine\npause F5\nshowing off\nshow ports port state in_per_second "
                              "in_bits_per_second out_per_second out_bits_per_second "
                              "dropped_in_per_second dropped_out_per_second trend vlan\n");
    uint32_t chosen = stand->app.tables[SCREEN_PORTS].chosen;
    key(stand, 'S');
    key(stand, 'u');
    assert_int_equal(stand->app.tables[SCREEN_PORTS].chosen, 0);
    file = fopen(path, "w");
    fputs(strstr(text, "show ports"), file);
    fclose(file);
    assert_int_equal(app_settings_read(&stand->app, path, NULL), XSW_OK);
    assert_int_equal(stand->app.tables[SCREEN_PORTS].chosen, chosen);
    unlink(path);
    stand_close(stand);
}

/* Its other lines would be lost: it stays as it is, and nothing is left beside it. */
static void a_file_of_keys_that_cannot_be_read_is_not_replaced(void **state)
{
    char path[200];
    char made[220];
    char link[200] = "";
    struct xsw_error error = {.text = ""};
    struct stand *stand = stand_open(JOURNEYS, 80, 24);
    (void)state;
    snprintf(path, sizeof(path), "%s", recording_path("loop.keys"));
    snprintf(made, sizeof(made), "%s.new", path);
    assert_int_equal(symlink(path, path), 0); /* not even root can read it */
    assert_int_equal(app_columns_keep(&stand->app, path, &error), XSW_IO);
    assert_non_null(strstr(error.text, "loop.keys: its other lines cannot be read"));
    assert_int_equal(readlink(path, link, sizeof(link) - 1), strlen(path));
    assert_int_equal(access(made, F_OK), -1);
    unlink(path);
    stand_close(stand);
}

static void settings_are(struct stand *stand, const char *text, const char *problem)
{
    char path[200];
    struct xsw_error error = {.text = ""};
    snprintf(path, sizeof(path), "%s", recording_path("top.keys"));
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(app_settings_read(&stand->app, path, &error), XSW_INVALID);
    if (strstr(error.text, problem) == NULL)
        fail_msg("%s: %s", text, error.text);
    unlink(path);
}

static void wrong_columns_are_told_with_their_line(void **state)
{
    struct stand *stand = stand_open(JOURNEYS, 80, 24);
    (void)state;
    settings_are(stand, "\nshow nowhere x\n", "line 2: expected the name of a screen");
    settings_are(stand, "show ports colour\n", "ports has no column \"colour\"");
    settings_are(stand, "show ports\n", "expected columns of ports");
    settings_are(stand, "show", "expected the name of a screen");
    stand_close(stand);
}

static void a_table_that_is_too_wide_moves(void **state)
{
    struct stand *stand = stand_open(JOURNEYS, 80, 24);
    struct table_state *ports = &stand->app.tables[SCREEN_PORTS];
    (void)state;
    ports->chosen = (1U << 13) - 1; /* all of them */
    key(stand, '2');
    assert_false(screen_has(stand, "out, total"));
    for (int i = 0; i < 12; i++)
        key(stand, TUI_KEY_RIGHT);
    assert_true(screen_has(stand, "out, total"));
    assert_false(screen_has(stand, "state"));
    /* What the rows are stays, and the mouse finds it. */
    assert_true(screen_has(stand, "alice"));
    app_key(&stand->app, TUI_KEY_CLICK, 3, stand->app.body.y);
    assert_int_equal(ports->sort, 0);
    int end = ports->offset;
    key(stand, TUI_KEY_RIGHT);
    assert_int_equal(ports->offset, end);
    /* The mouse finds the column that it is on. */
    app_key(&stand->app, TUI_KEY_CLICK, 79, stand->app.body.y);
    assert_int_equal(ports->sort, 12);
    for (int i = 0; i < 24; i++)
        key(stand, TUI_KEY_LEFT);
    assert_int_equal(ports->offset, 0);
    assert_int_equal(ports->column, 0);
    key(stand, 'S');
    for (int i = 0; i < 13; i++) { /* the last one stays */
        key(stand, TUI_KEY_SPACE);
        key(stand, TUI_KEY_DOWN);
    }
    assert_true(screen_has(stand, "a table has one column at least"));
    assert_int_equal(ports->chosen, 1U << 12);
    stand_close(stand);
}

/* Times -----------------------------------------------------------------------------------------
 */

static void times_are_of_day_since_the_start_or_since_the_one_before(void **state)
{
    struct stand *stand = stand_open(JOURNEYS, 80, 24);
    (void)state;
    key(stand, '4');
    assert_true(line_has(stand, "03:04:05.040", "2001"));
    key(stand, 'T');
    assert_true(screen_has(stand, "since start"));
    assert_true(line_has(stand, "0.04002", "2001"));
    key(stand, 'T');
    assert_true(screen_has(stand, "since last"));
    assert_true(line_has(stand, "0.00100", "2001"));
    key(stand, 'I'); /* the oldest first: the one before is above */
    assert_true(line_has(stand, "0.00100", "1002"));
    assert_false(line_has(stand, "0.00", " 1001 "));
    key(stand, 'T');
    assert_true(line_has(stand, "03:04:05.000", "1001"));
    stand_close(stand);
}

/* Following -------------------------------------------------------------------------------------
 */

static void the_cursor_follows_the_newest_or_stays(void **state)
{
    struct stand *stand = stand_open(JOURNEYS, 80, 24);
    struct table_state *events = &stand->app.tables[SCREEN_EVENTS];
    (void)state;
    key(stand, '9');
    const size_t count = model_event_count(stand->model);
    model_event(stand->model, MODEL_NOTE, 1, "test", "first");
    frame(stand);
    assert_int_equal(events->row, 0); /* follows */
    key(stand, 'F');
    model_event(stand->model, MODEL_NOTE, 2, "test", "second");
    frame(stand);
    assert_int_equal(events->row, 1); /* stays on the first */
    key(stand, 'A');
    assert_int_equal(events->row, 0);
    key(stand, TUI_KEY_DOWN);
    key(stand, TUI_KEY_DOWN);
    model_event(stand->model, MODEL_NOTE, 3, "test", "third");
    frame(stand);
    assert_int_equal(events->row, 3); /* below the newest it always stays */
    key(stand, TUI_KEY_HOME);
    model_event(stand->model, MODEL_NOTE, 4, "test", "fourth");
    frame(stand);
    assert_int_equal(events->row, 0);
    assert_int_equal(model_event_count(stand->model), count + 4);
    key(stand, '4');
    key(stand, 'F');
    assert_true(screen_has(stand, "the cursor stays where it is"));
    app_derive(&stand->app);
    assert_true(stand->app.list_top != UINT64_MAX);
    key(stand, '>');
    key(stand, 'F'); /* by time, the newest first */
    assert_int_equal(stand->app.tables[SCREEN_JOURNEYS].sort, -1);
    app_derive(&stand->app);
    assert_true(stand->app.list_top == UINT64_MAX);
    key(stand, '1');
    key(stand, 'F');
    assert_true(screen_has(stand, "the lists of journeys and of events follow the newest"));
    stand_close(stand);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_chosen_kept_and_read_again),
        cmocka_unit_test(a_file_of_keys_that_cannot_be_read_is_not_replaced),
        cmocka_unit_test(wrong_columns_are_told_with_their_line),
        cmocka_unit_test(a_table_that_is_too_wide_moves),
        cmocka_unit_test(times_are_of_day_since_the_start_or_since_the_one_before),
        cmocka_unit_test(the_cursor_follows_the_newest_or_stays),
    };
    setenv("TZ", "UTC", 1);
    tzset();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    recording_cleanup();
    return failed;
}
