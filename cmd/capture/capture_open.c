/* SPDX-License-Identifier: Apache-2.0 */
/* What a recording needs: the switch's rings, names, files, events, and what ends it. Rights are
 * given up between: what needs them comes first. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "capture/filter_program.h"
#include "capture/recorder/journey_file.h"
#include "capture/ring_set.h"
#include "cmd/capture/capture_hide.h"
#include "cmd/capture/capture_recorder.h"
#include "cmd/capture/capture_trace.h"

static enum xsw_status attach(struct recorder *recorder, struct xsw_error *error)
{
    const struct capture_run_options *options = &recorder->options;
    json_t *params = json_copy(options->rules);
    if (json_object_set_new(params, "filter", json_string(options->filter)) != 0) {
        json_decref(params);
        return error_set(error, XSW_INVALID, "the filter expression is not UTF-8");
    }
    enum xsw_status status = filter_program_add(params, error);
    if (status != XSW_OK) {
        json_decref(params);
        return status;
    }
    if (options->ring_bytes != 0) {
        json_object_set_new(params, "ring_bytes", json_integer(options->ring_bytes));
    }
    if (options->name != NULL) {
        json_object_set_new(params, "name", json_string(options->name));
    }
    struct client_reply reply;
    status = client_call(recorder->client, "capture.attach", params, &reply, error);
    if (status != XSW_OK) {
        return status;
    }
    recorder->attached = json_incref(reply.result);
    if (capture_hides(recorder->attached)) {
        capture_hide_session(recorder->attached);
        capture_names_hide(&recorder->names);
        capture_trace_hide(recorder->trace);
    }
    for (size_t i = 0; status == XSW_OK && i < reply.fd_count; i++) {
        status = ring_set_add(&recorder->set, reply.fds[i], error);
    }
    client_reply_fini(&reply);
    /* The rings tell of ports that come from now on, and not of those since the first question. */
    capture_names_refresh(&recorder->names);
    if (status == XSW_OK && recorder->set.count == 0) {
        status = error_set(error, XSW_CORRUPT, "xswd attached the session but sent no ring");
    }
    return status;
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
    recorder->files.stop_fd = recorder->stop_fd;
    return XSW_OK;
}

static enum xsw_status trace_open(struct recorder *recorder, struct xsw_error *error)
{
    const struct capture_trace_options options = {.socket = recorder->options.socket,
                                                  .switch_name = recorder->options.switch_name};
    return recorder->options.trace ? capture_trace_open(&options, &recorder->trace, error) : XSW_OK;
}

/* Events are told with the clock of the recording. */
static void trace_begin(struct recorder *recorder)
{
    const json_t *clock = json_object_get(recorder->first, "clock");
    uint64_t offset_ns = (uint64_t)(json_integer_value(json_object_get(clock, "wall_ns")) -
                                    json_integer_value(json_object_get(clock, "mono_ns")));
    capture_trace_begin(recorder->trace, offset_ns,
                        json_string_value(json_object_get(recorder->first, "host")),
                        json_string_value(json_object_get(recorder->first, "boot_id")));
}

enum xsw_status recorder_open(struct recorder *recorder, struct xsw_error *error)
{
    enum xsw_status status = capture_files_init(&recorder->files, &recorder->options, error);
    if (status == XSW_OK) {
        status = client_connect(recorder->options.socket, &recorder->client, error);
    }
    if (status == XSW_OK && recorder->options.switch_name != NULL) {
        status = client_select(recorder->client, recorder->options.switch_name, error);
    }
    if (status == XSW_OK) {
        status = capture_names_open(&recorder->names, recorder->client, error);
    }
    if (status == XSW_OK) {
        status = trace_open(recorder, error);
    }
    if (status == XSW_OK) {
        status = attach(recorder, error);
    }
    if (status == XSW_OK) {
        status = stops_open(recorder, error);
    }
    if (status == XSW_OK) {
        status = capture_user_become(&recorder->options.user, error);
    }
    if (status == XSW_OK) {
        const char *path = recorder->options.path != NULL ? recorder->options.path : "./";
        bool is_series = capture_files_is_series(&recorder->files);
        status = capture_series_check(is_series ? path : NULL, error);
    }
    if (status == XSW_OK) {
        status = recorder_file_open(recorder, error);
    }
    if (status == XSW_OK) {
        trace_begin(recorder);
    }
    recorder->started_ns = clock_mono_ns();
    return status;
}

void recorder_close(struct recorder *recorder)
{
    struct xsw_error error;
    (void)journey_file_close(recorder->file, NULL);
    (void)capture_files_fini(&recorder->files, &error);
    capture_trace_close(recorder->trace);
    ring_set_fini(&recorder->set);
    const int fds[] = {recorder->signal_fd, recorder->timer_fd, recorder->stop_fd};
    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
        if (fds[i] > 0) {
            close(fds[i]);
        }
    }
    capture_end_fini(&recorder->end);
    capture_names_close(&recorder->names);
    json_decref(recorder->first);
    json_decref(recorder->first_filter);
    json_decref(recorder->attached);
    client_close(recorder->client);
    capture_options_fini(&recorder->options);
    free(recorder);
}
