/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xsw mac: the learned addresses.
 */
#include <stdio.h>

#include "cmd/command.h"
#include "cmd/commands.h"
#include "cmd/listing.h"

static const char help[] =
    "usage: xsw mac list [port NAME] [limit N]\n"
    "       xsw mac flush [port NAME]\n"
    "\n"
    "list shows the addresses that the switch has learned, with the seconds since\n"
    "each was last seen; flush forgets all of them, or those of one port.\n"
    "\n"
    "  --json  --socket PATH  --help\n"
    "\n"
    "Examples: xsw mac list port alice\n"
    "          xsw mac flush\n"
    "Exit: 0 done, 1 there is no such port, 2 usage, 3 failed.\n";

static const struct word_rule list_words[] = {
    {"port", "port", WORD_TEXT}, {"limit", "limit", WORD_NUMBER}, {NULL, NULL, WORD_TEXT}};

/* The words that are left, as params; null after an error. */
static json_t *params_read(struct command *command, const struct word_rule *rules)
{
    json_t *params = json_object();
    if (command_members(command, rules, params)) {
        return params;
    }
    json_decref(params);
    return NULL;
}

static int mac_list(struct command *command)
{
    static const struct listing_column columns[] = {
        {"MAC", false}, {"VLAN", true}, {"SECONDS", true}, {"PORT", false}};
    struct listing listing;
    json_t *result;
    size_t place;
    json_t *entry;
    json_t *params = params_read(command, list_words);
    if (params == NULL) {
        return EXIT_USAGE;
    }
    int exit_code = command_call(command, "mac.list", params, &result);
    if (exit_code != EXIT_DONE || command->json) {
        return exit_code != EXIT_DONE ? exit_code : command_print_json(result);
    }

    listing_init(&listing, columns, sizeof(columns) / sizeof(columns[0]));
    json_array_foreach(json_object_get(result, "entries"), place, entry)
    {
        listing_text(&listing, "%s", reply_text(entry, "mac"));
        listing_text(&listing, "%lld", reply_number(entry, "vlan"));
        listing_count(&listing, reply_number(entry, "age_seconds"));
        listing_text(&listing, "%s", reply_text(entry, "port"));
    }
    exit_code = listing_rows(&listing) > 0 ? listing_print(&listing) : EXIT_DONE;
    if (listing_rows(&listing) == 0) {
        puts("no addresses");
    }
    listing_fini(&listing);
    json_decref(result);
    return exit_code;
}

static int mac_flush(struct command *command)
{
    json_t *params = params_read(command, list_words);
    if (params == NULL) {
        return EXIT_USAGE;
    }
    return command_do(command, "mac.flush", params, "addresses forgotten");
}

int cmd_mac(int argc, char **argv)
{
    static const struct verb verbs[] = {{"list", mac_list}, {"flush", mac_flush}, {NULL, NULL}};
    return command_run("mac", argc, argv, verbs, help);
}
