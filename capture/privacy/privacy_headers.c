/* SPDX-License-Identifier: Apache-2.0 */
/* Ethernet, ARP and the transport headers. IP is in privacy_network.c, ICMP in privacy_icmp.c. */
#include "capture/privacy/privacy_headers.h"

#include <string.h>

#include "packet/checksum.h"
#include "packet/parse.h"

/* Edits -------------------------------------------------------------------------------------- */

void privacy_mac_at(const struct privacy_headers *headers, uint32_t offset)
{
    if (headers->key != NULL) {
        pseudonym_mac(headers->key, headers->cache, headers->bytes + offset);
    }
}

void privacy_ipv4_at(const struct privacy_headers *headers, uint32_t offset)
{
    if (headers->key != NULL) {
        pseudonym_ipv4(headers->key, headers->cache, headers->bytes + offset);
    }
}

void privacy_ipv6_at(const struct privacy_headers *headers, uint32_t offset)
{
    if (headers->key != NULL) {
        pseudonym_ipv6(headers->key, headers->cache, headers->bytes + offset);
    }
}

void privacy_blank(const struct privacy_headers *headers, uint32_t offset, uint32_t length)
{
    if (headers->key != NULL) {
        memset(headers->bytes + offset, 0, length);
    }
}

void privacy_checksum_at(const struct privacy_headers *headers, uint32_t offset, uint32_t real_sum,
                         uint32_t new_sum)
{
    uint8_t *place = headers->bytes + offset;
    if (real_sum != new_sum) {
        wire_write16(place,
                     checksum_replace16(wire_read16(place), (uint16_t)real_sum, (uint16_t)new_sum));
    }
}

/* Transport ---------------------------------------------------------------------------------- */

/* The length of a header with options, by its data offset in units of 4 bytes. */
static uint32_t length_in_words(uint32_t words, uint32_t minimum)
{
    return words * 4 < minimum ? 0 : words * 4;
}

/* The length of a transport header, 0 when it is none that we know. Four bytes can be read, of TCP
 * and DCCP the whole fixed header. */
static uint32_t transport_length(const struct privacy_headers *headers,
                                 const struct privacy_transport *transport)
{
    const uint8_t *bytes = headers->real + transport->offset;
    switch (transport->protocol) {
    case PROTOCOL_TCP:
        return length_in_words(bytes[offsetof(struct wire_tcp, data_offset)] >> 4, TCP_MIN_SIZE);
    case PROTOCOL_DCCP:
        return length_in_words(bytes[4], DCCP_MIN_SIZE);
    case PROTOCOL_UDP:
    case PROTOCOL_UDP_LITE:
        return UDP_SIZE;
    case PROTOCOL_SCTP:
        return SCTP_SIZE;
    default:
        return 0;
    }
}

/* TCP options by kind and length. Of those that we do not know to be without addresses (Multipath
 * TCP has some), kind and length stay. */
static void tcp_options(const struct privacy_headers *headers, uint32_t offset, uint32_t end)
{
    enum { KNOWN = 1 << 2 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 8, NOTHING = 1 };
    uint32_t at = offset;
    while (at < end && headers->real[at] != 0) {
        uint8_t kind = headers->real[at];
        uint32_t length = kind == NOTHING ? 1 : at + 1 < end ? headers->real[at + 1] : 0;
        if (kind != NOTHING && (length < 2 || at + length > end)) {
            break;
        }
        if (kind != NOTHING && (kind > 8 || (KNOWN >> kind & 1) == 0)) {
            privacy_blank(headers, at + 2, length - 2);
        }
        at += length;
    }
    privacy_blank(headers, at, end - at);
}

/* Where the checksum is, from the header's first byte; 0: it has none that covers addresses. */
static uint32_t checksum_place(uint8_t protocol)
{
    switch (protocol) {
    case PROTOCOL_TCP:
        return TCP_CHECKSUM_OFFSET;
    case PROTOCOL_UDP:
    case PROTOCOL_UDP_LITE:
    case PROTOCOL_DCCP:
        return UDP_CHECKSUM_OFFSET;
    case PROTOCOL_ICMP:
    case PROTOCOL_ICMPV6:
        return ICMP_CHECKSUM_OFFSET;
    default:
        return 0;
    }
}

/* The end of what the checksum covers: all, but for the protocols that may leave out data
 * (RFC 3828, 3.1; RFC 4340, 9.2). */
static uint32_t covered_end(const struct privacy_headers *headers,
                            const struct privacy_transport *transport)
{
    const uint8_t *bytes = headers->real + transport->offset;
    uint32_t covered = 0;
    if (transport->protocol == PROTOCOL_UDP_LITE) {
        covered = wire_read16(bytes + 4);
    } else if (transport->protocol == PROTOCOL_DCCP && (bytes[5] & 15) != 0) {
        covered = (uint32_t)bytes[4] * 4 + ((bytes[5] & 15U) - 1) * 4;
    }
    uint32_t length = transport->end - transport->offset;
    return transport->offset + (covered == 0 || covered > length ? length : covered);
}

/* A sum that the sender left to others covers the addresses only so far, and is no complement. */
static void partial_sum(const struct privacy_headers *headers,
                        const struct privacy_transport *transport, uint32_t place)
{
    uint8_t *field = headers->bytes + place;
    uint16_t complement = (uint16_t)~wire_read16(field);
    wire_write16(field, (uint16_t)~checksum_replace16(complement, (uint16_t)transport->real_sum,
                                                      (uint16_t)transport->new_sum));
}

/* The sum of the one header in a tunnel is what is still to be finished, not that of this one. */
static int is_deeper(const struct privacy_headers *headers,
                     const struct privacy_transport *transport)
{
    enum { TUNNEL_MIN = UDP_SIZE + IPV4_MIN_SIZE };
    return headers->partial_start >= transport->offset + TUNNEL_MIN;
}

void privacy_transport_checksum(const struct privacy_headers *headers,
                                const struct privacy_transport *transport, uint32_t headers_end)
{
    uint32_t place = transport->offset + checksum_place(transport->protocol);
    int is_none = transport->protocol == PROTOCOL_UDP && wire_read16(headers->real + place) == 0;
    if (place == transport->offset || is_none) {
        return;
    }
    if (headers->partial_start != 0 && !is_deeper(headers, transport)) {
        partial_sum(headers, transport, place);
        return;
    }
    uint32_t end = covered_end(headers, transport);
    uint32_t new_end = headers_end < end ? headers_end : end;
    /* Of a datagram in fragments nobody has the rest, nor of what is cut off. */
    uint32_t real_end = headers->masks && !transport->is_fragment ? end : new_end;
    uint32_t offset = transport->offset;
    uint32_t new_sum = transport->protocol == PROTOCOL_ICMP ? 0 : transport->new_sum;
    uint32_t real_sum = transport->protocol == PROTOCOL_ICMP ? 0 : transport->real_sum;
    real_sum = checksum_add(real_sum, headers->real + offset, real_end - offset);
    new_sum = checksum_add(new_sum, headers->bytes + offset, new_end - offset);
    privacy_checksum_at(headers, place, real_sum, new_sum);
    if (transport->protocol == PROTOCOL_UDP && wire_read16(headers->bytes + place) == 0) {
        wire_write16(headers->bytes + place, 0xffff); /* 0 stands for none */
    }
}

uint32_t privacy_transport(const struct privacy_headers *headers,
                           const struct privacy_transport *transport)
{
    uint32_t offset = transport->offset;
    uint32_t end = transport->end < headers->available ? transport->end : headers->available;
    uint32_t fixed = transport->protocol == PROTOCOL_TCP    ? TCP_MIN_SIZE
                     : transport->protocol == PROTOCOL_DCCP ? DCCP_MIN_SIZE
                                                            : ICMP_MIN_SIZE;
    if (offset + fixed > end) {
        return offset;
    }
    uint32_t headers_end = 0;
    if (transport->protocol == PROTOCOL_ICMP) {
        headers_end = privacy_icmp(headers, offset, end);
    } else if (transport->protocol == PROTOCOL_ICMPV6) {
        headers_end = privacy_icmpv6(headers, offset, end);
    } else {
        headers_end = offset + transport_length(headers, transport);
    }
    if (headers_end > end || headers_end == offset) {
        return offset;
    }
    if (transport->protocol == PROTOCOL_TCP) {
        tcp_options(headers, offset + TCP_MIN_SIZE, headers_end);
    }
    privacy_transport_checksum(headers, transport, headers_end);
    return headers_end;
}

/* Ethernet ----------------------------------------------------------------------------------- */

/* ARP for IPv4 over Ethernet; others count as not understood. */
static uint32_t arp_treat(const struct privacy_headers *headers, uint32_t offset)
{
    if (offset + ARP_IPV4_SIZE > headers->available) {
        return offset;
    }
    const struct wire_arp *arp = (const struct wire_arp *)(headers->real + offset);
    if (be16_get(arp->hardware_type) != ARP_HARDWARE_ETHERNET ||
        be16_get(arp->protocol_type) != ETHER_TYPE_IPV4 || arp->hardware_size != MAC_SIZE ||
        arp->protocol_size != 4) {
        return offset;
    }
    privacy_mac_at(headers, offset + (uint32_t)offsetof(struct wire_arp, sender_mac));
    privacy_ipv4_at(headers, offset + (uint32_t)offsetof(struct wire_arp, sender_ip));
    privacy_mac_at(headers, offset + (uint32_t)offsetof(struct wire_arp, target_mac));
    privacy_ipv4_at(headers, offset + (uint32_t)offsetof(struct wire_arp, target_ip));
    return offset + ARP_IPV4_SIZE;
}

/* Steps over the tags; returns where the network header begins. */
static uint32_t tags_skip(const struct privacy_headers *headers, uint16_t *type)
{
    uint32_t offset = ETHERNET_SIZE;
    *type = wire_read16(headers->real + offset - 2);
    for (unsigned tags = 0; tags < PARSE_TAGS_MAX && parse_is_tag(*type); tags++) {
        if (offset + VLAN_TAG_SIZE > headers->available) {
            *type = 0;
            break;
        }
        offset += VLAN_TAG_SIZE;
        *type = wire_read16(headers->real + offset - 2);
    }
    return offset;
}

uint32_t privacy_headers_treat(const struct privacy_headers *headers)
{
    struct privacy_transport transport = {0};
    uint16_t type;
    if (headers->available < ETHERNET_SIZE) {
        return 0;
    }
    privacy_mac_at(headers, 0);
    privacy_mac_at(headers, MAC_SIZE);
    uint32_t offset = tags_skip(headers, &type);
    switch (type) {
    case ETHER_TYPE_IPV4:
        offset = privacy_ipv4(headers, offset, headers->length, &transport);
        break;
    case ETHER_TYPE_IPV6:
        offset = privacy_ipv6(headers, offset, headers->length, &transport);
        break;
    case ETHER_TYPE_ARP:
        offset = arp_treat(headers, offset);
        break;
    default:
        break;
    }
    return transport.offset != 0 ? privacy_transport(headers, &transport) : offset;
}
