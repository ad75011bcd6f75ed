/* SPDX-License-Identifier: Apache-2.0 */
/* Stage forward, built in: learn where the sender is, look up where the receiver is, flood the VLAN
 * when that is not known. */
#include "packet/wire.h"
#include "switch/forward.h"
#include "switch/reasons.h"
#include "switch/worker.h"

static void learn(struct worker *worker, const struct xsw_packet *packet)
{
    uint64_t key = mac_key(packet->data + MAC_SIZE, packet->vlan);
    enum mac_learn_result result =
        mac_table_learn(worker->pipeline->macs, key, packet->source_port, worker->now_seconds);
    if (__builtin_expect(result == MAC_KNOWN, 1)) {
        return;
    }
    struct worker_counters *counters = worker->counters;
    counter_add(result == MAC_LEARNED ? &counters->macs_learned
                : result == MAC_MOVED ? &counters->macs_moved
                                      : &counters->macs_refused,
                1);
}

/* The one port that has the address; XSW_PORT_NONE: flood. */
static uint16_t look_up(const struct worker *worker, const struct xsw_packet *packet)
{
    if ((packet->flags & XSW_PACKET_MULTICAST) != 0) {
        return XSW_PORT_NONE;
    }
    const struct pipeline *pipeline = worker->pipeline;
    uint64_t key = mac_key(packet->data, packet->vlan);
    uint16_t port = mac_table_find(pipeline->macs, key, worker->now_seconds);
    return pipeline->ports[port].port != NULL ? port : XSW_PORT_NONE;
}

int forward_to_set(struct worker *worker, const struct stage *stage, struct packet *packet,
                   const struct xsw_port_set *destinations)
{
    uint16_t first = XSW_PORT_NONE;
    for (uint16_t word = 0; word < XSW_PORTS_MAX / 64; word++) {
        uint64_t bits = destinations->words[word];
        for (; bits != 0; bits &= bits - 1) {
            uint16_t port = (uint16_t)(word * 64 + __builtin_ctzll(bits));
            if (first == XSW_PORT_NONE) {
                first = port;
            } else {
                worker_copy(worker, stage, &worker->flood_copies, packet, port,
                            XSW_PACKET_FLOOD_COPY);
            }
        }
    }
    packet->seen.destination_port = first;
    return first != XSW_PORT_NONE;
}

static uint16_t forward(struct worker *worker, const struct stage *stage, struct packet *packet)
{
    learn(worker, &packet->seen);
    uint16_t port = look_up(worker, &packet->seen);
    if (__builtin_expect(port != XSW_PORT_NONE, 1)) {
        packet->seen.destination_port = port;
        return port == packet->seen.source_port ? REASON_SAME_PORT : REASON_NONE;
    }
    const struct pipeline *pipeline = worker->pipeline;
    struct xsw_port_set set = pipeline->members[pipeline->vlan_members[packet->seen.vlan]];
    xsw_port_set_remove(&set, packet->seen.source_port);
    packet->is_flooded = 1;
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
