/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TEST_FRAMES_H
#define XSW_TEST_FRAMES_H

/*
 * Frames for tests, put together header by header. Checksums are made by a sum of its own that is
 * slow and plain, so that it can judge ours.
 */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "packet/wire.h"

enum { FRAME_MAX = 4096 };

struct frame {
    uint8_t bytes[FRAME_MAX];
    size_t length;
    size_t network;   /* where the IP header starts */
    size_t transport; /* where what follows it starts */
    uint8_t protocol;
    int is_v6;
};

static inline void frame_put(struct frame *frame, const void *bytes, size_t length)
{
    memcpy(frame->bytes + frame->length, bytes, length);
    frame->length += length;
}

static inline void frame_put16(struct frame *frame, uint16_t value)
{
    uint8_t bytes[2] = {(uint8_t)(value >> 8), (uint8_t)value};
    frame_put(frame, bytes, sizeof bytes);
}

/* From 02:00:00:00:00:01 to 02:00:00:00:00:02. */
static inline void frame_ethernet(struct frame *frame, uint16_t type)
{
    static const uint8_t macs[12] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1};
    memset(frame, 0, sizeof *frame);
    frame_put(frame, macs, sizeof macs);
    frame_put16(frame, type);
}

/* Behind the EtherType 0x8100 or 0x88a8. */
static inline void frame_tag(struct frame *frame, uint16_t control, uint16_t type)
{
    frame_put16(frame, control);
    frame_put16(frame, type);
}

/* 10.0.0.1 to 10.0.0.2; the lengths and checksums are set by frame_finish(). */
static inline void frame_ipv4(struct frame *frame, uint8_t protocol)
{
    static const uint8_t header[20] = {0x45, 0, 0,  0, 0x12, 0x34, 0x40, 0, 64, 0,
                                       0,    0, 10, 0, 0,    1,    10,   0, 0,  2};
    frame->network = frame->length;
    frame_put(frame, header, sizeof header);
    frame->bytes[frame->network + 9] = protocol;
    frame->transport = frame->length;
    frame->protocol = protocol;
}

/* fd00::1 to fd00::2 */
static inline void frame_ipv6(struct frame *frame, uint8_t protocol)
{
    uint8_t header[40] = {0x60};
    header[6] = protocol;
    header[7] = 64;
    header[8] = header[24] = 0xfd;
    header[23] = 1;
    header[39] = 2;
    frame->network = frame->length;
    frame_put(frame, header, sizeof header);
    frame->transport = frame->length;
    frame->protocol = protocol;
    frame->is_v6 = 1;
}

/* An IPv6 extension header of 8 bytes; the header before must have named it. */
static inline void frame_extension(struct frame *frame, uint8_t next)
{
    uint8_t header[8] = {next, 0, 1, 4, 0, 0, 0, 0};
    frame_put(frame, header, sizeof header);
    frame->transport = frame->length;
    frame->protocol = next;
}

/* Ports 5000 to 80. */
static inline void frame_tcp(struct frame *frame, uint8_t flags)
{
    uint8_t header[20] = {0x13, 0x88, 0, 80, 0, 0, 0, 1, 0, 0, 0, 2, 0x50, flags, 0xff, 0xff};
    frame_put(frame, header, sizeof header);
}

static inline void frame_udp(struct frame *frame)
{
    static const uint8_t header[8] = {0x13, 0x88, 0, 53, 0, 0, 0, 0};
    frame_put(frame, header, sizeof header);
}

static inline void frame_icmp_echo(struct frame *frame, uint8_t type)
{
    uint8_t header[8] = {type, 0, 0, 0, 0, 5, 0, 1};
    frame_put(frame, header, sizeof header);
}

/* The Internet checksum as RFC 1071 says it, byte for byte. */
static inline uint16_t slow_checksum(uint32_t start, const uint8_t *bytes, size_t length)
{
    uint32_t sum = start;
    for (size_t i = 0; i < length; i++) {
        sum += i % 2 == 0 ? (uint32_t)bytes[i] << 8 : bytes[i];
        while (sum > 0xffff) {
            sum = (sum & 0xffff) + (sum >> 16);
        }
    }
    return (uint16_t)~sum;
}

static inline uint16_t slow_transport_sum(const struct frame *frame)
{
    uint8_t pseudo[40] = {0};
    size_t addresses = frame->is_v6 ? 32 : 8;
    size_t length = frame->length - frame->transport;
    memcpy(pseudo, frame->bytes + frame->network + (frame->is_v6 ? 8 : 12), addresses);
    pseudo[addresses] = (uint8_t)(length >> 8);
    pseudo[addresses + 1] = (uint8_t)length;
    pseudo[addresses + 3] = frame->protocol;
    if (frame->protocol == PROTOCOL_ICMP) {
        memset(pseudo, 0, sizeof pseudo);
    }
    return (uint16_t)~slow_checksum(0, pseudo, sizeof pseudo);
}

static inline size_t frame_checksum_place(const struct frame *frame)
{
    size_t offset = frame->protocol == PROTOCOL_TCP ? 16 : frame->protocol == PROTOCOL_UDP ? 6 : 2;
    return frame->transport + offset;
}

/* True when IP and transport checksum are right. */
static inline int frame_is_valid(const struct frame *frame)
{
    const uint8_t *ip = frame->bytes + frame->network;
    size_t header = (size_t)(ip[0] & 15) * 4;
    return (frame->is_v6 || slow_checksum(0, ip, header) == 0) &&
           slow_checksum(slow_transport_sum(frame), frame->bytes + frame->transport,
                         frame->length - frame->transport) == 0;
}

/* Sets lengths and checksums of a frame with an IP header. */
static inline void frame_finish(struct frame *frame)
{
    uint8_t *ip = frame->bytes + frame->network;
    size_t rest = frame->length - frame->transport;
    if (frame->protocol == PROTOCOL_UDP) {
        wire_write16(frame->bytes + frame->transport + 4, (uint16_t)rest);
    }
    if (frame->is_v6) {
        wire_write16(ip + 4, (uint16_t)(frame->length - frame->network - 40));
    } else {
        wire_write16(ip + 2, (uint16_t)(frame->length - frame->network));
        wire_write16(ip + 10, 0);
        wire_write16(ip + 10, slow_checksum(0, ip, (size_t)(ip[0] & 15) * 4));
    }
    uint8_t *place = frame->bytes + frame_checksum_place(frame);
    wire_write16(place, 0);
    uint16_t sum = slow_checksum(slow_transport_sum(frame), frame->bytes + frame->transport, rest);
    wire_write16(place, sum == 0 ? 0xffff : sum);
}

/* A small generator of numbers that is the same everywhere (xorshift64). */
static inline uint64_t frame_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* A frame of a random kind with random payload, right in all lengths and checksums. */
static inline void frame_make_random(struct frame *frame, uint64_t *state)
{
    static const uint8_t protocols[4] = {PROTOCOL_TCP, PROTOCOL_UDP, PROTOCOL_ICMP, PROTOCOL_TCP};
    uint64_t choice = frame_random(state);
    uint8_t protocol = protocols[choice & 3];
    int is_v6 = choice >> 2 & 1, is_tagged = choice >> 3 & 1, has_extension = choice >> 4 & 1;
    uint16_t type = is_v6 ? ETHER_TYPE_IPV6 : ETHER_TYPE_IPV4;
    frame_ethernet(frame, is_tagged ? ETHER_TYPE_VLAN : type);
    if (is_tagged) {
        frame_tag(frame, (uint16_t)(choice >> 16), type);
    }
    if (is_v6) {
        protocol = protocol == PROTOCOL_ICMP ? PROTOCOL_ICMPV6 : protocol;
        frame_ipv6(frame, has_extension ? PROTOCOL_DESTINATION_OPTIONS : protocol);
        if (has_extension) {
            frame_extension(frame, protocol);
        }
    } else {
        frame_ipv4(frame, protocol);
    }
    if (protocol == PROTOCOL_TCP) {
        frame_tcp(frame, TCP_ACK);
    } else if (protocol == PROTOCOL_UDP) {
        frame_udp(frame);
    } else {
        frame_icmp_echo(frame, is_v6 ? ICMPV6_ECHO_REQUEST : ICMP_ECHO_REQUEST);
    }
    size_t payload = frame_random(state) % 200;
    for (size_t i = 0; i < payload; i++) {
        frame->bytes[frame->length++] = (uint8_t)frame_random(state);
    }
    frame_finish(frame);
}

#endif
