/* SPDX-License-Identifier: Apache-2.0 */
#include "switch/path/held.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "switch/extension/extension_host.h"
#include "switch/path/later.h"
#include "switch/path/reasons.h"
#include "switch/path/worker.h"

_Static_assert((int)NOTES_OF_HELD >= (int)HELD_MAX, "there are notes for each packet that is held");

struct held_pool {
    struct held_packet *slots;
    /* HELD_BEFORE_BYTES of each slot: address space only, until somebody looks on. */
    uint8_t *before;
    struct held_packet **free;
    uint32_t free_count;
    uint32_t total;
    uint32_t count; /* held now */
    struct held_packet *oldest, *newest;
};

enum xsw_status held_pool_create(uint32_t small_buffers, struct held_pool **pool,
                                 struct xsw_error *error)
{
    struct held_pool *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for held packets");
    }
    made->total = small_buffers / 2 < HELD_MAX ? small_buffers / 2 : HELD_MAX;
    made->free = calloc(made->total + 1, sizeof(struct held_packet *));
    void *slots = NULL;
    made->before = calloc(made->total + 1, HELD_BEFORE_BYTES);
    enum xsw_status status =
        made->free == NULL || made->before == NULL
            ? error_set(error, XSW_NO_MEMORY, "no memory for held packets")
            : memory_map(made->total * sizeof(struct held_packet), &slots, error);
    if (status != XSW_OK) {
        held_pool_destroy(made);
        return status;
    }
    made->slots = slots;
    for (uint32_t i = 0; i < made->total; i++) {
        made->free[i] = &made->slots[made->total - 1 - i];
    }
    made->free_count = made->total;
    *pool = made;
    return XSW_OK;
}

void held_pool_destroy(struct held_pool *pool)
{
    if (pool == NULL) {
        return;
    }
    memory_unmap(pool->slots, pool->total * sizeof(struct held_packet));
    free(pool->before);
    free(pool->free);
    free(pool);
}

uint32_t held_pool_count(const struct held_pool *pool)
{
    return pool->count;
}

uint32_t held_pool_room(const struct held_pool *pool)
{
    return pool->free_count;
}

int held_pool_is_used(const struct held_pool *pool)
{
    return pool->free_count < pool->total;
}

void held_forget(struct held_pool *pool, struct packet *const *packets, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (packets[i]->held != NULL) {
            pool->free[pool->free_count++] = packets[i]->held;
            packets[i]->held = NULL;
        }
    }
}

static void list_append(struct held_pool *pool, struct held_packet *slot)
{
    slot->previous = pool->newest;
    slot->next = NULL;
    *(pool->newest != NULL ? &pool->newest->next : &pool->oldest) = slot;
    pool->newest = slot;
    pool->count++;
}

static void list_remove(struct held_pool *pool, struct held_packet *slot)
{
    *(slot->previous != NULL ? &slot->previous->next : &pool->oldest) = slot->next;
    *(slot->next != NULL ? &slot->next->previous : &pool->newest) = slot->previous;
    pool->count--;
}

/* The hops since the packet came in, or since it was released last, with times since rx. */
static void history_extend(struct held_packet *slot, const struct worker *worker,
                           const struct packet *packet)
{
    const struct timeline *timeline = watcher_timeline(worker->watcher);
    uint64_t base = timeline->rx_mono_ns - slot->rx_mono_ns;
    for (uint32_t place = packet->first_hop; place < worker->stage_place; place++) {
        if (slot->hop_count == STAGES_MAX) {
            return;
        }
        uint64_t since = base + timeline->hops[place].since_rx_ns;
        slot->hops[slot->hop_count] = timeline->hops[place];
        slot->hops[slot->hop_count++].since_rx_ns =
            since < UINT32_MAX ? (uint32_t)since : UINT32_MAX;
    }
}

static uint8_t *before_of(const struct held_pool *pool, const struct held_packet *slot)
{
    return pool->before + (size_t)(slot - pool->slots) * HELD_BEFORE_BYTES;
}

/* Its holder may change it until it lets it go: the bytes of now are kept for who looks on. */
static void before_keep(const struct held_pool *pool, struct held_packet *slot)
{
    const struct xsw_packet *seen = &slot->packet->seen;
    slot->before_length = seen->length;
    slot->before_kept = 0;
    if (slot->may_change && slot->packet->watch != 0) {
        slot->before_kept = seen->length < HELD_BEFORE_BYTES ? seen->length : HELD_BEFORE_BYTES;
        memcpy(before_of(pool, slot), seen->data, slot->before_kept);
    }
}

/* Notes what the holder has changed, and believes only what was checked. Returns the reason for
 * which the packet ends here, REASON_NONE when it may go on. */
static uint16_t take_back(struct worker *worker, const struct held_packet *slot)
{
    struct packet *packet = slot->packet;
    if (!slot->may_change) {
        return REASON_NONE;
    }
    if (worker->is_observed && slot->before_kept > 0 && packet->watch != 0) {
        const struct remembered before = {.bytes = before_of(worker->held, slot),
                                          .length = slot->before_length,
                                          .kept_length = slot->before_kept};
        uint32_t flags = slot->holder->extension->flags;
        watcher_compare_one(worker->watcher, packet, &before, slot->stage,
                            (flags & XSW_EXTENSION_CHANGES_BYTES) != 0);
        if (slot->before_kept < slot->before_length) {
            watcher_note_incomplete(worker->watcher, packet);
        }
    }
    return extension_take_back(worker, slot->stage, packet);
}

int worker_hold(struct worker *worker, const struct stage *stage, struct packet *packet)
{
    struct held_pool *pool = worker->held;
    struct held_packet *slot = packet->held;
    if (slot == NULL) {
        if (pool->free_count == 0) {
            return 0;
        }
        slot = pool->free[--pool->free_count];
        slot->packet = packet;
        slot->rx_mono_ns = worker->now_ns;
        slot->doom = REASON_NONE;
        slot->hold_count = 0;
        slot->hop_count = 0;
        packet->held = slot;
    }
    slot->holder = stage->extension;
    slot->stage = stage->id;
    slot->is_held = 1;
    slot->may_change = stage->may_change;
    slot->since_ns = worker->now_ns;
    before_keep(pool, slot);
    if (worker->is_observed) {
        history_extend(slot, worker, packet);
    }
    list_append(pool, slot);
    counter_add(&worker->counters->stages[stage->id].held, 1);
    return 1;
}

static void hold_end(struct held_packet *slot, uint64_t now_ns)
{
    uint64_t held_ns = now_ns - slot->since_ns;
    if (slot->hold_count == HOLDS_MAX) {
        slot->holds[HOLDS_MAX - 1].held_ns += held_ns;
        return;
    }
    slot->holds[slot->hold_count++] = (struct hold_time){.stage = slot->stage, .held_ns = held_ns};
}

void worker_release(struct worker *worker, struct packet *packet, uint16_t reason, uint32_t rule)
{
    struct held_packet *slot = packet->held;
    list_remove(worker->held, slot);
    slot->is_held = 0;
    hold_end(slot, worker->now_ns);
    uint16_t bad = take_back(worker, slot);
    slot->doom = bad != REASON_NONE ? bad : reason != REASON_NONE ? reason : slot->doom;
    packet->drop_rule = rule;
    later_release(worker->later, slot);
}

void held_unwatch(struct held_pool *pool, uint8_t bit)
{
    for (struct held_packet *slot = pool->oldest; slot != NULL; slot = slot->next) {
        slot->packet->watch &= (uint8_t)~bit;
        slot->packet->sampled_out &= (uint8_t)~bit;
        slot->packet->over_budget &= (uint8_t)~bit;
    }
}

static int has_extension(const struct pipeline *pipeline, const struct extension_instance *instance)
{
    for (uint32_t place = 0; place < pipeline->stage_count; place++) {
        if (pipeline->stages[place].extension == instance) {
            return 1;
        }
    }
    return 0;
}

static int port_has_gone(const struct pipeline *from, const struct pipeline *to, uint16_t port)
{
    return port != XSW_PORT_NONE && from->ports[port].port != to->ports[port].port;
}

uint32_t held_adopt(struct worker *worker, const struct pipeline *from, const struct pipeline *to)
{
    struct held_packet *slot = worker->held->oldest;
    uint32_t released = 0;
    while (slot != NULL) {
        struct held_packet *next = slot->next;
        const struct extension_instance *holder = slot->holder;
        if (port_has_gone(from, to, slot->packet->seen.destination_port)) {
            slot->doom = REASON_PORT_DOWN;
        }
        if (holder != NULL && !has_extension(to, holder)) {
            int is_dropped = (holder->extension->flags & XSW_EXTENSION_DROPS_HELD) != 0;
            worker_release(worker, slot->packet, is_dropped ? REASON_HELD_AT_REMOVAL : REASON_NONE,
                           0);
            released++;
        }
        slot = next;
    }
    return released;
}

static void ports_add(struct xsw_port_set *ports, const struct held_packet *first)
{
    for (const struct held_packet *slot = first; slot != NULL; slot = slot->next) {
        xsw_port_set_add(ports, slot->packet->source_port);
        xsw_port_set_add(ports, slot->packet->seen.destination_port);
    }
}

void held_ports_read(const struct worker *worker, struct xsw_port_set *ports)
{
    *ports = (struct xsw_port_set){{0}};
    ports_add(ports, worker->held->oldest);
    ports_add(ports, worker->later->again_first);
}
