/* SPDX-License-Identifier: Apache-2.0 */
/* Stage ingress-policy: which VLAN is it, may this port send from that address, does the port's
 * access list let it in? In this order, so that a packet is never accused by a rule of a VLAN that
 * it is not in. */
#include "packet/wire.h"
#include "switch/reasons.h"
#include "switch/worker.h"

/* Gives the VLAN of the frame, 0 when the port does not carry it. */
static uint16_t vlan_assign(const struct xsw_packet *packet, const struct port_view *port)
{
    uint16_t tag = 0;
    if ((packet->flags & XSW_PACKET_TAGGED) != 0 &&
        packet->length >= ETHERNET_SIZE + VLAN_TAG_SIZE) {
        tag = wire_read16(packet->data + ETHERNET_SIZE) & VLAN_ID_MASK;
    }
    if (port->access_vlan != 0) {
        return tag == 0 ? port->access_vlan : 0;
    }
    if (tag == 0 || tag == port->native_vlan) {
        return port->native_vlan;
    }
    return (port->trunk_vlans[tag / 64] >> tag % 64 & 1) != 0 ? tag : 0;
}

static uint16_t source_check(const struct xsw_packet *packet, const struct port_view *port)
{
    uint64_t source = mac_load(packet->data + MAC_SIZE);
    if ((packet->data[MAC_SIZE] & 1) != 0 || source == 0) {
        return REASON_BAD_SOURCE_MAC;
    }
    if (!port->is_guarded) {
        return REASON_NONE;
    }
    for (uint32_t i = 0; i < port->mac_count; i++) {
        if (port->macs[i] == source) {
            return REASON_NONE;
        }
    }
    return REASON_MAC_SPOOFED;
}

static uint16_t policy_check(struct worker *worker, struct packet *packet, uint32_t *rule)
{
    const struct port_view *port = &worker->pipeline->ports[packet->seen.source_port];
    packet->seen.vlan = vlan_assign(&packet->seen, port);
    if (packet->seen.vlan == 0) {
        return REASON_VLAN_NOT_ALLOWED;
    }
    uint16_t reason = source_check(&packet->seen, port);
    if (reason != REASON_NONE || port->acl_in.count == 0) {
        return reason;
    }
    const struct acl_compiled_rule *decisive = acl_match(&port->acl_in, &packet->seen);
    if (decisive == NULL) {
        return REASON_NONE;
    }
    counter_add(&worker->counters->rules[decisive->counter], 1);
    *rule = decisive->id;
    packet->ingress_rule = decisive->id;
    return decisive->action == ACL_DENY ? REASON_ACL_DENIED : REASON_NONE;
}

void stage_ingress_policy(struct worker *worker, const struct stage *stage, struct batch *batch)
{
    (void)stage;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < batch->count; i++) {
        struct packet *packet = batch->packets[i];
        uint32_t rule = 0;
        uint16_t reason = policy_check(worker, packet, &rule);
        if (__builtin_expect(reason != REASON_NONE, 0)) {
            worker_drop(worker, packet, reason, rule);
            continue;
        }
        batch->packets[kept++] = packet;
    }
    batch->count = kept;
}
