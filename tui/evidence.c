/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/evidence.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum { ALIGNMENT = 8 };

/* A record in the arena; behind it its TLVs, then the bytes of the frame. */
struct stored {
    uint64_t next; /* position of the journey's next record; UINT64_MAX: none yet */
    uint32_t meta_length, byte_count;
    struct record record; /* its pointers are set anew when it is read */
};

enum xsw_status evidence_create(size_t journeys, uint64_t bytes, struct evidence **evidence,
                                struct xsw_error *error)
{
    struct evidence *made = calloc(1, sizeof(*made));
    if (made != NULL) {
        made->journey_max = journeys;
        made->bucket_count = 2 * journeys;
        made->arena_size = bytes / ALIGNMENT * ALIGNMENT;
        made->journeys = calloc(journeys, sizeof(*made->journeys));
        made->buckets = calloc(made->bucket_count, sizeof(*made->buckets));
        made->arena = malloc(made->arena_size);
    }
    if (made == NULL || made->journeys == NULL || made->buckets == NULL || made->arena == NULL) {
        evidence_destroy(made);
        return error_set(error, XSW_NO_MEMORY, "no memory for %zu journeys", journeys);
    }
    *evidence = made;
    return XSW_OK;
}

void evidence_destroy(struct evidence *evidence)
{
    if (evidence == NULL) {
        return;
    }
    free(evidence->journeys);
    free(evidence->buckets);
    free(evidence->arena);
    free(evidence);
}

void evidence_clear(struct evidence *evidence)
{
    memset(evidence->buckets, 0, evidence->bucket_count * sizeof(*evidence->buckets));
    evidence->journey_first = evidence->journey_next;
    evidence->taken = evidence->evicted = evidence->too_big = 0;
    evidence->version++;
}

/* Journeys --------------------------------------------------------------------------------------
 */

static struct evidence_journey *journey_at(const struct evidence *evidence, uint64_t number)
{
    return &evidence->journeys[number % evidence->journey_max];
}

static size_t bucket_of(const struct evidence *evidence, uint64_t session, uint64_t id)
{
    uint64_t hash = (id ^ session << 48) * 0x9e3779b97f4a7c15U;
    return (size_t)((hash >> 20) % evidence->bucket_count);
}

static struct evidence_journey *journey_find(const struct evidence *evidence, uint64_t session,
                                             uint64_t id)
{
    uint64_t link = evidence->buckets[bucket_of(evidence, session, id)];
    /* Older ones stand behind newer ones, so that one that has gone ends the chain. */
    while (link != 0 && link - 1 >= evidence->journey_first) {
        struct evidence_journey *journey = journey_at(evidence, link - 1);
        if (journey->id == id && journey->session == session) {
            return journey;
        }
        link = journey->next_in_bucket;
    }
    return NULL;
}

static void oldest_evict(struct evidence *evidence)
{
    evidence->journey_first++;
    evidence->evicted++;
}

static struct evidence_journey *journey_make(struct evidence *evidence, uint64_t session,
                                             const struct record *record)
{
    if (evidence->journey_next - evidence->journey_first == evidence->journey_max) {
        oldest_evict(evidence);
    }
    uint64_t number = evidence->journey_next++;
    struct evidence_journey *journey = journey_at(evidence, number);
    uint64_t *bucket = &evidence->buckets[bucket_of(evidence, session, record->packet_id)];
    *journey = (struct evidence_journey){.id = record->packet_id,
                                         .session = session,
                                         .first_ns = record->time_ns,
                                         .last_ns = record->time_ns,
                                         .has_first = record_is_first(record),
                                         .next_in_bucket = *bucket,
                                         .last_record = UINT64_MAX};
    *bucket = number + 1;
    evidence->taken++;
    journey_story_open(&journey->story, record->packet_id);
    journey_facts_begin(&journey->story.facts, record);
    return journey;
}

size_t evidence_count(const struct evidence *evidence)
{
    return (size_t)(evidence->journey_next - evidence->journey_first);
}

const struct evidence_journey *evidence_number(const struct evidence *evidence, uint64_t number)
{
    return number >= evidence->journey_first && number < evidence->journey_next
               ? journey_at(evidence, number)
               : NULL;
}

const struct evidence_journey *evidence_at(const struct evidence *evidence, size_t back)
{
    return journey_at(evidence, evidence->journey_next - 1 - back);
}

const struct evidence_journey *evidence_find(const struct evidence *evidence, uint64_t session,
                                             uint64_t id)
{
    return journey_find(evidence, session, id);
}

/* Records ---------------------------------------------------------------------------------------
 */

static struct stored *stored_at(const struct evidence *evidence, uint64_t position)
{
    return (struct stored *)(void *)(evidence->arena + position % evidence->arena_size);
}

/* Room at the head, contiguous; journeys whose first record was there go. UINT64_MAX: too big. */
static uint64_t arena_take(struct evidence *evidence, size_t size)
{
    if (size > evidence->arena_size / 4) {
        evidence->too_big++;
        return UINT64_MAX;
    }
    uint64_t to_end = evidence->arena_size - evidence->arena_head % evidence->arena_size;
    uint64_t position = evidence->arena_head + (to_end < size ? to_end : 0);
    evidence->arena_head = position + size;
    while (evidence->journey_first < evidence->journey_next) {
        uint64_t first = journey_at(evidence, evidence->journey_first)->first_record;
        if (first + evidence->arena_size >= evidence->arena_head) {
            break;
        }
        oldest_evict(evidence);
    }
    return position;
}

static uint64_t record_store(struct evidence *evidence, const struct record *record)
{
    size_t meta = (size_t)(record->items.end - record->items.next);
    uint32_t bytes = record->captured_length < EVIDENCE_CAPTURED_MAX ? record->captured_length
                                                                     : EVIDENCE_CAPTURED_MAX;
    size_t size = (sizeof(struct stored) + meta + bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    uint64_t position = arena_take(evidence, size);
    if (position == UINT64_MAX) {
        return position;
    }
    struct stored *stored = stored_at(evidence, position);
    uint8_t *data = (uint8_t *)(stored + 1);
    *stored = (struct stored){
        .next = UINT64_MAX, .meta_length = (uint32_t)meta, .byte_count = bytes, .record = *record};
    memcpy(data, record->items.next, meta);
    memcpy(data + meta, record->bytes, bytes);
    return position;
}

/* What a record adds to what is known of its journey. */
static void story_take(struct evidence_journey *journey, const struct record *record,
                       const struct dictionary *dictionary)
{
    struct meta_reader items = record->items;
    struct meta_item item;
    journey_story_take(&journey->story, record);
    while (record_next_item(&items, &item)) {
        journey->has_gap |= item.type == META_TLV_GAP;
    }
    if (record->time_ns > journey->last_ns) {
        journey->last_ns = record->time_ns;
    }
    if (record_is_last(record)) {
        journey_story_end(&journey->story, dictionary, record,
                          journey->last_ns - journey->first_ns);
        journey->has_end = true;
    }
}

void evidence_add(struct evidence *evidence, uint64_t session, const struct record *record,
                  const struct dictionary *dictionary)
{
    struct evidence_journey *journey = journey_find(evidence, session, record->packet_id);
    if (journey != NULL && journey->has_end) {
        return; /* another session of ours has it, too */
    }
    uint64_t position = record_store(evidence, record);
    if (position == UINT64_MAX) {
        return;
    }
    /* Room may have been made at its own cost. */
    journey = journey_find(evidence, session, record->packet_id);
    if (journey == NULL) {
        journey = journey_make(evidence, session, record);
        journey->first_record = position;
    } else {
        stored_at(evidence, journey->last_record)->next = position;
    }
    journey->last_record = position;
    journey->record_count++;
    story_take(journey, record, dictionary);
    evidence->version++;
}

bool evidence_record(const struct evidence *evidence, uint64_t *position, struct record *record)
{
    if (*position == UINT64_MAX || *position + evidence->arena_size < evidence->arena_head) {
        return false;
    }
    const struct stored *stored = stored_at(evidence, *position);
    const uint8_t *data = (const uint8_t *)(stored + 1);
    *record = stored->record;
    record->items.next = data;
    record->items.end = data + stored->meta_length;
    record->bytes = data + stored->meta_length;
    record->captured_length = stored->byte_count;
    *position = stored->next;
    return true;
}
