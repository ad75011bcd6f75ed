/* SPDX-License-Identifier: Apache-2.0 */
/* Stage tx: sort the batch by destination port, in order, and give each port its share at once. */
#include "switch/reasons.h"
#include "switch/worker.h"

static uint32_t queues_fill(struct worker *worker, const struct batch *batch)
{
    uint32_t touched = 0;
    for (uint32_t i = 0; i < batch->count; i++) {
        struct packet *packet = batch->packets[i];
        uint16_t port = packet->seen.destination_port;
        struct batch *queue = &worker->queues[port];
        if (queue->count == 0) {
            worker->touched[touched++] = port;
        }
        queue->packets[queue->count++] = packet;
    }
    return touched;
}

static void queue_send(struct worker *worker, uint16_t port_id)
{
    struct batch *queue = &worker->queues[port_id];
    struct port *port = worker->pipeline->ports[port_id].port;
    uint32_t index = worker->index < port->queues ? worker->index : 0;
    port->ops->send(port, index, queue->packets, queue->count);
    uint64_t packets = 0;
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < queue->count; i++) {
        const struct packet *packet = queue->packets[i];
        if (packet->drop_reason == REASON_NONE) {
            packets++;
            bytes += packet->seen.length;
        }
    }
    struct port_account *account = &worker->counters->ports[port_id];
    counter_add(&account->tx_packets, packets);
    counter_add(&account->tx_bytes, bytes);
    queue->count = 0;
}

void stage_transmit(struct worker *worker, const struct stage *stage, struct batch *batch)
{
    (void)stage;
    uint32_t touched = queues_fill(worker, batch);
    for (uint32_t i = 0; i < touched; i++) {
        queue_send(worker, worker->touched[i]);
    }
    uint32_t kept = 0;
    for (uint32_t i = 0; i < batch->count; i++) {
        struct packet *packet = batch->packets[i];
        if (__builtin_expect(packet->drop_reason != REASON_NONE, 0)) {
            worker_drop(worker, packet, packet->drop_reason, 0);
            continue;
        }
        batch->packets[kept++] = packet;
    }
    batch->count = kept;
}
