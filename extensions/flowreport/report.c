/* SPDX-License-Identifier: Apache-2.0 */
/* The headers around a message, and how the collector is found. */
#include <xsw/error_set.h>

#include "extensions/flowreport/report.h"

#include <arpa/inet.h>
#include <string.h>

enum {
    TYPE_IPV4 = 0x0800,
    TYPE_ARP = 0x0806,
    TYPE_IPV6 = 0x86dd,
    PROTOCOL_UDP = 17,
    ETHERNET_SIZE = 14,
    IPV4_SIZE = 20,
    IPV6_SIZE = 40,
    UDP_SIZE = 8,
    ARP_SIZE = 28,
    HOP_LIMIT = 64,
    IPFIX_VERSION = 10,
    TEXT_SHOWN = 60
};

static uint16_t read16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static void write16(uint8_t *bytes, uint32_t value)
{
    bytes[0] = (uint8_t)(value >> 8);
    bytes[1] = (uint8_t)value;
}

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef";
    const char *found = strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);
    return c == '\0' || found == NULL ? -1 : (int)(found - digits);
}

static enum xsw_status parse_mac(uint8_t *mac, const char *name, const char *text,
                                 struct xsw_error *error)
{
    /* The first digit that is none ends the walk, so that it never passes the end of the text. */
    for (unsigned i = 0; i < REPORT_MAC_SIZE; i++) {
        int high = hex_digit(text[3 * i]);
        int low = high < 0 ? -1 : hex_digit(text[3 * i + 1]);
        if (low < 0 || text[3 * i + 2] != (i < REPORT_MAC_SIZE - 1 ? ':' : '\0')) {
            return xsw_error_set(error, XSW_INVALID,
                                 "%s \"%.*s\": expected a MAC address such as 02:00:00:00:00:01",
                                 name, TEXT_SHOWN, text);
        }
        mac[i] = (uint8_t)(high << 4 | low);
    }
    if ((mac[0] & 1) != 0) {
        return xsw_error_set(error, XSW_INVALID,
                             "%s %s: expected the address of one station, not of a group", name,
                             text);
    }
    return XSW_OK;
}

static uint64_t mac_value(const uint8_t *mac)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < REPORT_MAC_SIZE; i++) {
        value = value << 8 | mac[i];
    }
    return value;
}

static void mac_write(uint8_t *mac, uint64_t value)
{
    for (unsigned i = REPORT_MAC_SIZE; i-- > 0; value >>= 8) {
        mac[i] = (uint8_t)value;
    }
}

enum xsw_status report_way_parse(struct report_way *way, const char *collector, const char *own,
                                 const char *mac, const char *own_mac, struct xsw_error *error)
{
    uint8_t given[REPORT_MAC_SIZE];
    way->family = inet_pton(AF_INET, collector, way->collector) == 1 ? 4 : 6;
    if (way->family == 6 && inet_pton(AF_INET6, collector, way->collector) != 1) {
        return xsw_error_set(
            error, XSW_INVALID,
            "collector \"%.*s\": expected the IPv4 or IPv6 address of the collector", TEXT_SHOWN,
            collector);
    }
    if (inet_pton(way->family == 4 ? AF_INET : AF_INET6, own, way->own) != 1) {
        return xsw_error_set(
            error, XSW_INVALID,
            "address \"%.*s\": expected an IPv%u address, as that of the collector", TEXT_SHOWN,
            own, way->family);
    }
    enum xsw_status status = parse_mac(way->own_mac, "mac", own_mac, error);
    if (status != XSW_OK || mac[0] == '\0') {
        return status;
    }
    status = parse_mac(given, "collector-mac", mac, error);
    way->is_mac_given = 1;
    atomic_store_explicit(&way->collector_mac, mac_value(given), memory_order_relaxed);
    return status;
}

/* The MAC address of the one who has the collector's address, null when the packet does not tell.
 */
static const uint8_t *find_owner(const struct report_way *way, const struct xsw_packet *packet)
{
    uint32_t at = packet->l3_offset;
    const uint8_t *header = packet->data + at;
    if (packet->ether_type == TYPE_ARP && packet->length >= ETHERNET_SIZE + ARP_SIZE) {
        /* It stands behind the type, wherever tags have moved that. */
        uint32_t arp_at = ETHERNET_SIZE + ((packet->flags & XSW_PACKET_TAGGED) != 0 ? 4 : 0);
        const uint8_t *arp = packet->data + arp_at;
        int is_his = way->family == 4 && packet->length >= arp_at + ARP_SIZE &&
                     read16(arp + 2) == TYPE_IPV4 && memcmp(arp + 14, way->collector, 4) == 0;
        return is_his ? arp + 8 : NULL;
    }
    if (at == 0) {
        return NULL;
    }
    int is_his = way->family == 4
                     ? packet->ether_type == TYPE_IPV4 && at + IPV4_SIZE <= packet->length &&
                           memcmp(header + 12, way->collector, 4) == 0
                     : packet->ether_type == TYPE_IPV6 && at + IPV6_SIZE <= packet->length &&
                           memcmp(header + 8, way->collector, 16) == 0;
    return is_his ? packet->data + REPORT_MAC_SIZE : NULL;
}

void report_learn(struct report_way *way, const struct xsw_packet *packet)
{
    const uint8_t *mac =
        way->is_mac_given || packet->injector != 0 ? NULL : find_owner(way, packet);
    if (mac == NULL || (mac[0] & 1) != 0) {
        return;
    }
    uint64_t value = mac_value(mac);
    if (value != atomic_load_explicit(&way->collector_mac, memory_order_relaxed)) {
        atomic_store_explicit(&way->collector_mac, value, memory_order_relaxed);
    }
}

int report_is_one(const struct xsw_packet *packet)
{
    uint32_t at = packet->l4_offset;
    if (packet->injector == 0 || packet->ip_protocol != PROTOCOL_UDP || at == 0 ||
        at + UDP_SIZE + 4 > packet->length || (packet->flags & XSW_PACKET_FRAGMENT) != 0) {
        return 0;
    }
    const uint8_t *udp = packet->data + at;
    return read16(udp + UDP_SIZE) == IPFIX_VERSION &&
           read16(udp + UDP_SIZE + 2) + UDP_SIZE == read16(udp + 4);
}

uint32_t report_headers_size(const struct report_way *way)
{
    return ETHERNET_SIZE + (way->family == 4 ? IPV4_SIZE : IPV6_SIZE) + UDP_SIZE;
}

/* Adds bytes to a sum of 16-bit words; an odd byte can only be the last. */
static uint32_t sum_add(uint32_t sum, const uint8_t *bytes, uint32_t length)
{
    for (uint32_t at = 0; at < length; at += 2) {
        sum += (uint32_t)bytes[at] << 8 | (at + 1 < length ? bytes[at + 1] : 0u);
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return sum;
}

static void write_ipv4(const struct report_way *way, uint8_t *header, uint32_t length)
{
    memset(header, 0, IPV4_SIZE);
    header[0] = 0x45;
    write16(header + 2, IPV4_SIZE + length);
    header[6] = 0x40; /* not to be fragmented: it fits */
    header[8] = HOP_LIMIT;
    header[9] = PROTOCOL_UDP;
    memcpy(header + 12, way->own, 4);
    memcpy(header + 16, way->collector, 4);
    write16(header + 10, ~sum_add(0, header, IPV4_SIZE));
}

static void write_ipv6(const struct report_way *way, uint8_t *header, uint32_t length)
{
    memset(header, 0, IPV6_SIZE);
    header[0] = 0x60;
    write16(header + 4, length);
    header[6] = PROTOCOL_UDP;
    header[7] = HOP_LIMIT;
    memcpy(header + 8, way->own, 16);
    memcpy(header + 24, way->collector, 16);
}

static void write_udp(const struct report_way *way, uint8_t *header, uint32_t length)
{
    uint32_t address_size = way->family == 4 ? 4 : 16;
    write16(header, way->port);
    write16(header + 2, way->port);
    write16(header + 4, length);
    write16(header + 6, 0);
    uint32_t sum = sum_add(PROTOCOL_UDP + length, way->own, address_size);
    sum = sum_add(sum, way->collector, address_size);
    sum = sum_add(sum, header, length);
    write16(header + 6, sum == 0xffff ? 0xffff : ~sum);
}

void report_headers_write(const struct report_way *way, uint8_t *frame, uint32_t length)
{
    uint8_t *ip = frame + ETHERNET_SIZE;
    uint32_t ip_size = way->family == 4 ? IPV4_SIZE : IPV6_SIZE;
    mac_write(frame, atomic_load_explicit(&way->collector_mac, memory_order_relaxed));
    memcpy(frame + REPORT_MAC_SIZE, way->own_mac, REPORT_MAC_SIZE);
    write16(frame + 12, way->family == 4 ? TYPE_IPV4 : TYPE_IPV6);
    if (way->family == 4) {
        write_ipv4(way, ip, UDP_SIZE + length);
    } else {
        write_ipv6(way, ip, UDP_SIZE + length);
    }
    write_udp(way, ip + ip_size, UDP_SIZE + length);
}

void report_arp_write(const struct report_way *way, uint8_t *frame)
{
    uint8_t *arp = frame + ETHERNET_SIZE;
    memset(frame, 0xff, REPORT_MAC_SIZE);
    memcpy(frame + REPORT_MAC_SIZE, way->own_mac, REPORT_MAC_SIZE);
    write16(frame + 12, TYPE_ARP);
    memset(arp, 0, ARP_SIZE);
    write16(arp, 1); /* Ethernet */
    write16(arp + 2, TYPE_IPV4);
    arp[4] = REPORT_MAC_SIZE;
    arp[5] = 4;
    write16(arp + 6, 1); /* who has */
    memcpy(arp + 8, way->own_mac, REPORT_MAC_SIZE);
    memcpy(arp + 14, way->own, 4);
    memcpy(arp + 24, way->collector, 4);
}
