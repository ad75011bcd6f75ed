/* SPDX-License-Identifier: Apache-2.0 */
/* Stage tx: sort the batch by destination port, in order, and give each port its share at once. */
#include "switch/path/reasons.h"
#include "switch/path/worker.h"

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

static uint64_t sent_bytes(const struct batch *queue)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < queue->count; i++) {
        const struct packet *packet = queue->packets[i];
        bytes += packet->drop_reason == REASON_NONE ? packet->seen.length : 0;
    }
    return bytes;
}

/* Returns how many packets the port did not take. */
static uint32_t queue_send(struct worker *worker, uint16_t port_id)
{
    struct batch *queue = &worker->queues[port_id];
    struct port *port = worker->pipeline->ports[port_id].port;
    uint32_t index = worker->index < port->queues ? worker->index : 0;
    uint32_t failed = port->ops->send(port, index, queue->packets, queue->count);
    struct port_account *account = &worker->counters->ports[port_id];
    counter_add(&account->tx_packets, queue->count - failed);
    counter_add(&account->tx_bytes, sent_bytes(queue));
    queue->count = 0;
    return failed;
}

static void failed_drop(struct worker *worker, struct batch *batch)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < batch->count; i++) {
        struct packet *packet = batch->packets[i];
        if (packet->drop_reason != REASON_NONE) {
            worker_drop(worker, packet, packet->drop_reason, 0);
            continue;
        }
        batch->packets[kept++] = packet;
    }
    batch->count = kept;
}

void stage_transmit(struct worker *worker, const struct stage *stage, struct batch *batch)
{
    (void)stage;
    uint32_t touched = queues_fill(worker, batch);
    uint32_t failed = 0;
    for (uint32_t i = 0; i < touched; i++) {
        failed += queue_send(worker, worker->touched[i]);
    }
    if (failed > 0) {
        failed_drop(worker, batch);
    }
}
