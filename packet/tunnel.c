/* SPDX-License-Identifier: Apache-2.0 */
/* Finding the headers inside of a tunnel, and writing those outside of it. */
#include "packet/tunnel.h"

#include "packet/checksum.h"
#include "packet/network.h"
#include "packet/wire.h"

enum {
    PROTOCOL_IPV4_INSIDE = 4,
    PROTOCOL_IPV6_INSIDE = 41,
    IPV4_ID_OFFSET = 4,
    GRE_SIZE = 4,
    GRE_KEY = 0x2000, /* the only flag that moves nothing and that no segment needs anew */
    TUNNEL_HEADER = 8 /* of VXLAN, and of Geneve without options */
};

int tunnel_is_meant(const struct xsw_packet *parsed)
{
    return (parsed->offload.flags & XSW_OFFLOAD_NEEDS_CHECKSUM) != 0 && network_is_ip(parsed) &&
           parsed->offload.csum_start > parsed->l3_offset &&
           parsed->offload.csum_start != parsed->l4_offset;
}

/* Where the outer IP header ends and UDP, GRE or the inner packet begins; 0: not known. */
static uint32_t outer_end(const struct xsw_packet *packet)
{
    const uint8_t *network = packet->data + packet->l3_offset;
    if (packet->l4_offset != 0) {
        return packet->ip_protocol == PROTOCOL_UDP ? packet->l4_offset : 0;
    }
    if (packet->ether_type == ETHER_TYPE_IPV4) {
        return packet->l3_offset + (uint32_t)(network[0] & 0x0f) * 4;
    }
    const struct wire_ipv6 *ip = (const struct wire_ipv6 *)network;
    return ip->next_header == packet->ip_protocol ? packet->l3_offset + (uint32_t)IPV6_SIZE : 0;
}

static int ipv4_is_at(const struct xsw_packet *packet, uint32_t at, uint32_t end, uint8_t protocol)
{
    uint32_t header = packet->offload.csum_start - at;
    const struct wire_ipv4 *ip = (const struct wire_ipv4 *)(packet->data + at);
    return ip->version_ihl == (0x40 | header / 4) && ip->protocol == protocol &&
           be16_get(ip->total_length) == end - at &&
           checksum_close(checksum_add(0, packet->data + at, header)) == 0;
}

static int ipv6_is_at(const struct xsw_packet *packet, uint32_t at, uint32_t end, uint8_t protocol)
{
    const struct wire_ipv6 *ip = (const struct wire_ipv6 *)(packet->data + at);
    return packet->data[at] >> 4 == 6 && ip->next_header == protocol &&
           be16_get(ip->payload_length) == end - at - IPV6_SIZE;
}

/* The IP header between `from` and csum_start that ends there; 0: there is none. */
static uint32_t inner_find(const struct xsw_packet *packet, uint32_t from, uint32_t end,
                           uint16_t *ether_type)
{
    uint8_t gso_type = packet->offload.gso_type & (uint8_t)~XSW_GSO_ECN;
    uint8_t protocol = gso_type == XSW_GSO_UDP_L4 ? PROTOCOL_UDP : PROTOCOL_TCP;
    uint32_t start = packet->offload.csum_start;
    for (uint32_t header = IPV4_MIN_SIZE;
         gso_type != XSW_GSO_TCPV6 && header <= IPV4_MAX_SIZE && from + header <= start;
         header += 4) {
        if (ipv4_is_at(packet, start - header, end, protocol)) {
            *ether_type = ETHER_TYPE_IPV4;
            return start - header;
        }
    }
    if (gso_type != XSW_GSO_TCPV4 && from + IPV6_SIZE <= start &&
        ipv6_is_at(packet, start - (uint32_t)IPV6_SIZE, end, protocol)) {
        *ether_type = ETHER_TYPE_IPV6;
        return start - (uint32_t)IPV6_SIZE;
    }
    return 0;
}

static int ethernet_is_of(uint32_t size)
{
    return size == 0 || size == ETHERNET_SIZE || size == ETHERNET_SIZE + VLAN_TAG_SIZE;
}

/* Whether what lies between the headers can be repeated before each segment as it is: no header
 * with a length of its own, as that of another IP packet. */
static int between_is_known(const struct xsw_packet *packet, uint32_t from, uint32_t to)
{
    const uint8_t *between = packet->data + from;
    uint32_t size = to - from;
    switch (packet->ip_protocol) {
    case PROTOCOL_IPV4_INSIDE:
    case PROTOCOL_IPV6_INSIDE:
        return size == 0;
    case PROTOCOL_GRE:
        if (size < GRE_SIZE || (wire_read16(between) & ~GRE_KEY) != 0) {
            return 0;
        }
        size -= wire_read16(between) != 0 ? 2 * GRE_SIZE : GRE_SIZE;
        return ethernet_is_of(size);
    case PROTOCOL_UDP:
        size -= UDP_SIZE;
        if (size < TUNNEL_HEADER) {
            return size == 0;
        }
        size -= TUNNEL_HEADER;
        /* The low bits of a Geneve header's first byte count the words of its options. */
        return ethernet_is_of(size) || ethernet_is_of(size - (between[UDP_SIZE] & 0x3fU) * 4);
    default:
        return 0;
    }
}

int tunnel_enter(struct tunnel *tunnel, struct xsw_packet *parsed)
{
    uint32_t start = parsed->offload.csum_start;
    uint32_t from = outer_end(parsed);
    uint32_t end = network_end(parsed);
    uint16_t ether_type = 0;
    uint32_t outer_headers = from + (parsed->ip_protocol == PROTOCOL_UDP ? UDP_SIZE : 0);
    uint32_t transport =
        (parsed->offload.gso_type & ~XSW_GSO_ECN) == XSW_GSO_UDP_L4 ? UDP_SIZE : TCP_MIN_SIZE;
    if (from == 0 || network_is_fragment(parsed) || end > parsed->length ||
        start + transport > end) {
        return 0;
    }
    uint32_t inner = inner_find(parsed, outer_headers, end, &ether_type);
    if (inner == 0 || !between_is_known(parsed, from, inner)) {
        return 0;
    }
    *tunnel = (struct tunnel){.l3_offset = parsed->l3_offset,
                              .l4_offset = from,
                              .is_ipv6 = parsed->ether_type == ETHER_TYPE_IPV6,
                              .is_udp = parsed->ip_protocol == PROTOCOL_UDP};
    if (!tunnel->is_ipv6) {
        tunnel->first_id = wire_read16(parsed->data + parsed->l3_offset + IPV4_ID_OFFSET);
    }
    parsed->l3_offset = (uint16_t)inner;
    parsed->l4_offset = (uint16_t)start;
    parsed->ether_type = ether_type;
    parsed->ip_protocol = transport == UDP_SIZE ? PROTOCOL_UDP : PROTOCOL_TCP;
    return 1;
}

/* A sender that wants none has left 0 at its place. */
static void udp_write(const struct tunnel *tunnel, uint8_t *bytes, uint32_t length)
{
    struct xsw_packet outer = {.data = bytes,
                               .l3_offset = (uint16_t)tunnel->l3_offset,
                               .ether_type = tunnel->is_ipv6 ? ETHER_TYPE_IPV6 : ETHER_TYPE_IPV4,
                               .ip_protocol = PROTOCOL_UDP};
    uint32_t covered = length - tunnel->l4_offset;
    uint8_t *place = bytes + tunnel->l4_offset + UDP_CHECKSUM_OFFSET;
    be16_set(&((struct wire_udp *)(bytes + tunnel->l4_offset))->length, (uint16_t)covered);
    if (wire_read16(place) == 0) {
        return;
    }
    wire_write16(place, 0);
    uint16_t sum = checksum_close(
        checksum_add(network_pseudo_sum(&outer, covered), bytes + tunnel->l4_offset, covered));
    wire_write16(place, sum == 0 ? 0xffff : sum);
}

void tunnel_write(const struct tunnel *tunnel, uint8_t *bytes, uint32_t length, uint32_t index)
{
    if (!tunnel->is_ipv6) {
        wire_write16(bytes + tunnel->l3_offset + IPV4_ID_OFFSET,
                     (uint16_t)(tunnel->first_id + index));
    }
    network_length_write(bytes, tunnel->l3_offset, tunnel->is_ipv6, length);
    if (tunnel->is_udp) {
        udp_write(tunnel, bytes, length);
    }
}
