/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xsw switch: the switch itself and its configuration.
 */
#include <stdio.h>
#include <string.h>

#include "cmd/command.h"
#include "cmd/commands.h"
#include "cmd/listing.h"

static const char help[] =
    "usage: xsw switch list\n"
    "       xsw switch show\n"
    "       xsw switch config\n"
    "\n"
    "list and show tell what is running; config prints the whole configuration in\n"
    "force, in the form that xswd --config takes.\n"
    "\n"
    "  --json  --socket PATH  --help\n"
    "\n"
    "Examples: xsw switch show\n"
    "          xsw switch config > saved.json\n"
    "Exit: 0 done, 2 usage, 3 failed.\n";

static int switch_list(struct command *command)
{
    static const struct listing_column columns[] = {
        {"SWITCH", false}, {"PORTS", true}, {"WORKERS", true}, {"UUID", false}};
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
        listing_count(&listing, reply_number(entry, "ports"));
        listing_count(&listing, reply_number(entry, "workers"));
        listing_text(&listing, "%s", reply_text(entry, "uuid"));
    }
    exit_code = listing_print(&listing);
    listing_fini(&listing);
    json_decref(result);
    return exit_code;
}

static void count_print(const char *name, const json_t *object, const char *member)
{
    char text[COUNT_TEXT_SIZE];
    line_print(name, "%s", count_format(reply_number(object, member), text));
}

static int switch_show(struct command *command)
{
    json_t *result;
    char texts[4][COUNT_TEXT_SIZE];
    if (!command_ends(command)) {
        return EXIT_USAGE;
    }
    int exit_code = command_call(command, "switch.show", NULL, &result);
    if (exit_code != EXIT_DONE || command->json) {
        return exit_code != EXIT_DONE ? exit_code : command_print_json(result);
    }

    const json_t *shown = json_object_get(result, "switch");
    const json_t *mac = json_object_get(result, "mac");
    line_print("switch", "%s", reply_text(shown, "name"));
    line_print("uuid", "%s", reply_text(shown, "uuid"));
    count_print("generation", shown, "generation");
    count_print("workers", shown, "workers");
    count_print("ports", shown, "ports");
    line_print("mac table", "%s of %s addresses, forgotten after %lld s",
               count_format(reply_number(mac, "entries"), texts[0]),
               count_format(reply_number(shown, "mac_limit"), texts[1]),
               reply_number(shown, "mac_ageing_seconds"));
    line_print("", "learned %s, moved %s, aged %s, refused %s",
               count_format(reply_number(mac, "learned"), texts[0]),
               count_format(reply_number(mac, "moved"), texts[1]),
               count_format(reply_number(mac, "aged"), texts[2]),
               count_format(reply_number(mac, "refused"), texts[3]));
    json_decref(result);
    return EXIT_DONE;
}

/* No "format" member here: the text is a configuration file, and those have none. */
static int switch_config(struct command *command)
{
    json_t *result;
    if (!command_ends(command)) {
        return EXIT_USAGE;
    }
    int exit_code = command_call(command, "config.show", NULL, &result);
    if (exit_code != EXIT_DONE) {
        return exit_code;
    }
    bool failed =
        json_dumpf(json_object_get(result, "configuration"), stdout, JSON_INDENT(2)) != 0 ||
        puts("") < 0 || fflush(stdout) != 0;
    json_decref(result);
    if (failed) {
        fprintf(stderr, "xsw switch: the output cannot be written\n");
    }
    return failed ? EXIT_FAILED : EXIT_DONE;
}

int cmd_switch(int argc, char **argv)
{
    static const struct verb verbs[] = {
        {"list", switch_list}, {"show", switch_show}, {"config", switch_config}, {NULL, NULL}};
    return command_run("switch", argc, argv, verbs, help);
}
