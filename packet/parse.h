/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_PARSE_H
#define XSW_PARSE_H

/*
 * One walk over the headers of a frame. It fills ether_type, l3_offset, l4_offset, ip_protocol and
 * the flags TAGGED, MULTICAST and FRAGMENT of a packet, sets flow_hash to 0, and leaves all else.
 *
 * What the offsets promise: behind l3_offset there is a whole IPv4 header with its options, an IPv6
 * header, or an ARP packet for IPv4 over Ethernet. Behind l4_offset there is a whole TCP header
 * without options, or a whole UDP, UDP-Lite, SCTP or DCCP header, or the first four bytes of an
 * ICMP message, all within the IP payload. Where a length lies, or something is cut off, the offset
 * is 0. The lengths inside of transport headers (TCP data offset, UDP length) are not looked at: a
 * frame must not get past a rule for its ports by lying there.
 *
 * Threads: any; nothing but the packet is touched, and no byte outside of data … data + length.
 */

#include <stddef.h>
#include <stdint.h>

#include <xsw/packet.h>

#include "packet/wire.h"

enum {
    PARSE_TAGS_MAX = 4,           /* nested tags that are walked */
    PARSE_IPV6_EXTENSIONS_MAX = 8 /* IPv6 extension headers that are walked */
};

/* For any frame. wire_length: the length that the frame had when packet->length bytes of it were
 * kept (a capture with a snap length); at least packet->length. */
void parse_partial(struct xsw_packet *packet, uint32_t wire_length);

/* A packet for bytes that are only looked at: `length` bytes of a frame that was `wire_length`
 * long. Its data must not be written through; it lives as long as `bytes`. */
struct xsw_packet parse_bytes(const uint8_t *bytes, size_t length, size_t wire_length);

/* Where the IPv6 extension header `type` starts in a parsed packet with an l4_offset; 0 when it has
 * none. */
uint32_t parse_find_extension(const struct xsw_packet *packet, uint8_t type);

/* True for the three types that stand before a tag. */
static inline int parse_is_tag(uint16_t ether_type)
{
    return ether_type == ETHER_TYPE_VLAN || ether_type == ETHER_TYPE_SERVICE_VLAN ||
           ether_type == ETHER_TYPE_OLD_VLAN;
}

/* True when `protocol` begins with a source and a destination port. */
static inline int parse_has_ports(uint8_t protocol)
{
    return protocol == PROTOCOL_TCP || protocol == PROTOCOL_UDP || protocol == PROTOCOL_SCTP ||
           protocol == PROTOCOL_UDP_LITE || protocol == PROTOCOL_DCCP;
}

/* The hot path: an untagged, unfragmented IPv4 packet without options that carries TCP or UDP is
 * done here with one branch for each question; everything else goes to parse_partial(). */
static inline void parse_packet(struct xsw_packet *packet)
{
    enum { PORTS = ETHERNET_SIZE + IPV4_MIN_SIZE, NO_FRAGMENT_MASK = 0x3fff };
    const uint8_t *data = packet->data;
    if (packet->length < PORTS + UDP_SIZE || wire_read16(data + 12) != ETHER_TYPE_IPV4) {
        parse_partial(packet, packet->length);
        return;
    }
    const struct wire_ipv4 *ip = (const struct wire_ipv4 *)(data + ETHERNET_SIZE);
    uint32_t total = be16_get(ip->total_length);
    uint32_t minimum =
        ip->protocol == PROTOCOL_UDP ? IPV4_MIN_SIZE + UDP_SIZE : IPV4_MIN_SIZE + TCP_MIN_SIZE;
    if (ip->version_ihl != 0x45 || (be16_get(ip->fragment) & NO_FRAGMENT_MASK) != 0 ||
        total < minimum || total > packet->length - ETHERNET_SIZE ||
        (ip->protocol != PROTOCOL_UDP && ip->protocol != PROTOCOL_TCP)) {
        parse_partial(packet, packet->length);
        return;
    }
    packet->ether_type = ETHER_TYPE_IPV4;
    packet->l3_offset = ETHERNET_SIZE;
    packet->l4_offset = PORTS;
    packet->ip_protocol = ip->protocol;
    packet->flags = (uint8_t)((packet->flags &
                               ~(XSW_PACKET_TAGGED | XSW_PACKET_MULTICAST | XSW_PACKET_FRAGMENT)) |
                              (data[0] & 1) << 1);
    packet->flow_hash = 0;
}

_Static_assert(XSW_PACKET_MULTICAST == 1 << 1, "the group bit is shifted to its flag");

#endif
