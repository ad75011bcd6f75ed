/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/events_packet.h"

#include "formats/pcapng/stage_meta.h"
#include "switch/extension/extension_host.h"
#include "switch/path/held.h"
#include "switch/path/pipeline.h"
#include "switch/path/reasons.h"

enum { CHANGE_NUMBER_BYTES = 8 };

/* One packet, and what its events have in common. */
struct teller {
    const struct trace_provider *provider;
    const struct ended_batch *batch;
    const struct packet *packet;
    uint64_t wanted;
    uint64_t rx_mono_ns; /* when the packet began */
    struct trace_packet told;
};

static inline int is_wanted(const struct teller *teller, enum switch_event_kind kind)
{
    return (teller->wanted & switch_event_bit(kind)) != 0;
}

static const char *port_name(const struct pipeline *pipeline, uint16_t port)
{
    return port < XSW_PORTS_MAX ? pipeline->names.ports[port] : "";
}

/* The instance at the stage; empty for built-in stages and when it is no longer there. */
static const char *extension_name(const struct pipeline *pipeline, uint16_t stage)
{
    const struct stage *found = &pipeline->stages[pipeline->place_of[stage]];
    return found->id == stage && found->extension != NULL ? found->extension->name : "";
}

static int is_copy(const struct packet *packet)
{
    return (packet->seen.flags & (XSW_PACKET_FLOOD_COPY | XSW_PACKET_MIRROR_COPY)) != 0;
}

/* Behind forwarding a packet is where it goes to, as in recordings; a copy is from its beginning.
 */
static uint16_t port_at(const struct teller *teller, uint16_t stage, int is_first)
{
    const struct pipeline *pipeline = teller->batch->pipeline;
    const struct packet *packet = teller->packet;
    uint8_t place = pipeline->place_of[stage];
    int has_destination =
        place > pipeline->place_of[STAGE_FORWARD] || (is_first && is_copy(packet));
    return has_destination && packet->seen.destination_port != XSW_PORT_NONE
               ? packet->seen.destination_port
               : packet->source_port;
}

/* Where and when; `at_mono_ns` is when the packet left the stage. */
static void which_fill(struct teller *teller, uint16_t stage, uint64_t at_mono_ns, int is_first)
{
    const struct pipeline *pipeline = teller->batch->pipeline;
    struct trace_packet *told = &teller->told;
    told->at_mono_ns = at_mono_ns;
    told->since_rx_ns = at_mono_ns - teller->rx_mono_ns;
    told->port = port_at(teller, stage, is_first);
    told->port_name = port_name(pipeline, told->port);
    told->stage = stage;
    told->stage_name = pipeline->names.stages[stage].name;
    told->extension = extension_name(pipeline, stage);
}

static void common_fill(struct teller *teller, uint32_t worker)
{
    const struct packet *packet = teller->packet;
    const struct pipeline *pipeline = teller->batch->pipeline;
    const struct timeline *timeline = teller->batch->timeline;
    teller->rx_mono_ns = packet->held != NULL ? packet->held->rx_mono_ns : timeline->rx_mono_ns;
    teller->told = (struct trace_packet){
        .packet_id = packet->id,
        .parent_id = packet->seen.parent_id,
        .generation = timeline->generation,
        .length = packet->seen.length,
        .source_port = packet->source_port,
        .destination_port = packet->seen.destination_port,
        .vlan = packet->seen.vlan,
        .worker = (uint16_t)worker,
        .switch_name = pipeline->names.switch_name,
        .source_name = port_name(pipeline, packet->source_port),
        .destination_name = port_name(pipeline, packet->seen.destination_port),
        .reason_name = "",
    };
}

static void tell(struct teller *teller, enum switch_event_kind kind)
{
    teller->provider->packet(kind, &teller->told);
}

/* Stages ------------------------------------------------------------------------------------- */

/* The stages that a packet has been at, before it was held and afterwards, in order. */
static uint32_t hop_count(const struct teller *teller)
{
    const struct held_packet *held = teller->packet->held;
    uint32_t before = held != NULL ? held->hop_count : 0;
    return before + teller->batch->timeline->count - teller->packet->first_hop;
}

static void hop_at(const struct teller *teller, uint32_t place, uint16_t *stage,
                   uint64_t *at_mono_ns)
{
    const struct held_packet *held = teller->packet->held;
    const struct timeline *timeline = teller->batch->timeline;
    uint32_t before = held != NULL ? held->hop_count : 0;
    const struct timeline_hop *hop =
        place < before ? &held->hops[place]
                       : &timeline->hops[teller->packet->first_hop + place - before];
    *stage = hop->stage;
    *at_mono_ns = (place < before ? held->rx_mono_ns : timeline->rx_mono_ns) + hop->since_rx_ns;
}

/* A packet that was made has its first hop where that was. */
static int was_made(const struct packet *packet)
{
    return packet->seen.parent_id != 0 || (packet->seen.flags & XSW_PACKET_INJECTED) != 0;
}

static void making_tell(struct teller *teller)
{
    uint16_t stage;
    uint64_t at_mono_ns;
    enum switch_event_kind kind = teller->packet->seen.parent_id != 0
                                      ? SWITCH_EVENT_PACKET_CLONED
                                      : SWITCH_EVENT_PACKET_INJECTED;
    if (was_made(teller->packet) && is_wanted(teller, kind)) {
        hop_at(teller, 0, &stage, &at_mono_ns);
        which_fill(teller, stage, at_mono_ns, 1);
        tell(teller, kind);
    }
}

/* The last one is told by how the packet ended. */
static void hops_tell(struct teller *teller)
{
    uint32_t count = hop_count(teller);
    for (uint32_t place = was_made(teller->packet); place + 1 < count; place++) {
        uint16_t stage;
        uint64_t at_mono_ns;
        hop_at(teller, place, &stage, &at_mono_ns);
        which_fill(teller, stage, at_mono_ns, 0);
        tell(teller, SWITCH_EVENT_PACKET_HOP);
    }
}

/* Changes ------------------------------------------------------------------------------------ */

static uint64_t number_of(const uint8_t *bytes, uint32_t length)
{
    uint64_t number = 0;
    for (uint32_t i = 0; i < length && i < CHANGE_NUMBER_BYTES; i++) {
        number = number << 8 | bytes[i];
    }
    return number;
}

/* When the packet left the stage that changed it; the end when that is not known. */
static uint64_t left_at(const struct teller *teller, uint16_t wanted)
{
    uint32_t count = hop_count(teller);
    uint16_t stage;
    uint64_t at_mono_ns = 0;
    for (uint32_t place = 0; place < count; place++) {
        hop_at(teller, place, &stage, &at_mono_ns);
        if (stage == wanted) {
            break;
        }
    }
    return at_mono_ns;
}

static struct meta_reader notes_reader(const struct packet_notes *notes)
{
    return (struct meta_reader){.next = notes->bytes, .end = notes->bytes + notes->length};
}

/* Stages whose extension has changed bytes without saying that it does. */
static uint64_t undeclared_stages(const struct packet_notes *notes)
{
    struct meta_reader reader = notes_reader(notes);
    struct meta_item item;
    uint64_t stages = 0;
    while (meta_next(&reader, &item, NULL) == XSW_OK) {
        if (item.type == META_TLV_UNDECLARED && item.stage < STAGES_MAX) {
            stages |= (uint64_t)1 << item.stage;
        }
    }
    return stages;
}

static void changes_tell(struct teller *teller)
{
    const struct packet_notes *notes = teller->packet->notes;
    if (notes == NULL) {
        return;
    }
    struct meta_reader reader = notes_reader(notes);
    struct meta_item item;
    uint64_t undeclared = undeclared_stages(notes);
    while (meta_next(&reader, &item, NULL) == XSW_OK) {
        if (item.type != META_TLV_CHANGE || item.change.stage >= STAGES_MAX) {
            continue;
        }
        const struct meta_change *change = &item.change;
        which_fill(teller, change->stage, left_at(teller, change->stage), 0);
        teller->provider->changed(
            &teller->told,
            &(struct trace_change){
                .old_bytes = number_of(change->bytes, change->old_length),
                .new_bytes = number_of(change->bytes + change->old_length, change->new_length),
                .offset = change->offset,
                .old_length = change->old_length,
                .new_length = change->new_length,
                .is_undeclared = (undeclared >> change->stage & 1) != 0});
    }
}

/* The end ------------------------------------------------------------------------------------ */

static enum switch_event_kind end_kind(const struct packet *packet)
{
    if (packet->drop_reason == REASON_REPLACED) {
        return SWITCH_EVENT_PACKET_REPLACED;
    }
    return packet->drop_reason != REASON_NONE ? SWITCH_EVENT_PACKET_DROPPED
                                              : SWITCH_EVENT_PACKET_DELIVERED;
}

static void end_tell(struct teller *teller)
{
    const struct packet *packet = teller->packet;
    const struct timeline *timeline = teller->batch->timeline;
    const struct timeline_hop *last = &timeline->hops[timeline->count - 1];
    enum switch_event_kind kind = end_kind(packet);
    if (!is_wanted(teller, kind)) {
        return;
    }
    int is_first = timeline->count - 1 == packet->first_hop && packet->held == NULL;
    which_fill(teller, last->stage, timeline->rx_mono_ns + last->since_rx_ns, is_first);
    struct trace_packet *told = &teller->told;
    told->rule = meta_rule_number(last->stage, packet->drop_rule);
    told->rule_port = meta_rule_table(last->stage, packet->drop_rule);
    if (kind == SWITCH_EVENT_PACKET_DROPPED) {
        told->reason = packet->drop_reason;
        told->reason_name = teller->batch->pipeline->names.reasons[packet->drop_reason].name;
    }
    tell(teller, kind);
}

/* Whether there is anything to tell of a packet, without a closer look at it. */
static inline int has_news(uint64_t wanted, const struct packet *packet)
{
    const uint64_t of_all =
        switch_event_bit(SWITCH_EVENT_PACKET_DELIVERED) | switch_event_bit(SWITCH_EVENT_PACKET_HOP);
    return packet->drop_reason != REASON_NONE || packet->notes != NULL || was_made(packet) ||
           (wanted & of_all) != 0;
}

void events_packet_tell(const struct trace_provider *provider, uint64_t wanted, uint32_t worker,
                        const struct ended_batch *batch, const struct packet *packet)
{
    if (!has_news(wanted, packet)) {
        return;
    }
    struct teller teller = {
        .provider = provider, .batch = batch, .packet = packet, .wanted = wanted};
    common_fill(&teller, worker);
    making_tell(&teller);
    if (is_wanted(&teller, SWITCH_EVENT_PACKET_HOP)) {
        hops_tell(&teller);
    }
    if (is_wanted(&teller, SWITCH_EVENT_PACKET_CHANGED)) {
        changes_tell(&teller);
    }
    end_tell(&teller);
}
