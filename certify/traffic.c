/* SPDX-License-Identifier: Apache-2.0 */
#include "certify/traffic.h"

#include <stdbool.h>
#include <string.h>

#include "packet/checksum.h"
#include "packet/wire.h"

uint64_t traffic_random(struct traffic *traffic)
{
    traffic->random ^= traffic->random << 13;
    traffic->random ^= traffic->random >> 7;
    traffic->random ^= traffic->random << 17;
    return traffic->random;
}

static uint16_t random_station(struct traffic *traffic)
{
    return (uint16_t)(1 + traffic_random(traffic) % TRAFFIC_STATIONS);
}

static void put(struct traffic_frame *frame, const void *bytes, size_t length)
{
    memcpy(frame->bytes + frame->length, bytes, length);
    frame->length += (uint32_t)length;
}

static void put16(struct traffic_frame *frame, uint16_t value)
{
    uint8_t bytes[2];
    wire_write16(bytes, value);
    put(frame, bytes, sizeof(bytes));
}

static void put_zeros(struct traffic_frame *frame, size_t length)
{
    memset(frame->bytes + frame->length, 0, length);
    frame->length += (uint32_t)length;
}

/* Addresses only: the type follows. */
static void ethernet_put(struct traffic_frame *frame, uint16_t from, const uint8_t to[6])
{
    const uint8_t source[6] = {2, 0, 0, 0, 0, (uint8_t)from};
    frame->length = 0;
    frame->port = from;
    frame->offload = (struct xsw_offload){0};
    put(frame, to, 6);
    put(frame, source, 6);
}

struct datagram {
    uint8_t protocol;
    bool is_v6;
    uint16_t from, to;
    uint16_t fragment; /* of the IPv4 header */
    uint32_t payload;
};

static void ipv4_put(struct traffic_frame *frame, const struct datagram *datagram,
                     uint32_t transport)
{
    uint32_t start = frame->length;
    uint8_t header[IPV4_MIN_SIZE] = {0x45, 0, 0, 0, 0x12, 0x34, 0, 0, 64, datagram->protocol};
    wire_write16(header + 2, (uint16_t)(IPV4_MIN_SIZE + transport));
    wire_write16(header + 6, datagram->fragment);
    const uint8_t addresses[8] = {10, 0, 0, (uint8_t)datagram->from,
                                  10, 0, 0, (uint8_t)datagram->to};
    memcpy(header + 12, addresses, sizeof(addresses));
    put(frame, header, sizeof(header));
    wire_write16(frame->bytes + start + 10,
                 checksum_close(checksum_add(0, frame->bytes + start, IPV4_MIN_SIZE)));
}

static void ipv6_put(struct traffic_frame *frame, const struct datagram *datagram,
                     uint32_t transport)
{
    uint8_t header[IPV6_SIZE] = {0x60};
    wire_write16(header + 4, (uint16_t)transport);
    header[6] = datagram->protocol;
    header[7] = 64;
    header[8] = header[24] = 0xfd;
    header[23] = (uint8_t)datagram->from;
    header[39] = (uint8_t)datagram->to;
    put(frame, header, sizeof(header));
}

static uint32_t pseudo_sum(const struct traffic_frame *frame, uint32_t network, bool is_v6,
                           uint8_t protocol, uint32_t length)
{
    const uint8_t *ip = frame->bytes + network;
    if (protocol == PROTOCOL_ICMP) {
        return 0;
    }
    return is_v6 ? checksum_pseudo_ipv6(ip + 8, ip + 24, protocol, length)
                 : checksum_pseudo_ipv4(ip + 12, ip + 16, protocol, length);
}

/* Everything behind the EtherType. A frame to be segmented has a partial checksum. */
static void datagram_put(struct traffic_frame *frame, const struct datagram *datagram)
{
    static const uint8_t tcp[TCP_MIN_SIZE] = {0x13, 0x88, 0, 80, 0,    0,    0,    1,
                                              0,    0,    0, 2,  0x50, 0x10, 0xff, 0xff};
    static const uint8_t udp[UDP_SIZE] = {0x13, 0x88, 0, 53};
    static const uint8_t echo[8] = {8, 0, 0, 0, 0, 5, 0, 1};
    bool is_tcp = datagram->protocol == PROTOCOL_TCP;
    bool is_udp = datagram->protocol == PROTOCOL_UDP;
    uint32_t header = is_tcp ? TCP_MIN_SIZE : UDP_SIZE;
    uint32_t transport = header + datagram->payload;
    uint32_t network = frame->length;
    (datagram->is_v6 ? ipv6_put : ipv4_put)(frame, datagram, transport);
    uint32_t start = frame->length;
    put(frame, is_tcp ? tcp : is_udp ? udp : echo, header);
    if (is_udp) {
        wire_write16(frame->bytes + start + 4, (uint16_t)transport);
    } else if (!is_tcp && datagram->is_v6) {
        frame->bytes[start] = ICMPV6_ECHO_REQUEST;
    }
    for (uint32_t i = 0; i < datagram->payload; i++) {
        frame->bytes[frame->length++] = (uint8_t)(i * 7 + datagram->payload);
    }
    uint32_t offset = is_tcp ? TCP_CHECKSUM_OFFSET : is_udp ? UDP_CHECKSUM_OFFSET : 2;
    uint32_t sum = pseudo_sum(frame, network, datagram->is_v6, datagram->protocol, transport);
    if (datagram->payload > TRAFFIC_MTU) {
        wire_write16(frame->bytes + start + offset, (uint16_t)sum);
        frame->offload = (struct xsw_offload){
            .flags = XSW_OFFLOAD_NEEDS_CHECKSUM,
            .gso_type = datagram->is_v6 ? XSW_GSO_TCPV6 : XSW_GSO_TCPV4,
            .header_length = (uint16_t)(start + header),
            .gso_size = 1400,
            .csum_start = (uint16_t)start,
            .csum_offset = (uint16_t)offset,
        };
        return;
    }
    uint16_t done = checksum_close(checksum_add(sum, frame->bytes + start, transport));
    wire_write16(frame->bytes + start + offset, is_udp && done == 0 ? 0xffff : done);
}

void traffic_announce(struct traffic_frame *frame, uint16_t station)
{
    static const uint8_t everybody[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    ethernet_put(frame, station, everybody);
    put16(frame, ETHER_TYPE_ARP);
    const uint8_t request[ARP_IPV4_SIZE] = {
        0, 1, 8, 0, 6, 4, 0,  1, 2, 0, 0, 0, 0, (uint8_t)station, 10, 0, 0, (uint8_t)station,
        0, 0, 0, 0, 0, 0, 10, 0, 0, 1};
    put(frame, request, sizeof(request));
    put_zeros(frame, 60 - frame->length);
}

void traffic_between(struct traffic_frame *frame, uint16_t from, uint16_t to, uint32_t number)
{
    const uint8_t mac[6] = {2, 0, 0, 0, 0, (uint8_t)to};
    struct datagram datagram = {
        .protocol = PROTOCOL_UDP, .from = from, .to = to, .payload = 64 + number % 512};
    ethernet_put(frame, from, mac);
    put16(frame, ETHER_TYPE_IPV4);
    datagram_put(frame, &datagram);
    wire_write32(frame->bytes + 42, number);
    wire_write16(frame->bytes + 40, 0); /* no checksum: it is the number that counts */
}

static void destination_choose(struct traffic *traffic, uint16_t to, uint8_t mac[6])
{
    static const uint8_t everybody[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    static const uint8_t group[6] = {1, 0, 0x5e, 0, 0, 5};
    const uint8_t station[6] = {2, 0, 0, 0, 0, (uint8_t)to};
    uint64_t choice = traffic_random(traffic) % 16;
    memcpy(mac, choice == 0 ? everybody : choice == 1 ? group : station, 6);
}

static void make(struct traffic *traffic, struct traffic_frame *frame, bool may_be_large)
{
    static const uint8_t protocols[4] = {PROTOCOL_TCP, PROTOCOL_UDP, PROTOCOL_ICMP, PROTOCOL_TCP};
    uint64_t choice = traffic_random(traffic);
    uint8_t mac[6];
    struct datagram datagram = {.protocol = protocols[choice & 3], .is_v6 = choice >> 2 & 1};
    datagram.from = random_station(traffic);
    do {
        datagram.to = random_station(traffic);
    } while (datagram.to == datagram.from);
    traffic->count++;
    if (choice % 23 == 0) {
        traffic_announce(frame, datagram.from);
        return;
    }
    destination_choose(traffic, datagram.to, mac);
    ethernet_put(frame, datagram.from, mac);
    if (choice >> 8 & 1 && datagram.from == TRAFFIC_STATIONS) {
        put16(frame, ETHER_TYPE_VLAN); /* the last station is on a trunk */
        put16(frame, (uint16_t)((choice >> 16 & 7) << VLAN_PRIORITY_SHIFT | 20));
    }
    datagram.payload = (uint32_t)(choice >> 24) % 1400;
    if (may_be_large && datagram.protocol == PROTOCOL_TCP && (choice >> 40) % 8 == 0) {
        datagram.payload = 2000 + (uint32_t)(choice >> 24) % 40000;
    } else if (!datagram.is_v6 && datagram.protocol == PROTOCOL_UDP && choice >> 44 & 1) {
        datagram.fragment = (uint16_t)(choice >> 48 & 1 ? 0x2000 : 0x0010);
    }
    if (datagram.is_v6 && datagram.protocol == PROTOCOL_ICMP) {
        datagram.protocol = PROTOCOL_ICMPV6;
    }
    put16(frame, datagram.is_v6 ? ETHER_TYPE_IPV6 : ETHER_TYPE_IPV4);
    datagram_put(frame, &datagram);
}

void traffic_make(struct traffic *traffic, struct traffic_frame *frame)
{
    make(traffic, frame, true);
}

void traffic_make_plain(struct traffic *traffic, struct traffic_frame *frame)
{
    make(traffic, frame, false);
}

/* Offload fields that say what is not so. */
static void offload_lie(struct traffic *traffic, struct traffic_frame *frame)
{
    uint64_t lie = traffic_random(traffic);
    frame->offload = (struct xsw_offload){
        .flags = (uint8_t)(lie & 3),
        .gso_type = (uint8_t)(lie >> 8 & 5),
        .header_length = (uint16_t)(lie >> 16 & 0x1ff),
        .gso_size = (uint16_t)(lie >> 32 & 0xfff),
        .csum_start = (uint16_t)(lie >> 44 & 0x7f),
        .csum_offset = (uint16_t)(lie >> 52 & 0x1f),
    };
}

void traffic_make_bad(struct traffic *traffic, struct traffic_frame *frame)
{
    traffic_make(traffic, frame);
    uint64_t choice = traffic_random(traffic);
    for (uint64_t bends = choice & 7; bends > 0; bends--) {
        uint64_t at = traffic_random(traffic);
        frame->bytes[at % (frame->length < 90 ? frame->length : 90)] = (uint8_t)(at >> 32);
    }
    switch (choice >> 8 & 7) {
    case 0: /* cut off somewhere in the headers, down to nothing */
        frame->length = (uint32_t)((choice >> 16) % 80 % (frame->length + 1));
        break;
    case 1: /* longer than any MTU */
        memset(frame->bytes + frame->length, 0x5a, TRAFFIC_FRAME_MAX - frame->length);
        frame->length = 1515 + (uint32_t)((choice >> 16) % (TRAFFIC_FRAME_MAX - 2000));
        break;
    case 2:
        offload_lie(traffic, frame);
        break;
    case 3: /* lengths of the IP header that lie */
        wire_write16(frame->bytes + 16, (uint16_t)(choice >> 16));
        frame->bytes[14] = (uint8_t)(choice >> 32);
        break;
    default:
        break;
    }
}
