/* SPDX-License-Identifier: Apache-2.0 */
/* See part.h. The books of a part are an analysis of their own, filled by the same code. */
#include "analyzer/part.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/analysis_record.h"
#include "analyzer/analysis_section.h"
#include "analyzer/analysis_stream.h"
#include "base/error.h"

/* Making ------------------------------------------------------------------------------------- */

static void limits_set(struct analysis *books)
{
    struct analysis_switch *of = books->switches[0];
    books->ids.pages.limit = PART_ID_PAGES_MAX;
    books->orphans.limit = PART_ORPHANS_MAX;
    of->flows.rows.limit = PART_FLOWS_MAX;
    of->flows.is_part = true;
    of->drops.flows.limit = PART_DROP_FLOWS_MAX;
    of->changes.pairs.limit = PART_PAIRS_MAX;
    of->changes.is_part = true;
    of->latency.rows.limit = PART_LATENCY_MAX;
    of->paths.rows.limit = PART_PATHS_MAX;
    of->stations.rows.limit = PART_STATIONS_MAX;
}

enum xsw_status part_create(struct part **part, struct xsw_error *error)
{
    struct part *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory to analyze on several threads");
    }
    enum xsw_status status = analysis_create(PART_OPEN_MAX, &made->books, error);
    if (status == XSW_OK && !analysis_section_blank(made->books)) {
        status = error_set(error, XSW_NO_MEMORY, "no memory to analyze on several threads");
    }
    if (status < 0) {
        part_destroy(made);
        return status;
    }
    limits_set(made->books);
    class_gathering_init(&made->classes, PART_CLASSES_MAX);
    *part = made;
    return XSW_OK;
}

void part_destroy(struct part *part)
{
    if (part == NULL) {
        return;
    }
    if (part->books != NULL && part->books->switch_count != 0) {
        /* What it looked names up in is not its own. */
        dictionary_init(&part->books->switches[0]->dictionary);
    }
    analysis_destroy(part->books);
    class_gathering_fini(&part->classes);
    pcapng_run_fini(&part->run);
    free(part);
}

/* Reading ------------------------------------------------------------------------------------ */

static void books_clear(struct analysis *books)
{
    struct analysis_switch *of = books->switches[0];
    struct journey left;
    while (journey_joiner_drain(books->joiner, &left)) {
    }
    id_set_clear(&books->ids);
    table_clear(&books->orphans);
    books->notes.count = 0;
    account_clear(&books->sessions[0]->account);
    of->total = (struct account_file){0};
    table_clear(&of->receive_ports);
    drops_clear(&of->drops);
    changes_clear(&of->changes);
    latency_clear(&of->latency);
    paths_clear(&of->paths);
    flows_clear(&of->flows);
    stations_clear(&of->stations);
}

void part_prepare(struct part *part, const struct analysis_session *session,
                  const struct table *taps)
{
    struct analysis_switch *of = part->books->switches[0];
    part->taps = taps;
    books_clear(part->books);
    class_gathering_clear(&part->classes);
    of->dictionary = session->of->dictionary; /* its tables are looked at, not changed */
    changes_seed(&of->changes, &session->of->changes);
}

/* False: the record has to be read in its place. */
static bool packet_read(struct part *part, const struct pcapng_item *item)
{
    struct record record;
    struct account_file *book = &part->books->sessions[0]->account.file;
    book->packets++;
    enum xsw_status status = record_read(&record, item, NULL);
    if (status == XSW_NOT_FOUND) {
        book->foreign++;
        return true;
    }
    if (status < 0) {
        return false;
    }
    analysis_port_name(part->taps, item->packet.interface, &record);
    analysis_source_name(&part->books->switches[0]->dictionary, &record);
    analysis_record(part->books, part->books->sessions[0], &record);
    if (part->is_indexed) {
        class_gathering_take(&part->classes, &part->books->switches[0]->dictionary, &record);
    }
    return true;
}

/* Whether nothing was met that depends on what is before or behind. */
static bool is_whole(const struct analysis *books)
{
    const struct analysis_switch *of = books->switches[0];
    const struct account_file *file = &books->sessions[0]->account.file;
    return journey_joiner_open_count(books->joiner) == 0 && file->headless == 0 &&
           file->evicted == 0 && file->stray == 0 && file->duplicates == 0 &&
           file->parents_unchecked == 0 && books->ids.refused == 0 && books->notes.count == 0 &&
           drops_is_whole(&of->drops) && !of->flows.is_crowded && of->flows.beyond == 0 &&
           of->latency.beyond == 0 && of->paths.beyond == 0 && of->stations.beyond == 0;
}

void part_read(struct part *part)
{
    struct pcapng_item item;
    enum xsw_status status = XSW_OK;
    bool is_sound = true;
    while (is_sound && (status = pcapng_run_next(&part->run, "", &item, NULL)) == XSW_OK) {
        is_sound = packet_read(part, &item);
    }
    part->is_whole = is_sound && status == XSW_END && is_whole(part->books);
    pcapng_run_rewind(&part->run);
}

/* Merging ------------------------------------------------------------------------------------ */

/* Whether its ids are new, of this session and of others that saw the same switch. */
static bool ids_are_new(const struct part *part, const struct analysis *analysis,
                        const struct analysis_session *session)
{
    for (size_t i = 0; i < analysis->session_count; i++) {
        if (analysis->sessions[i]->of == session->of &&
            id_set_meets(&analysis->ids, i, &part->books->ids, 0)) {
            return false;
        }
    }
    return true;
}

static bool can_merge(const struct part *part, const struct analysis *analysis,
                      const struct analysis_session *session)
{
    const struct analysis *books = part->books;
    return part->is_whole && analysis->ids.refused == 0 &&
           !journey_joiner_has_headless(analysis->joiner) &&
           journey_joiner_open_count(analysis->joiner) + PART_OPEN_MAX <= analysis->open_max &&
           table_has_room(&analysis->ids.pages, books->ids.pages.count) &&
           table_has_room(&analysis->orphans, books->orphans.count) &&
           changes_can_merge(&session->of->changes, &books->switches[0]->changes) &&
           ids_are_new(part, analysis, session);
}

/* Copies whose parent was not seen before them in the part: it may be in what was before. */
static void orphans_merge(struct analysis *analysis, uint64_t session, const struct table *orphans)
{
    for (size_t i = 0; i < orphans->count; i++) {
        struct analysis_orphan key = *(const struct analysis_orphan *)table_key(orphans, i);
        key.session = session;
        uint64_t *copies = id_set_has(&analysis->ids, session, key.parent_id)
                               ? NULL
                               : table_add(&analysis->orphans, &key);
        if (copies != NULL) {
            *copies += *(const uint64_t *)table_value(orphans, i);
        }
    }
}

static void ports_merge(struct table *ports, const struct table *part)
{
    for (size_t i = 0; i < part->count; i++) {
        uint64_t *received = table_add(ports, table_key(part, i));
        if (received != NULL) {
            *received += *(const uint64_t *)table_value(part, i);
        }
    }
}

bool part_merge(const struct part *part, struct analysis *analysis,
                struct analysis_session *session)
{
    const struct analysis_switch *from = part->books->switches[0];
    struct analysis_switch *of = session->of;
    uint16_t *fields = NULL;
    if (!can_merge(part, analysis, session)) {
        return false;
    }
    changes_merge(&of->changes, &from->changes, &fields);
    if (fields == NULL) {
        return false;
    }
    orphans_merge(analysis, session->number, &part->books->orphans);
    (void)id_set_merge(&analysis->ids, session->number, &part->books->ids);
    account_merge(&session->account, &part->books->sessions[0]->account);
    account_file_merge(&of->total, &from->total);
    ports_merge(&of->receive_ports, &from->receive_ports);
    drops_merge(&of->drops, &from->drops);
    latency_merge(&of->latency, &from->latency);
    paths_merge(&of->paths, &from->paths, fields);
    flows_merge(&of->flows, &from->flows);
    stations_merge(&of->stations, &from->stations);
    free(fields);
    return true;
}
