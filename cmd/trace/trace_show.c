/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xsw trace follow: events as they come, or as they were recorded.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "cmd/command.h"
#include "cmd/complete.h"
#include "cmd/trace/trace.h"
#include "cmd/trace/trace_daemons.h"
#include "cmd/trace/trace_follow.h"
#include "cmd/trace/trace_session.h"

enum { URL_SIZE = 512, HOST_SIZE = 65 };

struct show_words {
    const char *sources[FOLLOW_SOURCES_MAX];
    size_t source_count;
    const char *profile, *filter;
    struct view_match matches[VIEW_MATCHES_MAX];
    size_t match_count;
};

static void words_offer(void)
{
    static const char *const all[] = {"profile",   "filter", "event", "port",   "stage",  "reason",
                                      "extension", "packet", "rule",  "switch", "subject"};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        complete_word(all[i]);
    }
    complete_word(complete_files);
    complete_end();
}

static bool match_take(struct command *command, struct show_words *words, const char *word)
{
    const char *value = trace_value(command, word);
    if (value == NULL) {
        return false;
    }
    if (words->match_count == VIEW_MATCHES_MAX) {
        command_usage(command, "more than %d conditions", VIEW_MATCHES_MAX);
        return false;
    }
    words->matches[words->match_count++] = (struct view_match){.word = word, .value = value};
    return true;
}

static bool word_take(struct command *command, struct show_words *words)
{
    if (command_is_asked(command)) {
        words_offer();
    }
    if (command_accept(command, "profile")) {
        words->profile = trace_value(command, "profile");
        return words->profile != NULL;
    }
    if (command_accept(command, "filter")) {
        words->filter = trace_value(command, "filter");
        return words->filter != NULL;
    }
    const char *word = command_word(command);
    if (view_word_is_known(word)) {
        return match_take(command, words, word);
    }
    if (words->source_count == FOLLOW_SOURCES_MAX) {
        command_usage(command, "more than %d traces", FOLLOW_SOURCES_MAX);
        return false;
    }
    words->sources[words->source_count++] = word;
    return true;
}

/* Where the relay daemon of this host shows a live session. */
static void live_url(const char *name, char url[URL_SIZE])
{
    char host[HOST_SIZE] = "localhost";
    (void)gethostname(host, sizeof(host) - 1);
    snprintf(url, URL_SIZE, "net://127.0.0.1/host/%s/%.300s", host, name);
}

/* A folder and a URL stand for themselves; else it is the name of a session of this host. */
static enum xsw_status source_find(const char *word, char source[TRACE_PATH_SIZE],
                                   struct xsw_error *error)
{
    struct trace_session session;
    struct stat info;
    snprintf(source, TRACE_PATH_SIZE, "%s", word);
    if (strchr(word, '/') != NULL || stat(word, &info) == 0) {
        return XSW_OK;
    }
    if (!trace_session_daemon_is_there()) {
        return error_set(
            error, XSW_NOT_FOUND,
            "%s is no folder, and no session daemon runs that could have a session of that "
            "name",
            word);
    }
    enum xsw_status status = trace_session_find(word, &session, error);
    if (status != XSW_OK) {
        return status;
    }
    switch (session.mode) {
    case TRACE_LOCAL:
        snprintf(source, TRACE_PATH_SIZE, "%s", session.path);
        return XSW_OK;
    case TRACE_LIVE:
        live_url(word, source);
        return XSW_OK;
    case TRACE_REMOTE:
        return error_set(error, XSW_UNSUPPORTED, "session %s goes to another host: follow it there",
                         word);
    case TRACE_SNAPSHOT:
        break;
    }
    return error_set(error, XSW_UNSUPPORTED,
                     "session %s is kept in memory: take a snapshot and follow that, or start one "
                     "with `live`",
                     word);
}

static int show(const struct command *command, const struct show_words *words,
                const char *const *sources, size_t count)
{
    struct xsw_error error = {0};
    struct view view = {.json = command->json,
                        .has_colour = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL,
                        .shows_host = count > 1 || strstr(sources[0], "://") != NULL,
                        .matches = words->matches,
                        .match_count = words->match_count};
    if (words->source_count == 0) {
        view.shows_host = false; /* all of it is from here */
    }
    if (trace_follow(sources, count, &view, &error) != XSW_OK) {
        return trace_failed(command, &error);
    }
    bool has_failed = view.failed || fflush(stdout) != 0;
    if (has_failed && errno == EPIPE) {
        return EXIT_DONE; /* whoever read it has seen enough */
    }
    if (has_failed) {
        fprintf(stderr, "xsw %s: the output cannot be written\n", command->name);
        return EXIT_FAILED;
    }
    fprintf(stderr, "%llu events shown, %llu lost\n", (unsigned long long)view.shown,
            (unsigned long long)view.lost);
    if (view.torn_bytes > 0) {
        fprintf(stderr,
                "%llu bytes at the end, of events for which the disk had no room in whole, cannot "
                "be read\n",
                (unsigned long long)view.torn_bytes);
    }
    return view.lost > 0 || view.torn_bytes > 0 ? EXIT_FOUND : EXIT_DONE;
}

static int show_sources(const struct command *command, const struct show_words *words)
{
    char(*found)[TRACE_PATH_SIZE] = calloc(words->source_count, sizeof(*found));
    const char *sources[FOLLOW_SOURCES_MAX];
    struct xsw_error error = {0};
    if (found == NULL) {
        fprintf(stderr, "xsw %s: no memory\n", command->name);
        return EXIT_FAILED;
    }
    enum xsw_status status = XSW_OK;
    for (size_t i = 0; status == XSW_OK && i < words->source_count; i++) {
        status = source_find(words->sources[i], found[i], &error);
        sources[i] = found[i];
    }
    int exit_code = status == XSW_OK ? show(command, words, sources, words->source_count)
                                     : trace_failed(command, &error);
    free(found);
    return exit_code;
}

static volatile sig_atomic_t is_ended;

static void signal_hold(int signal_number)
{
    (void)signal_number;
    is_ended = 1;
}

/* Names of sessions that we make say who follows them: the process, and its process namespace. */
static unsigned long own_namespace(void)
{
    struct stat info;
    return stat("/proc/self/ns/pid", &info) == 0 ? (unsigned long)info.st_ino : 0;
}

/* Ends sessions of those who were killed while they followed. */
static void leftovers_end(void)
{
    struct trace_session *sessions = NULL;
    struct trace_session ended;
    size_t count = 0;
    int pid;
    unsigned long namespace;
    if (!trace_session_daemon_is_there() ||
        trace_sessions_list(&sessions, &count, NULL) != XSW_OK) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (sscanf(sessions[i].name, "xsw-follow-%d-%lu", &pid, &namespace) == 2 && pid > 0 &&
            namespace == own_namespace() && kill(pid, 0) != 0 && errno == ESRCH) {
            (void)!trace_session_stop(sessions[i].name, &ended, NULL);
        }
    }
    free(sessions);
}

static int own_end(const struct command *command, const char *name, int exit_code)
{
    struct trace_session session;
    struct xsw_error error = {0};
    if (trace_session_stop(name, &session, &error) != XSW_OK) {
        fprintf(stderr, "xsw %s: %s\n", command->name, error.text);
    } else if (session.lost_events > 0 && exit_code == EXIT_DONE) {
        fprintf(stderr, "%llu events were lost: more came than LTTng had room for\n",
                (unsigned long long)session.lost_events);
        exit_code = EXIT_FOUND;
    }
    return exit_code;
}

/* A session for as long as it is followed. A signal ends the view and not us, and so does a reader
 * that has gone, so that the session goes too. */
static int show_own(struct command *command, const struct show_words *words)
{
    static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
    char name[64];
    char url[URL_SIZE];
    const char *source = url;
    struct xsw_error error = {0};
    struct sigaction action = {.sa_handler = signal_hold};
    struct trace_plan plan = {.name = name, .mode = TRACE_LIVE, .filter = words->filter};
    const char *profile = words->profile != NULL ? words->profile : "drops";
    snprintf(name, sizeof(name), "xsw-follow-%d-%lu", (int)getpid(), own_namespace());
    if (trace_profile(profile, &plan.kinds, &error) != XSW_OK) {
        return command_usage(command, "%s", error.text);
    }
    plan.has_kernel = trace_has_kernel(plan.kinds);
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        sigaction(ends[i], &action, NULL);
    }
    leftovers_end();
    int exit_code = trace_begin(command, &plan, 0);
    if (exit_code != EXIT_DONE) {
        return exit_code;
    }
    live_url(name, url);
    return own_end(command, name, is_ended ? EXIT_DONE : show(command, words, &source, 1));
}

int trace_follow_run(struct command *command)
{
    struct show_words words = {.source_count = 0};
    while (command_has_word(command)) {
        if (!word_take(command, &words)) {
            return EXIT_USAGE;
        }
    }
    if (words.source_count > 0 && (words.profile != NULL || words.filter != NULL)) {
        return command_usage(command, "profile and filter are of a session that is started: leave "
                                      "them out, or the source");
    }
    signal(SIGPIPE, SIG_IGN); /* the session must be ended when nobody reads any more */
    return words.source_count > 0 ? show_sources(command, &words) : show_own(command, &words);
}
