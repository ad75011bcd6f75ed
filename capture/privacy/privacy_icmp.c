/* SPDX-License-Identifier: Apache-2.0 */
/* ICMP: addresses that messages are about, and the packets that errors are about. */
#include "capture/privacy/privacy_headers.h"
#include "packet/parse.h"

enum { FIXED = 8, ADDRESS = 16 };

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

enum { REDIRECT = 5 };

/* A transport header within an error: all of it when it is there, else the first 8 bytes, which is
 * what an error has to bring along. What an error within an error is about is not entered. Returns
 * its end. */
static uint32_t inner_transport(const struct privacy_headers *headers,
                                const struct privacy_transport *transport)
{
    uint32_t offset = transport->offset;
    uint32_t fixed_end = smaller(offset + FIXED, transport->end);
    bool is_icmp = transport->protocol == PROTOCOL_ICMP || transport->protocol == PROTOCOL_ICMPV6;
    if (!is_icmp) {
        uint32_t end = privacy_transport(headers, transport);
        return end == offset && parse_has_ports(transport->protocol) ? fixed_end : end;
    }
    if (offset + ICMP_MIN_SIZE > transport->end) {
        return offset;
    }
    /* Behind the first half of a redirect stands an address. */
    if (transport->protocol == PROTOCOL_ICMP && headers->real[offset] == REDIRECT) {
        fixed_end = offset + ICMP_MIN_SIZE;
    }
    privacy_transport_checksum(headers, transport, fixed_end);
    return fixed_end;
}

/* The packet that an error is about. The error may have only its beginning. */
static uint32_t inner_treat(const struct privacy_headers *headers, uint32_t offset, uint32_t end,
                            bool is_ipv6)
{
    enum { ANY_LENGTH = 1 << 20 };
    struct privacy_transport transport = {0};
    struct privacy_headers inner = *headers;
    inner.available = end;
    inner.partial_start = 0;
    uint32_t after = is_ipv6 ? privacy_ipv6(&inner, offset, ANY_LENGTH, &transport)
                             : privacy_ipv4(&inner, offset, ANY_LENGTH, &transport);
    if (transport.offset == 0) {
        return after;
    }
    transport.is_fragment |= transport.end > end;
    transport.end = smaller(transport.end, end);
    return inner_transport(&inner, &transport);
}

uint32_t privacy_icmp(const struct privacy_headers *headers, uint32_t offset, uint32_t end)
{
    enum { QUENCH = 4, PARAMETER = 12 };
    uint8_t type = headers->real[offset];
    uint32_t fixed_end = smaller(offset + FIXED, end);
    bool is_whole = fixed_end == offset + FIXED;
    if (type == REDIRECT) {
        if (!is_whole) {
            return offset + ICMP_MIN_SIZE; /* half an address */
        }
        privacy_ipv4_at(headers, offset + 4);
    }
    bool is_error = type == ICMP_UNREACHABLE || type == QUENCH || type == REDIRECT ||
                    type == ICMP_TIME_EXCEEDED || type == PARAMETER;
    return is_error && is_whole ? inner_treat(headers, fixed_end, end, false) : fixed_end;
}

/* One option of neighbour discovery, RFC 4861, 4.6; those that are not known keep type and length.
 */
static void option_treat(const struct privacy_headers *headers, uint32_t at, uint32_t length)
{
    enum {
        SOURCE_LINK = 1,
        TARGET_LINK = 2,
        PREFIX = 3,
        MTU = 5,
        RDNSS = 25,
        PREFIX_AT = 16,
        SERVERS_AT = 8
    };
    uint8_t type = headers->real[at];
    if ((type == SOURCE_LINK || type == TARGET_LINK) && length == FIXED) {
        privacy_mac_at(headers, at + 2);
    } else if (type == PREFIX && length == PREFIX_AT + ADDRESS) {
        privacy_ipv6_at(headers, at + PREFIX_AT);
    } else if (type == RDNSS) {
        uint32_t server = at + SERVERS_AT;
        for (; server + ADDRESS <= at + length; server += ADDRESS) {
            privacy_ipv6_at(headers, server);
        }
        privacy_blank(headers, server, at + length - server);
    } else if (type != MTU) {
        privacy_blank(headers, at + 2, length - 2);
    }
}

/* Returns where the options end that are whole. */
static uint32_t options_treat(const struct privacy_headers *headers, uint32_t offset, uint32_t end)
{
    uint32_t at = offset;
    while (at + FIXED <= end) {
        uint32_t length = headers->real[at + 1] * 8U;
        if (length == 0 || at + length > end) {
            break;
        }
        option_treat(headers, at, length);
        at += length;
    }
    return at;
}

/* Neighbour discovery: `addresses` stand behind the first 8 bytes, or other 8 bytes of a router's
 * advertisement, and options behind them. */
static uint32_t discovery_treat(const struct privacy_headers *headers, uint32_t offset,
                                uint32_t end, uint8_t type)
{
    enum { ND_REDIRECT = 137 };
    uint32_t at = offset + FIXED;
    uint32_t addresses = type == ND_REDIRECT                ? 2
                         : type == ICMPV6_NEIGHBOUR_SOLICIT ? 1
                         : type == ICMPV6_NEIGHBOUR_ADVERT  ? 1
                                                            : 0;
    uint32_t fixed = type == ICMPV6_ROUTER_ADVERT ? 8 : addresses * ADDRESS;
    if (at + fixed > end) {
        return smaller(at, end);
    }
    for (uint32_t i = 0; i < addresses; i++) {
        privacy_ipv6_at(headers, at + i * ADDRESS);
    }
    return options_treat(headers, at + fixed, end);
}

uint32_t privacy_icmpv6(const struct privacy_headers *headers, uint32_t offset, uint32_t end)
{
    enum { FIRST_ERROR = 1, LAST_ERROR = 4, FIRST_DISCOVERY = 133, LAST_DISCOVERY = 137 };
    uint8_t type = headers->real[offset];
    uint32_t fixed_end = smaller(offset + FIXED, end);
    if (fixed_end < offset + FIXED) {
        return fixed_end;
    }
    if (type >= FIRST_ERROR && type <= LAST_ERROR) {
        return inner_treat(headers, fixed_end, end, true);
    }
    return type >= FIRST_DISCOVERY && type <= LAST_DISCOVERY
               ? discovery_treat(headers, offset, end, type)
               : fixed_end;
}
