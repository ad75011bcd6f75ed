/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xsw stats: every counter of the switch, once or every second.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/capture/capture_sessions.h"
#include "cmd/command.h"
#include "cmd/commands.h"
#include "cmd/listing.h"

static const char help[] =
    "usage: xsw stats [--watch]\n"
    "\n"
    "Shows what each stage of the pipeline took in, gave out and dropped and why,\n"
    "then the ports, the MAC table and the extensions. For every stage\n"
    "    in + made = out + dropped + replaced + held;\n"
    "made are copies, clones and packets of extensions, held are those that wait\n"
    "there now. A stage that does not balance has a line of its own, and a capture\n"
    "that takes more of the switch's time than it may, and so does less.\n"
    "\n"
    "  --watch            again every second, until interrupted\n"
    "  --json  --socket PATH  --help\n"
    "\n"
    "Examples: xsw stats\n"
    "          xsw stats --json | jq '.stages[] | {name, dropped}'\n"
    "Exit: 0 done, 2 usage, 3 failed.\n";

static int stages_print(const json_t *stages)
{
    static const struct listing_column columns[] = {
        {"STAGE", false},  {"IN", true},       {"MADE", true}, {"OUT", true},
        {"DROPPED", true}, {"REPLACED", true}, {"HELD", true}};
    struct listing listing;
    size_t place;
    json_t *stage;
    listing_init(&listing, columns, sizeof(columns) / sizeof(columns[0]));
    json_array_foreach(stages, place, stage)
    {
        listing_text(&listing, "%s", reply_text(stage, "name"));
        listing_count(&listing, reply_number(stage, "in"));
        listing_count(&listing, reply_number(stage, "clones") + reply_number(stage, "injected"));
        listing_count(&listing, reply_number(stage, "out"));
        listing_count(&listing, reply_number(stage, "dropped_packets"));
        listing_count(&listing, reply_number(stage, "consumed"));
        listing_count(&listing, reply_number(stage, "held") - reply_number(stage, "released"));
    }
    int exit_code = listing_print(&listing);
    listing_fini(&listing);
    return exit_code;
}

static int drops_print(const json_t *stages)
{
    static const struct listing_column columns[] = {
        {"DROPPED AT", false}, {"PACKETS", true}, {"REASON", false}};
    struct listing listing;
    size_t place;
    json_t *stage;
    int exit_code = EXIT_DONE;
    listing_init(&listing, columns, sizeof(columns) / sizeof(columns[0]));
    json_array_foreach(stages, place, stage)
    {
        size_t drop_place;
        json_t *drop;
        json_array_foreach(json_object_get(stage, "dropped"), drop_place, drop)
        {
            listing_text(&listing, "%s", reply_text(stage, "name"));
            listing_count(&listing, reply_number(drop, "packets"));
            listing_text(&listing, "%s", reply_text(drop, "name"));
        }
    }
    if (listing_rows(&listing) > 0) {
        puts("");
        exit_code = listing_print(&listing);
    }
    listing_fini(&listing);
    return exit_code;
}

/* Packets may be inside a stage while it is read, so this is a fault only on a quiet switch. */
static void residues_print(const json_t *stages)
{
    size_t place;
    json_t *stage;
    char text[COUNT_TEXT_SIZE];
    json_array_foreach(stages, place, stage)
    {
        if (reply_number(stage, "residue") != 0) {
            printf("\n%s: in + made - out - dropped - replaced - held = %s: look again when the "
                   "switch is quiet\n",
                   reply_text(stage, "name"), count_format(reply_number(stage, "residue"), text));
        }
    }
}

static int ports_print(const json_t *ports)
{
    static const struct listing_column columns[] = {
        {"PORT", false}, {"IN", true},    {"BYTES", true},  {"DROPPED", true},
        {"OUT", true},   {"BYTES", true}, {"DROPPED", true}};
    struct listing listing;
    size_t place;
    json_t *port;
    int exit_code = EXIT_DONE;
    listing_init(&listing, columns, sizeof(columns) / sizeof(columns[0]));
    json_array_foreach(ports, place, port)
    {
        const json_t *counters = json_object_get(port, "counters");
        listing_text(&listing, "%s", reply_text(port, "name"));
        listing_count(&listing, reply_number(counters, "rx_packets"));
        listing_count(&listing, reply_number(counters, "rx_bytes"));
        listing_count(&listing, reply_number(counters, "dropped_in"));
        listing_count(&listing, reply_number(counters, "tx_packets"));
        listing_count(&listing, reply_number(counters, "tx_bytes"));
        listing_count(&listing, reply_number(counters, "dropped_out"));
    }
    if (listing_rows(&listing) > 0) {
        puts("");
        exit_code = listing_print(&listing);
    }
    listing_fini(&listing);
    return exit_code;
}

static int extensions_print(const json_t *extensions)
{
    static const struct listing_column columns[] = {
        {"EXTENSION", false}, {"PACKETS", true}, {"DROPPED", true}, {"SILENT", true}};
    struct listing listing;
    size_t place;
    json_t *extension;
    int exit_code = EXIT_DONE;
    listing_init(&listing, columns, sizeof(columns) / sizeof(columns[0]));
    json_array_foreach(extensions, place, extension)
    {
        listing_text(&listing, "%s", reply_text(extension, "name"));
        listing_count(&listing, reply_number(extension, "packets"));
        listing_count(&listing, reply_number(extension, "dropped"));
        listing_count(&listing, reply_number(extension, "silently_dropped"));
    }
    if (listing_rows(&listing) > 0) {
        puts("");
        exit_code = listing_print(&listing);
    }
    listing_fini(&listing);
    return exit_code;
}

static void macs_print(const json_t *mac)
{
    char texts[5][COUNT_TEXT_SIZE];
    printf("\nMAC table: %s addresses; learned %s, moved %s, aged %s, refused %s\n",
           count_format(reply_number(mac, "entries"), texts[0]),
           count_format(reply_number(mac, "learned"), texts[1]),
           count_format(reply_number(mac, "moved"), texts[2]),
           count_format(reply_number(mac, "aged"), texts[3]),
           count_format(reply_number(mac, "refused"), texts[4]));
}

static void captures_print(const json_t *captures)
{
    size_t place;
    json_t *session;
    size_t worker_place;
    json_t *worker;
    json_array_foreach(captures, place, session)
    {
        json_array_foreach(json_object_get(session, "by_worker"), worker_place, worker)
        {
            if (strcmp(reply_text(worker, "level"), "full") != 0) {
                printf("\ncapture %s: over its budget on worker %lld: %s (xsw capture show %lld)\n",
                       reply_text(session, "name"), reply_number(worker, "worker"),
                       reply_text(worker, "level"), reply_number(session, "session"));
            }
        }
    }
}

static int stats_print(const json_t *result)
{
    const json_t *stages = json_object_get(result, "stages");
    int exit_code = stages_print(stages);
    if (exit_code == EXIT_DONE) {
        exit_code = drops_print(stages);
    }
    residues_print(stages);
    if (exit_code == EXIT_DONE) {
        exit_code = ports_print(json_object_get(result, "ports"));
    }
    if (exit_code == EXIT_DONE) {
        exit_code = extensions_print(json_object_get(result, "extensions"));
    }
    macs_print(json_object_get(result, "mac"));
    captures_print(json_object_get(result, "captures"));
    return exit_code;
}

static int stats_once(const struct command *command)
{
    json_t *result;
    json_t *captures;
    int exit_code = command_call(command, "stats", NULL, &result);
    if (exit_code != EXIT_DONE) {
        return exit_code;
    }
    exit_code = capture_sessions_reduced(command, &captures);
    if (exit_code != EXIT_DONE) {
        json_decref(result);
        return exit_code;
    }
    json_object_set_new(result, "captures", captures);
    if (command->json) {
        return command_print_json(result);
    }
    exit_code = stats_print(result);
    json_decref(result);
    return exit_code;
}

static int stats_watch(const struct command *command)
{
    const char *clear = isatty(STDOUT_FILENO) ? "\033[H\033[2J" : "";
    for (;;) {
        fputs(clear, stdout);
        int exit_code = stats_once(command);
        if (exit_code != EXIT_DONE) {
            return exit_code;
        }
        if (fflush(stdout) != 0) {
            return EXIT_FAILED;
        }
        sleep(1);
        if (*clear == '\0' && !command->json) {
            puts("");
        }
    }
}

static int stats_show(struct command *command)
{
    return command_ends(command) ? stats_once(command) : EXIT_USAGE;
}

static int stats_repeat(struct command *command)
{
    return command_ends(command) ? stats_watch(command) : EXIT_USAGE;
}

int cmd_stats(int argc, char **argv)
{
    static const struct verb verbs[] = {
        {"show", stats_show}, {"--watch", stats_repeat}, {NULL, NULL}};
    return command_run("stats", argc, argv, verbs, help);
}
