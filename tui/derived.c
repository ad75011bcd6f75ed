/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/derived.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum xsw_status derived_create(size_t journeys, struct derived **derived, struct xsw_error *error)
{
    struct derived *made = calloc(1, sizeof(*made));
    enum xsw_status status = XSW_NO_MEMORY;
    if (made != NULL) {
        latency_init(&made->latency);
        paths_init(&made->paths);
        flows_init(&made->flows);
        drops_init(&made->drops);
        stations_init(&made->stations);
        made->shown_max = journeys;
        made->shown = calloc(journeys, sizeof(*made->shown));
        made->classes = calloc(journeys, sizeof(*made->classes));
        status = trails_create(1, &made->trails, error);
    }
    if (status != XSW_OK || made->shown == NULL || made->classes == NULL) {
        derived_destroy(made);
        return error_set(error, XSW_NO_MEMORY, "no memory for what follows from %zu journeys",
                         journeys);
    }
    *derived = made;
    return XSW_OK;
}

static void engines_fini(struct derived *derived)
{
    latency_fini(&derived->latency);
    paths_fini(&derived->paths);
    flows_fini(&derived->flows);
    drops_fini(&derived->drops);
    stations_fini(&derived->stations);
    free(derived->path_order);
    free(derived->flow_order);
    derived->path_order = derived->flow_order = NULL;
}

void derived_destroy(struct derived *derived)
{
    if (derived == NULL) {
        return;
    }
    engines_fini(derived);
    trails_destroy(derived->trails);
    free(derived->shown);
    free(derived->classes);
    free(derived);
}

bool derived_matches(const struct journey_filter *filter, const struct evidence *evidence,
                     const struct evidence_journey *journey)
{
    if (filter == NULL) {
        return true;
    }
    if (!journey_filter_needs_bytes(filter)) {
        return journey_filter_matches(filter, &journey->story.facts);
    }
    struct journey_facts facts = journey->story.facts;
    uint64_t position = journey->first_record;
    struct record record;
    facts.pcap_matches = 0;
    if (evidence_record(evidence, &position, &record)) {
        facts.pcap_matches = journey_filter_bytes(filter, record.bytes, record.original_length,
                                                  record.captured_length);
    }
    return journey_filter_matches(filter, &facts);
}

/* Counting --------------------------------------------------------------------------------------
 */

/* Returns the place of its path class. */
static uint16_t trail_count(struct derived *derived, const struct dictionary *dictionary,
                            const struct trail *trail)
{
    for (size_t i = 0; i < trail->step_count; i++) {
        if (trail->steps[i].stage < MODEL_STAGES_MAX) {
            derived->passed_at[trail->steps[i].stage]++;
            derived->changed_at[trail->steps[i].stage] += trail->steps[i].is_changed;
        }
    }
    latency_add(&derived->latency, dictionary, trail);
    flows_add(&derived->flows, trail);
    stations_add(&derived->stations, dictionary, trail);
    uint64_t beyond = derived->paths.beyond;
    paths_add(&derived->paths, trail);
    return derived->paths.beyond == beyond ? (uint16_t)derived->paths.last_place : DERIVED_NO_CLASS;
}

/* `place`: in the list of those that are shown. */
static void journey_count(struct derived *derived, const struct dictionary *dictionary,
                          const struct evidence *evidence, size_t place)
{
    const struct evidence_journey *journey = evidence_number(evidence, derived->shown[place]);
    uint64_t position = journey->first_record;
    const struct trail *trail = NULL;
    struct record record;
    struct journey walked = {.packet_id = journey->id};
    while (evidence_record(evidence, &position, &record)) {
        walked.record_count++;
        unsigned events = walked.record_count == 1 ? JOURNEY_STARTED : 0;
        trail = trails_take(derived->trails, dictionary, &record, &walked, events);
        if (record.fixed.kind == META_DROP) {
            drops_add(&derived->drops, &record);
        }
    }
    derived->classes[place] = trail != NULL && journey->has_end
                                  ? trail_count(derived, dictionary, trail)
                                  : DERIVED_NO_CLASS;
    derived->dropped += journey->story.facts.outcome == FACTS_DROPPED;
    derived->changed += (journey->story.facts.flags & FACTS_CHANGED) != 0;
    derived->gaps += journey->has_gap;
}

/* Drops -----------------------------------------------------------------------------------------
 */

static struct derived_drop *drop_add(struct derived *derived)
{
    if (derived->drop_row_count == DERIVED_DROPS_MAX) {
        return NULL;
    }
    struct derived_drop *row = &derived->drop_rows[derived->drop_row_count++];
    *row = (struct derived_drop){.place = SIZE_MAX};
    return row;
}

/* A pair, and below it what the evidence knows of it, most packets first. */
static void pair_add(struct derived *derived, const size_t *order, uint16_t stage, uint16_t reason,
                     size_t place)
{
    struct derived_drop *pair = drop_add(derived);
    if (pair == NULL) {
        return;
    }
    pair->stage = stage;
    pair->reason = reason;
    pair->place = place;
    for (size_t i = 0; order != NULL && i < derived->drops.rows.count; i++) {
        const struct drops_row_key *key = table_key(&derived->drops.rows, order[i]);
        const struct drops_row *seen = table_value(&derived->drops.rows, order[i]);
        if (key->stage != stage || key->reason != reason) {
            continue;
        }
        struct derived_drop *row = drop_add(derived);
        pair->seen += seen->packets;
        pair->example = pair->example == 0 ? seen->example_packet : pair->example;
        if (row != NULL) {
            *row = (struct derived_drop){.stage = stage,
                                         .reason = reason,
                                         .is_detail = true,
                                         .rule = key->rule,
                                         .port = key->port,
                                         .seen = seen->packets,
                                         .place = SIZE_MAX,
                                         .example = seen->example_packet};
        }
    }
}

struct pair_rank {
    size_t place;
    uint64_t packets;
};

static int rank_compare(const void *a, const void *b)
{
    const struct pair_rank *one = a;
    const struct pair_rank *other = b;
    return one->packets != other->packets
               ? (one->packets < other->packets ? 1 : -1)
               : (one->place > other->place) - (one->place < other->place);
}

static void drops_order(struct derived *derived, const struct model *model,
                        const struct model_sample *sample)
{
    size_t *order = drops_rows_sorted(&derived->drops);
    struct pair_rank ranks[MODEL_DROPS_MAX];
    derived->drop_row_count = 0;
    for (size_t i = 0; i < model->drop_count; i++) {
        ranks[i] = (struct pair_rank){i, sample != NULL ? sample->drops[i] : 0};
    }
    qsort(ranks, model->drop_count, sizeof(*ranks), rank_compare);
    for (size_t i = 0; i < model->drop_count; i++) {
        const struct model_drop_key *key = &model->drops[ranks[i].place];
        if (ranks[i].packets > 0) {
            pair_add(derived, order, key->stage, key->reason, ranks[i].place);
        }
    }
    free(order);
}

/* All together ----------------------------------------------------------------------------------
 */

static void engines_reset(struct derived *derived)
{
    engines_fini(derived);
    latency_init(&derived->latency);
    paths_init(&derived->paths);
    flows_init(&derived->flows);
    drops_init(&derived->drops);
    stations_init(&derived->stations);
    memset(derived->changed_at, 0, sizeof(derived->changed_at));
    memset(derived->passed_at, 0, sizeof(derived->passed_at));
    derived->dropped = derived->changed = derived->gaps = 0;
    derived->shown_count = 0;
    derived->has_failed = false;
}

void derived_make(struct derived *derived, const struct model *model,
                  const struct evidence *evidence, const struct derived_limits *limits)
{
    size_t count = evidence_count(evidence);
    engines_reset(derived);
    for (size_t back = 0; back < count && derived->shown_count < derived->shown_max; back++) {
        uint64_t number = evidence->journey_next - 1 - back;
        const struct evidence_journey *journey = evidence_number(evidence, number);
        if (journey->first_ns >= limits->from_ns && journey->first_ns <= limits->to_ns &&
            derived_matches(limits->filter, evidence, journey)) {
            derived->shown[derived->shown_count++] = number;
        }
    }
    /* Engines are given them as time went on: a cause stands before its effect. */
    for (size_t i = derived->shown_count; i > 0; i--) {
        journey_count(derived, &model->of->dictionary, evidence, i - 1);
    }
    derived->path_order = paths_sorted(&derived->paths);
    derived->flow_order = flows_sorted(&derived->flows);
    derived->has_failed = (derived->path_order == NULL && derived->paths.rows.count > 0) ||
                          (derived->flow_order == NULL && derived->flows.rows.count > 0);
    drops_order(derived, model, limits->sample);
    derived->number++;
}
