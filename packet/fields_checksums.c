/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Are the checksums of a frame right? Says "unknown" wherever the bytes that are there cannot tell.
 */
#include "packet/checksum.h"
#include "packet/fields.h"
#include "packet/parse.h"
#include "packet/wire.h"

static bool is_fragmented(const struct xsw_packet *packet)
{
    if (packet->ether_type == ETHER_TYPE_IPV4) {
        const struct wire_ipv4 *ip = (const struct wire_ipv4 *)(packet->data + packet->l3_offset);
        return (be16_get(ip->fragment) & (IPV4_MORE_FRAGMENTS | IPV4_FRAGMENT_OFFSET)) != 0;
    }
    uint32_t offset = parse_find_extension(packet, PROTOCOL_FRAGMENT);
    const struct wire_ipv6_fragment *header =
        (const struct wire_ipv6_fragment *)(packet->data + offset);
    return offset != 0 && (be16_get(header->offset) & IPV6_MORE_FRAGMENTS) != 0;
}

/* Bytes of the transport header and what follows it, by the length in the IP header. */
static uint32_t transport_length(const struct xsw_packet *packet)
{
    const uint8_t *network = packet->data + packet->l3_offset;
    uint32_t end = packet->l3_offset;
    if (packet->ether_type == ETHER_TYPE_IPV4) {
        end += be16_get(((const struct wire_ipv4 *)network)->total_length);
    } else {
        end += (uint32_t)IPV6_SIZE + be16_get(((const struct wire_ipv6 *)network)->payload_length);
    }
    return end - packet->l4_offset;
}

static uint32_t pseudo_sum(const struct xsw_packet *packet, uint32_t length)
{
    const uint8_t *network = packet->data + packet->l3_offset;
    if (packet->ether_type == ETHER_TYPE_IPV4) {
        const struct wire_ipv4 *ip = (const struct wire_ipv4 *)network;
        return packet->ip_protocol == PROTOCOL_ICMP
                   ? 0
                   : checksum_pseudo_ipv4(ip->source, ip->destination, packet->ip_protocol, length);
    }
    const struct wire_ipv6 *ip = (const struct wire_ipv6 *)network;
    return checksum_pseudo_ipv6(ip->source, ip->destination, packet->ip_protocol, length);
}

static const char *transport_name(const struct xsw_packet *packet)
{
    bool is_ipv4 = packet->ether_type == ETHER_TYPE_IPV4;
    if (packet->l3_offset == 0 || (!is_ipv4 && packet->ether_type != ETHER_TYPE_IPV6)) {
        return "";
    }
    switch (packet->ip_protocol) {
    case PROTOCOL_TCP:
        return "tcp";
    case PROTOCOL_UDP:
        return "udp";
    case PROTOCOL_ICMP:
        return is_ipv4 ? "icmp" : "";
    case PROTOCOL_ICMPV6:
        return is_ipv4 ? "" : "icmpv6";
    default:
        return "";
    }
}

static enum checksum_state transport_state(const struct xsw_packet *packet)
{
    /* With a routing header the last address counts, which may not be the one in the IP header. */
    if (packet->l4_offset == 0 || is_fragmented(packet) ||
        parse_find_extension(packet, PROTOCOL_ROUTING) != 0) {
        return CHECKSUM_UNKNOWN;
    }
    uint32_t length = transport_length(packet);
    const uint8_t *header = packet->data + packet->l4_offset;
    if (packet->ip_protocol == PROTOCOL_UDP) {
        const struct wire_udp *udp = (const struct wire_udp *)header;
        uint32_t udp_length = be16_get(udp->length);
        if (be16_get(udp->checksum) == 0) {
            return packet->ether_type == ETHER_TYPE_IPV4 ? CHECKSUM_ABSENT : CHECKSUM_INVALID;
        }
        if (udp_length < UDP_SIZE || udp_length > length) {
            return CHECKSUM_UNKNOWN;
        }
        length = udp_length;
    }
    if (length > packet->length - packet->l4_offset) {
        return CHECKSUM_UNKNOWN;
    }
    uint32_t sum = checksum_add(pseudo_sum(packet, length), header, length);
    return checksum_close(sum) == 0 ? CHECKSUM_VALID : CHECKSUM_INVALID;
}

struct fields_checksums fields_checksums(const struct fields_frame *frame)
{
    const struct xsw_packet packet = parse_bytes(frame->bytes, frame->length, frame->wire_length);
    struct fields_checksums checksums = {CHECKSUM_ABSENT, CHECKSUM_ABSENT, transport_name(&packet)};
    if (packet.l3_offset != 0 && packet.ether_type == ETHER_TYPE_IPV4) {
        const uint8_t *header = packet.data + packet.l3_offset;
        uint32_t sum = checksum_add(0, header, (size_t)(header[0] & 15) * 4);
        checksums.network = checksum_close(sum) == 0 ? CHECKSUM_VALID : CHECKSUM_INVALID;
    }
    if (checksums.transport_name[0] != '\0') {
        checksums.transport = frame->checksum_partial ? CHECKSUM_UNKNOWN : transport_state(&packet);
    }
    return checksums;
}

const char *checksum_state_name(enum checksum_state state)
{
    switch (state) {
    case CHECKSUM_ABSENT:
        return "absent";
    case CHECKSUM_VALID:
        return "valid";
    case CHECKSUM_INVALID:
        return "invalid";
    default:
        return "unknown";
    }
}
