/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TEST_LARGE_H
#define XSW_TEST_LARGE_H

/* Packets that are to be cut, for the tests of packet/segment.h. To be included behind cmocka.h. */

#include <stdlib.h>
#include <string.h>

#include "packet/checksum.h"
#include "packet/segment.h"
#include "unit/packet/frames.h"

enum { LARGE = 65536 + 128, WAYS = 64, FIRST_ID = 0x1234, FIRST_SEQUENCE = 1 };

/* A frame of the helpers with a payload that does not fit into them. */
struct large {
    uint8_t *bytes; /* exactly as long as the frame, so that a sanitizer sees a byte too many */
    uint32_t length;
    uint32_t network, transport, headers;
    uint8_t protocol;
    int is_v6;
};

struct shape {
    int is_v6, is_tagged, has_extension;
    uint8_t protocol;
    uint8_t tcp_flags;
};

static inline struct shape shape_of(unsigned way)
{
    return (struct shape){.is_v6 = way & 1,
                          .is_tagged = way >> 1 & 1,
                          .has_extension = way >> 2 & 1,
                          .protocol = (way >> 3 & 1) != 0 ? PROTOCOL_UDP : PROTOCOL_TCP,
                          .tcp_flags = (uint8_t)(TCP_ACK | TCP_PSH | (way >> 4 & 1) |
                                                 ((way >> 5 & 1) != 0 ? TCP_CWR : 0))};
}

static inline void headers_make(struct frame *frame, const struct shape *shape)
{
    uint16_t type = shape->is_v6 ? ETHER_TYPE_IPV6 : ETHER_TYPE_IPV4;
    frame_ethernet(frame, shape->is_tagged ? ETHER_TYPE_VLAN : type);
    if (shape->is_tagged) {
        frame_tag(frame, 0x6005, type);
    }
    if (!shape->is_v6) {
        frame_ipv4(frame, shape->protocol);
    } else {
        frame_ipv6(frame, shape->has_extension ? PROTOCOL_DESTINATION_OPTIONS : shape->protocol);
        if (shape->has_extension) {
            frame_extension(frame, shape->protocol);
        }
    }
    if (shape->protocol == PROTOCOL_UDP) {
        frame_udp(frame);
        return;
    }
    frame_tcp(frame, shape->tcp_flags);
    if (shape->has_extension) {
        static const uint8_t stamps[12] = {1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8};
        frame->bytes[frame->transport + 12] = 0x80;
        frame_put(frame, stamps, sizeof(stamps));
    }
}

/* With the sum of the pseudo header where the checksum belongs, as a kernel leaves it. */
static inline void large_make(struct large *large, const struct shape *shape, uint32_t payload)
{
    struct frame frame;
    headers_make(&frame, shape);
    *large = (struct large){.length = (uint32_t)frame.length + payload,
                            .network = (uint32_t)frame.network,
                            .transport = (uint32_t)frame.transport,
                            .headers = (uint32_t)frame.length,
                            .protocol = frame.protocol,
                            .is_v6 = frame.is_v6};
    large->bytes = malloc(large->length);
    assert_non_null(large->bytes);
    memcpy(large->bytes, frame.bytes, frame.length);
    for (uint32_t i = 0; i < payload; i++) {
        large->bytes[large->headers + i] = (uint8_t)(i * 7 + (i >> 8));
    }
    uint8_t *ip = large->bytes + large->network;
    uint32_t covered = large->length - large->transport;
    wire_write16(ip + (large->is_v6 ? 4 : 2),
                 (uint16_t)(large->length - large->network - (large->is_v6 ? IPV6_SIZE : 0)));
    if (large->protocol == PROTOCOL_UDP) {
        wire_write16(large->bytes + large->transport + 4, (uint16_t)covered);
    }
    uint32_t pseudo = large->is_v6
                          ? checksum_pseudo_ipv6(ip + 8, ip + 24, large->protocol, covered)
                          : checksum_pseudo_ipv4(ip + 12, ip + 16, large->protocol, covered);
    wire_write16(large->bytes + frame_checksum_place(&frame), (uint16_t)pseudo);
}

static inline struct xsw_packet packet_of(const struct large *large, uint8_t gso_type,
                                          uint16_t gso_size)
{
    return (struct xsw_packet){
        .data = large->bytes,
        .length = large->length,
        .id = 0x1122334455667788,
        .offload = {.flags = XSW_OFFLOAD_NEEDS_CHECKSUM,
                    .gso_type = gso_type,
                    .gso_size = gso_size,
                    .header_length = (uint16_t)large->headers,
                    .csum_start = (uint16_t)large->transport,
                    .csum_offset = large->protocol == PROTOCOL_UDP ? 6 : 16}};
}

static inline uint8_t gso_type_of(const struct large *large)
{
    return large->protocol == PROTOCOL_UDP ? XSW_GSO_UDP_L4
           : large->is_v6                  ? XSW_GSO_TCPV6
                                           : XSW_GSO_TCPV4;
}

static inline void frame_is_good(const struct large *large, const uint8_t *bytes, uint32_t length)
{
    struct frame frame = {.length = length,
                          .network = large->network,
                          .transport = large->transport,
                          .protocol = large->protocol,
                          .is_v6 = large->is_v6};
    assert_true(length <= sizeof(frame.bytes));
    memcpy(frame.bytes, bytes, length);
    assert_true(frame_is_valid(&frame));
    const uint8_t *ip = bytes + large->network;
    assert_int_equal(wire_read16(ip + (large->is_v6 ? 4 : 2)),
                     length - large->network - (large->is_v6 ? IPV6_SIZE : 0));
}

#endif
