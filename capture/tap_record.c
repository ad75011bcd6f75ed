/* SPDX-License-Identifier: Apache-2.0 */
/* What a worker writes into its ring: journeys, their timelines, gaps and events. */
#include <string.h>

#include "capture/tap.h"
#include "formats/pcapng/stage_meta.h"
#include "switch/path/held.h"
#include "switch/path/pipeline.h"
#include "switch/path/reasons.h"

/* Null: there is no room. */
static inline void *record_reserve(struct tap_worker *worker, uint32_t size, enum ring_type type)
{
    return __builtin_expect(worker->flight != NULL, 0) ? flight_reserve(worker->flight, size, type)
                                                       : ring_reserve(&worker->ring, size);
}

void tap_record_publish(struct tap_worker *worker)
{
    if (worker->flight != NULL) {
        flight_publish(worker->flight);
    } else {
        ring_publish(&worker->ring);
    }
}

_Static_assert(sizeof(struct ring_account) == (5 + META_LOSS_COUNT) * sizeof(_Atomic uint64_t),
               "an account is a row of numbers");

void tap_record_account(struct tap_worker *worker, uint16_t stage)
{
    struct ring_account *shown = worker->flight != NULL
                                     ? &flight_producer_stages(worker->flight)[stage]
                                     : &worker->ring.header->stages[stage];
    const _Atomic uint64_t *from = &worker->stages[stage].offered;
    _Atomic uint64_t *to = &shown->offered;
    for (size_t i = 0; i < sizeof(*shown) / sizeof(*to); i++) {
        atomic_store_explicit(&to[i], counter_read(&from[i]), memory_order_relaxed);
    }
}

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
int tap_record_gaps(struct tap_worker *worker)
{
    for (uint16_t cause = 0; cause < META_LOSS_COUNT; cause++) {
        struct tap_gap *lost = &worker->gaps[cause];
        if (lost->journeys == 0) {
            continue;
        }
        struct ring_gap *gap = record_reserve(worker, sizeof(*gap), RING_GAP);
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

int tap_record_event(struct tap_worker *worker, const struct ring_event *event)
{
    struct ring_event *place =
        tap_record_gaps(worker) ? record_reserve(worker, sizeof(*place), RING_EVENT) : NULL;
    if (place == NULL) {
        return 0;
    }
    *place = *event;
    place->record.size = sizeof(*place);
    place->record.type = RING_EVENT;
    return 1;
}

static int port_write(struct tap_worker *worker, const struct pipeline_names *names, uint16_t id,
                      uint64_t now_ns)
{
    struct ring_port *place =
        tap_record_gaps(worker) ? record_reserve(worker, sizeof(*place), RING_EVENT) : NULL;
    if (place == NULL) {
        return 0;
    }
    *place = (struct ring_port){
        .event = {.record = {.size = sizeof(*place), .type = RING_EVENT, .count = RING_EVENT_PORT},
                  .mono_ns = now_ns,
                  .values = {id, names->port_since[id], names->port_kinds[id]}}};
    memcpy(place->name, worker->hides_names ? names->hidden_ports[id] : names->ports[id],
           sizeof(place->name));
    return 1;
}

int tap_record_ports(struct tap_worker *worker, const struct pipeline_names *names, uint64_t now_ns)
{
    if (worker->ports_telling != names->ports_changed) {
        worker->ports_telling = names->ports_changed;
        worker->next_port = 1;
    }
    for (; worker->next_port < XSW_PORTS_MAX; worker->next_port++) {
        uint16_t id = worker->next_port;
        if (names->port_since[id] > worker->ports_told && names->ports[id][0] != '\0' &&
            !port_write(worker, names, id, now_ns)) {
            return 0;
        }
    }
    worker->ports_told = names->ports_changed;
    return 1;
}

static uint64_t ended_ns(const struct timeline *timeline)
{
    return timeline->rx_mono_ns + timeline->hops[timeline->count - 1].since_rx_ns;
}

void tap_record_lose(struct tap_record *record, uint16_t cause, uint64_t journeys)
{
    const struct timeline *timeline = record->timeline;
    struct tap_gap *gap = &record->worker->gaps[cause];
    uint16_t stage = timeline->hops[timeline->count - 1].stage;
    if (gap->journeys == 0) {
        gap->from_mono_ns = timeline->rx_mono_ns;
    }
    gap->journeys += journeys;
    gap->to_mono_ns = ended_ns(timeline);
    counter_add(&record->worker->stages[stage].lost[cause], journeys);
    record->has_timeline = 0; /* the gap is told before the next journey, under its own timeline */
}

static int timeline_write(struct tap_worker *worker, const struct timeline *timeline)
{
    if (!tap_record_gaps(worker)) {
        return 0;
    }
    uint32_t size =
        (uint32_t)(sizeof(struct ring_timeline) + timeline->count * sizeof(struct ring_hop));
    struct ring_timeline *record = record_reserve(worker, size, RING_TIMELINE);
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
    if (worker->flight != NULL) {
        flight_keep_timeline(worker->flight, record);
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

/* Notes of what changed and was decided on the way, and NOTES_INCOMPLETE. */
struct noted {
    const uint8_t *bytes;
    uint32_t length;
    uint8_t flags;
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
__attribute__((noinline)) static void
extras_gather(struct extras *extras, const struct packet *packet, const struct noted *noted)
{
    struct meta_builder builder = {.bytes = extras->bytes, .size = sizeof(extras->bytes)};
    if (noted->length > 0) {
        memcpy(extras->bytes, noted->bytes, noted->length);
        builder.length = noted->length;
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
static inline uint32_t captured_length(uint32_t snap_length, const struct packet *packet)
{
    uint32_t length = packet->seen.length;
    uint32_t grown = length > packet->rx_length ? length - packet->rx_length : 0;
    uint32_t snap = snap_length + grown;
    return length < snap ? length : snap;
}

/* The bytes that are kept: the packet's own, or what privacy has left of them. */
struct kept_bytes {
    const uint8_t *bytes;
    uint32_t length;
};

static inline int is_too_big(const struct tap_worker *worker, uint32_t size)
{
    return worker->flight == NULL && size > (worker->ring.mask + 1) / 2;
}

/* enum meta_loss, or 0 when the journey is in the ring. `extras` is null when there are none. */
static inline uint16_t record_write(struct tap_worker *worker, const struct packet *packet,
                                    struct kept_bytes kept, const struct extras *extras)
{
    uint32_t extras_length = extras != NULL ? extras->length : 0;
    uint32_t size = (uint32_t)sizeof(struct ring_journey) + pad8(kept.length) + pad8(extras_length);
    if (__builtin_expect(is_too_big(worker, size), 0)) {
        return META_LOSS_TOO_BIG;
    }
    struct ring_journey *journey = record_reserve(worker, size, RING_JOURNEY);
    if (__builtin_expect(journey == NULL, 0)) {
        /* A flight recorder always has room, unless it is for more than one of its blocks. */
        return worker->flight != NULL ? META_LOSS_TOO_BIG : META_LOSS_RING_FULL;
    }
    journey->record =
        (struct ring_record){.size = size, .type = RING_JOURNEY, .count = (uint16_t)extras_length};
    journey_fill(journey, packet);
    journey->captured_length = kept.length;
    journey->flags = 0;
    journey->has_drop_rule = 0;
    bytes_copy(journey->data, kept.bytes, kept.length);
    if (extras != NULL) {
        journey->flags = extras->flags;
        journey->has_drop_rule = extras->has_drop_rule;
        memcpy(journey->data + pad8(kept.length), extras->bytes, extras_length);
    }
    return 0;
}

/* What happened to the packet, as its notes have it, or as privacy has left them. */
static struct noted noted_of(const struct packet *packet)
{
    const struct packet_notes *notes = packet->notes;
    return notes == NULL ? (struct noted){0}
                         : (struct noted){notes->bytes, notes->length, (uint8_t)notes->flags};
}

__attribute__((noinline)) static uint16_t write_with_extras(struct tap_worker *worker,
                                                            const struct packet *packet,
                                                            struct kept_bytes kept,
                                                            struct noted noted)
{
    struct extras extras;
    extras.length = 0;
    extras.flags = noted.flags;
    extras.has_drop_rule = 0;
    extras_gather(&extras, packet, &noted);
    return record_write(worker, packet, kept, &extras);
}

/* Bytes and notes are treated before they reach the ring. */
__attribute__((noinline)) static uint16_t write_private(struct tap_record *record,
                                                        const struct packet *packet)
{
    struct noted noted = noted_of(packet);
    const struct xsw_packet *seen = &packet->seen;
    const struct privacy_frame in = {.bytes = seen->data,
                                     .length = seen->length,
                                     .captured_length =
                                         captured_length(record->snap_length, packet),
                                     .rx_length = packet->rx_length,
                                     .notes_length = noted.length,
                                     .notes = noted.bytes,
                                     .csum_start = seen->offload.csum_start,
                                     .offload_flags = seen->offload.flags,
                                     .notes_incomplete = (noted.flags & NOTES_INCOMPLETE) != 0};
    struct privacy_frame out;
    privacy_apply(record->privacy, record->worker_index, &in, &out);
    struct kept_bytes kept = {out.bytes, out.captured_length};
    noted = (struct noted){out.notes, out.notes != NULL ? out.notes_length : 0,
                           out.notes_incomplete ? NOTES_INCOMPLETE : 0};
    return has_extras(packet) ? write_with_extras(record->worker, packet, kept, noted)
                              : record_write(record->worker, packet, kept, NULL);
}

uint16_t tap_record_journey(struct tap_record *record, const struct packet *packet)
{
    if (!record->has_timeline && !timeline_write(record->worker, record->timeline)) {
        return META_LOSS_RING_FULL;
    }
    record->has_timeline = 1;
    if (__builtin_expect(record->privacy != NULL, 0)) {
        return write_private(record, packet);
    }
    struct kept_bytes kept = {packet->seen.data, captured_length(record->snap_length, packet)};
    return __builtin_expect(has_extras(packet), 0)
               ? write_with_extras(record->worker, packet, kept, noted_of(packet))
               : record_write(record->worker, packet, kept, NULL);
}
