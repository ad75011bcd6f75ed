/* SPDX-License-Identifier: Apache-2.0 */
/* What clicks do: on tabs, on words of the bottom line, on the line of a recording's time, on
 * headings of columns, on rows. Part of app.h. */
#include "tui/app/app_parts.h"
#include "tui/list_view.h"

/* On the one that it is sorted by already: the other way round. */
static void heading_click(struct app *app, int x)
{
    struct table_state *state = &app->tables[app->screen];
    int column = table_view_heading_at(state, screen_get(app->screen), &app->body, x);
    state->is_reverse = state->sort == column && !state->is_reverse;
    state->sort = column;
    state->order_number = 0;
}

static void bar_click(struct app *app, int x)
{
    for (int i = 0; i < app->bar_count; i++) {
        if (x >= app->bar[i].x && x < app->bar[i].end) {
            action_do(app, app->bar[i].action);
            return;
        }
    }
}

/* False: there is no row. */
static bool row_click(struct app *app, int x, int y)
{
    struct table_state *state = &app->tables[app->screen];
    const struct screen *screen = screen_get(app->screen);
    struct scene scene = app_scene(app);
    size_t drawn = table_view_at(state, &app->body, y);
    if (list_view_click(state, x, y)) {
        return true;
    }
    if (drawn >= screen->rows(&scene)) {
        return false;
    }
    state->row = drawn;
    state->list = 0;
    state->column = table_view_column_at(state, screen, &app->body, x);
    return true;
}

void mouse_click(struct app *app, uint32_t key, int x, int y)
{
    enum screen_id tab = y == 1 ? frame_tab_at(app, x) : SCREEN_COUNT;
    if (app->asks_to_quit && y != app->bar_y) {
        keys_forget(app); /* as any other key: stay */
        return;
    }
    app->count = 0;
    app->awaits = ACTION_NONE;
    if (tab < SCREEN_COUNT) {
        app_go(app, tab);
    } else if (y == app->bar_y) {
        bar_click(app, x);
    } else if (app->page != APP_TABLE || app->shows_help) {
        return;
    } else if (y == app->timeline_y && app->model->sample_count > 1) {
        time_move(app, (long)frame_time_at(app, x) - (long)app->back);
    } else if (y == app->body.y) {
        heading_click(app, x);
    } else if (row_click(app, x, y) && key == TUI_KEY_DOUBLE_CLICK) {
        app_open(app);
    }
}

void mouse_wheel(struct app *app, int direction)
{
    enum { WHEEL_ROWS = 3 };
    keys_forget(app);
    for (int i = 0; i < WHEEL_ROWS && app->shows_help; i++) {
        (void)help_do(app, direction < 0 ? ACTION_UP : ACTION_DOWN);
    }
    if (!app->shows_help) {
        rows_move(app, direction * WHEEL_ROWS);
    }
}
