/* SPDX-License-Identifier: Apache-2.0 */
/* See facts.h. analyzer/selection/selection.c gathers the same of records; both must agree, and
 * tests/system/where.sh compares them. */
#include "capture/facts.h"

#include <string.h>

#include "switch/path/held.h"
#include "switch/path/pipeline.h"
#include "switch/path/reasons.h"

static uint8_t origin_of(const struct xsw_packet *seen)
{
    return (seen->flags & XSW_PACKET_FLOOD_COPY) != 0    ? FACTS_FLOOD
           : (seen->flags & XSW_PACKET_MIRROR_COPY) != 0 ? FACTS_MIRROR
           : seen->parent_id != 0                        ? FACTS_CLONE
           : (seen->flags & XSW_PACKET_INJECTED) != 0    ? FACTS_INJECTED
                                                         : FACTS_RECEIVED;
}

static uint64_t latency_of(const struct packet *packet, const struct timeline *timeline)
{
    uint64_t begin = packet->held != NULL ? packet->held->rx_mono_ns : timeline->rx_mono_ns;
    uint64_t end = timeline->rx_mono_ns + timeline->hops[timeline->count - 1].since_rx_ns;
    return end > begin ? end - begin : 0;
}

static void notes_take(struct journey_facts *facts, const struct packet_notes *notes)
{
    struct meta_reader reader = {.next = notes->bytes, .end = notes->bytes + notes->length};
    struct meta_item item;
    while (meta_next(&reader, &item, NULL) == XSW_OK) {
        if (item.type == META_TLV_CHANGE) {
            facts->flags |= FACTS_CHANGED;
            facts_add_stage(facts, item.change.stage, FACTS_DID_CHANGE);
        } else if (item.type == META_TLV_DECISION) {
            facts_add_rule(facts, meta_rule_number(item.decision.stage, item.decision.rule));
            facts_add_stage(facts, item.decision.stage, 0);
        } else if (item.type == META_TLV_UNDECLARED) {
            facts->flags |= FACTS_UNDECLARED;
        }
    }
    if ((notes->flags & NOTES_INCOMPLETE) != 0) {
        facts->flags |= FACTS_CHANGED;
    }
}

static void decisions_take(struct journey_facts *facts, const struct packet *packet)
{
    if (packet->ingress_rule != 0) {
        facts_add_rule(facts, packet->ingress_rule);
        facts_add_stage(facts, STAGE_INGRESS_POLICY, 0);
    }
    if (packet->egress_rule != 0) {
        facts_add_rule(facts, packet->egress_rule);
        facts_add_stage(facts, STAGE_EGRESS_POLICY, 0);
    }
    facts_add_rule(facts, facts->end_rule);
}

/* `held`: null of a packet that nobody held. */
static void holds_take(struct journey_facts *facts, const struct held_packet *held)
{
    facts->flags |= held != NULL ? FACTS_HELD : 0;
    for (uint32_t i = 0; held != NULL && i < held->hold_count; i++) {
        facts_add_stage(facts, held->holds[i].stage, FACTS_DID_HOLD);
    }
}

/* The stage that made a packet which did not come in by a port. */
static uint16_t made_at(const struct packet *packet, const struct timeline *timeline)
{
    const struct held_packet *held = packet->held;
    bool has_history = held != NULL && held->hop_count > 0;
    return has_history ? held->hops[0].stage : timeline->hops[packet->first_hop].stage;
}

/* Member by member: the sets are large, and mostly empty. */
void facts_take(struct journey_facts *facts, const struct packet *packet,
                const struct timeline *timeline)
{
    const struct xsw_packet *seen = &packet->seen;
    uint16_t destination = seen->destination_port;
    facts->packet_id = packet->id;
    facts->parent_id = seen->parent_id;
    facts->latency_ns = latency_of(packet, timeline);
    facts->length = packet->rx_length;
    facts->source_port = packet->source_port;
    facts->destination_port = destination != XSW_PORT_NONE ? destination : FACTS_PORT_UNKNOWN;
    facts->reason = packet->drop_reason;
    facts->stage = timeline->hops[timeline->count - 1].stage;
    facts->end_rule = meta_rule_number(facts->stage, packet->drop_rule);
    facts->vlan = seen->vlan;
    facts->outcome = packet->drop_reason == REASON_NONE       ? FACTS_DELIVERED
                     : packet->drop_reason == REASON_REPLACED ? FACTS_REPLACED
                                                              : FACTS_DROPPED;
    facts->origin = origin_of(seen);
    facts->flags = 0;
    facts->pcap_matches = 0;
    facts->rule_count = 0;
    facts->stage_count = 0;
}

void facts_take_history(struct journey_facts *facts, const struct packet *packet,
                        const struct timeline *timeline)
{
    facts_add_stage(facts, facts->stage, 0);
    if (facts->origin != FACTS_RECEIVED) {
        facts_add_stage(facts, made_at(packet, timeline), FACTS_DID_MAKE);
    }
    decisions_take(facts, packet);
    if (packet->notes != NULL) {
        notes_take(facts, packet->notes);
    }
    holds_take(facts, packet->held);
    facts->flags |= packet->rx_length != packet->seen.length ? FACTS_CHANGED : 0;
}

/* Bytes -------------------------------------------------------------------------------------- */

/* False when the change does not fit the frame. */
static bool change_undo(struct facts_frame *frame, const struct meta_change *change)
{
    if (change->offset > frame->length || change->new_length > frame->length - change->offset ||
        frame->length - change->new_length + change->old_length > FACTS_FRAME_MAX) {
        return false;
    }
    uint8_t *at = frame->bytes + change->offset;
    uint32_t rest = frame->length - change->offset - change->new_length;
    memmove(at + change->old_length, at + change->new_length, rest);
    memcpy(at, change->bytes, change->old_length);
    frame->length = frame->length - change->new_length + change->old_length;
    return true;
}

void facts_frame_rewind(struct facts_frame *frame, const struct packet *packet)
{
    const struct packet_notes *notes = packet->notes;
    struct meta_reader reader = {.next = notes->bytes, .end = notes->bytes + notes->length};
    struct meta_item item;
    size_t count = 0;
    while (meta_next(&reader, &item, NULL) == XSW_OK && count < FACTS_CHANGES_MAX) {
        if (item.type == META_TLV_CHANGE) {
            frame->noted[count++] = item.change;
        }
    }
    frame->length = packet->seen.length < FACTS_FRAME_MAX ? packet->seen.length : FACTS_FRAME_MAX;
    memcpy(frame->bytes, packet->seen.data, frame->length);
    while (count > 0 && change_undo(frame, &frame->noted[count - 1])) {
        count--;
    }
}
