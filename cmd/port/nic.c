/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xsw nic: a port stays, its NIC comes and goes.
 */
#include <stdio.h>
#include <string.h>

#include "cmd/command.h"
#include "cmd/commands.h"
#include "cmd/listing.h"
#include "cmd/port/port.h"

static const char help[] =
    "usage: xsw nic list\n"
    "       xsw nic add PORT [kind tap|packet|xdp|file|memory] [WORDS…]\n"
    "       xsw nic connect PORT\n"
    "       xsw nic disconnect PORT\n"
    "       xsw nic remove PORT\n"
    "\n"
    "  device NAME        tap, packet, xdp: the interface, default the port's name\n"
    "  input FILE         file: the recording that is played\n"
    "  output FILE        file: the recording that is written\n"
    "  timing on|off      file: play with the recorded gaps\n"
    "\n"
    "A port can live without a NIC: `xsw port add NAME kind none`. add opens the\n"
    "device; what it receives then is taken and dropped, for not-connected, until\n"
    "connect. disconnect goes back there for good: for another try remove the NIC\n"
    "and add it again. Policies, rules and numbers stay with the port meanwhile.\n"
    "A NIC that an extension holds is removed when the extension lets it go.\n"
    "\n"
    "  -S, --switch NAME  --json  --socket PATH  --help\n"
    "\n"
    "Examples: xsw port add alice kind none vlan access 10\n"
    "          xsw nic add alice kind tap device tap7\n"
    "          xsw nic connect alice\n"
    "Exit: 0 done, 1 there is no such port, 2 usage, 3 failed.\n";

static const struct word_rule nic_words[] = {
    {"kind", "kind", WORD_TEXT},       {"device", "device", WORD_TEXT},
    {"input", "input", WORD_FILE},     {"output", "output", WORD_FILE},
    {"timing", "timing", WORD_ON_OFF}, {NULL, NULL, WORD_TEXT}};

const char *port_state_text(const json_t *port)
{
    const char *life = reply_text(port, "life");
    if (json_is_true(json_object_get(port, "leaving"))) {
        return "leaving";
    }
    return life[0] == '\0' || strcmp(life, "connected") == 0 ? reply_text(port, "state") : life;
}

/* The device by its name, also where it is that of the port. */
static const char *device_text(const json_t *port)
{
    static const char *const kinds[] = {"tap", "packet", "xdp"};
    const char *device = reply_text(port, "device");
    for (size_t i = 0; device[0] == '\0' && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(reply_text(port, "kind"), kinds[i]) == 0) {
            device = reply_text(port, "name");
        }
    }
    return device;
}

static int nic_list(struct command *command)
{
    static const struct listing_column columns[] = {
        {"PORT", false}, {"KIND", false}, {"DEVICE", false}, {"LIFE", false}, {"LINK", false}};
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
        bool is_leaving = json_is_true(json_object_get(port, "leaving"));
        listing_text(&listing, "%s", reply_text(port, "name"));
        listing_text(&listing, "%s", reply_text(port, "kind"));
        listing_text(&listing, "%s", device_text(port));
        listing_text(&listing, "%s%s", reply_text(port, "life"), is_leaving ? ", leaving" : "");
        listing_text(&listing, "%s", reply_text(port, "state"));
    }
    exit_code = listing_print(&listing);
    listing_fini(&listing);
    json_decref(result);
    return exit_code;
}

/* Takes params; prints what became of the port. */
static int nic_change(struct command *command, const char *method, json_t *params)
{
    json_t *result;
    int exit_code = command_call(command, method, params, &result);
    if (exit_code != EXIT_DONE || command->json) {
        return exit_code != EXIT_DONE ? exit_code : command_print_json(result);
    }
    const json_t *port = json_object_get(result, "port");
    printf("port %s is %s\n", reply_text(port, "name"), reply_text(port, "life"));
    json_decref(result);
    return EXIT_DONE;
}

static int nic_add(struct command *command)
{
    const char *name = command_need(command, "the name of the port");
    if (name == NULL) {
        return EXIT_USAGE;
    }
    json_t *params = json_pack("{s:s}", "name", name);
    if (!command_members(command, nic_words, params)) {
        json_decref(params);
        return EXIT_USAGE;
    }
    return nic_change(command, "nic.add", params);
}

static int nic_step(struct command *command, const char *method)
{
    const char *name = command_need(command, "the name of the port");
    if (name == NULL || !command_ends(command)) {
        return EXIT_USAGE;
    }
    return nic_change(command, method, json_pack("{s:s}", "name", name));
}

static int nic_connect(struct command *command)
{
    return nic_step(command, "nic.connect");
}

static int nic_disconnect(struct command *command)
{
    return nic_step(command, "nic.disconnect");
}

static int nic_remove(struct command *command)
{
    return nic_step(command, "nic.remove");
}

int cmd_nic(int argc, char **argv)
{
    static const struct verb verbs[] = {{"list", nic_list},       {"add", nic_add},
                                        {"connect", nic_connect}, {"disconnect", nic_disconnect},
                                        {"remove", nic_remove},   {NULL, NULL}};
    return command_run("nic", argc, argv, verbs, help);
}
