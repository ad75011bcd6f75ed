/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Field tables of all headers, and the split of a frame into them.
 */
#include "packet/layers.h"

#include <string.h>

#include "packet/wire.h"

/* clang-format off */
static const struct field_info ethernet_fields[] = {
    {"eth.dst", FIELD_MAC, 0, 6, 1, 0},
    {"eth.src", FIELD_MAC, 6, 6, 1, 0},
    {"eth.type", FIELD_HEX, 12, 2, 1, 0},
};
static const struct field_info tag_fields[] = {
    {"vlan.priority", FIELD_DECIMAL, 0, 2, 1, 0xe000},
    {"vlan.dei", FIELD_DECIMAL, 0, 2, 1, 0x1000},
    {"vlan.id", FIELD_DECIMAL, 0, 2, 1, 0x0fff},
    {"vlan.etype", FIELD_HEX, 2, 2, 1, 0},
};
static const struct field_info arp_fields[] = {
    {"arp.hw.type", FIELD_DECIMAL, 0, 2, 1, 0},
    {"arp.proto.type", FIELD_HEX, 2, 2, 1, 0},
    {"arp.hw.size", FIELD_DECIMAL, 4, 1, 1, 0},
    {"arp.proto.size", FIELD_DECIMAL, 5, 1, 1, 0},
    {"arp.opcode", FIELD_DECIMAL, 6, 2, 1, 0},
    {"arp.src.hw_mac", FIELD_MAC, 8, 6, 1, 0},
    {"arp.src.proto_ipv4", FIELD_IPV4, 14, 4, 1, 0},
    {"arp.dst.hw_mac", FIELD_MAC, 18, 6, 1, 0},
    {"arp.dst.proto_ipv4", FIELD_IPV4, 24, 4, 1, 0},
};
static const struct field_info ipv4_fields[] = {
    {"ip.version", FIELD_DECIMAL, 0, 1, 1, 0xf0},
    {"ip.hdr_len", FIELD_DECIMAL, 0, 1, 4, 0x0f},
    {"ip.dsfield.dscp", FIELD_DECIMAL, 1, 1, 1, 0xfc},
    {"ip.dsfield.ecn", FIELD_DECIMAL, 1, 1, 1, 0x03},
    {"ip.len", FIELD_DECIMAL, 2, 2, 1, 0},
    {"ip.id", FIELD_HEX, 4, 2, 1, 0},
    {"ip.flags", FIELD_HEX, 6, 1, 1, 0xe0},
    {"ip.frag_offset", FIELD_DECIMAL, 6, 2, 1, 0x1fff},
    {"ip.ttl", FIELD_DECIMAL, 8, 1, 1, 0},
    {"ip.proto", FIELD_DECIMAL, 9, 1, 1, 0},
    {"ip.checksum", FIELD_HEX, 10, 2, 1, 0},
    {"ip.src", FIELD_IPV4, 12, 4, 1, 0},
    {"ip.dst", FIELD_IPV4, 16, 4, 1, 0},
};
static const struct field_info ipv6_fields[] = {
    {"ipv6.version", FIELD_DECIMAL, 0, 1, 1, 0xf0},
    {"ipv6.tclass.dscp", FIELD_DECIMAL, 0, 2, 1, 0x0fc0},
    {"ipv6.tclass.ecn", FIELD_DECIMAL, 1, 1, 1, 0x30},
    {"ipv6.flow", FIELD_HEX, 0, 4, 1, 0x000fffff},
    {"ipv6.plen", FIELD_DECIMAL, 4, 2, 1, 0},
    {"ipv6.nxt", FIELD_DECIMAL, 6, 1, 1, 0},
    {"ipv6.hlim", FIELD_DECIMAL, 7, 1, 1, 0},
    {"ipv6.src", FIELD_IPV6, 8, 16, 1, 0},
    {"ipv6.dst", FIELD_IPV6, 24, 16, 1, 0},
};
static const struct field_info tcp_fields[] = {
    {"tcp.srcport", FIELD_DECIMAL, 0, 2, 1, 0},
    {"tcp.dstport", FIELD_DECIMAL, 2, 2, 1, 0},
    {"tcp.seq_raw", FIELD_DECIMAL, 4, 4, 1, 0},
    {"tcp.ack_raw", FIELD_DECIMAL, 8, 4, 1, 0},
    {"tcp.hdr_len", FIELD_DECIMAL, 12, 1, 4, 0xf0},
    {"tcp.flags", FIELD_HEX, 12, 2, 1, 0x0fff},
    {"tcp.window_size_value", FIELD_DECIMAL, 14, 2, 1, 0},
    {"tcp.checksum", FIELD_HEX, 16, 2, 1, 0},
    {"tcp.urgent_pointer", FIELD_DECIMAL, 18, 2, 1, 0},
};
static const struct field_info udp_fields[] = {
    {"udp.srcport", FIELD_DECIMAL, 0, 2, 1, 0},
    {"udp.dstport", FIELD_DECIMAL, 2, 2, 1, 0},
    {"udp.length", FIELD_DECIMAL, 4, 2, 1, 0},
    {"udp.checksum", FIELD_HEX, 6, 2, 1, 0},
};
static const struct field_info sctp_fields[] = {
    {"sctp.srcport", FIELD_DECIMAL, 0, 2, 1, 0},
    {"sctp.dstport", FIELD_DECIMAL, 2, 2, 1, 0},
    {"sctp.verification_tag", FIELD_HEX, 4, 4, 1, 0},
    {"sctp.checksum", FIELD_HEX, 8, 4, 1, 0},
};
static const struct field_info icmp_fields[] = {
    {"icmp.type", FIELD_DECIMAL, 0, 1, 1, 0},
    {"icmp.code", FIELD_DECIMAL, 1, 1, 1, 0},
    {"icmp.checksum", FIELD_HEX, 2, 2, 1, 0},
    {"icmp.ident", FIELD_DECIMAL, 4, 2, 1, 0}, /* echo only, as the next */
    {"icmp.seq", FIELD_DECIMAL, 6, 2, 1, 0},
};
static const struct field_info icmpv6_fields[] = {
    {"icmpv6.type", FIELD_DECIMAL, 0, 1, 1, 0},
    {"icmpv6.code", FIELD_DECIMAL, 1, 1, 1, 0},
    {"icmpv6.checksum", FIELD_HEX, 2, 2, 1, 0},
    {"icmpv6.echo.identifier", FIELD_HEX, 4, 2, 1, 0}, /* echo only, as the next */
    {"icmpv6.echo.sequence_number", FIELD_DECIMAL, 6, 2, 1, 0},
};
enum { ICMP_COMMON_FIELDS = 3, ICMP_ECHO_FIELDS = 5, ICMP_ECHO_SIZE = 8 };
enum { TAG_FIELD_COUNT = sizeof tag_fields / sizeof tag_fields[0] };

static const struct field_table tables[LAYER_COUNT] = {
    [LAYER_ETHERNET] = {ethernet_fields, 3, ETHERNET_SIZE},
    [LAYER_TAG] = {tag_fields, TAG_FIELD_COUNT, VLAN_TAG_SIZE},
    [LAYER_TAG + 1] = {tag_fields, TAG_FIELD_COUNT, VLAN_TAG_SIZE},
    [LAYER_TAG + 2] = {tag_fields, TAG_FIELD_COUNT, VLAN_TAG_SIZE},
    [LAYER_TAG + 3] = {tag_fields, TAG_FIELD_COUNT, VLAN_TAG_SIZE},
    [LAYER_ARP] = {arp_fields, sizeof arp_fields / sizeof arp_fields[0], ARP_IPV4_SIZE},
    [LAYER_IPV4] = {ipv4_fields, sizeof ipv4_fields / sizeof ipv4_fields[0], IPV4_MIN_SIZE},
    [LAYER_IPV6] = {ipv6_fields, sizeof ipv6_fields / sizeof ipv6_fields[0], IPV6_SIZE},
    [LAYER_TCP] = {tcp_fields, sizeof tcp_fields / sizeof tcp_fields[0], TCP_MIN_SIZE},
    [LAYER_UDP] = {udp_fields, sizeof udp_fields / sizeof udp_fields[0], UDP_SIZE},
    [LAYER_SCTP] = {sctp_fields, sizeof sctp_fields / sizeof sctp_fields[0], SCTP_SIZE},
    [LAYER_ICMP] = {icmp_fields, ICMP_COMMON_FIELDS, ICMP_MIN_SIZE},
    [LAYER_ICMP_ECHO] = {icmp_fields, ICMP_ECHO_FIELDS, ICMP_ECHO_SIZE},
    [LAYER_ICMPV6] = {icmpv6_fields, ICMP_COMMON_FIELDS, ICMP_MIN_SIZE},
    [LAYER_ICMPV6_ECHO] = {icmpv6_fields, ICMP_ECHO_FIELDS, ICMP_ECHO_SIZE},
};
/* clang-format on */

_Static_assert(PARSE_TAGS_MAX == 4, "one row of the table for each tag");

struct field_table layers_fields(enum layer_kind kind)
{
    return tables[kind];
}

/* Appends a layer to those before it. Returns where the next one starts. */
static uint32_t layers_add(struct layers *layers, enum layer_kind kind, uint32_t offset,
                           uint32_t length)
{
    layers->kinds[kind] = (struct layer){offset, length};
    layers->deepest = kind;
    return offset + length;
}

static uint32_t add_tags(struct layers *layers, const struct xsw_packet *packet)
{
    uint32_t count = 0;
    uint32_t offset = ETHERNET_SIZE;
    while (count < PARSE_TAGS_MAX && offset + VLAN_TAG_SIZE <= packet->length &&
           parse_is_tag(wire_read16(packet->data + offset - 2))) {
        offset += VLAN_TAG_SIZE;
        count++;
    }
    offset = ETHERNET_SIZE;
    for (uint32_t tag = 0; tag < count; tag++) {
        offset =
            layers_add(layers, LAYER_TAG + PARSE_TAGS_MAX - count + tag, offset, VLAN_TAG_SIZE);
    }
    return offset;
}

static uint32_t add_network(struct layers *layers, const struct xsw_packet *packet)
{
    uint32_t offset = packet->l3_offset;
    switch (packet->ether_type) {
    case ETHER_TYPE_ARP:
        return layers_add(layers, LAYER_ARP, offset, ARP_IPV4_SIZE);
    case ETHER_TYPE_IPV4:
        return layers_add(layers, LAYER_IPV4, offset, (uint32_t)(packet->data[offset] & 15) * 4);
    default:
        offset = layers_add(layers, LAYER_IPV6, offset, IPV6_SIZE);
        if (packet->l4_offset > offset) {
            offset = layers_add(layers, LAYER_IPV6_EXTENSIONS, offset, packet->l4_offset - offset);
        }
        return offset;
    }
}

static uint32_t add_tcp(struct layers *layers, const struct xsw_packet *packet)
{
    uint32_t offset = packet->l4_offset;
    uint32_t length = (uint32_t)(packet->data[offset + 12] >> 4) * 4;
    if (length < TCP_MIN_SIZE) {
        length = TCP_MIN_SIZE;
    }
    if (length > packet->length - offset) {
        length = packet->length - offset;
    }
    return layers_add(layers, LAYER_TCP, offset, length);
}

static uint32_t add_icmp(struct layers *layers, const struct xsw_packet *packet)
{
    uint32_t offset = packet->l4_offset;
    uint8_t type = packet->data[offset];
    int is_v6 = packet->ip_protocol == PROTOCOL_ICMPV6;
    int is_echo = is_v6 ? type == ICMPV6_ECHO_REQUEST || type == ICMPV6_ECHO_REPLY
                        : type == ICMP_ECHO_REQUEST || type == ICMP_ECHO_REPLY;
    if (!is_echo || packet->length - offset < ICMP_ECHO_SIZE) {
        return layers_add(layers, is_v6 ? LAYER_ICMPV6 : LAYER_ICMP, offset, ICMP_MIN_SIZE);
    }
    return layers_add(layers, is_v6 ? LAYER_ICMPV6_ECHO : LAYER_ICMP_ECHO, offset, ICMP_ECHO_SIZE);
}

static uint32_t add_transport(struct layers *layers, const struct xsw_packet *packet)
{
    switch (packet->ip_protocol) {
    case PROTOCOL_TCP:
        return add_tcp(layers, packet);
    case PROTOCOL_UDP:
        return layers_add(layers, LAYER_UDP, packet->l4_offset, UDP_SIZE);
    case PROTOCOL_SCTP:
        return layers_add(layers, LAYER_SCTP, packet->l4_offset, SCTP_SIZE);
    case PROTOCOL_ICMP:
    case PROTOCOL_ICMPV6:
        return add_icmp(layers, packet);
    default:
        return packet->l4_offset;
    }
}

void layers_from_bytes(struct layers *layers, const uint8_t *bytes, size_t length,
                       size_t wire_length)
{
    memset(layers, 0, sizeof *layers);
    const struct xsw_packet packet = parse_bytes(bytes, length, wire_length);
    uint32_t offset = 0;
    if (packet.length >= ETHERNET_SIZE) {
        layers_add(layers, LAYER_ETHERNET, 0, ETHERNET_SIZE);
        offset = add_tags(layers, &packet);
    }
    if (packet.l3_offset != 0) {
        offset = add_network(layers, &packet);
    }
    if (packet.l4_offset != 0) {
        offset = add_transport(layers, &packet);
    }
    layers->kinds[LAYER_PAYLOAD] = (struct layer){offset, packet.length - offset};
}
