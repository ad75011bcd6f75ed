/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xsw flight run: makes the flight recorder or takes up the one that runs, looks at its triggers,
 * and writes a file for each that is hit. When the switch is gone it waits for the next one.
 */
#include "cmd/flight/flight_run.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "cmd/exit_codes.h"
#include "cmd/where.h"

enum {
    LOOK_MS = 20,          /* between two looks at the triggers */
    AWAY_MS = 500,         /* between two attempts to find the switch again */
    FILES_AT_ONCE_MAX = 4, /* that are being written */
    SETTLE_NS = 100000000  /* for the last journeys of a span to be in the recorder */
};

struct open_file {
    struct flight_dump *dump; /* null: none */
    struct flight_cause cause;
};

struct run {
    const struct flight_options *options;
    struct client *client; /* null: the switch is away */
    struct flight_reader *reader;
    struct flight_worker_view *views;
    struct open_file files[FILES_AT_ONCE_MAX];
    int signal_fd;
    bool is_over, has_failed, was_told_away;
};

static void say(const struct run *run, const char *text)
{
    if (!run->options->quiet) {
        fprintf(stderr, "xsw flight: %s\n", text);
    }
}

/* Files -------------------------------------------------------------------------------------- */

static struct open_file *file_place(struct run *run)
{
    for (size_t i = 0; i < FILES_AT_ONCE_MAX; i++) {
        if (run->files[i].dump == NULL) {
            return &run->files[i];
        }
    }
    return NULL;
}

static void file_begin(struct run *run, struct flight_trigger *trigger,
                       const struct flight_hit *hit)
{
    struct open_file *place = file_place(run);
    struct xsw_error error;
    if (place == NULL) {
        flight_trigger_suppress(trigger);
        return;
    }
    if (!flight_trigger_may_write(trigger, hit)) {
        return;
    }
    place->cause = (struct flight_cause){.mono_ns = hit->mono_ns,
                                         .packet_id = hit->packet_id,
                                         .suppressed = trigger->suppressed_since};
    memcpy(place->cause.name, trigger->name, sizeof(place->cause.name));
    bool hides =
        (flight_reader_info(run->reader)->header.privacy & (uint32_t)FLIGHT_PSEUDONYMS) != 0;
    snprintf(place->cause.text, sizeof(place->cause.text), "%.*s",
             (int)sizeof(place->cause.text) - 1, hides ? "(hidden)" : trigger->text);
    trigger->suppressed_since = 0;
    if (flight_file_open(run->options, run->reader, &place->cause, &place->dump, &error) !=
        XSW_OK) {
        place->dump = NULL;
        run->has_failed = true;
        fprintf(stderr, "xsw flight: %s\n", error.text);
    }
}

static void file_end(struct run *run, struct open_file *file)
{
    struct flight_dump_result *result = calloc(1, sizeof(*result));
    struct xsw_error error = {.text = "no memory"};
    if (result == NULL) {
        run->has_failed = true;
        return;
    }
    if (flight_dump_close(file->dump, result, &error) != XSW_OK) {
        run->has_failed = true;
        fprintf(stderr, "xsw flight: %s\n", error.text);
    }
    flight_file_tell(run->options, &file->cause, result);
    file->dump = NULL;
    free(result);
}

static void files_end(struct run *run)
{
    for (size_t i = 0; i < FILES_AT_ONCE_MAX; i++) {
        if (run->files[i].dump != NULL) {
            file_end(run, &run->files[i]);
        }
    }
}

/* True: there is more to be done at once. */
static bool files_step(struct run *run)
{
    bool is_busy = false;
    for (size_t i = 0; i < FILES_AT_ONCE_MAX; i++) {
        struct open_file *file = &run->files[i];
        if (file->dump == NULL) {
            continue;
        }
        bool has_more = flight_dump_step(file->dump);
        is_busy = is_busy || has_more;
        if (!has_more && clock_mono_ns() > flight_dump_end_ns(file->dump) + SETTLE_NS) {
            file_end(run, file);
        }
    }
    return is_busy;
}

/* Triggers ----------------------------------------------------------------------------------- */

static void kind_hit(struct run *run, enum flight_trigger_kind kind)
{
    for (uint32_t i = 0; i < run->options->trigger_count; i++) {
        struct flight_trigger *trigger = &run->options->triggers[i];
        if (trigger->kind == kind) {
            struct flight_hit hit = {.mono_ns = clock_mono_ns()};
            file_begin(run, trigger, &hit);
        }
    }
}

static enum xsw_status triggers_look(struct run *run, struct xsw_error *error)
{
    enum xsw_status status = flight_reader_look(run->reader, error);
    const struct flight_header *header = &flight_reader_info(run->reader)->header;
    for (uint32_t i = 0; status == XSW_OK && i < header->worker_count; i++) {
        status = flight_reader_worker(run->reader, i, &run->views[i], error);
    }
    for (uint32_t i = 0; status == XSW_OK && i < run->options->trigger_count; i++) {
        struct flight_hit hit;
        struct flight_trigger *trigger = &run->options->triggers[i];
        if (flight_trigger_hit(trigger, i, header, run->views, &hit)) {
            file_begin(run, trigger, &hit);
        }
    }
    return status;
}

/* The switch --------------------------------------------------------------------------------- */

static enum xsw_status recorder_start(struct run *run, json_t **flight, struct xsw_error *error)
{
    const struct flight_options *options = run->options;
    struct client_reply reply;
    json_t *params = json_copy(options->rules);
    json_object_set_new(params, "name", json_string(options->name));
    if (options->memory_bytes != 0) {
        json_object_set_new(params, "memory_bytes",
                            json_integer((json_int_t)options->memory_bytes));
    }
    enum xsw_status status = client_call(run->client, "flight.start", params, &reply, error);
    if (status != XSW_OK) {
        return status;
    }
    *flight = json_incref(reply.result);
    client_reply_fini(&reply);
    params = json_pack("{s:s,s:o}", "name", options->name, "triggers",
                       flight_triggers_json(options->triggers, options->trigger_count));
    status = client_call(run->client, "flight.watch", params, &reply, error);
    if (status == XSW_OK) {
        client_reply_fini(&reply);
    }
    return status;
}

static enum xsw_status recorder_open(struct run *run, struct xsw_error *error)
{
    json_t *flight = NULL;
    enum xsw_status status = flight_connect(run->options, &run->client, error);
    if (status == XSW_OK) {
        status = recorder_start(run, &flight, error);
    }
    if (status == XSW_OK) {
        status = flight_attach(flight, &run->reader, error);
    }
    if (status == XSW_OK) {
        const struct flight_header *header = &flight_reader_info(run->reader)->header;
        run->views = calloc(header->worker_count, sizeof(*run->views));
        status = run->views != NULL ? XSW_OK : error_set(error, XSW_NO_MEMORY, "no memory");
        flight_triggers_forget(run->options->triggers, run->options->trigger_count);
    }
    if (status == XSW_OK && !run->options->quiet) {
        fprintf(stderr,
                "xsw flight: %s %s, %lld MiB for each of %u workers; Ctrl-C ends the watch\n",
                json_is_true(json_object_get(flight, "adopted")) ? "watching" : "recording to",
                flight_reader_name(run->reader),
                (long long)json_integer_value(json_object_get(flight, "memory_bytes")) >> 20,
                flight_reader_info(run->reader)->header.worker_count);
    }
    json_decref(flight);
    return status;
}

static void recorder_close(struct run *run)
{
    files_end(run);
    client_close(run->client);
    flight_reader_close(run->reader);
    free(run->views);
    run->client = NULL;
    run->reader = NULL;
    run->views = NULL;
}

/* The connection has ended: the switch was stopped, or it died. */
static void switch_gone(struct run *run)
{
    struct xsw_error error;
    bool is_known = flight_reader_look(run->reader, &error) == XSW_OK;
    uint32_t state =
        atomic_load_explicit(&flight_reader_info(run->reader)->header.state, memory_order_relaxed);
    bool was_stopped = is_known && state == FLIGHT_STATE_STOPPED;
    files_end(run);
    if (!was_stopped) {
        kind_hit(run, FLIGHT_TRIGGER_SWITCH_DIED);
    }
    say(run, was_stopped ? "the switch was stopped; waiting for it to come back"
                         : "the switch died; waiting for it to come back; xsw blackbox reads all "
                           "that it has left");
    recorder_close(run);
}

/* Somebody has ended the recorder, and the switch goes on without. */
static bool was_ended(const struct run *run)
{
    return atomic_load_explicit(&flight_reader_info(run->reader)->header.state,
                                memory_order_relaxed) == FLIGHT_STATE_STOPPED;
}

/* The loop ----------------------------------------------------------------------------------- */

static void signals_take(struct run *run)
{
    struct signalfd_siginfo info;
    while (read(run->signal_fd, &info, sizeof(info)) == sizeof(info)) {
        if (info.ssi_signo != SIGUSR1) {
            run->is_over = true;
        } else if (run->reader != NULL) {
            kind_hit(run, FLIGHT_TRIGGER_SIGNAL);
        }
    }
}

static enum xsw_status signals_open(struct run *run, struct xsw_error *error)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGUSR1);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    run->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    return run->signal_fd >= 0 ? XSW_OK : error_errno(error, "signals cannot be watched");
}

static void watch(struct run *run, int timeout_ms)
{
    struct pollfd waits[2] = {{.fd = run->signal_fd, .events = POLLIN},
                              {.fd = client_fd(run->client), .events = POLLIN | POLLHUP}};
    struct xsw_error error;
    poll(waits, 2, timeout_ms);
    enum xsw_status status = triggers_look(run, &error);
    signals_take(run);
    if (waits[1].revents != 0) {
        switch_gone(run);
    } else if (status != XSW_OK) {
        fprintf(stderr, "xsw flight: %s\n", error.text);
        run->is_over = run->has_failed = true;
    } else if (was_ended(run)) {
        say(run, "the flight recorder was ended by somebody");
        run->is_over = true;
    }
}

/* While there is no switch: asks again until there is one. */
static void away(struct run *run)
{
    struct pollfd wait = {.fd = run->signal_fd, .events = POLLIN};
    struct xsw_error error;
    poll(&wait, 1, AWAY_MS);
    signals_take(run);
    if (run->is_over || recorder_open(run, &error) == XSW_OK) {
        return;
    }
    /* Nobody listens, or it is just starting. What is wrong beside that will not get better. */
    if (run->client != NULL && error.status != XSW_NOT_FOUND && error.status != XSW_IO) {
        fprintf(stderr, "xsw flight: %s\n", error.text);
        run->is_over = run->has_failed = true;
    }
    recorder_close(run);
}

static void suppressed_tell(const struct run *run)
{
    for (uint32_t i = 0; i < run->options->trigger_count; i++) {
        const struct flight_trigger *trigger = &run->options->triggers[i];
        if (!run->options->quiet && trigger->files + trigger->suppressed > 0) {
            fprintf(stderr, "  %-24s %llu files, %llu hits without one\n", trigger->name,
                    (unsigned long long)trigger->files, (unsigned long long)trigger->suppressed);
        }
    }
}

int flight_run(const struct flight_options *options)
{
    struct run run = {.options = options, .signal_fd = -1};
    struct xsw_error error;
    enum xsw_status status = signals_open(&run, &error);
    if (status == XSW_OK) {
        status = recorder_open(&run, &error);
    }
    if (status != XSW_OK) {
        fprintf(stderr, "xsw flight: %s\n", error.text);
        recorder_close(&run);
        return status == XSW_INVALID ? EXIT_USAGE : EXIT_FAILED;
    }
    while (!run.is_over) {
        if (run.client == NULL) {
            away(&run);
        } else {
            watch(&run, files_step(&run) ? 0 : LOOK_MS);
        }
    }
    recorder_close(&run);
    suppressed_tell(&run);
    close(run.signal_fd);
    return run.has_failed ? EXIT_FAILED : EXIT_DONE;
}
