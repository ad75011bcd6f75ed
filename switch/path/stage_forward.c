/* SPDX-License-Identifier: Apache-2.0 */
/* Stage forward, built in: learn where the sender is, look up where the receiver is, flood the VLAN
 * when that is not known and the storm limit lets it. */
#include "packet/wire.h"
#include "switch/path/forward.h"
#include "switch/path/reasons.h"
#include "switch/path/worker.h"

/* The VLAN under which addresses are known. */
static inline uint16_t filtering_id(const struct pipeline *pipeline, uint16_t vlan)
{
    return pipeline->has_private_vlans ? pipeline->filtering_ids[vlan] : vlan;
}

/* What happened to an address, for whoever wants to know. */
static void mac_tell(struct worker *worker, enum mac_learn_result result,
                     const struct packet *packet, uint64_t key, uint16_t from)
{
    static const enum switch_event_kind kinds[] = {[MAC_LEARNED] = SWITCH_EVENT_MAC_LEARNED,
                                                   [MAC_MOVED] = SWITCH_EVENT_MAC_MOVED,
                                                   [MAC_REFUSED] = SWITCH_EVENT_MAC_LIMIT};
    uint64_t before = result == MAC_MOVED     ? from
                      : result == MAC_REFUSED ? worker->pipeline->macs->limit
                                              : 0;
    if (worker_event_is_wanted(worker, kinds[result])) {
        worker_event_mac(worker, kinds[result], packet, key, before);
    }
}

/* vlan: under which the address is known. */
static void learn(struct worker *worker, const struct packet *made, uint16_t vlan)
{
    const struct xsw_packet *packet = &made->seen;
    uint16_t from = XSW_PORT_NONE;
    if (packet->source_port == XSW_PORT_NONE) {
        return; /* an extension made it: its address is nowhere */
    }
    uint64_t key = mac_key(packet->data + MAC_SIZE, vlan);
    enum mac_learn_result result = mac_table_learn_from(
        worker->pipeline->macs, key, packet->source_port, worker->now_seconds, &from);
    if (__builtin_expect(result == MAC_KNOWN, 1)) {
        return;
    }
    struct worker_counters *counters = worker->counters;
    counter_add(result == MAC_LEARNED ? &counters->macs_learned
                : result == MAC_MOVED ? &counters->macs_moved
                                      : &counters->macs_refused,
                1);
    mac_tell(worker, result, made, key, from);
}

/* The one port that has the address; XSW_PORT_NONE: flood. */
static uint16_t look_up(const struct worker *worker, const struct xsw_packet *packet, uint16_t vlan)
{
    if ((packet->flags & XSW_PACKET_MULTICAST) != 0) {
        return XSW_PORT_NONE;
    }
    const struct pipeline *pipeline = worker->pipeline;
    uint64_t key = mac_key(packet->data, vlan);
    uint16_t port = mac_table_find(pipeline->macs, key, worker->now_seconds);
    return pipeline->ports[port].port != NULL ? port : XSW_PORT_NONE;
}

/* What is to be mirrored of a packet with several destinations: `served` has the ports that get it
 * anyway, and those of the mirrors that get their copy. The packet itself, and none of its copies,
 * stands for what its source has sent. */
static uint8_t mirrors_begin(const struct pipeline *pipeline, const struct packet *packet,
                             struct xsw_port_set *served)
{
    uint16_t mirror = pipeline->ports[packet->source_port].mirror_in;
    if (mirror == XSW_PORT_NONE) {
        return 0;
    }
    int is_served = xsw_port_set_has(served, mirror);
    xsw_port_set_add(served, mirror);
    return is_served ? PACKET_MIRROR_OF_SOURCE : 0;
}

/* Whether the mirror of what `port` is sent needs no copy of the one for that port. */
static uint8_t mirror_of(const struct pipeline *pipeline, uint16_t port,
                         struct xsw_port_set *served)
{
    uint16_t mirror = pipeline->ports[port].mirror_out;
    if (mirror == XSW_PORT_NONE) {
        return 0;
    }
    int is_served = xsw_port_set_has(served, mirror);
    xsw_port_set_add(served, mirror);
    return is_served ? PACKET_MIRROR_OF_DESTINATION : 0;
}

int forward_to_set(struct worker *worker, const struct stage *stage, struct packet *packet,
                   const struct xsw_port_set *destinations)
{
    const struct pipeline *pipeline = worker->pipeline;
    struct xsw_port_set served = *destinations;
    uint8_t of_source = pipeline->has_mirrors ? mirrors_begin(pipeline, packet, &served) : 0;
    uint8_t first_served = 0;
    uint8_t has_copies = 0;
    uint16_t first = XSW_PORT_NONE;
    for (uint16_t word = 0; word < XSW_PORTS_MAX / 64; word++) {
        uint64_t bits = destinations->words[word];
        for (; bits != 0; bits &= bits - 1) {
            uint16_t port = (uint16_t)(word * 64 + __builtin_ctzll(bits));
            uint8_t of_port = pipeline->has_mirrors ? mirror_of(pipeline, port, &served) : 0;
            if (first == XSW_PORT_NONE) {
                first = port;
                first_served = of_port | of_source;
            } else {
                packet->mirrors_served = of_port | PACKET_MIRROR_OF_SOURCE;
                has_copies = XSW_PACKET_HAS_COPIES;
                worker_copy(worker, stage, &worker->flood_copies, packet, port,
                            XSW_PACKET_FLOOD_COPY);
            }
        }
    }
    packet->mirrors_served = first_served;
    packet->seen.flags |= has_copies;
    packet->seen.destination_port = first;
    return first != XSW_PORT_NONE;
}

/* Whether the storm limit of the port that it came from lets a flood pass. */
static int storm_permits(const struct worker *worker, const struct xsw_packet *packet)
{
    const struct port_view *port = &worker->pipeline->ports[packet->source_port];
    uint32_t limit = port->storm_limits.unknown_unicast;
    if ((port->unusual & PORT_LIMITS_STORM) == 0 || limit == 0 ||
        (packet->flags & XSW_PACKET_MULTICAST) != 0) {
        return 1;
    }
    return storm_admit(&port->storm->unknown_unicast, worker->now_seconds, storm_packets(packet),
                       limit);
}

static uint16_t forward(struct worker *worker, const struct stage *stage, struct packet *packet)
{
    const struct pipeline *pipeline = worker->pipeline;
    uint16_t vlan = filtering_id(pipeline, packet->seen.vlan);
    learn(worker, packet, vlan);
    uint16_t port = look_up(worker, &packet->seen, vlan);
    if (__builtin_expect(port != XSW_PORT_NONE, 1)) {
        packet->seen.destination_port = port;
        return port == packet->seen.source_port ? REASON_SAME_PORT : REASON_NONE;
    }
    if (!storm_permits(worker, &packet->seen)) {
        return REASON_STORM_LIMIT;
    }
    struct xsw_port_set set = pipeline->members[pipeline->vlan_members[packet->seen.vlan]];
    xsw_port_set_remove(&set, packet->seen.source_port);
    return forward_to_set(worker, stage, packet, &set) ? REASON_NONE : REASON_NO_DESTINATION;
}

void stage_forward(struct worker *worker, const struct stage *stage, struct batch *batch)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < batch->count; i++) {
        struct packet *packet = batch->packets[i];
        uint16_t reason = forward(worker, stage, packet);
        if (__builtin_expect(reason != REASON_NONE, 0)) {
            packet->seen.destination_port = XSW_PORT_NONE;
            worker_drop(worker, packet, reason, 0);
            continue;
        }
        batch->packets[kept++] = packet;
    }
    batch->count = kept;
    worker_run_copies(worker, stage, &worker->flood_copies);
}
