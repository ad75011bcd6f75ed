/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xsw extension: the instances on the switch and their settings.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/command.h"
#include "cmd/commands.h"
#include "cmd/extension_check.h"
#include "cmd/listing.h"

static const char help[] =
    "usage: xsw extension list | installed | show NAME\n"
    "       xsw extension add PATH [name NAME] [disabled] [KEY=VALUE…]\n"
    "       xsw extension set NAME KEY=VALUE…\n"
    "       xsw extension enable NAME | disable NAME | remove NAME\n"
    "       xsw extension move NAME top|bottom|before OTHER|after OTHER\n"
    "       xsw extension upgrade NAME [PATH]\n"
    "       xsw extension check FILE [KEY=VALUE…]\n"
    "\n"
    "PATH is a shared object, or the bare name of an installed extension. A KEY that\n"
    "is given several times makes a list. set keeps the settings that are not named.\n"
    "A disabled extension keeps its settings and its place, and no state. The list\n"
    "goes by class; the first of a class sees packets first on their way in and last\n"
    "on their way out. upgrade loads the file again, or another one, and hands over\n"
    "settings and state; the old one goes on when the new one cannot take over.\n"
    "\n"
    "  -S, --switch NAME  --json  --socket PATH  --help\n"
    "\n"
    "Examples: xsw extension add rewrite name voice dscp=46\n"
    "          xsw extension add flowfilter 'rules=10 deny tcp port 23'\n"
    "          xsw extension move voice after flowfilter\n"
    "Exit: 0 done, 1 there is no such extension, 2 usage, 3 failed.\n";

static const char *enabled_text(const json_t *extension)
{
    return json_is_false(json_object_get(extension, "enabled")) ? "no" : "yes";
}

static int extension_list(struct command *command)
{
    static const struct listing_column columns[] = {
        {"NAME", false},   {"EXTENSION", false}, {"KIND", false},   {"ON", false},
        {"PACKETS", true}, {"DROPPED", true},    {"VIOLATED", true}};
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
        listing_text(&listing, "%s", reply_text(entry, "kind"));
        listing_text(&listing, "%s", enabled_text(entry));
        listing_count(&listing, reply_number(entry, "packets"));
        listing_count(&listing, reply_number(entry, "dropped"));
        listing_count(&listing, reply_number(entry, "violations"));
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

/* The rules of the data path that it broke. */
static void violations_print(const json_t *violated)
{
    char text[COUNT_TEXT_SIZE];
    const char *name;
    json_t *count;
    const char *title = "violated";
    json_object_foreach((json_t *)violated, name, count)
    {
        line_print(title, "%s, %s times", name, count_format(json_integer_value(count), text));
        title = "";
    }
}

static void extension_print(const json_t *extension)
{
    char texts[3][COUNT_TEXT_SIZE];
    line_print("name", "%s", reply_text(extension, "name"));
    line_print("extension", "%s %s (%s)", reply_text(extension, "extension"),
               reply_text(extension, "version"), reply_text(extension, "kind"));
    line_print("path", "%s", reply_text(extension, "path"));
    line_print("enabled", "%s", enabled_text(extension));
    line_print("traffic", "%s packets, %s dropped, %s silently",
               count_format(reply_number(extension, "packets"), texts[0]),
               count_format(reply_number(extension, "dropped"), texts[1]),
               count_format(reply_number(extension, "silently_dropped"), texts[2]));
    violations_print(json_object_get(extension, "violated"));
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
        if (command_accept(command, "disabled")) {
            good = json_object_set_new(extension, "enabled", json_false()) == 0;
            continue;
        }
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
    const char *path = command_need(command, "the path or the installed name");
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

/* A verb that takes the name of an instance and nothing else. */
static int name_do(struct command *command, const char *method, const char *done)
{
    char text[400];
    const char *name = command_need(command, "the name of the extension");
    if (name == NULL || !command_ends(command)) {
        return EXIT_USAGE;
    }
    snprintf(text, sizeof(text), "extension %s %s", name, done);
    return command_do(command, method, json_pack("{s:s}", "name", name), text);
}

static int extension_remove(struct command *command)
{
    return name_do(command, "extension.remove", "removed");
}

static int extension_enable(struct command *command)
{
    return name_do(command, "extension.enable", "enabled");
}

static int extension_disable(struct command *command)
{
    return name_do(command, "extension.disable", "disabled");
}

static int extension_move(struct command *command)
{
    char text[400];
    const char *name = command_need(command, "the name of the extension");
    const char *place = name != NULL ? command_need(command, "top, bottom, before or after") : NULL;
    const char *other = NULL;
    if (place == NULL) {
        return EXIT_USAGE;
    }
    if (strcmp(place, "before") == 0 || strcmp(place, "after") == 0) {
        other = command_need(command, "the name of another extension");
        if (other == NULL) {
            return EXIT_USAGE;
        }
    } else if (strcmp(place, "top") != 0 && strcmp(place, "bottom") != 0) {
        return command_usage(command, "expected top, bottom, before or after, found \"%s\"", place);
    }
    if (!command_ends(command)) {
        return EXIT_USAGE;
    }
    json_t *params = json_pack("{s:s,s:s,s:s*}", "name", name, "place", place, "other", other);
    snprintf(text, sizeof(text), "extension %s moved", name);
    return command_do(command, "extension.move", params, text);
}

static int extension_upgrade(struct command *command)
{
    const char *name = command_need(command, "the name of the extension");
    const char *path = name != NULL ? command_word(command) : NULL;
    if (name == NULL || !command_ends(command)) {
        return EXIT_USAGE;
    }
    char *absolute = path != NULL && strchr(path, '/') != NULL ? command_absolute(path) : NULL;
    json_t *params =
        json_pack("{s:s,s:s*}", "name", name, "path", absolute != NULL ? absolute : path);
    json_t *result;
    free(absolute);
    int exit_code = command_call(command, "extension.upgrade", params, &result);
    if (exit_code != EXIT_DONE || command->json) {
        return exit_code != EXIT_DONE ? exit_code : command_print_json(result);
    }
    printf("extension %s upgraded to version %s\n", name,
           reply_text(json_object_get(result, "extension"), "version"));
    json_decref(result);
    return EXIT_DONE;
}

static int extension_installed(struct command *command)
{
    static const struct listing_column columns[] = {
        {"EXTENSION", false}, {"VERSION", false}, {"KIND", false}, {"WHAT IT IS", false}};
    struct listing listing;
    json_t *result;
    size_t place;
    json_t *entry;
    if (!command_ends(command)) {
        return EXIT_USAGE;
    }
    int exit_code = command_call(command, "extension.installed", NULL, &result);
    if (exit_code != EXIT_DONE || command->json) {
        return exit_code != EXIT_DONE ? exit_code : command_print_json(result);
    }
    listing_init(&listing, columns, sizeof(columns) / sizeof(columns[0]));
    listing.wraps = true;
    json_array_foreach(json_object_get(result, "extensions"), place, entry)
    {
        listing_text(&listing, "%s", reply_text(entry, "extension"));
        listing_text(&listing, "%s", reply_text(entry, "version"));
        listing_text(&listing, "%s", reply_text(entry, "kind"));
        listing_text(&listing, "%s", reply_text(entry, "description"));
    }
    exit_code = listing_print(&listing);
    listing_fini(&listing);
    json_decref(result);
    return exit_code;
}

int cmd_extension(int argc, char **argv)
{
    static const struct verb verbs[] = {{"list", extension_list},
                                        {"show", extension_show},
                                        {"installed", extension_installed},
                                        {"add", extension_add},
                                        {"set", extension_set},
                                        {"enable", extension_enable},
                                        {"disable", extension_disable},
                                        {"move", extension_move},
                                        {"upgrade", extension_upgrade},
                                        {"remove", extension_remove},
                                        {"check", extension_check},
                                        {NULL, NULL}};
    const struct verb_help helps[] = {{NULL, help}, {"check", extension_check_help}, {NULL, NULL}};
    return command_run_helped("extension", argc, argv, verbs, helps);
}
