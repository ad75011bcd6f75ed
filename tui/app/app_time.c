/* SPDX-License-Identifier: Apache-2.0 */
/* Which time is looked at, how much of it, and how moments are written. Part of app.h. */
#include "tui/app/app_parts.h"

enum { FAR_SAMPLES = 10, WINDOW_COUNT = 4 };

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

static void times_turn(struct app *app)
{
    static const char *const words[SCENE_TIMES] = {
        [SCENE_OF_DAY] = "times of day",
        [SCENE_SINCE_START] = "times since the start",
        [SCENE_SINCE_LAST] = "times since the one before; on a journey, since the step before"};
    app->times = (enum scene_times)((app->times + 1) % SCENE_TIMES);
    app_say(app, false, "%s", words[app->times]);
}

bool time_do(struct app *app, enum action action)
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
    case ACTION_TIMES:
        times_turn(app);
        return true;
    default:
        return false;
    }
}
