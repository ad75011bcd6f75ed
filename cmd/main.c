/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xsw: finds the subcommand and lets it run.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/analyze/analyze.h"
#include "cmd/analyze/export.h"
#include "cmd/capture/capture.h"
#include "cmd/capture/capture_sessions.h"
#include "cmd/commands.h"
#include "cmd/complete.h"
#include "cmd/exit_codes.h"
#include "cmd/extcap/extcap.h"
#include "cmd/flight/blackbox.h"
#include "cmd/flight/flight.h"
#include "cmd/top/top.h"
#include "cmd/trace/trace.h"
#include "switch/config/config_node.h"

struct subcommand {
    const char *name;
    int (*function)(int argc, char **argv);
    const char *summary;
};

static const struct subcommand subcommands[] = {
    {"switch", cmd_switch, "list, show, add, set and remove switches"},
    {"config", cmd_config, "the configuration in force, to be saved and loaded again"},
    {"port", cmd_port, "list, show, add, set and remove ports"},
    {"nic", cmd_nic, "NICs that come and go on ports that stay"},
    {"policy", cmd_policy, "the access rules of ports"},
    {"mac", cmd_mac, "the learned addresses"},
    {"stats", cmd_stats, "what every stage took in, gave out and dropped"},
    {"extension", cmd_extension, "extensions and their settings"},
    {"feature", cmd_feature, "all that can be set on ports and switches, and its status"},
    {"capture", cmd_capture, "record what happens to packets"},
    {"trace", cmd_trace, "what switches do, as events on LTTng"},
    {"flight", cmd_flight, "a recorder in memory that writes when something happens"},
    {"blackbox", cmd_blackbox, "what was in memory when a switch or a recorder died"},
    {"analyze", cmd_analyze, "find out from a recording where packets went, and why"},
    {"export", cmd_export, "the packets of a recording at one stage, as pcap"},
    {"top", cmd_top, "look at a running switch, or at a recording, on one screen"},
    {"extcap", cmd_extcap, "switches and ports as interfaces of Wireshark"},
};

enum { SUBCOMMAND_COUNT = sizeof(subcommands) / sizeof(subcommands[0]) };

static void help_print(FILE *file)
{
    fputs("usage: xsw [options] COMMAND [WORDS…]     each has --help: xsw port --help\n", file);
    for (size_t i = 0; i < SUBCOMMAND_COUNT; i++) {
        fprintf(file, "  %-10s %s\n", subcommands[i].name, subcommands[i].summary);
    }
    fputs("  --socket PATH      of xswd; default $XSW_SOCKET, else /run/xsw/xswd.sock as\n"
          "                     root, else $XDG_RUNTIME_DIR/xsw/xswd.sock\n"
          "  -S, --switch NAME  of several; default $XSW_SWITCH      --json   --version\n"
          "Examples: xsw port list\n"
          "          xsw capture -w now.pcapng tcp port 80; xsw analyze now.pcapng\n"
          "Exit: 0 done, 1 what a script should act on, 2 usage, 3 failed.\n",
          file);
}

static int unknown(const char *word)
{
    const char *names[SUBCOMMAND_COUNT + 1];
    for (size_t i = 0; i < SUBCOMMAND_COUNT; i++) {
        names[i] = subcommands[i].name;
    }
    names[SUBCOMMAND_COUNT] = NULL;
    const char *near = config_near(word, names);
    if (near != NULL) {
        fprintf(stderr, "xsw: unknown command \"%s\": did you mean \"%s\"?\n", word, near);
    } else {
        fprintf(stderr, "xsw: unknown command \"%s\"\n", word);
    }
    fputs("Try `xsw --help`.\n", stderr);
    return EXIT_USAGE;
}

/* Takes "--socket PATH", "--socket=PATH" and the like into the environment, where every command
 * looks for it. 1: taken; 0: another word; -1: incomplete. */
static int option_take(char **argv, int *place, const char *name, const char *variable)
{
    const char *word = argv[*place];
    size_t length = strlen(name);
    if (strncmp(word, name, length) != 0 || (word[length] != '\0' && word[length] != '=')) {
        return 0;
    }
    const char *value = word[length] == '=' ? word + length + 1 : argv[++*place];
    return value != NULL && value[0] != '\0' && setenv(variable, value, 1) == 0 ? 1 : -1;
}

/* Options in front of the command; --json goes on to the command, behind its name. Returns how many
 * words were taken, or -1 with the exit code set. */
static int options_take(int argc, char **argv, bool *json, int *exit_code)
{
    int next = 1;
    *exit_code = EXIT_DONE;
    for (; next < argc && argv[next][0] == '-' && strcmp(argv[next], complete_here) != 0; next++) {
        const char *word = argv[next];
        int taken = option_take(argv, &next, "--socket", "XSW_SOCKET");
        if (taken == 0) {
            taken = option_take(argv, &next, "--switch", "XSW_SWITCH");
        }
        if (taken == 0) {
            taken = option_take(argv, &next, "-S", "XSW_SWITCH");
        }
        if (taken == 1) {
            continue;
        }
        if (strcmp(word, "--json") == 0) {
            *json = true;
        } else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
            help_print(stdout);
            return -1;
        } else if (strcmp(word, "--version") == 0) {
            puts("xsw " XSW_VERSION);
            return -1;
        } else {
            fprintf(stderr, "xsw: unknown or incomplete option \"%s\"\nTry `xsw --help`.\n", word);
            *exit_code = EXIT_USAGE;
            return -1;
        }
    }
    return next;
}

/* What can come at the place of the word --complete-here: see cmd/complete.h. */
static bool is_completed(int argc, char **argv, int next)
{
    if (strcmp(argv[argc - 1], complete_here) != 0) {
        return false;
    }
    for (size_t i = 0; next == argc - 1 && i < SUBCOMMAND_COUNT; i++) {
        complete_word(subcommands[i].name);
    }
    /* Those have options and files, but no words. */
    bool is_recording =
        strcmp(argv[next], "capture") == 0 && !capture_is_about_sessions(argc - next, argv + next);
    if (is_recording || strcmp(argv[next], "analyze") == 0 || strcmp(argv[next], "export") == 0 ||
        strcmp(argv[next], "extcap") == 0 || strcmp(argv[next], "top") == 0) {
        complete_word(complete_files);
        return true;
    }
    return next == argc - 1;
}

static int subcommand_run(const struct subcommand *subcommand, int argc, char **argv, bool json)
{
    static char json_word[] = "--json";
    if (!json) {
        return subcommand->function(argc, argv);
    }
    char **words = calloc((size_t)argc + 2, sizeof(*words));
    if (words == NULL) {
        fputs("xsw: no memory\n", stderr);
        return EXIT_FAILED;
    }
    words[0] = argv[0];
    words[1] = json_word;
    memcpy(words + 2, argv + 1, (size_t)(argc - 1) * sizeof(*words));
    int exit_code = subcommand->function(argc + 1, words);
    free(words);
    return exit_code;
}

int main(int argc, char **argv)
{
    if (extcap_is_name(argv[0])) {
        return cmd_extcap(argc, argv);
    }
    bool json = false;
    int exit_code;
    int next = options_take(argc, argv, &json, &exit_code);
    if (next < 0) {
        return exit_code;
    }
    if (next == argc) {
        help_print(stderr);
        return EXIT_USAGE;
    }
    if (is_completed(argc, argv, next)) {
        return EXIT_DONE;
    }
    for (size_t i = 0; i < SUBCOMMAND_COUNT; i++) {
        if (strcmp(argv[next], subcommands[i].name) == 0) {
            return subcommand_run(&subcommands[i], argc - next, argv + next, json);
        }
    }
    return unknown(argv[next]);
}
