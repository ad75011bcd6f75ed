/* SPDX-License-Identifier: Apache-2.0 */
/* The stages of extensions: call, check what came back, and believe only what was checked. A packet
 * that the extension lost, or dropped for a reason that it never declared, is a silent drop in its
 * name; a packet that it left outside of its buffer is not passed on. */
#include <string.h>

#include "base/cycles.h"
#include "packet/parse.h"
#include "switch/extension/extension_host.h"
#include "switch/path/forward.h"
#include "switch/path/reasons.h"
#include "switch/path/worker.h"

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

static void violation_count(struct worker *worker, const struct stage *stage,
                            enum violation violation)
{
    extension_violation(worker, stage->id, violation);
}

/* Which policy a standard reason belongs to, so that only who enforces it gives it. */
static uint32_t policy_of(uint16_t reason)
{
    switch (reason) {
    case REASON_VLAN_NOT_ALLOWED:
    case REASON_PRIVATE_VLAN:
        return XSW_POLICY_VLAN;
    case REASON_BAD_SOURCE_MAC:
    case REASON_MAC_SPOOFED:
    case REASON_DHCP_GUARD:
    case REASON_ROUTER_GUARD:
    case REASON_STORM_LIMIT:
        return XSW_POLICY_SECURITY;
    default:
        return 0;
    }
}

static int may_give(const struct extension_instance *instance, uint16_t reason)
{
    if (instance->extension->kind != XSW_EXTENSION_FORWARD) {
        return 0;
    }
    return reason == REASON_NO_DESTINATION || reason == REASON_SAME_PORT ||
           (instance->enforces & policy_of(reason)) != 0;
}

uint16_t extension_drop_reason(const struct extension_instance *instance, uint16_t reason)
{
    if (reason < instance->extension->reason_count) {
        return instance->reason_ids[reason];
    }
    uint16_t standard = reason & (uint16_t)~XSW_REASON_STANDARD;
    int is_standard = (reason & XSW_REASON_STANDARD) != 0;
    return is_standard && may_give(instance, standard) ? standard : REASON_SILENT_DROP;
}

/* The reason for which the packet ends here; REASON_NONE when it passes. */
static uint16_t judge(struct worker *worker, const struct stage *stage, const struct packet *packet,
                      const struct xsw_verdict *verdict)
{
    if (__builtin_expect(verdict->action == XSW_PASS, 1)) {
        return REASON_NONE;
    }
    if (verdict->action == XSW_REPLACED) {
        if (extension_call_has_replaced(worker, packet)) {
            return REASON_REPLACED;
        }
        violation_count(worker, stage, VIOLATION_NOT_REPLACED);
        return REASON_SILENT_DROP;
    }
    uint16_t reason = verdict->action == XSW_DROP
                          ? extension_drop_reason(stage->extension, verdict->reason)
                          : REASON_SILENT_DROP;
    if (reason == REASON_SILENT_DROP) {
        violation_count(worker, stage, VIOLATION_BAD_VERDICT);
    }
    return reason;
}

/* Whether the extension keeps the packet; when it may not, the packet is dropped and says so. */
static int hold(struct worker *worker, const struct stage *stage, struct packet *packet,
                const struct xsw_verdict *verdict)
{
    if ((stage->extension->extension->flags & XSW_EXTENSION_HOLDS) == 0) {
        violation_count(worker, stage, VIOLATION_HOLD_REFUSED);
        worker_drop(worker, packet, REASON_SILENT_DROP, verdict->rule);
        return 0;
    }
    if (!worker_hold(worker, stage, packet)) {
        worker_drop(worker, packet, REASON_HOLD_LIMIT, verdict->rule);
        return 0;
    }
    return 1;
}

/* Passes the packet, holds it or drops it; returns whether it passes. */
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

/* What the switch knows of a packet is not an extension's to change. Its flags and the offsets are
 * parsed again anyway. */
static void restore(struct worker *worker, uint16_t stage, struct packet *packet)
{
    struct xsw_packet *seen = &packet->seen;
    int is_made = (packet->clone_depth != 0);
    int is_foreign = seen->id != packet->id || seen->parent_id != packet->parent_id ||
                     seen->source_port != packet->source_port ||
                     seen->destination_port != XSW_PORT_NONE;
    if (__builtin_expect(is_foreign, 0)) {
        extension_violation(worker, stage, VIOLATION_FOREIGN_FIELD);
    }
    seen->id = packet->id;
    seen->parent_id = packet->parent_id;
    seen->source_port = packet->source_port;
    seen->destination_port = XSW_PORT_NONE;
    if (!is_made) {
        seen->vlan = 0;
        seen->injector = 0;
    }
    seen->flags = is_made ? XSW_PACKET_INJECTED : 0;
    parse_packet(seen);
}

static int is_frame(const struct packet *packet)
{
    return packet_is_sane(packet) && packet->seen.length >= ETHERNET_SIZE;
}

/* Its bytes cannot be shown: give it back an empty frame in its own buffer. */
static void packet_empty(struct packet *packet)
{
    packet->seen.data = packet->buffer + PACKET_HEADROOM;
    packet->seen.length = 0;
}

uint16_t extension_take_back(struct worker *worker, uint16_t stage, struct packet *packet)
{
    uint16_t reason = is_frame(packet) ? REASON_NONE : REASON_BAD_PACKET;
    if (reason != REASON_NONE) {
        extension_violation(worker, stage, VIOLATION_BAD_PACKET);
        packet_empty(packet);
    }
    restore(worker, stage, packet);
    return reason;
}

static uint16_t ingress_reason(struct worker *worker, const struct stage *stage,
                               const struct packet *packet, uint32_t place)
{
    if (worker->seen[0][place] != &packet->seen) {
        violation_count(worker, stage, VIOLATION_SILENT_DROP);
        return REASON_SILENT_DROP;
    }
    if (!is_frame(packet)) {
        violation_count(worker, stage, VIOLATION_BAD_PACKET);
        return REASON_BAD_PACKET;
    }
    return judge(worker, stage, packet, &worker->verdicts[0][place]);
}

static void ingress_call(struct worker *worker, const struct stage *stage, struct batch *batch)
{
    struct extension_instance *instance = stage->extension;
    const struct xsw_extension *extension = instance->extension;
    uint32_t count = batch->count;
    if (worker->is_observed) {
        uint64_t begun = cycles_now();
        watcher_remember(worker->watcher, batch->packets, count, worker->pipeline->observed_bytes);
        worker->watch_cycles += cycles_now() - begun;
    }
    expose(worker, stage, batch);
    struct xsw_batch view = {worker->seen[0], count, worker->index, worker->now_ns};
    extension_call_begin(worker, instance, CALL_INGRESS, stage->id, batch);
    extension->filter->ingress(instance->state, &view, worker->verdicts[0]);
    extension_call_end(worker);
    if (worker->is_observed) {
        uint64_t begun = cycles_now();
        int is_declared = (extension->flags & XSW_EXTENSION_CHANGES_BYTES) != 0;
        watcher_compare(worker->watcher, batch->packets, count, stage->id, is_declared);
        worker->watch_cycles += cycles_now() - begun;
    }
}

void stage_ingress_filter(struct worker *worker, const struct stage *stage, struct batch *batch)
{
    const struct xsw_verdict *verdicts = worker->verdicts[0];
    ingress_call(worker, stage, batch);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < batch->count; i++) {
        struct packet *packet = batch->packets[i];
        int is_held = verdicts[i].action == XSW_HOLD && is_frame(packet);
        if (__builtin_expect(is_held, 0)) {
            restore(worker, stage->id, packet);
            hold(worker, stage, packet, &verdicts[i]);
            continue;
        }
        uint16_t reason = ingress_reason(worker, stage, packet, i);
        if (reason == REASON_BAD_PACKET) {
            packet_empty(packet);
        }
        if (settle(worker, stage, packet, reason, verdicts[i].rule)) {
            batch->packets[kept++] = packet;
        }
        restore(worker, stage->id, packet);
    }
    batch->count = kept;
}

/* What the verdict says of a packet behind the call; returns whether it passes. */
static int conclude(struct worker *worker, const struct stage *stage, struct packet *packet,
                    const struct xsw_verdict *verdict)
{
    if (__builtin_expect(verdict->action == XSW_HOLD, 0)) {
        hold(worker, stage, packet, verdict);
        return 0;
    }
    return settle(worker, stage, packet, judge(worker, stage, packet, verdict), verdict->rule);
}

void stage_egress_filter(struct worker *worker, const struct stage *stage, struct batch *batch)
{
    struct extension_instance *instance = stage->extension;
    struct xsw_const_batch view = const_view(worker, stage, batch);
    extension_call_begin(worker, instance, CALL_EGRESS, stage->id, batch);
    instance->extension->filter->egress(instance->state, &view, worker->verdicts[1]);
    extension_call_end(worker);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < batch->count; i++) {
        struct packet *packet = batch->packets[i];
        if (conclude(worker, stage, packet, &worker->verdicts[1][i])) {
            batch->packets[kept++] = packet;
        }
    }
    batch->count = kept;
}

static void look(struct worker *worker, const struct stage *stage, struct batch *batch,
                 enum xsw_direction direction)
{
    struct xsw_const_batch view = const_view(worker, stage, batch);
    struct extension_instance *instance = stage->extension;
    extension_call_begin(worker, instance, CALL_LOOK, stage->id, batch);
    instance->extension->capture->look(instance->state, direction, &view);
    extension_call_end(worker);
}

void stage_ingress_capture(struct worker *worker, const struct stage *stage, struct batch *batch)
{
    look(worker, stage, batch, XSW_INGRESS);
}

void stage_egress_capture(struct worker *worker, const struct stage *stage, struct batch *batch)
{
    look(worker, stage, batch, XSW_EGRESS);
}

void stage_idle(struct worker *worker, const struct stage *stage, struct batch *batch)
{
    (void)worker;
    (void)stage;
    (void)batch;
}

static int forward_one(struct worker *worker, const struct stage *stage, struct packet *packet,
                       uint32_t place)
{
    const struct xsw_verdict *verdict = &worker->verdicts[0][place];
    struct xsw_port_set *set = &worker->destinations[place];
    uint64_t foreign = 0;
    for (uint32_t word = 0; word < XSW_PORTS_MAX / 64; word++) {
        foreign |= set->words[word] & ~worker->pipeline->connected.words[word];
        set->words[word] &= worker->pipeline->connected.words[word];
    }
    if (__builtin_expect(foreign != 0, 0)) {
        violation_count(worker, stage, VIOLATION_BAD_DESTINATION);
    }
    if (__builtin_expect(verdict->action == XSW_HOLD, 0)) {
        hold(worker, stage, packet, verdict); /* the forwarder is asked again at its release */
        return 0;
    }
    uint16_t reason = packet->drop_reason; /* judged already */
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
    extension_call_begin(worker, instance, CALL_FORWARD, stage->id, batch);
    instance->extension->forward->forward(instance->state, &view, &worker->pipeline->connected,
                                          worker->destinations, worker->verdicts[0]);
    extension_call_end(worker);
    /* All of them first: copies run while the others are still looked at, and the extensions that
     * are called for those make the running call forget what was cloned in this one. */
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct xsw_verdict *verdict = &worker->verdicts[0][i];
        batch->packets[i]->drop_reason = verdict->action == XSW_HOLD
                                             ? REASON_NONE
                                             : judge(worker, stage, batch->packets[i], verdict);
    }
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
