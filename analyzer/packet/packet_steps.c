/* SPDX-License-Identifier: Apache-2.0 */
/* What happened to a packet of a view, step by step, out of its records. See packet_view.h. */
#include "analyzer/packet/packet_view.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/packet/packet_view_parts.h"

static struct view_step *step_add(struct packet_view *view, struct view_packet *packet)
{
    if (packet->step_count == VIEW_STEPS_MAX) {
        packet->steps_beyond++;
        return NULL;
    }
    struct view_step *steps = realloc(packet->steps, (packet->step_count + 1) * sizeof(*steps));
    if (steps == NULL) {
        view->has_failed = true;
        return NULL;
    }
    packet->steps = steps;
    struct view_step *step = &steps[packet->step_count++];
    *step = (struct view_step){0};
    return step;
}

/* The last step of a stage, or null. */
static struct view_step *step_find(struct view_packet *packet, uint16_t stage)
{
    for (size_t i = packet->step_count; i > 0; i--) {
        if (packet->steps[i - 1].stage == stage) {
            return &packet->steps[i - 1];
        }
    }
    return NULL;
}

/* A record is about the port at its own stage; before forwarding that was the one it came from. */
static struct dictionary_label hop_port(const struct dictionary *dictionary,
                                        const struct view_packet *packet,
                                        const struct record *record, uint16_t stage)
{
    const struct dictionary_stage *known = dictionary_find_stage(dictionary, stage);
    int is_before = known != NULL && !known->egress && packet->step_count > 0 &&
                    packet->steps[0].what == VIEW_RECEIVED;
    return is_before ? packet->steps[0].port : record->port;
}

static void hops_add(struct packet_view *view, const struct dictionary *dictionary,
                     struct view_packet *packet, const struct record *record,
                     const struct meta_item *item)
{
    for (size_t i = 0; i < item->hop_count; i++) {
        struct meta_hop hop = meta_hop_at(item, i);
        struct view_step *step = step_add(view, packet);
        if (step == NULL) {
            return;
        }
        step->what = VIEW_PASSED;
        step->stage = hop.stage;
        step->port = hop_port(dictionary, packet, record, hop.stage);
        step->since_rx_ns = hop.since_rx_ns;
        step->time_ns = packet->rx_ns + hop.since_rx_ns;
    }
}

static enum view_what what_of(const struct record *record)
{
    switch (record->fixed.kind) {
    case META_DROP:
        return VIEW_DROPPED;
    case META_CHANGED:
        return VIEW_CHANGED;
    case META_CLONE:
        return VIEW_COPIED;
    case META_INJECTED:
        return VIEW_INJECTED;
    case META_CONSUMED:
    case META_PUNT:
        return VIEW_CONSUMED;
    default:
        return record_is_last(record)    ? VIEW_DELIVERED
               : record_is_first(record) ? VIEW_RECEIVED
                                         : VIEW_PASSED;
    }
}

/* What a clone was when it was made differs from its original by what its maker changed. */
static void clone_compare(struct packet_view *view, const struct view_packet *packet,
                          struct view_step *step, const struct record *record)
{
    const struct view_packet *parent = packet_view_find(view, packet->session, packet->parent_id);
    if (step->what != VIEW_COPIED || parent == NULL || parent->end_bytes == NULL) {
        return;
    }
    struct field_change fields[FIELD_CHANGES_MAX];
    struct fields_frame now = {.bytes = record->bytes,
                               .length = record->captured_length,
                               .wire_length = record->original_length,
                               .checksum_partial = record->checksum_partial};
    size_t count = fields_compare(&parent->end, &now, fields, FIELD_CHANGES_MAX);
    step->fields = malloc((count + 1) * sizeof(*step->fields));
    if (step->fields == NULL) {
        view->has_failed = true;
        return;
    }
    memcpy(step->fields, fields, count * sizeof(*fields));
    step->field_count = count;
    step->checksums = fields_checksums(&now);
}

static void end_keep(struct packet_view *view, struct view_packet *packet,
                     const struct record *record)
{
    if (record->fixed.kind != META_CONSUMED || packet->end_bytes != NULL) {
        return;
    }
    packet->end_bytes = malloc(record->captured_length + (size_t)1);
    if (packet->end_bytes == NULL) {
        view->has_failed = true;
        return;
    }
    memcpy(packet->end_bytes, record->bytes, record->captured_length);
    packet->end = (struct fields_frame){.bytes = packet->end_bytes,
                                        .length = record->captured_length,
                                        .wire_length = record->original_length,
                                        .checksum_partial = record->checksum_partial};
}

static void own_step_add(struct packet_view *view, struct view_packet *packet,
                         const struct record *record)
{
    struct view_step *step = step_add(view, packet);
    if (step == NULL) {
        return;
    }
    step->what = what_of(record);
    step->stage = record->fixed.stage;
    step->port = record->port;
    step->reason = record->fixed.reason;
    step->rule = record->fixed.rule;
    step->flags = record->fixed.flags;
    step->has_flags = true;
    step->time_ns = record->time_ns;
    if (record->time_ns > packet->rx_ns) {
        step->since_rx_ns = record->time_ns - packet->rx_ns;
    }
    clone_compare(view, packet, step, record);
    end_keep(view, packet, record);
}

static bool ranges_copy(struct view_step *step, const struct change_step *change)
{
    struct view_range *ranges = calloc(change->range_count, sizeof(*ranges));
    if (ranges == NULL) {
        return false;
    }
    for (size_t i = 0; i < change->range_count; i++) {
        const struct meta_change *from = &change->ranges[i];
        ranges[i] = (struct view_range){from->offset, from->old_length, from->new_length, {0}};
        memcpy(ranges[i].bytes, from->bytes, (size_t)from->old_length + from->new_length);
    }
    free(step->ranges);
    step->ranges = ranges;
    step->range_count = change->range_count;
    return true;
}

struct change_taking {
    struct packet_view *view;
    struct view_packet *packet;
};

static void change_take(const struct change_step *change, void *context)
{
    struct change_taking *taking = context;
    struct view_step *step = step_find(taking->packet, change->stage);
    if (step == NULL) {
        return;
    }
    struct field_change fields[FIELD_CHANGES_MAX];
    size_t count = fields_compare(&change->before, &change->after, fields, FIELD_CHANGES_MAX);
    free(step->fields);
    step->field_count = 0;
    step->fields = malloc((count + 1) * sizeof(*step->fields));
    if (step->fields == NULL || !ranges_copy(step, change)) {
        taking->view->has_failed = true;
        return;
    }
    memcpy(step->fields, fields, count * sizeof(*fields));
    step->field_count = count;
    step->checksums = fields_checksums(&change->after);
    if (step->what == VIEW_PASSED) {
        step->what = VIEW_CHANGED;
    }
}

static void packet_begin(struct view_packet *packet, const struct record *record)
{
    struct meta_reader items = record->items;
    struct meta_item item;
    packet->first_ns = packet->rx_ns = record->time_ns;
    while (record_next_item(&items, &item)) {
        if (item.type == META_TLV_STAGE_TIME && item.since_rx_ns <= record->time_ns) {
            packet->rx_ns = record->time_ns - item.since_rx_ns;
        }
    }
    packet->length = record->original_length;
    if (record->captured_length >= sizeof(packet->destination_mac)) {
        memcpy(packet->destination_mac, record->bytes, sizeof(packet->destination_mac));
    }
    packet->has_first = record_is_first(record);
    describe_frame(record->bytes, record->captured_length, record->original_length,
                   packet->description, sizeof(packet->description));
}

/* Of the configuration that decided; 0 when the record does not tell. */
static uint64_t generation_of(const struct record *record)
{
    struct meta_reader items = record->items;
    struct meta_item item;
    while (record_next_item(&items, &item)) {
        if (item.type == META_TLV_GENERATION) {
            return item.generation;
        }
    }
    return 0;
}

/* Where the address that it goes to was heard, which is what taught the switch. */
static void heard_take(struct view_packet *packet, const struct stations *stations)
{
    const struct station *station = stations_find(stations, packet->destination_mac, packet->vlan);
    if (station != NULL) {
        packet->heard_port = station->port;
        packet->heard_packet = station->last_packet;
    }
}

void packet_steps_take(struct packet_view *view, const struct analysis_session *session,
                       struct view_packet *packet, const struct record *record)
{
    if (packet->step_count == 0) {
        packet_begin(packet, record);
    }
    struct meta_reader items = record->items;
    struct meta_item item;
    while (record_next_item(&items, &item)) {
        if (item.type == META_TLV_HOPS) {
            hops_add(view, &session->of->dictionary, packet, record, &item);
        }
    }
    own_step_add(view, packet, record);
    packet->has_last |= record_is_last(record);
    uint64_t generation = generation_of(record);
    struct view_step *own = step_find(packet, record->fixed.stage);
    if (own != NULL && own->rule != 0) {
        own->generation = generation;
    }
    items = record->items;
    while (record_next_item(&items, &item)) {
        struct view_step *step;
        if (item.type == META_TLV_VLAN) {
            packet->vlan = item.vlan;
        } else if (item.type == META_TLV_DECISION &&
                   (step = step_find(packet, item.decision.stage)) != NULL) {
            step->rule = item.decision.rule;
            step->generation = generation;
        } else if (item.type == META_TLV_HELD &&
                   (step = step_find(packet, item.held.stage)) != NULL) {
            step->is_held = true;
            step->held_ns += item.held.held_ns;
        }
    }
    if (record_is_last(record)) {
        packet->end_offset = record->offset;
        heard_take(packet, &session->of->stations);
    }
    struct change_taking taking = {view, packet};
    if (record->has_changes) {
        (void)change_walk(&view->walk, record, change_take, &taking);
    }
}
