/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/capture_options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cmd/exit_codes.h"

static const char help_text[] =
    "usage: xsw capture [options] [pcap-filter expression]\n"
    "\n"
    "Attaches to a running switch and records the journey of every packet that matches\n"
    "as it comes in: every stage, verdict, rule and changed byte. Stop with Ctrl-C.\n"
    "\n"
    "  -w, --write FILE      pcapng; .pcapng.zst is compressed; - is standard output\n"
    "                        (default: SWITCH-DATE-TIME.pcapng in this folder)\n"
    "  -s, --snap LENGTH     keep at most so many bytes of a packet (default: all)\n"
    "  -c, --count N         stop after N journeys\n"
    "  -t, --time SECONDS    stop after so long\n"
    "      --ring KIB        shared memory for each worker (default: 16384)\n"
    "      --every-stage     a record at every stage, not only where something happened\n"
    "  -q, --quiet           no progress line\n"
    "      --json            the account at the end as JSON\n"
    "  -S, --switch NAME     which switch, when xswd has several\n"
    "      --socket PATH     control socket of xswd\n"
    "\n"
    "examples:\n"
    "  xsw capture -w incident.pcapng\n"
    "  xsw capture -w web.pcapng.zst -t 60 'host 10.0.0.2 and tcp port 80'\n"
    "  xsw capture -q -w - | wireshark -k -i -\n"
    "\n"
    "exit status: 0 recorded without loss, 1 recorded with losses (see the account), 2 usage,\n"
    "3 failed. See xsw-capture(1), and xsw-analyze(1) for what to do with the file.\n";

static bool number_read(const char *option, const char *text, uint64_t maximum, uint64_t *value)
{
    char *end = NULL;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || text[0] == '-' || number > maximum) {
        fprintf(stderr, "xsw capture: %s %s: expected a number from 0 to %llu\n", option, text,
                (unsigned long long)maximum);
        return false;
    }
    *value = number;
    return true;
}

static bool seconds_read(const char *text, uint64_t *ns)
{
    char *end = NULL;
    double seconds = strtod(text, &end);
    if (end == text || *end != '\0' || !(seconds > 0 && seconds < 1e9)) {
        fprintf(stderr, "xsw capture: --time %s: expected seconds, such as 60 or 0.5\n", text);
        return false;
    }
    *ns = (uint64_t)(seconds * NS_PER_SECOND);
    return true;
}

static bool filter_join(int argc, char **argv, struct capture_run_options *options)
{
    size_t size = 1;
    for (int i = optind; i < argc; i++) {
        size += strlen(argv[i]) + 1;
    }
    options->filter = calloc(1, size);
    size_t used = 0;
    for (int i = optind; options->filter != NULL && i < argc; i++) {
        const char *space = i > optind ? " " : "";
        used += (size_t)snprintf(options->filter + used, size - used, "%s%s", space, argv[i]);
    }
    return options->filter != NULL;
}

enum { OPTION_RING = 256, OPTION_EVERY_STAGE, OPTION_JSON, OPTION_SOCKET };

static const struct option known_options[] = {
    {"write", required_argument, NULL, 'w'},
    {"snap", required_argument, NULL, 's'},
    {"count", required_argument, NULL, 'c'},
    {"time", required_argument, NULL, 't'},
    {"ring", required_argument, NULL, OPTION_RING},
    {"every-stage", no_argument, NULL, OPTION_EVERY_STAGE},
    {"quiet", no_argument, NULL, 'q'},
    {"json", no_argument, NULL, OPTION_JSON},
    {"socket", required_argument, NULL, OPTION_SOCKET},
    {"switch", required_argument, NULL, 'S'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0}};

static bool option_take(int option, struct capture_run_options *options)
{
    uint64_t number = 0;
    bool is_good = true;
    switch (option) {
    case 'w':
        options->path = optarg;
        break;
    case 's':
        is_good = number_read("--snap", optarg, 262144, &number);
        options->snap_length = (uint32_t)number;
        break;
    case 'c':
        is_good = number_read("--count", optarg, UINT64_MAX / 2, &options->count);
        break;
    case 't':
        is_good = seconds_read(optarg, &options->time_ns);
        break;
    case OPTION_RING:
        is_good = number_read("--ring", optarg, 1 << 20, &number);
        options->ring_bytes = (uint32_t)(number << 10);
        break;
    case OPTION_EVERY_STAGE:
        options->every_stage = true;
        break;
    case 'q':
        options->quiet = true;
        break;
    case OPTION_JSON:
        options->json = true;
        break;
    case OPTION_SOCKET:
        options->socket = optarg;
        break;
    case 'S':
        options->switch_name = optarg;
        break;
    default:
        is_good = false;
    }
    return is_good;
}

int capture_options_read(int argc, char **argv, struct capture_run_options *options)
{
    int option;
    optind = 1;
    opterr = 0; /* the sentence is ours */
    while ((option = getopt_long(argc, argv, "+w:s:c:t:S:qh", known_options, NULL)) != -1) {
        if (option == 'h') {
            fputs(help_text, stdout);
            return -1;
        }
        if (option == '?') {
            fprintf(stderr, "xsw capture: %s: no such option, or its value is missing\n",
                    argv[optind - 1]);
        }
        if (!option_take(option, options)) {
            fprintf(stderr, "Try: xsw capture --help\n");
            return EXIT_USAGE;
        }
    }
    return filter_join(argc, argv, options) ? EXIT_DONE : EXIT_FAILED;
}
