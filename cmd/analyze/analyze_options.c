/* SPDX-License-Identifier: Apache-2.0 */
/* See analyze_options.h. */
#include "cmd/analyze/analyze_options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/exit_codes.h"
#include "cmd/where.h"

static const char help_text[] =
    "usage: xsw analyze [options] FILE...\n"
    "Tells from a recording what was lost or changed, where, by which rule or\n"
    "extension, whom it hit, what had changed before, and if the numbers add up.\n"
    "Folders with CTF and trace.dat files beside it tell causes and kernel drops.\n"
    "  -p, --packet ID      the journey of one packet, step by step, with its copies\n"
    "      --where EXPR     only journeys that match, with a list: xsw-filter(7)\n"
    "  -t, --table NAME     findings, drops (-d), changes (-c), paths, latency, flows\n"
    "  -b, --baseline FILE  which paths are new against this recording; repeatable\n"
    "      --timeline       a log of what happened when, in place of the report\n"
    "  -a, --all            every row, not only the commonest\n"
    "  -j, --json           everything, for programs; --csv NAME: one table\n"
    "  -w, --export FILE    what --packet or --where asks for, as another recording\n"
    "  -s, --strict         exit 1 also when not all is known (losses, torn files)\n"
    "      --no-index       without FILE.xswi; --index, --threads, --no-pager, -h\n"
    "\n"
    "Exit status: 0 done, 1 the proof failed or nothing was found, 2 usage, 3 a file\n"
    "could not be read to its end; what could be read is told. \"-\": standard input.\n"
    "\n"
    "Examples:\n"
    "  xsw analyze demo.pcapng                  what was lost or changed, the proof\n"
    "  xsw analyze --packet 1001 demo.pcapng    where did packet 1001 go?\n"
    "  xsw analyze --where 'dropped and port == bob' -w bob.pcapng demo.pcapng\n"
    "  xsw analyze --baseline good.pcapng -t paths bad.pcapng\n";

enum {
    OPTION_WHERE = 256,
    OPTION_CSV,
    OPTION_TIMELINE,
    OPTION_THREADS,
    OPTION_INDEX,
    OPTION_NO_INDEX,
    OPTION_NO_PAGER
};

/* Exit status to return at once, or -1 to go on. */
static int packet_parse(struct analyze_options *options, const char *text)
{
    char *end;
    errno = 0;
    unsigned long long id = strtoull(text, &end, 0);
    if (errno != 0 || *end != '\0' || text[0] < '0' || text[0] > '9') {
        fprintf(stderr, "xsw analyze: --packet \"%s\": expected the id of a packet, a number\n",
                text);
        return EXIT_USAGE;
    }
    options->has_packet = true;
    options->packet = id;
    return -1;
}

static int table_parse(enum report_table *table, const char *option, const char *name)
{
    *table = report_table_find(name);
    if (*table != REPORT_TABLES) {
        return -1;
    }
    fprintf(stderr,
            "xsw analyze: %s \"%s\": expected findings, drops, changes, paths, latency or flows\n",
            option, name);
    return EXIT_USAGE;
}

static int baseline_parse(struct analyze_options *options, const char *path)
{
    if (options->baseline_count == ANALYZE_BASELINES_MAX || strcmp(path, "-") == 0) {
        fprintf(stderr, "xsw analyze: --baseline \"%s\": expected up to %d files\n", path,
                ANALYZE_BASELINES_MAX);
        return EXIT_USAGE;
    }
    options->baselines[options->baseline_count++] = path;
    return -1;
}

static int threads_parse(struct analyze_options *options, const char *text)
{
    char *end;
    unsigned long number = strtoul(text, &end, 10);
    if (*end != '\0' || text[0] < '0' || text[0] > '9' || number < 1 ||
        number > ANALYSIS_THREADS_MAX) {
        fprintf(stderr, "xsw analyze: --threads \"%s\": expected a number from 1 to %d\n", text,
                ANALYSIS_THREADS_MAX);
        return EXIT_USAGE;
    }
    options->threads = (unsigned)number;
    return -1;
}

/* Options with a value. */
static int value_take(struct analyze_options *options, int option)
{
    switch (option) {
    case 'p':
        return packet_parse(options, optarg);
    case 't':
        return table_parse(&options->report.only, "--table", optarg);
    case 'b':
        return baseline_parse(options, optarg);
    case 'w':
        options->export_path = optarg;
        return -1;
    case OPTION_THREADS:
        return threads_parse(options, optarg);
    case OPTION_CSV:
        options->is_csv = true;
        return table_parse(&options->report.only, "--csv", optarg);
    default:
        options->where = optarg;
        return where_is_readable("xsw analyze", optarg) ? -1 : EXIT_USAGE;
    }
}

/* The same for any option. */
static int option_take(struct analyze_options *options, int option)
{
    switch (option) {
    case 'd':
        options->report.only = REPORT_DROPS;
        return -1;
    case 'c':
        options->report.only = REPORT_CHANGES;
        return -1;
    case 'a':
        options->report.is_full = true;
        return -1;
    case 'j':
        options->is_json = true;
        return -1;
    case 's':
        options->is_strict = true;
        return -1;
    case OPTION_TIMELINE:
        options->is_timeline = true;
        return -1;
    case OPTION_INDEX:
        options->is_index_forced = true;
        return -1;
    case OPTION_NO_INDEX:
        options->without_index = true;
        return -1;
    case OPTION_NO_PAGER:
        options->without_pager = true;
        return -1;
    case 'h':
        fputs(help_text, stdout);
        return EXIT_DONE;
    case '?':
        fputs("Try 'xsw analyze --help'.\n", stderr);
        return EXIT_USAGE;
    default:
        return value_take(options, option);
    }
}

bool analyze_can_read_again(const struct analyze_options *options)
{
    for (int i = 0; i < options->path_count; i++) {
        if (strcmp(options->paths[i], "-") == 0) {
            return false;
        }
    }
    return true;
}

/* What was given must go together. */
static int options_check(const struct analyze_options *options)
{
    const char *problem =
        options->path_count == 0 ? "which file? Try 'xsw analyze --help'."
        : options->where != NULL && options->has_packet
            ? "--packet and --where: one packet or those that match? Give one of the two."
        : options->where != NULL && !analyze_can_read_again(options)
            ? "--where reads the files several times, and standard input only goes once: store it "
              "in a file."
        : options->is_timeline &&
                (options->has_packet || options->where != NULL || options->is_csv ||
                 options->baseline_count > 0 || options->export_path != NULL)
            ? "--timeline tells all in the order of time, with --json and --strict alone."
        : options->is_json && options->is_csv ? "--json and --csv: give one of the two."
        : options->is_csv && options->has_packet
            ? "--csv writes tables, and --packet is about one packet: give one of the two."
        : options->export_path != NULL && !analyze_can_read_again(options)
            ? "--export reads the files again, and standard input only goes once: store it in a "
              "file."
            : NULL;
    if (problem != NULL) {
        fprintf(stderr, "xsw analyze: %s\n", problem);
    }
    return problem != NULL ? EXIT_USAGE : -1;
}

int analyze_options_parse(struct analyze_options *options, int argc, char **argv)
{
    static const struct option table[] = {{"packet", required_argument, NULL, 'p'},
                                          {"drops", no_argument, NULL, 'd'},
                                          {"where", required_argument, NULL, OPTION_WHERE},
                                          {"changes", no_argument, NULL, 'c'},
                                          {"table", required_argument, NULL, 't'},
                                          {"baseline", required_argument, NULL, 'b'},
                                          {"csv", required_argument, NULL, OPTION_CSV},
                                          {"export", required_argument, NULL, 'w'},
                                          {"all", no_argument, NULL, 'a'},
                                          {"json", no_argument, NULL, 'j'},
                                          {"timeline", no_argument, NULL, OPTION_TIMELINE},
                                          {"strict", no_argument, NULL, 's'},
                                          {"index", no_argument, NULL, OPTION_INDEX},
                                          {"no-index", no_argument, NULL, OPTION_NO_INDEX},
                                          {"no-pager", no_argument, NULL, OPTION_NO_PAGER},
                                          {"threads", required_argument, NULL, OPTION_THREADS},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    int option;
    int status = -1;
    optind = 1;
    while (status < 0 && (option = getopt_long(argc, argv, "p:t:b:w:dcajsh", table, NULL)) != -1) {
        status = option_take(options, option);
    }
    options->paths = argv + optind;
    options->path_count = argc - optind;
    return status < 0 ? options_check(options) : status;
}
