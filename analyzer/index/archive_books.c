/* SPDX-License-Identifier: Apache-2.0 */
/* See archive_books.h. Members go one by one where a struct has pointers, and as they are where it
 * has none. */
#include "analyzer/index/archive_books.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "analyzer/analysis_section.h"

/* Switches ------------------------------------------------------------------------------------ */

static void dictionary_archive(struct archive *archive, struct dictionary *dictionary)
{
    archive_table(archive, &dictionary->ports);
    archive_table(archive, &dictionary->tap_ports);
    archive_table(archive, &dictionary->stages);
    archive_table(archive, &dictionary->reasons);
    archive_table(archive, &dictionary->rules);
    archive_table(archive, &dictionary->extensions);
}

static void changes_archive(struct archive *archive, struct changes *changes)
{
    archive_table(archive, &changes->stages);
    archive_table(archive, &changes->fields);
    archive_table(archive, &changes->pairs);
    ARCHIVE(archive, changes->beyond);
}

static void flows_tcp_archive(struct archive *archive, struct flows *flows)
{
    archive_count(archive, &flows->tcp_count, FLOWS_MAX);
    if (archive->is_reading && flows->tcp_count != 0) {
        flows->tcp = calloc(flows->tcp_count, sizeof(*flows->tcp));
        archive->has_failed |= flows->tcp == NULL;
        flows->tcp_count = flows->tcp == NULL ? 0 : flows->tcp_count;
        flows->tcp_room = flows->tcp_count;
    }
    if (flows->tcp_count != 0) {
        archive_bytes(archive, flows->tcp, flows->tcp_count * sizeof(*flows->tcp));
    }
}

static void flows_archive(struct archive *archive, struct flows *flows)
{
    archive_table(archive, &flows->rows);
    ARCHIVE(archive, flows->beyond);
    ARCHIVE(archive, flows->symptoms_beyond);
    ARCHIVE(archive, flows->counts);
    ARCHIVE(archive, flows->counts_by_drop);
    archive_count(archive, &flows->symptom_count, FLOW_SYMPTOMS_MAX);
    if (archive->is_reading && flows->symptom_count != 0) {
        flows->symptoms = calloc(FLOW_SYMPTOMS_MAX, sizeof(*flows->symptoms));
        if (flows->symptoms == NULL) {
            archive->has_failed = true;
            flows->symptom_count = 0;
        }
    }
    if (flows->symptom_count != 0) {
        archive_bytes(archive, flows->symptoms, flows->symptom_count * sizeof(*flows->symptoms));
    }
    flows_tcp_archive(archive, flows);
}

static void switch_archive(struct archive *archive, struct analysis_switch *of)
{
    ARCHIVE(archive, of->name);
    ARCHIVE(archive, of->host);
    ARCHIVE(archive, of->machine);
    ARCHIVE(archive, of->is_traced);
    dictionary_archive(archive, &of->dictionary);
    ARCHIVE(archive, of->total);
    archive_table(archive, &of->receive_ports);
    archive_table(archive, &of->drops.rows);
    archive_table(archive, &of->drops.flows);
    ARCHIVE(archive, of->drops.packets);
    ARCHIVE(archive, of->drops.beyond);
    changes_archive(archive, &of->changes);
    archive_table(archive, &of->latency.rows);
    ARCHIVE(archive, of->latency.beyond);
    archive_table(archive, &of->paths.rows);
    ARCHIVE(archive, of->paths.beyond);
    flows_archive(archive, &of->flows);
    archive_table(archive, &of->stations.rows);
    ARCHIVE(archive, of->stations.moves);
    ARCHIVE(archive, of->stations.beyond);
}

static void switches_archive(struct archive *archive, struct analysis *analysis)
{
    size_t count = analysis->switch_count;
    archive_count(archive, &count, ANALYSIS_SWITCHES_MAX);
    for (size_t i = 0; i < count && !archive->has_failed; i++) {
        char id[ANALYSIS_NAME_SIZE] = "";
        if (!archive->is_reading) {
            memcpy(id, analysis->switches[i]->id, sizeof(id));
        }
        ARCHIVE(archive, id);
        id[sizeof(id) - 1] = '\0';
        if (archive->is_reading &&
            (analysis_switch_find(analysis, id) == NULL || analysis->switch_count != i + 1)) {
            archive->has_failed = true;
            return;
        }
        switch_archive(archive, analysis->switches[i]);
    }
}

/* Sessions ------------------------------------------------------------------------------------ */

static void json_archive(struct archive *archive, json_t **json)
{
    char *text = archive->is_reading || *json == NULL ? NULL : json_dumps(*json, JSON_COMPACT);
    archive->has_failed |= !archive->is_reading && *json != NULL && text == NULL;
    archive_text(archive, &text);
    if (archive->is_reading && text != NULL) {
        *json = json_loads(text, 0, NULL);
        archive->has_failed |= *json == NULL;
    }
    free(text);
}

static void marks_archive(struct archive *archive, struct marks *marks)
{
    json_archive(archive, &marks->before);
    json_archive(archive, &marks->after);
    ARCHIVE(archive, marks->has_end);
    ARCHIVE(archive, marks->generation_before);
    ARCHIVE(archive, marks->generation_after);
    ARCHIVE(archive, marks->beyond);
    archive_count(archive, &marks->count, MARKS_MAX);
    archive_bytes(archive, marks->list, marks->count * sizeof(marks->list[0]));
    ARCHIVE(archive, marks->has_changes);
    ARCHIVE(archive, marks->has_first_log);
    ARCHIVE(archive, marks->changes_missing);
    archive_count(archive, &marks->change_count, MARK_CHANGES_MAX);
    archive_bytes(archive, marks->changes, marks->change_count * sizeof(marks->changes[0]));
}

static void account_archive(struct archive *archive, struct account *account)
{
    ARCHIVE(archive, account->file);
    ARCHIVE(archive, account->has_summary);
    ARCHIVE(archive, account->has_recorder);
    ARCHIVE(archive, account->is_limited);
    ARCHIVE(archive, account->why);
    ARCHIVE(archive, account->error);
    ARCHIVE(archive, account->ended_mono_ns);
    ARCHIVE(archive, account->recorder_written);
    ARCHIVE(archive, account->recorder_lost);
    ARCHIVE(archive, account->summaries);
    archive_table(archive, &account->segments);
    ARCHIVE(archive, account->has_last_segment);
    archive_table(archive, &account->workers);
    archive_table(archive, &account->stages);
    archive_table(archive, &account->drops);
    ARCHIVE(archive, account->drops_beyond);
}

static void session_archive(struct archive *archive, struct analysis_session *session)
{
    ARCHIVE(archive, session->name);
    ARCHIVE(archive, session->filter);
    ARCHIVE(archive, session->where);
    ARCHIVE(archive, session->snap_length);
    ARCHIVE(archive, session->machine);
    ARCHIVE(archive, session->has_clock);
    ARCHIVE(archive, session->clock_mono_ns);
    ARCHIVE(archive, session->clock_wall_ns);
    ARCHIVE(archive, session->stages_at_start);
    ARCHIVE(archive, session->pipeline_was_changed);
    ARCHIVE(archive, session->is_torn);
    ARCHIVE(archive, session->selection);
    account_archive(archive, &session->account);
    marks_archive(archive, &session->marks);
}

/* Which switch a session is of, and its number there. */
static struct analysis_session *session_find(struct archive *archive, struct analysis *analysis,
                                             size_t place)
{
    size_t of = 0;
    uint64_t id = 0;
    for (size_t i = 0; !archive->is_reading && i < analysis->switch_count; i++) {
        of = analysis->switches[i] == analysis->sessions[place]->of ? i : of;
        id = analysis->sessions[place]->id;
    }
    archive_count(archive, &of, ANALYSIS_SWITCHES_MAX);
    ARCHIVE(archive, id);
    if (archive->is_reading && of < analysis->switch_count && !archive->has_failed) {
        (void)analysis_session_find(analysis, analysis->switches[of], id);
    }
    archive->has_failed |= place >= analysis->session_count;
    return archive->has_failed ? NULL : analysis->sessions[place];
}

static void sessions_archive(struct archive *archive, struct analysis *analysis)
{
    size_t count = analysis->session_count;
    archive_count(archive, &count, ANALYSIS_SESSIONS_MAX);
    for (size_t i = 0; i < count && !archive->has_failed; i++) {
        struct analysis_session *session = session_find(archive, analysis, i);
        if (session != NULL) {
            session_archive(archive, session);
        }
    }
}

/* Open journeys -------------------------------------------------------------------------------- */

struct open_write {
    struct archive *archive;
    struct analysis *analysis;
};

static void open_write(const struct journey *journey, void *context)
{
    const struct open_write *writing = context;
    struct journey copy = *journey;
    struct trail trail = *trails_at(writing->analysis->trails, journey->slot);
    ARCHIVE(writing->archive, copy);
    ARCHIVE(writing->archive, trail);
}

static void open_read(struct archive *archive, struct analysis *analysis)
{
    struct journey journey;
    struct trail trail;
    ARCHIVE(archive, journey);
    ARCHIVE(archive, trail);
    uint32_t slot = archive->has_failed || journey.session >= analysis->session_count
                        ? UINT32_MAX
                        : journey_joiner_restore(analysis->joiner, &journey);
    if (slot == UINT32_MAX) {
        archive->has_failed = true;
    } else {
        trails_restore(analysis->trails, slot, &trail);
    }
}

static void journeys_archive(struct archive *archive, struct analysis *analysis)
{
    size_t count = journey_joiner_open_count(analysis->joiner);
    archive_count(archive, &count, analysis->open_max);
    if (!archive->is_reading) {
        struct open_write writing = {archive, analysis};
        journey_joiner_each(analysis->joiner, open_write, &writing);
        return;
    }
    for (size_t i = 0; i < count && !archive->has_failed; i++) {
        open_read(archive, analysis);
    }
}

/* The rest ------------------------------------------------------------------------------------- */

static void events_archive(struct archive *archive, struct events *events)
{
    ARCHIVE(archive, events->beyond);
    ARCHIVE(archive, events->losses);
    archive_table(archive, &events->recent);
    archive_table(archive, &events->sums);
    archive_count(archive, &events->count, EVENTS_MAX);
    if (archive->is_reading && events->count != 0) {
        events->list = calloc(EVENTS_MAX, sizeof(*events->list));
        if (events->list == NULL) {
            archive->has_failed = true;
            events->count = 0;
        }
    }
    if (events->count != 0) {
        archive_bytes(archive, events->list, events->count * sizeof(*events->list));
    }
}

static void file_archive(struct archive *archive, struct analysis_stream *stream)
{
    struct analysis *analysis = stream->analysis;
    struct analysis_file *file = &analysis->files[stream->number];
    size_t session = stream->session == NULL ? ANALYSIS_SESSIONS_MAX : stream->session->number;
    ARCHIVE(archive, stream->is_refused);
    ARCHIVE(archive, file->writer);
    ARCHIVE(archive, file->packets);
    ARCHIVE(archive, file->foreign);
    ARCHIVE(archive, file->unreadable);
    ARCHIVE(archive, file->left_out);
    ARCHIVE(archive, file->has_sections);
    ARCHIVE(archive, file->source);
    archive_table(archive, &stream->taps);
    archive_count(archive, &session, ANALYSIS_SESSIONS_MAX);
    if (archive->is_reading) {
        stream->session = session < analysis->session_count ? analysis->sessions[session] : NULL;
    }
}

/* A label names a tap point by its place; one beyond these has never been written. */
static bool labels_are_sound(const struct analysis *analysis)
{
    for (size_t i = 0; i < analysis->switch_count; i++) {
        const struct analysis_switch *of = analysis->switches[i];
        for (size_t j = 0; j < of->dictionary.tap_ports.count; j++) {
            const uint16_t *name = table_value(&of->dictionary.tap_ports, j);
            if (*name != j + 1) {
                return false;
            }
        }
    }
    return true;
}

bool archive_books(struct archive *archive, struct analysis_stream *stream)
{
    struct analysis *analysis = stream->analysis;
    ARCHIVE(archive, analysis->notes);
    ARCHIVE(archive, analysis->sources);
    switches_archive(archive, analysis);
    sessions_archive(archive, analysis);
    archive_table(archive, &analysis->ids.pages);
    ARCHIVE(archive, analysis->ids.refused);
    archive_table(archive, &analysis->orphans);
    events_archive(archive, &analysis->events);
    journeys_archive(archive, analysis);
    file_archive(archive, stream);
    archive->has_failed |= !labels_are_sound(analysis);
    return !archive->has_failed;
}
