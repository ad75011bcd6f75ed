/* SPDX-License-Identifier: Apache-2.0 */
/* Stage ingress-policy: which VLAN is it, may this port send from that address, is it a message
 * that a guard stops, does the port's access list let it in, is it too much? In this order, so that
 * a packet is never accused by a rule of a VLAN that it is not in, and only what is let in counts
 * as a storm. Its tag is changed last, so that a packet that is dropped here was not changed here.
 */
#include "packet/wire.h"
#include "switch/path/reasons.h"
#include "switch/path/tag.h"
#include "switch/path/worker.h"
#include "switch/policy/guards.h"

enum { VLAN_OF_TRUSTED = 1 }; /* of a packet that names none */

static uint16_t tag_vlan(const struct xsw_packet *packet)
{
    if ((packet->flags & XSW_PACKET_TAGGED) == 0 ||
        packet->length < ETHERNET_SIZE + VLAN_TAG_SIZE) {
        return 0;
    }
    return tag_control(packet) & VLAN_ID_MASK;
}

/* The same for a frame that has a tag, or that says by itself where it belongs. */
static uint16_t vlan_assign_named(const struct xsw_packet *packet, const struct port_view *port)
{
    int is_injected = (packet->flags & XSW_PACKET_INJECTED) != 0 && packet->vlan != 0;
    uint16_t vlan = is_injected ? packet->vlan & VLAN_ID_MASK : tag_vlan(packet);
    if (port->access_vlan != 0) {
        return vlan == 0 || (is_injected && vlan == port->access_vlan) ? port->access_vlan : 0;
    }
    if (vlan == 0 || vlan == port->native_vlan) {
        return port->native_vlan;
    }
    return (port->trunk_vlans[vlan / 64] >> vlan % 64 & 1) != 0 ? vlan : 0;
}

/* Gives the VLAN of the frame, 0 when the port does not carry it. */
static inline uint16_t vlan_assign(const struct xsw_packet *packet, const struct port_view *port)
{
    if ((packet->flags & (XSW_PACKET_TAGGED | XSW_PACKET_INJECTED)) != 0) {
        return vlan_assign_named(packet, port);
    }
    return port->access_vlan != 0 ? port->access_vlan : port->native_vlan;
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

static uint16_t acl_check(struct worker *worker, struct packet *packet,
                          const struct port_view *port, uint32_t *rule)
{
    return port->has_rules_in ? acl_decide(worker, packet, ACL_IN, rule) : REASON_NONE;
}

/* Unknown unicast is the forward stage's to limit: only a look-up can tell. */
static uint16_t storm_check(const struct worker *worker, const struct xsw_packet *packet,
                            const struct port_view *port)
{
    static const uint64_t broadcast = UINT64_C(0xffffffffffff);
    if ((packet->flags & XSW_PACKET_MULTICAST) == 0) {
        return REASON_NONE;
    }
    int is_broadcast = mac_load(packet->data) == broadcast;
    struct storm_window *window = is_broadcast ? &port->storm->broadcast : &port->storm->multicast;
    uint32_t limit = is_broadcast ? port->storm_limits.broadcast : port->storm_limits.multicast;
    if (limit == 0 || storm_admit(window, worker->now_seconds, storm_packets(packet), limit)) {
        return REASON_NONE;
    }
    return REASON_STORM_LIMIT;
}

static uint16_t security_check(const struct xsw_packet *packet, const struct port_view *port)
{
    if ((port->unusual & PORT_SECURITY_ELSEWHERE) != 0) {
        return REASON_NONE;
    }
    uint16_t reason = source_check(packet, port);
    unsigned guards = ((port->unusual & PORT_GUARDS_DHCP) != 0 ? GUARD_DHCP : 0) |
                      ((port->unusual & PORT_GUARDS_ROUTER) != 0 ? GUARD_ROUTER : 0);
    return reason == REASON_NONE && guards != 0 ? guards_check(packet, guards) : reason;
}

/* Of an extension's own packet: it goes where the extension says, and is not suspected of anything.
 */
static uint16_t trusted_vlan(const struct xsw_packet *packet)
{
    uint16_t vlan = packet->vlan != 0 ? packet->vlan : tag_vlan(packet);
    return vlan >= 1 && vlan <= CONFIG_VLAN_MAX ? vlan : VLAN_OF_TRUSTED;
}

static uint16_t vlan_check(struct xsw_packet *packet, const struct port_view *port)
{
    uint16_t vlan = vlan_assign(packet, port);
    if (vlan == 0 && (port->unusual & PORT_VLAN_ELSEWHERE) != 0) {
        packet->vlan = tag_vlan(packet);
        return REASON_NONE;
    }
    packet->vlan = vlan;
    return vlan == 0 ? REASON_VLAN_NOT_ALLOWED : REASON_NONE;
}

/* Everything, for a port that has some of it. */
static uint16_t unusual_check(struct worker *worker, struct packet *packet,
                              const struct port_view *port, uint32_t *rule)
{
    struct xsw_packet *seen = &packet->seen;
    if ((port->unusual & PORT_IS_TRUSTED) != 0) {
        seen->vlan = trusted_vlan(seen);
        return REASON_NONE;
    }
    if ((port->unusual & PORT_IS_SHUT) != 0) {
        return (port->unusual & PORT_IS_BLOCKED) != 0 ? REASON_REQUIRED_EXTENSION
                                                      : REASON_NOT_CONNECTED;
    }
    uint16_t reason = vlan_check(seen, port);
    if (reason == REASON_NONE) {
        reason = security_check(seen, port);
    }
    if (reason == REASON_NONE) {
        reason = acl_check(worker, packet, port, rule);
    }
    if (reason == REASON_NONE && (port->unusual & PORT_LIMITS_STORM) != 0) {
        reason = storm_check(worker, seen, port);
    }
    if (reason == REASON_NONE && (port->unusual & PORT_RESETS_PRIORITY) != 0 &&
        (seen->flags & XSW_PACKET_TAGGED) != 0) {
        tag_control_write(worker, packet, STAGE_INGRESS_POLICY, tag_control(seen) & VLAN_ID_MASK);
    }
    return reason;
}

static uint16_t policy_check(struct worker *worker, struct packet *packet, uint32_t *rule)
{
    const struct port_view *port = &worker->pipeline->ports[packet->seen.source_port];
    if (__builtin_expect(port->unusual != 0, 0)) {
        return unusual_check(worker, packet, port, rule);
    }
    packet->seen.vlan = vlan_assign(&packet->seen, port);
    if (packet->seen.vlan == 0) {
        return REASON_VLAN_NOT_ALLOWED;
    }
    uint16_t reason = source_check(&packet->seen, port);
    return reason == REASON_NONE ? acl_check(worker, packet, port, rule) : reason;
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
