/* SPDX-License-Identifier: Apache-2.0 */
/* The guards' walk over the headers. It is stricter than the parser's: where the parser says "no
 * transport header", a receiver may still find one, so everything up to the end of the frame
 * counts, whatever the lengths in the headers say. What cannot be seen because it is in a later
 * fragment, or behind more headers than we walk, is refused. */
#include "switch/policy/guards.h"

#include "packet/parse.h"
#include "packet/wire.h"
#include "switch/path/reasons.h"

enum {
    SNAP_SIZE = 8, /* LLC aa aa 03, organisation 00 00 00, an EtherType (RFC 1042) */
    SNAP_CONTROL = 0x03000000,
    DHCP_SERVER = 67,
    DHCP_CLIENT = 68,
    DHCP_REPLY = 2, /* "op" of a BOOTREPLY (RFC 2131, 2) */
    DHCPV6_CLIENT = 546,
    DHCPV6_SERVER = 547,
    DHCPV6_ADVERTISE = 2, /* RFC 8415, 7.3 */
    DHCPV6_REPLY = 7,
    DHCPV6_RECONFIGURE = 10,
    DHCPV6_RELAY_REPLY = 13,
    ICMP_REDIRECT = 5,      /* RFC 792 */
    ICMP_ROUTER_ADVERT = 9, /* RFC 1256 */
    ICMPV6_REDIRECT = 137   /* RFC 4861 */
};

/* What is looked at: bytes from `at` to `end` belong to a protocol. */
struct view {
    const uint8_t *data;
    uint32_t at, end;
    uint8_t is_first_fragment; /* there is more of the packet in others */
    uint8_t is_split;          /* it will be cut into several datagrams */
};

static uint16_t reason_any(unsigned guards)
{
    return (guards & GUARD_ROUTER) != 0 ? REASON_ROUTER_GUARD : REASON_DHCP_GUARD;
}

static int view_has(const struct view *view, uint32_t size)
{
    return view->at <= view->end && size <= view->end - view->at;
}

static int is_dhcp_port(uint16_t source, uint16_t destination, int is_ipv6)
{
    uint16_t server = is_ipv6 ? DHCPV6_SERVER : DHCP_SERVER;
    uint16_t client = is_ipv6 ? DHCPV6_CLIENT : DHCP_CLIENT;
    return source == server || destination == server || destination == client;
}

/* Clients do not ask from which port an answer comes: what tells a server is the kind of message.
 */
static uint16_t dhcp_check(const struct view *view, int is_ipv6)
{
    if (!view_has(view, UDP_SIZE)) {
        return view->is_first_fragment ? REASON_DHCP_GUARD : REASON_NONE;
    }
    const uint8_t *udp = view->data + view->at;
    if (!is_dhcp_port(wire_read16(udp), wire_read16(udp + 2), is_ipv6)) {
        return REASON_NONE;
    }
    if (view->is_split) {
        return REASON_DHCP_GUARD; /* nobody sends several DHCP messages as one */
    }
    if (!view_has(view, UDP_SIZE + 1)) {
        return view->is_first_fragment ? REASON_DHCP_GUARD : REASON_NONE;
    }
    uint8_t kind = udp[UDP_SIZE];
    int is_server = is_ipv6 ? kind == DHCPV6_ADVERTISE || kind == DHCPV6_REPLY ||
                                  kind == DHCPV6_RECONFIGURE || kind == DHCPV6_RELAY_REPLY
                            : kind == DHCP_REPLY;
    return is_server ? REASON_DHCP_GUARD : REASON_NONE;
}

static uint16_t icmp_check(const struct view *view, int is_ipv6)
{
    if (!view_has(view, 1)) {
        return view->is_first_fragment ? REASON_ROUTER_GUARD : REASON_NONE;
    }
    uint8_t type = view->data[view->at];
    int is_router = is_ipv6 ? type == ICMPV6_ROUTER_ADVERT || type == ICMPV6_REDIRECT
                            : type == ICMP_ROUTER_ADVERT || type == ICMP_REDIRECT;
    return is_router ? REASON_ROUTER_GUARD : REASON_NONE;
}

static uint16_t transport_check(const struct view *view, uint8_t protocol, int is_ipv6,
                                unsigned guards)
{
    if (protocol == PROTOCOL_UDP && (guards & GUARD_DHCP) != 0) {
        return dhcp_check(view, is_ipv6);
    }
    if (protocol == (is_ipv6 ? PROTOCOL_ICMPV6 : PROTOCOL_ICMP) && (guards & GUARD_ROUTER) != 0) {
        return icmp_check(view, is_ipv6);
    }
    return REASON_NONE;
}

static uint16_t ipv4_check(struct view *view, unsigned guards)
{
    if (!view_has(view, IPV4_MIN_SIZE)) {
        return REASON_NONE;
    }
    const struct wire_ipv4 *ip = (const struct wire_ipv4 *)(view->data + view->at);
    uint32_t header = (uint32_t)(ip->version_ihl & 15) * 4;
    uint16_t fragment = be16_get(ip->fragment);
    if (header < IPV4_MIN_SIZE || (fragment & IPV4_FRAGMENT_OFFSET) != 0) {
        return REASON_NONE;
    }
    view->is_first_fragment = (fragment & IPV4_MORE_FRAGMENTS) != 0;
    view->at += header;
    return transport_check(view, ip->protocol, 0, guards);
}

/* The length of an extension header whose first 8 bytes can be read; 0 when it is none. */
static uint32_t extension_size(const uint8_t *header, uint8_t type)
{
    switch (type) {
    case PROTOCOL_HOP_OPTIONS:
    case PROTOCOL_ROUTING:
    case PROTOCOL_DESTINATION_OPTIONS:
    case PROTOCOL_MOBILITY:
    case PROTOCOL_HIP:
    case PROTOCOL_SHIM6:
        return (uint32_t)(header[1] + 1) * 8;
    case PROTOCOL_FRAGMENT:
        return IPV6_FRAGMENT_SIZE;
    case PROTOCOL_AH:
        return (uint32_t)(header[1] + 2) * 4;
    default:
        return 0;
    }
}

static int is_extension(uint8_t type)
{
    static const uint8_t header[2] = {0, 0};
    return extension_size(header, type) != 0;
}

static uint16_t ipv6_check(struct view *view, unsigned guards)
{
    if (!view_has(view, IPV6_SIZE)) {
        return REASON_NONE;
    }
    uint8_t type = ((const struct wire_ipv6 *)(view->data + view->at))->next_header;
    view->at += IPV6_SIZE;
    for (unsigned walked = 0; is_extension(type); walked++) {
        if (walked == GUARDS_IPV6_HEADERS_MAX) {
            return reason_any(guards);
        }
        if (!view_has(view, IPV6_FRAGMENT_SIZE)) {
            return view->is_first_fragment ? reason_any(guards) : REASON_NONE;
        }
        const uint8_t *header = view->data + view->at;
        if (type == PROTOCOL_FRAGMENT) {
            uint16_t offset = wire_read16(header + 2);
            if ((offset & IPV6_FRAGMENT_OFFSET) != 0) {
                return REASON_NONE;
            }
            view->is_first_fragment |= (offset & IPV6_MORE_FRAGMENTS) != 0;
        }
        view->at += extension_size(header, type);
        type = header[0];
    }
    return transport_check(view, type, 1, guards);
}

/* The EtherType that a receiver sees: behind all tags, and behind an LLC/SNAP header. Moves the
 * view there. False when there are more tags than anybody needs. */
static int ether_type_find(struct view *view, uint16_t *type)
{
    view->at = ETHERNET_SIZE;
    *type = wire_read16(view->data + ETHERNET_SIZE - 2);
    for (unsigned tags = 0; parse_is_tag(*type) && view_has(view, VLAN_TAG_SIZE); tags++) {
        if (tags == PARSE_TAGS_MAX) {
            return 0;
        }
        *type = wire_read16(view->data + view->at + 2);
        view->at += VLAN_TAG_SIZE;
    }
    const uint8_t *snap = view->data + view->at;
    if (*type < ETHER_TYPE_MINIMUM && view_has(view, SNAP_SIZE) && snap[0] == 0xaa &&
        snap[1] == 0xaa && wire_read32(snap + 2) == SNAP_CONTROL) {
        *type = wire_read16(snap + 6);
        view->at += SNAP_SIZE;
    }
    return 1;
}

uint16_t guards_check(const struct xsw_packet *packet, unsigned guards)
{
    if (packet->length < ETHERNET_SIZE) {
        return REASON_NONE;
    }
    struct view view = {.data = packet->data,
                        .end = packet->length,
                        .is_split = packet->offload.gso_type == XSW_GSO_UDP_L4};
    uint16_t type;
    if (!ether_type_find(&view, &type)) {
        return reason_any(guards);
    }
    if (type == ETHER_TYPE_IPV4) {
        return ipv4_check(&view, guards);
    }
    return type == ETHER_TYPE_IPV6 ? ipv6_check(&view, guards) : REASON_NONE;
}
