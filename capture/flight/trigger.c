/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/flight/trigger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "capture/where.h"
#include "switch/path/observe.h"
#include "switch/switch.h"

enum {
    /* A second in so many parts: a rate is what came in the part that runs and those before it. */
    RATE_PARTS = 16,
    RATE_PART_NS = NS_PER_SECOND / RATE_PARTS,
    RATE_COUNT_BITS = 32
};

struct trigger {
    _Atomic(struct where *) where; /* null: it is not about journeys; released when set */
    bool is_of_journeys;
    uint32_t rate_per_second;
    uint64_t rearm_ns;
    /* Matches in the last parts of a second: number of the part in the upper half, how many in the
     * lower one. Written by all workers. */
    _Atomic uint64_t parts[RATE_PARTS];
};

struct trigger_set {
    struct vswitch *vswitch;
    struct flight_ring *ring;
    struct observer observer;
    bool is_attached;
    uint8_t follow;       /* 0: all packets */
    uint64_t replaced_at; /* generation at which `older` ones were */
    uint32_t count;
    struct trigger triggers[FLIGHT_TRIGGERS_MAX];
};

/* Rates -------------------------------------------------------------------------------------- */

/* Counts matches at a time; returns whether there were `rate` in the second that ends then. */
static bool rate_is_reached(struct trigger *trigger, uint64_t now_ns, uint32_t matches)
{
    const uint64_t low = ((uint64_t)1 << RATE_COUNT_BITS) - 1;
    uint64_t part = now_ns / RATE_PART_NS;
    _Atomic uint64_t *own = &trigger->parts[part % RATE_PARTS];
    uint64_t old = atomic_load_explicit(own, memory_order_relaxed);
    uint64_t wanted;
    do {
        uint64_t count = old >> RATE_COUNT_BITS == (part & low) ? old & low : 0;
        count = count + matches < low ? count + matches : low;
        wanted = (part & low) << RATE_COUNT_BITS | count;
    } while (!atomic_compare_exchange_weak_explicit(own, &old, wanted, memory_order_relaxed,
                                                    memory_order_relaxed));
    uint64_t sum = 0;
    for (uint32_t i = 0; i < RATE_PARTS; i++) {
        uint64_t value = atomic_load_explicit(&trigger->parts[i], memory_order_relaxed);
        uint64_t age = (part - (value >> RATE_COUNT_BITS)) & low;
        sum += age < RATE_PARTS ? value & low : 0;
    }
    return sum >= trigger->rate_per_second;
}

/* Hits --------------------------------------------------------------------------------------- */

static uint64_t slot_get(const _Atomic uint64_t *value)
{
    return atomic_load_explicit(value, memory_order_relaxed);
}

static void slot_set(_Atomic uint64_t *value, uint64_t to)
{
    atomic_store_explicit(value, to, memory_order_relaxed);
}

static void slot_add(_Atomic uint64_t *value, uint64_t more)
{
    slot_set(value, slot_get(value) + more);
}

struct found {
    uint32_t matches;
    uint64_t packet_id; /* of the first; 0: it is about none */
};

/* So many hits at a time, of which the first one fires if it may. By the only writer of the slot.
 */
static void slot_hit(struct flight_trigger_slot *slot, uint64_t rearm_ns, uint64_t now_ns,
                     const struct found *found)
{
    uint64_t fires = slot_get(&slot->fires);
    if (fires != 0 && now_ns - slot_get(&slot->fire_mono_ns) < rearm_ns) {
        slot_add(&slot->early, found->matches);
        return;
    }
    slot_add(&slot->early, found->matches - 1);
    slot_set(&slot->fire_mono_ns, now_ns);
    slot_set(&slot->fire_packet_id, found->packet_id);
    atomic_store_explicit(&slot->fires, fires + 1, memory_order_release);
}

void trigger_set_fire(struct trigger_set *set, uint32_t index, uint64_t mono_ns, uint64_t packet_id)
{
    struct flight_trigger_slot *slot = &flight_ring_header(set->ring)->control[index];
    const struct found found = {.matches = 1, .packet_id = packet_id};
    slot_add(&slot->matches, 1);
    slot_hit(slot, set->triggers[index].rearm_ns, mono_ns, &found);
}

/* Packets ------------------------------------------------------------------------------------ */

static inline bool is_followed(const struct trigger_set *set, const struct packet *packet)
{
    return set->follow == 0 || (packet->watch & set->follow) != 0;
}

/* Nothing that sets it apart from the others of its batch. */
static bool is_any_special(const struct trigger_set *set, struct packet *const *packets,
                           uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (is_followed(set, packets[i]) && !where_packet_is_plain(packets[i])) {
            return true;
        }
    }
    return false;
}

static struct found matches_find(const struct trigger_set *set, struct where *where,
                                 uint32_t worker, const struct ended_batch *batch,
                                 bool looks_at_plain)
{
    struct found found = {0};
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct packet *packet = batch->packets[i];
        if (is_followed(set, packet) && (looks_at_plain || !where_packet_is_plain(packet)) &&
            where_matches(where, worker, packet, batch->timeline) && found.matches++ == 0) {
            found.packet_id = packet->id;
        }
    }
    return found;
}

static void one_check(struct trigger_set *set, uint32_t index, uint32_t worker,
                      const struct ended_batch *batch, bool has_special)
{
    struct trigger *trigger = &set->triggers[index];
    struct where *where = atomic_load_explicit(&trigger->where, memory_order_acquire);
    bool looks_at_plain = where_may_match_plain(where, batch->timeline);
    if (!looks_at_plain && !has_special) {
        return;
    }
    struct found found = matches_find(set, where, worker, batch, looks_at_plain);
    if (found.matches == 0) {
        return;
    }
    const struct timeline *timeline = batch->timeline;
    uint64_t now_ns = timeline->rx_mono_ns + timeline->hops[timeline->count - 1].since_rx_ns;
    struct flight_trigger_slot *slot =
        &flight_ring_producer(set->ring, worker)->shared->triggers[index];
    slot_add(&slot->matches, found.matches);
    if (trigger->rate_per_second == 0 || rate_is_reached(trigger, now_ns, found.matches)) {
        slot_hit(slot, trigger->rearm_ns, now_ns, &found);
    }
}

static void set_begin(void *state, uint32_t worker, const struct worker_counters *counters)
{
    (void)state;
    (void)worker;
    (void)counters;
}

static void set_received(void *state, uint32_t worker, struct packet *const *packets,
                         uint32_t count, uint8_t bit)
{
    (void)state;
    (void)worker;
    (void)packets;
    (void)count;
    (void)bit;
}

static void set_ended(void *state, uint32_t worker, const struct ended_batch *batch, uint8_t bit)
{
    struct trigger_set *set = state;
    bool has_special = is_any_special(set, batch->packets, batch->count);
    (void)bit;
    for (uint32_t i = 0; i < set->count; i++) {
        if (set->triggers[i].is_of_journeys) {
            one_check(set, i, worker, batch, has_special);
        }
    }
}

static const struct observer_ops set_ops = {
    .begin = set_begin, .end = set_begin, .received = set_received, .ended = set_ended};

/* Sets --------------------------------------------------------------------------------------- */

static enum xsw_status trigger_fill(struct trigger_set *set, const struct trigger_options *options,
                                    struct flight_trigger_info *info, struct xsw_error *error)
{
    struct trigger *trigger = &set->triggers[set->count];
    trigger->rate_per_second = options->rate_per_second;
    trigger->rearm_ns = options->rearm_ns;
    /* What is kept for people ends where there is no more room. */
    snprintf(info->name, sizeof(info->name), "%s", options->name);
    snprintf(info->text, sizeof(info->text), "%.*s", (int)sizeof(info->text) - 1,
             options->text != NULL ? options->text : "");
    info->rearm_ns = options->rearm_ns;
    set->count++;
    if (options->where == NULL) {
        return XSW_OK;
    }
    struct where *where = NULL;
    enum xsw_status status = where_create(set->vswitch, options->where, false, &where, error);
    trigger->is_of_journeys = status == XSW_OK;
    atomic_store_explicit(&trigger->where, where, memory_order_release);
    return status == XSW_OK ? XSW_OK : error_prefix(error, "trigger %s", options->name);
}

enum xsw_status trigger_set_create(struct vswitch *vswitch, struct flight_ring *ring,
                                   const struct trigger_options *triggers, uint32_t count,
                                   struct trigger_set **set, struct xsw_error *error)
{
    if (count > FLIGHT_TRIGGERS_MAX) {
        return error_set(error, XSW_LIMIT, "triggers: %u; expected at most %d", count,
                         FLIGHT_TRIGGERS_MAX);
    }
    struct trigger_set *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for triggers");
    }
    made->vswitch = vswitch;
    made->ring = ring;
    struct flight_trigger_info infos[FLIGHT_TRIGGERS_MAX] = {0};
    for (uint32_t i = 0; i < count; i++) {
        enum xsw_status status = trigger_fill(made, &triggers[i], &infos[i], error);
        if (status != XSW_OK) {
            made->ring = NULL; /* it has told the ring nothing yet */
            (void)trigger_set_destroy(made);
            return status;
        }
    }
    flight_ring_set_triggers(ring, infos, count);
    *set = made;
    return XSW_OK;
}

/* One that names ports means those of these names. */
static enum xsw_status trigger_follow(struct trigger_set *set, struct trigger *trigger,
                                      struct xsw_error *error)
{
    struct where *before = atomic_load_explicit(&trigger->where, memory_order_relaxed);
    struct where *where = NULL;
    if (before == NULL || !where_names_ports(before)) {
        return XSW_OK;
    }
    if (vswitch_generation(set->vswitch) > set->replaced_at) {
        where_forget(before); /* all workers have begun a batch since */
    }
    enum xsw_status status = where_again(set->vswitch, before, &where, error);
    if (status != XSW_OK || where_is_same(where, before)) {
        where_destroy(where);
        return status;
    }
    where_replace(where, before);
    atomic_store_explicit(&trigger->where, where, memory_order_release);
    return XSW_OK;
}

static enum xsw_status ports_follow(void *owner, struct xsw_error *error)
{
    struct trigger_set *set = owner;
    enum xsw_status status = XSW_OK;
    for (uint32_t i = 0; status == XSW_OK && i < set->count; i++) {
        status = trigger_follow(set, &set->triggers[i], error);
    }
    set->replaced_at = vswitch_generation(set->vswitch);
    return status;
}

enum xsw_status trigger_set_attach(struct trigger_set *set, uint8_t follow, struct xsw_error *error)
{
    set->follow = follow;
    set->observer = (struct observer){
        .ops = &set_ops, .state = set, .snap_length = 0, .port_comes = ports_follow, .owner = set};
    enum xsw_status status = vswitch_observer_add(set->vswitch, &set->observer, error);
    set->is_attached = status == XSW_OK;
    return status;
}

bool trigger_set_destroy(struct trigger_set *set)
{
    if (set == NULL) {
        return true;
    }
    if (set->is_attached && vswitch_observer_remove(set->vswitch, &set->observer, NULL) != XSW_OK) {
        return false;
    }
    if (set->ring != NULL) {
        flight_ring_set_triggers(set->ring, NULL, 0);
    }
    for (uint32_t i = 0; i < set->count; i++) {
        where_destroy(atomic_load_explicit(&set->triggers[i].where, memory_order_relaxed));
    }
    free(set);
    return true;
}
