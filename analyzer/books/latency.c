/* SPDX-License-Identifier: Apache-2.0 */
/* See latency.h. */
#include "analyzer/books/latency.h"

#include <string.h>

void latency_init(struct latency *latency)
{
    *latency = (struct latency){0};
    table_init(&latency->rows, sizeof(struct latency_key), sizeof(struct histogram),
               LATENCY_ROWS_MAX);
}

void latency_fini(struct latency *latency)
{
    table_fini(&latency->rows);
}

static struct histogram *row_find(struct latency *latency, enum latency_kind kind, uint16_t stage)
{
    struct latency_key key = {.stage = stage, .kind = (uint16_t)kind};
    uint32_t *near = stage < LATENCY_STAGES_NEAR ? &latency->near[kind][stage] : NULL;
    if (near != NULL && *near != 0) {
        return table_value(&latency->rows, *near - 1);
    }
    struct histogram *histogram = table_add(&latency->rows, &key);
    if (near != NULL && histogram != NULL) {
        *near = (uint32_t)table_place(&latency->rows, histogram) + 1;
    }
    return histogram;
}

static void row_add(struct latency *latency, enum latency_kind kind, uint16_t stage,
                    uint64_t duration_ns, uint64_t packet_id)
{
    struct histogram *histogram = row_find(latency, kind, stage);
    if (histogram == NULL) {
        latency->beyond++;
    } else {
        histogram_add(histogram, duration_ns, packet_id);
    }
}

void latency_add(struct latency *latency, const struct dictionary *dictionary,
                 const struct trail *trail)
{
    if (!trail->has_first || trail->outcome == FACTS_UNFINISHED) {
        return;
    }
    if (trail->outcome == FACTS_DELIVERED) {
        row_add(latency, LATENCY_WHOLE, 0, trail_latency_ns(trail), trail->packet_id);
    }
    /* The first step is the beginning: of a received packet at rx, whose own work the step has when
     * there is another at the same stage; of a copy where it was made. */
    for (size_t i = 1; i < trail->step_count; i++) {
        const struct trail_step *step = &trail->steps[i];
        uint32_t before_ns = trail->steps[i - 1].since_rx_ns;
        uint64_t passed_ns = step->since_rx_ns > before_ns ? step->since_rx_ns - before_ns : 0;
        uint64_t held_ns = trail->hold_count == 0 ? 0 : trail_held_ns(trail, step->stage);
        row_add(latency, LATENCY_WORK, step->stage, passed_ns > held_ns ? passed_ns - held_ns : 0,
                trail->packet_id);
    }
    for (size_t i = 0; i < trail->hold_count; i++) {
        uint16_t stage = trail->holds[i].stage;
        bool is_queue = dictionary_stage_extension(dictionary, stage)[0] == '\0';
        row_add(latency, is_queue ? LATENCY_QUEUE : LATENCY_HOLD, stage, trail->holds[i].held_ns,
                trail->packet_id);
    }
}

void latency_merge(struct latency *latency, const struct latency *behind)
{
    for (size_t i = 0; i < behind->rows.count; i++) {
        const struct latency_key *key = table_key(&behind->rows, i);
        const struct histogram *more = table_value(&behind->rows, i);
        struct histogram *histogram = row_find(latency, (enum latency_kind)key->kind, key->stage);
        if (histogram == NULL) {
            latency->beyond += more->count;
        } else {
            histogram_merge(histogram, more);
        }
    }
}

void latency_clear(struct latency *latency)
{
    table_clear(&latency->rows);
    latency->beyond = 0;
    memset(latency->near, 0, sizeof(latency->near));
}

const struct histogram *latency_find(const struct latency *latency, enum latency_kind kind,
                                     uint16_t stage)
{
    struct latency_key key = {.stage = stage, .kind = (uint16_t)kind};
    return table_find(&latency->rows, &key);
}

static uint32_t rank_of(const struct latency_key *key, const struct dictionary *dictionary)
{
    if (key->kind == LATENCY_WHOLE) {
        return 0;
    }
    return ((uint32_t)dictionary_stage_order(dictionary, key->stage) + 1) * 4 + key->kind;
}

size_t *latency_rows_sorted(const struct latency *latency, const struct dictionary *dictionary)
{
    size_t *places = table_sorted(&latency->rows, NULL);
    /* Few rows, and the order of stages is in the dictionary: sorted by insertion. */
    for (size_t i = 1; places != NULL && i < latency->rows.count; i++) {
        size_t place = places[i];
        uint32_t rank = rank_of(table_key(&latency->rows, place), dictionary);
        size_t j = i;
        while (j > 0 && rank_of(table_key(&latency->rows, places[j - 1]), dictionary) > rank) {
            places[j] = places[j - 1];
            j--;
        }
        places[j] = place;
    }
    return places;
}

const char *latency_kind_name(enum latency_kind kind)
{
    static const char *const names[] = {"whole", "work", "queue", "hold"};
    return names[kind];
}
