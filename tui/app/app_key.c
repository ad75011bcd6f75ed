/* SPDX-License-Identifier: Apache-2.0 */
/* What keys do. Part of app.h. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tui/app/app_parts.h"
#include "tui/list_view.h"

/* Moving ----------------------------------------------------------------------------------------
 */

void rows_move(struct app *app, long step)
{
    if (app->page == APP_JOURNEY) {
        journey_page_move(&app->journey, step);
        return;
    }
    if (app->page == APP_COMPARE) {
        long top = (long)app->compare.top + step;
        app->compare.top = top < 0 ? 0 : (size_t)top; /* its end is known when it is drawn */
        return;
    }
    if (app->page == APP_COLUMNS) {
        columns_move(app, step);
        return;
    }
    struct table_state *state = &app->tables[app->screen];
    struct scene scene = app_scene(app);
    long last = (long)screen_get(app->screen)->rows(&scene) - 1;
    bool is_one = step == 1 || step == -1;
    if (is_one && list_view_move(state, (size_t)(last + 1), (int)step)) {
        return;
    }
    state->list = 0;
    long row = (long)state->row + step;
    state->row = last < 0 || row < 0 ? 0 : row > last ? (size_t)last : (size_t)row;
}

static void column_move(struct app *app, int step)
{
    struct table_state *state = &app->tables[app->screen];
    if (app->page == APP_JOURNEY) {
        journey_detail_scroll(&app->journey, step);
    } else if (app->page == APP_TABLE && !list_view_turn(state, step)) {
        table_view_turn(state, screen_get(app->screen), app->width, step);
    }
}

static long page_height(const struct app *app)
{
    int height = app->page == APP_JOURNEY   ? app->journey.height
                 : app->page == APP_COMPARE ? app->compare.height
                                            : app->tables[app->screen].height;
    return height > 1 ? height - 1 : 1;
}

/* To the first row, or with a count to the row of that number. */
static void row_go(struct app *app, enum action action, long count)
{
    const long far = 1L << 30;
    rows_move(app, action == ACTION_HOME || count > 0 ? -far : far);
    if (count > 1) {
        rows_move(app, count - 1);
    }
    if (action == ACTION_HOME && (app->screen == SCREEN_JOURNEYS || app->screen == SCREEN_EVENTS)) {
        app->stays = false; /* it follows the newest again */
    }
}

/* `count`: how many times; 0: none was typed. */
static bool move_do(struct app *app, enum action action, long count)
{
    const long times = count > 0 ? count : 1;
    switch (action) {
    case ACTION_UP:
        rows_move(app, -times);
        return true;
    case ACTION_DOWN:
        rows_move(app, times);
        return true;
    case ACTION_PAGE_UP:
        rows_move(app, -page_height(app) * times);
        return true;
    case ACTION_PAGE_DOWN:
        rows_move(app, page_height(app) * times);
        return true;
    case ACTION_HOME:
    case ACTION_END:
        row_go(app, action, count);
        return true;
    case ACTION_LEFT:
    case ACTION_RIGHT:
        for (long i = 0; i < times; i++) {
            column_move(app, action == ACTION_LEFT ? -1 : 1);
        }
        return true;
    default:
        return false;
    }
}

/* The rest --------------------------------------------------------------------------------------
 */

/* At the top it quits, otherwise it leads back. */
static void quit(struct app *app)
{
    if (app->page != APP_TABLE || app_is_opened(app)) {
        app_back(app);
        return;
    }
    if (app->is_recording_now && !app->asks_to_quit) {
        app_say(app, true, "%s: quit, and end the recording? Press the key again; any other: stay",
                app->recording_text);
        app->asks_to_quit = true;
        return;
    }
    app->asks_to_quit = false;
    app->requests |= APP_QUIT;
}

static void save_ask(struct app *app)
{
    char path[128];
    const char *what = app->page == APP_JOURNEY   ? "journey"
                       : app->page == APP_COMPARE ? "compare"
                                                  : screen_get(app->screen)->name;
    time_t now = time(NULL);
    struct tm local;
    localtime_r(&now, &local);
    snprintf(path, sizeof(path), "xsw-top-%s-%02d%02d%02d.txt", what, local.tm_hour, local.tm_min,
             local.tm_sec);
    prompt_open(app, PROMPT_SAVE, path);
}

static void filter_clear(struct app *app)
{
    char problem[APP_MESSAGE_SIZE];
    (void)app_filter_set(app, "", problem, sizeof(problem));
    app->depth = 0;
}

static bool sort_do(struct app *app, enum action action)
{
    struct table_state *state = &app->tables[app->screen];
    int step = action == ACTION_SORT_NEXT ? 1 : action == ACTION_SORT_PREVIOUS ? -1 : 0;
    if (step == 0 && action != ACTION_REVERSE) {
        return false;
    }
    if (app->page != APP_TABLE) {
        return true;
    }
    if (step != 0) {
        table_view_sort(state, screen_get(app->screen), app->width, step);
    } else {
        state->is_reverse = !state->is_reverse;
        state->order_number = 0;
    }
    return true;
}

static void search_ask(struct app *app)
{
    if (app->page == APP_COMPARE) {
        app_say(app, false, "a comparison is not searched: a journey is, and tables are");
    } else {
        prompt_open(app, PROMPT_SEARCH, "");
    }
}

static void next_do(struct app *app, int step, long times)
{
    for (long i = 0; i < times; i++) {
        if (app->page == APP_JOURNEY) {
            app_search_journey(app, step);
        } else if (app->page == APP_TABLE) {
            app_search(app, step);
        }
    }
}

static bool tree_do(struct app *app, enum action action)
{
    static const enum journey_fold folds[] = {[ACTION_TREE - ACTION_TREE] = JOURNEY_TURN,
                                              [ACTION_TREE_CLOSE - ACTION_TREE] = JOURNEY_FOLD,
                                              [ACTION_TREE_OPEN - ACTION_TREE] = JOURNEY_UNFOLD,
                                              [ACTION_TREE_ALL - ACTION_TREE] = JOURNEY_ALL};
    if (action < ACTION_TREE || action > ACTION_TREE_ALL) {
        return false;
    }
    if (app->page == APP_JOURNEY) {
        journey_page_fold(&app->journey, folds[action - ACTION_TREE]);
    } else {
        app_say(app, false, "what folds are the copies of a journey; open one first");
    }
    return true;
}

static bool tool_do(struct app *app, enum action action, long count)
{
    switch (action) {
    case ACTION_FILTER:
        prompt_open(app, PROMPT_FILTER, app->filter);
        return true;
    case ACTION_UNFILTER:
        filter_clear(app);
        return true;
    case ACTION_SEARCH:
        search_ask(app);
        return true;
    case ACTION_SEARCH_NEXT:
    case ACTION_SEARCH_PREVIOUS:
        next_do(app, action == ACTION_SEARCH_NEXT ? 1 : -1, count > 0 ? count : 1);
        return true;
    case ACTION_MARK:
        app_mark(app);
        return true;
    case ACTION_COMPARE:
        app_compare(app);
        return true;
    case ACTION_LETTER:
    case ACTION_GO_LETTER:
        letter_ask(app, action);
        return true;
    case ACTION_FOLLOW:
        follow_toggle(app);
        return true;
    case ACTION_COLUMNS:
        columns_open(app);
        return true;
    case ACTION_SAVE:
        save_ask(app);
        return true;
    default:
        return tree_do(app, action);
    }
}

static void request_do(struct app *app, enum action action)
{
    switch (action) {
    case ACTION_RECORD:
        app->requests |= APP_RECORD;
        break;
    case ACTION_DUMP:
        app->requests |= APP_DUMP;
        break;
    case ACTION_REDRAW:
        app->requests |= APP_REDRAW;
        break;
    case ACTION_COLOUR:
        app->requests |= APP_COLOUR;
        break;
    case ACTION_OPEN:
        app_open(app);
        break;
    case ACTION_BACK:
        app_back(app);
        break;
    case ACTION_HELP:
        app->shows_help = true;
        app->help_top = 0;
        break;
    case ACTION_NEXT_SCREEN:
        app_go(app, (enum screen_id)((app->screen + 1) % SCREEN_COUNT));
        break;
    case ACTION_PREVIOUS_SCREEN:
        app_go(app, (enum screen_id)((app->screen + SCREEN_COUNT - 1) % SCREEN_COUNT));
        break;
    default:
        break;
    }
}

void keys_forget(struct app *app)
{
    app->count = 0;
    app->awaits = ACTION_NONE;
    if (app->asks_to_quit) {
        app->asks_to_quit = false;
        app->message[0] = '\0';
    }
}

static void action_do_counted(struct app *app, enum action action, long count)
{
    if (action == ACTION_QUIT) {
        quit(app);
    } else if (action >= ACTION_SCREEN_1 && action <= ACTION_SCREEN_10) {
        app_go(app, (enum screen_id)(action - ACTION_SCREEN_1));
    } else if (!move_do(app, action, count) && !time_do(app, action) && !sort_do(app, action) &&
               !tool_do(app, action, count)) {
        request_do(app, action);
    }
}

void action_do(struct app *app, enum action action)
{
    bool is_answer = app->asks_to_quit && action != ACTION_QUIT;
    long count = app->count;
    app->count = 0;
    if (is_answer || (count > 0 && action == ACTION_BACK)) {
        keys_forget(app);
    } else if (!(app->shows_help && help_do(app, action)) &&
               !(app->page == APP_COLUMNS && columns_do(app, action))) {
        action_do_counted(app, action, count);
    }
}

/* A digit that is part of a count: where digits are not the keys of screens. */
static bool count_take(struct app *app, uint32_t key)
{
    enum { COUNT_MAX = 9999 };
    enum action action = keymap_find(&app->keymap, key);
    bool is_free =
        action == ACTION_NONE || (action >= ACTION_SCREEN_1 && action <= ACTION_SCREEN_10);
    if (key < '0' || key > '9' || !is_free || !app_is_opened(app) || app->shows_help) {
        return false;
    }
    long count = app->count * 10 + (long)(key - '0');
    app->count = count > COUNT_MAX ? COUNT_MAX : count;
    return true;
}

void app_key(struct app *app, uint32_t key, int x, int y)
{
    if (key == TUI_KEY_RESIZE || key == TUI_KEY_NONE) {
        return;
    }
    if (app->prompt.kind != PROMPT_NONE) {
        prompt_key(app, key);
        return;
    }
    if (key == TUI_KEY_CLICK || key == TUI_KEY_DOUBLE_CLICK) {
        mouse_click(app, key, x, y);
    } else if (key == TUI_KEY_WHEEL_UP || key == TUI_KEY_WHEEL_DOWN) {
        mouse_wheel(app, key == TUI_KEY_WHEEL_UP ? -1 : 1);
    } else if (app->awaits != ACTION_NONE) {
        letter_take(app, key);
    } else if (!count_take(app, key)) {
        action_do(app, keymap_find(&app->keymap, key));
    }
}
