/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/capture/capture_sessions.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/budget.h"
#include "capture/filter_program.h"
#include "cmd/capture/capture_recover.h"
#include "cmd/capture/capture_rules.h"
#include "cmd/command.h"
#include "cmd/complete.h"
#include "cmd/listing.h"
#include "cmd/where.h"

static const char help[] =
    "usage: xsw capture list | show SESSION | stop SESSION | orphans\n"
    "       xsw capture set SESSION [filter EXPR] [where EXPR] [ports A,B]\n"
    "           [stages A,B] [direction in|out|both] [snap N] [sample N] [rate N]\n"
    "           [budget PERCENT]\n"
    "       xsw capture recover FILE [ORPHAN] [behind FILE...]\n"
    "\n"
    "Shows the captures that are attached to the switch, changes what they capture\n"
    "while they go on, and ends them. SESSION is a number or a name. Of its own\n"
    "captures everybody may change and stop what he has; who manages the switch, all.\n"
    "A value of \"\" takes a filter or a list away; 0 a number. xsw capture --help has\n"
    "what begins one. A recorder that dies leaves what it had not written in its\n"
    "rings, an orphan: recover writes that to FILE, of the newest if no number is\n"
    "given, but not again what is in the dead recorder's last files, behind which it\n"
    "is to stand.\n"
    "\n"
    "  --json  --socket PATH  -S, --switch NAME  --help\n"
    "\n"
    "Examples: xsw capture set web where dropped snap 96\n"
    "          xsw capture set 12 filter 'tcp port 80' sample 10\n"
    "          xsw capture recover rest.pcapng behind dead.pcapng\n"
    "Exit: 0 done, 1 no such session, 2 usage, 3 failed.\n";

/* Finding one --------------------------------------------------------------------------------- */

static bool is_named(const json_t *session, const char *word)
{
    char number[24];
    snprintf(number, sizeof(number), "%lld", reply_number(session, "session"));
    return strcmp(number, word) == 0 || strcmp(reply_text(session, "name"), word) == 0;
}

static const char *session_word(struct command *command)
{
    return command_need(command, "the number or name of a capture session");
}

/* How many there are of the number or name; the first of them, borrowed, in *found. */
static size_t sessions_match(const json_t *sessions, const char *word, json_t **found)
{
    json_t *one;
    size_t place;
    size_t count = 0;
    json_array_foreach(sessions, place, one)
    {
        if (is_named(one, word)) {
            *found = count++ == 0 ? one : *found;
        }
    }
    return count;
}

/* *session: a reference of the caller's; null when there is none of that number or name, which has
 * been said. */
static int session_find(const struct command *command, const char *word, json_t **session)
{
    json_t *result;
    *session = NULL;
    int exit_code = command_call(command, "capture.list", NULL, &result);
    if (exit_code != EXIT_DONE) {
        return exit_code;
    }
    size_t count = sessions_match(json_object_get(result, "sessions"), word, session);
    if (count == 1) {
        json_incref(*session);
    } else if (count == 0) {
        fprintf(stderr, "xsw capture: no session %s: xsw capture list shows them\n", word);
    } else {
        fprintf(stderr, "xsw capture: %zu sessions are named %s: say the number of one\n", count,
                word);
    }
    json_decref(result);
    return count == 1 ? EXIT_DONE : count == 0 ? EXIT_FOUND : EXIT_USAGE;
}

/* Showing ------------------------------------------------------------------------------------- */

static long long lost_sum(const json_t *account)
{
    const char *cause;
    json_t *number;
    long long sum = 0;
    json_object_foreach(json_object_get(account, "lost"), cause, number)
    {
        sum += json_integer_value(number);
    }
    return sum;
}

/* The worst of its workers. */
static unsigned level_of(const json_t *session)
{
    unsigned worst = BUDGET_FULL;
    size_t place;
    json_t *worker;
    json_array_foreach(json_object_get(session, "by_worker"), place, worker)
    {
        for (unsigned level = worst + 1; level <= BUDGET_DISARMED; level++) {
            bool is_it = strcmp(budget_level_name(level), reply_text(worker, "level")) == 0;
            worst = is_it ? level : worst;
        }
    }
    return worst;
}

static const char *state_of(const json_t *session)
{
    bool is_stopped = json_is_true(json_object_get(session, "stopped"));
    return is_stopped ? "stopped" : budget_level_name(level_of(session));
}

int capture_sessions_reduced(const struct command *command, json_t **sessions)
{
    json_t *result;
    json_t *session;
    size_t place;
    int exit_code = command_call(command, "capture.list", NULL, &result);
    if (exit_code != EXIT_DONE) {
        return exit_code;
    }
    *sessions = json_array();
    json_array_foreach(json_object_get(result, "sessions"), place, session)
    {
        if (level_of(session) != BUDGET_FULL) {
            json_array_append(*sessions, session);
        }
    }
    json_decref(result);
    return EXIT_DONE;
}

static int sessions_list(struct command *command)
{
    static const struct listing_column columns[] = {
        {"SESSION", true}, {"NAME", false}, {"AGE", true},  {"WRITTEN", true},
        {"LOST", true},    {"DOES", false}, {"WHAT", false}};
    struct listing listing;
    json_t *result;
    json_t *session;
    size_t place;
    if (!command_ends(command)) {
        return EXIT_USAGE;
    }
    int exit_code = command_call(command, "capture.list", NULL, &result);
    if (exit_code != EXIT_DONE || command->json) {
        return exit_code != EXIT_DONE ? exit_code : command_print_json(result);
    }
    listing_init(&listing, columns, sizeof(columns) / sizeof(columns[0]));
    json_array_foreach(json_object_get(result, "sessions"), place, session)
    {
        char what[256];
        const json_t *account = json_object_get(session, "account");
        capture_rules_text(session, what, sizeof(what));
        listing_text(&listing, "%lld", reply_number(session, "session"));
        listing_text(&listing, "%s", reply_text(session, "name"));
        listing_text(&listing, "%lld s", reply_number(session, "age_seconds"));
        listing_count(&listing, reply_number(account, "written"));
        listing_count(&listing, lost_sum(account));
        listing_text(&listing, "%s", state_of(session));
        listing_text(&listing, "%s", what);
    }
    exit_code = listing_rows(&listing) > 0 ? listing_print(&listing) : EXIT_DONE;
    if (listing_rows(&listing) == 0) {
        puts("nobody captures");
    }
    listing_fini(&listing);
    json_decref(result);
    return exit_code;
}

static void account_print(const json_t *account)
{
    static const char *const members[] = {"offered", "written", "filtered", "sampled"};
    char text[COUNT_TEXT_SIZE];
    const char *cause;
    json_t *number;
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        printf("  %s %-22s %15s\n",
               i == 0   ? " "
               : i == 1 ? "="
                        : "+",
               members[i], count_format(reply_number(account, members[i]), text));
    }
    json_object_foreach(json_object_get(account, "lost"), cause, number)
    {
        printf("  + lost: %-16s %15s\n", cause, count_format(json_integer_value(number), text));
    }
}

static void workers_print(const json_t *session)
{
    size_t place;
    json_t *worker;
    double allowed = (double)reply_number(session, "budget") / 10000;
    json_array_foreach(json_object_get(session, "by_worker"), place, worker)
    {
        printf("worker %lld: %.2f %% of its time, of %.4g %% that it may take: %s\n",
               reply_number(worker, "worker"), (double)reply_number(worker, "share") / 10000,
               allowed, reply_text(worker, "level"));
    }
}

static void session_print(const json_t *session)
{
    char what[1024];
    capture_rules_text(session, what, sizeof(what));
    printf("capture session %lld, %s\n", reply_number(session, "session"),
           reply_text(session, "name"));
    printf("what: %s\n", what);
    printf("since: %lld s ago, by process %lld of user %lld%s\n",
           reply_number(session, "age_seconds"), reply_number(session, "pid"),
           reply_number(session, "uid"),
           json_is_true(json_object_get(session, "stopped")) ? "; stopped" : "");
    printf("rings: %lld of %lld KiB\n", reply_number(session, "workers"),
           reply_number(session, "ring_bytes") / 1024);
    puts("journeys, as far as the switch knows:");
    account_print(json_object_get(session, "account"));
    workers_print(session);
}

static int session_tell(const struct command *command, json_t *session)
{
    if (command->json) {
        return command_print_json(session);
    }
    session_print(session);
    json_decref(session);
    return EXIT_DONE;
}

static int session_show(struct command *command)
{
    json_t *session;
    const char *word = session_word(command);
    if (word == NULL || !command_ends(command)) {
        return EXIT_USAGE;
    }
    int exit_code = session_find(command, word, &session);
    return exit_code == EXIT_DONE ? session_tell(command, session) : exit_code;
}

/* Changing ------------------------------------------------------------------------------------ */

static const struct word_rule set_words[] = {
    {"filter", "filter", WORD_TEXT},       {"where", "where", WORD_TEXT},
    {"ports", "ports", WORD_TEXT},         {"stages", "stages", WORD_TEXT},
    {"direction", "direction", WORD_TEXT}, {"snap", "snap_length", WORD_NUMBER},
    {"sample", "sample", WORD_NUMBER},     {"rate", "rate", WORD_NUMBER},
    {"budget", "budget", WORD_TEXT},       {NULL, NULL, WORD_TEXT}};

/* What the daemon does not check, or knows by another unit. */
static bool words_settle(json_t *params)
{
    const char *budget = json_string_value(json_object_get(params, "budget"));
    const char *where = json_string_value(json_object_get(params, "where"));
    const char *direction = json_string_value(json_object_get(params, "direction"));
    const char *ports = json_string_value(json_object_get(params, "ports"));
    if (direction != NULL && !capture_direction_read("xsw capture set", direction, params)) {
        return false;
    }
    if (direction == NULL && ports != NULL && ports[0] == '\0') {
        /* Without ports no direction means anything: it goes with them. */
        json_object_set_new(params, "direction", json_string("both"));
    }
    if (budget != NULL && !capture_budget_read("xsw capture set", budget, params)) {
        return false;
    }
    struct xsw_error error;
    if (filter_program_add(params, &error) != XSW_OK) {
        fprintf(stderr, "xsw capture set: %s\n", error.text);
        return false;
    }
    return where == NULL || where[0] == '\0' || where_is_readable("xsw capture set", where);
}

/* Takes the session; its number goes with `params`, which are taken too. */
static int session_call(const struct command *command, const char *method, json_t *session,
                        json_t *params)
{
    json_t *result;
    json_object_set(params, "session", json_object_get(session, "session"));
    json_decref(session);
    int exit_code = command_call(command, method, params, &result);
    return exit_code == EXIT_DONE ? session_tell(command, result) : exit_code;
}

static int session_set(struct command *command)
{
    json_t *session;
    json_t *params = json_object();
    const char *word = session_word(command);
    if (word == NULL || !command_members(command, set_words, params) || !words_settle(params)) {
        json_decref(params);
        return EXIT_USAGE;
    }
    if (json_object_size(params) == 0) {
        json_decref(params);
        return command_usage(command, "set %s: what to change is missing, such as snap 96", word);
    }
    int exit_code = session_find(command, word, &session);
    if (exit_code != EXIT_DONE) {
        json_decref(params);
        return exit_code;
    }
    return session_call(command, "capture.set", session, params);
}

static int session_stop(struct command *command)
{
    json_t *session;
    const char *word = session_word(command);
    if (word == NULL || !command_ends(command)) {
        return EXIT_USAGE;
    }
    int exit_code = session_find(command, word, &session);
    return exit_code == EXIT_DONE ? session_call(command, "capture.stop", session, json_object())
                                  : exit_code;
}

static const struct verb verbs[] = {{"list", sessions_list},
                                    {"show", session_show},
                                    {"set", session_set},
                                    {"stop", session_stop},
                                    {"orphans", capture_orphans},
                                    {"recover", capture_recover},
                                    {NULL, NULL}};

static bool is_verb(const char *word)
{
    for (size_t i = 0; verbs[i].name != NULL; i++) {
        if (strcmp(verbs[i].name, word) == 0) {
            return true;
        }
    }
    return false;
}

bool capture_is_about_sessions(int argc, char **argv)
{
    static const struct {
        const char *name;
        int words;
    } options[] = {{"--json", 1}, {"--socket", 2}, {"--switch", 2}, {"-S", 2}};
    int place = 1;
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        if (place < argc && strcmp(argv[place], options[i].name) == 0) {
            place += options[i].words;
            i = (size_t)-1; /* and once more from the first */
        }
    }
    return place < argc && (is_verb(argv[place]) || strcmp(argv[place], complete_here) == 0);
}

int cmd_capture_sessions(int argc, char **argv)
{
    return command_run("capture", argc, argv, verbs, help);
}
