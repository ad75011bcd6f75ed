/* SPDX-License-Identifier: Apache-2.0 */
/* Lists whose newest row is the first, and grow there: journeys and events. On the first row the
 * cursor follows the newest, below it it stays on what it is on. Part of app.h. */
#include "tui/app/app_parts.h"

static bool is_in_order(const struct table_state *state)
{
    return state->sort < 0 && !state->is_reverse;
}

void follow_remember(struct app *app)
{
    const struct table_state *state = &app->tables[SCREEN_JOURNEYS];
    size_t row = table_view_row(state, state->row);
    bool follows = state->row == 0 && !app->stays;
    app->list_top = follows || !is_in_order(state) || row >= app->derived->shown_count
                        ? UINT64_MAX
                        : app->derived->shown[row];
}

void follow_journeys(struct app *app)
{
    struct table_state *state = &app->tables[SCREEN_JOURNEYS];
    if (app->list_top == UINT64_MAX) {
        return;
    }
    for (size_t i = 0; i < app->derived->shown_count; i++) {
        if (app->derived->shown[i] == app->list_top) {
            size_t moved = i > state->row ? i - state->row : 0;
            state->row = i;
            state->top += moved;
            return;
        }
    }
}

void follow_events(struct app *app)
{
    struct table_state *state = &app->tables[SCREEN_EVENTS];
    size_t came = (size_t)(app->model->event_next - app->events_seen);
    app->events_seen = app->model->event_next;
    /* In the past the newest are not shown. */
    if (app->back == 0 && is_in_order(state) && (state->row > 0 || app->stays)) {
        state->row += came;
        state->top += came;
    }
}

void follow_toggle(struct app *app)
{
    struct table_state *state = &app->tables[app->screen];
    char key[KEY_TEXT_SIZE];
    if (app->page != APP_TABLE ||
        (app->screen != SCREEN_JOURNEYS && app->screen != SCREEN_EVENTS)) {
        app_say(app, false, "the lists of journeys and of events follow the newest");
        return;
    }
    app->stays = !app->stays && state->row == 0 && is_in_order(state);
    if (app->stays) {
        app_say(app, false, "the cursor stays where it is; %s follows the newest again",
                keymap_text(&app->keymap, ACTION_FOLLOW, key));
        return;
    }
    state->row = 0;
    state->sort = -1;
    state->is_reverse = false;
    app->list_top = UINT64_MAX;
    app_say(app, false, "the cursor follows the newest; %s lets it stay",
            keymap_text(&app->keymap, ACTION_FOLLOW, key));
}
