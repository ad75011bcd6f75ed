/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_COMMAND_H
#define XSW_CMD_COMMAND_H

/*
 * What the subcommands that talk to xswd share: the options that all have, verbs, words that become
 * the members of a request, and the call itself with its errors for people.
 *
 * Threads: main only.
 */

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "cmd/client.h"
#include "cmd/exit_codes.h"

/* A command line without the options that every command has; words are taken from the front. */
struct command {
    const char *name;        /* "port" */
    const char *socket;      /* null: not given */
    const char *switch_name; /* null: not given */
    bool json;
    bool help;
    bool completing; /* the last word is --complete-here: see cmd/complete.h */
    char **words;
    int count;
    int next;
};

struct verb {
    const char *name;
    int (*function)(struct command *command); /* returns the exit code */
};

/* Reads the options anywhere among the words, then runs the verb that the first word names; none:
 * the first of `verbs` (null terminated). Returns the exit code. */
int command_run(const char *name, int argc, char **argv, const struct verb *verbs,
                const char *help);

/* The same with texts for single verbs: `helps` begins with the one of the command, whose verb is
 * null, and ends with a null text. */
struct verb_help {
    const char *verb;
    const char *text;
};
int command_run_helped(const char *name, int argc, char **argv, const struct verb *verbs,
                       const struct verb_help *helps);

/* The next word, or null. */
const char *command_word(struct command *command);
/* Whether the parser stands where a person asks what can come: see cmd/complete.h. */
bool command_is_asked(const struct command *command);
bool command_has_word(const struct command *command);
/* Takes the next word when it is `word`. */
bool command_accept(struct command *command, const char *word);
/* The next word; when there is none, says that `what` is missing and returns null. */
const char *command_need(struct command *command, const char *what);
/* False, with an error, when there are words left. */
bool command_ends(struct command *command);
/* Prints the error and where to find help; returns EXIT_USAGE. */
int command_usage(const struct command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

enum word_type {
    WORD_TEXT,
    WORD_NUMBER,
    WORD_ON_OFF,
    WORD_LIST, /* commas between texts */
    WORD_FILE  /* a path, made absolute: the daemon stands in another folder */
};

/* "mtu 9000" becomes {"mtu":9000}. */
struct word_rule {
    const char *word; /* null ends a table */
    const char *member;
    enum word_type type;
};

/* Takes one word of the table and its value into `object`. False, with an error, when it cannot. */
bool command_member(struct command *command, const struct word_rule *rules, json_t *object);
/* The same with all words that are left. */
bool command_members(struct command *command, const struct word_rule *rules, json_t *object);
/* `path` from our folder; null when memory is short. To be freed. */
char *command_absolute(const char *path);

/* A connection for several calls. Prints what goes wrong and returns the exit code for it. */
int command_connect(const struct command *command, struct client **client);
/* Prints an error of the daemon and returns the exit code for it. */
int command_failed(const struct command *command, const struct xsw_error *error);
/* Calls a method of xswd; takes `params`. Prints what goes wrong and returns the exit code for it,
 * EXIT_FOUND when the thing that was named is not there. */
int command_call(const struct command *command, const char *method, json_t *params,
                 json_t **result);
/* The same for a reply that holds nothing to show: `done` is printed, or {"format":1} as JSON. */
int command_do(const struct command *command, const char *method, json_t *params, const char *done);
/* Prints {"format":1} with the members of `result`. Takes it. Returns the exit code. */
int command_print_json(json_t *result);

/* Members of a reply with what stands for those that are missing. */
const char *reply_text(const json_t *object, const char *name);
long long reply_number(const json_t *object, const char *name);

#endif
