/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_FLOW_PARTS_H
#define XSW_FLOW_PARTS_H

/*
 * Who talks to whom: the two ends of a packet's connection, and the key that is the same for both
 * directions. For <xsw/flow_table.h>. Header only.
 *
 * `scope` is a number of the caller's (a port, a VLAN, a list) that keeps equal connections apart.
 *
 * Threads: any.
 */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <xsw/packet.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { XSW_FLOW_SCOPE_MAX = (1 << 20) - 1 };

/* Who talks to whom, in the direction of one packet. */
struct xsw_flow_parts {
    uint8_t family;   /* 4 or 6 */
    uint8_t protocol; /* of IP */
    uint8_t order;    /* XSW_FLOW_BY_ADDRESS, … */
    uint8_t reserved;
    uint16_t source_port; /* of an ICMP query: its identifier */
    uint16_t destination_port;
    uint8_t source[16]; /* 4 or 16 bytes, the rest is 0 */
    uint8_t destination[16];
};

/* How the two ends are put in order: by address, or, when the packet itself says who asked, that
 * one first, so that a query of the other side is another connection. */
enum { XSW_FLOW_BY_ADDRESS = 0, XSW_FLOW_REQUEST = 1, XSW_FLOW_ANSWER = 2 };

struct xsw_flow_key {
    uint64_t words[5];
    uint32_t direction; /* of the packet, 0 or 1: no part of what is compared */
    uint32_t reserved;
};

static inline void xsw_flow_key_make(struct xsw_flow_key *key, const struct xsw_flow_parts *parts,
                                     uint32_t scope)
{
    int order = memcmp(parts->source, parts->destination, 16);
    if (order == 0) {
        order = parts->source_port > parts->destination_port;
    }
    int is_reverse =
        parts->order == XSW_FLOW_BY_ADDRESS ? order > 0 : parts->order == XSW_FLOW_ANSWER;
    uint16_t low_port = is_reverse ? parts->destination_port : parts->source_port;
    uint16_t high_port = is_reverse ? parts->source_port : parts->destination_port;
    key->words[0] = (uint64_t)low_port << 48 | (uint64_t)high_port << 32 |
                    (uint64_t)(scope & XSW_FLOW_SCOPE_MAX) << 12 |
                    (uint64_t)(parts->family & 15) << 8 | parts->protocol;
    memcpy(&key->words[1], is_reverse ? parts->destination : parts->source, 16);
    memcpy(&key->words[3], is_reverse ? parts->source : parts->destination, 16);
    key->direction = (uint32_t)is_reverse;
    key->reserved = 0;
}

/* The two ends in the direction `direction`. */
static inline void xsw_flow_key_parts(const uint64_t words[5], uint32_t direction,
                                      struct xsw_flow_parts *parts)
{
    uint16_t low_port = (uint16_t)(words[0] >> 48);
    uint16_t high_port = (uint16_t)(words[0] >> 32);
    memset(parts, 0, sizeof(*parts));
    parts->family = (uint8_t)(words[0] >> 8 & 15);
    parts->protocol = (uint8_t)words[0];
    parts->source_port = direction != 0 ? high_port : low_port;
    parts->destination_port = direction != 0 ? low_port : high_port;
    memcpy(parts->source, &words[direction != 0 ? 3 : 1], 16);
    memcpy(parts->destination, &words[direction != 0 ? 1 : 3], 16);
}

/* Protocols whose headers begin with two ports: TCP, UDP, DCCP, SCTP, UDP-Lite. */
static inline int xsw_flow_has_ports(uint8_t protocol)
{
    return protocol == 6 || protocol == 17 || protocol == 33 || protocol == 132 || protocol == 136;
}

/* Takes the identifier of an ICMP query or its answer (RFC 792, RFC 4443) as the source port and
 * the type of the query as the destination port. `icmp`: 8 bytes. False for other messages. */
static inline int xsw_flow_parts_icmp(struct xsw_flow_parts *parts, const uint8_t *icmp)
{
    static const uint8_t types[][2] = {{8, 0}, {13, 14}, {15, 16}, {17, 18}, {128, 129}};
    size_t first = parts->protocol == 58 ? 4 : 0;
    size_t last = parts->protocol == 58 ? 4 : 3;
    for (size_t i = first; i <= last; i++) {
        if (icmp[0] == types[i][0] || icmp[0] == types[i][1]) {
            parts->order = icmp[0] == types[i][0] ? XSW_FLOW_REQUEST : XSW_FLOW_ANSWER;
            uint16_t identifier = (uint16_t)(icmp[4] << 8 | icmp[5]);
            int is_request = parts->order == XSW_FLOW_REQUEST;
            parts->source_port = is_request ? identifier : types[i][0];
            parts->destination_port = is_request ? types[i][0] : identifier;
            return 1;
        }
    }
    return 0;
}

/* False for what has no connection: not IP, a fragment without ports, an ICMP message that is
 * neither query nor answer. */
static inline int xsw_flow_parts_from_packet(struct xsw_flow_parts *parts,
                                             const struct xsw_packet *packet)
{
    memset(parts, 0, sizeof(*parts));
    if (packet->l3_offset == 0) {
        return 0;
    }
    const uint8_t *network = packet->data + packet->l3_offset;
    const uint8_t *transport = packet->data + packet->l4_offset;
    int has_transport = packet->l4_offset != 0 && (packet->flags & XSW_PACKET_FRAGMENT) == 0;
    parts->protocol = packet->ip_protocol;
    if (packet->ether_type == 0x0800) {
        parts->family = 4;
        memcpy(parts->source, network + 12, 4);
        memcpy(parts->destination, network + 16, 4);
    } else if (packet->ether_type == 0x86dd) {
        parts->family = 6;
        memcpy(parts->source, network + 8, 16);
        memcpy(parts->destination, network + 24, 16);
    } else {
        return 0;
    }
    if (packet->ip_protocol == (parts->family == 4 ? 1 : 58)) {
        return has_transport && packet->length >= packet->l4_offset + 8u &&
               xsw_flow_parts_icmp(parts, transport);
    }
    if (xsw_flow_has_ports(packet->ip_protocol)) {
        if (!has_transport) {
            return 0;
        }
        parts->source_port = (uint16_t)(transport[0] << 8 | transport[1]);
        parts->destination_port = (uint16_t)(transport[2] << 8 | transport[3]);
    }
    return 1;
}

static inline int xsw_flow_key_from_packet(struct xsw_flow_key *key,
                                           const struct xsw_packet *packet, uint32_t scope)
{
    struct xsw_flow_parts parts;
    if (!xsw_flow_parts_from_packet(&parts, packet)) {
        return 0;
    }
    xsw_flow_key_make(key, &parts, scope);
    return 1;
}

#ifdef __cplusplus
}
#endif
#endif
