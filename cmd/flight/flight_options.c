/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/flight/flight_options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "capture/filter_program.h"
#include "cmd/capture/capture_privacy.h"
#include "cmd/capture/capture_rules.h"
#include "cmd/exit_codes.h"

enum { BEFORE_DEFAULT_S = 10, AFTER_DEFAULT_S = 5, SECONDS_MAX = 86400 };

static const char help[] =
    "usage: xsw flight run [options] [--trigger 'WHAT']… [pcap-filter expression]\n"
    "       xsw flight dump [--name TEXT] [--before S] [--after S] [-d DIR | -w FILE]\n"
    "       xsw flight show | stop\n"
    "A flight recorder keeps the newest journeys of a switch in memory and overwrites\n"
    "the oldest. run makes it, or takes up the one that runs, and writes the time\n"
    "before and after each trigger to a file of its own; dump writes one now. It goes\n"
    "on in xswd when run ends; stop ends it. After a crash: xsw blackbox.\n"
    "  triggers: match EXPR [rate N/s]   silent-drop   balance   port-down [PORT]\n"
    "            signal   switch-died; NAME: before one names it, behind it may stand\n"
    "            rearm SECONDS (10), limit FILES-AN-HOUR (10). EXPR: xsw-filter(7).\n"
    "            Without --trigger: silent-drop, balance, signal and switch-died.\n"
    "  -d, --directory DIR   where files go (default: here)\n"
    "      --before S  --after S     time in a file around its trigger (10, 5)\n"
    "      --memory SIZE     of each worker (64M); must fit into tmpfs\n"
    "      --zst             compress; --every-stage, --min-free: as of xsw-capture\n"
    "  -i, -Q, -s, --where, --stage, --sample, --rate, --budget, --headers-only,\n"
    "      --mask-payload, --pseudonyms  what is recorded, as of xsw-capture(1)\n"
    "      --recorder NAME   which one, when a switch has two\n"
    "  -q, --quiet   --json   -S, --switch NAME   --socket PATH   --help\n"
    "examples: xsw flight run -d /var/cap --trigger 'slow: match latency > 5ms'\n"
    "          xsw flight run --trigger 'match dropped rate 100/s' not port 22\n"
    "          xsw flight dump --name odd --before 30\n"
    "Exit: 0 done, 1 there is none, or a dump lacks journeys, 2 usage, 3 failed.\n";

const char *flight_help(void)
{
    return help;
}

enum {
    OPTION_BEFORE = 256,
    OPTION_AFTER,
    OPTION_MEMORY,
    OPTION_TRIGGER,
    OPTION_ZST,
    OPTION_EVERY_STAGE,
    OPTION_MIN_FREE,
    OPTION_RECORDER,
    OPTION_NAME,
    OPTION_JSON,
    OPTION_SOCKET
};

static const struct option known_options[] = {
    {"directory", required_argument, NULL, 'd'},
    {"write", required_argument, NULL, 'w'},
    {"before", required_argument, NULL, OPTION_BEFORE},
    {"after", required_argument, NULL, OPTION_AFTER},
    {"memory", required_argument, NULL, OPTION_MEMORY},
    {"trigger", required_argument, NULL, OPTION_TRIGGER},
    {"zst", no_argument, NULL, OPTION_ZST},
    {"every-stage", no_argument, NULL, OPTION_EVERY_STAGE},
    {"min-free", required_argument, NULL, OPTION_MIN_FREE},
    {"recorder", required_argument, NULL, OPTION_RECORDER},
    {"name", required_argument, NULL, OPTION_NAME},
    {"snap", required_argument, NULL, 's'},
    {"where", required_argument, NULL, CAPTURE_RULE_WHERE},
    {"port", required_argument, NULL, CAPTURE_RULE_PORT},
    {"direction", required_argument, NULL, CAPTURE_RULE_DIRECTION},
    {"stage", required_argument, NULL, CAPTURE_RULE_STAGE},
    {"sample", required_argument, NULL, CAPTURE_RULE_SAMPLE},
    {"rate", required_argument, NULL, CAPTURE_RULE_RATE},
    {"budget", required_argument, NULL, CAPTURE_RULE_BUDGET},
    {"headers-only", no_argument, NULL, CAPTURE_PRIVACY_HEADERS},
    {"mask-payload", no_argument, NULL, CAPTURE_PRIVACY_MASK},
    {"pseudonyms", optional_argument, NULL, CAPTURE_PRIVACY_PSEUDONYMS},
    {"quiet", no_argument, NULL, 'q'},
    {"json", no_argument, NULL, OPTION_JSON},
    {"socket", required_argument, NULL, OPTION_SOCKET},
    {"switch", required_argument, NULL, 'S'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0}};

/* Values ------------------------------------------------------------------------------------- */

static bool seconds_read(const char *option, const char *text, uint64_t *ns)
{
    char *end = NULL;
    double seconds = strtod(text, &end);
    if (end == text || *end != '\0' || !(seconds >= 0 && seconds <= SECONDS_MAX)) {
        fprintf(stderr, "xsw flight: %s %s: expected seconds from 0 to %d, such as 30 or 0.5\n",
                option, text, SECONDS_MAX);
        return false;
    }
    *ns = (uint64_t)(seconds * NS_PER_SECOND);
    return true;
}

static bool size_read(const char *option, const char *text, uint64_t *bytes)
{
    static const char units[] = "KMG";
    char *end = NULL;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    const char *unit = *end != '\0' ? strchr(units, *end) : NULL;
    unsigned shift = unit != NULL ? (unsigned)(unit - units + 1) * 10 : 0;
    if (errno != 0 || end == text || text[0] == '-' || end[unit != NULL ? 1 : 0] != '\0' ||
        number > UINT64_MAX >> 1 >> shift) {
        fprintf(stderr, "xsw flight: %s %s: expected bytes, such as 8M or 1G\n", option, text);
        return false;
    }
    *bytes = (uint64_t)number << shift;
    return true;
}

static bool trigger_take(const char *text, struct flight_options *options)
{
    if (options->trigger_count == FLIGHT_TRIGGERS_MAX) {
        fprintf(stderr, "xsw flight: --trigger: expected at most %d\n", FLIGHT_TRIGGERS_MAX);
        return false;
    }
    return flight_trigger_read(text, &options->triggers[options->trigger_count++]);
}

static bool flag_take(int option, struct flight_options *options)
{
    switch (option) {
    case OPTION_ZST:
        options->compresses = true;
        return true;
    case OPTION_EVERY_STAGE:
        options->every_stage = true;
        return true;
    case OPTION_JSON:
        options->json = true;
        return true;
    case 'q':
        options->quiet = true;
        return true;
    case CAPTURE_PRIVACY_HEADERS:
    case CAPTURE_PRIVACY_MASK:
    case CAPTURE_PRIVACY_PSEUDONYMS:
        return capture_privacy_take("xsw flight", option, optarg, options->rules);
    default:
        return capture_rule_take("xsw flight", option, optarg, options->rules);
    }
}

static bool option_take(int option, struct flight_options *options)
{
    switch (option) {
    case 'd':
        options->folder = optarg;
        return true;
    case 'w':
        options->path = optarg;
        return true;
    case 'S':
        options->switch_name = optarg;
        return true;
    case OPTION_SOCKET:
        options->socket = optarg;
        return true;
    case OPTION_RECORDER:
        options->has_name = true;
        options->name = optarg;
        return true;
    case OPTION_NAME:
        options->cause = optarg;
        return true;
    case OPTION_BEFORE:
        options->has_before = true;
        return seconds_read("--before", optarg, &options->before_ns);
    case OPTION_AFTER:
        return seconds_read("--after", optarg, &options->after_ns);
    case OPTION_MEMORY:
        return size_read("--memory", optarg, &options->memory_bytes);
    case OPTION_MIN_FREE:
        options->has_min_free = true;
        return size_read("--min-free", optarg, &options->min_free_bytes);
    case OPTION_TRIGGER:
        return trigger_take(optarg, options);
    default:
        return flag_take(option, options);
    }
}

/* Command lines ------------------------------------------------------------------------------ */

/* Compiled here and once, since that may take long, and ask a nameserver. */
static bool filter_take(int argc, char **argv, struct flight_options *options)
{
    size_t size = 1;
    for (int i = optind; i < argc; i++) {
        size += strlen(argv[i]) + 1;
    }
    char *filter = calloc(1, size);
    size_t used = 0;
    for (int i = optind; filter != NULL && i < argc; i++) {
        used +=
            (size_t)snprintf(filter + used, size - used, "%s%s", i > optind ? " " : "", argv[i]);
    }
    struct xsw_error error = {.text = "the filter is not UTF-8"};
    bool is_good = filter != NULL &&
                   json_object_set_new(options->rules, "filter", json_string(filter)) == 0 &&
                   filter_program_add(options->rules, &error) == XSW_OK;
    if (!is_good) {
        fprintf(stderr, "xsw flight: %s\n", error.text);
    }
    free(filter);
    return is_good;
}

static bool defaults_take(struct flight_options *options)
{
    static const char *const triggers[] = {"silent-drop", "balance", "signal", "switch-died"};
    bool is_good = true;
    for (size_t i = 0; is_good && i < sizeof(triggers) / sizeof(triggers[0]); i++) {
        is_good = trigger_take(triggers[i], options);
    }
    return is_good;
}

/* Options that this verb does not have. */
static bool is_verbs(enum flight_verb verb, int option)
{
    static const int of_dump[] = {'d',         'w',        OPTION_BEFORE,      OPTION_AFTER,
                                  OPTION_NAME, OPTION_ZST, OPTION_EVERY_STAGE, OPTION_MIN_FREE};
    if (option == 'S' || option == OPTION_SOCKET || option == OPTION_JSON ||
        option == OPTION_RECORDER || option == 'q' || option == '?') {
        return true;
    }
    if (verb == FLIGHT_RUN) {
        return option != 'w' && option != OPTION_NAME;
    }
    for (size_t i = 0; verb == FLIGHT_DUMP && i < sizeof(of_dump) / sizeof(of_dump[0]); i++) {
        if (of_dump[i] == option) {
            return true;
        }
    }
    return false;
}

/* A file that is named is compressed when its name says so. */
static bool compression_settle(const struct flight_options *options)
{
    const char *dot = options->path != NULL ? strrchr(options->path, '.') : NULL;
    if (!options->compresses || options->path == NULL ||
        (dot != NULL && strcmp(dot, ".zst") == 0)) {
        return true;
    }
    fprintf(stderr, "xsw flight: --zst: expected a file that ends in .zst: -w %s.zst\n",
            options->path);
    return false;
}

static bool words_take(enum flight_verb verb, int argc, char **argv, struct flight_options *options)
{
    if (verb != FLIGHT_RUN) {
        if (optind < argc) {
            fprintf(stderr, "xsw flight: unexpected \"%s\"\n", argv[optind]);
        }
        return optind >= argc && compression_settle(options);
    }
    if (options->trigger_count == 0 && !defaults_take(options)) {
        return false;
    }
    const json_t *privacy = json_object_get(options->rules, "privacy");
    flight_triggers_name(options->triggers, options->trigger_count,
                         json_is_true(json_object_get(privacy, "pseudonyms")));
    return optind >= argc || filter_take(argc, argv, options);
}

int flight_options_read(enum flight_verb verb, int argc, char **argv,
                        struct flight_options *options)
{
    int option;
    *options = (struct flight_options){
        .name = "",
        .folder = ".",
        .cause = "command",
        .before_ns = (uint64_t)BEFORE_DEFAULT_S * NS_PER_SECOND,
        .after_ns = verb == FLIGHT_RUN ? (uint64_t)AFTER_DEFAULT_S * NS_PER_SECOND : 0,
        .rules = json_object(),
        .triggers = calloc(FLIGHT_TRIGGERS_MAX, sizeof(struct flight_trigger))};
    if (options->triggers == NULL || options->rules == NULL) {
        fputs("xsw flight: no memory\n", stderr);
        return EXIT_FAILED;
    }
    optind = 1;
    opterr = 0; /* the sentence is ours */
    while ((option = getopt_long(argc, argv, "+d:w:S:i:Q:s:qh", known_options, NULL)) != -1) {
        if (option == 'h') {
            fputs(help, stdout);
            return -1;
        }
        bool is_known = option != '?' && is_verbs(verb, option);
        if (!is_known) {
            fprintf(stderr, "xsw flight: %s: no such option here, or its value is missing\n",
                    argv[optind - 1]);
        }
        if (!is_known || !option_take(option, options)) {
            fputs("Try: xsw flight --help\n", stderr);
            return EXIT_USAGE;
        }
    }
    return words_take(verb, argc, argv, options) ? EXIT_DONE : EXIT_USAGE;
}

void flight_options_fini(struct flight_options *options)
{
    json_decref(options->rules);
    free(options->triggers);
}
