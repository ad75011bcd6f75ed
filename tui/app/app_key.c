/* SPDX-License-Identifier: Apache-2.0 */
/* What keys do. Part of app.h. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tui/app/app_parts.h"
#include "tui/list_view.h"

enum { FAR_SAMPLES = 10, WHEEL_ROWS = 3, WINDOW_COUNT = 4 };

/* Moving ----------------------------------------------------------------------------------------
 */

static void rows_move(struct app *app, long step)
{
    if (app->page == APP_JOURNEY) {
        journey_page_move(&app->journey, step);
        return;
    }
    if (app->page == APP_COMPARE) {
        long top = (long)app->compare.top + step;
        app->compare.top = top < 0 ? 0 : (size_t)top;
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
    if (app->page == APP_TABLE && !list_view_turn(state, step)) {
        state->column = table_view_column(screen_get(app->screen), app->width, state->column, step);
    }
}

static long page_height(const struct app *app)
{
    int height = app->page == APP_JOURNEY ? app->journey.height : app->tables[app->screen].height;
    return height > 1 ? height - 1 : 1;
}

static bool move_do(struct app *app, enum action action)
{
    const long far = 1L << 30;
    switch (action) {
    case ACTION_UP:
        rows_move(app, -1);
        return true;
    case ACTION_DOWN:
        rows_move(app, 1);
        return true;
    case ACTION_PAGE_UP:
        rows_move(app, -page_height(app));
        return true;
    case ACTION_PAGE_DOWN:
        rows_move(app, page_height(app));
        return true;
    case ACTION_HOME:
        rows_move(app, -far);
        return true;
    case ACTION_END:
        rows_move(app, app->page == APP_COMPARE ? 0 : far);
        return true;
    case ACTION_LEFT:
        column_move(app, -1);
        return true;
    case ACTION_RIGHT:
        column_move(app, 1);
        return true;
    default:
        return false;
    }
}

/* Time ------------------------------------------------------------------------------------------
 */

void time_move(struct app *app, long step)
{
    long most = (long)app->model->sample_count - 1;
    long back = (long)app->back + step;
    size_t before = app->back;
    app->back = most < 0 || back < 0 ? 0 : back > most ? (size_t)most : (size_t)back;
    if (app->back == 0 && !app->model->is_recording && step < 0) {
        app->is_paused = false;
    }
    app->is_stale = true;
    app->requests |= APP_MOVED;
    if (before == app->back && step > 0) {
        app_say(app, false, "that is as far back as is kept");
    }
}

static void pause_toggle(struct app *app)
{
    if (app->model->is_recording) {
        app_say(app, false, "a recording stands still; [ and ] move in time");
        return;
    }
    app->is_paused = !app_is_frozen(app);
    app->back = 0;
    app->is_stale = true;
}

static bool time_do(struct app *app, enum action action)
{
    switch (action) {
    case ACTION_PAUSE:
        pause_toggle(app);
        return true;
    case ACTION_TIME_BACK:
        time_move(app, 1);
        return true;
    case ACTION_TIME_FORWARD:
        time_move(app, -1);
        return true;
    case ACTION_TIME_FAR_BACK:
        time_move(app, FAR_SAMPLES);
        return true;
    case ACTION_TIME_FAR_FORWARD:
        time_move(app, -FAR_SAMPLES);
        return true;
    case ACTION_WINDOW:
        app->window = (app->window + 1) % WINDOW_COUNT;
        app->is_stale = true;
        app->requests |= APP_MOVED;
        return true;
    default:
        return false;
    }
}

/* The rest --------------------------------------------------------------------------------------
 */

/* At the top it quits, otherwise it leads back from what stands before the screens. */
static void quit(struct app *app)
{
    if (app->shows_help || app->page != APP_TABLE) {
        app_back(app);
        return;
    }
    if (app->is_recording_now && !app->asks_to_quit) {
        app->asks_to_quit = true;
        app_say(app, true, "%s: quit, and end the recording? Press the key again; any other: stay",
                app->recording_text);
        return;
    }
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

static void next_do(struct app *app, int step)
{
    if (app->page == APP_JOURNEY) {
        journey_page_next(&app->journey, step);
    } else if (app->page == APP_TABLE) {
        app_search(app, step);
    }
}

static bool tool_do(struct app *app, enum action action)
{
    switch (action) {
    case ACTION_FILTER:
        prompt_open(app, PROMPT_FILTER, app->filter);
        return true;
    case ACTION_UNFILTER:
        filter_clear(app);
        return true;
    case ACTION_SEARCH:
        prompt_open(app, PROMPT_SEARCH, "");
        return true;
    case ACTION_SEARCH_NEXT:
        next_do(app, 1);
        return true;
    case ACTION_SEARCH_PREVIOUS:
        next_do(app, -1);
        return true;
    case ACTION_MARK:
        app_mark(app);
        return true;
    case ACTION_COMPARE:
        app_compare(app);
        return true;
    case ACTION_SAVE:
        save_ask(app);
        return true;
    default:
        return false;
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
        app->shows_help = !app->shows_help;
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

void action_do(struct app *app, enum action action)
{
    if (action == ACTION_QUIT) {
        quit(app);
        return;
    }
    if (app->asks_to_quit) {
        app->asks_to_quit = false;
        app->message[0] = '\0';
        return;
    }
    if (action >= ACTION_SCREEN_1 && action <= ACTION_SCREEN_10) {
        app_go(app, (enum screen_id)(action - ACTION_SCREEN_1));
    } else if (!move_do(app, action) && !time_do(app, action) && !sort_do(app, action) &&
               !tool_do(app, action)) {
        request_do(app, action);
    }
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
        rows_move(app, key == TUI_KEY_WHEEL_UP ? -WHEEL_ROWS : WHEEL_ROWS);
    } else {
        action_do(app, keymap_find(&app->keymap, key));
    }
}
