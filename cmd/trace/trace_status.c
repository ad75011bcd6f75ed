/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xsw trace: sessions that are there: what they have lost, what can be taken out of them, and their
 * end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/client.h"
#include "cmd/command.h"
#include "cmd/listing.h"
#include "cmd/trace/kernel_teller.h"
#include "cmd/trace/trace.h"
#include "cmd/trace/trace_daemons.h"
#include "cmd/trace/trace_session.h"

static bool name_only(struct command *command, const char **name)
{
    *name = NULL;
    if (command_has_word(command) && !trace_name_take(command, name)) {
        return false;
    }
    return command_ends(command);
}

/* Overwriting is what a session in memory does; anywhere else it is a loss. */
static uint64_t lost_buffers(const struct trace_session *session)
{
    return session->mode != TRACE_SNAPSHOT ? session->overwritten : 0;
}

static bool is_disk_full(const struct trace_session *session)
{
    return session->disk_free_bytes < TRACE_DISK_LOW_BYTES;
}

static int session_verdict(const struct trace_session *session)
{
    bool has_lost = session->lost_events > 0 || lost_buffers(session) > 0 || is_disk_full(session);
    return has_lost ? EXIT_FOUND : EXIT_DONE;
}

static json_t *session_json(const struct trace_session *session)
{
    static const char *const modes[] = {"snapshot", "folder", "remote", "live"};
    return json_pack("{s:s,s:s,s:s,s:b,s:I,s:I,s:b,s:I}", "session", session->name, "mode",
                     modes[session->mode], "path", session->path, "running", session->is_running,
                     "lost_events", (json_int_t)session->lost_events, "lost_buffers",
                     (json_int_t)lost_buffers(session), "disk_full", is_disk_full(session),
                     "cut_bytes", (json_int_t)session->cut_bytes);
}

/* What is missing from the trace, in sentences. */
static void losses_print(const struct trace_session *session)
{
    if (session->lost_events > 0) {
        printf("session %s: %llu events were lost: the buffers were full; the trace says where\n",
               session->name, (unsigned long long)session->lost_events);
    }
    if (lost_buffers(session) > 0) {
        printf("session %s: %llu buffers of events were lost\n", session->name,
               (unsigned long long)lost_buffers(session));
    }
    if (is_disk_full(session)) {
        printf("session %s: the disk of %s is full, %llu KiB are free: what came since then is not "
               "in the trace; %smake room and start a new session\n",
               session->name, session->path, (unsigned long long)(session->disk_free_bytes / 1024),
               session->is_running ? "`xsw trace stop` makes the rest readable; " : "");
    }
    if (session->cut_bytes > 0) {
        printf("session %s: %llu bytes at the end, of events for which there was no room in whole, "
               "were cut off, so that the rest can be read\n",
               session->name, (unsigned long long)session->cut_bytes);
    }
}

int trace_stop(struct command *command)
{
    struct trace_session session;
    struct xsw_error error = {0};
    const char *name;
    if (!name_only(command, &name)) {
        return EXIT_USAGE;
    }
    kernel_teller_flush(command->socket);
    if (trace_session_stop(name != NULL ? name : trace_default_name, &session, &error) != XSW_OK) {
        return trace_failed(command, &error);
    }
    int exit_code = session_verdict(&session);
    if (command->json) {
        session.is_running = false;
        int printed = command_print_json(session_json(&session));
        return printed != EXIT_DONE ? printed : exit_code;
    }
    printf("session %s has ended%s%s\n", session.name, session.path[0] != '\0' ? ": " : "",
           session.path);
    losses_print(&session);
    return exit_code;
}

static int sessions_print(const struct trace_session *sessions, size_t count)
{
    static const struct listing_column columns[] = {
        {"SESSION", false}, {"STATE", false}, {"LOST EVENTS", true}, {"WHERE", false}};
    struct listing listing;
    listing_init(&listing, columns, sizeof(columns) / sizeof(columns[0]));
    for (size_t i = 0; i < count; i++) {
        listing_text(&listing, "%s", sessions[i].name);
        listing_text(&listing, "%s", sessions[i].is_running ? "records" : "stopped");
        listing_count(&listing, (long long)sessions[i].lost_events);
        listing_text(&listing, "%s",
                     sessions[i].mode == TRACE_SNAPSHOT ? "in memory" : sessions[i].path);
    }
    int exit_code = listing_print(&listing);
    listing_fini(&listing);
    for (size_t i = 0; i < count; i++) {
        losses_print(&sessions[i]);
    }
    return exit_code;
}

/* Whether xswd tells what sessions record. */
enum part { PART_ABSENT, PART_NONE, PART_TAKEN };
static const char *const part_names[] = {"absent", "none", "taken"};

static enum part part_find(const struct command *command)
{
    struct client *client = NULL;
    struct client_reply reply = {0};
    enum part part = PART_ABSENT;
    if (client_connect(command->socket, &client, NULL) == XSW_OK &&
        client_call(client, "trace.status", NULL, &reply, NULL) == XSW_OK) {
        bool is_told = json_is_true(json_object_get(reply.result, "on")) &&
                       json_array_size(json_object_get(reply.result, "recorded")) > 0;
        part = is_told ? PART_TAKEN : PART_NONE;
        client_reply_fini(&reply);
    }
    client_close(client);
    return part;
}

static bool some_run(const struct trace_session *sessions, size_t count)
{
    bool runs = false;
    for (size_t i = 0; i < count; i++) {
        runs |= sessions[i].is_running;
    }
    return runs;
}

static void part_print(enum part part)
{
    if (part == PART_NONE) {
        puts("xswd does not take part, so nothing of it is recorded: `xsw trace join` mends that");
    } else if (part == PART_ABSENT) {
        puts("there is no xswd that could be asked, and nothing of it is recorded");
    }
}

static bool kernel_is_asked(const struct trace_session *sessions, size_t count)
{
    bool is_asked = false;
    for (size_t i = 0; i < count; i++) {
        is_asked |= sessions[i].has_kernel && sessions[i].is_running;
    }
    return is_asked;
}

static void kernel_print(bool is_told, bool is_asked)
{
    printf("what the kernel drops behind ports is %s\n",
           is_told    ? "told too"
           : is_asked ? "not told, though it is asked for: `xsw trace join` tries again"
                      : "not told");
}

static int sessions_show(const struct command *command, const struct trace_session *sessions,
                         size_t count)
{
    int verdict = EXIT_DONE;
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(list, session_json(&sessions[i]));
        verdict = session_verdict(&sessions[i]) != EXIT_DONE ? EXIT_FOUND : verdict;
    }
    enum part part = part_find(command);
    bool is_missing = part != PART_TAKEN && some_run(sessions, count);
    bool is_told = kernel_teller_runs(command->socket);
    bool is_asked = kernel_is_asked(sessions, count);
    verdict = is_missing || (is_asked && !is_told) ? EXIT_FOUND : verdict;
    int exit_code = EXIT_DONE;
    if (command->json) {
        exit_code = command_print_json(json_pack("{s:O,s:b,s:s}", "sessions", list, "kernel",
                                                 is_told, "xswd", part_names[part]));
    } else if (count == 0) {
        puts("no session records events of xsw");
    } else {
        exit_code = sessions_print(sessions, count);
        part_print(is_missing ? part : PART_TAKEN);
        kernel_print(is_told, is_asked);
    }
    json_decref(list);
    return exit_code != EXIT_DONE ? exit_code : verdict;
}

int trace_status(struct command *command)
{
    struct trace_session *sessions = NULL;
    struct trace_session one;
    struct xsw_error error = {0};
    const char *name;
    size_t count = 0;
    if (!name_only(command, &name)) {
        return EXIT_USAGE;
    }
    enum xsw_status status = XSW_OK;
    if (name != NULL) {
        status = trace_session_find(name, &one, &error);
        return status == XSW_OK ? sessions_show(command, &one, 1) : trace_failed(command, &error);
    }
    if (trace_session_daemon_is_there()) {
        status = trace_sessions_list(&sessions, &count, &error);
    }
    int exit_code =
        status == XSW_OK ? sessions_show(command, sessions, count) : trace_failed(command, &error);
    free(sessions);
    return exit_code;
}

int trace_join(struct command *command)
{
    struct trace_session *sessions = NULL;
    struct xsw_error error = {0};
    size_t count = 0;
    if (!command_ends(command)) {
        return EXIT_USAGE;
    }
    if (trace_session_daemon_is_there() &&
        trace_sessions_list(&sessions, &count, &error) != XSW_OK) {
        return trace_failed(command, &error);
    }
    bool has_kernel = kernel_is_asked(sessions, count);
    int exit_code = trace_take_part(command, some_run(sessions, count), has_kernel);
    free(sessions);
    if (exit_code != EXIT_DONE) {
        return exit_code;
    }
    if (command->json) {
        return command_print_json(json_pack("{s:I,s:b}", "sessions", (json_int_t)count, "kernel",
                                            has_kernel && kernel_teller_runs(command->socket)));
    }
    printf("xswd takes part in the sessions of LTTng; %zu record%s events of it\n", count,
           count == 1 ? "s" : "");
    return EXIT_DONE;
}

/* snapshot, rotate, relay -------------------------------------------------------------------- */

static int path_print(const struct command *command, const char *name, const char *what,
                      const char *path)
{
    if (command->json) {
        return command_print_json(json_pack("{s:s,s:s}", "session", name, "path", path));
    }
    printf("session %s: %s %s\n", name, what, path);
    return EXIT_DONE;
}

int trace_snapshot(struct command *command)
{
    char path[TRACE_PATH_SIZE];
    struct xsw_error error = {0};
    const char *name = NULL;
    const char *to = NULL;
    while (command_has_word(command)) {
        if (command_accept(command, "to")) {
            to = trace_value(command, "to");
            if (to == NULL) {
                return EXIT_USAGE;
            }
        } else if (!trace_name_take(command, &name)) {
            return EXIT_USAGE;
        }
    }
    char *folder = to != NULL ? command_absolute(to) : NULL;
    name = name != NULL ? name : trace_default_name;
    kernel_teller_flush(command->socket);
    enum xsw_status status = trace_session_snapshot(name, folder, path, &error);
    free(folder);
    return status == XSW_OK ? path_print(command, name, "a snapshot is in", path)
                            : trace_failed(command, &error);
}

int trace_rotate(struct command *command)
{
    char path[TRACE_PATH_SIZE];
    struct xsw_error error = {0};
    const char *name;
    if (!name_only(command, &name)) {
        return EXIT_USAGE;
    }
    name = name != NULL ? name : trace_default_name;
    kernel_teller_flush(command->socket);
    return trace_session_rotate(name, path, &error) == XSW_OK
               ? path_print(command, name, "what was recorded until now is in", path)
               : trace_failed(command, &error);
}

int trace_relay(struct command *command)
{
    struct xsw_error error = {0};
    const char *address = "127.0.0.1";
    bool was_started = false;
    const char *folder = command_need(command, "the folder for the traces");
    if (folder != NULL && command_accept(command, "listen")) {
        address = trace_value(command, "listen");
    }
    if (folder == NULL || address == NULL || !command_ends(command)) {
        return EXIT_USAGE;
    }
    char *path = command_absolute(folder);
    enum xsw_status status = trace_relay_daemon(address, path, &was_started, &error);
    free(path);
    if (status != XSW_OK) {
        return trace_failed(command, &error);
    }
    if (command->json) {
        return command_print_json(
            json_pack("{s:b,s:s}", "started", was_started, "address", address));
    }
    printf("lttng-relayd %s on %s: `xsw trace start to net://%s` on the hosts, `xsw trace follow "
           "net://%s` here\n",
           was_started ? "listens" : "was there already, with a folder of its own,", address,
           address, address);
    return EXIT_DONE;
}
