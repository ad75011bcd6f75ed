/* SPDX-License-Identifier: Apache-2.0 */
/* xsw capture: attaches to a running switch, empties its rings into a file, and accounts for every
 * journey that the switch offered. */
#include "cmd/capture.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "capture/journey_file.h"
#include "capture/ring.h"
#include "cmd/capture_names.h"
#include "cmd/capture_options.h"
#include "cmd/capture_report.h"
#include "cmd/client.h"
#include "cmd/exit_codes.h"
#include "formats/pcapng_write.h"

enum {
    IDLE_MAX_MS = 5,        /* how long a recorder with empty rings waits at most */
    BURST = 4096,           /* records of a ring before its room is given back */
    FLUSH_NS = 200000000,   /* how long a journey may wait for more before it is handed on */
    STATISTICS_SECONDS = 10 /* between two accounts in the file */
};

struct recorder {
    struct capture_run_options options;
    struct client *client;
    struct capture_names names;
    json_t *attached; /* what capture.attach answered */
    json_t *first;    /* the dictionary at the start, whose texts the file borrows to its end */
    struct ring_consumer rings[CLIENT_FDS_MAX];
    uint64_t taken_from[CLIENT_FDS_MAX]; /* journeys */
    uint32_t ring_count;
    struct pcapng_writer *writer; /* the file's; borrowed */
    struct journey_file *file;
    int signal_fd, timer_fd;
    int stop_fd;         /* readable when one of the two is */
    uint64_t taken;      /* journeys from the rings */
    uint64_t past_limit; /* of them, not wanted any more */
    uint32_t unreadable; /* bit n: ring n made no sense */
    uint64_t started_ns;
    bool has_disk_error;
    struct xsw_error disk_error;
    struct capture_end end;
};

/* Attaching ---------------------------------------------------------------------------------- */

static enum xsw_status attach(struct recorder *recorder, struct xsw_error *error)
{
    const struct capture_run_options *options = &recorder->options;
    json_t *params = json_pack("{s:s,s:I}", "filter", options->filter, "snap_length",
                               (json_int_t)options->snap_length);
    if (options->ring_bytes != 0) {
        json_object_set_new(params, "ring_bytes", json_integer(options->ring_bytes));
    }
    struct client_reply reply;
    enum xsw_status status = client_call(recorder->client, "capture.attach", params, &reply, error);
    if (status != XSW_OK) {
        return status;
    }
    recorder->attached = json_incref(reply.result);
    for (size_t i = 0; status == XSW_OK && i < reply.fd_count; i++) {
        status = ring_attach(&recorder->rings[i], reply.fds[i], error);
        recorder->ring_count += status == XSW_OK;
    }
    client_reply_fini(&reply);
    if (status == XSW_OK && recorder->ring_count == 0) {
        status = error_set(error, XSW_CORRUPT, "xswd attached the session but sent no ring");
    }
    return status;
}

static json_t *member(const json_t *object, const char *name)
{
    return json_incref(json_object_get(object, name));
}

/* The section info: the switch's dictionary and what this session is. */
static char *section_make(const struct recorder *recorder)
{
    json_t *section = json_copy(recorder->names.dictionary);
    json_object_set_new(section, "format", json_integer(META_FORMAT));
    json_t *capture = json_object();
    static const char *const members[] = {"session", "filter", "snap_length", "ring_bytes"};
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        json_object_set_new(capture, members[i], member(recorder->attached, members[i]));
    }
    json_object_set_new(section, "capture", capture);
    char *text = json_dumps(section, JSON_COMPACT);
    json_decref(section);
    return text;
}

static const char *path_choose(struct recorder *recorder, const char *switch_name)
{
    struct capture_run_options *options = &recorder->options;
    if (options->path == NULL) {
        time_t now = time(NULL);
        struct tm local;
        char stamp[32];
        localtime_r(&now, &local);
        strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &local);
        snprintf(options->default_path, sizeof(options->default_path), "%.64s-%s.pcapng",
                 switch_name, stamp);
        options->path = options->default_path;
    }
    return options->path;
}

static uint64_t number_of(const json_t *object, const char *name)
{
    json_int_t value = json_integer_value(json_object_get(object, name));
    return value > 0 ? (uint64_t)value : 0;
}

static enum xsw_status file_open(struct recorder *recorder, struct xsw_error *error)
{
    const json_t *dictionary = recorder->names.dictionary;
    const json_t *clock = json_object_get(dictionary, "clock");
    const char *host = json_string_value(json_object_get(dictionary, "host"));
    const char *name =
        json_string_value(json_object_get(json_object_get(dictionary, "switch"), "name"));
    struct utsname system;
    char os[256];
    uname(&system);
    snprintf(os, sizeof(os), "%.64s %.64s %.32s", system.sysname, system.release, system.machine);
    enum xsw_status status =
        pcapng_writer_open(path_choose(recorder, name), &recorder->writer, error);
    if (status != XSW_OK) {
        return status;
    }
    char *section = section_make(recorder);
    if (section == NULL || host == NULL || name == NULL) {
        free(section);
        (void)pcapng_writer_close(recorder->writer, NULL, NULL);
        return error_set(error, XSW_CORRUPT, "xswd's dictionary has no host or no switch");
    }
    char comment[256];
    snprintf(comment, sizeof(comment), "switch %.64s on %.64s, recorded by xsw capture", name,
             host);
    struct journey_file_options options = {
        .writer = recorder->writer,
        .section_json = section,
        .host = host,
        .switch_name = name,
        .os = os,
        .comment = comment,
        .filter = recorder->options.filter,
        .wall_offset_ns = number_of(clock, "wall_ns") - number_of(clock, "mono_ns"),
        .snap_length = (uint32_t)number_of(recorder->attached, "snap_length"),
        .every_stage = recorder->options.every_stage,
        .names = capture_names_tap,
        .reason_name = capture_names_reason,
        .context = &recorder->names};
    recorder->first = json_incref(recorder->names.dictionary);
    status = journey_file_open(&options, &recorder->file, error);
    free(section);
    return status;
}

/* Recording ---------------------------------------------------------------------------------- */

static bool is_full(const struct recorder *recorder)
{
    uint64_t count = recorder->options.count;
    return count != 0 && recorder->taken - recorder->past_limit >= count;
}

static void write_failed(struct recorder *recorder, const struct xsw_error *error)
{
    if (!recorder->has_disk_error) {
        recorder->has_disk_error = true;
        recorder->disk_error = *error;
        fprintf(stderr, "\nxsw capture: %s; what cannot be written is counted as lost\n",
                error->text);
    }
}

static void record_take(struct recorder *recorder, uint32_t worker,
                        const struct ring_record *record)
{
    bool is_journey = record->type == RING_JOURNEY;
    recorder->taken += is_journey;
    if (is_journey && recorder->options.count != 0 &&
        recorder->taken - recorder->past_limit > recorder->options.count) {
        recorder->past_limit++;
        return;
    }
    struct xsw_error error;
    if (journey_file_put(recorder->file, worker, record, &error) != XSW_OK) {
        write_failed(recorder, &error);
    }
}

/* Empties what is in a ring now; returns how many records. */
static uint32_t ring_drain(struct recorder *recorder, uint32_t worker)
{
    struct ring_consumer *ring = &recorder->rings[worker];
    const struct ring_record *record = NULL;
    struct xsw_error error;
    uint32_t count = 0;
    enum xsw_status status = XSW_OK;
    while ((recorder->unreadable >> worker & 1) == 0 && count < BURST &&
           (status = ring_next(ring, &record, &error)) == XSW_OK) {
        recorder->taken_from[worker] += record->type == RING_JOURNEY;
        record_take(recorder, worker, record);
        count++;
    }
    if (status == XSW_CORRUPT) {
        fprintf(stderr, "\nxsw capture: %s\n", error.text);
        /* What it has written, as far as one may still believe it, and we have not taken, is lost.
         */
        uint64_t written = atomic_load_explicit(&ring->header->written, memory_order_relaxed);
        uint64_t taken = recorder->taken_from[worker];
        recorder->end.lost_reader += written > taken ? written - taken : 0;
        recorder->unreadable |= 1U << worker;
    } else if (count > 0) {
        ring_release(ring);
    }
    return count;
}

static uint32_t rings_drain(struct recorder *recorder)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < recorder->ring_count; i++) {
        count += ring_drain(recorder, i);
    }
    return count;
}

static void flush(struct recorder *recorder)
{
    struct xsw_error error;
    if (journey_file_flush(recorder->file, &error) != XSW_OK) {
        write_failed(recorder, &error);
    }
}

static struct capture_progress progress_read(const struct recorder *recorder)
{
    struct journey_file_account account = journey_file_account(recorder->file);
    struct capture_progress progress = {
        .written = account.written + account.pending,
        .bytes = journey_file_bytes(recorder->file),
        .lost = account.lost_disk,
        .seconds = (double)(clock_mono_ns() - recorder->started_ns) / NS_PER_SECOND};
    for (uint32_t i = 0; i < recorder->ring_count; i++) {
        const struct ring_header *header = recorder->rings[i].header;
        progress.offered += atomic_load_explicit(&header->offered, memory_order_relaxed);
        progress.filtered += atomic_load_explicit(&header->filtered, memory_order_relaxed);
        progress.lost += atomic_load_explicit(&header->lost_ring_full, memory_order_relaxed) +
                         atomic_load_explicit(&header->lost_too_big, memory_order_relaxed);
    }
    return progress;
}

/* So that a recording whose end is missing tells what was lost up to its last seconds. */
static void statistics_write(struct recorder *recorder)
{
    struct xsw_error error;
    uint64_t lost = progress_read(recorder).lost;
    if (journey_file_statistics(recorder->file, lost, &error) != XSW_OK) {
        write_failed(recorder, &error);
    }
}

/* Why the recording is to end now, or null. */
static const char *reason_to_end(const struct recorder *recorder, int timeout_ms)
{
    struct pollfd waits[2] = {{.fd = recorder->signal_fd, .events = POLLIN},
                              {.fd = client_fd(recorder->client), .events = POLLIN | POLLHUP}};
    poll(waits, 2, timeout_ms);
    if ((waits[0].revents & POLLIN) != 0) {
        return "signal";
    }
    if (waits[1].revents != 0) {
        return "switch-stopped";
    }
    uint64_t now = clock_mono_ns();
    bool is_late =
        recorder->options.time_ns != 0 && now - recorder->started_ns >= recorder->options.time_ns;
    if (is_full(recorder) || is_late) {
        return "limit";
    }
    /* A pipe that nobody reads any more will not get better. */
    return recorder->has_disk_error && (recorder->disk_error.errno_value == EPIPE ||
                                        recorder->disk_error.errno_value == EINTR)
               ? "error"
               : NULL;
}

/* How long to wait before the rings are looked at again: a while longer with every time that they
 * were empty, but not so long that a ring might fill up, or that a limit of time passes. */
static int idle_ms(const struct recorder *recorder, uint32_t idle_turns)
{
    uint64_t wait = idle_turns < IDLE_MAX_MS ? idle_turns : IDLE_MAX_MS;
    uint64_t limit_ns = recorder->options.time_ns;
    uint64_t passed_ns = clock_mono_ns() - recorder->started_ns;
    if (limit_ns != 0 && limit_ns > passed_ns && (limit_ns - passed_ns) / 1000000 < wait) {
        wait = (limit_ns - passed_ns) / 1000000;
    }
    return (int)wait;
}

static void record(struct recorder *recorder)
{
    bool shows_progress = !recorder->options.quiet && isatty(STDERR_FILENO);
    uint64_t shown_ns = 0;
    uint64_t counted_ns = clock_mono_ns();
    uint64_t flushed_ns = counted_ns;
    uint32_t idle_turns = 0;
    const char *why = NULL;
    while (why == NULL) {
        uint32_t count = rings_drain(recorder);
        uint64_t now = clock_mono_ns();
        if (now - flushed_ns > FLUSH_NS) {
            flushed_ns = now;
            flush(recorder);
        }
        if (shows_progress && now - shown_ns > NS_PER_SECOND / 4) {
            struct capture_progress progress = progress_read(recorder);
            capture_report_progress(&progress);
            shown_ns = now;
        }
        if (now - counted_ns > (uint64_t)STATISTICS_SECONDS * NS_PER_SECOND) {
            counted_ns = now;
            statistics_write(recorder);
        }
        idle_turns = count > 0 ? 0 : idle_turns + 1;
        why = reason_to_end(recorder, idle_ms(recorder, idle_turns));
    }
    recorder->end.why = why;
}

/* The end ------------------------------------------------------------------------------------ */

/* Detaches, so that the switch's account is final, then takes the rest out of the rings. */
static void finish(struct recorder *recorder)
{
    struct client_reply reply;
    json_t *params = json_pack("{s:O}", "session", json_object_get(recorder->attached, "session"));
    struct xsw_error error;
    if (client_call(recorder->client, "capture.detach", params, &reply, &error) == XSW_OK) {
        recorder->end.detached = json_incref(reply.result);
        client_reply_fini(&reply);
    } else {
        recorder->end.why = "switch-stopped";
        recorder->names.client = NULL;
    }
    while (rings_drain(recorder) > 0) {
    }
    flush(recorder);
}

static void account_make(struct recorder *recorder)
{
    struct capture_end *end = &recorder->end;
    struct journey_file_account account = journey_file_account(recorder->file);
    end->written = account.written;
    end->lost_disk = account.lost_disk;
    end->past_limit = recorder->past_limit;
    end->path = recorder->options.path;
    end->seconds = (double)(clock_mono_ns() - recorder->started_ns) / NS_PER_SECOND;
    end->error = recorder->has_disk_error ? recorder->disk_error.text : NULL;
    /* A switch that has gone left its account in the rings, as of its last batch. */
    for (uint32_t i = 0; i < recorder->ring_count; i++) {
        const struct ring_header *header = recorder->rings[i].header;
        struct capture_ring_account *ring = &end->rings[end->ring_count++];
        ring->offered = atomic_load_explicit(&header->offered, memory_order_relaxed);
        ring->filtered = atomic_load_explicit(&header->filtered, memory_order_relaxed);
        ring->written = atomic_load_explicit(&header->written, memory_order_relaxed);
        ring->lost_ring_full = atomic_load_explicit(&header->lost_ring_full, memory_order_relaxed);
        ring->lost_too_big = atomic_load_explicit(&header->lost_too_big, memory_order_relaxed);
    }
}

static int conclude(struct recorder *recorder)
{
    account_make(recorder);
    struct capture_end *end = &recorder->end;
    if (recorder->names.client != NULL) {
        /* Rules, ports and extensions that came while we recorded. */
        struct capture_names late;
        if (capture_names_open(&late, recorder->client, NULL) == XSW_OK) {
            end->dictionary = json_incref(late.dictionary);
            capture_names_close(&late);
        }
    }
    char *summary = capture_report_summary(end);
    struct xsw_error error;
    enum xsw_status status = XSW_NO_MEMORY;
    if (summary != NULL) {
        status = journey_file_summary(recorder->file, summary, capture_end_lost(end), &error);
    }
    free(summary);
    end->bytes = journey_file_bytes(recorder->file);
    enum xsw_status closed = journey_file_close(recorder->file, &error);
    recorder->file = NULL;
    if (!recorder->options.quiet || recorder->options.json) {
        capture_report_end(end, recorder->options.json);
    }
    if (status != XSW_OK || closed != XSW_OK) {
        fprintf(stderr, "xsw capture: %s\n", summary != NULL ? error.text : "no memory");
        return EXIT_FAILED;
    }
    return capture_end_lost(end) > 0 ? EXIT_FOUND : EXIT_DONE;
}

/* From here on signals and the limit of time end the recording in order, also while a pipe that
 * nobody empties holds it up. */
static enum xsw_status stops_open(struct recorder *recorder, struct xsw_error *error)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    recorder->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    recorder->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    recorder->stop_fd = epoll_create1(EPOLL_CLOEXEC);
    if (recorder->signal_fd < 0 || recorder->timer_fd < 0 || recorder->stop_fd < 0) {
        return error_errno(error, "no descriptors to wait for the end");
    }
    uint64_t time_ns = recorder->options.time_ns;
    struct itimerspec timer = {.it_value = {.tv_sec = (time_t)(time_ns / NS_PER_SECOND),
                                            .tv_nsec = (long)(time_ns % NS_PER_SECOND)}};
    timerfd_settime(recorder->timer_fd, 0, &timer, NULL);
    struct epoll_event event = {.events = EPOLLIN};
    epoll_ctl(recorder->stop_fd, EPOLL_CTL_ADD, recorder->signal_fd, &event);
    epoll_ctl(recorder->stop_fd, EPOLL_CTL_ADD, recorder->timer_fd, &event);
    pcapng_writer_interrupt(recorder->writer, recorder->stop_fd);
    return XSW_OK;
}

static enum xsw_status recorder_open(struct recorder *recorder, struct xsw_error *error)
{
    enum xsw_status status = client_connect(recorder->options.socket, &recorder->client, error);
    if (status == XSW_OK && recorder->options.switch_name != NULL) {
        status = client_select(recorder->client, recorder->options.switch_name, error);
    }
    if (status == XSW_OK) {
        status = capture_names_open(&recorder->names, recorder->client, error);
    }
    if (status == XSW_OK) {
        status = attach(recorder, error);
    }
    if (status == XSW_OK) {
        status = file_open(recorder, error);
    }
    recorder->started_ns = clock_mono_ns();
    return status == XSW_OK ? stops_open(recorder, error) : status;
}

static void recorder_close(struct recorder *recorder)
{
    (void)journey_file_close(recorder->file, NULL);
    for (uint32_t i = 0; i < recorder->ring_count; i++) {
        ring_detach(&recorder->rings[i]);
    }
    const int fds[] = {recorder->signal_fd, recorder->timer_fd, recorder->stop_fd};
    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
        if (fds[i] > 0) {
            close(fds[i]);
        }
    }
    capture_end_fini(&recorder->end);
    capture_names_close(&recorder->names);
    json_decref(recorder->first);
    json_decref(recorder->attached);
    client_close(recorder->client);
    free(recorder->options.filter);
    free(recorder);
}

int cmd_capture(int argc, char **argv)
{
    struct recorder *recorder = calloc(1, sizeof(*recorder));
    if (recorder == NULL) {
        fprintf(stderr, "xsw capture: no memory\n");
        return EXIT_FAILED;
    }
    int code = capture_options_read(argc, argv, &recorder->options);
    if (code != EXIT_DONE) {
        recorder_close(recorder);
        return code == -1 ? EXIT_DONE : code;
    }
    signal(SIGPIPE, SIG_IGN);
    recorder->signal_fd = recorder->timer_fd = recorder->stop_fd = -1;
    struct xsw_error error;
    enum xsw_status status = recorder_open(recorder, &error);
    if (status != XSW_OK) {
        fprintf(stderr, "xsw capture: %s\n", error.text);
        code = status == XSW_INVALID ? EXIT_USAGE : EXIT_FAILED;
    } else {
        if (!recorder->options.quiet) {
            fprintf(stderr, "recording %s to %s; Ctrl-C stops\n", client_path(recorder->client),
                    recorder->options.path);
        }
        record(recorder);
        finish(recorder);
        code = conclude(recorder);
    }
    recorder_close(recorder);
    return code;
}
