/* SPDX-License-Identifier: Apache-2.0 */
/* The stages of extensions: call, check what came back, and believe only what was checked. A packet
 * that the extension lost, or dropped for a reason that it never declared, is a silent drop in its
 * name; a packet that it left outside of its buffer is not passed on. */
#include <string.h>

#include "packet/parse.h"
#include "switch/extension_host.h"
#include "switch/forward.h"
#include "switch/worker.h"

/* Shows the batch to an extension: pointers to the public part, and verdicts that say pass. */
static void expose(struct worker *worker, const struct stage *stage, const struct batch *batch)
{
    struct xsw_packet **seen = worker->seen[stage->is_egress];
    for (uint32_t i = 0; i < batch->count; i++) {
        seen[i] = &batch->packets[i]->seen;
    }
    memset(worker->verdicts[stage->is_egress], 0, batch->count * sizeof(struct xsw_verdict));
}

static struct xsw_const_batch const_view(struct worker *worker, const struct stage *stage,
                                         const struct batch *batch)
{
    expose(worker, stage, batch);
    return (struct xsw_const_batch){
        .packets = (const struct xsw_packet *const *)worker->seen[stage->is_egress],
        .count = batch->count,
        .worker = worker->index,
        .now_ns = worker->now_ns};
}

/* The reason for which the packet is dropped; REASON_NONE when it passes. */
static uint16_t judge(const struct extension_instance *instance, const struct xsw_verdict *verdict)
{
    if (verdict->action == XSW_PASS) {
        return REASON_NONE;
    }
    if (verdict->action == XSW_DROP && verdict->reason < instance->extension->reason_count) {
        return instance->reason_ids[verdict->reason];
    }
    return REASON_SILENT_DROP;
}

/* Passes the packet or drops it; returns whether it passes. */
static int settle(struct worker *worker, const struct stage *stage, struct packet *packet,
                  uint16_t reason, uint32_t rule)
{
    if (__builtin_expect(reason != REASON_NONE, 0)) {
        worker_drop(worker, packet, reason, rule);
        return 0;
    }
    if (rule != 0 && packet->watch != 0) {
        watcher_note_decision(worker->watcher, packet, stage->id, rule);
    }
    return 1;
}

/* What the switch knows of a packet is not an extension's to change. */
static void restore(struct packet *packet)
{
    struct xsw_packet *seen = &packet->seen;
    seen->id = packet->id;
    seen->parent_id = 0;
    seen->source_port = packet->source_port;
    seen->destination_port = XSW_PORT_NONE;
    seen->vlan = 0;
    seen->flags &= (uint8_t) ~(XSW_PACKET_FLOOD_COPY | XSW_PACKET_MIRROR_COPY);
    parse_packet(seen);
}

static uint16_t ingress_reason(const struct worker *worker, const struct stage *stage,
                               const struct packet *packet, uint32_t place)
{
    if (worker->seen[0][place] != &packet->seen) {
        return REASON_SILENT_DROP;
    }
    if (!packet_is_sane(packet) || packet->seen.length < ETHERNET_SIZE) {
        return REASON_BAD_PACKET;
    }
    return judge(stage->extension, &worker->verdicts[0][place]);
}

void stage_ingress_filter(struct worker *worker, const struct stage *stage, struct batch *batch)
{
    const struct xsw_extension *extension = stage->extension->extension;
    uint32_t count = batch->count;
    if (worker->is_observed) {
        watcher_remember(worker->watcher, batch->packets, count, worker->pipeline->observed_bytes);
    }
    expose(worker, stage, batch);
    const struct xsw_verdict *verdicts = worker->verdicts[0];
    struct xsw_batch view = {worker->seen[0], count, worker->index, worker->now_ns};
    extension->filter->ingress(stage->extension->state, &view, worker->verdicts[0]);
    if (worker->is_observed) {
        int is_declared = (extension->flags & XSW_EXTENSION_CHANGES_BYTES) != 0;
        watcher_compare(worker->watcher, batch->packets, count, stage->id, is_declared);
    }
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct packet *packet = batch->packets[i];
        uint16_t reason = ingress_reason(worker, stage, packet, i);
        if (reason == REASON_BAD_PACKET) {
            /* Its bytes cannot be shown: give it back an empty frame in its own buffer. */
            packet->seen.data = packet->buffer + PACKET_HEADROOM;
            packet->seen.length = 0;
        }
        if (settle(worker, stage, packet, reason, verdicts[i].rule)) {
            batch->packets[kept++] = packet;
        }
        restore(packet);
    }
    batch->count = kept;
}

void stage_egress_filter(struct worker *worker, const struct stage *stage, struct batch *batch)
{
    struct extension_instance *instance = stage->extension;
    struct xsw_const_batch view = const_view(worker, stage, batch);
    const struct xsw_verdict *verdicts = worker->verdicts[1];
    instance->extension->filter->egress(instance->state, &view, worker->verdicts[1]);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < batch->count; i++) {
        struct packet *packet = batch->packets[i];
        uint16_t reason = judge(instance, &verdicts[i]);
        if (settle(worker, stage, packet, reason, verdicts[i].rule)) {
            batch->packets[kept++] = packet;
        }
    }
    batch->count = kept;
}

void stage_ingress_capture(struct worker *worker, const struct stage *stage, struct batch *batch)
{
    struct xsw_const_batch view = const_view(worker, stage, batch);
    struct extension_instance *instance = stage->extension;
    instance->extension->capture->look(instance->state, XSW_INGRESS, &view);
}

void stage_egress_capture(struct worker *worker, const struct stage *stage, struct batch *batch)
{
    struct xsw_const_batch view = const_view(worker, stage, batch);
    struct extension_instance *instance = stage->extension;
    instance->extension->capture->look(instance->state, XSW_EGRESS, &view);
}

static int forward_one(struct worker *worker, const struct stage *stage, struct packet *packet,
                       uint32_t place)
{
    const struct xsw_verdict *verdict = &worker->verdicts[0][place];
    struct xsw_port_set *set = &worker->destinations[place];
    for (uint32_t word = 0; word < XSW_PORTS_MAX / 64; word++) {
        set->words[word] &= worker->pipeline->connected.words[word];
    }
    uint16_t reason = judge(stage->extension, verdict);
    if (reason == REASON_NONE && !forward_to_set(worker, stage, packet, set)) {
        reason = REASON_NO_DESTINATION;
    }
    return settle(worker, stage, packet, reason, verdict->rule);
}

void stage_forward_extension(struct worker *worker, const struct stage *stage, struct batch *batch)
{
    struct extension_instance *instance = stage->extension;
    struct xsw_const_batch view = const_view(worker, stage, batch);
    memset(worker->destinations, 0, batch->count * sizeof(worker->destinations[0]));
    instance->extension->forward->forward(instance->state, &view, &worker->pipeline->connected,
                                          worker->destinations, worker->verdicts[0]);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < batch->count; i++) {
        struct packet *packet = batch->packets[i];
        if (forward_one(worker, stage, packet, i)) {
            batch->packets[kept++] = packet;
        }
    }
    batch->count = kept;
    worker_run_copies(worker, stage, &worker->flood_copies);
}
