/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xsw trace: the verbs on sessions. LTTng does the work, through cmd/trace/trace_session.c; what
 * xsw adds is which events belong together, the daemons that are needed, and that xswd joins in.
 */
#include "cmd/trace/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "cmd/command.h"
#include "cmd/complete.h"
#include "cmd/trace/kernel_teller.h"
#include "cmd/trace/trace_daemons.h"
#include "cmd/trace/trace_kernel.h"
#include "cmd/trace/trace_session.h"
#include "switch/events.h"

enum { JOIN_TRIES = 100, JOIN_PAUSE_NS = 50000000 };

const char trace_default_name[] = "xsw";

static const char help[] =
    "usage: xsw trace start [NAME] [profile PROFILE] [to DIR|net://HOST | live]\n"
    "                       [filter EXPR] [budget MICROSECONDS]\n"
    "       xsw trace stop|status [NAME]    xsw trace join\n"
    "       xsw trace snapshot [NAME] [to DIR]\n"
    "       xsw trace rotate [NAME]\n"
    "       xsw trace follow [NAME|DIR|net://HOST]… [profile PROFILE] [WORD VALUE]…\n"
    "       xsw trace relay DIR [listen ADDRESS]\n"
    "       xsw trace kernel --help\n"
    "\n"
    "Records events of the switches as an LTTng session; starts the daemons of LTTng.\n"
    "Without `to` it is kept in memory, newest last, until snapshot writes it out.\n"
    "\n"
    "  PROFILE     drops (default), changes (with them), control, all\n"
    "  live        to be followed on this host; net://HOST: there\n"
    "  filter      in the words of LTTng: 'port_name == \"alice\"'\n"
    "  budget      a worker that is longer at a batch is told; 1000 at first\n"
    "  WORD VALUE  shows only these: event, port, stage, reason, extension, packet,\n"
    "              rule, switch, subject; several values with commas\n"
    "  --json  --socket PATH  --help\n"
    "\n"
    "Examples: xsw trace follow port alice\n"
    "          xsw trace start night profile all to /var/tmp/night\n"
    "          xsw trace follow /var/tmp/night reason acl-denied\n"
    "See xsw-events(7). Exit: 0 done, 1 events were lost, 2 usage, 3 failed.\n";

int trace_failed(const struct command *command, const struct xsw_error *error)
{
    fprintf(stderr, "xsw %s: %s\n", command->name, error->text);
    if (error->status == XSW_NOT_FOUND) {
        return EXIT_FOUND;
    }
    return error->status == XSW_INVALID ? EXIT_USAGE : EXIT_FAILED;
}

const char *trace_value(struct command *command, const char *word)
{
    static const char *const profiles[] = {"drops", "changes", "control", "all"};
    if (command_is_asked(command) && strcmp(word, "profile") == 0) {
        for (size_t i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++) {
            complete_word(profiles[i]);
        }
        complete_end();
    }
    if (command_is_asked(command) && strcmp(word, "to") == 0) {
        complete_word(complete_files);
        complete_end();
    }
    char what[64];
    snprintf(what, sizeof(what), "the value of %s", word);
    return command_need(command, what);
}

bool trace_name_take(struct command *command, const char **name)
{
    if (command_is_asked(command)) {
        complete_end();
    }
    if (*name != NULL) {
        command_usage(command, "unexpected word \"%s\"", command->words[command->next]);
        return false;
    }
    *name = command_word(command);
    return true;
}

/* Joining in --------------------------------------------------------------------------------- */

static bool has_all(const json_t *recorded, uint64_t kinds)
{
    for (uint16_t kind = 0; kind < SWITCH_EVENT_LIMIT; kind++) {
        bool is_there = (kinds & switch_event_bit(kind)) == 0;
        size_t place;
        json_t *name;
        json_array_foreach(recorded, place, name)
        {
            is_there |=
                strcmp(json_string_value(name),
                       switch_event_info(kind) != NULL ? switch_event_info(kind)->name : "") == 0;
        }
        if (!is_there) {
            return false;
        }
    }
    return true;
}

/* LTTng makes xswd known to the session daemon in its own time, once the provider is loaded.
 * `kinds`: those that must be recorded then, or 0, when any will do. `params` is taken. */
static int join_wait(const struct command *command, json_t *params, uint64_t kinds)
{
    int exit_code = EXIT_DONE;
    bool has_joined = false;
    for (int i = 0; i < JOIN_TRIES && exit_code == EXIT_DONE && !has_joined; i++) {
        json_t *result = NULL;
        if (i > 0) {
            nanosleep(&(struct timespec){.tv_nsec = JOIN_PAUSE_NS}, NULL);
        }
        exit_code = command_call(command, "trace.enable", json_incref(params), &result);
        const json_t *recorded = json_object_get(result, "recorded");
        has_joined = kinds != 0 ? has_all(recorded, kinds) : json_array_size(recorded) > 0;
        json_decref(result);
    }
    json_decref(params);
    if (exit_code == EXIT_DONE && !has_joined) {
        fprintf(stderr,
                "xsw %s: xswd does not take part in the session: LTTng sees the programs of root, "
                "and those of\nthe user who traces; trace as root, or as the user of xswd, in its "
                "namespaces\n",
                command->name);
        return EXIT_FAILED;
    }
    return exit_code;
}

bool trace_has_kernel(uint64_t kinds)
{
    return (kinds & switch_event_bit(SWITCH_EVENT_PACKET_DROPPED)) != 0;
}

/* A session without the kernel's part is better than none. */
static void kernel_begin(const struct command *command)
{
    char remark[KERNEL_TELLER_REMARK_SIZE];
    struct xsw_error error = {0};
    if (kernel_teller_start(command->socket, remark, &error) != XSW_OK) {
        fprintf(stderr,
                "xsw %s: what the kernel drops behind the ports is not in the session: %s\n",
                command->name, error.text);
    } else if (remark[0] != '\0') {
        fprintf(stderr,
                "xsw %s: %s: ports of the kernel's drops are found by net:* events, which cost "
                "more and miss some\n",
                command->name, remark);
    }
}

int trace_begin(const struct command *command, const struct trace_plan *plan, long long budget_us)
{
    struct xsw_error error = {0};
    json_t *result = NULL;
    bool was_started = false;
    /* Nothing is started for an xswd that is not there. */
    int exit_code = command_call(command, "trace.status", NULL, &result);
    json_decref(result);
    if (exit_code != EXIT_DONE) {
        return exit_code;
    }
    enum xsw_status status = trace_session_daemon(&was_started, &error);
    if (status == XSW_OK && was_started) {
        fputs("started lttng-sessiond\n", stderr);
    }
    was_started = false;
    if (status == XSW_OK && plan->mode == TRACE_LIVE) {
        status = trace_relay_daemon("127.0.0.1", NULL, &was_started, &error);
    }
    if (status == XSW_OK && was_started) {
        fputs("started lttng-relayd, on 127.0.0.1\n", stderr);
    }
    if (status == XSW_OK) {
        status = trace_session_start(plan, &error);
    }
    if (status != XSW_OK) {
        return trace_failed(command, &error);
    }
    json_t *params =
        budget_us != 0 ? json_pack("{s:I}", "budget_us", (json_int_t)budget_us) : json_object();
    exit_code = join_wait(command, params, plan->kinds);
    if (exit_code != EXIT_DONE) {
        struct trace_session session;
        (void)!trace_session_stop(plan->name, &session, NULL);
    } else if (plan->has_kernel) {
        kernel_begin(command);
    }
    return exit_code;
}

int trace_take_part(const struct command *command, bool some_run, bool has_kernel)
{
    json_t *result = NULL;
    int exit_code = some_run ? join_wait(command, json_object(), 0)
                             : command_call(command, "trace.enable", NULL, &result);
    json_decref(result);
    if (exit_code == EXIT_DONE && has_kernel) {
        kernel_begin(command);
    }
    return exit_code;
}

/* start -------------------------------------------------------------------------------------- */

struct start_words {
    const char *name, *profile, *to, *filter, *budget;
    bool is_live;
};

static bool start_word(struct command *command, struct start_words *words)
{
    static const char *const names[] = {"profile", "to", "filter", "budget"};
    const char **const values[] = {&words->profile, &words->to, &words->filter, &words->budget};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (command_accept(command, names[i])) {
            *values[i] = trace_value(command, names[i]);
            return *values[i] != NULL;
        }
    }
    if (command_accept(command, "live")) {
        words->is_live = true;
        return true;
    }
    return trace_name_take(command, &words->name);
}

/* What is meant; `folder` is the absolute path of `to`, to be freed. */
static enum xsw_status plan_make(const struct start_words *words, struct trace_plan *plan,
                                 char **folder, struct xsw_error *error)
{
    bool is_url = words->to != NULL && strstr(words->to, "://") != NULL;
    *plan = (struct trace_plan){.name = words->name != NULL ? words->name : trace_default_name,
                                .mode = TRACE_SNAPSHOT,
                                .filter = words->filter};
    if (words->is_live && words->to != NULL) {
        return error_set(error, XSW_INVALID,
                         "live goes to the relay daemon of this host: leave out `to`, or `live`");
    }
    if (words->is_live || is_url) {
        plan->mode = words->is_live ? TRACE_LIVE : TRACE_REMOTE;
        plan->target = words->to;
    } else if (words->to != NULL) {
        *folder = command_absolute(words->to);
        plan->mode = TRACE_LOCAL;
        plan->target = *folder;
    }
    enum xsw_status status =
        trace_profile(words->profile != NULL ? words->profile : "drops", &plan->kinds, error);
    plan->has_kernel = trace_has_kernel(plan->kinds);
    return status;
}

static int started_print(const struct command *command, const struct trace_plan *plan,
                         const char *profile)
{
    static const char *const modes[] = {"snapshot", "folder", "remote", "live"};
    const char *target = plan->target != NULL ? plan->target : "";
    if (command->json) {
        return command_print_json(
            json_pack("{s:s,s:s,s:s,s:s,s:b}", "session", plan->name, "mode", modes[plan->mode],
                      "target", target, "profile", profile, "kernel",
                      plan->has_kernel && kernel_teller_runs(command->socket)));
    }
    printf("session %s records %s%s%s\n", plan->name, profile, target[0] != '\0' ? " to " : "",
           target);
    if (plan->mode == TRACE_SNAPSHOT) {
        printf("It is kept in memory: `xsw trace snapshot %s to DIR` writes it.\n", plan->name);
    }
    return EXIT_DONE;
}

static int budget_read(struct command *command, const char *text, long long *budget_us)
{
    char *end = NULL;
    *budget_us = 0;
    if (text == NULL) {
        return EXIT_DONE;
    }
    *budget_us = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || *budget_us < 1 || *budget_us > 10000000) {
        return command_usage(command, "budget \"%s\"; expected 1 to 10000000 microseconds", text);
    }
    return EXIT_DONE;
}

int trace_start(struct command *command)
{
    struct start_words words = {0};
    struct trace_plan plan;
    struct xsw_error error = {0};
    char *folder = NULL;
    long long budget_us;
    while (command_has_word(command)) {
        if (!start_word(command, &words)) {
            return EXIT_USAGE;
        }
    }
    int exit_code = budget_read(command, words.budget, &budget_us);
    if (exit_code != EXIT_DONE) {
        return exit_code;
    }
    if (plan_make(&words, &plan, &folder, &error) != XSW_OK) {
        free(folder);
        return command_usage(command, "%s", error.text);
    }
    exit_code = trace_begin(command, &plan, budget_us);
    if (exit_code == EXIT_DONE) {
        exit_code = started_print(command, &plan, words.profile != NULL ? words.profile : "drops");
    }
    free(folder);
    return exit_code;
}

static int trace_kernel(struct command *command)
{
    (void)command;
    return EXIT_USAGE; /* cmd_trace has taken it, with options of its own */
}

int cmd_trace(int argc, char **argv)
{
    static const struct verb verbs[] = {{"status", trace_status},     {"start", trace_start},
                                        {"stop", trace_stop},         {"join", trace_join},
                                        {"snapshot", trace_snapshot}, {"rotate", trace_rotate},
                                        {"follow", trace_follow_run}, {"relay", trace_relay},
                                        {"kernel", trace_kernel},     {NULL, NULL}};
    if (argc > 1 && strcmp(argv[1], "kernel") == 0) {
        return cmd_trace_kernel(argc - 1, argv + 1);
    }
    if (argc > 2 && strcmp(argv[1], "--json") == 0 && strcmp(argv[2], "kernel") == 0) {
        static char kernel[] = "kernel";
        static char json[] = "--json";
        argv[1] = kernel;
        argv[2] = json;
        return cmd_trace_kernel(argc - 1, argv + 1);
    }
    return command_run("trace", argc, argv, verbs, help);
}
