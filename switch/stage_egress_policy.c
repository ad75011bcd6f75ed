/* SPDX-License-Identifier: Apache-2.0 */
/* Stage egress-policy: may this packet leave by this port, and with which tag? First all the
 * questions, then the change of bytes, so that a packet that is dropped here was not changed here.
 */
#include <string.h>

#include "packet/wire.h"
#include "switch/reasons.h"
#include "switch/worker.h"

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
    uint8_t *control = packet->seen.data + ETHERNET_SIZE;
    uint16_t old = wire_read16(control);
    uint16_t wanted = (uint16_t)((old & ~VLAN_ID_MASK) | packet->seen.vlan);
    if (old == wanted) {
        return;
    }
    uint8_t before[2] = {control[0], control[1]};
    wire_write16(control, wanted);
    if (packet->watch != 0) {
        note(worker, packet,
             &(struct byte_change){.offset = ETHERNET_SIZE,
                                   .old_length = sizeof(before),
                                   .new_length = sizeof(before),
                                   .old_bytes = before,
                                   .new_bytes = control});
    }
}

static void tag_fit(struct worker *worker, struct packet *packet, const struct port_view *port)
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

static int vlan_is_carried(const struct port_view *port, uint16_t vlan)
{
    if (port->access_vlan != 0) {
        return port->access_vlan == vlan;
    }
    return vlan == port->native_vlan || (port->trunk_vlans[vlan / 64] >> vlan % 64 & 1) != 0;
}

static uint16_t egress_check(struct worker *worker, struct packet *packet,
                             const struct port_view *port, uint32_t *rule)
{
    if (port->port == NULL) {
        return REASON_PORT_DOWN;
    }
    int is_mirror_copy = (packet->seen.flags & XSW_PACKET_MIRROR_COPY) != 0;
    if (!is_mirror_copy && !vlan_is_carried(port, packet->seen.vlan)) {
        return REASON_VLAN_NOT_ALLOWED;
    }
    if (port_frame_is_too_long(port, &packet->seen)) {
        return REASON_MTU_EXCEEDED;
    }
    if (is_mirror_copy || port->acl_out.count == 0) {
        return REASON_NONE;
    }
    const struct acl_compiled_rule *decisive = acl_match(&port->acl_out, &packet->seen);
    if (decisive == NULL) {
        return REASON_NONE;
    }
    counter_add(&worker->counters->rules[decisive->counter], 1);
    *rule = decisive->id;
    packet->egress_rule = decisive->id;
    return decisive->action == ACL_DENY ? REASON_ACL_DENIED : REASON_NONE;
}

void stage_egress_policy(struct worker *worker, const struct stage *stage, struct batch *batch)
{
    (void)stage;
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
        if ((packet->seen.flags & XSW_PACKET_MIRROR_COPY) == 0) {
            tag_fit(worker, packet, port);
        }
        batch->packets[kept++] = packet;
    }
    batch->count = kept;
}
