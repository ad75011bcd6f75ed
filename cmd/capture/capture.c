/* SPDX-License-Identifier: Apache-2.0 */
/* xsw capture: attaches to a running switch, empties its rings into a file, and accounts for every
 * journey that the switch offered. */
#include "cmd/capture/capture.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "capture/recorder/journey_file.h"
#include "capture/ring.h"
#include "capture/ring_set.h"
#include "cmd/capture/capture_events.h"
#include "cmd/capture/capture_hide.h"
#include "cmd/capture/capture_names.h"
#include "cmd/capture/capture_options.h"
#include "cmd/capture/capture_recorder.h"
#include "cmd/capture/capture_report.h"
#include "cmd/capture/capture_sessions.h"
#include "cmd/capture/capture_trace.h"
#include "cmd/client.h"
#include "cmd/exit_codes.h"
#include "cmd/where.h"
#include "formats/pcapng/pcapng_write.h"

enum {
    IDLE_MAX_MS = 5,        /* how long a recorder with empty rings waits at most */
    BURST = 1024,           /* records of a ring before its room may be given back */
    FLUSH_NS = 200000000,   /* how long a journey may wait for more before it is handed on */
    STATISTICS_SECONDS = 10 /* between two accounts in the file */
};

/* Recording ---------------------------------------------------------------------------------- */

static bool is_full(const struct recorder *recorder)
{
    uint64_t count = recorder->options.count;
    return count != 0 && recorder->taken - recorder->past_limit >= count;
}

/* False when a piece has been handed on, whose journeys end here in the ring. */
static bool record_take(void *context, uint32_t worker, const struct ring_record *record)
{
    struct recorder *recorder = context;
    bool is_journey = record->type == RING_JOURNEY;
    recorder->taken += is_journey;
    if (is_journey && recorder->options.count != 0 &&
        recorder->taken - recorder->past_limit > recorder->options.count) {
        recorder->past_limit++;
        return true;
    }
    uint64_t mark = journey_file_mark(recorder->file);
    struct xsw_error error;
    if (journey_file_put(recorder->file, worker, record, &error) != XSW_OK) {
        recorder_write_failed(recorder, &error);
    }
    if (is_journey) {
        recorder_rotate_if_full(recorder);
    } else if (record->type == RING_EVENT) {
        capture_event_take(recorder, worker, (const struct ring_event *)(const void *)record);
    }
    return journey_file_mark(recorder->file) == mark || !is_journey;
}

static void ring_lose(struct recorder *recorder, uint32_t worker, const struct xsw_error *error)
{
    fprintf(stderr, "\nxsw capture: %s\n", error->text);
    /* What it has written, as far as one may still believe it, and we have not taken, is lost. */
    uint64_t written = ring_header_account(recorder->set.rings[worker].header).written;
    uint64_t taken = recorder->set.journeys[worker];
    recorder->end.lost_reader += written > taken ? written - taken : 0;
}

static void push(struct recorder *recorder);

/* Takes what is in the rings now; returns how many records. */
static uint32_t rings_drain(struct recorder *recorder)
{
    struct ring_set *set = &recorder->set;
    uint32_t count = 0;
    for (uint32_t i = 0; i < set->count; i++) {
        struct xsw_error error;
        count += ring_set_take(set, i, BURST, record_take, recorder, &error);
        if (error.status == XSW_CORRUPT) {
            ring_lose(recorder, i, &error);
        }
        ring_set_release(set, recorder->file);
    }
    if (ring_set_is_due(set)) {
        push(recorder);
        ring_set_handed_on(set);
    }
    return count;
}

/* What was handed on before may have come to the disk: then the switch gets its room back. */
static void settle(struct recorder *recorder, uint32_t taken)
{
    struct xsw_error error;
    bool waits = taken == 0 && ring_set_is_waiting(&recorder->set);
    enum xsw_status status = waits ? journey_file_wait(recorder->file, &error)
                                   : journey_file_settle(recorder->file, &error);
    if (status != XSW_OK) {
        recorder_write_failed(recorder, &error);
    }
    ring_set_release(&recorder->set, recorder->file);
}

static void push(struct recorder *recorder)
{
    struct xsw_error error;
    if (journey_file_push(recorder->file, &error) != XSW_OK) {
        recorder_write_failed(recorder, &error);
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
    for (uint32_t i = 0; i < recorder->set.count; i++) {
        struct capture_account ring = ring_header_account(recorder->set.rings[i].header);
        progress.offered += ring.offered;
        progress.filtered += ring.filtered;
        progress.sampled += ring.sampled;
        progress.lost += capture_account_lost(&ring);
    }
    return progress;
}

/* So that a recording whose end is missing tells what was lost up to its last seconds. */
static void statistics_write(struct recorder *recorder)
{
    struct xsw_error error;
    uint64_t lost = progress_read(recorder).lost;
    uint64_t earlier = capture_end_lost(&recorder->told); /* is in the files before this one */
    lost -= lost > earlier ? earlier : lost;
    if (journey_file_statistics(recorder->file, lost, &error) != XSW_OK) {
        recorder_write_failed(recorder, &error);
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
    if (atomic_load_explicit(&recorder->set.rings[0].header->is_stopped, memory_order_acquire) !=
        0) {
        return "stopped";
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

static void trace_turn(struct recorder *recorder)
{
    struct xsw_error error;
    if (capture_trace_turn(recorder->trace, recorder->writer, &error) != XSW_OK) {
        recorder_write_failed(recorder, &error);
    }
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
        settle(recorder, count);
        uint64_t now = clock_mono_ns();
        recorder_rotate_if_late(recorder, now);
        trace_turn(recorder);
        if (now - flushed_ns > FLUSH_NS) {
            flushed_ns = now;
            push(recorder);
            recorder_write_goes_on(recorder);
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
    if (capture_trace_finish(recorder->trace, recorder->writer, &error) != XSW_OK) {
        recorder_write_failed(recorder, &error);
    }
    if (journey_file_flush(recorder->file, &error) != XSW_OK) {
        recorder_write_failed(recorder, &error);
    }
    ring_set_release(&recorder->set, recorder->file);
}

static int conclude(struct recorder *recorder)
{
    struct capture_end *end = &recorder->end;
    recorder_account(recorder, end);
    end->has_trace = recorder->trace != NULL;
    end->events = capture_trace_events(recorder->trace);
    end->lost_events = capture_trace_lost(recorder->trace);
    end->kernel_untold_ns = capture_trace_untold_ns(recorder->trace);
    if (recorder->names.client != NULL) {
        /* Rules, ports and extensions that came while we recorded. */
        struct capture_names late;
        if (capture_names_open(&late, recorder->client, NULL) == XSW_OK) {
            if (recorder->names.hides) {
                capture_names_hide(&late);
            }
            end->dictionary = json_incref(late.dictionary);
            capture_names_close(&late);
        }
    }
    struct capture_end part = capture_end_since(end, &recorder->told);
    part.segment = recorder->files.number;
    part.is_last_segment = true;
    char *summary = capture_report_summary(&part);
    struct xsw_error error;
    enum xsw_status status = XSW_NO_MEMORY;
    if (summary != NULL) {
        pcapng_writer_reserve(recorder->writer, 0); /* it is small, and what all the rest is for */
        status = journey_file_summary(recorder->file, summary, capture_end_lost(&part), &error);
    }
    free(summary);
    end->bytes = journey_file_bytes(recorder->file);
    enum xsw_status closed = journey_file_close(recorder->file, &error);
    recorder->file = NULL;
    if (closed == XSW_OK) {
        closed = capture_files_fini(&recorder->files, &error);
    }
    if (!recorder->options.quiet || recorder->options.json) {
        capture_report_end(end, recorder->options.json);
    }
    if (status != XSW_OK || closed != XSW_OK) {
        fprintf(stderr, "xsw capture: %s\n", summary != NULL ? error.text : "no memory");
        return EXIT_FAILED;
    }
    bool is_whole =
        capture_end_missing(end) == 0 && end->lost_events == 0 && end->kernel_untold_ns == 0;
    return is_whole ? EXIT_DONE : EXIT_FOUND;
}

int cmd_capture(int argc, char **argv)
{
    if (capture_is_about_sessions(argc, argv)) {
        return cmd_capture_sessions(argc, argv);
    }
    struct recorder *recorder = calloc(1, sizeof(*recorder));
    if (recorder == NULL) {
        fprintf(stderr, "xsw capture: no memory\n");
        return EXIT_FAILED;
    }
    recorder->files.fifo_fd = -1;
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
        where_explain(json_string_value(json_object_get(recorder->options.rules, "where")),
                      error.text);
        code = status == XSW_INVALID ? EXIT_USAGE : EXIT_FAILED;
    } else {
        if (!recorder->options.quiet) {
            fprintf(stderr, "recording switch %s to %s; Ctrl-C stops\n",
                    recorder_switch_name(recorder), recorder->files.path);
        }
        record(recorder);
        finish(recorder);
        code = conclude(recorder);
    }
    recorder_close(recorder);
    return code;
}
