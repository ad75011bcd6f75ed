/* SPDX-License-Identifier: Apache-2.0 */
/* xsw top: joins what feeds the viewer, the viewer, and the terminal. */
#include "cmd/top/top.h"

#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "cmd/exit_codes.h"
#include "cmd/top/top_actions.h"
#include "cmd/top/top_live.h"
#include "cmd/top/top_options.h"
#include "cmd/top/top_recording.h"
#include "cmd/where.h"
#include "tui/app/app.h"
#include "tui/terminal.h"

enum {
    LIVE_JOURNEYS = 4096,
    LIVE_BYTES = 8 << 20,
    FILE_JOURNEYS = 65536,
    FILE_BYTES = 64 << 20,
    ONCE_MS = 1100, /* live: long enough for a rate */
    ONCE_TURN_MS = 50,
    MS = 1000000
};

struct viewer {
    struct top_options options;
    struct model *model;
    struct evidence *evidence;
    struct top_live *live; /* one of the two */
    struct top_recording *recording;
    struct app app;
    bool has_app;
    struct grid grid;
    struct top_actions actions;
    struct terminal terminal;
    int signal_fd;
    bool must_end;
    char keys_path[512];               /* of the keys and the chosen columns */
    char filter_sent[APP_FILTER_SIZE]; /* that the capture goes by, or that the files were read for
                                        */
};

/* Opening ---------------------------------------------------------------------------------------
 */

static enum xsw_status source_open(struct viewer *viewer, struct xsw_error *error)
{
    const struct top_options *options = &viewer->options;
    if (options->path_count > 0) {
        return top_recording_open(options->paths, options->path_count, viewer->model,
                                  viewer->evidence, &viewer->recording, error);
    }
    const struct top_live_options live = {.socket = options->socket,
                                          .switch_name = options->switch_name,
                                          .filter = options->filter,
                                          .rate = options->rate,
                                          .has_kernel = options->has_kernel,
                                          .snap_length = options->snap_length};
    return top_live_open(&live, viewer->model, viewer->evidence, &viewer->live, error);
}

/* The file that was named must be there; the person's own may. */
static enum xsw_status keys_read(struct viewer *viewer, struct xsw_error *error)
{
    char *path = viewer->keys_path;
    const size_t size = sizeof(viewer->keys_path);
    const char *home = getenv("HOME");
    const char *config = getenv("XDG_CONFIG_HOME");
    if (viewer->options.keys != NULL) {
        snprintf(path, size, "%s", viewer->options.keys);
        return app_settings_read(&viewer->app, path, error);
    }
    if (config != NULL && config[0] == '/') {
        snprintf(path, size, "%s/xsw/top.keys", config);
    } else {
        snprintf(path, size, "%s/.config/xsw/top.keys", home != NULL ? home : "");
    }
    return access(path, R_OK) == 0 ? app_settings_read(&viewer->app, path, error) : XSW_OK;
}

static enum xsw_status viewer_open(struct viewer *viewer, struct xsw_error *error)
{
    bool is_file = viewer->options.path_count > 0;
    size_t journeys = is_file ? FILE_JOURNEYS : LIVE_JOURNEYS;
    enum xsw_status status = model_create(&viewer->model, error);
    if (status == XSW_OK) {
        status =
            evidence_create(journeys, is_file ? FILE_BYTES : LIVE_BYTES, &viewer->evidence, error);
    }
    if (status == XSW_OK) {
        status = source_open(viewer, error);
    }
    if (status == XSW_OK) {
        status = app_init(&viewer->app, viewer->model, viewer->evidence, journeys, error);
        viewer->has_app = status == XSW_OK;
    }
    if (status == XSW_OK) {
        status = keys_read(viewer, error);
    }
    if (status == XSW_OK) {
        status = grid_resize(&viewer->grid, viewer->options.width, viewer->options.height, error);
    }
    viewer->grid.is_ascii = viewer->options.is_ascii;
    viewer->app.screen = viewer->options.screen;
    return status;
}

static void viewer_close(struct viewer *viewer)
{
    if (viewer->has_app) {
        app_fini(&viewer->app);
    }
    top_live_close(viewer->live);
    top_recording_close(viewer->recording);
    evidence_destroy(viewer->evidence);
    model_destroy(viewer->model);
    grid_fini(&viewer->grid);
    free(viewer);
}

/* One turn --------------------------------------------------------------------------------------
 */

/* A filter reaches the capture, or has the files read again, when it is no longer being typed. */
static void filter_pass_on(struct viewer *viewer)
{
    struct app *app = &viewer->app;
    struct xsw_error error;
    if (app->prompt.kind != PROMPT_NONE || strcmp(viewer->filter_sent, app->filter) == 0) {
        return;
    }
    memcpy(viewer->filter_sent, app->filter, sizeof(viewer->filter_sent));
    if (viewer->live != NULL && !top_live_filter(viewer->live, app->filter, &error)) {
        app_say(app, true, "%s", error.text);
    }
}

/* Of a recording that is larger than our memory, the journeys around the cursor are read. */
static void recording_follow(struct viewer *viewer)
{
    struct app *app = &viewer->app;
    struct xsw_error error;
    struct scene scene = app_scene(app);
    if (viewer->recording == NULL || !top_recording_is_partial(viewer->recording) ||
        scene.now == NULL || app->prompt.kind != PROMPT_NONE) {
        return;
    }
    bool is_end = app->back == 0 && scene.window_ns == UINT64_MAX;
    uint64_t from =
        scene.window_ns < scene.now->wall_ns && !is_end ? scene.now->wall_ns - scene.window_ns : 0;
    if (top_recording_fill(viewer->recording, from, is_end ? UINT64_MAX : scene.now->wall_ns,
                           app->compiled, &error) != XSW_OK) {
        app_say(app, true, "%s", error.text);
    }
    app->is_stale = true;
}

static void feed(struct viewer *viewer, uint64_t now)
{
    struct app *app = &viewer->app;
    if (viewer->live != NULL) {
        top_live_turn(viewer->live, now, app->screen, app_is_frozen(app));
    }
    app_tick(app, now);
}

static void columns_keep(struct viewer *viewer)
{
    struct xsw_error error;
    bool is_kept = app_columns_keep(&viewer->app, viewer->keys_path, &error) == XSW_OK;
    app_say(&viewer->app, !is_kept, is_kept ? "kept in %s" : "not kept: %s",
            is_kept ? viewer->keys_path : error.text);
}

/* False: quit. */
static bool requests_do(struct viewer *viewer, bool *has_colours)
{
    struct app *app = &viewer->app;
    unsigned requests = app_take_requests(app);
    if ((requests & APP_RECORD) != 0) {
        top_actions_record(&viewer->actions, app, &viewer->options);
    }
    if ((requests & APP_DUMP) != 0) {
        top_actions_dump(&viewer->actions, app, &viewer->options);
    }
    if ((requests & APP_SAVE) != 0) {
        app_draw(app, &viewer->grid); /* without the line in which the name was typed */
        top_actions_save(app, &viewer->grid);
    }
    if ((requests & APP_KEEP) != 0) {
        columns_keep(viewer);
    }
    if ((requests & APP_COLOUR) != 0) {
        *has_colours = !*has_colours;
        terminal_set_colours(&viewer->terminal, *has_colours);
    }
    if ((requests & APP_REDRAW) != 0) {
        terminal_redraw();
    }
    if ((requests & (APP_FILTERED | APP_MOVED)) != 0) {
        recording_follow(viewer);
    }
    filter_pass_on(viewer);
    return (requests & APP_QUIT) == 0;
}

/* Once ------------------------------------------------------------------------------------------
 */

static void once_wait(struct viewer *viewer)
{
    uint64_t end = clock_mono_ns() + (uint64_t)ONCE_MS * MS;
    feed(viewer, clock_mono_ns());
    while (viewer->live != NULL && clock_mono_ns() < end) {
        poll(NULL, 0, ONCE_TURN_MS);
        feed(viewer, clock_mono_ns());
    }
}

static int once(struct viewer *viewer)
{
    struct xsw_error error;
    struct app *app = &viewer->app;
    once_wait(viewer);
    app_derive(app);
    if (viewer->options.has_packet && app->page != APP_JOURNEY) {
        fprintf(stderr, "xsw top: packet %llu is not in the recording\n",
                (unsigned long long)viewer->options.packet);
        return EXIT_FOUND;
    }
    if (viewer->options.is_json) {
        if (top_actions_write_json(app, stdout, &error) != XSW_OK) {
            fprintf(stderr, "xsw top: %s\n", error.text);
            return EXIT_FAILED;
        }
        putchar('\n');
        return EXIT_DONE;
    }
    struct text text = {0};
    app_draw(app, &viewer->grid);
    grid_to_text(&viewer->grid, &text);
    fputs(text_string(&text), stdout);
    text_fini(&text);
    return EXIT_DONE;
}

/* On the screen ---------------------------------------------------------------------------------
 */

/* Signals that end the viewer come as a descriptor, so that the terminal is given back first. */
static int signals_open(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void fit(struct viewer *viewer)
{
    int width;
    int height;
    struct xsw_error error;
    terminal_size(&width, &height);
    if (width != viewer->grid.width || height != viewer->grid.height) {
        viewer->must_end |= grid_resize(&viewer->grid, width, height, &error) != XSW_OK;
    }
}

/* Waits until the frame is over, or a key comes; takes all keys that are there. */
static void keys_take(struct viewer *viewer, uint64_t until)
{
    struct pollfd waits[2] = {{.fd = STDIN_FILENO, .events = POLLIN},
                              {.fd = viewer->signal_fd, .events = POLLIN}};
    uint64_t now = clock_mono_ns();
    int wait_ms = now < until ? (int)((until - now + MS - 1) / MS) : 0;
    if (poll(waits, 2, wait_ms) > 0) {
        viewer->must_end |= (waits[0].revents & (POLLHUP | POLLERR)) != 0 || waits[1].revents != 0;
    }
    int x = 0;
    int y = 0;
    uint32_t key;
    while ((key = terminal_key(&viewer->terminal, &x, &y)) != TUI_KEY_NONE) {
        app_key(&viewer->app, key, x, y);
    }
}

static int screen_run(struct viewer *viewer)
{
    struct xsw_error error;
    const struct terminal_options options = {.is_monochrome = viewer->options.is_monochrome,
                                             .has_mouse = viewer->options.has_mouse};
    bool has_colours = !viewer->options.is_monochrome;
    uint64_t frame_ns = (uint64_t)NS_PER_SECOND / viewer->options.frames;
    if (terminal_open(&viewer->terminal, &options, &error) != XSW_OK) {
        fprintf(stderr, "xsw top: %s\n", error.text);
        return EXIT_FAILED;
    }
    viewer->grid.is_ascii |= !terminal_has_utf8();
    viewer->signal_fd = signals_open();
    bool goes_on = true;
    while (goes_on && !viewer->must_end) {
        uint64_t now = clock_mono_ns();
        fit(viewer);
        feed(viewer, now);
        top_actions_turn(&viewer->actions, &viewer->app);
        app_draw(&viewer->app, &viewer->grid);
        terminal_show(&viewer->terminal, &viewer->grid);
        keys_take(viewer, now + frame_ns);
        goes_on = requests_do(viewer, &has_colours);
    }
    terminal_close(&viewer->terminal);
    close(viewer->signal_fd);
    top_actions_end(&viewer->actions);
    return EXIT_DONE;
}

/* The filter of the command line, and the packet, which is of a recording that has been read. */
static int start_take(struct viewer *viewer)
{
    char problem[APP_MESSAGE_SIZE];
    struct app *app = &viewer->app;
    if (!app_filter_set(app, viewer->options.where, problem, sizeof(problem))) {
        fprintf(stderr, "xsw top: --where: %s\n", problem);
        return EXIT_USAGE;
    }
    (void)app_take_requests(app);
    recording_follow(viewer);
    filter_pass_on(viewer);
    if (viewer->options.has_packet) {
        app_go(app, SCREEN_JOURNEYS);
        app_open_journey(app, JOURNEY_ANY_SESSION, viewer->options.packet);
    }
    return EXIT_DONE;
}

int cmd_top(int argc, char **argv)
{
    struct viewer *viewer = calloc(1, sizeof(*viewer));
    if (viewer == NULL) {
        fprintf(stderr, "xsw top: no memory\n");
        return EXIT_FAILED;
    }
    setlocale(LC_ALL, "");
    setlocale(LC_NUMERIC, "C");
    int code = top_options_read(argc, argv, &viewer->options);
    if (code >= 0) {
        free(viewer);
        return code;
    }
    signal(SIGPIPE, SIG_IGN);
    struct xsw_error error;
    enum xsw_status status = viewer_open(viewer, &error);
    if (status != XSW_OK) {
        fprintf(stderr, "xsw top: %s\n", error.text);
        code = status == XSW_INVALID ? EXIT_USAGE : EXIT_FAILED;
    } else {
        code = start_take(viewer);
    }
    if (status == XSW_OK && code == EXIT_DONE) {
        code = viewer->options.is_once ? once(viewer) : screen_run(viewer);
    }
    viewer_close(viewer);
    return code;
}
