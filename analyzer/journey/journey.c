/* SPDX-License-Identifier: Apache-2.0 */
/* Open journeys lie in one array, found through chained buckets, and are linked in the order in
 * which they began, oldest at the tail. Links are indices + 1, so that 0 ends a list. */
#include "analyzer/journey/journey.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/error.h"

struct journey_joiner {
    struct journey *journeys;
    uint32_t *buckets;
    uint32_t bucket_mask;
    uint32_t capacity;
    uint32_t unused;         /* entries that were never taken begin here */
    uint32_t free_chain;     /* given back */
    uint32_t oldest, newest; /* of the open ones */
    uint32_t open_count, headless_count;
    uint64_t seed;
};

enum xsw_status journey_joiner_create(uint32_t capacity, struct journey_joiner **joiner,
                                      struct xsw_error *error)
{
    assert(capacity > 0 && capacity <= 1u << 30);
    uint32_t buckets = 1;
    while (buckets < capacity) {
        buckets *= 2;
    }
    struct journey_joiner *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for the open journeys");
    }
    made->journeys = calloc(capacity, sizeof(*made->journeys));
    made->buckets = calloc(buckets, sizeof(*made->buckets));
    if (made->journeys == NULL || made->buckets == NULL) {
        journey_joiner_destroy(made);
        return error_set(error, XSW_NO_MEMORY, "no memory for %u open journeys", capacity);
    }
    made->bucket_mask = buckets - 1;
    made->capacity = capacity;
    if (getrandom(&made->seed, sizeof(made->seed), GRND_NONBLOCK) < 0) {
        made->seed = (uint64_t)(uintptr_t)made;
    }
    *joiner = made;
    return XSW_OK;
}

void journey_joiner_destroy(struct journey_joiner *joiner)
{
    if (joiner == NULL) {
        return;
    }
    free(joiner->journeys);
    free(joiner->buckets);
    free(joiner);
}

static uint32_t *bucket_of(struct journey_joiner *joiner, uint32_t session, uint64_t packet_id)
{
    uint64_t hash = (packet_id + joiner->seed) ^ ((uint64_t)session << 40);
    unsigned __int128 product = (unsigned __int128)hash * (joiner->seed | 1);
    uint64_t mixed = (uint64_t)product ^ (uint64_t)(product >> 64);
    return &joiner->buckets[(mixed ^ (mixed >> 32)) & joiner->bucket_mask];
}

static struct journey *journey_find(struct journey_joiner *joiner, uint32_t session,
                                    uint64_t packet_id)
{
    /* The records of a journey often stand one behind the other. */
    uint32_t link = joiner->newest;
    if (link != 0 && joiner->journeys[link - 1].packet_id == packet_id &&
        joiner->journeys[link - 1].session == session) {
        return &joiner->journeys[link - 1];
    }
    link = *bucket_of(joiner, session, packet_id);
    while (link != 0) {
        struct journey *journey = &joiner->journeys[link - 1];
        if (journey->packet_id == packet_id && journey->session == session) {
            return journey;
        }
        link = journey->chain;
    }
    return NULL;
}

static void journey_unlink(struct journey_joiner *joiner, struct journey *journey)
{
    uint32_t self = (uint32_t)(journey - joiner->journeys) + 1;
    uint32_t *link = bucket_of(joiner, journey->session, journey->packet_id);
    while (*link != self) {
        link = &joiner->journeys[*link - 1].chain;
    }
    *link = journey->chain;
    if (journey->older != 0) {
        joiner->journeys[journey->older - 1].newer = journey->newer;
    } else {
        joiner->oldest = journey->newer;
    }
    if (journey->newer != 0) {
        joiner->journeys[journey->newer - 1].older = journey->older;
    } else {
        joiner->newest = journey->older;
    }
    joiner->open_count--;
    joiner->headless_count -= !journey->has_first;
    journey->is_open = false;
    journey->chain = joiner->free_chain;
    joiner->free_chain = self;
}

static struct journey *journey_open(struct journey_joiner *joiner, uint32_t session,
                                    uint64_t packet_id)
{
    uint32_t self = joiner->free_chain;
    if (self != 0) {
        joiner->free_chain = joiner->journeys[self - 1].chain;
    } else {
        self = ++joiner->unused;
    }
    struct journey *journey = &joiner->journeys[self - 1];
    uint32_t *bucket = bucket_of(joiner, session, packet_id);
    *journey = (struct journey){.packet_id = packet_id,
                                .session = session,
                                .slot = self - 1,
                                .is_open = true,
                                .chain = *bucket,
                                .older = joiner->newest};
    *bucket = self;
    if (joiner->newest != 0) {
        joiner->journeys[joiner->newest - 1].newer = self;
    } else {
        joiner->oldest = self;
    }
    joiner->newest = self;
    joiner->open_count++;
    joiner->headless_count++;
    return journey;
}

uint32_t journey_joiner_open_count(const struct journey_joiner *joiner)
{
    return joiner->open_count;
}

bool journey_joiner_has_headless(const struct journey_joiner *joiner)
{
    return joiner->headless_count != 0;
}

uint32_t journey_joiner_restore(struct journey_joiner *joiner, const struct journey *journey)
{
    if (joiner->open_count == joiner->capacity ||
        journey_find(joiner, journey->session, journey->packet_id) != NULL) {
        return UINT32_MAX;
    }
    struct journey *state = journey_open(joiner, journey->session, journey->packet_id);
    state->parent_id = journey->parent_id;
    state->first_ns = journey->first_ns;
    state->last_ns = journey->last_ns;
    state->record_count = journey->record_count;
    state->has_first = journey->has_first;
    state->is_changed = journey->is_changed;
    state->is_repeat = journey->is_repeat;
    state->is_extra = journey->is_extra;
    joiner->headless_count -= state->has_first;
    return state->slot;
}

void journey_joiner_each(const struct journey_joiner *joiner, journey_visit *visit, void *context)
{
    for (uint32_t link = joiner->oldest; link != 0; link = joiner->journeys[link - 1].newer) {
        visit(&joiner->journeys[link - 1], context);
    }
}

bool journey_joiner_drain(struct journey_joiner *joiner, struct journey *journey)
{
    if (joiner->oldest == 0) {
        return false;
    }
    struct journey *oldest = &joiner->journeys[joiner->oldest - 1];
    *journey = *oldest;
    journey_unlink(joiner, oldest);
    return true;
}

unsigned journey_join(struct journey_joiner *joiner, uint32_t session, const struct record *record,
                      struct journey *journey, struct journey *evicted)
{
    unsigned events = 0;
    struct journey *state = journey_find(joiner, session, record->packet_id);
    bool is_first = record_is_first(record);
    if (state == NULL) {
        if (joiner->free_chain == 0 && joiner->unused == joiner->capacity &&
            journey_joiner_drain(joiner, evicted)) {
            events |= JOURNEY_EVICTED;
        }
        state = journey_open(joiner, session, record->packet_id);
        state->first_ns = record->time_ns;
        events |= is_first ? JOURNEY_STARTED : JOURNEY_HEADLESS;
    } else if (is_first) {
        events |= state->has_first ? JOURNEY_RESTARTED : JOURNEY_STARTED;
    }
    if (is_first) {
        state->parent_id = record->fixed.parent_id;
        joiner->headless_count -= !state->has_first;
    }
    /* Copied before it is written to: a copy of words that were just written waits for them. */
    *journey = *state;
    journey->has_first = state->has_first |= is_first;
    journey->is_changed = state->is_changed |=
        record->fixed.kind == META_CHANGED || record->has_changes;
    journey->last_ns = state->last_ns = record->time_ns;
    journey->record_count = ++state->record_count;
    if (record_is_last(record)) {
        events |= JOURNEY_ENDED;
        journey_unlink(joiner, state);
    }
    return events;
}

void journey_mark(struct journey_joiner *joiner, const struct journey *journey)
{
    struct journey *state = journey_find(joiner, journey->session, journey->packet_id);
    if (state == NULL) {
        return;
    }
    state->is_repeat = journey->is_repeat;
    state->is_extra = journey->is_extra;
}
