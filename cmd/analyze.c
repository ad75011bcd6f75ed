/* SPDX-License-Identifier: Apache-2.0 */
/* xsw analyze: options, the passes over the files, and the exit status. What is said about the
 * recordings is made by analyzer/. */
#include "cmd/analyze.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/analysis.h"
#include "analyzer/packet_view.h"
#include "analyzer/report_json.h"
#include "analyzer/report_text.h"
#include "analyzer/selection.h"
#include "base/error.h"
#include "cmd/exit_codes.h"
#include "cmd/where.h"

static const char help_text[] =
    "usage: xsw analyze [options] FILE...\n"
    "Tells what happened to the packets of a recording: which were dropped or changed, where, by\n"
    "which rule or extension and why, and whether the numbers add up. \"-\" is standard input.\n"
    "\n"
    "  -p, --packet ID   the journey of one packet, step by step, with its copies\n"
    "      --where EXPR  only journeys that match, such as 'dropped and port == bob',\n"
    "                    with a list of them; see xsw-filter(7)\n"
    "  -d, --drops       only the table of drops\n"
    "  -c, --changes     only the table of changes\n"
    "  -a, --all         every flow and value, not only the commonest\n"
    "  -j, --json        everything, for programs\n"
    "  -s, --strict      exit 1 also when something is unknown (lost records, a torn file)\n"
    "  -h, --help        this text\n"
    "\n"
    "Exit status: 0 done, 1 the proof failed, the packet was not found or no journey\n"
    "matches, 2 usage, 3 a file could not be read to its end: torn, damaged or not there;\n"
    "what could be read is in the report.\n"
    "\n"
    "Examples:\n"
    "  xsw analyze demo.pcapng                  what was lost, what was changed, the proof\n"
    "  xsw analyze --packet 1001 demo.pcapng    where did packet 1001 go?\n"
    "  xsw analyze --where 'changed and latency > 1ms' demo.pcapng\n"
    "  xsw analyze --drops --all one.pcapng two.pcapng.zst\n"
    "  xsw analyze --json demo.pcapng | jq '.switches[].drops[] | {reason_name, packets}'\n";

enum { OPTION_WHERE = 256 };

struct options {
    struct report_options report;
    bool has_packet, is_json, is_strict, has_progress;
    uint64_t packet;
    const char *where; /* null: not given */
    char **paths;
    int path_count;
};

/* Exit status to return at once, or -1 to go on. */
static int packet_parse(struct options *options, const char *text)
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

/* The same for any option. */
static int option_take(struct options *options, int option)
{
    switch (option) {
    case 'p':
        return packet_parse(options, optarg);
    case OPTION_WHERE:
        options->where = optarg;
        return where_is_readable("xsw analyze", optarg) ? -1 : EXIT_USAGE;
    case 'd':
        options->report.drops_only = true;
        return -1;
    case 'c':
        options->report.changes_only = true;
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
    case 'h':
        fputs(help_text, stdout);
        return EXIT_DONE;
    default:
        fputs("Try 'xsw analyze --help'.\n", stderr);
        return EXIT_USAGE;
    }
}

static bool can_read_again(const struct options *options)
{
    for (int i = 0; i < options->path_count; i++) {
        if (strcmp(options->paths[i], "-") == 0) {
            return false;
        }
    }
    return true;
}

/* What was given must go together. */
static int options_check(const struct options *options)
{
    const char *problem =
        options->path_count == 0 ? "which file? Try 'xsw analyze --help'."
        : options->where != NULL && options->has_packet
            ? "--packet and --where: one packet or those that match? Give one of the two."
        : options->where != NULL && !can_read_again(options)
            ? "--where reads the files several times, and standard input only goes once: store it "
              "in a file."
            : NULL;
    if (problem != NULL) {
        fprintf(stderr, "xsw analyze: %s\n", problem);
    }
    return problem != NULL ? EXIT_USAGE : -1;
}

static int options_parse(struct options *options, int argc, char **argv)
{
    static const struct option table[] = {{"packet", required_argument, NULL, 'p'},
                                          {"drops", no_argument, NULL, 'd'},
                                          {"where", required_argument, NULL, OPTION_WHERE},
                                          {"changes", no_argument, NULL, 'c'},
                                          {"all", no_argument, NULL, 'a'},
                                          {"json", no_argument, NULL, 'j'},
                                          {"strict", no_argument, NULL, 's'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    int option;
    int status = -1;
    optind = 1;
    while (status < 0 && (option = getopt_long(argc, argv, "p:dcajsh", table, NULL)) != -1) {
        status = option_take(options, option);
    }
    options->paths = argv + optind;
    options->path_count = argc - optind;
    return status < 0 ? options_check(options) : status;
}

static void progress_show(const char *path, uint64_t read_bytes, uint64_t file_bytes, void *context)
{
    enum { LARGE_BYTES = 64 << 20 };
    unsigned *shown = context;
    if (file_bytes < LARGE_BYTES) {
        return;
    }
    unsigned percent = (unsigned)(read_bytes / (file_bytes / 100 + 1));
    if (percent == *shown) {
        return;
    }
    *shown = percent;
    fprintf(stderr, "\r\033[K%.60s: %u %%", path, percent);
}

static enum xsw_status files_read(struct analysis *analysis, const struct options *options,
                                  struct xsw_error *error)
{
    unsigned shown = 0;
    enum xsw_status status = XSW_OK;
    for (int i = 0; i < options->path_count && status >= 0; i++) {
        status = analysis_read(analysis, options->paths[i],
                               options->has_progress ? progress_show : NULL, &shown, error);
    }
    if (shown != 0) {
        fputs("\r\033[K", stderr);
    }
    return status < 0 ? status : analysis_finish(analysis, error);
}

/* Reads all, and once more while the journey that was asked for still grows. */
static enum xsw_status passes_run(struct analysis **analysis, struct packet_view *view,
                                  const struct options *options, struct xsw_error *error)
{
    for (int pass = 0; pass < VIEW_PASSES_MAX; pass++) {
        enum xsw_status status = analysis_create(0, analysis, error);
        if (status < 0) {
            return status;
        }
        if (options->has_packet) {
            analysis_observe(*analysis, packet_view_offer, view);
        }
        status = files_read(*analysis, options, error);
        if (status < 0 || packet_view_is_settled(view) || !can_read_again(options) ||
            pass == VIEW_PASSES_MAX - 1) {
            return status;
        }
        analysis_destroy(*analysis);
        *analysis = NULL;
        packet_view_rewind(view);
    }
    return XSW_OK;
}

static bool is_selected(uint32_t session, uint64_t packet_id, const void *selection)
{
    return selection_has(selection, session, packet_id);
}

/* One of the three passes for --where; selection.h says what each is for. The first has no
 * selection yet. */
static enum xsw_status where_pass(struct analysis **analysis, struct selection *selection,
                                  bool is_last, const struct options *options,
                                  struct xsw_error *error)
{
    analysis_destroy(*analysis);
    *analysis = NULL;
    enum xsw_status status = analysis_create(0, analysis, error);
    if (status < 0) {
        return status;
    }
    if (selection != NULL) {
        analysis_observe(*analysis, is_last ? selection_describe : selection_offer, selection);
    }
    if (is_last) {
        analysis_restrict(*analysis, is_selected, selection);
    }
    return files_read(*analysis, options, error);
}

static enum xsw_status where_run(struct analysis **analysis, struct selection **selection,
                                 const struct options *options, struct xsw_error *error)
{
    size_t column = 0;
    enum xsw_status status = where_pass(analysis, NULL, false, options, error);
    if (status < 0) {
        return status;
    }
    status = selection_create(*analysis, options->where, selection, &column, error);
    if (status < 0) {
        (void)error_prefix(error, "where");
        return status;
    }
    status = where_pass(analysis, *selection, false, options, error);
    selection_finish(*selection);
    return status < 0 ? status : where_pass(analysis, *selection, true, options, error);
}

/* What came of reading the files: the worst of all. */
enum reading { READING_WHOLE, READING_TORN, READING_FAILED };

/* A torn file is one that begins as a recording and has no end. What cannot be opened, gives
 * nothing at all or is damaged has failed. */
static enum reading files_judge(const struct analysis *analysis)
{
    enum reading worst = READING_WHOLE;
    for (size_t i = 0; i < analysis->file_count; i++) {
        const struct analysis_file *file = &analysis->files[i];
        bool is_useful = file->packets != 0 || file->has_sections;
        if (file->status >= 0) {
            continue;
        }
        fprintf(stderr, "xsw analyze: %s\n", file->problem);
        if (file->status != XSW_TRUNCATED || !is_useful) {
            worst = READING_FAILED;
        } else if (worst == READING_WHOLE) {
            worst = READING_TORN;
        }
    }
    return worst;
}

static enum xsw_status report(const struct analysis *analysis, const struct packet_view *view,
                              const struct options *options, struct xsw_error *error)
{
    if (options->is_json) {
        return report_json(stdout, analysis, options->has_packet ? view : NULL,
                           options->report.selection, error);
    }
    if (options->has_packet) {
        struct page page = {stdout, options->report.has_colours};
        packet_view_text(&page, analysis, view);
    } else {
        report_text(stdout, analysis, &options->report);
    }
    return XSW_OK;
}

static int exit_status(const struct analysis *analysis, const struct packet_view *view,
                       const struct options *options)
{
    enum reading reading = files_judge(analysis);
    enum proof_state state = analysis_state(analysis);
    if (state == PROOF_FAILS) {
        return EXIT_FOUND;
    }
    if (reading == READING_FAILED) {
        return EXIT_FAILED;
    }
    if (options->is_strict && (state == PROOF_UNKNOWN || reading == READING_TORN)) {
        return EXIT_FOUND;
    }
    if (reading == READING_TORN) {
        return EXIT_FAILED;
    }
    /* Said of whole files alone: in the missing part of a torn one the packet may be. */
    const struct selection *selection = options->report.selection;
    bool found_nothing = (options->has_packet && packet_view_is_empty(view)) ||
                         (selection != NULL && selection_matched(selection) == 0);
    return found_nothing ? EXIT_FOUND : EXIT_DONE;
}

static int failure_tell(const struct analysis *analysis, const struct options *options,
                        enum xsw_status status, const struct xsw_error *error)
{
    fprintf(stderr, "xsw analyze: %s\n", status < 0 ? error->text : "out of memory");
    if (status != XSW_INVALID || options->where == NULL) {
        return EXIT_FAILED;
    }
    where_explain(options->where, error->text);
    /* A name may not be known because its file is not there. */
    return files_judge(analysis) == READING_FAILED ? EXIT_FAILED : EXIT_USAGE;
}

int cmd_analyze(int argc, char **argv)
{
    struct options options = {0};
    struct analysis *analysis = NULL;
    struct selection *selection = NULL;
    struct packet_view view;
    struct xsw_error error = {0};
    int result = options_parse(&options, argc, argv);
    if (result >= 0) {
        return result;
    }
    const char *no_color = getenv("NO_COLOR");
    options.report.has_colours = isatty(STDOUT_FILENO) && (no_color == NULL || no_color[0] == '\0');
    options.has_progress = isatty(STDERR_FILENO);
    packet_view_init(&view, options.packet);
    enum xsw_status status = options.where != NULL
                                 ? where_run(&analysis, &selection, &options, &error)
                                 : passes_run(&analysis, &view, &options, &error);
    options.report.selection = selection;
    if (status >= 0) {
        status = report(analysis, &view, &options, &error);
    }
    if (status < 0 || view.has_failed) {
        result = failure_tell(analysis, &options, status, &error);
    } else {
        result = exit_status(analysis, &view, &options);
    }
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "xsw analyze: standard output: %s\n", strerror(errno));
        result = EXIT_FAILED;
    }
    analysis_destroy(analysis);
    selection_destroy(selection);
    packet_view_fini(&view);
    return result;
}
