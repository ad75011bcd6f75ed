/* SPDX-License-Identifier: Apache-2.0 */
/* The state of the viewer, and how a frame comes about. See app.h; keys are in app_key.c. */
#include "tui/app/app.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "tui/app/app_parts.h"
#include "tui/list_view.h"

enum { DERIVE_NS = 1000000000, BOTTOM_LINES = 3, TOP_LINES = 2 };
enum { MESSAGE_SECONDS = 8, WINDOW_COUNT = 4 };

static const struct {
    uint64_t ns;
    const char *text;
} windows[WINDOW_COUNT] = {{1 * (uint64_t)NS_PER_SECOND, "1 s"},
                           {10 * (uint64_t)NS_PER_SECOND, "10 s"},
                           {60 * (uint64_t)NS_PER_SECOND, "1 min"},
                           {UINT64_MAX, "all"}};

enum xsw_status app_init(struct app *app, struct model *model, struct evidence *evidence,
                         size_t journeys, struct xsw_error *error)
{
    *app = (struct app){.model = model,
                        .evidence = evidence,
                        .is_stale = true,
                        .list_top = UINT64_MAX,
                        /* A recording is looked at as a whole at first. */
                        .window = model->is_recording ? WINDOW_COUNT - 1 : 0,
                        .samples_seen = model->sample_next,
                        .events_seen = model->event_next};
    keymap_init(&app->keymap);
    for (int i = 0; i < SCREEN_COUNT; i++) {
        app->tables[i].sort = -1;
        app->tables[i].column = 0;
    }
    return derived_create(journeys, &app->derived, error);
}

void app_fini(struct app *app)
{
    for (int i = 0; i < SCREEN_COUNT; i++) {
        table_state_fini(&app->tables[i]);
    }
    journey_page_close(&app->journey);
    compare_page_close(&app->compare);
    journey_filter_destroy(app->compiled);
    derived_destroy(app->derived);
}

unsigned app_take_requests(struct app *app)
{
    unsigned requests = app->requests;
    app->requests = 0;
    return requests;
}

void app_say(struct app *app, bool is_bad, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(app->message, sizeof(app->message), format, arguments);
    va_end(arguments);
    app->message_is_bad = is_bad;
    app->asks_to_quit = false; /* another sentence stands in the place of the question */
    app->message_until_ns = app->now_ns + (uint64_t)MESSAGE_SECONDS * NS_PER_SECOND;
}

bool app_is_frozen(const struct app *app)
{
    return !app->model->is_recording && (app->is_paused || app->back > 0);
}

uint64_t app_window_ns(const struct app *app)
{
    return windows[app->window].ns;
}

const char *app_window_text(const struct app *app)
{
    return windows[app->window].text;
}

/* What is looked at -----------------------------------------------------------------------------
 */

struct scene app_scene(struct app *app)
{
    struct scene scene = {.model = app->model,
                          .evidence = app->evidence,
                          .derived = app->derived,
                          .now = model_sample(app->model, app->back),
                          .before = model_before(app->model, app->back, app_window_ns(app)),
                          .back = app->back,
                          .window_ns = app_window_ns(app),
                          .width = app->width,
                          .mark_count = app->mark_count,
                          .letters = app->letters,
                          .letters_set = app->letters_set,
                          .times = app->times,
                          .start_ns = app->start_ns};
    memcpy(scene.marks, app->marks, sizeof(scene.marks));
    return scene;
}

/* Live and not frozen, all the evidence counts; else what lies in the window. */
static struct derived_limits limits_of(struct app *app)
{
    struct scene scene = app_scene(app);
    struct derived_limits limits = {
        .filter = app->compiled, .from_ns = 0, .to_ns = UINT64_MAX, .sample = scene.now};
    bool is_whole = app->back == 0 && scene.window_ns == UINT64_MAX;
    if (scene.now != NULL && !is_whole && (app->model->is_recording || app->back > 0)) {
        limits.to_ns = scene.now->wall_ns;
        limits.from_ns = scene.window_ns == UINT64_MAX || scene.window_ns > limits.to_ns
                             ? 0
                             : limits.to_ns - scene.window_ns;
    }
    return limits;
}

/* The order of the rows, which a key may choose among before they are drawn. */
static void rows_order(struct app *app, const struct scene *scene)
{
    uint64_t number = app->derived->number * 2 + app->model->sample_next;
    table_view_prepare(&app->tables[app->screen], screen_get(app->screen), scene, number);
}

void app_derive(struct app *app)
{
    app_filter_renew(app);
    struct derived_limits limits = limits_of(app);
    follow_remember(app);
    derived_make(app->derived, app->model, app->evidence, &limits);
    app->derived_ns = app->now_ns;
    app->derived_version = app->evidence->version;
    app->derived_samples = app->model->sample_next;
    app->is_stale = false;
    follow_journeys(app);
    struct scene scene = app_scene(app);
    rows_order(app, &scene);
}

void app_tick(struct app *app, uint64_t mono_ns)
{
    uint64_t grown = app->model->sample_next - app->samples_seen;
    app->now_ns = mono_ns;
    if (app_is_frozen(app) && grown > 0) {
        app->back += (size_t)grown;
        if (app->back >= app->model->sample_count) {
            app->back = app->model->sample_count - 1; /* what was looked at has gone */
        }
    }
    app->samples_seen = app->model->sample_next;
    if (app->start_ns == 0 && app->model->sample_count > 0) {
        app->start_ns = model_sample(app->model, app->model->sample_count - 1)->wall_ns;
    }
    follow_events(app);
    bool has_news = app->derived_version != app->evidence->version ||
                    (app->derived_samples != app->model->sample_next && !app_is_frozen(app));
    if (app->is_stale || (has_news && mono_ns - app->derived_ns >= DERIVE_NS)) {
        app_derive(app);
    }
    if (app->message[0] != '\0' && mono_ns > app->message_until_ns) {
        app->message[0] = '\0';
        app->asks_to_quit = false; /* who no longer sees the question does not answer it */
    }
}

bool app_is_opened(const struct app *app)
{
    return app->page == APP_JOURNEY || app->page == APP_COMPARE ||
           (app->page == APP_TABLE && app->depth > 0 && app->screen == SCREEN_JOURNEYS);
}

void app_go(struct app *app, enum screen_id screen)
{
    app->screen = screen;
    app->page = APP_TABLE;
    app->shows_help = false;
    app->tables[screen].list = 0;
}

/* A frame ---------------------------------------------------------------------------------------
 */

static void table_draw(struct app *app, struct scene *scene, struct grid *grid)
{
    const struct screen *screen = screen_get(app->screen);
    struct table_state *state = &app->tables[app->screen];
    struct grid_area area = app->body;
    rows_order(app, scene);
    scene->selected = table_view_row(state, state->row);
    if (screen->frame != NULL) {
        screen->frame(scene, grid, &area);
    }
    list_view_draw(state, screen, scene, grid, &area);
    app->body = area; /* where the mouse finds rows */
    table_view_draw(state, screen, scene, grid, area);
}

void app_draw(struct app *app, struct grid *grid)
{
    grid_clear(grid);
    app->width = grid->width;
    app->body =
        (struct grid_area){0, TOP_LINES, grid->width, grid->height - TOP_LINES - BOTTOM_LINES};
    struct scene scene = app_scene(app);
    if (app->body.height < 3) {
        grid_put(grid, 0, 0, grid->width, GRID_BAD, "too small: 8 lines are needed");
        return;
    }
    frame_draw_top(app, &scene, grid);
    if (app->shows_help) {
        help_draw(app, grid, app->body);
    } else if (app->page == APP_COLUMNS) {
        columns_draw(app, grid, app->body);
    } else if (app->page == APP_JOURNEY) {
        app->journey.is_stepwise = app->times == SCENE_SINCE_LAST;
        journey_page_draw(&app->journey, app->model, grid, app->body);
    } else if (app->page == APP_COMPARE) {
        compare_page_draw(&app->compare, app->model, grid, app->body);
    } else {
        table_draw(app, &scene, grid);
    }
    frame_draw_bottom(app, &scene, grid);
}
