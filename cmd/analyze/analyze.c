/* SPDX-License-Identifier: Apache-2.0 */
/* xsw analyze: options, the passes over the files, and the exit status. What is said about the
 * recordings is made by analyzer/. */
#include "cmd/analyze/analyze.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/analysis.h"
#include "analyzer/index/index.h"
#include "analyzer/index/packet_search.h"
#include "analyzer/packet/packet_fate.h"
#include "analyzer/packet/packet_view.h"
#include "analyzer/report/report_csv.h"
#include "analyzer/report/report_json.h"
#include "analyzer/report/report_text.h"
#include "analyzer/selection/selection.h"
#include "analyzer/selection/selection_file.h"
#include "analyzer/selection/selection_search.h"
#include "base/error.h"
#include "cmd/analyze/analyze_options.h"
#include "cmd/analyze/pager.h"
#include "cmd/analyze/reading.h"
#include "cmd/analyze/timeline.h"
#include "cmd/exit_codes.h"
#include "cmd/where.h"

/* Reads all, and once more while the journey that was asked for still grows. */
static enum xsw_status view_run(struct analysis **analysis, struct packet_view *view,
                                const struct analyze_options *options, struct xsw_error *error)
{
    for (int pass = 0; pass < VIEW_PASSES_MAX; pass++) {
        enum xsw_status status = analysis_create(0, analysis, error);
        if (status < 0) {
            return status;
        }
        analysis_observe(*analysis, packet_view_offer, view);
        status = reading_run(*analysis, options, error);
        if (status < 0 || packet_view_is_settled(view) || !analyze_can_read_again(options) ||
            pass == VIEW_PASSES_MAX - 1) {
            return status;
        }
        analysis_destroy(*analysis);
        *analysis = NULL;
        packet_view_rewind(view);
    }
    return XSW_OK;
}

/* With an index all is known at once, and the journey is found without reading the rest. */
static enum xsw_status passes_run(struct analysis **analysis, struct packet_view *view,
                                  const struct analyze_options *options, struct xsw_error *error)
{
    enum xsw_status status = XSW_OK;
    if (options->has_packet && !reading_may_index(options)) {
        return view_run(analysis, view, options, error);
    }
    status = analysis_create(0, analysis, error);
    if (status == XSW_OK) {
        status = reading_run(*analysis, options, error);
    }
    if (status < 0 || !options->has_packet) {
        return status;
    }
    status = index_has_extents(*analysis) ? packet_search(*analysis, options->paths[0], view, error)
                                          : XSW_AGAIN;
    if (status != XSW_AGAIN) {
        return status;
    }
    analysis_destroy(*analysis);
    *analysis = NULL;
    return view_run(analysis, view, options, error);
}

static bool is_selected(uint32_t session, uint64_t packet_id, const void *selection)
{
    return selection_has(selection, session, packet_id);
}

/* One of the three passes for --where; selection.h says what each is for. The first has no
 * selection yet. */
static enum xsw_status where_pass(struct analysis **analysis, struct selection *selection,
                                  bool is_last, const struct analyze_options *options,
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
    return reading_run(*analysis, options, error);
}

static enum xsw_status where_run(struct analysis **analysis, struct selection **selection,
                                 struct selection_extents *extents,
                                 const struct analyze_options *options, struct xsw_error *error)
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
    if (index_has_extents(*analysis)) {
        return selection_search(*analysis, options->paths[0], *selection, extents, error);
    }
    status = where_pass(analysis, *selection, false, options, error);
    selection_finish(*selection);
    return status < 0 ? status : where_pass(analysis, *selection, true, options, error);
}

/* Baselines ---------------------------------------------------------------------------------- */

static const struct analysis_switch *baseline_switch(const struct analysis *baseline,
                                                     const struct analysis_switch *of)
{
    for (size_t i = 0; i < baseline->switch_count; i++) {
        if (strcmp(baseline->switches[i]->name, of->name) == 0) {
            return baseline->switches[i];
        }
    }
    return baseline->switch_count == 1 ? baseline->switches[0] : NULL;
}

/* A switch is held against the one of its name, or the only one, whatever run it is of. */
static enum xsw_status baseline_compare(struct analysis *analysis, const struct analysis *baseline,
                                        const char *path, struct xsw_error *error)
{
    for (size_t i = 0; i < analysis->switch_count; i++) {
        struct analysis_switch *of = analysis->switches[i];
        const struct analysis_switch *other = baseline_switch(baseline, of);
        if (other == NULL) {
            return error_set(error, XSW_NOT_FOUND,
                             "the baseline %s has nothing of a switch named \"%s\"", path,
                             of->name);
        }
        const struct paths_names here = {&of->paths, &of->changes, &of->dictionary};
        const struct paths_names there = {(struct paths *)&other->paths, &other->changes,
                                          &other->dictionary};
        if (!paths_compare(&here, &there)) {
            return error_set(error, XSW_NO_MEMORY, "no memory for the baseline");
        }
    }
    return XSW_OK;
}

static enum xsw_status baseline_read(struct analysis *analysis, const char *path,
                                     const struct analyze_options *options, struct xsw_error *error)
{
    struct analysis *baseline = NULL;
    enum xsw_status status = analysis_create(0, &baseline, error);
    if (status == XSW_OK) {
        status = reading_run_baseline(baseline, path, options, error);
    }
    if (status == XSW_OK && baseline->files[0].status < 0) {
        status =
            error_set(error, baseline->files[0].status, "baseline: %s", baseline->files[0].problem);
    }
    if (status == XSW_OK) {
        status = baseline_compare(analysis, baseline, path, error);
    }
    analysis_destroy(baseline);
    return status;
}

/* Export ------------------------------------------------------------------------------------- */

struct exporting {
    const struct packet_view *view;    /* null: not one packet */
    const struct selection *selection; /* null: all */
};

static bool is_exported(uint32_t session, uint64_t packet_id, const void *context)
{
    const struct exporting *exporting = context;
    if (exporting->view != NULL) {
        return packet_view_has(exporting->view, session, packet_id);
    }
    return exporting->selection == NULL || selection_has(exporting->selection, session, packet_id);
}

/* One more pass: which journeys they are was known at the end of the one before. */
static enum xsw_status export_run(const struct analysis *known, const struct packet_view *view,
                                  const struct analyze_options *options, struct xsw_error *error)
{
    struct exporting exporting = {options->has_packet ? view : NULL, options->report.selection};
    struct analysis *again = NULL;
    struct selection_file *file = NULL;
    char expression[320];
    uint64_t records = 0;
    snprintf(expression, sizeof(expression), "%.300s",
             options->where != NULL ? options->where : "all journeys");
    if (options->has_packet) {
        snprintf(expression, sizeof(expression), "packet %llu and its copies",
                 (unsigned long long)options->packet);
    }
    struct selection_order order = {options->export_path, expression, known, is_exported,
                                    &exporting};
    enum xsw_status status = selection_file_open(&order, &file, error);
    if (status < 0) {
        return status;
    }
    status = analysis_create(0, &again, error);
    if (status == XSW_OK) {
        analysis_observe_items(again, selection_file_offer, file);
        status = reading_run(again, options, error);
    }
    analysis_destroy(again);
    enum xsw_status closed = selection_file_close(file, &records, status < 0 ? NULL : error);
    if (status >= 0 && closed >= 0) {
        fprintf(stderr, "%s: %llu records\n", options->export_path, (unsigned long long)records);
    }
    return status < 0 ? status : closed;
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

static bool has_kernel_drops(const struct analysis *analysis)
{
    bool found = false;
    for (size_t i = 0; i < analysis->events.sums.count && !found; i++) {
        const struct event_sum_key *key = table_key(&analysis->events.sums, i);
        found = strncmp(key->kind, "kernel_", strlen("kernel_")) == 0;
    }
    return found;
}

/* The kernel's drops are put to packets when all files have been read: that is one more time, where
 * there are any. */
static enum xsw_status fates_find(const struct analysis *analysis, struct packet_view *view,
                                  struct packet_fates *fates, const struct analyze_options *options,
                                  struct xsw_error *error)
{
    const struct timeline_options timeline = {.paths = options->paths,
                                              .path_count = options->path_count};
    if (!options->has_packet || !has_kernel_drops(analysis) || !analyze_can_read_again(options)) {
        return XSW_OK;
    }
    view->fates = fates;
    return timeline_fates(&timeline, view, fates, error);
}

static enum xsw_status report(const struct analysis *analysis, const struct packet_view *view,
                              const struct analyze_options *options, struct xsw_error *error)
{
    if (options->is_json) {
        return report_json(stdout, analysis, options->has_packet ? view : NULL,
                           options->report.selection, error);
    }
    struct pager pager;
    pager_begin(&pager, !options->is_csv && !options->without_pager);
    if (options->is_csv) {
        report_csv(stdout, analysis, options->report.only);
    } else if (options->has_packet) {
        struct page page = {pager.out, options->report.has_colours};
        packet_view_text(&page, analysis, view);
        if (view->fates != NULL) {
            packet_fates_text(&page, view->fates);
        }
    } else {
        report_text(pager.out, analysis, &options->report);
    }
    return pager_end(&pager) ? XSW_OK
                             : error_set(error, XSW_IO,
                                         "the report for the pager: %s; "
                                         "--no-pager does without it",
                                         strerror(errno));
}

static int exit_status(const struct analysis *analysis, const struct packet_view *view,
                       const struct analyze_options *options)
{
    enum reading reading = files_judge(analysis);
    enum proof_state state = analysis_state(analysis);
    if (state == PROOF_FAILS) {
        return EXIT_FOUND;
    }
    if (reading == READING_FAILED) {
        return EXIT_FAILED;
    }
    bool is_unknown = state == PROOF_UNKNOWN || analysis->events.losses.count != 0;
    if (options->is_strict && (is_unknown || reading == READING_TORN)) {
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

static int failure_tell(const struct analysis *analysis, const struct analyze_options *options,
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
    struct analyze_options options = {0};
    struct analysis *analysis = NULL;
    struct selection *selection = NULL;
    struct selection_extents extents = {0};
    struct packet_view view;
    struct packet_fates fates = {0};
    struct xsw_error error = {0};
    int result = analyze_options_parse(&options, argc, argv);
    if (result >= 0) {
        return result;
    }
    const char *no_color = getenv("NO_COLOR");
    options.report.has_colours = isatty(STDOUT_FILENO) && (no_color == NULL || no_color[0] == '\0');
    options.has_progress = isatty(STDERR_FILENO);
    if (options.is_timeline) {
        const struct timeline_options timeline = {.paths = options.paths,
                                                  .path_count = options.path_count,
                                                  .is_json = options.is_json,
                                                  .is_strict = options.is_strict,
                                                  .has_colours = options.report.has_colours,
                                                  .without_pager = options.without_pager};
        return timeline_run(&timeline);
    }
    packet_view_init(&view, options.packet);
    enum xsw_status status = options.where != NULL
                                 ? where_run(&analysis, &selection, &extents, &options, &error)
                                 : passes_run(&analysis, &view, &options, &error);
    options.report.selection = selection;
    for (int i = 0; status >= 0 && i < options.baseline_count; i++) {
        status = baseline_read(analysis, options.baselines[i], &options, &error);
    }
    if (status >= 0 && options.export_path != NULL) {
        status = export_run(analysis, &view, &options, &error);
    }
    if (status >= 0) {
        status = fates_find(analysis, &view, &fates, &options, &error);
    }
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
    selection_extents_fini(&extents);
    packet_view_fini(&view);
    return result;
}
