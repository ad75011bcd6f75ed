/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frame of the managing subcommands: from words to a request, from a reply to an exit code.
 */
#include "cmd/command.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cmd/complete.h"
#include "switch/config/config_node.h"

enum { VERBS_MAX = 16 };

int command_usage(const struct command *command, const char *format, ...)
{
    va_list arguments;
    fprintf(stderr, "xsw %s: ", command->name);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\nTry `xsw %s --help`.\n", command->name);
    return EXIT_USAGE;
}

/* Whether the parser stands where a person asks what can come. */
bool command_is_asked(const struct command *command)
{
    return command->completing && command->next == command->count - 1;
}

const char *command_word(struct command *command)
{
    if (command_is_asked(command)) {
        complete_end();
    }
    return command->next < command->count ? command->words[command->next++] : NULL;
}

bool command_has_word(const struct command *command)
{
    return command->next < command->count;
}

bool command_accept(struct command *command, const char *word)
{
    if (command_is_asked(command)) {
        complete_word(word);
        return false;
    }
    if (command->next == command->count || strcmp(command->words[command->next], word) != 0) {
        return false;
    }
    command->next++;
    return true;
}

const char *command_need(struct command *command, const char *what)
{
    if (command_is_asked(command)) {
        complete_names(command, what);
    }
    const char *word = command_word(command);
    if (word == NULL) {
        command_usage(command, "%s is missing", what);
    }
    return word;
}

bool command_ends(struct command *command)
{
    if (command_is_asked(command)) {
        complete_end();
    }
    if (command->next == command->count) {
        return true;
    }
    command_usage(command, "unexpected word \"%s\"", command->words[command->next]);
    return false;
}

/* Takes "--name VALUE" and "--name=VALUE"; *place is moved on. 1: taken; 0: another word; -1: after
 * an error. */
static int option_take(const struct command *command, const char *name, char **argv, int *place,
                       const char **value)
{
    const char *word = argv[*place];
    size_t length = strlen(name);
    if (strncmp(word, name, length) != 0 || (word[length] != '\0' && word[length] != '=')) {
        return 0;
    }
    if (word[length] == '=') {
        *value = word + length + 1;
        return 1;
    }
    if (argv[*place + 1] == NULL) {
        command_usage(command, "%s: its value is missing", name);
        return -1;
    }
    *value = argv[++*place];
    return 1;
}

/* Moves the words that are no options of ours to the front. Returns false after an error. */
static bool options_take(struct command *command, int argc, char **argv)
{
    command->words = argv + 1;
    for (int i = 1; i < argc; i++) {
        char *word = argv[i];
        int taken = 0;
        if (strcmp(word, "--json") == 0) {
            command->json = true;
            continue;
        }
        if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
            command->help = true;
            continue;
        }
        taken = option_take(command, "--socket", argv, &i, &command->socket);
        if (taken == 0) {
            taken = option_take(command, "--switch", argv, &i, &command->switch_name);
        }
        if (taken == 0) {
            taken = option_take(command, "-S", argv, &i, &command->switch_name);
        }
        if (taken < 0) {
            return false;
        }
        if (taken == 0) {
            command->words[command->count++] = word;
        }
    }
    return true;
}

static int verb_unknown(const struct command *command, const struct verb *verbs, const char *word)
{
    const char *names[VERBS_MAX + 1];
    size_t count = 0;
    while (verbs[count].name != NULL && count < VERBS_MAX) {
        names[count] = verbs[count].name;
        count++;
    }
    names[count] = NULL;
    const char *near = config_near(word, names);
    if (near != NULL) {
        return command_usage(command, "unknown word \"%s\": did you mean \"%s\"?", word, near);
    }
    return command_usage(command, "unknown word \"%s\"", word);
}

static void help_print(const struct command *command, const struct verb_help *helps)
{
    const char *text = helps[0].text;
    for (const struct verb_help *help = helps + 1; help->text != NULL; help++) {
        if (command->count > 0 && strcmp(command->words[0], help->verb) == 0) {
            text = help->text;
        }
    }
    fputs(text, stdout);
}

int command_run(const char *name, int argc, char **argv, const struct verb *verbs, const char *help)
{
    const struct verb_help helps[] = {{NULL, help}, {NULL, NULL}};
    return command_run_helped(name, argc, argv, verbs, helps);
}

int command_run_helped(const char *name, int argc, char **argv, const struct verb *verbs,
                       const struct verb_help *helps)
{
    struct command command = {.name = name};
    if (!options_take(&command, argc, argv)) {
        return EXIT_USAGE;
    }
    if (command.help) {
        help_print(&command, helps);
        return EXIT_DONE;
    }
    command.completing =
        command.count > 0 && strcmp(command.words[command.count - 1], complete_here) == 0;
    for (const struct verb *verb = verbs; command_is_asked(&command) && verb->name != NULL;
         verb++) {
        complete_word(verb->name);
    }
    const char *word = command_word(&command);
    if (word == NULL) {
        return verbs[0].function(&command);
    }
    for (const struct verb *verb = verbs; verb->name != NULL; verb++) {
        if (strcmp(verb->name, word) == 0) {
            return verb->function(&command);
        }
    }
    return verb_unknown(&command, verbs, word);
}

/* The daemon's paths begin with "params.", which says nothing to somebody who wrote words. */
static const char *sentence_of(const struct xsw_error *error)
{
    static const char prefix[] = "params.";
    size_t length = sizeof(prefix) - 1;
    return strncmp(error->text, prefix, length) == 0 ? error->text + length : error->text;
}

static int exit_code_of(enum xsw_status status)
{
    if (status == XSW_NOT_FOUND) {
        return EXIT_FOUND;
    }
    return status == XSW_INVALID ? EXIT_USAGE : EXIT_FAILED;
}

int command_failed(const struct command *command, const struct xsw_error *error)
{
    fprintf(stderr, "xsw %s: %s\n", command->name, sentence_of(error));
    return exit_code_of(error->status);
}

int command_connect(const struct command *command, struct client **client)
{
    struct xsw_error error;
    if (command->completing) {
        complete_end(); /* a question changes nothing */
    }
    enum xsw_status status = client_connect(command->socket, client, &error);
    if (status != XSW_OK) {
        fprintf(stderr, "xsw %s: %s\n", command->name, error.text);
        return EXIT_FAILED;
    }
    if (command->switch_name != NULL &&
        client_select(*client, command->switch_name, &error) != XSW_OK) {
        client_close(*client);
        return command_failed(command, &error);
    }
    return EXIT_DONE;
}

int command_call(const struct command *command, const char *method, json_t *params, json_t **result)
{
    struct client *client;
    struct client_reply reply;
    struct xsw_error error;
    int exit_code = command_connect(command, &client);
    if (exit_code != EXIT_DONE) {
        json_decref(params);
        return exit_code;
    }
    enum xsw_status status = client_call(client, method, params, &reply, &error);
    client_close(client);
    if (status != XSW_OK) {
        error.status = status;
        return command_failed(command, &error);
    }
    *result = json_incref(reply.result);
    client_reply_fini(&reply);
    return EXIT_DONE;
}

int command_print_json(json_t *result)
{
    json_t *whole = json_pack("{s:i}", "format", 1);
    int failed = whole == NULL || json_object_update(whole, result) != 0 ||
                 json_dumpf(whole, stdout, JSON_INDENT(2)) != 0;
    json_decref(result);
    json_decref(whole);
    putchar('\n');
    if (failed || fflush(stdout) != 0) {
        fprintf(stderr, "xsw: the output cannot be written: %s\n", strerror(errno));
        return EXIT_FAILED;
    }
    return EXIT_DONE;
}

int command_do(const struct command *command, const char *method, json_t *params, const char *done)
{
    json_t *result;
    int exit_code = command_call(command, method, params, &result);
    if (exit_code != EXIT_DONE) {
        return exit_code;
    }
    if (command->json) {
        return command_print_json(result);
    }
    json_decref(result);
    puts(done);
    return EXIT_DONE;
}

const char *reply_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL ? text : "";
}

long long reply_number(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}
