/* SPDX-License-Identifier: Apache-2.0 */
/* Stage mirror: a copy for the port that watches the source, and one for the port that watches the
 * destination, never two for the same port and none where the packet goes anyway. What goes to
 * several ports was settled when they were known: see forward_to_set(). */
#include "switch/path/worker.h"

static void mirror(struct worker *worker, const struct stage *stage, struct packet *packet)
{
    const struct port_view *ports = worker->pipeline->ports;
    uint16_t destination = packet->seen.destination_port;
    uint16_t of_source = XSW_PORT_NONE;
    uint16_t of_destination = XSW_PORT_NONE;
    if ((packet->mirrors_served & PACKET_MIRROR_OF_SOURCE) == 0) {
        of_source = ports[packet->source_port].mirror_in;
    }
    if ((packet->mirrors_served & PACKET_MIRROR_OF_DESTINATION) == 0) {
        of_destination = ports[destination].mirror_out;
    }
    if (of_source != XSW_PORT_NONE && of_source != destination) {
        worker_copy(worker, stage, &worker->mirror_copies, packet, of_source,
                    XSW_PACKET_MIRROR_COPY);
    }
    if (of_destination != XSW_PORT_NONE && of_destination != destination &&
        of_destination != of_source) {
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
