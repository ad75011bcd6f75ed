/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xsw port: list, show, add, set, remove.
 */
#include <stdio.h>
#include <string.h>

#include "cmd/command.h"
#include "cmd/commands.h"
#include "cmd/listing.h"

static const char help[] =
    "usage: xsw port list\n"
    "       xsw port show NAME\n"
    "       xsw port add NAME [kind tap|file|memory] [WORDS…]\n"
    "       xsw port set NAME WORDS…\n"
    "       xsw port remove NAME\n"
    "\n"
    "  mtu N              bytes behind the Ethernet header, default 1500\n"
    "  vlan access ID     untagged frames belong to VLAN ID, tagged ones are refused\n"
    "  vlan trunk [native ID] allowed LIST\n"
    "                     tagged frames of LIST, untagged ones belong to native\n"
    "  guard on|off       only the addresses of macs may be the source\n"
    "  macs A,B…          those addresses\n"
    "  mirror PORT        copies of all traffic of this port go to PORT; \"\" for none\n"
    "  device NAME        tap: the interface, default the port's name\n"
    "  input FILE         file: the recording that is played\n"
    "  output FILE        file: the recording that is written\n"
    "  timing on|off      file: play with the recorded gaps\n"
    "\n"
    "  --json  --socket PATH  --help\n"
    "\n"
    "Examples: xsw port add alice kind tap vlan access 10\n"
    "          xsw port set uplink vlan trunk native 1 allowed 10,20-30\n"
    "          xsw port set alice guard on macs 02:00:00:00:00:01\n"
    "Exit: 0 done, 1 there is no such port, 2 usage, 3 failed.\n";

static const struct word_rule port_words[] = {{"kind", "kind", WORD_TEXT},
                                              {"device", "device", WORD_TEXT},
                                              {"input", "input", WORD_FILE},
                                              {"output", "output", WORD_FILE},
                                              {"timing", "timing", WORD_ON_OFF},
                                              {"mtu", "mtu", WORD_NUMBER},
                                              {"guard", "spoof_guard", WORD_ON_OFF},
                                              {"macs", "macs", WORD_LIST},
                                              {"mirror", "mirror_to", WORD_TEXT},
                                              {"vlan", NULL, WORD_TEXT},
                                              {NULL, NULL, WORD_TEXT}};

enum { VLAN_TEXT_SIZE = 40 };

/* "10", or "trunk 1: 10,20-30", cut when the list is long. */
static void vlan_format(const json_t *port, char text[VLAN_TEXT_SIZE])
{
    const json_t *vlan = json_object_get(port, "vlan");
    const json_t *allowed = json_object_get(vlan, "allowed");
    if (strcmp(reply_text(vlan, "mode"), "trunk") != 0) {
        snprintf(text, VLAN_TEXT_SIZE, "%lld", reply_number(vlan, "access"));
        return;
    }
    char native[24] = "-";
    if (reply_number(vlan, "native") != 0) {
        snprintf(native, sizeof(native), "%lld", reply_number(vlan, "native"));
    }
    int length = snprintf(text, VLAN_TEXT_SIZE, "trunk %s:", native);
    for (size_t i = 0; i < json_array_size(allowed); i++) {
        const json_t *element = json_array_get(allowed, i);
        char one[16];
        if (json_is_integer(element)) {
            snprintf(one, sizeof(one), "%lld", (long long)json_integer_value(element));
        } else {
            snprintf(one, sizeof(one), "%s", json_string_value(element));
        }
        if (length + (int)strlen(one) + 8 > VLAN_TEXT_SIZE) {
            snprintf(text + length, (size_t)(VLAN_TEXT_SIZE - length), ",…");
            return;
        }
        length += snprintf(text + length, (size_t)(VLAN_TEXT_SIZE - length), "%s%s",
                           i > 0 ? "," : " ", one);
    }
}

static int port_list(struct command *command)
{
    static const struct listing_column columns[] = {
        {"ID", true},    {"PORT", false}, {"KIND", false}, {"STATE", false},
        {"VLAN", false}, {"IN", true},    {"OUT", true},   {"DROPPED", true}};
    struct listing listing;
    json_t *result;
    size_t place;
    json_t *port;
    if (!command_ends(command)) {
        return EXIT_USAGE;
    }
    int exit_code = command_call(command, "port.list", NULL, &result);
    if (exit_code != EXIT_DONE || command->json) {
        return exit_code != EXIT_DONE ? exit_code : command_print_json(result);
    }

    listing_init(&listing, columns, sizeof(columns) / sizeof(columns[0]));
    json_array_foreach(json_object_get(result, "ports"), place, port)
    {
        const json_t *counters = json_object_get(port, "counters");
        char vlan[VLAN_TEXT_SIZE];
        vlan_format(port, vlan);
        listing_count(&listing, reply_number(port, "id"));
        listing_text(&listing, "%s", reply_text(port, "name"));
        listing_text(&listing, "%s", reply_text(port, "kind"));
        listing_text(&listing, "%s", reply_text(port, "state"));
        listing_text(&listing, "%s", vlan);
        listing_count(&listing, reply_number(counters, "rx_packets"));
        listing_count(&listing, reply_number(counters, "tx_packets"));
        listing_count(&listing,
                      reply_number(counters, "dropped_in") + reply_number(counters, "dropped_out"));
    }
    exit_code = listing_print(&listing);
    listing_fini(&listing);
    json_decref(result);
    return exit_code;
}

static void macs_print(const json_t *port)
{
    size_t place;
    json_t *mac;
    line_print("guard", "%s", json_is_true(json_object_get(port, "spoof_guard")) ? "on" : "off");
    json_array_foreach(json_object_get(port, "macs"), place, mac)
    {
        line_print(place == 0 ? "macs" : "", "%s", json_string_value(mac));
    }
}

static void line_if_there(const char *name, const char *text)
{
    if (text[0] != '\0') {
        line_print(name, "%s", text);
    }
}

static void traffic_print(const char *name, const json_t *counters, const char *packets,
                          const char *bytes, const char *dropped)
{
    char texts[3][COUNT_TEXT_SIZE];
    line_print(name, "%s packets, %s bytes, %s dropped",
               count_format(reply_number(counters, packets), texts[0]),
               count_format(reply_number(counters, bytes), texts[1]),
               count_format(reply_number(counters, dropped), texts[2]));
}

static void port_print(const json_t *port)
{
    const json_t *counters = json_object_get(port, "counters");
    char vlan[VLAN_TEXT_SIZE];
    vlan_format(port, vlan);
    line_print("port", "%s (%lld)", reply_text(port, "name"), reply_number(port, "id"));
    line_print("kind", "%s", reply_text(port, "kind"));
    line_if_there("device", reply_text(port, "device"));
    line_if_there("input", reply_text(port, "input"));
    line_if_there("output", reply_text(port, "output"));
    line_print("state", "%s", reply_text(port, "state"));
    line_print("queues", "%lld", reply_number(port, "queues"));
    line_print("mtu", "%lld", reply_number(port, "mtu"));
    line_print("vlan", "%s", vlan);
    macs_print(port);
    line_if_there("mirror", reply_text(port, "mirror_to"));
    traffic_print("in", counters, "rx_packets", "rx_bytes", "dropped_in");
    traffic_print("out", counters, "tx_packets", "tx_bytes", "dropped_out");
}

static int port_show(struct command *command)
{
    json_t *result;
    const char *name = command_need(command, "the name of the port");
    if (name == NULL || !command_ends(command)) {
        return EXIT_USAGE;
    }
    int exit_code = command_call(command, "port.show", json_pack("{s:s}", "name", name), &result);
    if (exit_code != EXIT_DONE || command->json) {
        return exit_code != EXIT_DONE ? exit_code : command_print_json(result);
    }
    port_print(json_object_get(result, "port"));
    json_decref(result);
    return EXIT_DONE;
}

/* The words behind "vlan". */
static json_t *vlan_read(struct command *command)
{
    static const struct word_rule access_words[] = {{"access", "access", WORD_NUMBER},
                                                    {NULL, NULL, WORD_TEXT}};
    static const struct word_rule trunk_words[] = {{"native", "native", WORD_NUMBER},
                                                   {"allowed", "allowed", WORD_LIST},
                                                   {NULL, NULL, WORD_TEXT}};
    bool trunk = command_accept(command, "trunk");
    json_t *vlan = json_pack("{s:s}", "mode", trunk ? "trunk" : "access");
    bool good = trunk || command_member(command, access_words, vlan);
    while (good && trunk && command->next < command->count &&
           (strcmp(command->words[command->next], "native") == 0 ||
            strcmp(command->words[command->next], "allowed") == 0)) {
        good = command_member(command, trunk_words, vlan);
    }
    if (good) {
        return vlan;
    }
    json_decref(vlan);
    return NULL;
}

/* Takes the name and all words behind it; null after an error. */
static json_t *port_read(struct command *command)
{
    const char *name = command_need(command, "the name of the port");
    json_t *port = name != NULL ? json_pack("{s:s}", "name", name) : NULL;
    while (port != NULL && command->next < command->count) {
        bool good;
        if (command_accept(command, "vlan")) {
            json_t *vlan = vlan_read(command);
            good = vlan != NULL && json_object_set_new(port, "vlan", vlan) == 0;
        } else {
            good = command_member(command, port_words, port);
        }
        if (!good) {
            json_decref(port);
            return NULL;
        }
    }
    return port;
}

static int port_change(struct command *command, const char *method, const char *done)
{
    char text[100];
    json_t *port = port_read(command);
    if (port == NULL) {
        return EXIT_USAGE;
    }
    snprintf(text, sizeof(text), "port %s %s", reply_text(port, "name"), done);
    return command_do(command, method, json_pack("{s:o}", "port", port), text);
}

static int port_add(struct command *command)
{
    return port_change(command, "port.add", "added");
}

static int port_set(struct command *command)
{
    return port_change(command, "port.set", "set");
}

static int port_remove(struct command *command)
{
    char text[100];
    const char *name = command_need(command, "the name of the port");
    if (name == NULL || !command_ends(command)) {
        return EXIT_USAGE;
    }
    snprintf(text, sizeof(text), "port %s removed", name);
    return command_do(command, "port.remove", json_pack("{s:s}", "name", name), text);
}

int cmd_port(int argc, char **argv)
{
    static const struct verb verbs[] = {{"list", port_list},     {"show", port_show},
                                        {"add", port_add},       {"set", port_set},
                                        {"remove", port_remove}, {NULL, NULL}};
    return command_run("port", argc, argv, verbs, help);
}
