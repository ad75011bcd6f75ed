/* SPDX-License-Identifier: Apache-2.0 */
/* Each record passes once: journey.c joins it, and what it means is counted in the session's
 * account and in the switch's totals, drops and changes. */
#include "analyzer/analysis_record.h"

#include <string.h>

/* The books in which a journey is counted: its session's, and the switch's unless another session
 * has brought it there already. */
struct books {
    struct account_file *of[2];
    int count;
};

static struct books books_of(struct analysis_session *session, const struct journey *journey)
{
    struct books books = {{&session->account.file, &session->of->total}, 2};
    if (journey->is_repeat || journey->is_unwanted) {
        books.count = 1;
    }
    if (journey->is_extra) {
        books.count = 0;
    }
    return books;
}

static bool is_unwanted(const struct analysis *analysis, uint32_t session, uint64_t packet_id)
{
    return analysis->wanted != NULL &&
           !analysis->wanted(session, packet_id, analysis->wanted_context);
}

static void span_add(struct account_file *book, uint64_t time_ns)
{
    if (book->records++ == 0) {
        book->first_ns = book->last_ns = time_ns;
    }
    if (time_ns < book->first_ns) {
        book->first_ns = time_ns;
    }
    if (time_ns > book->last_ns) {
        book->last_ns = time_ns;
    }
}

/* Throws out the orphans whose parent has come since. */
static void orphans_sweep(struct analysis *analysis)
{
    struct table kept;
    table_init(&kept, sizeof(struct analysis_orphan), sizeof(uint64_t), ANALYSIS_ORPHANS_MAX);
    for (size_t i = 0; i < analysis->orphans.count; i++) {
        const struct analysis_orphan *key = table_key(&analysis->orphans, i);
        const uint64_t *copies = table_value(&analysis->orphans, i);
        if (id_set_has(&analysis->ids, key->session, key->parent_id)) {
            continue;
        }
        uint64_t *entry = table_add(&kept, key);
        if (entry != NULL) {
            *entry = *copies;
        } else {
            analysis->sessions[key->session]->account.file.parents_unchecked += *copies;
        }
    }
    table_fini(&analysis->orphans);
    analysis->orphans = kept;
}

static void parent_check(struct analysis *analysis, struct analysis_session *session,
                         uint64_t parent_id)
{
    if (id_set_has(&analysis->ids, session->number, parent_id)) {
        return;
    }
    struct analysis_orphan key = {session->number, parent_id};
    uint64_t *copies = table_add(&analysis->orphans, &key);
    /* A sweep costs as much as the table is large: not again before a quarter of it is free. */
    if (copies == NULL && session->account.file.parents_unchecked == 0) {
        orphans_sweep(analysis);
        if (analysis->orphans.count < ANALYSIS_ORPHANS_MAX / 4 * 3) {
            copies = table_add(&analysis->orphans, &key);
        }
    }
    if (copies != NULL) {
        ++*copies;
    } else {
        session->account.file.parents_unchecked++;
    }
}

static bool was_seen_in_another(const struct analysis *analysis,
                                const struct analysis_session *session, uint64_t packet_id)
{
    for (size_t i = 0; i < analysis->session_count; i++) {
        const struct analysis_session *other = analysis->sessions[i];
        if (other != session && other->of == session->of &&
            id_set_has(&analysis->ids, other->number, packet_id)) {
            return true;
        }
    }
    return false;
}

/* Files of early versions have a plain record behind the first stage for what was put in there. */
static bool is_injected(const struct analysis_session *session, const struct record *record)
{
    const struct dictionary_stage *stage =
        dictionary_find_stage(&session->of->dictionary, record->fixed.stage);
    if (record->fixed.kind == META_INJECTED) {
        return true;
    }
    return record->fixed.kind == META_PASS && !record_is_last(record) && stage != NULL &&
           stage->order != STAGE_ORDER_NONE && stage->order != 0 && strcmp(stage->name, "rx") != 0;
}

static void beginning_add(struct analysis_session *session, const struct record *record,
                          const struct journey *journey)
{
    struct books books = books_of(session, journey);
    bool is_copy = record->fixed.kind == META_CLONE || record->fixed.parent_id != 0;
    bool injected = !is_copy && is_injected(session, record);
    for (int i = 0; i < books.count; i++) {
        struct account_file *book = books.of[i];
        if (is_copy && (record->fixed.flags & META_MIRROR) != 0) {
            book->copies_mirror++;
        } else if (is_copy && (record->fixed.flags & META_FLOOD) != 0) {
            book->copies_flood++;
        } else if (is_copy) {
            book->copies_other++;
        } else if (injected) {
            book->injected++;
        } else {
            book->received++;
        }
    }
    if (is_copy || injected || books.count < 2) {
        return;
    }
    uint64_t *received = table_add(&session->of->receive_ports, &record->port);
    if (received != NULL) {
        ++*received;
    }
}

static void journey_begin(struct analysis *analysis, struct analysis_session *session,
                          const struct record *record, struct journey *journey)
{
    if (!id_set_add(&analysis->ids, session->number, record->packet_id)) {
        session->account.file.duplicates++;
        journey->is_extra = true;
    } else if (was_seen_in_another(analysis, session, record->packet_id)) {
        session->account.file.repeats++;
        journey->is_repeat = true;
    }
    if (journey->is_extra || journey->is_repeat) {
        journey_mark(analysis->joiner, journey);
    }
    if (!journey->is_extra && record->fixed.parent_id != 0) {
        parent_check(analysis, session, record->fixed.parent_id);
    }
    beginning_add(session, record, journey);
}

static void end_add(struct analysis_session *session, const struct record *record,
                    const struct journey *journey)
{
    struct books books = books_of(session, journey);
    for (int i = 0; i < books.count; i++) {
        struct account_file *book = books.of[i];
        book->changed += journey->is_changed;
        if (record->fixed.kind == META_DROP) {
            book->dropped++;
        } else if (record->fixed.kind == META_CONSUMED) {
            book->consumed++;
        } else if (record->fixed.kind == META_PUNT) {
            book->punted++;
        } else {
            book->delivered++;
        }
    }
    if (record->fixed.kind != META_DROP) {
        return;
    }
    if (books.count > 0) {
        account_add_drop(&session->account, record->fixed.stage, record->fixed.reason);
    }
    if (books.count > 1) {
        drops_add(&session->of->drops, record);
    }
}

static void gaps_add(struct analysis_session *session, const struct record *record)
{
    struct meta_reader items = record_items(record);
    struct meta_item item;
    if (!record->has_gap) {
        struct meta_gap gap = {.journeys = record->dropcount};
        account_add_gap(&session->account, &gap);
    }
    while (record_next_item(&items, &item)) {
        if (item.type == META_TLV_GAP) {
            account_add_gap(&session->account, &item.gap);
        }
    }
}

/* What counts whole journeys. One without an end has an outcome of its own. */
static void trail_end(struct analysis_switch *of, const struct trail *trail)
{
    latency_add(&of->latency, &of->dictionary, trail);
    paths_add(&of->paths, trail);
    flows_add(&of->flows, trail);
    stations_add(&of->stations, &of->dictionary, trail);
}

static void evicted_end(struct analysis *analysis, struct journey *evicted)
{
    struct analysis_session *session = analysis->sessions[evicted->session];
    session->account.file.evicted++;
    evicted->is_unwanted = is_unwanted(analysis, evicted->session, evicted->packet_id);
    if (books_of(session, evicted).count > 1) {
        trail_end(session->of, trails_at(analysis->trails, evicted->slot));
    }
}

void analysis_record(struct analysis *analysis, struct analysis_session *session,
                     const struct record *record)
{
    struct journey journey;
    struct journey evicted;
    unsigned events = journey_join(analysis->joiner, session->number, record, &journey, &evicted);
    struct account_file *file = &session->account.file;
    journey.is_unwanted = is_unwanted(analysis, session->number, record->packet_id);
    if ((events & JOURNEY_EVICTED) != 0) {
        evicted_end(analysis, &evicted); /* before its slot is used for another */
    }
    struct trail *trail =
        trails_take(analysis->trails, &session->of->dictionary, record, &journey, events);
    if ((events & JOURNEY_STARTED) != 0) {
        journey_begin(analysis, session, record, &journey);
    }
    if ((events & JOURNEY_RESTARTED) != 0) {
        file->duplicates++;
    }
    if ((events & JOURNEY_HEADLESS) != 0) {
        journey.is_extra = id_set_has(&analysis->ids, session->number, record->packet_id);
        file->stray += journey.is_extra;
        file->headless += !journey.is_extra;
        journey_mark(analysis->joiner, &journey);
    }
    span_add(file, record->time_ns);
    if (!journey.is_repeat && !journey.is_extra && !journey.is_unwanted) {
        span_add(&session->of->total, record->time_ns);
        if (record->has_changes) {
            changes_add(&session->of->changes, record, trail);
        }
    }
    if ((events & JOURNEY_ENDED) != 0) {
        end_add(session, record, &journey);
    }
    if ((events & JOURNEY_ENDED) != 0 && books_of(session, &journey).count > 1) {
        trail_end(session->of, trail);
    }
    if (record->has_gap || record->dropcount != 0) {
        gaps_add(session, record);
    }
    if (analysis->observer != NULL) {
        analysis->observer(session, record, analysis->observer_context);
    }
}

static void journeys_close(struct analysis *analysis)
{
    struct journey journey;
    while (journey_joiner_drain(analysis->joiner, &journey)) {
        if (!journey.has_first || journey.is_extra) {
            continue;
        }
        journey.is_unwanted = is_unwanted(analysis, journey.session, journey.packet_id);
        struct books books = books_of(analysis->sessions[journey.session], &journey);
        for (int i = 0; i < books.count; i++) {
            books.of[i]->unfinished++;
            books.of[i]->changed += journey.is_changed;
        }
        if (books.count > 1) {
            trail_end(analysis->sessions[journey.session]->of,
                      trails_at(analysis->trails, journey.slot));
        }
    }
}

static void orphans_close(struct analysis *analysis)
{
    orphans_sweep(analysis);
    for (size_t i = 0; i < analysis->orphans.count; i++) {
        const struct analysis_orphan *key = table_key(&analysis->orphans, i);
        const uint64_t *copies = table_value(&analysis->orphans, i);
        struct account_file *file = &analysis->sessions[key->session]->account.file;
        if (analysis->ids.refused != 0) {
            file->parents_unchecked += *copies;
        } else {
            file->orphans += *copies;
        }
    }
}

void analysis_records_close(struct analysis *analysis)
{
    journeys_close(analysis);
    orphans_close(analysis);
}
