/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xsw port: list, show, add, set, remove.
 */
#include <stdio.h>
#include <string.h>

#include "cmd/command.h"
#include "cmd/commands.h"
#include "cmd/listing.h"
#include "cmd/port/port.h"
#include "cmd/port/port_details.h"
#include "cmd/port/port_migrate.h"

static const char help[] =
    "usage: xsw port list | show NAME | remove NAME | save NAME | restore FILE\n"
    "       xsw port add NAME [kind tap|packet|xdp|file|memory|none] [WORDS…]\n"
    "       xsw port set NAME WORDS… | validate NAME [WORDS…] | validate file FILE\n"
    "       xsw port migrate NAME --to SOCKET      (xsw port migrate --help)\n"
    "  mtu N   role generic|external|internal   friendly TEXT\n"
    "  device NAME        of tap, packet and xdp: the interface, default port's name\n"
    "  input FILE   output FILE   timing on|off     of file: played, written, paced\n"
    "  vlan access ID  |  vlan trunk [native ID] allowed LIST\n"
    "  vlan private isolated|community primary ID secondary ID\n"
    "  vlan private promiscuous primary ID secondaries LIST\n"
    "  guard on|off       only the addresses of macs may be the source: macs A,B…\n"
    "  dhcp-guard on|off  router-guard on|off   it may be no DHCP server, no router\n"
    "  priority keep|reset                          the priority of its tags\n"
    "  storm [broadcast N] [multicast N] [unknown N]      a second; 0 for no limit\n"
    "  bandwidth [limit BIT/S] [burst BYTES] [weight N] [reservation BIT/S]\n"
    "            [capacity BIT/S]                   0 for none\n"
    "  mirror PORT   mirror-direction both|in|out   copies go there; \"\" for none\n"
    "  requires A,B…      extensions without which it carries nothing; \"\" for none\n"
    "  -S, --switch NAME  --json  --socket PATH  --help\n"
    "\n"
    "Examples: xsw port add alice vlan access 10 dhcp-guard on storm broadcast 100\n"
    "          xsw port set uplink vlan trunk native 1 allowed 10,20-30\n"
    "Exit: 0 done, 1 there is no such port, 2 usage, 3 failed. See xsw-ports(7).\n";

static const struct word_rule port_words[] = {{"kind", "kind", WORD_TEXT},
                                              {"role", "role", WORD_TEXT},
                                              {"friendly", "friendly_name", WORD_TEXT},
                                              {"device", "device", WORD_TEXT},
                                              {"input", "input", WORD_FILE},
                                              {"output", "output", WORD_FILE},
                                              {"timing", "timing", WORD_ON_OFF},
                                              {"mtu", "mtu", WORD_NUMBER},
                                              {"guard", "spoof_guard", WORD_ON_OFF},
                                              {"macs", "macs", WORD_LIST},
                                              {"dhcp-guard", "dhcp_guard", WORD_ON_OFF},
                                              {"router-guard", "router_guard", WORD_ON_OFF},
                                              {"priority", "priority_tag", WORD_TEXT},
                                              {"mirror", "mirror_to", WORD_TEXT},
                                              {"mirror-direction", "mirror_direction", WORD_TEXT},
                                              {"requires", "required_extensions", WORD_LIST},
                                              {"vlan", NULL, WORD_TEXT},
                                              {"storm", NULL, WORD_TEXT},
                                              {"bandwidth", NULL, WORD_TEXT},
                                              {NULL, NULL, WORD_TEXT}};
static const struct word_rule storm_words[] = {{"broadcast", "broadcast", WORD_NUMBER},
                                               {"multicast", "multicast", WORD_NUMBER},
                                               {"unknown", "unknown_unicast", WORD_NUMBER},
                                               {NULL, NULL, WORD_TEXT}};
static const struct word_rule queue_words[] = {{"packets", "packets", WORD_NUMBER},
                                               {"bytes", "bytes", WORD_NUMBER},
                                               {"dropped", "dropped", WORD_NUMBER},
                                               {NULL, NULL, WORD_TEXT}};
static const struct word_rule bandwidth_words[] = {
    {"limit", "limit", WORD_NUMBER},       {"burst", "burst", WORD_NUMBER},
    {"weight", "weight", WORD_NUMBER},     {"reservation", "reservation", WORD_NUMBER},
    {"capacity", "capacity", WORD_NUMBER}, {NULL, NULL, WORD_TEXT}};

enum { VLAN_TEXT_SIZE = 40, VLAN_CELL_SIZE = 22 };

/* Appends "10,20-30" behind `length` bytes of text, cut when the list is long. */
static void vlans_append(const json_t *list, char *text, int length, int size)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *element = json_array_get(list, i);
        char one[16];
        if (json_is_integer(element)) {
            snprintf(one, sizeof(one), "%lld", (long long)json_integer_value(element));
        } else {
            snprintf(one, sizeof(one), "%s", json_string_value(element));
        }
        if (length + (int)strlen(one) + 6 > size) {
            snprintf(text + length, (size_t)(size - length), i > 0 ? ",…" : " …");
            return;
        }
        length += snprintf(text + length, (size_t)(size - length), "%s%s", i > 0 ? "," : " ", one);
    }
}

/* "10", "trunk 1: 10,20-30", "isolated 100/101" or "promiscuous 100: 101". */
static void vlan_format(const json_t *port, char *text, int size)
{
    const json_t *vlan = json_object_get(port, "vlan");
    const char *mode = reply_text(vlan, "mode");
    int length = 0;
    if (strcmp(mode, "trunk") == 0) {
        char native[24] = "-";
        if (reply_number(vlan, "native") != 0) {
            snprintf(native, sizeof(native), "%lld", reply_number(vlan, "native"));
        }
        length = snprintf(text, (size_t)size, "trunk %s:", native);
        vlans_append(json_object_get(vlan, "allowed"), text, length, size);
    } else if (json_object_get(vlan, "secondaries") != NULL) {
        length = snprintf(text, (size_t)size, "promiscuous %lld:", reply_number(vlan, "primary"));
        vlans_append(json_object_get(vlan, "secondaries"), text, length, size);
    } else if (strcmp(mode, "private") == 0) {
        snprintf(text, (size_t)size, "%s %lld/%lld", reply_text(vlan, "type"),
                 reply_number(vlan, "primary"), reply_number(vlan, "secondary"));
    } else {
        snprintf(text, (size_t)size, "%lld", reply_number(vlan, "access"));
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
        char vlan[VLAN_CELL_SIZE];
        vlan_format(port, vlan, sizeof(vlan));
        listing_count(&listing, reply_number(port, "id"));
        listing_text(&listing, "%s", reply_text(port, "name"));
        listing_text(&listing, "%s", reply_text(port, "kind"));
        listing_text(&listing, "%s", port_state_text(port));
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

static const char *on_off(const json_t *port, const char *name)
{
    return json_is_true(json_object_get(port, name)) ? "on" : "off";
}

/* One line of those numbers of an object that are set, under the words that set them. */
static void numbers_print(const char *name, const json_t *object, const struct word_rule *rules)
{
    char text[160] = "";
    int length = 0;
    for (; rules->word != NULL; rules++) {
        char number[COUNT_TEXT_SIZE];
        if (reply_number(object, rules->member) != 0 && length < (int)sizeof(text)) {
            length += snprintf(text + length, sizeof(text) - (size_t)length, "%s%s %s",
                               length > 0 ? ", " : "", rules->word,
                               count_format(reply_number(object, rules->member), number));
        }
    }
    line_if_there(name, text);
}

static void policies_print(const json_t *port)
{
    size_t place;
    json_t *name;
    macs_print(port);
    line_print("dhcp guard", "%s", on_off(port, "dhcp_guard"));
    line_print("router guard", "%s", on_off(port, "router_guard"));
    line_print("priority", "%s", reply_text(port, "priority_tag"));
    numbers_print("storm", json_object_get(port, "storm_limit"), storm_words);
    numbers_print("bandwidth", json_object_get(port, "bandwidth"), bandwidth_words);
    numbers_print("limit queue", json_object_get(port, "limit_queue"), queue_words);
    numbers_print("capacity queue", json_object_get(port, "capacity_queue"), queue_words);
    if (reply_text(port, "mirror_to")[0] != '\0') {
        line_print("mirror", "%s, %s", reply_text(port, "mirror_to"),
                   reply_text(port, "mirror_direction"));
    }
    json_array_foreach(json_object_get(port, "required_extensions"), place, name)
    {
        line_print(place == 0 ? "requires" : "", "%s", json_string_value(name));
    }
}

static void port_print(const json_t *port)
{
    const json_t *counters = json_object_get(port, "counters");
    char vlan[VLAN_TEXT_SIZE];
    vlan_format(port, vlan, sizeof(vlan));
    line_print("port", "%s (%lld)", reply_text(port, "name"), reply_number(port, "id"));
    line_if_there("named", reply_text(port, "friendly_name"));
    line_print("kind", "%s", reply_text(port, "kind"));
    line_print("role", "%s", reply_text(port, "role"));
    line_if_there("device", reply_text(port, "device"));
    line_if_there("input", reply_text(port, "input"));
    line_if_there("output", reply_text(port, "output"));
    line_print("state", "%s, %s", reply_text(port, "life"), reply_text(port, "state"));
    line_print("queues", "%lld", reply_number(port, "queues"));
    line_print("mtu", "%lld", reply_number(port, "mtu"));
    line_print("vlan", "%s", vlan);
    policies_print(port);
    traffic_print("in", counters, "rx_packets", "rx_bytes", "dropped_in");
    traffic_print("out", counters, "tx_packets", "tx_bytes", "dropped_out");
    port_details_print(port);
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

static bool next_is_one_of(struct command *command, const struct word_rule *rules)
{
    for (; rules->word != NULL; rules++) {
        if (command_accept(command, rules->word)) {
            command->next--;
            return true;
        }
    }
    return false;
}

/* Takes words of the table, at least one, into `object`. False after an error. */
static bool words_take(struct command *command, const struct word_rule *rules, json_t *object)
{
    bool good;
    do {
        good = command_member(command, rules, object);
    } while (good && next_is_one_of(command, rules));
    return good;
}

static bool private_take(struct command *command, json_t *vlan)
{
    static const struct word_rule words[] = {{"primary", "primary", WORD_NUMBER},
                                             {"secondary", "secondary", WORD_NUMBER},
                                             {"secondaries", "secondaries", WORD_LIST},
                                             {NULL, NULL, WORD_TEXT}};
    static const char *const types[] = {"isolated", "community", "promiscuous", NULL};
    for (const char *const *type = types; *type != NULL; type++) {
        if (command_accept(command, *type)) {
            return json_object_set_new(vlan, "type", json_string(*type)) == 0 &&
                   words_take(command, words, vlan);
        }
    }
    command_usage(command, "vlan private: expected isolated, community or promiscuous");
    return false;
}

/* The words behind "vlan". */
static bool vlan_take(struct command *command, json_t *vlan)
{
    static const struct word_rule access_words[] = {{"access", "access", WORD_NUMBER},
                                                    {NULL, NULL, WORD_TEXT}};
    static const struct word_rule trunk_words[] = {{"native", "native", WORD_NUMBER},
                                                   {"allowed", "allowed", WORD_LIST},
                                                   {NULL, NULL, WORD_TEXT}};
    if (command_accept(command, "trunk")) {
        return json_object_set_new(vlan, "mode", json_string("trunk")) == 0 &&
               words_take(command, trunk_words, vlan);
    }
    if (command_accept(command, "private")) {
        return json_object_set_new(vlan, "mode", json_string("private")) == 0 &&
               private_take(command, vlan);
    }
    return json_object_set_new(vlan, "mode", json_string("access")) == 0 &&
           command_member(command, access_words, vlan);
}

/* Takes one word with what belongs to it; several may speak of the same member. */
static bool port_word_take(struct command *command, json_t *port)
{
    json_t *part = NULL;
    bool good;
    if (command_accept(command, "vlan")) {
        part = json_object();
        good = vlan_take(command, part) && json_object_set(port, "vlan", part) == 0;
    } else if (command_accept(command, "storm")) {
        part = json_object();
        good = words_take(command, storm_words, part) &&
               json_object_set(port, "storm_limit", part) == 0;
    } else if (command_accept(command, "bandwidth")) {
        part = json_object();
        good = words_take(command, bandwidth_words, part) &&
               json_object_set(port, "bandwidth", part) == 0;
    } else {
        good = command_member(command, port_words, port);
    }
    json_decref(part);
    return good;
}

/* Takes the name and all words behind it; null after an error. */
json_t *port_read(struct command *command)
{
    const char *name = command_need(command, "the name of the port");
    json_t *port = name != NULL ? json_pack("{s:s}", "name", name) : NULL;
    while (port != NULL && command_has_word(command)) {
        if (!port_word_take(command, port)) {
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
    static const struct verb verbs[] = {{"list", port_list},       {"show", port_show},
                                        {"add", port_add},         {"set", port_set},
                                        {"remove", port_remove},   {"validate", port_validate},
                                        {"migrate", port_migrate}, {"save", port_save},
                                        {"restore", port_restore}, {NULL, NULL}};
    static const struct verb_help helps[] = {{NULL, help},
                                             {"migrate", port_migrate_help},
                                             {"save", port_save_help},
                                             {"restore", port_save_help},
                                             {NULL, NULL}};
    return command_run_helped("port", argc, argv, verbs, helps);
}
