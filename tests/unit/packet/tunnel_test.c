/* SPDX-License-Identifier: Apache-2.0 */
/* Packets in tunnels, cut: outer and inner headers are valid, each by itself. */
#include "packet/tunnel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "unit/packet/large.h"

static enum xsw_status begin_with(struct xsw_packet packet)
{
    struct segmenter segmenter;
    return segmenter_begin(&segmenter, &packet);
}

/* VXLAN or Geneve with 8 bytes of options around what large_make gives; UDP's length and checksum
 * are those of the whole, as a kernel leaves them. Returns how many bytes are in front. */
static uint32_t tunnel_make(struct large *large, const struct shape *inner, int is_v6,
                            int has_options, uint32_t payload)
{
    struct frame outer;
    struct large in;
    static const uint8_t vxlan[8] = {8, 0, 0, 0, 0, 0, 7, 0};
    static const uint8_t geneve[16] = {2, 0, 0x65, 0x58, 0, 0, 7, 0, 1, 2, 3, 1};
    large_make(&in, inner, payload);
    frame_ethernet(&outer, is_v6 ? ETHER_TYPE_IPV6 : ETHER_TYPE_IPV4);
    if (is_v6) {
        frame_ipv6(&outer, PROTOCOL_UDP);
    } else {
        frame_ipv4(&outer, PROTOCOL_UDP);
    }
    frame_udp(&outer);
    frame_put(&outer, has_options ? geneve : vxlan, has_options ? 16 : 8);
    uint32_t front = (uint32_t)outer.length;
    if (!in.is_v6) {
        uint8_t *ip = in.bytes + in.network;
        wire_write16(ip + 10, 0);
        wire_write16(ip + 10, slow_checksum(0, ip, IPV4_MIN_SIZE));
    }
    large->length = front + in.length;
    large->bytes = malloc(large->length);
    assert_non_null(large->bytes);
    memcpy(large->bytes, outer.bytes, front);
    memcpy(large->bytes + front, in.bytes, in.length);
    wire_write16(large->bytes + outer.network + (is_v6 ? 4 : 2),
                 (uint16_t)(large->length - outer.network - (is_v6 ? IPV6_SIZE : 0)));
    wire_write16(large->bytes + outer.transport + 4, (uint16_t)(large->length - outer.transport));
    wire_write16(large->bytes + outer.transport + 6, 0x1234);
    large->network = (uint32_t)outer.network;
    large->transport = (uint32_t)outer.transport;
    large->protocol = in.protocol;
    large->is_v6 = is_v6;
    large->headers = front + in.headers;
    free(in.bytes);
    return front;
}

static struct xsw_packet tunnelled(const struct large *large, const struct shape *inner,
                                   uint32_t front)
{
    struct xsw_packet packet = packet_of(large, XSW_GSO_UDP_L4, 1000);
    struct frame headers;
    headers_make(&headers, inner);
    if (inner->protocol == PROTOCOL_TCP) {
        packet.offload.gso_type = inner->is_v6 ? XSW_GSO_TCPV6 : XSW_GSO_TCPV4;
    }
    packet.offload.csum_start = (uint16_t)(front + headers.transport);
    return packet;
}

/* Outer and inner headers are valid, each by itself, and the payloads give the payload. */
static void tunnel_is_right(const struct large *large, const struct shape *inner, uint32_t front)
{
    static uint8_t bytes[FRAME_MAX];
    struct segmenter segmenter;
    struct xsw_packet packet = tunnelled(large, inner, front);
    uint32_t offset = 0;
    assert_false(segment_is_plain(&packet));
    assert_int_equal(segmenter_begin(&segmenter, &packet), XSW_OK);
    assert_true(segmenter.frames > 1);
    while (!segmenter_is_done(&segmenter)) {
        uint32_t length = segmenter_write(&segmenter, bytes);
        struct large outer = *large;
        outer.protocol = PROTOCOL_UDP;
        frame_is_good(&outer, bytes, length);
        assert_int_equal(wire_read16(bytes + large->transport + 4), length - large->transport);
        struct frame in;
        headers_make(&in, inner);
        outer = (struct large){.network = (uint32_t)in.network,
                               .transport = (uint32_t)in.transport,
                               .protocol = in.protocol,
                               .is_v6 = in.is_v6};
        frame_is_good(&outer, bytes + front, length - front);
        assert_memory_equal(bytes + large->headers, large->bytes + large->headers + offset,
                            length - large->headers);
        offset += length - large->headers;
    }
    assert_int_equal(offset, large->length - large->headers);
}

static void what_is_in_a_tunnel_is_cut_by_its_inner_headers(void **state)
{
    (void)state;
    for (unsigned way = 0; way < 32; way++) {
        const struct shape inner = {.is_v6 = way & 1,
                                    .is_tagged = way >> 1 & 1,
                                    .protocol = (way >> 2 & 1) != 0 ? PROTOCOL_UDP : PROTOCOL_TCP,
                                    .tcp_flags = TCP_ACK};
        struct large large;
        uint32_t front = tunnel_make(&large, &inner, way >> 3 & 1, way >> 4 & 1, 5100);
        tunnel_is_right(&large, &inner, front);
        free(large.bytes);
    }
}

static void a_tunnel_that_is_not_known_is_refused(void **state)
{
    (void)state;
    const struct shape inner = {.protocol = PROTOCOL_TCP, .tcp_flags = TCP_ACK};
    struct large large;
    uint32_t front = tunnel_make(&large, &inner, 0, 0, 5000);
    struct xsw_packet packet = tunnelled(&large, &inner, front);
    uint32_t ip = front + ETHERNET_SIZE;
    const uint32_t places[] = {ip, ip + 3, ip + 9, ip + 12, large.network + 6, large.network + 9};
    assert_int_equal(begin_with(packet), XSW_OK);
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        large.bytes[places[i]] ^= 0x20;
        assert_int_not_equal(begin_with(packet), XSW_OK);
        assert_false(segment_is_plain(&packet));
        large.bytes[places[i]] ^= 0x20;
    }
    static uint8_t bytes[LARGE];
    for (uint32_t i = 0; i < large.headers * 8; i++) {
        struct segmenter segmenter;
        large.bytes[i / 8] ^= (uint8_t)(1 << i % 8);
        if (segmenter_begin(&segmenter, &packet) == XSW_OK) {
            assert_true(segmenter.frame_max <= sizeof(bytes));
            while (!segmenter_is_done(&segmenter)) {
                assert_true(segmenter_write(&segmenter, bytes) <= segmenter.frame_max);
            }
        }
        large.bytes[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    packet.offload.flags = 0; /* nothing tells where the inner headers are */
    assert_int_equal(begin_with(packet), XSW_UNSUPPORTED);
    free(large.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_in_a_tunnel_is_cut_by_its_inner_headers),
        cmocka_unit_test(a_tunnel_that_is_not_known_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
