/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The general walk over the headers, for all that parse_packet() does not settle inline. Every step
 * first proves that the bytes it will read are there. `available` is how many bytes can be read,
 * `wire` how many the frame had; lengths inside of the frame are judged by the latter.
 */
#include "packet/parse.h"

enum { PARSE_BYTES_MAX = 1 << 30 }; /* no frame is that long, and no sum of offsets wraps */

struct cursor {
    const uint8_t *data;
    uint32_t available;
    uint32_t wire;
};

/* `offset` and `size` are small: no sum can wrap. */
static int cursor_has(const struct cursor *cursor, uint32_t offset, uint32_t size)
{
    return offset + size <= cursor->available;
}

static uint32_t transport_size(uint8_t protocol)
{
    switch (protocol) {
    case PROTOCOL_TCP:
        return TCP_MIN_SIZE;
    case PROTOCOL_UDP:
    case PROTOCOL_UDP_LITE:
        return UDP_SIZE;
    case PROTOCOL_ICMP:
    case PROTOCOL_ICMPV6:
        return ICMP_MIN_SIZE;
    case PROTOCOL_SCTP:
        return SCTP_SIZE;
    case PROTOCOL_DCCP:
        return DCCP_MIN_SIZE;
    default:
        return 0;
    }
}

/* end: of the IP payload, in the frame as it was on the wire. */
static void parse_transport(struct xsw_packet *packet, const struct cursor *cursor, uint32_t offset,
                            uint32_t end)
{
    uint32_t size = transport_size(packet->ip_protocol);
    if (size != 0 && offset + size <= end && cursor_has(cursor, offset, size)) {
        packet->l4_offset = (uint16_t)offset;
    }
}

static void parse_ipv4(struct xsw_packet *packet, const struct cursor *cursor, uint32_t offset)
{
    if (!cursor_has(cursor, offset, IPV4_MIN_SIZE)) {
        return;
    }
    const struct wire_ipv4 *ip = (const struct wire_ipv4 *)(cursor->data + offset);
    uint32_t header = (uint32_t)(ip->version_ihl & 15) * 4;
    if (ip->version_ihl >> 4 != 4 || header < IPV4_MIN_SIZE ||
        !cursor_has(cursor, offset, header)) {
        return;
    }
    packet->l3_offset = (uint16_t)offset;
    packet->ip_protocol = ip->protocol;
    if ((be16_get(ip->fragment) & IPV4_FRAGMENT_OFFSET) != 0) {
        packet->flags |= XSW_PACKET_FRAGMENT;
        return;
    }
    uint32_t total = be16_get(ip->total_length);
    if (total >= header && total <= cursor->wire - offset) {
        parse_transport(packet, cursor, offset + header, offset + total);
    }
}

/* The length of the extension header at `offset`, 0 when `type` is no extension header. Its first
 * two bytes can be read. */
static uint32_t extension_size(const struct cursor *cursor, uint32_t offset, uint8_t type)
{
    const struct wire_ipv6_extension *header =
        (const struct wire_ipv6_extension *)(cursor->data + offset);
    switch (type) {
    case PROTOCOL_HOP_OPTIONS:
    case PROTOCOL_ROUTING:
    case PROTOCOL_DESTINATION_OPTIONS:
    case PROTOCOL_MOBILITY:
    case PROTOCOL_HIP:
    case PROTOCOL_SHIM6:
        return (uint32_t)(header->length + 1) * 8;
    case PROTOCOL_FRAGMENT:
        return IPV6_FRAGMENT_SIZE;
    case PROTOCOL_AH:
        return (uint32_t)(header->length + 2) * 4;
    default:
        return 0;
    }
}

static int is_later_fragment(const struct cursor *cursor, uint32_t offset)
{
    const struct wire_ipv6_fragment *fragment =
        (const struct wire_ipv6_fragment *)(cursor->data + offset);
    return (be16_get(fragment->offset) & IPV6_FRAGMENT_OFFSET) != 0;
}

static void parse_ipv6(struct xsw_packet *packet, const struct cursor *cursor, uint32_t offset)
{
    if (!cursor_has(cursor, offset, IPV6_SIZE) || cursor->data[offset] >> 4 != 6) {
        return;
    }
    const struct wire_ipv6 *ip = (const struct wire_ipv6 *)(cursor->data + offset);
    packet->l3_offset = (uint16_t)offset;
    packet->ip_protocol = ip->next_header;
    uint32_t next = offset + IPV6_SIZE;
    uint32_t end = next + be16_get(ip->payload_length);
    if (end > cursor->wire) {
        return;
    }
    for (unsigned walked = 0; walked < PARSE_IPV6_EXTENSIONS_MAX; walked++) {
        uint32_t readable = end < cursor->available ? end : cursor->available;
        if (next + IPV6_FRAGMENT_SIZE > readable) {
            break; /* the smallest extension header is 8 bytes; a transport header may be less */
        }
        uint32_t size = extension_size(cursor, next, packet->ip_protocol);
        if (size == 0) {
            break;
        }
        if (next + size > readable) {
            return;
        }
        int later = packet->ip_protocol == PROTOCOL_FRAGMENT && is_later_fragment(cursor, next);
        packet->ip_protocol = cursor->data[next];
        next += size;
        if (later) {
            packet->flags |= XSW_PACKET_FRAGMENT;
            return;
        }
    }
    parse_transport(packet, cursor, next, end);
}

/* A packet for IPv4 over Ethernet; others have another length, and nobody here reads them. */
static void parse_arp(struct xsw_packet *packet, const struct cursor *cursor, uint32_t offset)
{
    if (!cursor_has(cursor, offset, ARP_IPV4_SIZE)) {
        return;
    }
    const struct wire_arp *arp = (const struct wire_arp *)(cursor->data + offset);
    if (be16_get(arp->hardware_type) == ARP_HARDWARE_ETHERNET &&
        be16_get(arp->protocol_type) == ETHER_TYPE_IPV4 && arp->hardware_size == MAC_SIZE &&
        arp->protocol_size == 4) {
        packet->l3_offset = (uint16_t)offset;
    }
}

/* Steps over the tags. Returns where the network header starts, 0 when the frame ends before. */
static uint32_t parse_tags(struct xsw_packet *packet, const struct cursor *cursor)
{
    uint32_t offset = ETHERNET_SIZE;
    uint16_t type = wire_read16(cursor->data + offset - 2);
    for (unsigned tags = 0; tags < PARSE_TAGS_MAX && parse_is_tag(type); tags++) {
        if (!cursor_has(cursor, offset, VLAN_TAG_SIZE)) {
            return 0;
        }
        if (tags == 0 && type == ETHER_TYPE_VLAN) {
            packet->flags |= XSW_PACKET_TAGGED;
        }
        offset += VLAN_TAG_SIZE;
        type = wire_read16(cursor->data + offset - 2);
    }
    packet->ether_type = type;
    return offset;
}

void parse_partial(struct xsw_packet *packet, uint32_t wire_length)
{
    packet->ether_type = 0;
    packet->l3_offset = 0;
    packet->l4_offset = 0;
    packet->ip_protocol = 0;
    packet->flow_hash = 0;
    packet->flags &= (uint8_t) ~(XSW_PACKET_TAGGED | XSW_PACKET_MULTICAST | XSW_PACKET_FRAGMENT);
    if (packet->length < ETHERNET_SIZE) {
        return;
    }
    const struct cursor cursor = {
        .data = packet->data,
        .available = packet->length,
        .wire = wire_length < packet->length ? packet->length : wire_length,
    };
    packet->flags |= (uint8_t)((cursor.data[0] & 1) << 1);
    uint32_t offset = parse_tags(packet, &cursor);
    if (offset == 0) {
        return;
    }
    switch (packet->ether_type) {
    case ETHER_TYPE_IPV4:
        parse_ipv4(packet, &cursor, offset);
        break;
    case ETHER_TYPE_IPV6:
        parse_ipv6(packet, &cursor, offset);
        break;
    case ETHER_TYPE_ARP:
        parse_arp(packet, &cursor, offset);
        break;
    default:
        break;
    }
}

struct xsw_packet parse_bytes(const uint8_t *bytes, size_t length, size_t wire_length)
{
    struct xsw_packet packet = {
        .data = (uint8_t *)(uintptr_t)bytes,
        .length = length > PARSE_BYTES_MAX ? PARSE_BYTES_MAX : (uint32_t)length,
    };
    parse_partial(&packet, wire_length > UINT32_MAX ? UINT32_MAX : (uint32_t)wire_length);
    return packet;
}

uint32_t parse_find_extension(const struct xsw_packet *packet, uint8_t type)
{
    if (packet->ether_type != ETHER_TYPE_IPV6 || packet->l4_offset == 0) {
        return 0;
    }
    const struct cursor cursor = {packet->data, packet->length, packet->length};
    const struct wire_ipv6 *ip = (const struct wire_ipv6 *)(packet->data + packet->l3_offset);
    uint8_t header = ip->next_header;
    uint32_t offset = packet->l3_offset + (uint32_t)IPV6_SIZE;
    while (offset + IPV6_FRAGMENT_SIZE <= packet->l4_offset) {
        uint32_t size = extension_size(&cursor, offset, header);
        if (header == type || size == 0) {
            return header == type ? offset : 0;
        }
        header = packet->data[offset];
        offset += size;
    }
    return 0;
}
