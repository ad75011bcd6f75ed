/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words that become the members of a request: "mtu 9000".
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/command.h"
#include "cmd/complete.h"
#include "switch/config/config_node.h"

enum { RULES_MAX = 32 };

/* A list from "a,b,c". */
static json_t *command_list(const char *text)
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

static void members_complete(const struct word_rule *rules, const json_t *object)
{
    for (const struct word_rule *rule = rules; rule->word != NULL; rule++) {
        if (rule->member == NULL || json_object_get(object, rule->member) == NULL) {
            complete_word(rule->word);
        }
    }
}

static void value_complete(const struct command *command, const struct word_rule *rule)
{
    if (rule->type == WORD_ON_OFF) {
        complete_word("on");
        complete_word("off");
    } else if (rule->type == WORD_FILE) {
        complete_word(complete_files);
    } else if (rule->type == WORD_TEXT) {
        complete_names(command, rule->word);
    }
}

bool command_member(struct command *command, const struct word_rule *rules, json_t *object)
{
    const char *expected;
    if (command_is_asked(command)) {
        members_complete(rules, object);
    }
    const char *word = command_need(command, "a word");
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
    if (command_is_asked(command)) {
        value_complete(command, rule);
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
