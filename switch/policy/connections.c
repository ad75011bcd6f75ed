/* SPDX-License-Identifier: Apache-2.0 */
/* Connections as the workers see them; the control thread is in switch/switch_connections.c. */
#include "switch/policy/connections.h"

#include <string.h>

#include "packet/wire.h"
#include "switch/policy/acl.h"

/* Flags of an entry. */
enum {
    MADE_BY_OUT = 1, /* see connections_list */
    FIN_OF_ORIGIN = 2,
    FIN_OF_ANSWER = 4,
    OF_FRAGMENTS = CONNECTIONS_OF_FRAGMENTS /* stands for one packet whose fragments follow */
};

/* Parameter problem: RFC 792 and RFC 4443, 3.4. */
enum { ICMP_PARAMETER_PROBLEM = 12, ICMPV6_PARAMETER_PROBLEM = 4 };

enum { ICMP_ERROR_SIZE = 8 }; /* what stands before the packet that an error is about */

static int is_tcp(const struct xsw_packet *packet)
{
    return packet->ip_protocol == PROTOCOL_TCP && packet->l4_offset != 0;
}

static uint8_t tcp_flags(const struct xsw_packet *packet)
{
    return is_tcp(packet) ? packet->data[packet->l4_offset + offsetof(struct wire_tcp, flags)] : 0;
}

/* A packet of the connection. One that is closing is not kept open by what still comes. */
static void flow_refresh(struct xsw_flow_table *table, const struct connection_packet *packet,
                         struct xsw_flow *flow)
{
    uint8_t tcp = tcp_flags(packet->packet);
    uint32_t flags = flow->value.flags;
    uint32_t added = 0;
    if ((tcp & TCP_FIN) != 0) {
        added = flow->is_answer ? FIN_OF_ANSWER : FIN_OF_ORIGIN;
    }
    int both_ended =
        ((flags | added) & FIN_OF_ORIGIN) != 0 && ((flags | added) & FIN_OF_ANSWER) != 0;
    if (both_ended || (tcp & TCP_RST) != 0) {
        added |= XSW_FLOW_CLOSING;
    }
    int is_closing = (flags & XSW_FLOW_CLOSING) != 0;
    (void)xsw_flow_touch(table, flow, packet->packet->length, added,
                         is_closing ? flow->seen_seconds : packet->now_seconds);
}

/* Fragments ---------------------------------------------------------------------------------- */

struct fragment {
    uint32_t id;
    int is_first, is_last;
};

static int fragment_read_ipv4(const struct xsw_packet *packet, struct fragment *fragment)
{
    const struct wire_ipv4 *ip = (const struct wire_ipv4 *)(packet->data + packet->l3_offset);
    uint16_t bits = be16_get(ip->fragment);
    fragment->id = be16_get(ip->identification);
    fragment->is_first = (bits & IPV4_FRAGMENT_OFFSET) == 0;
    fragment->is_last = (bits & IPV4_MORE_FRAGMENTS) == 0;
    return !fragment->is_first || !fragment->is_last;
}

/* Behind the extension headers that may stand before it (RFC 8200, 4.1). */
static int fragment_read_ipv6(const struct xsw_packet *packet, struct fragment *fragment)
{
    const struct wire_ipv6 *ip = (const struct wire_ipv6 *)(packet->data + packet->l3_offset);
    uint32_t at = packet->l3_offset + (uint32_t)IPV6_SIZE;
    uint8_t type = ip->next_header;
    for (uint32_t walked = 0; at + IPV6_FRAGMENT_SIZE <= packet->length && walked < 4; walked++) {
        const uint8_t *header = packet->data + at;
        if (type == PROTOCOL_FRAGMENT) {
            uint16_t bits = wire_read16(header + 2);
            fragment->id = wire_read32(header + 4);
            fragment->is_first = (bits & IPV6_FRAGMENT_OFFSET) == 0;
            fragment->is_last = (bits & IPV6_MORE_FRAGMENTS) == 0;
            return !fragment->is_first || !fragment->is_last;
        }
        if (type != PROTOCOL_HOP_OPTIONS && type != PROTOCOL_ROUTING &&
            type != PROTOCOL_DESTINATION_OPTIONS) {
            return 0;
        }
        type = header[0];
        at += (header[1] + 1u) * 8;
    }
    return 0;
}

/* False when the packet is whole, or not IP. */
static int fragment_read(const struct xsw_packet *packet, struct fragment *fragment)
{
    if (packet->l3_offset == 0) {
        return 0;
    }
    if (packet->ether_type == ETHER_TYPE_IPV4) {
        return fragment_read_ipv4(packet, fragment);
    }
    return packet->ether_type == ETHER_TYPE_IPV6 && fragment_read_ipv6(packet, fragment);
}

/* Of all fragments of the packet, in its direction. */
static void fragment_key(const struct connection_packet *asked, const struct fragment *fragment,
                         struct xsw_flow_key *key)
{
    const uint8_t *network = asked->packet->data + asked->packet->l3_offset;
    int is_v4 = asked->packet->ether_type == ETHER_TYPE_IPV4;
    struct xsw_flow_parts parts = {.family = is_v4 ? 4 : 6,
                                   .protocol = PROTOCOL_FRAGMENT,
                                   .order = XSW_FLOW_REQUEST,
                                   .source_port = (uint16_t)fragment->id,
                                   .destination_port = (uint16_t)(fragment->id >> 16)};
    memcpy(parts.source, network + (is_v4 ? 12 : 8), is_v4 ? 4 : 16);
    memcpy(parts.destination, network + (is_v4 ? 16 : 24), is_v4 ? 4 : 16);
    xsw_flow_key_make(key, &parts, asked->scope);
}

/* The packet passes by the rule of a connection: if it is the first fragment, those that follow
 * will pass too, though they do not tell the connection. */
static void fragments_expect(struct xsw_flow_table *table, const struct connection_packet *asked,
                             const struct xsw_flow_value *of_connection)
{
    struct fragment fragment;
    struct xsw_flow_key key;
    struct xsw_flow flow;
    if (!fragment_read(asked->packet, &fragment) || !fragment.is_first) {
        return;
    }
    struct xsw_flow_value value = {.rule = of_connection->rule,
                                   .timeout_seconds = CONNECTIONS_CLOSING_SECONDS,
                                   .user = of_connection->user,
                                   .flags = OF_FRAGMENTS |
                                            (asked->direction == ACL_OUT ? MADE_BY_OUT : 0u)};
    fragment_key(asked, &fragment, &key);
    (void)xsw_flow_insert(table, &key, &value, asked->now_seconds, &flow);
}

static int fragment_find(struct xsw_flow_table *table, const struct connection_packet *asked,
                         struct xsw_flow *flow)
{
    struct fragment fragment;
    struct xsw_flow_key key;
    if ((asked->packet->flags & XSW_PACKET_FRAGMENT) == 0 ||
        !fragment_read(asked->packet, &fragment)) {
        return 0;
    }
    fragment_key(asked, &fragment, &key);
    if (!xsw_flow_find(table, &key, asked->now_seconds, flow) ||
        (flow->value.flags & OF_FRAGMENTS) == 0 || connections_list(flow) != asked->direction) {
        return 0;
    }
    if (fragment.is_last) {
        (void)xsw_flow_remove(table, flow);
    }
    return 1;
}

/* Errors ------------------------------------------------------------------------------------- */

/* The first bytes of a packet as an ICMP error repeats them (RFC 792; RFC 4443, 2.4): `length` of
 * them. False when they do not tell a connection. */
static int parts_from_error(struct xsw_flow_parts *parts, uint8_t family, const uint8_t *bytes,
                            uint32_t length)
{
    uint32_t header = IPV6_SIZE;
    memset(parts, 0, sizeof(*parts));
    parts->family = family;
    if (family == 4) {
        const struct wire_ipv4 *ip = (const struct wire_ipv4 *)bytes;
        if (length < IPV4_MIN_SIZE || ip->version_ihl >> 4 != 4 ||
            (be16_get(ip->fragment) & IPV4_FRAGMENT_OFFSET) != 0) {
            return 0;
        }
        header = (ip->version_ihl & 15u) * 4;
        parts->protocol = ip->protocol;
        memcpy(parts->source, ip->source, sizeof(ip->source));
        memcpy(parts->destination, ip->destination, sizeof(ip->destination));
    } else {
        const struct wire_ipv6 *ip = (const struct wire_ipv6 *)bytes;
        if (length < IPV6_SIZE || bytes[0] >> 4 != 6) {
            return 0;
        }
        parts->protocol = ip->next_header;
        memcpy(parts->source, ip->source, sizeof(ip->source));
        memcpy(parts->destination, ip->destination, sizeof(ip->destination));
    }
    if (header < IPV4_MIN_SIZE || length < header + ICMP_ERROR_SIZE) {
        return 0; /* 8 bytes of what follows are what each error must repeat */
    }
    if (parts->protocol == (family == 4 ? PROTOCOL_ICMP : PROTOCOL_ICMPV6)) {
        return xsw_flow_parts_icmp(parts, bytes + header);
    }
    if (xsw_flow_has_ports(parts->protocol)) {
        parts->source_port = wire_read16(bytes + header);
        parts->destination_port = wire_read16(bytes + header + 2);
    }
    return 1;
}

/* Whether it is an ICMP message about a packet that could not be delivered; no redirect. */
static int is_icmp_error(const struct xsw_packet *packet)
{
    if (packet->l4_offset == 0 || (packet->flags & XSW_PACKET_FRAGMENT) != 0) {
        return 0;
    }
    uint8_t type = packet->data[packet->l4_offset];
    if (packet->ether_type == ETHER_TYPE_IPV6) {
        return packet->ip_protocol == PROTOCOL_ICMPV6 && type >= ICMPV6_UNREACHABLE &&
               type <= ICMPV6_PARAMETER_PROBLEM;
    }
    return packet->ether_type == ETHER_TYPE_IPV4 && packet->ip_protocol == PROTOCOL_ICMP &&
           (type == ICMP_UNREACHABLE || type == ICMP_TIME_EXCEEDED ||
            type == ICMP_PARAMETER_PROBLEM);
}

/* An error goes to the sender of the packet that it is about, against that one's direction. */
static int error_find(struct xsw_flow_table *table, const struct connection_packet *asked,
                      struct xsw_flow *flow)
{
    const struct xsw_packet *packet = asked->packet;
    uint32_t start = packet->l4_offset + (uint32_t)ICMP_ERROR_SIZE;
    struct xsw_flow_parts parts;
    struct xsw_flow_key key;
    int is_v6 = packet->ether_type == ETHER_TYPE_IPV6;
    if (!is_icmp_error(packet) || packet->length < start ||
        !parts_from_error(&parts, is_v6 ? 6 : 4, packet->data + start, packet->length - start)) {
        return 0;
    }
    const uint8_t *to = packet->data + packet->l3_offset + (is_v6 ? 24 : 16);
    xsw_flow_key_make(&key, &parts, asked->scope);
    if (memcmp(to, parts.source, is_v6 ? 16 : 4) != 0 ||
        !xsw_flow_find(table, &key, asked->now_seconds, flow)) {
        return 0;
    }
    /* The list that the packet went through whose error this is. */
    enum acl_direction list = connections_list(flow);
    if (flow->is_answer) {
        list = list == ACL_IN ? ACL_OUT : ACL_IN;
    }
    return list != asked->direction;
}

/* Connections --------------------------------------------------------------------------------- */

int connections_find(struct xsw_flow_table *table, const struct connection_packet *packet,
                     struct xsw_flow *flow)
{
    struct xsw_flow_key key;
    if (!xsw_flow_key_from_packet(&key, packet->packet, packet->scope)) {
        return error_find(table, packet, flow) || fragment_find(table, packet, flow);
    }
    if (!xsw_flow_find(table, &key, packet->now_seconds, flow) || !flow->is_answer ||
        connections_list(flow) == packet->direction) {
        return 0;
    }
    flow_refresh(table, packet, flow);
    fragments_expect(table, packet, &flow->value);
    return 1;
}

/* Whether the entry stands for another connection than the packet: a new one between the same
 * ends, or one that another rule let pass. */
static int is_outdated(const struct xsw_flow *flow, const struct connection_packet *packet,
                       const struct acl_compiled_rule *rule)
{
    int is_first = (tcp_flags(packet->packet) & (TCP_SYN | TCP_ACK)) == TCP_SYN;
    int is_closing = (flow->value.flags & XSW_FLOW_CLOSING) != 0;
    return (is_first && is_closing) || flow->value.rule != rule->id ||
           connections_list(flow) != packet->direction;
}

void connections_learn(struct xsw_flow_table *table, const struct connection_packet *packet,
                       const struct acl_compiled_rule *rule)
{
    struct xsw_flow_value value = {.rule = rule->id,
                                   .timeout_seconds = rule->stateful_seconds,
                                   .user = rule->counter,
                                   .flags = packet->direction == ACL_OUT ? MADE_BY_OUT : 0};
    struct xsw_flow_key key;
    struct xsw_flow flow;
    if (!xsw_flow_key_from_packet(&key, packet->packet, packet->scope)) {
        return;
    }
    int is_there = xsw_flow_find(table, &key, packet->now_seconds, &flow);
    if (!is_there && (tcp_flags(packet->packet) & TCP_RST) != 0) {
        return;
    }
    if (is_there && is_outdated(&flow, packet, rule)) {
        (void)xsw_flow_remove(table, &flow);
        is_there = 0;
    }
    if (is_there ||
        xsw_flow_insert(table, &key, &value, packet->now_seconds, &flow) != XSW_FLOW_FULL) {
        flow_refresh(table, packet, &flow);
        fragments_expect(table, packet, &value);
    }
}
