/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/ring_set.h"

#include <assert.h>
#include <string.h>

#include "capture/recorder/journey_file.h"

enum { DUE_SHARE = 4, WAITING_SHARE = 2 };

enum xsw_status ring_set_add(struct ring_set *set, int fd, struct xsw_error *error)
{
    assert(set->count < CONFIG_WORKERS_MAX);
    struct ring_consumer *ring = &set->rings[set->count];
    enum xsw_status status = ring_attach(ring, fd, error);
    if (status == XSW_OK) {
        set->handed_on[set->count] = ring->next;
        set->has_resumed |= (uint32_t)ring_resume_read(ring, &set->now[set->count]) << set->count;
        set->count++;
    }
    return status;
}

static void timeline_keep(struct ring_resume *now, const struct ring_timeline *timeline)
{
    uint32_t count = timeline->record.count < STAGES_MAX ? timeline->record.count : STAGES_MAX;
    now->rx_mono_ns = timeline->rx_mono_ns;
    now->generation = timeline->generation;
    now->hop_count = count;
    memcpy(now->hops, timeline->hops, count * sizeof(now->hops[0]));
}

/* As if the switch had written it here. */
static void timeline_repeat(struct ring_set *set, uint32_t worker, ring_set_take_fn *take,
                            void *context)
{
    const struct ring_resume *now = &set->now[worker];
    union {
        struct ring_timeline timeline;
        uint8_t bytes[sizeof(struct ring_timeline) + sizeof(now->hops)];
    } room = {.timeline = {.record = {.size = sizeof(room),
                                      .type = RING_TIMELINE,
                                      .count = (uint16_t)now->hop_count},
                           .rx_mono_ns = now->rx_mono_ns,
                           .generation = now->generation}};
    memcpy(room.bytes + offsetof(struct ring_timeline, hops), now->hops, sizeof(now->hops));
    set->has_resumed &= ~(1U << worker);
    (void)take(context, worker, &room.timeline.record);
}

uint32_t ring_set_take(struct ring_set *set, uint32_t worker, uint32_t most, ring_set_take_fn *take,
                       void *context, struct xsw_error *error)
{
    struct ring_consumer *ring = &set->rings[worker];
    const struct ring_record *record = NULL;
    uint32_t count = 0;
    error->status = XSW_OK;
    if ((set->unreadable >> worker & 1) != 0) {
        return 0;
    }
    if ((set->has_resumed >> worker & 1) != 0) {
        timeline_repeat(set, worker, take, context);
    }
    bool goes_on = true;
    while (goes_on && count < most) {
        enum xsw_status status = ring_next(ring, &record, error);
        if (status == XSW_CORRUPT) {
            set->unreadable |= 1U << worker;
            error->status = XSW_CORRUPT;
        }
        if (status != XSW_OK) {
            break;
        }
        set->journeys[worker] += record->type == RING_JOURNEY;
        if (record->type == RING_TIMELINE) {
            timeline_keep(&set->now[worker], (const struct ring_timeline *)record);
        }
        goes_on = take(context, worker, record);
        count++;
    }
    return count;
}

/* Of a ring that makes no sense nothing is given back: the switch is not to go on in it. */
static void places_release(struct ring_set *set, uint64_t mark)
{
    for (uint32_t i = 0; i < set->count; i++) {
        if ((set->unreadable >> i & 1) == 0) {
            ring_release_to(&set->rings[i], &set->places[mark % RING_SET_MARKS][i]);
        }
    }
}

/* A mark that was passed without a look reaches as far as the one before it. */
static void marks_fill(struct ring_set *set, uint64_t mark)
{
    for (uint64_t passed = set->last_mark + 1; passed < mark; passed++) {
        memcpy(set->places[passed % RING_SET_MARKS], set->places[set->last_mark % RING_SET_MARKS],
               sizeof(set->places[0]));
    }
}

/* The share of the fullest ring that has not been taken. */
static unsigned untaken_percent(const struct ring_set *set)
{
    uint64_t most = 0;
    for (uint32_t i = 0; i < set->count; i++) {
        const struct ring_consumer *ring = &set->rings[i];
        uint64_t head = atomic_load_explicit(&ring->header->head, memory_order_relaxed);
        uint64_t untaken = head - ring->next <= ring->mask + 1 ? head - ring->next : 0;
        uint64_t percent = untaken * 100 / (ring->mask + 1);
        bool counts = (set->unreadable >> i & 1) == 0;
        most = counts && percent > most ? percent : most;
    }
    return (unsigned)most;
}

void ring_set_release(struct ring_set *set, struct journey_file *file)
{
    journey_file_press(file, untaken_percent(set));
    uint64_t mark = journey_file_mark(file);
    uint64_t settled = journey_file_settled(file);
    if (mark != set->last_mark) {
        marks_fill(set, mark);
        set->last_mark = mark;
    }
    for (uint32_t i = 0; i < set->count; i++) {
        set->now[i].place = set->rings[i].next;
        set->places[mark % RING_SET_MARKS][i] = set->now[i];
    }
    if (settled >= mark) {
        places_release(set, mark);
    } else if (settled > set->settled) {
        places_release(set, settled);
    }
    set->settled = settled;
}

bool ring_set_is_due(const struct ring_set *set)
{
    for (uint32_t i = 0; i < set->count; i++) {
        const struct ring_consumer *ring = &set->rings[i];
        if (ring->next - set->handed_on[i] > (ring->mask + 1) / DUE_SHARE) {
            return true;
        }
    }
    return false;
}

void ring_set_handed_on(struct ring_set *set)
{
    for (uint32_t i = 0; i < set->count; i++) {
        set->handed_on[i] = set->rings[i].next;
    }
}

bool ring_set_is_waiting(const struct ring_set *set)
{
    for (uint32_t i = 0; i < set->count; i++) {
        const struct ring_consumer *ring = &set->rings[i];
        uint64_t tail = atomic_load_explicit(&ring->header->tail, memory_order_relaxed);
        if ((set->unreadable >> i & 1) == 0 &&
            ring->next - tail > (ring->mask + 1) / WAITING_SHARE) {
            return true;
        }
    }
    return false;
}

void ring_set_fini(struct ring_set *set)
{
    for (uint32_t i = 0; i < set->count; i++) {
        ring_detach(&set->rings[i]);
    }
    set->count = 0;
}
