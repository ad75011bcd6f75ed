/* SPDX-License-Identifier: Apache-2.0 */
/* IP headers of frames that are cut or compared with their offload fields. */
#include "packet/network.h"

#include "packet/checksum.h"
#include "packet/parse.h"
#include "packet/wire.h"

uint32_t network_end(const struct xsw_packet *packet)
{
    const uint8_t *network = packet->data + packet->l3_offset;
    if (packet->ether_type == ETHER_TYPE_IPV4) {
        return packet->l3_offset + be16_get(((const struct wire_ipv4 *)network)->total_length);
    }
    return packet->l3_offset + IPV6_SIZE +
           be16_get(((const struct wire_ipv6 *)network)->payload_length);
}

int network_is_fragment(const struct xsw_packet *packet)
{
    if (packet->ether_type == ETHER_TYPE_IPV6) {
        return parse_find_extension(packet, PROTOCOL_FRAGMENT) != 0;
    }
    const struct wire_ipv4 *ip = (const struct wire_ipv4 *)(packet->data + packet->l3_offset);
    return (be16_get(ip->fragment) & (IPV4_MORE_FRAGMENTS | IPV4_FRAGMENT_OFFSET)) != 0;
}

uint32_t network_pseudo_sum(const struct xsw_packet *packet, uint32_t length)
{
    const uint8_t *network = packet->data + packet->l3_offset;
    if (packet->ether_type == ETHER_TYPE_IPV4) {
        const struct wire_ipv4 *ip = (const struct wire_ipv4 *)network;
        return checksum_pseudo_ipv4(ip->source, ip->destination, packet->ip_protocol, length);
    }
    const struct wire_ipv6 *ip = (const struct wire_ipv6 *)network;
    return checksum_pseudo_ipv6(ip->source, ip->destination, packet->ip_protocol, length);
}

void network_length_write(uint8_t *bytes, uint32_t at, int is_ipv6, uint32_t length)
{
    if (is_ipv6) {
        struct wire_ipv6 *ip = (struct wire_ipv6 *)(bytes + at);
        be16_set(&ip->payload_length, (uint16_t)(length - at - IPV6_SIZE));
        return;
    }
    struct wire_ipv4 *ip = (struct wire_ipv4 *)(bytes + at);
    be16_set(&ip->total_length, (uint16_t)(length - at));
    be16_set(&ip->checksum, 0);
    size_t header = (size_t)(ip->version_ihl & 0x0f) * 4;
    be16_set(&ip->checksum, checksum_close(checksum_add(0, bytes + at, header)));
}
