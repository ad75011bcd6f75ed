/* SPDX-License-Identifier: Apache-2.0 */
/* Stage egress-policy: may this packet leave by this port, and with which tag? First all the
 * questions, then the change of bytes, so that a packet that is refused here was not changed here.
 * Last, whether there is bandwidth for it: else it waits, as it will go on. */
#include <string.h>

#include "packet/wire.h"
#include "switch/path/reasons.h"
#include "switch/path/tag.h"
#include "switch/path/worker.h"

enum { ADDRESSES = 2 * MAC_SIZE };

static void offsets_move(struct xsw_packet *packet, int by)
{
    if (packet->l3_offset != 0) {
        packet->l3_offset = (uint16_t)(packet->l3_offset + by);
    }
    if (packet->l4_offset != 0) {
        packet->l4_offset = (uint16_t)(packet->l4_offset + by);
    }
    struct xsw_offload *offload = &packet->offload;
    if ((offload->flags & XSW_OFFLOAD_NEEDS_CHECKSUM) != 0) {
        offload->csum_start = (uint16_t)(offload->csum_start + by);
    }
    if (offload->gso_type != XSW_GSO_NONE) {
        offload->header_length = (uint16_t)(offload->header_length + by);
    }
}

static void note(struct worker *worker, struct packet *packet, const struct byte_change *change)
{
    watcher_note_change(worker->watcher, packet, STAGE_EGRESS_POLICY, change);
}

static void tag_remove(struct worker *worker, struct packet *packet)
{
    struct xsw_packet *seen = &packet->seen;
    if (packet->watch != 0) {
        note(worker, packet,
             &(struct byte_change){.offset = ADDRESSES,
                                   .old_length = VLAN_TAG_SIZE,
                                   .old_bytes = seen->data + ADDRESSES,
                                   .new_bytes = seen->data});
    }
    memmove(seen->data + VLAN_TAG_SIZE, seen->data, ADDRESSES);
    seen->data += VLAN_TAG_SIZE;
    seen->length -= VLAN_TAG_SIZE;
    if (wire_read16(seen->data + ADDRESSES) != ETHER_TYPE_VLAN) {
        seen->flags &= (uint8_t)~XSW_PACKET_TAGGED; /* else there was a second tag behind it */
    }
    offsets_move(seen, -VLAN_TAG_SIZE);
}

static void tag_insert(struct worker *worker, struct packet *packet)
{
    struct xsw_packet *seen = &packet->seen;
    seen->data -= VLAN_TAG_SIZE;
    seen->length += VLAN_TAG_SIZE;
    memmove(seen->data, seen->data + VLAN_TAG_SIZE, ADDRESSES);
    wire_write16(seen->data + ADDRESSES, ETHER_TYPE_VLAN);
    wire_write16(seen->data + ADDRESSES + 2, seen->vlan);
    seen->flags |= XSW_PACKET_TAGGED;
    offsets_move(seen, VLAN_TAG_SIZE);
    if (packet->watch != 0) {
        note(worker, packet,
             &(struct byte_change){.offset = ADDRESSES,
                                   .new_length = VLAN_TAG_SIZE,
                                   .old_bytes = seen->data,
                                   .new_bytes = seen->data + ADDRESSES});
    }
}

/* A tag that said only a priority gets the VLAN that the ingress port gave the packet. */
static void tag_rewrite(struct worker *worker, struct packet *packet)
{
    uint16_t priority = tag_control(&packet->seen) & (uint16_t)~VLAN_ID_MASK;
    tag_control_write(worker, packet, STAGE_EGRESS_POLICY, priority | packet->seen.vlan);
}

/* Nothing is to be done for most: they have no tag, and are to have none. */
static inline int tag_fits(const struct packet *packet, const struct port_view *port)
{
    return (packet->seen.flags & XSW_PACKET_TAGGED) == 0 &&
           (port->access_vlan != 0 || packet->seen.vlan == port->native_vlan);
}

void tag_fit(struct worker *worker, struct packet *packet, const struct port_view *port)
{
    int is_tagged = (packet->seen.flags & XSW_PACKET_TAGGED) != 0;
    int wants_tag = port->access_vlan == 0 && packet->seen.vlan != port->native_vlan;
    if (!wants_tag) {
        if (is_tagged) {
            tag_remove(worker, packet);
        }
    } else if (is_tagged) {
        tag_rewrite(worker, packet);
    } else {
        tag_insert(worker, packet);
    }
}

/* The port does not carry the VLAN. Is it another VLAN, or the same private one, which keeps its
 * isolated ports and its communities apart? */
static uint16_t vlan_reason(const struct pipeline *pipeline, const struct port_view *port,
                            uint16_t vlan)
{
    if ((port->unusual & PORT_VLAN_ELSEWHERE) != 0) {
        return REASON_NONE;
    }
    const uint16_t *ids = pipeline->filtering_ids;
    int is_same = port->access_vlan != 0 && ids[vlan] == ids[port->member_vlan];
    return is_same ? REASON_PRIVATE_VLAN : REASON_VLAN_NOT_ALLOWED;
}

static uint16_t shut_reason(const struct port_view *port)
{
    if ((port->unusual & PORT_IS_ABSENT) != 0) {
        return REASON_PORT_DOWN;
    }
    return (port->unusual & PORT_IS_BLOCKED) != 0 ? REASON_REQUIRED_EXTENSION
                                                  : REASON_NOT_CONNECTED;
}

static uint16_t egress_check(struct worker *worker, struct packet *packet,
                             const struct port_view *port, uint32_t *rule)
{
    if (__builtin_expect((port->unusual & PORT_IS_SHUT) != 0, 0)) {
        return shut_reason(port);
    }
    int is_mirror_copy = (packet->seen.flags & XSW_PACKET_MIRROR_COPY) != 0;
    if (!is_mirror_copy && !port_carries_vlan(port, packet->seen.vlan)) {
        uint16_t reason = vlan_reason(worker->pipeline, port, packet->seen.vlan);
        if (reason != REASON_NONE) {
            return reason;
        }
    }
    if (port_frame_is_too_long(port, &packet->seen)) {
        return REASON_MTU_EXCEEDED;
    }
    if (!port->has_rules_out || is_mirror_copy || packet->source_port == XSW_PORT_NONE) {
        return REASON_NONE;
    }
    return acl_decide(worker, packet, ACL_OUT, rule);
}

/* Whether the packet goes on now; else it waits, held by this stage, or is dropped. */
static int bandwidth_lets_pass(struct worker *worker, const struct stage *stage,
                               struct packet *packet)
{
    uint16_t reason = REASON_NONE;
    enum bandwidth_verdict verdict = bandwidth_take(worker, stage, packet, &reason);
    if (verdict == BANDWIDTH_DROP) {
        worker_drop(worker, packet, reason, 0);
    }
    return verdict == BANDWIDTH_PASS;
}

void stage_egress_policy(struct worker *worker, const struct stage *stage, struct batch *batch)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < batch->count; i++) {
        struct packet *packet = batch->packets[i];
        const struct port_view *port = &worker->pipeline->ports[packet->seen.destination_port];
        uint32_t rule = 0;
        uint16_t reason = egress_check(worker, packet, port, &rule);
        if (__builtin_expect(reason != REASON_NONE, 0)) {
            worker_drop(worker, packet, reason, rule);
            continue;
        }
        if (!tag_fits(packet, port) && (packet->seen.flags & XSW_PACKET_MIRROR_COPY) == 0) {
            tag_fit(worker, packet, port);
        }
        if (worker->pipeline->has_bandwidth && !bandwidth_lets_pass(worker, stage, packet)) {
            continue;
        }
        batch->packets[kept++] = packet;
    }
    batch->count = kept;
}
