/* SPDX-License-Identifier: Apache-2.0 */
/* See analysis.h. Files are read here; what a text in them means is in analysis_section.c, what a
 * record means in analysis_record.c. */
#include "analyzer/analysis.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/analysis_record.h"
#include "analyzer/analysis_section.h"
#include "analyzer/analysis_stream.h"
#include "analyzer/analysis_trace.h"
#include "analyzer/index/index.h"
#include "base/error.h"

enum xsw_status analysis_create(uint32_t open_max, struct analysis **analysis,
                                struct xsw_error *error)
{
    struct analysis *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for the analysis");
    }
    if (open_max == 0) {
        open_max = JOURNEYS_OPEN_DEFAULT;
    }
    made->open_max = open_max;
    events_init(&made->events);
    id_set_init(&made->ids, ID_SET_PAGES_MAX);
    table_init(&made->orphans, sizeof(struct analysis_orphan), sizeof(uint64_t),
               ANALYSIS_ORPHANS_MAX);
    enum xsw_status status = journey_joiner_create(open_max, &made->joiner, error);
    if (status == XSW_OK) {
        status = trails_create(open_max, &made->trails, error);
    }
    if (status < 0) {
        analysis_destroy(made);
        return status;
    }
    *analysis = made;
    return XSW_OK;
}

void analysis_destroy(struct analysis *analysis)
{
    if (analysis == NULL) {
        return;
    }
    for (size_t i = 0; i < analysis->file_count; i++) {
        free(analysis->files[i].path);
    }
    for (size_t i = 0; i < analysis->session_count; i++) {
        analysis_session_destroy(analysis->sessions[i]);
    }
    for (size_t i = 0; i < analysis->switch_count; i++) {
        analysis_switch_destroy(analysis->switches[i]);
    }
    free(analysis->files);
    journey_joiner_destroy(analysis->joiner);
    trails_destroy(analysis->trails);
    index_destroy(analysis->index);
    events_fini(&analysis->events);
    id_set_fini(&analysis->ids);
    table_fini(&analysis->orphans);
    free(analysis);
}

void analysis_use_threads(struct analysis *analysis, unsigned threads, size_t run_bytes)
{
    analysis->threads = threads < ANALYSIS_THREADS_MAX ? threads : ANALYSIS_THREADS_MAX;
    analysis->run_bytes = run_bytes;
}

bool analysis_use_index(struct analysis *analysis, bool is_forced)
{
    analysis->index = index_create(is_forced);
    return analysis->index != NULL;
}

void analysis_observe(struct analysis *analysis, analysis_observer *observer, void *context)
{
    analysis->observer = observer;
    analysis->observer_context = context;
}

void analysis_observe_items(struct analysis *analysis, analysis_item_observer *observer,
                            void *context)
{
    analysis->item_observer = observer;
    analysis->item_context = context;
}

void analysis_restrict(struct analysis *analysis, analysis_wanted *wanted, const void *context)
{
    analysis->wanted = wanted;
    analysis->wanted_context = context;
}

static void tap_take(struct analysis_stream *reading, const struct pcapng_interface *interface)
{
    struct dictionary_label port =
        analysis_tap(reading->analysis, reading->session, reading->file, interface);
    struct dictionary_label *entry =
        port.name == 0 ? NULL : table_add(&reading->taps, &interface->index);
    if (entry != NULL) {
        *entry = port;
    }
}

void analysis_port_name(const struct table *taps, uint32_t interface, struct record *record)
{
    const struct dictionary_label *tap = table_find(taps, &interface);
    if (tap != NULL && tap->id == record->port.id) {
        record->port = *tap;
    }
}

void analysis_source_name(const struct dictionary *dictionary, struct record *record)
{
    bool may_tell = record_is_first(record) &&
                    (record->fixed.parent_id != 0 || record->fixed.kind == META_INJECTED);
    if (!may_tell) {
        return;
    }
    struct meta_reader items = record_items(record);
    struct meta_item item;
    while (record_next_item(&items, &item)) {
        if (item.type == META_TLV_SOURCE) {
            record->source = dictionary_find_label(dictionary, item.source.port, item.source.name,
                                                   item.source.name_length);
        }
    }
}

/* A section of ours begins, or records of one that nothing was told of (`json` is empty). */
static void section_take(struct analysis_stream *reading, const struct pcapng_json *json)
{
    reading->file->has_sections = true;
    reading->session = analysis_section(reading->analysis, reading->file, json);
    reading->is_refused = reading->session == NULL;
}

static void broken_take(struct analysis_stream *reading, const struct pcapng_item *item,
                        const char *problem)
{
    reading->file->unreadable++;
    reading->session->account.file.broken++;
    notes_add(&reading->analysis->notes, "%s: byte %llu: %s", reading->file->path,
              (unsigned long long)item->offset, problem);
}

static void packet_take(struct analysis_stream *reading, const struct pcapng_item *item)
{
    struct record record;
    struct xsw_error error;
    enum xsw_status status = record_read(&record, item, &error);
    bool is_foreign = status == XSW_NOT_FOUND;
    if (!is_foreign && reading->session == NULL && !reading->is_refused) {
        section_take(reading, &(struct pcapng_json){0});
    }
    reading->file->packets++;
    reading->file->foreign += is_foreign;
    if (reading->session == NULL) {
        reading->file->left_out += !is_foreign;
        return;
    }
    reading->session->account.file.packets++;
    reading->session->account.file.foreign += is_foreign;
    if (is_foreign) {
        return;
    }
    if (status < 0) {
        broken_take(reading, item, error.text);
        return;
    }
    analysis_port_name(&reading->taps, item->packet.interface, &record);
    analysis_source_name(&reading->session->of->dictionary, &record);
    analysis_record(reading->analysis, reading->session, &record);
}

static void item_take(struct analysis_stream *reading, const struct pcapng_item *item)
{
    struct analysis_file *file = reading->file;
    switch (item->kind) {
    case PCAPNG_SECTION:
        if (file->writer[0] == '\0' && item->section.application != NULL) {
            text_make_safe(file->writer, sizeof(file->writer), item->section.application);
        }
        sources_origin(&reading->analysis->sources, file->source, NULL, item->section.os);
        reading->session = NULL;
        reading->is_refused = false;
        if (item->section.json.text != NULL || item->section.json.problem != NULL) {
            section_take(reading, &item->section.json);
        }
        break;
    case PCAPNG_INTERFACE:
        if (reading->session == NULL && !reading->is_refused &&
            item->interface.section.text != NULL) {
            section_take(reading, &item->interface.section);
        }
        tap_take(reading, &item->interface);
        break;
    case PCAPNG_PACKET:
        packet_take(reading, item);
        break;
    case PCAPNG_STATISTICS:
        analysis_summary(reading->analysis, reading->session, file, &item->statistics.json);
        break;
    case PCAPNG_EVENT:
        analysis_event(reading->analysis, reading->session, file, &item->event);
        if (reading->session != NULL) {
            account_add_event(&reading->session->account, &item->event);
        }
        break;
    case PCAPNG_OTHER:
        break;
    }
}

static enum xsw_status file_add(struct analysis *analysis, const char *path,
                                struct analysis_file **file, struct xsw_error *error)
{
    if (analysis->file_count == ANALYSIS_FILES_MAX) {
        return error_set(error, XSW_LIMIT, "more than %d files", ANALYSIS_FILES_MAX);
    }
    struct analysis_file *files =
        realloc(analysis->files, (analysis->file_count + 1) * sizeof(*files));
    if (files == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for the list of files");
    }
    analysis->files = files;
    *file = &files[analysis->file_count];
    **file = (struct analysis_file){.path = strdup(path)};
    if ((*file)->path == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for the list of files");
    }
    analysis->file_count++;
    return XSW_OK;
}

enum xsw_status analysis_stream_open(struct analysis *analysis, const char *name,
                                     struct analysis_stream **stream, struct xsw_error *error)
{
    struct analysis_stream *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for reading %s", name);
    }
    enum xsw_status status = file_add(analysis, name, &made->file, error);
    if (status < 0) {
        free(made);
        return status;
    }
    made->analysis = analysis;
    made->number = analysis->file_count - 1;
    made->file->status = XSW_OK;
    made->file->source = sources_begin(&analysis->sources, name, "pcapng");
    table_init(&made->taps, sizeof(uint32_t), sizeof(struct dictionary_label), DICTIONARY_MAX);
    *stream = made;
    return XSW_OK;
}

void analysis_stream_item(struct analysis_stream *stream, const struct pcapng_item *item)
{
    stream->file = &stream->analysis->files[stream->number];
    item_take(stream, item);
    if (stream->analysis->item_observer != NULL) {
        stream->analysis->item_observer(stream->session, item, stream->analysis->item_context);
    }
}

void analysis_stream_close(struct analysis_stream *stream, enum xsw_status status,
                           const char *problem)
{
    if (stream == NULL) {
        return;
    }
    struct analysis_file *file = &stream->analysis->files[stream->number];
    file->status = status;
    if (status < 0) {
        text_make_safe(file->problem, sizeof(file->problem), problem);
        if (stream->session != NULL) {
            stream->session->is_torn = true;
        }
    }
    table_fini(&stream->taps);
    free(stream);
}

static const char *missing_why(struct analysis_session *session)
{
    if (session->is_torn) {
        return "the file is torn";
    }
    if (session->selection[0] == '\0') {
        return "the recorder was killed, or a tool rewrote the file";
    }
    snprintf(session->missing, sizeof(session->missing),
             "the file is a selection of a recording: %s", session->selection);
    return session->missing;
}

enum xsw_status analysis_finish(struct analysis *analysis, struct xsw_error *error)
{
    analysis_records_close(analysis);
    analysis_traces_close(analysis);
    for (size_t i = 0; i < analysis->session_count; i++) {
        struct analysis_session *session = analysis->sessions[i];
        /* Of several files, the accounts of some are not the account of all. */
        if (account_span(&session->account).is_open) {
            session->account.has_summary = false;
        }
        struct proof_context context = {.account = &session->account,
                                        .dictionary = &session->of->dictionary,
                                        .missing = missing_why(session),
                                        .pipeline_was_changed = session->pipeline_was_changed};
        /* What is of no session is told with the first: where there is no place, there is one. */
        for (size_t j = 0; i == 0 && j < analysis->file_count; j++) {
            context.left_out += analysis->files[j].left_out;
        }
        enum xsw_status status = proof_build(&session->proof, &context, error);
        if (status < 0) {
            return status;
        }
    }
    return XSW_OK;
}

enum proof_state analysis_state(const struct analysis *analysis)
{
    enum proof_state worst = PROOF_HOLDS;
    for (size_t i = 0; i < analysis->session_count; i++) {
        enum proof_state state = proof_state(&analysis->sessions[i]->proof);
        if (state > worst) {
            worst = state;
        }
    }
    return worst;
}

size_t analysis_sessions_of(const struct analysis *analysis, const struct analysis_switch *of)
{
    size_t count = 0;
    for (size_t i = 0; i < analysis->session_count; i++) {
        count += analysis->sessions[i]->of == of;
    }
    return count;
}

struct analysis_unknown analysis_unknown(const struct analysis *analysis,
                                         const struct analysis_switch *of)
{
    struct analysis_unknown unknown = {0};
    for (size_t i = 0; i < analysis->session_count; i++) {
        const struct account *account = &analysis->sessions[i]->account;
        if (analysis->sessions[i]->of != of) {
            continue;
        }
        unknown.lost_journeys = account_sum(unknown.lost_journeys, account_lost(account));
        unknown.lost_journeys = account_sum(unknown.lost_journeys, account->file.broken);
        unknown.open_sessions += !account->has_summary;
    }
    return unknown;
}

uint64_t analysis_wall_ns(const struct analysis_session *session, uint64_t mono_ns)
{
    if (!session->has_clock || mono_ns == 0) {
        return 0;
    }
    return session->clock_wall_ns - session->clock_mono_ns + mono_ns;
}
