/* SPDX-License-Identifier: Apache-2.0 */
/* See trail.h. */
#include "analyzer/journey/trail.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "packet/parse.h"
#include "packet/wire.h"

struct trails {
    uint32_t capacity;
    struct trail *slots;
};

enum xsw_status trails_create(uint32_t capacity, struct trails **trails, struct xsw_error *error)
{
    struct trails *made = calloc(1, sizeof(*made));
    if (made != NULL) {
        made->capacity = capacity;
        made->slots = calloc(capacity, sizeof(*made->slots));
    }
    if (made == NULL || made->slots == NULL) {
        trails_destroy(made);
        return error_set(error, XSW_NO_MEMORY, "no memory for the stages of %u open journeys",
                         capacity);
    }
    *trails = made;
    return XSW_OK;
}

void trails_destroy(struct trails *trails)
{
    if (trails == NULL) {
        return;
    }
    free(trails->slots);
    free(trails);
}

const struct trail *trails_at(const struct trails *trails, uint32_t slot)
{
    return &trails->slots[slot];
}

void trails_restore(struct trails *trails, uint32_t slot, const struct trail *trail)
{
    trails->slots[slot] = *trail;
}

/* The first frame ---------------------------------------------------------------------------- */

/* Bytes behind the TCP header; the IP header says how many, since short frames are filled up. */
static uint32_t tcp_data_length(const struct xsw_packet *packet, uint32_t wire_length)
{
    const uint8_t *network = packet->data + packet->l3_offset;
    const uint8_t *tcp = packet->data + packet->l4_offset;
    uint32_t header = (uint32_t)(tcp[12] >> 4) * 4;
    uint32_t end = wire_length;
    if (packet->ether_type == ETHER_TYPE_IPV4) {
        end = packet->l3_offset + wire_read16(network + 2);
    } else if (wire_read16(network + 4) != 0) {
        end = packet->l3_offset + (uint32_t)IPV6_SIZE + wire_read16(network + 4);
    }
    /* A segment of more than 64 KiB has no length in its IP header that could say so. */
    if (end > wire_length || end == packet->l3_offset) {
        end = wire_length;
    }
    uint32_t begin = packet->l4_offset + header;
    return end > begin ? end - begin : 0;
}

static void tcp_read(struct trail_tcp *tcp, const struct xsw_packet *packet, uint32_t wire_length)
{
    if (packet->l4_offset == 0 || packet->ip_protocol != PROTOCOL_TCP ||
        (packet->flags & XSW_PACKET_FRAGMENT) != 0) {
        return;
    }
    const uint8_t *header = packet->data + packet->l4_offset;
    tcp->is_there = true;
    tcp->flags = header[13];
    tcp->window = wire_read16(header + 14);
    tcp->sequence = wire_read32(header + 4);
    tcp->acknowledged = wire_read32(header + 8);
    tcp->length = tcp_data_length(packet, wire_length);
    tcp->length += (tcp->flags & TRAIL_TCP_SYN) != 0;
    tcp->length += (tcp->flags & TRAIL_TCP_FIN) != 0;
}

static void frame_read(struct trail *trail, const struct record *record)
{
    const uint8_t *bytes = record->bytes;
    struct xsw_packet packet = parse_bytes(bytes, record->captured_length, record->original_length);
    flow_key_from_packet(&trail->flow, &packet);
    trail->tcp = (struct trail_tcp){0};
    tcp_read(&trail->tcp, &packet, record->original_length);
    trail->length = record->original_length;
    trail->tag = 0;
    memset(trail->destination_mac, 0, MAC_SIZE);
    memset(trail->source_mac, 0, MAC_SIZE);
    if (record->captured_length >= ETHERNET_SIZE) {
        memcpy(trail->destination_mac, bytes, MAC_SIZE);
        memcpy(trail->source_mac, bytes + MAC_SIZE, MAC_SIZE);
    }
    if (record->captured_length >= ETHERNET_SIZE + 2 && parse_is_tag(wire_read16(bytes + 12))) {
        trail->tag = wire_read16(bytes + ETHERNET_SIZE) & 0xfff;
    }
}

/* Records ------------------------------------------------------------------------------------ */

static struct trail_step *step_add(struct trail *trail, uint16_t stage, uint32_t since_rx_ns)
{
    if (trail->step_count == TRAIL_STEPS_MAX) {
        trail->flags |= TRAIL_STEPS_BEYOND;
        return NULL;
    }
    struct trail_step *step = &trail->steps[trail->step_count++];
    *step = (struct trail_step){.stage = stage, .since_rx_ns = since_rx_ns};
    return step;
}

static void change_mark(struct trail *trail, uint16_t stage)
{
    trail->flags |= FACTS_CHANGED;
    for (size_t i = trail->step_count; i > 0; i--) {
        if (trail->steps[i - 1].stage == stage) {
            trail->steps[i - 1].is_changed = 1;
            return;
        }
    }
}

static void hold_take(struct trail *trail, const struct meta_held *held)
{
    trail->flags |= FACTS_HELD;
    if (trail->hold_count < TRAIL_HOLDS_MAX) {
        trail->holds[trail->hold_count++] =
            (struct trail_hold){.stage = held->stage, .held_ns = held->held_ns};
    } else {
        trail->holds[TRAIL_HOLDS_MAX - 1].held_ns += held->held_ns;
    }
}

static uint8_t origin_of(const struct record *record)
{
    if ((record->fixed.flags & META_MIRROR) != 0) {
        return FACTS_MIRROR;
    }
    if ((record->fixed.flags & META_FLOOD) != 0) {
        return FACTS_FLOOD;
    }
    if (record->fixed.kind == META_CLONE || record->fixed.parent_id != 0) {
        return FACTS_CLONE;
    }
    return record->fixed.kind == META_INJECTED ? FACTS_INJECTED : FACTS_RECEIVED;
}

/* All but the lists, of which nothing counts yet: to clear these takes longer than all else. */
static void begin(struct trail *trail, const struct record *record)
{
    trail->packet_id = record->packet_id;
    trail->parent_id = record->fixed.parent_id;
    trail->first_ns = trail->rx_ns = trail->last_ns = record->time_ns;
    trail->generation = 0;
    trail->source_port = record->port;
    trail->destination_port = (struct dictionary_label){0};
    trail->rule = 0;
    trail->reason = trail->end_stage = trail->vlan = 0;
    trail->outcome = FACTS_UNFINISHED;
    trail->origin = origin_of(record);
    trail->flags = trail->step_count = trail->field_count = trail->hold_count = 0;
    trail->has_first = record_is_first(record);
    frame_read(trail, record);
}

/* The items that belong to what was before the record's own stage: hops; then the rest. */
static uint32_t items_take(struct trail *trail, const struct record *record)
{
    struct meta_reader items = record_items(record);
    struct meta_item item;
    uint32_t since_rx_ns =
        record->time_ns > trail->rx_ns && record->time_ns - trail->rx_ns < UINT32_MAX
            ? (uint32_t)(record->time_ns - trail->rx_ns)
            : 0;
    while (record_next_item(&items, &item)) {
        if (item.type == META_TLV_HOPS) {
            for (size_t i = 0; i < item.hop_count; i++) {
                struct meta_hop hop = meta_hop_at(&item, i);
                (void)step_add(trail, hop.stage, hop.since_rx_ns);
            }
        } else if (item.type == META_TLV_STAGE_TIME) {
            since_rx_ns = item.since_rx_ns;
        } else if (item.type == META_TLV_VLAN) {
            trail->vlan = item.vlan;
        } else if (item.type == META_TLV_GENERATION) {
            trail->generation = item.generation;
        } else if (item.type == META_TLV_HELD) {
            hold_take(trail, &item.held);
        } else if (item.type == META_TLV_SOURCE && record_is_first(record)) {
            trail->source_port = record->source;
        }
    }
    return since_rx_ns;
}

static void changes_take(struct trail *trail, const struct record *record)
{
    struct meta_reader items = record_items(record);
    struct meta_item item;
    while (record->has_changes && record_next_item(&items, &item)) {
        if (item.type == META_TLV_CHANGE) {
            change_mark(trail, item.change.stage);
        }
    }
    if (record->fixed.kind == META_CHANGED) {
        change_mark(trail, record->fixed.stage);
    }
    if ((record->fixed.flags & META_CHANGES_INCOMPLETE) != 0) {
        trail->flags |= FACTS_CHANGED;
    }
    if ((record->fixed.flags & META_UNDECLARED) != 0) {
        trail->flags |= FACTS_UNDECLARED;
    }
}

static void end(struct trail *trail, const struct dictionary *dictionary,
                const struct record *record)
{
    uint8_t kind = record->fixed.kind;
    trail->outcome = kind == META_DROP                            ? FACTS_DROPPED
                     : kind == META_CONSUMED || kind == META_PUNT ? FACTS_REPLACED
                                                                  : FACTS_DELIVERED;
    trail->reason = record->fixed.reason;
    trail->rule = record->fixed.rule;
    trail->end_stage = record->fixed.stage;
    if (trail->outcome != FACTS_DELIVERED) {
        const struct dictionary_stage *stage =
            dictionary_find_stage(dictionary, record->fixed.stage);
        if (stage == NULL || !stage->egress) {
            return;
        }
    }
    trail->destination_port = record->port;
}

struct trail *trails_take(struct trails *trails, const struct dictionary *dictionary,
                          const struct record *record, const struct journey *journey,
                          unsigned events)
{
    struct trail *trail = &trails->slots[journey->slot];
    bool begins = journey->record_count == 1 || (events & JOURNEY_RESTARTED) != 0;
    if (begins) {
        begin(trail, record);
    }
    uint32_t since_rx_ns = items_take(trail, record);
    if (begins && since_rx_ns <= record->time_ns) {
        trail->rx_ns = record->time_ns - since_rx_ns;
    }
    trail->last_ns = record->time_ns;
    /* The record of a change names the stage; where the journey ends there too, a second one does.
     */
    const struct trail_step *last =
        trail->step_count == 0 ? NULL : &trail->steps[trail->step_count - 1];
    if (last == NULL || last->stage != record->fixed.stage || !last->is_changed) {
        (void)step_add(trail, record->fixed.stage, since_rx_ns);
    }
    changes_take(trail, record);
    if (record_is_last(record)) {
        end(trail, dictionary, record);
    }
    return trail;
}

void trail_add_field(struct trail *trail, size_t field)
{
    size_t place = 0;
    while (place < trail->field_count && trail->fields[place] < field) {
        place++;
    }
    if (place < trail->field_count && trail->fields[place] == field) {
        return;
    }
    if (trail->field_count == TRAIL_FIELDS_MAX) {
        trail->flags |= TRAIL_FIELDS_BEYOND;
        return;
    }
    memmove(&trail->fields[place + 1], &trail->fields[place],
            (trail->field_count - place) * sizeof(trail->fields[0]));
    trail->fields[place] = (uint16_t)field;
    trail->field_count++;
}

uint64_t trail_held_ns(const struct trail *trail, uint16_t stage)
{
    uint64_t held_ns = 0;
    for (size_t i = 0; i < trail->hold_count; i++) {
        held_ns += trail->holds[i].stage == stage ? trail->holds[i].held_ns : 0;
    }
    return held_ns;
}

uint64_t trail_latency_ns(const struct trail *trail)
{
    uint64_t passed_ns = trail->last_ns > trail->rx_ns ? trail->last_ns - trail->rx_ns : 0;
    uint64_t held_ns = 0;
    for (size_t i = 0; i < trail->hold_count; i++) {
        held_ns += trail->holds[i].held_ns;
    }
    return passed_ns > held_ns ? passed_ns : held_ns;
}
