/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frame of the managing subcommands: from words to a request, from a reply to an exit code.
 */
#include "cmd/command.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "switch/config_node.h"

enum { VERBS_MAX = 16, RULES_MAX = 32 };

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

const char *command_word(struct command *command)
{
    return command->next < command->count ? command->words[command->next++] : NULL;
}

bool command_accept(struct command *command, const char *word)
{
    if (command->next == command->count || strcmp(command->words[command->next], word) != 0) {
        return false;
    }
    command->next++;
    return true;
}

const char *command_need(struct command *command, const char *what)
{
    const char *word = command_word(command);
    if (word == NULL) {
        command_usage(command, "%s is missing", what);
    }
    return word;
}

bool command_ends(struct command *command)
{
    if (command->next == command->count) {
        return true;
    }
    command_usage(command, "unexpected word \"%s\"", command->words[command->next]);
    return false;
}

/* Moves the words that are no options of ours to the front. Returns false after an error. */
static bool options_take(struct command *command, int argc, char **argv)
{
    static const char with_value[] = "--socket=";
    command->words = argv + 1;
    for (int i = 1; i < argc; i++) {
        char *word = argv[i];
        if (strcmp(word, "--json") == 0) {
            command->json = true;
        } else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
            command->help = true;
        } else if (strncmp(word, with_value, sizeof(with_value) - 1) == 0) {
            command->socket = word + sizeof(with_value) - 1;
        } else if (strcmp(word, "--socket") == 0) {
            if (i + 1 == argc) {
                command_usage(command, "--socket: a path is missing");
                return false;
            }
            command->socket = argv[++i];
        } else {
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

int command_run(const char *name, int argc, char **argv, const struct verb *verbs, const char *help)
{
    struct command command = {.name = name};
    if (!options_take(&command, argc, argv)) {
        return EXIT_USAGE;
    }
    if (command.help) {
        fputs(help, stdout);
        return EXIT_DONE;
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

json_t *command_list(const char *text)
{
    json_t *list = json_array();
    while (*text != '\0') {
        size_t length = strcspn(text, ",");
        json_array_append_new(list, json_stringn(text, length));
        text += length + (text[length] == ',' ? 1 : 0);
    }
    return list;
}

char *command_absolute(const char *path)
{
    char folder[4096];
    char *absolute = NULL;
    if (path[0] == '/' || path[0] == '\0' || getcwd(folder, sizeof(folder)) == NULL) {
        return strdup(path);
    }
    if (asprintf(&absolute, "%s/%s", folder, path) < 0) {
        return NULL;
    }
    return absolute;
}

static json_t *number_value(const char *word)
{
    char *end;
    errno = 0;
    long long number = strtoll(word, &end, 10);
    return errno == 0 && end != word && *end == '\0' ? json_integer(number) : NULL;
}

static json_t *file_value(const char *word)
{
    char *path = command_absolute(word);
    json_t *value = path != NULL ? json_string(path) : NULL;
    free(path);
    return value;
}

/* The value as JSON; null when the word is not of the type, `expected` then says what is. */
static json_t *word_value(enum word_type type, const char *word, const char **expected)
{
    switch (type) {
    case WORD_NUMBER:
        *expected = "a number";
        return number_value(word);
    case WORD_ON_OFF:
        *expected = "on or off";
        if (strcmp(word, "on") == 0) {
            return json_true();
        }
        return strcmp(word, "off") == 0 ? json_false() : NULL;
    case WORD_LIST:
        *expected = "texts with commas between them";
        return command_list(word);
    case WORD_FILE:
        *expected = "a path in UTF-8";
        return file_value(word);
    case WORD_TEXT:
        break;
    }
    *expected = "a text in UTF-8";
    return json_string(word);
}

static void member_unknown(const struct command *command, const struct word_rule *rules,
                           const char *word)
{
    const char *names[RULES_MAX + 1];
    size_t count = 0;
    while (rules[count].word != NULL && count < RULES_MAX) {
        names[count] = rules[count].word;
        count++;
    }
    names[count] = NULL;
    const char *near = config_near(word, names);
    if (near != NULL) {
        command_usage(command, "unknown word \"%s\": did you mean \"%s\"?", word, near);
    } else {
        command_usage(command, "unknown word \"%s\"", word);
    }
}

bool command_member(struct command *command, const struct word_rule *rules, json_t *object)
{
    const char *word = command_need(command, "a word");
    const char *expected;
    if (word == NULL) {
        return false;
    }
    const struct word_rule *rule = rules;
    while (rule->word != NULL && strcmp(rule->word, word) != 0) {
        rule++;
    }
    if (rule->word == NULL) {
        member_unknown(command, rules, word);
        return false;
    }
    const char *text = command_word(command);
    if (text == NULL) {
        command_usage(command, "the value of \"%s\" is missing", word);
        return false;
    }
    if (json_object_get(object, rule->member) != NULL) {
        command_usage(command, "\"%s\" is given twice", word);
        return false;
    }
    json_t *value = word_value(rule->type, text, &expected);
    if (value == NULL || json_object_set_new(object, rule->member, value) != 0) {
        command_usage(command, "%s: expected %s, found \"%s\"", word, expected, text);
        return false;
    }
    return true;
}

bool command_members(struct command *command, const struct word_rule *rules, json_t *object)
{
    while (command->next < command->count) {
        if (!command_member(command, rules, object)) {
            return false;
        }
    }
    return true;
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

int command_call(const struct command *command, const char *method, json_t *params, json_t **result)
{
    struct client *client;
    struct client_reply reply;
    struct xsw_error error;
    enum xsw_status status = client_connect(command->socket, &client, &error);
    if (status != XSW_OK) {
        json_decref(params);
        fprintf(stderr, "xsw %s: %s\n", command->name, error.text);
        return EXIT_FAILED;
    }
    status = client_call(client, method, params, &reply, &error);
    client_close(client);
    if (status != XSW_OK) {
        fprintf(stderr, "xsw %s: %s\n", command->name, sentence_of(&error));
        return exit_code_of(status);
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
