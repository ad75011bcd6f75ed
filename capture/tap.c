/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/tap.h"

#include <string.h>

#include "formats/stage_meta.h"
#include "switch/held.h"
#include "switch/pipeline.h"
#include "switch/reasons.h"

static void tap_begin(void *state, uint32_t worker, const struct worker_counters *counters)
{
    struct tap *tap = state;
    memcpy(&tap->workers[worker].begin, counters, sizeof(*counters));
}

static int gaps_write(struct tap_worker *worker);

static void tap_end(void *state, uint32_t worker, const struct worker_counters *counters)
{
    struct tap *tap = state;
    struct tap_worker *own = &tap->workers[worker];
    memcpy(&own->end, counters, sizeof(*counters));
    /* A gap at the very end, if the recorder has made room meanwhile. */
    (void)gaps_write(own);
    ring_publish(&own->ring);
}

static void tap_received(void *state, uint32_t worker, struct packet *const *packets,
                         uint32_t count, uint8_t bit)
{
    (void)worker;
    const struct tap *tap = state;
    const struct bpf_insn *program = tap->program.bf_insns;
    for (uint32_t i = 0; i < count; i++) {
        struct xsw_packet *seen = &packets[i]->seen;
        if (program == NULL || bpf_filter(program, seen->data, seen->length, seen->length) != 0) {
            packets[i]->watch |= bit;
        }
    }
}

/* Journeys ----------------------------------------------------------------------------------- */

static inline uint32_t pad8(uint32_t length)
{
    return (length + 7) & ~7U;
}

/* Copies in whole chunks of 32 bytes: the packet's buffer and the ring's slack allow it, and it is
 * a few instructions where memcpy would be a call. */
static inline void bytes_copy(uint8_t *to, const uint8_t *from, uint32_t length)
{
    enum { CHUNK = 32, INLINE_MAX = 256 };
    if (length > INLINE_MAX) {
        memcpy(to, from, length);
        return;
    }
    for (uint32_t i = 0; i < length; i += CHUNK) {
        memcpy(to + i, from + i, CHUNK);
    }
}

/* Tells what was lost before the next journey. False when there is no room even for that; then
 * there is none for the journey either. */
static int gaps_write(struct tap_worker *worker)
{
    for (uint16_t cause = 0; cause < META_LOSS_COUNT; cause++) {
        struct tap_gap *lost = &worker->gaps[cause];
        if (lost->journeys == 0) {
            continue;
        }
        struct ring_gap *gap = ring_reserve(&worker->ring, sizeof(*gap));
        if (gap == NULL) {
            return 0;
        }
        *gap = (struct ring_gap){.record = {.size = sizeof(*gap), .type = RING_GAP, .count = cause},
                                 .journeys = lost->journeys,
                                 .from_mono_ns = lost->from_mono_ns,
                                 .to_mono_ns = lost->to_mono_ns};
        lost->journeys = 0;
    }
    return 1;
}

static void lose(struct tap_worker *worker, const struct timeline *timeline, uint16_t cause)
{
    struct tap_gap *gap = &worker->gaps[cause];
    uint64_t now = timeline->rx_mono_ns + timeline->hops[timeline->count - 1].since_rx_ns;
    if (gap->journeys++ == 0) {
        gap->from_mono_ns = timeline->rx_mono_ns;
    }
    gap->to_mono_ns = now;
    counter_add(cause == META_LOSS_TOO_BIG ? &worker->lost_too_big : &worker->lost_ring_full, 1);
}

static int timeline_write(struct tap_worker *worker, const struct timeline *timeline)
{
    if (!gaps_write(worker)) {
        return 0;
    }
    uint32_t size =
        (uint32_t)(sizeof(struct ring_timeline) + timeline->count * sizeof(struct ring_hop));
    struct ring_timeline *record = ring_reserve(&worker->ring, size);
    if (record == NULL) {
        return 0;
    }
    record->record = (struct ring_record){
        .size = size, .type = RING_TIMELINE, .count = (uint16_t)timeline->count};
    record->rx_mono_ns = timeline->rx_mono_ns;
    record->generation = timeline->generation;
    for (uint32_t i = 0; i < timeline->count; i++) {
        record->hops[i] = (struct ring_hop){.stage = timeline->hops[i].stage,
                                            .since_rx_ns = timeline->hops[i].since_rx_ns};
    }
    return 1;
}

static inline void journey_fill(struct ring_journey *journey, const struct packet *packet)
{
    const struct xsw_packet *seen = &packet->seen;
    journey->id = packet->id;
    journey->parent_id = seen->parent_id;
    journey->length = seen->length;
    journey->rx_length = packet->rx_length;
    journey->source_port = packet->source_port;
    journey->destination_port = seen->destination_port;
    journey->vlan = seen->vlan;
    journey->drop_reason = packet->drop_reason != REASON_REPLACED ? packet->drop_reason : 0;
    journey->first_hop = packet->first_hop;
    journey->packet_flags = seen->flags;
}

enum { HISTORY_BYTES = STAGES_MAX * 8 + HOLDS_MAX * 22 + 16 }; /* of a packet that was held */

/* What happened to this packet and not to all of its batch, as TLVs. */
struct extras {
    uint32_t length;
    uint8_t flags;
    uint8_t has_drop_rule;
    uint8_t bytes[NOTES_BYTES + HISTORY_BYTES + 64];
};

static int has_extras(const struct packet *packet)
{
    const struct xsw_offload *offload = &packet->seen.offload;
    return packet->notes != NULL || packet->held != NULL ||
           (packet->ingress_rule | packet->egress_rule) != 0 || packet->drop_rule != 0 ||
           packet->drop_reason == REASON_REPLACED || (offload->flags | offload->gso_type) != 0;
}

/* Where it was before it was held, and for how long it was. */
static void history_gather(struct meta_builder *builder, const struct held_packet *held)
{
    struct meta_hop hops[STAGES_MAX];
    for (uint32_t i = 0; i < held->hop_count; i++) {
        hops[i] = (struct meta_hop){held->hops[i].stage, held->hops[i].since_rx_ns};
    }
    meta_add_hops(builder, hops, held->hop_count);
    for (uint32_t i = 0; i < held->hold_count; i++) {
        meta_add_held(builder, &(struct meta_held){.stage = held->holds[i].stage,
                                                   .held_ns = held->holds[i].held_ns,
                                                   .rx_mono_ns = held->rx_mono_ns});
    }
}

/* Not for every packet: kept out of the way of those that nothing happened to. */
__attribute__((noinline)) static void extras_gather(struct extras *extras,
                                                    const struct packet *packet)
{
    struct meta_builder builder = {.bytes = extras->bytes, .size = sizeof(extras->bytes)};
    const struct packet_notes *notes = packet->notes;
    if (notes != NULL) {
        memcpy(extras->bytes, notes->bytes, notes->length);
        builder.length = notes->length;
        extras->flags = (uint8_t)notes->flags;
    }
    if (packet->held != NULL) {
        history_gather(&builder, packet->held);
        extras->flags |= RING_JOURNEY_HELD;
    }
    const struct xsw_offload *offload = &packet->seen.offload;
    if ((offload->flags | offload->gso_type) != 0) {
        meta_add_offload(&builder, &(struct meta_offload){.flags = offload->flags,
                                                          .gso_type = offload->gso_type,
                                                          .header_length = offload->header_length,
                                                          .gso_size = offload->gso_size,
                                                          .csum_start = offload->csum_start,
                                                          .csum_offset = offload->csum_offset});
    }
    int is_acl_drop = packet->drop_reason == REASON_ACL_DENIED;
    if (packet->ingress_rule != 0 && !(is_acl_drop && packet->egress_rule == 0)) {
        meta_add_decision(&builder, &(struct meta_decision){.stage = STAGE_INGRESS_POLICY,
                                                            .rule = packet->ingress_rule});
    }
    if (packet->egress_rule != 0 && !is_acl_drop) {
        meta_add_decision(&builder, &(struct meta_decision){.stage = STAGE_EGRESS_POLICY,
                                                            .rule = packet->egress_rule});
    }
    if (packet->drop_reason == REASON_REPLACED) {
        extras->flags |= RING_JOURNEY_REPLACED;
    }
    if (packet->drop_rule != 0) {
        meta_add_decision(&builder, &(struct meta_decision){.rule = packet->drop_rule});
        extras->has_drop_rule = 1;
    }
    extras->length = (uint32_t)builder.length;
}

/* The bytes to keep: the snap length of the frame as it came in, so a frame that has grown keeps
 * more of its end. */
static inline uint32_t captured_length(const struct tap *tap, const struct packet *packet)
{
    uint32_t length = packet->seen.length;
    uint32_t grown = length > packet->rx_length ? length - packet->rx_length : 0;
    uint32_t snap = tap->snap_length + grown;
    return length < snap ? length : snap;
}

/* enum meta_loss, or 0 when the journey is in the ring. `extras` is null when there are none. */
static inline uint16_t record_write(const struct tap *tap, struct tap_worker *worker,
                                    const struct packet *packet, const struct extras *extras)
{
    uint32_t captured = captured_length(tap, packet);
    uint32_t extras_length = extras != NULL ? extras->length : 0;
    uint32_t size = (uint32_t)sizeof(struct ring_journey) + pad8(captured) + pad8(extras_length);
    if (__builtin_expect(size > (worker->ring.mask + 1) / 2, 0)) {
        return META_LOSS_TOO_BIG;
    }
    struct ring_journey *journey = ring_reserve(&worker->ring, size);
    if (__builtin_expect(journey == NULL, 0)) {
        return META_LOSS_RING_FULL;
    }
    journey->record =
        (struct ring_record){.size = size, .type = RING_JOURNEY, .count = (uint16_t)extras_length};
    journey_fill(journey, packet);
    journey->captured_length = captured;
    journey->flags = 0;
    journey->has_drop_rule = 0;
    bytes_copy(journey->data, packet->seen.data, captured);
    if (extras != NULL) {
        journey->flags = extras->flags;
        journey->has_drop_rule = extras->has_drop_rule;
        memcpy(journey->data + pad8(captured), extras->bytes, extras_length);
    }
    return 0;
}

__attribute__((noinline)) static uint16_t journey_write_with_extras(const struct tap *tap,
                                                                    struct tap_worker *worker,
                                                                    const struct packet *packet)
{
    struct extras extras;
    extras.length = 0;
    extras.flags = 0;
    extras.has_drop_rule = 0;
    extras_gather(&extras, packet);
    return record_write(tap, worker, packet, &extras);
}

static inline uint16_t journey_write(const struct tap *tap, struct tap_worker *worker,
                                     const struct packet *packet)
{
    return __builtin_expect(has_extras(packet), 0) ? journey_write_with_extras(tap, worker, packet)
                                                   : record_write(tap, worker, packet, NULL);
}

static uint32_t journeys_write(const struct tap *tap, struct tap_worker *worker,
                               const struct ended_batch *batch, uint8_t bit)
{
    int has_timeline = 0;
    uint32_t watched = 0;
    uint32_t written = 0;
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct packet *packet = batch->packets[i];
        if ((packet->watch & bit) == 0) {
            continue;
        }
        watched++;
        if (!has_timeline && !timeline_write(worker, batch->timeline)) {
            lose(worker, batch->timeline, META_LOSS_RING_FULL);
            continue;
        }
        has_timeline = 1;
        uint16_t cause = journey_write(tap, worker, packet);
        if (__builtin_expect(cause != 0, 0)) {
            lose(worker, batch->timeline, cause);
            has_timeline = 0; /* the gap is told before the next journey, under its own timeline */
            continue;
        }
        written++;
    }
    counter_add(&worker->written, written);
    return watched;
}

static void account_publish(struct tap_worker *worker)
{
    struct ring_header *header = worker->ring.header;
    atomic_store_explicit(&header->offered, counter_read(&worker->offered), memory_order_relaxed);
    atomic_store_explicit(&header->filtered, counter_read(&worker->filtered), memory_order_relaxed);
    atomic_store_explicit(&header->unwanted, counter_read(&worker->unwanted), memory_order_relaxed);
    atomic_store_explicit(&header->written, counter_read(&worker->written), memory_order_relaxed);
    atomic_store_explicit(&header->lost_ring_full, counter_read(&worker->lost_ring_full),
                          memory_order_relaxed);
    atomic_store_explicit(&header->lost_too_big, counter_read(&worker->lost_too_big),
                          memory_order_relaxed);
    ring_publish(&worker->ring);
}

/* Journeys that are over and that nobody wants are followed no longer: they are not written, and
 * what does not fit into the ring is not one of them. */
__attribute__((noinline)) static void unwanted_leave(const struct tap *tap, uint32_t worker,
                                                     const struct ended_batch *batch, uint8_t bit)
{
    uint64_t unwanted = 0;
    for (uint32_t i = 0; i < batch->count; i++) {
        struct packet *packet = batch->packets[i];
        if ((packet->watch & bit) != 0 &&
            !where_matches(tap->where, worker, packet, batch->timeline)) {
            packet->watch &= (uint8_t)~bit;
            unwanted++;
        }
    }
    counter_add(&tap->workers[worker].unwanted, unwanted);
}

static void tap_ended(void *state, uint32_t worker, const struct ended_batch *batch, uint8_t bit)
{
    struct tap *tap = state;
    struct tap_worker *own = &tap->workers[worker];
    if (__builtin_expect(tap->where != NULL, 0)) {
        unwanted_leave(tap, worker, batch, bit);
    }
    uint32_t watched = journeys_write(tap, own, batch, bit);
    counter_add(&own->offered, batch->count);
    counter_add(&own->filtered, batch->count - watched);
    account_publish(own);
}

struct capture_account tap_account(const struct tap *tap, uint32_t worker)
{
    const struct tap_worker *own = &tap->workers[worker];
    return (struct capture_account){.offered = counter_read(&own->offered),
                                    .filtered = counter_read(&own->filtered),
                                    .unwanted = counter_read(&own->unwanted),
                                    .written = counter_read(&own->written),
                                    .lost_ring_full = counter_read(&own->lost_ring_full),
                                    .lost_too_big = counter_read(&own->lost_too_big)};
}

const struct observer_ops tap_observer_ops = {
    .begin = tap_begin,
    .end = tap_end,
    .received = tap_received,
    .ended = tap_ended,
};
