/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xsw: finds the subcommand and lets it run.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/analyze.h"
#include "cmd/capture.h"
#include "cmd/commands.h"
#include "cmd/exit_codes.h"
#include "switch/config_node.h"

struct subcommand {
    const char *name;
    int (*function)(int argc, char **argv);
    const char *summary;
};

static const struct subcommand subcommands[] = {
    {"switch", cmd_switch, "the switch itself, and its configuration in force"},
    {"port", cmd_port, "list, show, add, set and remove ports"},
    {"policy", cmd_policy, "the access rules of ports"},
    {"mac", cmd_mac, "the learned addresses"},
    {"stats", cmd_stats, "what every stage took in, gave out and dropped"},
    {"extension", cmd_extension, "extensions and their settings"},
    {"capture", cmd_capture, "record what happens to packets"},
    {"analyze", cmd_analyze, "find out from a recording where packets went"},
};

enum { SUBCOMMAND_COUNT = sizeof(subcommands) / sizeof(subcommands[0]) };

static void help_print(FILE *file)
{
    fputs("usage: xsw [--socket PATH] COMMAND [WORDS…]\n\n", file);
    for (size_t i = 0; i < SUBCOMMAND_COUNT; i++) {
        fprintf(file, "  %-10s %s\n", subcommands[i].name, subcommands[i].summary);
    }
    fputs("\n"
          "  --socket PATH      the control socket of xswd; default $XSW_SOCKET, else\n"
          "                     /run/xsw/xswd.sock as root, else\n"
          "                     $XDG_RUNTIME_DIR/xsw/xswd.sock\n"
          "  --json             for programs: {\"format\":1,…}\n"
          "  --help             of xsw, or of a command: xsw port --help\n"
          "  --version\n"
          "\n"
          "Examples: xsw port list\n"
          "          xsw capture -w now.pcapng tcp port 80\n"
          "          xsw analyze now.pcapng\n"
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

/* Options in front of the command. The socket goes into the environment, where every command looks
 * for it; --json goes on to the command, behind its name. Returns how many words were taken, or -1
 * with the exit code set. */
static int options_take(int argc, char **argv, bool *json, int *exit_code)
{
    int next = 1;
    *exit_code = EXIT_DONE;
    for (; next < argc && argv[next][0] == '-'; next++) {
        const char *word = argv[next];
        if (strcmp(word, "--json") == 0) {
            *json = true;
        } else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
            help_print(stdout);
            return -1;
        } else if (strcmp(word, "--version") == 0) {
            puts("xsw " XSW_VERSION);
            return -1;
        } else {
            const char *path = NULL;
            if (strncmp(word, "--socket=", 9) == 0) {
                path = word + 9;
            } else if (strcmp(word, "--socket") == 0 && next + 1 < argc) {
                path = argv[++next];
            }
            if (path == NULL || path[0] == '\0' || setenv("XSW_SOCKET", path, 1) != 0) {
                fprintf(stderr, "xsw: unknown or incomplete option \"%s\"\nTry `xsw --help`.\n",
                        word);
                *exit_code = EXIT_USAGE;
                return -1;
            }
        }
    }
    return next;
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
    for (size_t i = 0; i < SUBCOMMAND_COUNT; i++) {
        if (strcmp(argv[next], subcommands[i].name) == 0) {
            return subcommand_run(&subcommands[i], argc - next, argv + next, json);
        }
    }
    return unknown(argv[next]);
}
