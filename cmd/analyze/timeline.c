/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/analyze/timeline.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/analysis.h"
#include "analyzer/journey/json_in.h"
#include "analyzer/packet/packet_fate.h"
#include "analyzer/timeline/timeline.h"
#include "analyzer/timeline/timeline_report.h"
#include "base/error.h"
#include "cmd/analyze/pager.h"
#include "cmd/exit_codes.h"
#include "trace/readers/readers.h"

/* What is being read, and where it goes. */
struct reading {
    struct timeline *timeline;
    struct analysis *analysis;
    bool is_torn;
    bool is_quiet; /* what is wrong with the files was said before */
};

static void problem_tell(struct reading *reading, const char *problem)
{
    reading->is_torn = true;
    if (!reading->is_quiet) {
        fprintf(stderr, "xsw analyze: %s\n", problem);
    }
}

/* Recordings ---------------------------------------------------------------------------------- */

static void section_take(struct reading *reading, const struct analysis_session *session,
                         const struct pcapng_json *json)
{
    struct notes notes = {0};
    struct json_in place;
    struct json_in clock;
    char host[MACHINE_NAME_SIZE];
    char boot_id[48];
    uint64_t mono_ns = 0;
    uint64_t wall_ns = 0;
    if (json->text == NULL || session == NULL) {
        return;
    }
    if (json_in_open(&place, json->text, json->length, "section info", &notes)) {
        json_in_text(&place, "host", host, sizeof(host));
        json_in_text(&place, "boot_id", boot_id, sizeof(boot_id));
        json_in_child(&place, "clock", &clock);
        if (clock.object != NULL) {
            (void)json_in_optional(&clock, "mono_ns", UINT64_MAX / 2, &mono_ns);
            (void)json_in_optional(&clock, "wall_ns", UINT64_MAX / 2, &wall_ns);
        }
        timeline_clock(reading->timeline, session->number, host, boot_id, mono_ns, wall_ns);
    }
    json_in_close(&place);
}

static void item_take(const struct analysis_session *session, const struct pcapng_item *item,
                      void *context)
{
    struct reading *reading = context;
    if (item->kind == PCAPNG_SECTION) {
        timeline_origin(reading->timeline, NULL, item->section.os);
        section_take(reading, session, &item->section.json);
    } else if (item->kind == PCAPNG_INTERFACE) {
        section_take(reading, session, &item->interface.section);
    } else if (item->kind == PCAPNG_EVENT) {
        timeline_event(reading->timeline, &item->event, false);
    }
}

static void record_take(const struct analysis_session *session, const struct record *record,
                        void *context)
{
    timeline_record(((struct reading *)context)->timeline, session, record);
}

/* A recording has at its end the switch's log of its changes, whether or not events tell of them.
 */
static void changes_take(struct reading *reading, const struct analysis_session *session)
{
    const struct marks *marks = &session->marks;
    for (size_t i = 0; i < marks->change_count; i++) {
        const struct mark_change *change = &marks->changes[i];
        char generation[24];
        struct pcapng_event_field fields[] = {
            {"generation", generation}, {"switch", session->of->name}, {"port", change->port}};
        struct pcapng_event event = {.wall_ns = analysis_wall_ns(session, change->mono_ns),
                                     .mono_ns = change->mono_ns,
                                     .priority = PCAPNG_PRIORITY_NOTICE,
                                     .source = "xsw",
                                     .name = "configured",
                                     .message = change->text,
                                     .fields = fields,
                                     .field_count = change->port[0] != '\0' ? 3 : 2};
        snprintf(generation, sizeof(generation), "%" PRIu64, change->generation);
        if (change->mono_ns >= session->clock_mono_ns) {
            timeline_change(reading->timeline, session, &event);
        }
    }
}

static enum xsw_status recording_read(struct reading *reading, const char *path,
                                      struct xsw_error *error)
{
    timeline_source_begin(reading->timeline, path, "pcapng");
    enum xsw_status status = analysis_read(reading->analysis, path, NULL, NULL, error);
    if (status < 0) {
        return status;
    }
    const struct analysis_file *file = &reading->analysis->files[reading->analysis->file_count - 1];
    if (file->status < 0) {
        problem_tell(reading, file->problem);
    }
    return XSW_OK;
}

/* Traces -------------------------------------------------------------------------------------- */

static void event_take(const struct pcapng_event *event, const struct trace_about *about,
                       void *context)
{
    struct reading *reading = context;
    if (about->boot_id == NULL) {
        timeline_origin(reading->timeline, about->host, about->system);
    }
    timeline_event(reading->timeline, event, about->has_mono && about->boot_id != NULL);
}

static enum xsw_status path_read(struct reading *reading, const char *path, struct xsw_error *error)
{
    enum trace_kind kind = trace_kind_find(path);
    if (kind == TRACE_NONE) {
        return recording_read(reading, path, error);
    }
    timeline_source_begin(reading->timeline, path, kind == TRACE_CTF ? "ctf" : "trace.dat");
    struct xsw_error problem;
    if (trace_read(path, kind, event_take, reading, &problem) != XSW_OK) {
        problem_tell(reading, problem.text);
    }
    return XSW_OK;
}

/* The second reading ------------------------------------------------------------------------- */

static void join_take(const struct analysis_session *session, const struct record *record,
                      void *context)
{
    timeline_join_record(context, session, record);
}

/* Which packets the kernel dropped is looked for when all of its drops are known, so that the order
 * of the files does not matter. Standard input goes only once. */
static enum xsw_status packets_join(struct timeline *timeline,
                                    const struct timeline_options *options, struct xsw_error *error)
{
    struct analysis *again = NULL;
    enum xsw_status status = analysis_create(0, &again, error);
    if (status == XSW_OK) {
        analysis_observe(again, join_take, timeline);
    }
    for (int i = 0; i < options->path_count && status >= 0; i++) {
        const char *path = options->paths[i];
        if (strcmp(path, "-") != 0 && trace_kind_find(path) == TRACE_NONE) {
            status = analysis_read(again, path, NULL, NULL, error);
        }
    }
    analysis_destroy(again);
    return status < 0 ? status : XSW_OK;
}

static enum xsw_status all_read(struct reading *reading, const struct timeline_options *options,
                                struct xsw_error *error)
{
    enum xsw_status status = timeline_create(&reading->timeline, error);
    if (status == XSW_OK) {
        status = analysis_create(0, &reading->analysis, error);
    }
    if (status == XSW_OK) {
        analysis_observe(reading->analysis, record_take, reading);
        analysis_observe_items(reading->analysis, item_take, reading);
    }
    for (int i = 0; i < options->path_count && status == XSW_OK; i++) {
        status = path_read(reading, options->paths[i], error);
    }
    for (size_t i = 0; status == XSW_OK && i < reading->analysis->session_count; i++) {
        if (reading->analysis->sessions[i]->has_clock) {
            changes_take(reading, reading->analysis->sessions[i]);
        }
    }
    if (status == XSW_OK && timeline_join_is_wanted(reading->timeline)) {
        status = packets_join(reading->timeline, options, error);
    }
    return status == XSW_OK ? timeline_finish(reading->timeline, error) : status;
}

static bool has_unknown(const struct timeline *timeline)
{
    const struct timeline_entry *entries;
    size_t count = timeline_entries(timeline, &entries);
    bool found = timeline_beyond(timeline) > 0;
    for (size_t i = 0; i < count && !found; i++) {
        found = entries[i].kind == TIMELINE_UNKNOWN;
    }
    return found;
}

enum xsw_status timeline_fates(const struct timeline_options *options,
                               const struct packet_view *view, struct packet_fates *fates,
                               struct xsw_error *error)
{
    struct reading reading = {.is_quiet = true};
    enum xsw_status status = all_read(&reading, options, error);
    if (status == XSW_OK) {
        packet_fates_find(fates, reading.timeline, view);
    }
    analysis_destroy(reading.analysis);
    timeline_destroy(reading.timeline);
    return status;
}

static enum xsw_status timeline_show(const struct timeline *timeline,
                                     const struct timeline_options *options,
                                     struct xsw_error *error)
{
    if (options->is_json) {
        return timeline_json(stdout, timeline, error);
    }
    struct pager pager;
    pager_begin(&pager, !options->without_pager);
    struct page page = {pager.out, options->has_colours};
    timeline_text(&page, timeline);
    return pager_end(&pager)
               ? XSW_OK
               : error_set(error, XSW_IO, "the log for the pager: %s; --no-pager does without it",
                           strerror(errno));
}

int timeline_run(const struct timeline_options *options)
{
    struct reading reading = {0};
    struct xsw_error error = {0};
    enum xsw_status status = all_read(&reading, options, &error);
    if (status == XSW_OK) {
        status = timeline_show(reading.timeline, options, &error);
    }
    int code = EXIT_DONE;
    if (status != XSW_OK) {
        fprintf(stderr, "xsw analyze: %s\n", error.text);
        code = EXIT_FAILED;
    } else if (reading.is_torn) {
        code = EXIT_FAILED;
    } else if (options->is_strict && has_unknown(reading.timeline)) {
        code = EXIT_FOUND;
    }
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "xsw analyze: standard output: %s\n", strerror(errno));
        code = EXIT_FAILED;
    }
    analysis_destroy(reading.analysis);
    timeline_destroy(reading.timeline);
    return code;
}
