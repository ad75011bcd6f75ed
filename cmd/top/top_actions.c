/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/top/top_actions.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "analyzer/books/notes.h"
#include "base/text.h"
#include "cmd/exit_codes.h"
#include "formats/json_write.h"
#include "tui/screens/screen_json.h"

enum { WORDS_MAX = 24 };

/* Children --------------------------------------------------------------------------------------
 */

/* Runs this program with other words, its output into a pipe that does not block us. */
static bool child_start(struct top_child *child, const char *const *words)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return false;
    }
    child->said[0] = '\0';
    child->pid = fork();
    if (child->pid == 0) {
        int nothing = open("/dev/null", O_RDONLY);
        dup2(nothing, STDIN_FILENO);
        dup2(ends[1], STDOUT_FILENO);
        dup2(ends[1], STDERR_FILENO);
        setpgid(0, 0); /* Ctrl-C at our terminal is not for it */
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        execv("/proc/self/exe", (char *const *)(uintptr_t)words);
        _exit(127);
    }
    close(ends[1]);
    if (child->pid < 0) {
        child->pid = 0;
        close(ends[0]);
        return false;
    }
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    child->output = ends[0];
    return true;
}

/* Keeps the last line that it said. */
static void child_listen(struct top_child *child)
{
    char text[1024];
    ssize_t count;
    while ((count = read(child->output, text, sizeof(text) - 1)) > 0) {
        text[count] = '\0';
        while (count > 0 && text[count - 1] == '\n') {
            text[--count] = '\0';
        }
        char *last = strrchr(text, '\n');
        if (text[0] != '\0') {
            text_make_safe(child->said, sizeof(child->said), last != NULL ? last + 1 : text);
        }
    }
}

/* True when it has ended; its exit status, or -1 when a signal ended it. */
static bool child_has_ended(struct top_child *child, int *code, int flags)
{
    int status;
    child_listen(child);
    if (waitpid(child->pid, &status, flags) != child->pid) {
        return false;
    }
    child_listen(child);
    close(child->output);
    child->pid = 0;
    *code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return true;
}

/* Words in front of all commands: which switch. */
static size_t words_begin(const char **words, const struct top_options *options)
{
    size_t count = 0;
    words[count++] = "xsw";
    if (options->socket != NULL) {
        words[count++] = "--socket";
        words[count++] = options->socket;
    }
    if (options->switch_name != NULL) {
        words[count++] = "--switch";
        words[count++] = options->switch_name;
    }
    return count;
}

static void name_make(char *path, size_t size, const char *kind, const char *ending)
{
    time_t now = time(NULL);
    struct tm local;
    char when[32];
    localtime_r(&now, &local);
    strftime(when, sizeof(when), "%Y%m%dT%H%M%S", &local);
    snprintf(path, size, "xsw-%s-%s.%s", kind, when, ending);
}

/* Recording -------------------------------------------------------------------------------------
 */

void top_actions_record(struct top_actions *actions, struct app *app,
                        const struct top_options *options)
{
    const char *words[WORDS_MAX];
    if (app->model->is_recording) {
        app_say(app, true, "this is a recording already; xsw analyze --export cuts a part out");
        return;
    }
    if (actions->recorder.pid != 0) {
        kill(actions->recorder.pid, SIGINT); /* the file is closed; top_actions_turn() tells */
        return;
    }
    size_t count = words_begin(words, options);
    name_make(actions->path, sizeof(actions->path), "top", "pcapng");
    words[count++] = "capture";
    words[count++] = "-w";
    words[count++] = actions->path;
    if (app->filter[0] != '\0') {
        words[count++] = "--where";
        words[count++] = app->filter;
    }
    if (options->filter[0] != '\0') {
        words[count++] = options->filter;
    }
    words[count] = NULL;
    if (!child_start(&actions->recorder, words)) {
        app_say(app, true, "the recording could not be started: %s", strerror(errno));
        return;
    }
    app->is_recording_now = true;
    app_say(app, false, "recording to %s", actions->path);
}

static void recorder_turn(struct top_actions *actions, struct app *app)
{
    struct stat file = {.st_size = 0};
    int code;
    if (actions->recorder.pid == 0) {
        return;
    }
    if (!child_has_ended(&actions->recorder, &code, WNOHANG)) {
        double megabytes = stat(actions->path, &file) == 0 ? (double)file.st_size / 1e6 : 0;
        snprintf(app->recording_text, sizeof(app->recording_text), "REC %.1f MB", megabytes);
        return;
    }
    app->is_recording_now = false;
    if (code == EXIT_DONE || code == EXIT_FOUND) {
        app_say(app, code != EXIT_DONE, "recorded to %s%s", actions->path,
                code != EXIT_DONE ? "; journeys were lost, xsw analyze says which" : "");
    } else {
        app_say(app, true, "the recording failed: %.200s", actions->recorder.said);
    }
}

/* The flight recorder ---------------------------------------------------------------------------
 */

void top_actions_dump(struct top_actions *actions, struct app *app,
                      const struct top_options *options)
{
    const char *words[WORDS_MAX];
    if (app->model->is_recording) {
        app_say(app, true, "a recording has no flight recorder");
        return;
    }
    if (actions->dumper.pid != 0) {
        app_say(app, false, "the flight recorder is being dumped");
        return;
    }
    size_t count = words_begin(words, options);
    words[count++] = "flight";
    words[count++] = "dump";
    words[count] = NULL;
    if (!child_start(&actions->dumper, words)) {
        app_say(app, true, "the dump could not be started: %s", strerror(errno));
        return;
    }
    app_say(app, false, "asking the flight recorder for a dump");
}

static void dumper_turn(struct top_actions *actions, struct app *app)
{
    int code;
    if (actions->dumper.pid != 0 && child_has_ended(&actions->dumper, &code, WNOHANG)) {
        app_say(app, code != EXIT_DONE, "%s%.200s", code != EXIT_DONE ? "no dump: " : "",
                actions->dumper.said[0] != '\0' ? actions->dumper.said : "dumped");
    }
}

void top_actions_turn(struct top_actions *actions, struct app *app)
{
    recorder_turn(actions, app);
    dumper_turn(actions, app);
}

void top_actions_end(struct top_actions *actions)
{
    int code;
    if (actions->recorder.pid != 0) {
        kill(actions->recorder.pid, SIGINT);
        fcntl(actions->recorder.output, F_SETFL, 0);
        child_has_ended(&actions->recorder, &code, 0);
        printf("recorded to %s\n", actions->path);
    }
    if (actions->dumper.pid != 0) {
        fcntl(actions->dumper.output, F_SETFL, 0);
        child_has_ended(&actions->dumper, &code, 0);
    }
}

/* Saving ----------------------------------------------------------------------------------------
 */

static bool ends_with(const char *text, const char *ending)
{
    size_t length = strlen(text);
    size_t end = strlen(ending);
    return length >= end && strcmp(text + length - end, ending) == 0;
}

enum xsw_status top_actions_write_json(struct app *app, FILE *file, struct xsw_error *error)
{
    struct json_writer json;
    struct scene scene = app_scene(app);
    scene.width = GRID_WIDTH_MAX; /* names in full */
    json_init_stream(&json, file, 1);
    json_object_open(&json, NULL);
    json_u64(&json, "format", 1);
    if (app->page == APP_JOURNEY) {
        journey_page_write_json(&app->journey, app->model, &json);
    } else if (app->page == APP_COMPARE) {
        compare_page_write_json(&app->compare, app->model, &json);
    } else {
        screen_write_json(&json, screen_get(app->screen), &scene, app->filter);
    }
    json_object_close(&json);
    return json_finish(&json, error);
}

/* The screen as it was last drawn; a name that ends with .json gets the whole table. */
void top_actions_save(struct app *app, const struct grid *grid)
{
    struct xsw_error error = {.text = "the disk may be full"};
    FILE *file = fopen(app->save_path, "wxe");
    if (file == NULL) {
        app_say(app, true, "%s: %s", app->save_path,
                errno == EEXIST ? "is there already; give it another name" : strerror(errno));
        return;
    }
    bool is_saved;
    if (ends_with(app->save_path, ".json")) {
        is_saved = top_actions_write_json(app, file, &error) == XSW_OK;
    } else {
        struct text text = {0};
        grid_to_text(grid, &text);
        is_saved = !text.failed && fputs(text_string(&text), file) >= 0;
        text_fini(&text);
    }
    is_saved = fclose(file) == 0 && is_saved;
    app_say(app, !is_saved, is_saved ? "saved to %s%s" : "%s could not be written: %s",
            app->save_path, is_saved ? "" : error.text);
}
