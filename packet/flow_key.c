/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys of flows: from a parsed packet, to a hash, to text.
 */
#include "packet/flow_key.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "packet/parse.h"
#include "packet/wire.h"

static void key_from_ports(struct flow_key *key, const struct xsw_packet *packet)
{
    if (packet->l4_offset != 0 && parse_has_ports(packet->ip_protocol)) {
        key->source_port = wire_read16(packet->data + packet->l4_offset);
        key->destination_port = wire_read16(packet->data + packet->l4_offset + 2);
    }
}

static void key_from_ethernet(struct flow_key *key, const struct xsw_packet *packet)
{
    const struct wire_ethernet *ethernet = (const struct wire_ethernet *)packet->data;
    key->family = FLOW_ETHERNET;
    /* Of a frame that ends inside its tags all that is known is that a tag begins. */
    uint16_t outermost = wire_read16(packet->data + ETHERNET_SIZE - 2);
    if (key->ether_type == 0 && parse_is_tag(outermost)) {
        key->ether_type = outermost;
    }
    memcpy(key->source, ethernet->source, MAC_SIZE);
    memcpy(key->destination, ethernet->destination, MAC_SIZE);
}

void flow_key_from_packet(struct flow_key *key, const struct xsw_packet *packet)
{
    memset(key, 0, sizeof *key);
    if (packet->length < ETHERNET_SIZE) {
        return;
    }
    key->ether_type = packet->ether_type;
    const uint8_t *network = packet->data + packet->l3_offset;
    if (packet->l3_offset != 0 && packet->ether_type == ETHER_TYPE_IPV4) {
        const struct wire_ipv4 *ip = (const struct wire_ipv4 *)network;
        key->family = FLOW_IPV4;
        key->protocol = packet->ip_protocol;
        memcpy(key->source, ip->source, sizeof ip->source);
        memcpy(key->destination, ip->destination, sizeof ip->destination);
        key_from_ports(key, packet);
    } else if (packet->l3_offset != 0 && packet->ether_type == ETHER_TYPE_IPV6) {
        const struct wire_ipv6 *ip = (const struct wire_ipv6 *)network;
        key->family = FLOW_IPV6;
        key->protocol = packet->ip_protocol;
        memcpy(key->source, ip->source, sizeof ip->source);
        memcpy(key->destination, ip->destination, sizeof ip->destination);
        key_from_ports(key, packet);
    } else {
        key_from_ethernet(key, packet);
    }
}

void flow_key_from_bytes(struct flow_key *key, const uint8_t *bytes, size_t length,
                         size_t wire_length)
{
    const struct xsw_packet packet = parse_bytes(bytes, length, wire_length);
    flow_key_from_packet(key, &packet);
}

uint32_t flow_key_hash(const struct flow_key *key)
{
    /* Multiply and fold each 8 bytes (odd constant: 2^64 divided by the golden ratio), then mix.
     * The words are read in one byte order, so that a recording means the same on every machine. */
    const uint8_t *bytes = (const uint8_t *)key;
    uint64_t hash = (uint64_t)key->family << 56 | (uint64_t)key->protocol << 48 |
                    (uint64_t)key->source_port << 16 | key->destination_port;
    hash ^= (uint64_t)key->ether_type << 32;
    for (size_t at = offsetof(struct flow_key, source); at < sizeof *key; at += 8) {
        uint64_t word = (uint64_t)wire_read32(bytes + at) << 32 | wire_read32(bytes + at + 4);
        hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 32;
    }
    hash *= 0x9e3779b97f4a7c15u;
    uint32_t result = (uint32_t)(hash >> 32);
    return result == 0 ? 1 : result;
}

uint32_t flow_hash(struct xsw_packet *packet)
{
    if (packet->flow_hash == 0) {
        struct flow_key key;
        flow_key_from_packet(&key, packet);
        packet->flow_hash = flow_key_hash(&key);
    }
    return packet->flow_hash;
}

struct flow_key flow_key_reverse(const struct flow_key *key)
{
    struct flow_key reverse = *key;
    reverse.source_port = key->destination_port;
    reverse.destination_port = key->source_port;
    memcpy(reverse.source, key->destination, sizeof reverse.source);
    memcpy(reverse.destination, key->source, sizeof reverse.destination);
    return reverse;
}

const char *flow_protocol_name(uint8_t protocol, char *text, size_t size)
{
    static const struct {
        uint8_t protocol;
        const char *name;
    } names[] = {
        {PROTOCOL_ICMP, "icmp"},         {PROTOCOL_IGMP, "igmp"},
        {PROTOCOL_TCP, "tcp"},           {PROTOCOL_UDP, "udp"},
        {PROTOCOL_DCCP, "dccp"},         {PROTOCOL_GRE, "gre"},
        {PROTOCOL_ESP, "esp"},           {PROTOCOL_AH, "ah"},
        {PROTOCOL_ICMPV6, "icmp6"},      {PROTOCOL_SCTP, "sctp"},
        {PROTOCOL_UDP_LITE, "udp-lite"},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].protocol == protocol) {
            return names[i].name;
        }
    }
    snprintf(text, size, "proto-%u", protocol);
    return text;
}

/* "arp", "lldp", "type-0x1234". Returns `text` or a constant. */
static const char *flow_ether_type_name(uint16_t ether_type, char *text, size_t size)
{
    switch (ether_type) {
    case ETHER_TYPE_IPV4:
        return "ipv4";
    case ETHER_TYPE_IPV6:
        return "ipv6";
    case ETHER_TYPE_ARP:
        return "arp";
    case ETHER_TYPE_LLDP:
        return "lldp";
    default:
        snprintf(text, size, ether_type < ETHER_TYPE_MINIMUM ? "length-%u" : "type-0x%04x",
                 ether_type);
        return text;
    }
}

static void address_text(const struct flow_key *key, const uint8_t *address, char *text,
                         size_t size)
{
    if (key->family == FLOW_IPV4) {
        inet_ntop(AF_INET, address, text, (socklen_t)size);
    } else if (key->family == FLOW_IPV6) {
        inet_ntop(AF_INET6, address, text, (socklen_t)size);
    } else {
        snprintf(text, size, "%02x:%02x:%02x:%02x:%02x:%02x", address[0], address[1], address[2],
                 address[3], address[4], address[5]);
    }
}

static void endpoint_text(const struct flow_key *key, const uint8_t *address, uint16_t port,
                          char *text, size_t size)
{
    char alone[INET6_ADDRSTRLEN];
    address_text(key, address, alone, sizeof alone);
    if (!parse_has_ports(key->protocol) || (key->source_port | key->destination_port) == 0) {
        snprintf(text, size, "%s", alone);
    } else {
        snprintf(text, size, key->family == FLOW_IPV6 ? "[%s]:%u" : "%s:%u", alone, port);
    }
}

const char *flow_key_text(const struct flow_key *key, char *text, size_t size)
{
    char source[INET6_ADDRSTRLEN + 8], destination[INET6_ADDRSTRLEN + 8], name[16];
    if (key->family == FLOW_NONE) {
        snprintf(text, size, "frame without addresses");
        return text;
    }
    endpoint_text(key, key->source, key->source_port, source, sizeof source);
    endpoint_text(key, key->destination, key->destination_port, destination, sizeof destination);
    snprintf(text, size, "%s > %s %s", source, destination,
             key->family == FLOW_ETHERNET ? flow_ether_type_name(key->ether_type, name, sizeof name)
                                          : flow_protocol_name(key->protocol, name, sizeof name));
    return text;
}
