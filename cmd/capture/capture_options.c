/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/capture/capture_options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cmd/capture/capture_privacy.h"
#include "cmd/capture/capture_rules.h"
#include "cmd/exit_codes.h"
#include "formats/pcapng/pcapng_write.h"

enum { ROTATE_BYTES_MIN = 64 << 10, ROTATE_COUNT_MAX = 10000 };

static const char help_text[] =
    "usage: xsw capture [options] [pcap-filter expression]     records until Ctrl-C\n"
    "       xsw capture list|show|set|stop|orphans|recover   (capture list --help)\n"
    "  -w, --write FILE    default SWITCH-DATE-TIME.pcapng; X.pcapng.zst: compressed\n"
    "      --where EXPR    what happened: dropped, latency > 1ms; see xsw-filter(7)\n"
    "  -i, --port A,B  -Q, --direction in|out  --stage A,B     where packets came to\n"
    "      --sample N  --rate N         one flow in N; at most N journeys a second\n"
    "  -s, --snap LENGTH  --headers-only  --mask-payload  --pseudonyms[=KEYFILE]\n"
    "                                   less of each packet\n"
    "  -t, --time SECONDS  -c, --count N    stop after so long, after so many\n"
    "  -C, --rotate-size SIZE           next file after so many bytes (64K, 500M, 2G)\n"
    "  -G, --rotate-time SECONDS        next file after so long\n"
    "  -W, --rotate-count N             keep the newest N files only\n"
    "      --every-stage   a record at every stage, not only where something happened\n"
    "      --trace         also what was configured, and drops of the kernel at ports\n"
    "      --budget PERCENT  of a worker's time that this may take (default: 50)\n"
    "      --ring KIB  --compress-threads N  --min-free SIZE   of memory, cores, disk\n"
    "      --name NAME  -Z, --user USER     of the session; become him, once attached\n"
    "  -q, --quiet  --json  -S, --switch NAME  --socket PATH  -h, --help\n"
    "Examples:\n"
    "  xsw capture -w web.pcapng.zst -t 60 'host 10.0.0.2 and tcp port 80'\n"
    "  xsw capture --trace -w lost.pcapng --where dropped -i alice -C 500M -W 20\n"
    "  xsw capture -q -w - | wireshark -k -i -\n"
    "Exit: 0 recorded without loss, 1 with losses, 2 usage, 3 failed. See\n"
    "xsw-capture(1), and xsw-analyze(1) for what to do with the file.\n";

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

/* Bytes, or with K, M, G or T so many times 1024 of them. */
static bool size_read(const char *option, const char *text, uint64_t *bytes)
{
    static const char units[] = "KMGT";
    char *end = NULL;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    const char *unit = *end != '\0' ? strchr(units, *end) : NULL;
    unsigned shift = unit != NULL ? (unsigned)(unit - units + 1) * 10 : 0;
    bool is_good = errno == 0 && end != text && text[0] != '-' &&
                   end[unit != NULL ? 1 : 0] == '\0' && number <= UINT64_MAX >> 1 >> shift;
    if (!is_good) {
        fprintf(stderr, "xsw capture: %s %s: expected bytes, such as 1000000, 64K, 500M or 2G\n",
                option, text);
        return false;
    }
    *bytes = (uint64_t)number << shift;
    return true;
}

static bool rotate_size_read(const char *text, uint64_t *bytes)
{
    if (!size_read("--rotate-size", text, bytes)) {
        return false;
    }
    if (*bytes < ROTATE_BYTES_MIN) {
        fprintf(stderr, "xsw capture: --rotate-size %s: expected 64K or more\n", text);
        return false;
    }
    return true;
}

static bool seconds_read(const char *option, const char *text, uint64_t *ns)
{
    char *end = NULL;
    double seconds = strtod(text, &end);
    if (end == text || *end != '\0' || !(seconds > 0 && seconds < 1e9)) {
        fprintf(stderr, "xsw capture: %s %s: expected seconds, such as 60 or 0.5\n", option, text);
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

enum {
    OPTION_RING = 256,
    OPTION_EVERY_STAGE,
    OPTION_TRACE,
    OPTION_JSON,
    OPTION_SOCKET,
    OPTION_MIN_FREE,
    OPTION_PACK_THREADS,
    OPTION_NAME
};

static const struct option known_options[] = {
    {"write", required_argument, NULL, 'w'},
    {"snap", required_argument, NULL, 's'},
    {"count", required_argument, NULL, 'c'},
    {"time", required_argument, NULL, 't'},
    {"where", required_argument, NULL, CAPTURE_RULE_WHERE},
    {"port", required_argument, NULL, CAPTURE_RULE_PORT},
    {"direction", required_argument, NULL, CAPTURE_RULE_DIRECTION},
    {"stage", required_argument, NULL, CAPTURE_RULE_STAGE},
    {"sample", required_argument, NULL, CAPTURE_RULE_SAMPLE},
    {"rate", required_argument, NULL, CAPTURE_RULE_RATE},
    {"budget", required_argument, NULL, CAPTURE_RULE_BUDGET},
    {"name", required_argument, NULL, OPTION_NAME},
    {"headers-only", no_argument, NULL, CAPTURE_PRIVACY_HEADERS},
    {"mask-payload", no_argument, NULL, CAPTURE_PRIVACY_MASK},
    {"pseudonyms", optional_argument, NULL, CAPTURE_PRIVACY_PSEUDONYMS},
    {"user", required_argument, NULL, 'Z'},
    {"ring", required_argument, NULL, OPTION_RING},
    {"every-stage", no_argument, NULL, OPTION_EVERY_STAGE},
    {"trace", no_argument, NULL, OPTION_TRACE},
    {"rotate-size", required_argument, NULL, 'C'},
    {"rotate-time", required_argument, NULL, 'G'},
    {"rotate-count", required_argument, NULL, 'W'},
    {"min-free", required_argument, NULL, OPTION_MIN_FREE},
    {"compress-threads", required_argument, NULL, OPTION_PACK_THREADS},
    {"quiet", no_argument, NULL, 'q'},
    {"json", no_argument, NULL, OPTION_JSON},
    {"socket", required_argument, NULL, OPTION_SOCKET},
    {"switch", required_argument, NULL, 'S'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0}};

/* The options about files. */
static bool file_option_take(int option, struct capture_run_options *options)
{
    uint64_t number = 0;
    bool is_good = true;
    switch (option) {
    case 'C':
        return rotate_size_read(optarg, &options->rotate_bytes);
    case 'G':
        return seconds_read("--rotate-time", optarg, &options->rotate_ns);
    case 'W':
        is_good = number_read("--rotate-count", optarg, ROTATE_COUNT_MAX, &number);
        options->rotate_count = (uint32_t)number;
        return is_good;
    case OPTION_MIN_FREE:
        options->has_min_free = true;
        return size_read("--min-free", optarg, &options->min_free_bytes);
    case OPTION_PACK_THREADS:
        is_good = number_read("--compress-threads", optarg, PCAPNG_PACK_THREADS_MAX, &number);
        options->pack_threads = (uint32_t)number;
        return is_good;
    default:
        return false;
    }
}

static bool user_read(const char *name, struct capture_user *user)
{
    struct xsw_error error;
    if (capture_user_find(name, user, &error) == XSW_OK) {
        return true;
    }
    fprintf(stderr, "xsw capture: --user: %s\n", error.text);
    return false;
}

static bool option_take(int option, struct capture_run_options *options)
{
    uint64_t number = 0;
    bool is_good = true;
    switch (option) {
    case 'w':
        options->path = optarg;
        break;
    case 'c':
        is_good = number_read("--count", optarg, UINT64_MAX / 2, &options->count);
        break;
    case 't':
        is_good = seconds_read("--time", optarg, &options->time_ns);
        break;
    case OPTION_NAME:
        options->name = optarg;
        break;
    case OPTION_RING:
        is_good = number_read("--ring", optarg, 1 << 20, &number);
        options->ring_bytes = (uint32_t)(number << 10);
        break;
    case OPTION_EVERY_STAGE:
        options->every_stage = true;
        break;
    case OPTION_TRACE:
        options->trace = true;
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
    case 'Z':
        is_good = user_read(optarg, &options->user);
        break;
    case CAPTURE_PRIVACY_HEADERS:
    case CAPTURE_PRIVACY_MASK:
    case CAPTURE_PRIVACY_PSEUDONYMS:
        is_good = capture_privacy_take("xsw capture", option, optarg, options->rules);
        break;
    default:
        is_good = file_option_take(option, options) ||
                  capture_rule_take("xsw capture", option, optarg, options->rules);
    }
    return is_good;
}

/* What is not given, and what does not go together. */
static bool options_complete(struct capture_run_options *options)
{
    if (options->rotate_count != 0 && options->rotate_bytes == 0 && options->rotate_ns == 0) {
        fprintf(stderr, "xsw capture: --rotate-count: say with -C or -G when the next file is "
                        "due\n");
        return false;
    }
    if (!capture_rules_are_whole("xsw capture", options->rules)) {
        fprintf(stderr, "Try: xsw capture --help\n");
        return false;
    }
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (options->pack_threads == 0) {
        options->pack_threads = cores < 1                         ? 1
                                : cores > PCAPNG_PACK_THREADS_MAX ? PCAPNG_PACK_THREADS_MAX
                                                                  : (uint32_t)cores;
    }
    return true;
}

int capture_options_read(int argc, char **argv, struct capture_run_options *options)
{
    int option;
    optind = 1;
    opterr = 0; /* the sentence is ours */
    options->rules = json_object();
    while ((option = getopt_long(argc, argv, "+w:s:c:t:C:G:W:S:i:Q:Z:qh", known_options, NULL)) !=
           -1) {
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
    if (!options_complete(options)) {
        return EXIT_USAGE;
    }
    return filter_join(argc, argv, options) ? EXIT_DONE : EXIT_FAILED;
}

void capture_options_fini(struct capture_run_options *options)
{
    json_decref(options->rules);
    free(options->filter);
    options->rules = NULL;
    options->filter = NULL;
}
