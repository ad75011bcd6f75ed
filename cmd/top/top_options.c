/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/top/top_options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/exit_codes.h"
#include "cmd/where.h"

static const char help_text[] =
    "usage: xsw top [options] [FILE...]\n"
    "Shows what happens in a running switch, or what happened in a recording: the\n"
    "pipeline, ports, drops, journeys, flows, and behind every number its packets.\n"
    "\n"
    "  -s, --screen NAME   pipeline, ports, drops, journeys, flows, extensions, macs,\n"
    "                      sessions, events or paths\n"
    "  -p, --packet ID     of a recording: the journey of this packet\n"
    "      --where EXPR    only journeys that match: 'dropped and port == bob'; see\n"
    "                      xsw-filter(7)\n"
    "      --filter PCAP   live: capture only packets that match this pcap filter\n"
    "      --kernel        live: also what the kernel drops at the ports, as events\n"
    "      --rate N        live: journeys captured a second, default 1000; 0: none\n"
    "      --once          print the screen and end; with --json for programs\n"
    "      --size WxH      of the screen with --once; default 80x24\n"
    "      --frames N      frames a second, 1 to 30; default 10\n"
    "      --keys FILE     other keys; default ~/.config/xsw/top.keys; ? lists them\n"
    "      --mono  --ascii  --no-mouse\n"
    "  -S, --switch NAME  --socket PATH  -j, --json  -h, --help\n"
    "\n"
    "Examples: xsw top\n"
    "          xsw top demo.pcapng\n"
    "          xsw top --once --json --screen drops | jq '.rows[] | {reason, total}'\n"
    "Exit: 0 done, 1 the packet is not there, 2 usage, 3 failed.\n";

enum {
    OPTION_WHERE = 256,
    OPTION_FILTER,
    OPTION_RATE,
    OPTION_ONCE,
    OPTION_SIZE,
    OPTION_FRAMES,
    OPTION_KEYS,
    OPTION_MONO,
    OPTION_ASCII,
    OPTION_KERNEL,
    OPTION_NO_MOUSE,
    OPTION_SOCKET
};

static bool screen_parse(struct top_options *options, const char *name)
{
    for (int i = 0; i < SCREEN_COUNT; i++) {
        if (strcmp(screen_get((enum screen_id)i)->name, name) == 0) {
            options->screen = (enum screen_id)i;
            return true;
        }
    }
    fprintf(stderr, "xsw top: --screen \"%s\": expected one of", name);
    for (int i = 0; i < SCREEN_COUNT; i++) {
        fprintf(stderr, " %s", screen_get((enum screen_id)i)->name);
    }
    fputc('\n', stderr);
    return false;
}

static bool number_parse(const char *option, const char *text, uint64_t least, uint64_t most,
                         uint64_t *number)
{
    char *end;
    unsigned long long parsed = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || parsed < least || parsed > most) {
        fprintf(stderr, "xsw top: %s \"%s\": expected a number from %llu to %llu\n", option, text,
                (unsigned long long)least, (unsigned long long)most);
        return false;
    }
    *number = parsed;
    return true;
}

static bool size_parse(struct top_options *options, const char *text)
{
    if (sscanf(text, "%dx%d", &options->width, &options->height) == 2 && options->width >= 20 &&
        options->width <= GRID_WIDTH_MAX && options->height >= 8 &&
        options->height <= GRID_HEIGHT_MAX) {
        return true;
    }
    fprintf(stderr, "xsw top: --size \"%s\": expected WIDTHxHEIGHT from 20x8 to %dx%d\n", text,
            GRID_WIDTH_MAX, GRID_HEIGHT_MAX);
    return false;
}

static bool flag_take(struct top_options *options, int option)
{
    switch (option) {
    case OPTION_ONCE:
        options->is_once = true;
        return true;
    case 'j':
        options->is_json = true;
        return true;
    case OPTION_MONO:
        options->is_monochrome = true;
        return true;
    case OPTION_ASCII:
        options->is_ascii = true;
        return true;
    case OPTION_NO_MOUSE:
        options->has_mouse = false;
        return true;
    case OPTION_KERNEL:
        options->has_kernel = true;
        return true;
    default:
        return false;
    }
}

static bool numbers_take(struct top_options *options, int option)
{
    uint64_t number = 0;
    switch (option) {
    case 'p':
        options->has_packet = true;
        return number_parse("--packet", optarg, 0, UINT64_MAX, &options->packet);
    case OPTION_RATE:
        if (number_parse("--rate", optarg, 0, 100000, &number)) {
            options->rate = (uint32_t)number;
            return true;
        }
        return false;
    case OPTION_FRAMES:
        if (number_parse("--frames", optarg, 1, 30, &number)) {
            options->frames = (uint32_t)number;
            return true;
        }
        return false;
    default:
        return false;
    }
}

/* False: the option is wrong, and that has been said. */
static bool option_take(struct top_options *options, int option)
{
    switch (option) {
    case 's':
        return screen_parse(options, optarg);
    case OPTION_WHERE:
        options->where = optarg;
        return where_is_readable("xsw top", optarg);
    case OPTION_FILTER:
        options->filter = optarg;
        return true;
    case OPTION_SIZE:
        return size_parse(options, optarg);
    case OPTION_KEYS:
        options->keys = optarg;
        return true;
    case OPTION_SOCKET:
        options->socket = optarg;
        return true;
    case 'S':
        options->switch_name = optarg;
        return true;
    case 'p':
    case OPTION_RATE:
    case OPTION_FRAMES:
        return numbers_take(options, option);
    default:
        return flag_take(options, option);
    }
}

/* What was given must go together. */
static bool options_check(const struct top_options *options)
{
    const char *problem =
        options->path_count > 0 && options->filter[0] != '\0'
            ? "--filter is for a running switch; a recording takes --where 'pcap \"...\"'"
        : options->path_count > 0 && options->socket != NULL
            ? "a recording needs no --socket: give a FILE, or a socket"
        : options->path_count == 0 && options->has_packet
            ? "--packet is for a recording: give its FILE; of a running switch there are only "
              "packets from now on, in --screen journeys"
        : options->is_json && !options->is_once ? "--json goes with --once"
                                                : NULL;
    for (int i = 0; problem == NULL && i < options->path_count; i++) {
        if (strcmp(options->paths[i], "-") == 0) {
            problem = "standard input is for keys: store the recording in a file";
        }
    }
    if (problem != NULL) {
        fprintf(stderr, "xsw top: %s\n", problem);
    }
    return problem == NULL;
}

int top_options_read(int argc, char **argv, struct top_options *options)
{
    static const struct option table[] = {{"screen", required_argument, NULL, 's'},
                                          {"packet", required_argument, NULL, 'p'},
                                          {"where", required_argument, NULL, OPTION_WHERE},
                                          {"filter", required_argument, NULL, OPTION_FILTER},
                                          {"rate", required_argument, NULL, OPTION_RATE},
                                          {"once", no_argument, NULL, OPTION_ONCE},
                                          {"size", required_argument, NULL, OPTION_SIZE},
                                          {"frames", required_argument, NULL, OPTION_FRAMES},
                                          {"keys", required_argument, NULL, OPTION_KEYS},
                                          {"mono", no_argument, NULL, OPTION_MONO},
                                          {"ascii", no_argument, NULL, OPTION_ASCII},
                                          {"no-mouse", no_argument, NULL, OPTION_NO_MOUSE},
                                          {"kernel", no_argument, NULL, OPTION_KERNEL},
                                          {"socket", required_argument, NULL, OPTION_SOCKET},
                                          {"switch", required_argument, NULL, 'S'},
                                          {"json", no_argument, NULL, 'j'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    int option;
    *options = (struct top_options){.filter = "",
                                    .where = "",
                                    .screen = SCREEN_PIPELINE,
                                    .has_mouse = true,
                                    .rate = 1000,
                                    .frames = 10,
                                    .snap_length = 192,
                                    .width = 80,
                                    .height = 24};
    optind = 1;
    while ((option = getopt_long(argc, argv, "s:p:S:jh", table, NULL)) != -1) {
        if (option == 'h') {
            fputs(help_text, stdout);
            return EXIT_DONE;
        }
        if (option == '?') {
            fputs("Try 'xsw top --help'.\n", stderr);
            return EXIT_USAGE;
        }
        if (!option_take(options, option)) {
            return EXIT_USAGE;
        }
    }
    options->paths = argv + optind;
    options->path_count = argc - optind;
    return options_check(options) ? -1 : EXIT_USAGE;
}
