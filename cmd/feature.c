/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xsw feature: everything that can be configured on a port or on the switch, built in or declared
 * by an extension. Names, types and help come from the daemon: nothing here knows a feature.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/command.h"
#include "cmd/commands.h"
#include "cmd/listing.h"

static const char help[] =
    "usage: xsw feature list [NAME]\n"
    "       xsw feature get [NAME] [port PORT]\n"
    "       xsw feature status [NAME] [port PORT]\n"
    "       xsw feature add NAME [port PORT] [id N] KEY=VALUE…\n"
    "       xsw feature set NAME [port PORT] [id N] KEY=VALUE…\n"
    "       xsw feature remove NAME [port PORT] [id N]\n"
    "\n"
    "list tells which features there are, and with NAME the fields of one: types,\n"
    "ranges, defaults. Those of extensions are called INSTANCE.FEATURE. Without a\n"
    "port, it is about the switch. Features that are lists have entries with ids.\n"
    "set keeps the fields that are not named; remove goes back to the default. A KEY\n"
    "that is given several times makes a list.\n"
    "\n"
    "  -S, --switch NAME  --json  --socket PATH  --help\n"
    "\n"
    "Examples: xsw feature list vlan\n"
    "          xsw feature set vlan port alice mode=trunk allowed=10 allowed=20-30\n"
    "          xsw feature add acl port alice direction=in action=deny protocol=tcp\n"
    "          xsw feature status traffic port alice\n"
    "Exit: 0 done, 1 there is no such feature, port or entry, 2 usage, 3 failed.\n";

/* "10", "true", "a text" or "a, b". */
static void value_format(const json_t *value, char *text, size_t size)
{
    size_t place;
    json_t *element;
    size_t used = 0;
    if (json_is_string(value)) {
        snprintf(text, size, "%s", json_string_value(value));
    } else if (json_is_boolean(value)) {
        snprintf(text, size, "%s", json_is_true(value) ? "true" : "false");
    } else if (json_is_integer(value)) {
        snprintf(text, size, "%lld", (long long)json_integer_value(value));
    } else {
        snprintf(text, size, "%s", json_is_array(value) ? "" : "-");
    }
    json_array_foreach(value, place, element)
    {
        int length = snprintf(text + used, size - used, "%s%s", place > 0 ? ", " : "",
                              json_string_value(element));
        used += length > 0 && (size_t)length < size - used ? (size_t)length : 0;
    }
}

/* Schemas ------------------------------------------------------------------------------------ */

static void features_print(const json_t *features)
{
    static const struct listing_column columns[] = {
        {"FEATURE", false}, {"OF", false}, {"LIST", false}, {"WHAT IT IS", false}};
    struct listing listing;
    size_t place;
    json_t *feature;
    listing_init(&listing, columns, sizeof(columns) / sizeof(columns[0]));
    listing.wraps = true;
    json_array_foreach((json_t *)features, place, feature)
    {
        listing_text(&listing, "%s", reply_text(feature, "name"));
        listing_text(&listing, "%s", reply_text(feature, "scope"));
        listing_text(&listing, "%s", json_is_true(json_object_get(feature, "list")) ? "yes" : "no");
        listing_text(&listing, "%s", reply_text(feature, "help"));
    }
    (void)listing_print(&listing);
    listing_fini(&listing);
}

static void fields_print(const json_t *fields, const char *title)
{
    static const struct listing_column columns[] = {
        {"", false}, {"TYPE", false}, {"RANGE", false}, {"DEFAULT", false}, {"", false}};
    struct listing listing;
    size_t place;
    json_t *field;
    if (json_array_size(fields) == 0) {
        return;
    }
    printf("\n%s:\n", title);
    listing_init(&listing, columns, sizeof(columns) / sizeof(columns[0]));
    json_array_foreach((json_t *)fields, place, field)
    {
        char minimum[24];
        char maximum[24];
        char preset[256];
        bool has_range = json_object_get(field, "minimum") != NULL;
        bool has_end = json_integer_value(json_object_get(field, "maximum")) < UINT32_MAX &&
                       json_is_integer(json_object_get(field, "maximum"));
        value_format(json_object_get(field, "minimum"), minimum, sizeof(minimum));
        value_format(json_object_get(field, "maximum"), maximum, sizeof(maximum));
        value_format(json_object_get(field, "default"), preset, sizeof(preset));
        listing_text(&listing, "%s", reply_text(field, "name"));
        listing_text(&listing, "%s", reply_text(field, "type"));
        if (has_range && has_end) {
            listing_text(&listing, "%s-%s", minimum, maximum);
        } else if (has_range) {
            listing_text(&listing, "%s up", minimum);
        } else {
            listing_text(&listing, "-");
        }
        listing_text(&listing, "%s", preset);
        listing_text(&listing, "%s", reply_text(field, "help"));
    }
    (void)listing_print(&listing);
    listing_fini(&listing);
}

static void schema_print(const json_t *feature)
{
    line_print("name", "%s", reply_text(feature, "name"));
    line_print("what it is", "%s", reply_text(feature, "help"));
    line_print("of", "%s", reply_text(feature, "scope"));
    line_print("owner", "%s", reply_text(feature, "owner"));
    line_print("list", "%s", json_is_true(json_object_get(feature, "list")) ? "yes" : "no");
    fields_print(json_object_get(feature, "fields"), "fields");
    fields_print(json_object_get(feature, "status"), "status");
}

static json_t *schema_find(const json_t *result, const char *name)
{
    size_t place;
    json_t *feature;
    json_array_foreach(json_object_get(result, "features"), place, feature)
    {
        if (strcmp(reply_text(feature, "name"), name) == 0) {
            return feature;
        }
    }
    return NULL;
}

static int feature_list(struct command *command)
{
    json_t *result;
    const char *name = command_word(command);
    if (!command_ends(command)) {
        return EXIT_USAGE;
    }
    int exit_code = command_call(command, "feature.list", NULL, &result);
    if (exit_code != EXIT_DONE) {
        return exit_code;
    }
    json_t *feature = name != NULL ? schema_find(result, name) : NULL;
    if (name == NULL && command->json) {
        return command_print_json(result);
    }
    if (name == NULL) {
        features_print(json_object_get(result, "features"));
    } else if (feature == NULL) {
        fprintf(stderr, "xsw feature: there is no feature \"%s\": see xsw feature list\n", name);
        exit_code = EXIT_FOUND;
    } else if (command->json) {
        exit_code = command_print_json(json_pack("{s:O}", "feature", feature));
    } else {
        schema_print(feature);
    }
    json_decref(result);
    return exit_code;
}

/* Values ------------------------------------------------------------------------------------- */

/* Adds "KEY=VALUE"; a second value of a key makes a list of them. */
static bool value_add(json_t *values, const char *word)
{
    const char *equals = strchr(word, '=');
    char *key = strndup(word, (size_t)(equals - word));
    json_t *value = json_string(equals + 1);
    json_t *old = key != NULL ? json_object_get(values, key) : NULL;
    bool good = key != NULL && value != NULL && equals != word;
    if (good && json_is_array(old)) {
        good = json_array_append(old, value) == 0;
    } else if (good) {
        good = json_object_set_new(values, key,
                                   old != NULL ? json_pack("[O,O]", old, value)
                                               : json_incref(value)) == 0;
    }
    json_decref(value);
    free(key);
    return good;
}

/* The words that are left, as the params of a method; null after an error. */
static json_t *params_read(struct command *command, bool has_values, bool needs_name)
{
    static const struct word_rule words[] = {
        {"port", "port", WORD_TEXT}, {"id", "id", WORD_NUMBER}, {NULL, NULL, WORD_TEXT}};
    json_t *params = json_object();
    json_t *values = json_object();
    const char *first = command_has_word(command) ? command->words[command->next] : NULL;
    bool has_name = first != NULL && strchr(first, '=') == NULL && strcmp(first, "port") != 0;
    bool good = params != NULL && values != NULL;
    if (needs_name || has_name) {
        const char *name = command_need(command, "the name of the feature");
        good =
            good && name != NULL && json_object_set_new(params, "feature", json_string(name)) == 0;
    }
    while (good && command_has_word(command)) {
        const char *word = command->words[command->next];
        if (has_values && strchr(word, '=') != NULL) {
            command->next++;
            good = value_add(values, word);
            if (!good) {
                command_usage(command, "expected KEY=VALUE in UTF-8, found \"%s\"", word);
            }
        } else if (has_values && !command_is_asked(command) && strcmp(word, "port") != 0 &&
                   strcmp(word, "id") != 0) {
            command_usage(command, "expected KEY=VALUE, port PORT or id N, found \"%s\"", word);
            good = false;
        } else {
            good = command_member(command, words, params);
        }
    }
    if (good && has_values) {
        good = json_object_set(params, "values", values) == 0;
    }
    json_decref(values);
    if (good) {
        return params;
    }
    json_decref(params);
    return NULL;
}

/* A text is as long as it is, and may have lines; what could move the cursor is shown as '?'. */
static void text_print(const char *name, const char *text)
{
    printf("  %-18s ", name);
    for (; *text != '\0'; text++) {
        if (*text == '\n') {
            printf("\n%*s", 2 + 18 + 1, "");
        } else {
            putchar((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text);
        }
    }
    putchar('\n');
}

static void entry_print(const json_t *entry, const char *member)
{
    long long id = reply_number(entry, "id");
    const char *name;
    json_t *value;
    if (id != 0) {
        printf("%s %lld\n", reply_text(entry, "feature"), id);
    } else {
        printf("%s\n", reply_text(entry, "feature"));
    }
    json_object_foreach(json_object_get(entry, member), name, value)
    {
        char text[1024];
        value_format(value, text, sizeof(text));
        text_print(name, json_is_string(value) ? json_string_value(value) : text);
    }
    if (json_object_get(entry, "error") != NULL) {
        text_print("failed:", reply_text(entry, "error"));
    }
}

static int entries_show(struct command *command, const char *method, const char *member)
{
    json_t *result;
    size_t place;
    json_t *entry;
    json_t *params = params_read(command, false, false);
    if (params == NULL) {
        return EXIT_USAGE;
    }
    int exit_code = command_call(command, method, params, &result);
    if (exit_code != EXIT_DONE || command->json) {
        return exit_code != EXIT_DONE ? exit_code : command_print_json(result);
    }
    json_array_foreach(json_object_get(result, "entries"), place, entry)
    {
        entry_print(entry, member);
    }
    if (json_array_size(json_object_get(result, "entries")) == 0) {
        puts("nothing is set");
    }
    json_decref(result);
    return EXIT_DONE;
}

static int feature_get(struct command *command)
{
    return entries_show(command, "feature.get", "values");
}

static int feature_status(struct command *command)
{
    return entries_show(command, "feature.status", "status");
}

static int feature_add(struct command *command)
{
    json_t *result;
    json_t *params = params_read(command, true, true);
    if (params == NULL) {
        return EXIT_USAGE;
    }
    int exit_code = command_call(command, "feature.add", params, &result);
    if (exit_code != EXIT_DONE || command->json) {
        return exit_code != EXIT_DONE ? exit_code : command_print_json(result);
    }
    if (reply_number(result, "id") != 0) {
        printf("added, id %lld\n", reply_number(result, "id"));
    } else {
        puts("added");
    }
    json_decref(result);
    return EXIT_DONE;
}

static int feature_set(struct command *command)
{
    json_t *params = params_read(command, true, true);
    return params != NULL ? command_do(command, "feature.set", params, "set") : EXIT_USAGE;
}

static int feature_remove(struct command *command)
{
    json_t *params = params_read(command, false, true);
    return params != NULL ? command_do(command, "feature.remove", params, "removed") : EXIT_USAGE;
}

int cmd_feature(int argc, char **argv)
{
    static const struct verb verbs[] = {{"list", feature_list},
                                        {"get", feature_get},
                                        {"status", feature_status},
                                        {"add", feature_add},
                                        {"set", feature_set},
                                        {"remove", feature_remove},
                                        {NULL, NULL}};
    return command_run("feature", argc, argv, verbs, help);
}
