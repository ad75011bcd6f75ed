/* SPDX-License-Identifier: Apache-2.0 */
/* IP headers with what may stand in their options: routes that were taken or are to be taken. */
#include <string.h>

#include "capture/privacy/privacy_headers.h"
#include "packet/checksum.h"
#include "packet/parse.h"

/* IPv4 --------------------------------------------------------------------------------------- */

/* Options by type and length, RFC 791, 3.1. All but the router alert (RFC 2113) may hold addresses
 * or lie about it: their type and length stay, and their contents go. */
static void ipv4_options(const struct privacy_headers *headers, uint32_t offset, uint32_t end)
{
    enum { END = 0, NOTHING = 1, ROUTER_ALERT = 148 };
    uint32_t at = offset;
    while (at < end && headers->real[at] != END) {
        uint8_t type = headers->real[at];
        uint32_t length = type == NOTHING ? 1 : at + 1 < end ? headers->real[at + 1] : 0;
        if (type != NOTHING && (length < 2 || at + length > end)) {
            break;
        }
        if (type != NOTHING && type != ROUTER_ALERT) {
            privacy_blank(headers, at + 2, length - 2);
        }
        at += length;
    }
    privacy_blank(headers, at, end - at);
}

uint32_t privacy_ipv4(const struct privacy_headers *headers, uint32_t offset, uint32_t end,
                      struct privacy_transport *transport)
{
    enum { ADDRESSES = offsetof(struct wire_ipv4, source), ADDRESSES_SIZE = 8 };
    uint32_t readable = end < headers->available ? end : headers->available;
    if (offset + IPV4_MIN_SIZE > readable) {
        return offset;
    }
    const struct wire_ipv4 *ip = (const struct wire_ipv4 *)(headers->real + offset);
    uint32_t size = (uint32_t)(ip->version_ihl & 15) * 4;
    if (ip->version_ihl >> 4 != 4 || size < IPV4_MIN_SIZE || offset + size > readable) {
        return offset;
    }
    if (headers->key != NULL) {
        const uint8_t *bytes = headers->bytes + offset;
        uint32_t real_sum = checksum_add(0, headers->real + offset, size);
        privacy_ipv4_at(headers, offset + ADDRESSES);
        privacy_ipv4_at(headers, offset + ADDRESSES + 4);
        ipv4_options(headers, offset + IPV4_MIN_SIZE, offset + size);
        privacy_checksum_at(headers, offset + (uint32_t)offsetof(struct wire_ipv4, checksum),
                            real_sum, checksum_add(0, bytes, size));
        transport->real_sum = checksum_add(0, ip->source, ADDRESSES_SIZE);
        transport->new_sum = checksum_add(0, bytes + ADDRESSES, ADDRESSES_SIZE);
    }
    uint16_t fragment = be16_get(ip->fragment);
    uint32_t total = be16_get(ip->total_length);
    if ((fragment & IPV4_FRAGMENT_OFFSET) == 0 && total >= size && total <= end - offset) {
        transport->protocol = ip->protocol;
        transport->is_fragment = (fragment & IPV4_MORE_FRAGMENTS) != 0;
        transport->offset = offset + size;
        transport->end = offset + total;
    }
    return offset + size;
}

/* IPv6 --------------------------------------------------------------------------------------- */

/* RFC 8200, 4.2. Padding, the router alert and the jumbo length say nothing about anybody. */
static void ipv6_options(const struct privacy_headers *headers, uint32_t offset, uint32_t end)
{
    enum { PAD_1 = 0, PAD_N = 1, ROUTER_ALERT = 5, JUMBO = 0xc2 };
    uint32_t at = offset;
    while (at + 1 < end) {
        uint8_t type = headers->real[at];
        uint32_t length = type == PAD_1 ? 1 : 2U + headers->real[at + 1];
        if (at + length > end) {
            break;
        }
        if (type == PAD_N || (type != PAD_1 && type != ROUTER_ALERT && type != JUMBO)) {
            privacy_blank(headers, at + 2, length - 2);
        }
        at += length;
    }
    privacy_blank(headers, at, end - at);
}

/* The addresses on the way, RFC 8200, 4.4, RFC 6275, 6.4, RFC 8754, 2: pseudonyms where the type is
 * known, zeros where it is not. Returns the place of the one that is the destination at the end of
 * the way, which is the one that checksums are about; 0: the IP header's own. */
static uint32_t routing_header(const struct privacy_headers *headers, uint32_t offset,
                               uint32_t size)
{
    enum { SOURCE_ROUTE = 0, MOBILE = 2, SEGMENTS = 4, FIXED = 8, ADDRESS = 16 };
    const uint8_t *bytes = headers->real + offset;
    uint8_t type = bytes[2];
    int is_known = type == SOURCE_ROUTE || type == MOBILE || type == SEGMENTS;
    uint32_t count = is_known ? (size - FIXED) / ADDRESS : 0;
    if (type == SEGMENTS && count > bytes[4] + 1U) {
        count = bytes[4] + 1U;
    }
    for (uint32_t i = 0; i < count; i++) {
        privacy_ipv6_at(headers, offset + FIXED + i * ADDRESS);
    }
    privacy_blank(headers, offset + FIXED + count * ADDRESS, size - FIXED - count * ADDRESS);
    if (bytes[3] == 0 || count == 0) {
        return 0;
    }
    return offset + FIXED + (type == SEGMENTS ? 0 : (count - 1) * ADDRESS);
}

/* The length of the extension header at `offset`, of which 8 bytes can be read; 0: it is none. */
static uint32_t extension_length(const struct privacy_headers *headers, uint32_t offset,
                                 uint8_t type)
{
    uint32_t length = headers->real[offset + 1];
    switch (type) {
    case PROTOCOL_HOP_OPTIONS:
    case PROTOCOL_ROUTING:
    case PROTOCOL_DESTINATION_OPTIONS:
    case PROTOCOL_MOBILITY:
    case PROTOCOL_HIP:
    case PROTOCOL_SHIM6:
        return (length + 1) * 8;
    case PROTOCOL_FRAGMENT:
        return IPV6_FRAGMENT_SIZE;
    case PROTOCOL_AH:
        return (length + 2) * 4;
    default:
        return 0;
    }
}

struct chain {
    uint32_t next; /* where the header of type `protocol` begins */
    uint32_t destination;
    uint8_t protocol;
    bool is_fragment, is_later_fragment;
};

static void extension_treat(const struct privacy_headers *headers, struct chain *chain,
                            uint32_t size)
{
    const uint8_t *bytes = headers->real + chain->next;
    uint32_t end = chain->next + size;
    switch (chain->protocol) {
    case PROTOCOL_HOP_OPTIONS:
    case PROTOCOL_DESTINATION_OPTIONS:
        ipv6_options(headers, chain->next + 2, end);
        break;
    case PROTOCOL_ROUTING: {
        uint32_t last = routing_header(headers, chain->next, size);
        chain->destination = last != 0 ? last : chain->destination;
        break;
    }
    case PROTOCOL_FRAGMENT:
        chain->is_fragment = (wire_read16(bytes + 2) & IPV6_MORE_FRAGMENTS) != 0;
        chain->is_later_fragment = (wire_read16(bytes + 2) & IPV6_FRAGMENT_OFFSET) != 0;
        break;
    case PROTOCOL_AH:
        break;
    default:
        privacy_blank(headers, chain->next + 4, size - 4);
    }
}

/* Walks the extension headers up to `end`. True when what follows may be a transport header. */
static bool chain_walk(const struct privacy_headers *headers, struct chain *chain, uint32_t end)
{
    for (unsigned walked = 0; walked < PARSE_IPV6_EXTENSIONS_MAX; walked++) {
        if (chain->next + IPV6_FRAGMENT_SIZE > end) {
            return true; /* too short for an extension header; a transport header may be less */
        }
        uint32_t size = extension_length(headers, chain->next, chain->protocol);
        if (size == 0) {
            return true;
        }
        if (chain->next + size > end) {
            return false;
        }
        extension_treat(headers, chain, size);
        chain->protocol = headers->real[chain->next];
        chain->next += size;
        if (chain->is_later_fragment) {
            return false;
        }
    }
    return true;
}

uint32_t privacy_ipv6(const struct privacy_headers *headers, uint32_t offset, uint32_t end,
                      struct privacy_transport *transport)
{
    enum { ADDRESS = 16 };
    uint32_t readable = end < headers->available ? end : headers->available;
    if (offset + IPV6_SIZE > readable || headers->real[offset] >> 4 != 6) {
        return offset;
    }
    const struct wire_ipv6 *ip = (const struct wire_ipv6 *)(headers->real + offset);
    uint32_t source = offset + (uint32_t)offsetof(struct wire_ipv6, source);
    uint32_t ip_end = offset + IPV6_SIZE + be16_get(ip->payload_length);
    privacy_ipv6_at(headers, source);
    privacy_ipv6_at(headers, source + ADDRESS);
    if (ip_end > end) {
        return offset + IPV6_SIZE;
    }
    struct chain chain = {
        .next = offset + IPV6_SIZE, .destination = source + ADDRESS, .protocol = ip->next_header};
    if (chain_walk(headers, &chain, ip_end < readable ? ip_end : readable)) {
        transport->protocol = chain.protocol;
        transport->is_fragment = chain.is_fragment;
        transport->offset = chain.next;
        transport->end = ip_end;
    }
    if (headers->key != NULL) {
        transport->real_sum = checksum_add(checksum_add(0, headers->real + source, ADDRESS),
                                           headers->real + chain.destination, ADDRESS);
        transport->new_sum = checksum_add(checksum_add(0, headers->bytes + source, ADDRESS),
                                          headers->bytes + chain.destination, ADDRESS);
    }
    return chain.next;
}
