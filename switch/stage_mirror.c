/* SPDX-License-Identifier: Apache-2.0 */
/* Stage mirror: a copy for the port that watches the source, and one for the port that watches the
 * destination, never two for the same port and none where the packet goes anyway. */
#include "switch/worker.h"

/* Whether the port gets the packet anyway: it is the destination, or floods reach it. */
static int is_served(const struct pipeline *pipeline, const struct packet *packet, uint16_t port)
{
    if (port == XSW_PORT_NONE || port == packet->seen.destination_port) {
        return 1;
    }
    const struct xsw_port_set *members =
        &pipeline->members[pipeline->vlan_members[packet->seen.vlan]];
    return packet->is_flooded && port != packet->source_port && xsw_port_set_has(members, port);
}

static void mirror(struct worker *worker, const struct stage *stage, struct packet *packet)
{
    const struct port_view *ports = worker->pipeline->ports;
    uint16_t destination = packet->seen.destination_port;
    uint16_t of_destination = ports[destination].mirror_port;
    /* The original stands for all copies of a flood: the source's mirror gets one. */
    int is_original = (packet->seen.flags & XSW_PACKET_FLOOD_COPY) == 0;
    uint16_t of_source = is_original ? ports[packet->seen.source_port].mirror_port : XSW_PORT_NONE;
    if (!is_served(worker->pipeline, packet, of_source)) {
        worker_copy(worker, stage, &worker->mirror_copies, packet, of_source,
                    XSW_PACKET_MIRROR_COPY);
    }
    if (of_destination != of_source && !is_served(worker->pipeline, packet, of_destination)) {
        worker_copy(worker, stage, &worker->mirror_copies, packet, of_destination,
                    XSW_PACKET_MIRROR_COPY);
    }
}

void stage_mirror(struct worker *worker, const struct stage *stage, struct batch *batch)
{
    if (!worker->pipeline->has_mirrors) {
        return;
    }
    for (uint32_t i = 0; i < batch->count; i++) {
        mirror(worker, stage, batch->packets[i]);
    }
    worker_run_copies(worker, stage, &worker->mirror_copies);
}
