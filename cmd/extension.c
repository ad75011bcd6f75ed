/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xsw extension: the instances on the switch and their settings.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/command.h"
#include "cmd/commands.h"
#include "cmd/listing.h"

static const char help[] =
    "usage: xsw extension list\n"
    "       xsw extension show NAME\n"
    "       xsw extension add PATH [name NAME] [KEY=VALUE…]\n"
    "       xsw extension set NAME KEY=VALUE…\n"
    "       xsw extension remove NAME\n"
    "\n"
    "PATH is a shared object, or the bare name of an installed extension. A KEY that\n"
    "is given several times makes a list. set keeps the settings that are not named.\n"
    "\n"
    "  --json  --socket PATH  --help\n"
    "\n"
    "Examples: xsw extension add rewrite name voice dscp=46\n"
    "          xsw extension add flowfilter 'rules=10 deny tcp port 23'\n"
    "          xsw extension set voice dscp=34\n"
    "Exit: 0 done, 1 there is no such extension, 2 usage, 3 failed.\n";

static int extension_list(struct command *command)
{
    static const struct listing_column columns[] = {
        {"NAME", false},   {"EXTENSION", false}, {"VERSION", false}, {"KIND", false},
        {"PACKETS", true}, {"DROPPED", true},    {"SILENT", true}};
    struct listing listing;
    json_t *result;
    size_t place;
    json_t *entry;
    if (!command_ends(command)) {
        return EXIT_USAGE;
    }
    int exit_code = command_call(command, "extension.list", NULL, &result);
    if (exit_code != EXIT_DONE || command->json) {
        return exit_code != EXIT_DONE ? exit_code : command_print_json(result);
    }

    listing_init(&listing, columns, sizeof(columns) / sizeof(columns[0]));
    json_array_foreach(json_object_get(result, "extensions"), place, entry)
    {
        listing_text(&listing, "%s", reply_text(entry, "name"));
        listing_text(&listing, "%s", reply_text(entry, "extension"));
        listing_text(&listing, "%s", reply_text(entry, "version"));
        listing_text(&listing, "%s", reply_text(entry, "kind"));
        listing_count(&listing, reply_number(entry, "packets"));
        listing_count(&listing, reply_number(entry, "dropped"));
        listing_count(&listing, reply_number(entry, "silently_dropped"));
    }
    exit_code = listing_rows(&listing) > 0 ? listing_print(&listing) : EXIT_DONE;
    if (listing_rows(&listing) == 0) {
        puts("no extensions");
    }
    listing_fini(&listing);
    json_decref(result);
    return exit_code;
}

static void settings_print(const json_t *settings)
{
    const char *name;
    json_t *value;
    size_t place;
    json_t *element;
    json_object_foreach((json_t *)settings, name, value)
    {
        if (!json_is_array(value)) {
            line_print(name, "%s", json_string_value(value));
        }
        json_array_foreach(value, place, element)
        {
            line_print(place == 0 ? name : "", "%s", json_string_value(element));
        }
    }
}

static void extension_print(const json_t *extension)
{
    char texts[3][COUNT_TEXT_SIZE];
    line_print("name", "%s", reply_text(extension, "name"));
    line_print("extension", "%s %s (%s)", reply_text(extension, "extension"),
               reply_text(extension, "version"), reply_text(extension, "kind"));
    line_print("path", "%s", reply_text(extension, "path"));
    line_print("traffic", "%s packets, %s dropped, %s silently",
               count_format(reply_number(extension, "packets"), texts[0]),
               count_format(reply_number(extension, "dropped"), texts[1]),
               count_format(reply_number(extension, "silently_dropped"), texts[2]));
    puts("\nsettings:");
    settings_print(json_object_get(extension, "settings"));
}

static int extension_show(struct command *command)
{
    json_t *result;
    size_t place;
    json_t *entry;
    json_t *found = NULL;
    const char *name = command_need(command, "the name of the extension");
    if (name == NULL || !command_ends(command)) {
        return EXIT_USAGE;
    }
    int exit_code = command_call(command, "extension.list", NULL, &result);
    if (exit_code != EXIT_DONE) {
        return exit_code;
    }
    json_array_foreach(json_object_get(result, "extensions"), place, entry)
    {
        if (strcmp(reply_text(entry, "name"), name) == 0) {
            found = entry;
        }
    }
    if (found == NULL) {
        fprintf(stderr, "xsw extension: there is no extension \"%s\"\n", name);
        exit_code = EXIT_FOUND;
    } else if (command->json) {
        exit_code = command_print_json(json_pack("{s:O}", "extension", found));
    } else {
        extension_print(found);
    }
    json_decref(result);
    return exit_code;
}

/* Adds "KEY=VALUE"; a second value of a key makes a list of them. */
static bool setting_add(json_t *settings, const char *word)
{
    const char *equals = strchr(word, '=');
    json_t *value = json_string(equals + 1);
    char *key = strndup(word, (size_t)(equals - word));
    bool good = key != NULL && value != NULL;
    json_t *old = good ? json_object_get(settings, key) : NULL;
    if (json_is_array(old)) {
        good = json_array_append(old, value) == 0;
    } else if (old != NULL) {
        good = json_object_set_new(settings, key, json_pack("[O,O]", old, value)) == 0;
    } else if (good) {
        good = json_object_set(settings, key, value) == 0;
    }
    json_decref(value);
    free(key);
    return good;
}

/* The words that are left, as an extension's object; null after an error. */
static json_t *extension_read(struct command *command, json_t *extension)
{
    static const struct word_rule words[] = {{"name", "name", WORD_TEXT}, {NULL, NULL, WORD_TEXT}};
    json_t *settings = json_object();
    bool good = extension != NULL && json_object_set_new(extension, "settings", settings) == 0;
    while (good && command->next < command->count) {
        const char *word = command->words[command->next];
        const char *equals = strchr(word, '=');
        if (equals == NULL) {
            good = command_member(command, words, extension);
            continue;
        }
        command->next++;
        good = equals != word && setting_add(settings, word);
        if (!good) {
            command_usage(command, "expected KEY=VALUE in UTF-8, found \"%s\"", word);
        }
    }
    if (good) {
        return extension;
    }
    json_decref(extension);
    return NULL;
}

/* A path with a slash is made absolute, a bare name is left for the daemon to find. */
static int extension_add(struct command *command)
{
    char text[400];
    const char *path = command_need(command, "the path of the extension");
    if (path == NULL) {
        return EXIT_USAGE;
    }
    char *absolute = strchr(path, '/') != NULL ? command_absolute(path) : strdup(path);
    json_t *extension = absolute != NULL ? json_pack("{s:s}", "path", absolute) : NULL;
    free(absolute);
    if (extension == NULL) {
        return command_usage(command, "expected a path in UTF-8");
    }
    extension = extension_read(command, extension);
    if (extension == NULL) {
        return EXIT_USAGE;
    }
    snprintf(text, sizeof(text), "extension %s added", path);
    return command_do(command, "extension.add", json_pack("{s:o}", "extension", extension), text);
}

static int extension_set(struct command *command)
{
    char text[400];
    const char *name = command_need(command, "the name of the extension");
    json_t *extension = name != NULL ? json_pack("{s:s}", "name", name) : NULL;
    if (extension == NULL) {
        return EXIT_USAGE;
    }
    extension = extension_read(command, extension);
    if (extension == NULL) {
        return EXIT_USAGE;
    }
    snprintf(text, sizeof(text), "extension %s set", name);
    return command_do(command, "extension.set", json_pack("{s:o}", "extension", extension), text);
}

static int extension_remove(struct command *command)
{
    char text[400];
    const char *name = command_need(command, "the name of the extension");
    if (name == NULL || !command_ends(command)) {
        return EXIT_USAGE;
    }
    snprintf(text, sizeof(text), "extension %s removed", name);
    return command_do(command, "extension.remove", json_pack("{s:s}", "name", name), text);
}

int cmd_extension(int argc, char **argv)
{
    static const struct verb verbs[] = {{"list", extension_list},     {"show", extension_show},
                                        {"add", extension_add},       {"set", extension_set},
                                        {"remove", extension_remove}, {NULL, NULL}};
    return command_run("extension", argc, argv, verbs, help);
}
