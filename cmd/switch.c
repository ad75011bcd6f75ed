/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xsw switch: the switches of an xswd.
 */
#include <stdio.h>
#include <string.h>

#include "cmd/command.h"
#include "cmd/commands.h"
#include "cmd/configuration.h"
#include "cmd/listing.h"

static const char help[] =
    "usage: xsw switch list | config\n"
    "       xsw switch show [NAME]\n"
    "       xsw switch add NAME [WORDS…]\n"
    "       xsw switch set NAME WORDS…\n"
    "       xsw switch remove NAME [force]           force: also one that has ports\n"
    "Switches of one xswd share nothing: workers, ports, extensions, addresses and\n"
    "captures are each one's own.\n"
    "\n"
    "  type external|internal|private   private: no external and no internal port;\n"
    "                     internal: no external port\n"
    "  bandwidth none|weight|absolute   how ports may reserve bandwidth\n"
    "  mac-limit N        addresses that are learned, default 8192\n"
    "  mac-ageing SECONDS after which an address is forgotten, default 300; 0: never\n"
    "  workers N          add: threads that move packets, default 1\n"
    "  buffers N          add: packet buffers of a worker\n"
    "  file FILE          add: the rest of the configuration: ports, extensions\n"
    "  observers LIST     what members of group xsw see at most when they capture:\n"
    "                     headers-only,mask-payload,pseudonyms,no-filters, or none\n"
    "  name NEW           set: the switch is called so from now on\n"
    "  -S, --switch NAME  --json  --socket PATH  --help\n"
    "\n"
    "Examples: xsw switch add lab type private mac-limit 1000\n"
    "          xsw --switch lab port add alice\n"
    "Exit: 0 done, 1 there is no such switch, 2 usage, 3 failed.\n";

static int switch_list(struct command *command)
{
    static const struct listing_column columns[] = {
        {"SWITCH", false}, {"TYPE", false}, {"PORTS", true}, {"WORKERS", true}, {"UUID", false}};
    struct listing listing;
    json_t *result;
    size_t place;
    json_t *entry;
    if (!command_ends(command)) {
        return EXIT_USAGE;
    }
    int exit_code = command_call(command, "switch.list", NULL, &result);
    if (exit_code != EXIT_DONE || command->json) {
        return exit_code != EXIT_DONE ? exit_code : command_print_json(result);
    }

    listing_init(&listing, columns, sizeof(columns) / sizeof(columns[0]));
    json_array_foreach(json_object_get(result, "switches"), place, entry)
    {
        listing_text(&listing, "%s", reply_text(entry, "name"));
        listing_text(&listing, "%s", reply_text(entry, "type"));
        listing_count(&listing, reply_number(entry, "ports"));
        listing_count(&listing, reply_number(entry, "workers"));
        listing_text(&listing, "%s", reply_text(entry, "uuid"));
    }
    exit_code = listing_print(&listing);
    listing_fini(&listing);
    json_decref(result);
    return exit_code;
}

/* What the page shows, by three requests, as members of one object; null after an error. */
static json_t *page_fetch(const struct command *command, int *exit_code)
{
    static const char *const methods[] = {"switch.show", "port.list", "extension.list"};
    json_t *page = json_object();
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        json_t *result;
        *exit_code = command_call(command, methods[i], NULL, &result);
        if (*exit_code != EXIT_DONE) {
            json_decref(page);
            return NULL;
        }
        json_object_update(page, result);
        json_decref(result);
    }
    return page;
}

/* "headers-only, no-filters" */
static void observers_print(const json_t *observers)
{
    static const struct {
        const char *member, *word;
    } known[] = {{"headers_only", "headers-only"},
                 {"mask_payload", "mask-payload"},
                 {"pseudonyms", "pseudonyms"},
                 {"filters", "no-filters"}};
    char text[64] = "";
    size_t length = 0;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        const json_t *value = json_object_get(observers, known[i].member);
        bool is_told = i < 3 ? json_is_true(value) : json_is_false(value);
        if (is_told && length < sizeof(text)) {
            length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%s",
                                       length > 0 ? ", " : "", known[i].word);
        }
    }
    line_print("observers", "%s", text);
}

static void head_print(const json_t *page)
{
    char texts[4][COUNT_TEXT_SIZE];
    const json_t *shown = json_object_get(page, "switch");
    const json_t *mac = json_object_get(page, "mac");
    line_print("switch", "%s", reply_text(shown, "name"));
    line_print("type", "%s", reply_text(shown, "type"));
    line_print("uuid", "%s", reply_text(shown, "uuid"));
    line_print("generation", "%s", count_format(reply_number(shown, "generation"), texts[0]));
    line_print("workers", "%s", count_format(reply_number(shown, "workers"), texts[0]));
    line_print("bandwidth", "%s", reply_text(shown, "bandwidth_mode"));
    if (json_object_get(shown, "observers") != NULL) {
        observers_print(json_object_get(shown, "observers"));
    }
    line_print("mac table", "%s of %s addresses, forgotten after %lld s",
               count_format(reply_number(mac, "entries"), texts[0]),
               count_format(reply_number(shown, "mac_limit"), texts[1]),
               reply_number(shown, "mac_ageing_seconds"));
    line_print("", "learned %s, moved %s, aged %s, refused %s",
               count_format(reply_number(mac, "learned"), texts[0]),
               count_format(reply_number(mac, "moved"), texts[1]),
               count_format(reply_number(mac, "aged"), texts[2]),
               count_format(reply_number(mac, "refused"), texts[3]));
}

static int ports_print(const json_t *ports)
{
    static const struct listing_column columns[] = {
        {"PORT", false}, {"KIND", false}, {"ROLE", false}, {"LIFE", false},
        {"LINK", false}, {"IN", true},    {"OUT", true},   {"DROPPED", true}};
    struct listing listing;
    size_t place;
    json_t *port;
    listing_init(&listing, columns, sizeof(columns) / sizeof(columns[0]));
    json_array_foreach(ports, place, port)
    {
        const json_t *counters = json_object_get(port, "counters");
        listing_text(&listing, "%s", reply_text(port, "name"));
        listing_text(&listing, "%s", reply_text(port, "kind"));
        listing_text(&listing, "%s", reply_text(port, "role"));
        listing_text(&listing, "%s", reply_text(port, "life"));
        listing_text(&listing, "%s", reply_text(port, "state"));
        listing_count(&listing, reply_number(counters, "rx_packets"));
        listing_count(&listing, reply_number(counters, "tx_packets"));
        listing_count(&listing,
                      reply_number(counters, "dropped_in") + reply_number(counters, "dropped_out"));
    }
    puts(listing_rows(&listing) > 0 ? "" : "\nno ports");
    int exit_code = listing_rows(&listing) > 0 ? listing_print(&listing) : EXIT_DONE;
    listing_fini(&listing);
    return exit_code;
}

/* By class, and in each in the order in which packets that come in meet them. */
static int extensions_print(const json_t *extensions)
{
    static const struct listing_column columns[] = {
        {"EXTENSION", false}, {"CLASS", false},  {"STATE", false},    {"VERSION", false},
        {"PACKETS", true},    {"DROPPED", true}, {"VIOLATIONS", true}};
    struct listing listing;
    size_t place;
    json_t *extension;
    listing_init(&listing, columns, sizeof(columns) / sizeof(columns[0]));
    json_array_foreach(extensions, place, extension)
    {
        bool is_off = json_is_false(json_object_get(extension, "enabled"));
        listing_text(&listing, "%s", reply_text(extension, "name"));
        listing_text(&listing, "%s", reply_text(extension, "kind"));
        listing_text(&listing, "%s", is_off ? "disabled" : "enabled");
        listing_text(&listing, "%s", reply_text(extension, "version"));
        listing_count(&listing, reply_number(extension, "packets"));
        listing_count(&listing, reply_number(extension, "dropped"));
        listing_count(&listing, reply_number(extension, "violations"));
    }
    puts(listing_rows(&listing) > 0 ? "" : "\nno extensions");
    int exit_code = listing_rows(&listing) > 0 ? listing_print(&listing) : EXIT_DONE;
    listing_fini(&listing);
    return exit_code;
}

static int switch_show(struct command *command)
{
    int exit_code = EXIT_DONE;
    if (command_has_word(command)) {
        command->switch_name = command_need(command, "the name of the switch");
    }
    if (!command_ends(command)) {
        return EXIT_USAGE;
    }
    json_t *page = page_fetch(command, &exit_code);
    if (page == NULL) {
        return exit_code;
    }
    if (command->json) {
        return command_print_json(page);
    }
    head_print(page);
    exit_code = extensions_print(json_object_get(page, "extensions"));
    if (exit_code == EXIT_DONE) {
        exit_code = ports_print(json_object_get(page, "ports"));
    }
    json_decref(page);
    return exit_code;
}

/* {"switch":{…}} with the words, over what the file has, if there is one. */
static json_t *addition_read(const struct command *command, json_t *words)
{
    json_error_t parse_error;
    json_t *file = json_incref(json_object_get(words, "file"));
    json_t *whole = json_object();
    if (file != NULL) {
        json_decref(whole);
        json_object_del(words, "file");
        whole = json_load_file(json_string_value(file), JSON_REJECT_DUPLICATES, &parse_error);
    }
    if (whole == NULL) {
        fprintf(stderr, "xsw %s: %s:%d:%d: %s\n", command->name, json_string_value(file),
                parse_error.line, parse_error.column, parse_error.text);
    } else if (json_is_object(json_object_get(whole, "switch"))) {
        json_object_update(json_object_get(whole, "switch"), words);
    } else {
        json_object_set(whole, "switch", words);
    }
    json_decref(file);
    return whole;
}

/* "observers headers-only,pseudonyms" as the configuration has it. */
static bool observers_take(struct command *command, json_t *words)
{
    static const struct {
        const char *word, *member;
        bool value;
    } known[] = {{"headers-only", "headers_only", true},
                 {"mask-payload", "mask_payload", true},
                 {"pseudonyms", "pseudonyms", true},
                 {"no-filters", "filters", false}};
    json_t *list = json_incref(json_object_get(words, "observers"));
    json_t *object = json_object();
    size_t place;
    json_t *entry;
    bool is_good = true;
    json_array_foreach(list, place, entry)
    {
        const char *word = json_string_value(entry);
        bool found = strcmp(word, "none") == 0 && json_array_size(list) == 1;
        for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
            if (strcmp(word, known[i].word) == 0) {
                json_object_set_new(object, known[i].member, json_boolean(known[i].value));
                found = true;
            }
        }
        if (!found) {
            command_usage(command,
                          "observers %s: expected headers-only, mask-payload, pseudonyms or "
                          "no-filters, with commas between them, or none",
                          word);
            is_good = false;
            break;
        }
    }
    if (list != NULL) {
        json_object_set(words, "observers", object);
    }
    json_decref(object);
    json_decref(list);
    return is_good;
}

static int switch_add(struct command *command)
{
    static const struct word_rule rules[] = {{"type", "type", WORD_TEXT},
                                             {"bandwidth", "bandwidth_mode", WORD_TEXT},
                                             {"mac-limit", "mac_limit", WORD_NUMBER},
                                             {"mac-ageing", "mac_ageing_seconds", WORD_NUMBER},
                                             {"workers", "workers", WORD_NUMBER},
                                             {"buffers", "buffers", WORD_NUMBER},
                                             {"observers", "observers", WORD_LIST},
                                             {"file", "file", WORD_FILE},
                                             {NULL, NULL, WORD_TEXT}};
    char text[100];
    const char *name = command_need(command, "the name of the new one");
    json_t *words = name != NULL ? json_pack("{s:s}", "name", name) : NULL;
    if (words == NULL || !command_members(command, rules, words) ||
        !observers_take(command, words)) {
        json_decref(words);
        return EXIT_USAGE;
    }
    json_t *params = addition_read(command, words);
    json_decref(words);
    if (params == NULL) {
        return EXIT_FAILED;
    }
    snprintf(text, sizeof(text), "switch %s added", name);
    return command_do(command, "switch.add", params, text);
}

static int switch_set(struct command *command)
{
    static const struct word_rule rules[] = {{"name", "name", WORD_TEXT},
                                             {"type", "type", WORD_TEXT},
                                             {"bandwidth", "bandwidth_mode", WORD_TEXT},
                                             {"mac-limit", "mac_limit", WORD_NUMBER},
                                             {"mac-ageing", "mac_ageing_seconds", WORD_NUMBER},
                                             {"observers", "observers", WORD_LIST},
                                             {NULL, NULL, WORD_TEXT}};
    char text[100];
    json_t *set = json_object();
    const char *name = command_need(command, "the name of the switch");
    if (name == NULL || !command_members(command, rules, set) || !observers_take(command, set)) {
        json_decref(set);
        return EXIT_USAGE;
    }
    if (json_object_size(set) == 0) {
        json_decref(set);
        return command_usage(command, "what is to be set is missing");
    }
    snprintf(text, sizeof(text), "switch %s set", name);
    return command_do(command, "switch.set", json_pack("{s:s,s:o}", "name", name, "set", set),
                      text);
}

static int switch_remove(struct command *command)
{
    char text[100];
    const char *name = command_need(command, "the name of the switch");
    bool is_forced = name != NULL && command_accept(command, "force");
    if (name == NULL || !command_ends(command)) {
        return EXIT_USAGE;
    }
    snprintf(text, sizeof(text), "switch %s removed", name);
    return command_do(command, "switch.remove",
                      json_pack("{s:s,s:b}", "name", name, "force", (int)is_forced), text);
}

int cmd_switch(int argc, char **argv)
{
    static const struct verb verbs[] = {
        {"list", switch_list}, {"show", switch_show},     {"add", switch_add},
        {"set", switch_set},   {"remove", switch_remove}, {"config", configuration_show},
        {NULL, NULL}};
    return command_run("switch", argc, argv, verbs, help);
}
