/* SPDX-License-Identifier: Apache-2.0 */
/* What an extension may do to packets besides giving a verdict: make some of its own, clone,
 * inject, let go what it holds. Each service allows what the running call allows; anything else
 * changes nothing and is counted in the extension's name. */
#include "switch/extension/services_data.h"

#include <string.h>

#include "packet/parse.h"
#include "packet/wire.h"
#include "switch/extension/extension_host.h"
#include "switch/path/reasons.h"
#include "switch/path/tag.h"
#include "switch/path/worker.h"
#include "switch/state.h"

enum { ORIGINATED_BYTES_MAX = 65000 };

/* The stage in whose account an instance's doings are, where no stage of it is running. */
static uint16_t own_stage(const struct extension_instance *instance)
{
    return instance->ingress_stage != 0 ? instance->ingress_stage : instance->egress_stage;
}

/* The worker, when a call of this extension is running on it; else null, and a violation. */
static struct worker *caller(const struct xsw_host *host, uint32_t index)
{
    const struct extension_instance *instance = host->context;
    const struct vswitch *vswitch = instance->vswitch;
    if (index >= vswitch->worker_count) {
        return NULL;
    }
    struct worker *worker = vswitch->workers[index];
    if (worker->call.instance != instance) {
        extension_violation(worker, own_stage(instance), VIOLATION_BAD_CALL);
        return NULL;
    }
    return worker;
}

static int may(struct worker *worker, uint32_t flag)
{
    const struct extension_call *call = &worker->call;
    if ((call->instance->extension->flags & flag) != 0) {
        return 1;
    }
    extension_violation(worker, call->stage, VIOLATION_BAD_CALL);
    return 0;
}

static int is_capture(const struct extension_call *call)
{
    return call->instance->extension->kind == XSW_EXTENSION_CAPTURE;
}

/* Makes the packet the extension's: it shows in the list of the call until it is injected. */
static struct xsw_packet *made_add(struct worker *worker, struct packet *packet,
                                   const struct packet *original)
{
    struct extension_call *call = &worker->call;
    packet->seen.flags |= XSW_PACKET_INJECTED;
    packet->seen.injector = call->instance->self;
    call->made[call->made_count++] = (struct made_packet){.packet = packet, .original = original};
    return &packet->seen;
}

static struct made_packet *made_find(struct worker *worker, const struct xsw_packet *seen)
{
    struct extension_call *call = &worker->call;
    for (uint32_t i = call->made_count; seen != NULL && i-- > 0;) {
        if (call->made[i].packet != NULL && &call->made[i].packet->seen == seen) {
            return &call->made[i];
        }
    }
    return NULL;
}

static struct packet *packet_make(struct worker *worker, uint32_t length)
{
    if (length < ETHERNET_SIZE || length > ORIGINATED_BYTES_MAX) {
        return NULL;
    }
    struct packet *packet = packet_alloc_received(worker->pool, length);
    if (packet != NULL) {
        packet->seen.length = length;
        packet->clone_depth = (uint8_t)(worker->depth + 1) & 0x1f;
    }
    return packet;
}

static struct xsw_packet *service_alloc(const struct xsw_host *host, uint32_t index,
                                        uint32_t length)
{
    struct worker *worker = caller(host, index);
    if (worker == NULL || !may(worker, XSW_EXTENSION_ORIGINATES) ||
        worker->call.made_count == CALL_MADE_MAX) {
        return NULL;
    }
    struct packet *packet = packet_make(worker, length);
    if (packet == NULL) {
        return NULL;
    }
    memset(packet->seen.data, 0, length);
    return made_add(worker, packet, NULL);
}

static const struct packet *batch_find(const struct batch *batch, const struct xsw_packet *seen)
{
    for (uint32_t i = 0; batch != NULL && i < batch->count; i++) {
        if (&batch->packets[i]->seen == seen) {
            return batch->packets[i];
        }
    }
    return NULL;
}

static struct xsw_packet *service_clone(const struct xsw_host *host, uint32_t index,
                                        const struct xsw_packet *seen)
{
    struct worker *worker = caller(host, index);
    if (worker == NULL || !may(worker, XSW_EXTENSION_ORIGINATES)) {
        return NULL;
    }
    const struct packet *original = batch_find(worker->call.batch, seen);
    if (is_capture(&worker->call) || original == NULL || !packet_is_sane(original)) {
        extension_violation(worker, worker->call.stage, VIOLATION_BAD_CLONE);
        return NULL;
    }
    struct packet *clone =
        worker->call.made_count < CALL_MADE_MAX ? packet_copy(worker->pool, original) : NULL;
    if (clone == NULL) {
        return NULL;
    }
    clone->clone_depth = (uint8_t)(original->clone_depth + 1) & 0x1f;
    clone->parent_id = original->id;
    clone->seen.parent_id = original->id;
    clone->seen.id = 0;
    clone->seen.flags &= (uint8_t) ~(XSW_PACKET_FLOOD_COPY | XSW_PACKET_MIRROR_COPY);
    if (worker->call.kind != CALL_EGRESS) {
        clone->seen.destination_port = XSW_PORT_NONE;
    }
    return made_add(worker, clone, original);
}

static void made_end(struct worker *worker, struct made_packet *made)
{
    packet_free(worker->pool, &made->packet, 1);
    made->packet = NULL;
}

static void service_discard(const struct xsw_host *host, uint32_t index, struct xsw_packet *packet)
{
    struct worker *worker = caller(host, index);
    struct made_packet *made = worker != NULL ? made_find(worker, packet) : NULL;
    if (made != NULL) {
        made_end(worker, made);
    } else if (worker != NULL && packet != NULL) {
        extension_violation(worker, worker->call.stage, VIOLATION_BAD_CALL);
    }
}

static int is_source(const struct worker *worker, uint16_t port)
{
    return port == XSW_PORT_NONE ||
           (port < XSW_PORTS_MAX && xsw_port_set_has(&worker->pipeline->connected, port));
}

/* The packet whose source the extension may set: its own, or one that it was given on ingress. */
static struct packet *source_target(struct worker *worker, struct xsw_packet *seen)
{
    struct made_packet *made = made_find(worker, seen);
    if (made != NULL) {
        return made->packet;
    }
    const struct extension_call *call = &worker->call;
    int is_given = call->kind == CALL_INGRESS && batch_find(call->batch, seen) != NULL;
    return is_given ? (struct packet *)(void *)seen : NULL;
}

static enum xsw_status service_set_source(const struct xsw_host *host, uint32_t index,
                                          struct xsw_packet *seen, uint16_t port)
{
    struct worker *worker = caller(host, index);
    if (worker == NULL) {
        return XSW_DENIED;
    }
    struct packet *packet = source_target(worker, seen);
    if (packet == NULL) {
        extension_violation(worker, worker->call.stage, VIOLATION_BAD_CALL);
        return XSW_DENIED;
    }
    if (!is_source(worker, port)) {
        extension_violation(worker, worker->call.stage, VIOLATION_BAD_SOURCE);
        return XSW_NOT_FOUND;
    }
    packet->source_port = port;
    packet->seen.source_port = port;
    return XSW_OK;
}

/* Injecting ---------------------------------------------------------------------------------- */

/* A clone may go on where its original is only when it is the same. */
static int is_unchanged(const struct made_packet *made)
{
    if (made->original == NULL) {
        return 0;
    }
    const struct xsw_packet *seen = &made->packet->seen;
    const struct xsw_packet *original = &made->original->seen;
    return seen->length == original->length &&
           seen->destination_port == original->destination_port &&
           made->packet->source_port == made->original->source_port &&
           memcmp(&seen->offload, &original->offload, sizeof(seen->offload)) == 0 &&
           memcmp(seen->data, original->data, seen->length) == 0;
}

static int may_inject(const struct extension_call *call, const struct made_packet *made,
                      enum xsw_direction direction)
{
    if (!packet_is_sane(made->packet) || made->packet->seen.length < ETHERNET_SIZE) {
        return 0;
    }
    if (direction == XSW_EGRESS) {
        return call->kind == CALL_EGRESS && !is_capture(call) && is_unchanged(made);
    }
    return direction == XSW_INGRESS;
}

/* Where the packets of an instance enter on ingress. What a forwarder originates has no VLAN yet;
 * its clones have passed the policies as what they were cloned from. */
static uint16_t entry_stage(const struct extension_instance *instance, const struct packet *packet)
{
    int is_forwarder = instance->extension->kind == XSW_EXTENSION_FORWARD;
    return is_forwarder && packet->parent_id == 0 ? STAGE_INGRESS_POLICY : instance->ingress_stage;
}

/* A clone of a packet on its way out has the tag of where that goes; it comes in once more with the
 * tag of where that came from. Nobody follows it yet, so that this is no change of it. */
static void tag_settle(struct worker *worker, struct packet *packet)
{
    const struct port_view *port = &worker->pipeline->ports[packet->source_port];
    if (port->port == NULL || packet->seen.vlan == 0) {
        return;
    }
    uint8_t watch = packet->watch;
    packet->watch = 0;
    tag_fit(worker, packet, port);
    packet->watch = watch;
}

/* What the extension may not choose is as the switch knows it. */
static void fields_settle(struct worker *worker, struct packet *packet, uint16_t stage,
                          enum xsw_direction direction)
{
    struct xsw_packet *seen = &packet->seen;
    seen->id = packet->id;
    seen->parent_id = packet->parent_id;
    seen->source_port = packet->source_port;
    seen->flags |= XSW_PACKET_INJECTED;
    if (direction == XSW_EGRESS) {
        return;
    }
    seen->destination_port = XSW_PORT_NONE;
    if (packet->source_port != XSW_PORT_NONE && stage != STAGE_FORWARD) {
        tag_settle(worker, packet);
        seen->vlan = 0; /* the policy of its port says */
    }
    packet->mirrors_served = 0;
    packet->ingress_rule = packet->egress_rule = 0;
    parse_packet(seen);
}

static void later_inject(struct worker *worker, const struct extension_instance *instance,
                         struct packet *packet, uint16_t stage, uint8_t kind, uint16_t reason)
{
    packet->id = worker_new_id(worker);
    packet->seen.id = packet->id;
    packet->rx_length = packet->seen.length;
    packet->seen.injector = instance->self;
    struct later_packet later = {.packet = packet,
                                 .stage = stage,
                                 .kind = kind,
                                 .reason = packet->clone_depth > CALL_DEPTH_MAX ? REASON_INJECT_LOOP
                                                                                : reason};
    later_add(worker->later, &later);
}

static enum xsw_status service_inject(const struct xsw_host *host, uint32_t index,
                                      struct xsw_packet *seen, enum xsw_direction direction)
{
    struct worker *worker = caller(host, index);
    struct made_packet *made = worker != NULL ? made_find(worker, seen) : NULL;
    if (made == NULL) {
        if (worker != NULL) {
            extension_violation(worker, worker->call.stage, VIOLATION_INJECT_REFUSED);
        }
        return XSW_DENIED;
    }
    const struct extension_call *call = &worker->call;
    if (!may_inject(call, made, direction)) {
        extension_violation(worker, call->stage, VIOLATION_INJECT_REFUSED);
        made_end(worker, made);
        return XSW_INVALID;
    }
    if (worker->later->injected == LATER_INJECTED_MAX) {
        made_end(worker, made);
        return XSW_LIMIT;
    }
    struct packet *packet = made->packet;
    made->packet = NULL;
    made->is_injected = 1;
    uint16_t stage = direction == XSW_EGRESS ? call->stage : entry_stage(call->instance, packet);
    fields_settle(worker, packet, stage, direction);
    uint8_t kind = packet->parent_id != 0 ? LATER_CLONED : LATER_ORIGINATED;
    later_inject(worker, call->instance, packet, stage, kind, REASON_NONE);
    return XSW_OK;
}

/* Holding ------------------------------------------------------------------------------------ */

static uint16_t release_reason(const struct extension_instance *instance,
                               const struct xsw_verdict *verdict)
{
    if (verdict == NULL || verdict->action == XSW_PASS) {
        return REASON_NONE;
    }
    return verdict->action == XSW_DROP ? extension_drop_reason(instance, verdict->reason)
                                       : REASON_SILENT_DROP;
}

static void service_release(const struct xsw_host *host, uint32_t index, struct xsw_packet *seen,
                            const struct xsw_verdict *verdict)
{
    struct worker *worker = caller(host, index);
    if (worker == NULL) {
        return;
    }
    struct packet *packet = (struct packet *)(void *)seen;
    const struct extension_instance *instance = worker->call.instance;
    if (!packet_pool_owns(worker->pool, packet) || packet->held == NULL || !packet->held->is_held ||
        packet->held->holder != instance) {
        extension_violation(worker, worker->call.stage, VIOLATION_BAD_RELEASE);
        return;
    }
    uint16_t reason = release_reason(instance, verdict);
    if (reason == REASON_SILENT_DROP) {
        extension_violation(worker, worker->call.stage, VIOLATION_BAD_VERDICT);
    }
    worker_release(worker, packet, reason, verdict != NULL ? verdict->rule : 0);
}

static uint32_t service_hold_room(const struct xsw_host *host, uint32_t index)
{
    const struct worker *worker = caller(host, index);
    return worker != NULL ? held_pool_room(worker->held) : 0;
}

enum xsw_status service_originate(struct worker *worker, struct extension_instance *instance,
                                  uint16_t source_port, const void *frame, uint32_t length)
{
    int has_source = is_source(worker, source_port);
    struct packet *packet =
        worker->later->injected < LATER_INJECTED_MAX ? packet_make(worker, length) : NULL;
    if (packet == NULL) {
        return XSW_AGAIN;
    }
    memcpy(packet->seen.data, frame, length);
    packet->source_port = has_source ? source_port : XSW_PORT_NONE;
    uint16_t stage = entry_stage(instance, packet);
    fields_settle(worker, packet, stage, XSW_INGRESS);
    later_inject(worker, instance, packet, stage, LATER_ORIGINATED,
                 has_source ? REASON_NONE : REASON_NOT_CONNECTED);
    return XSW_OK;
}

const struct xsw_data_services services_data = {
    .size = sizeof(services_data),
    .alloc = service_alloc,
    .clone = service_clone,
    .discard = service_discard,
    .set_source = service_set_source,
    .inject = service_inject,
    .release = service_release,
    .hold_room = service_hold_room,
};
