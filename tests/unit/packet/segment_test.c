/* SPDX-License-Identifier: Apache-2.0 */
/* Segmentation, held against what must be true of the frames by their RFCs, whatever the packet:
 * the payloads give the payload again, all checksums are right by another way of summing, and the
 * headers differ in what they must and in nothing else. */
#include "packet/segment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "packet/checksum.h"
#include "packet/parse.h"
#include "unit/packet/large.h"

/* What the header of segment `index` must be, made by hand from that of the packet. */
static void headers_are_as_expected(const struct large *large, const uint8_t *bytes, uint32_t index,
                                    uint32_t offset, int is_last)
{
    uint8_t expected[256];
    uint32_t at = large->transport;
    memcpy(expected, large->bytes, large->headers);
    uint32_t length_at = large->network + (large->is_v6 ? 4 : 2);
    memcpy(expected + length_at, bytes + length_at, 2); /* looked at in frame_is_good */
    if (!large->is_v6) {
        wire_write16(expected + large->network + 4, (uint16_t)(FIRST_ID + index));
        memcpy(expected + large->network + 10, bytes + large->network + 10, 2);
    }
    if (large->protocol == PROTOCOL_TCP) {
        wire_write32(expected + at + 4, FIRST_SEQUENCE + offset);
        expected[at + 13] &= (uint8_t) ~(is_last ? 0 : TCP_FIN | TCP_PSH);
        expected[at + 13] &= (uint8_t) ~(index == 0 ? 0 : TCP_CWR);
        memcpy(expected + at + 16, bytes + at + 16, 2);
    } else {
        memcpy(expected + at + 4, bytes + at + 4, 4);
    }
    assert_memory_equal(bytes, expected, large->headers);
}

static void segments_are_right(const struct large *large, uint16_t gso_size, uint8_t gso_flags)
{
    struct xsw_packet packet =
        packet_of(large, (uint8_t)(gso_type_of(large) | gso_flags), gso_size);
    struct segmenter segmenter;
    assert_int_equal(segmenter_begin(&segmenter, &packet), XSW_OK);
    uint8_t *bytes = malloc(segmenter.frame_max);
    uint32_t payload = large->length - large->headers;
    uint32_t offset = 0;
    uint32_t index = 0;
    for (; !segmenter_is_done(&segmenter); index++) {
        uint32_t length = segmenter_write(&segmenter, bytes);
        assert_true(length <= segmenter.frame_max);
        uint32_t own = length - large->headers;
        int is_last = segmenter_is_done(&segmenter);
        assert_true(is_last ? own <= gso_size : own == gso_size);
        frame_is_good(large, bytes, length);
        headers_are_as_expected(large, bytes, index, offset, is_last);
        if (large->protocol == PROTOCOL_UDP) {
            assert_int_equal(wire_read16(bytes + large->transport + 4), UDP_SIZE + own);
        }
        assert_memory_equal(bytes + large->headers, large->bytes + large->headers + offset, own);
        offset += own;
    }
    assert_int_equal(offset, payload);
    assert_int_equal(index, segmenter.frames);
    assert_int_equal(index, payload == 0 ? 1 : (payload + gso_size - 1) / gso_size);
    free(bytes);
}

static void segments_of_every_shape_give_the_packet_again(void **state)
{
    (void)state;
    static const uint32_t payloads[] = {0, 1, 535, 536, 537, 1072, 9000, 40001, 65000};
    for (unsigned way = 0; way < WAYS; way++) {
        struct shape shape = shape_of(way);
        for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
            struct large large;
            large_make(&large, &shape, payloads[i]);
            segments_are_right(&large, 536, (way & 8) == 0 ? XSW_GSO_ECN : 0);
            segments_are_right(&large, 1000, 0);
            free(large.bytes);
        }
    }
}

static void padding_behind_the_ip_packet_is_not_sent(void **state)
{
    (void)state;
    struct large large;
    const struct shape shape = {.protocol = PROTOCOL_TCP, .tcp_flags = TCP_ACK};
    large_make(&large, &shape, 3000);
    large.bytes = realloc(large.bytes, large.length + 10);
    memset(large.bytes + large.length, 0xee, 10);
    struct xsw_packet packet = packet_of(&large, XSW_GSO_TCPV4, 1448);
    packet.length += 10;
    struct segmenter segmenter;
    uint8_t bytes[2000];
    uint32_t sum = 0;
    assert_int_equal(segmenter_begin(&segmenter, &packet), XSW_OK);
    while (!segmenter_is_done(&segmenter)) {
        sum += segmenter_write(&segmenter, bytes) - large.headers;
    }
    assert_int_equal(sum, 3000);
    free(large.bytes);
}

/* RFC 8200, 8.1: the pseudo header of a packet with a routing header has the final destination; the
 * sender has put it into the sum that it left. */
static void the_senders_pseudo_header_counts(void **state)
{
    (void)state;
    struct large large;
    const struct shape shape = {.is_v6 = 1, .protocol = PROTOCOL_TCP, .tcp_flags = TCP_ACK};
    large_make(&large, &shape, 3000);
    uint8_t final[16] = {0xfd, 1, 2, 3, [15] = 9};
    uint8_t *ip = large.bytes + large.network;
    wire_write16(large.bytes + large.transport + 16,
                 (uint16_t)checksum_pseudo_ipv6(ip + 8, final, PROTOCOL_TCP,
                                                large.length - large.transport));
    struct xsw_packet packet = packet_of(&large, XSW_GSO_TCPV6, 1000);
    struct segmenter segmenter;
    uint8_t bytes[2000];
    assert_int_equal(segmenter_begin(&segmenter, &packet), XSW_OK);
    while (!segmenter_is_done(&segmenter)) {
        uint32_t length = segmenter_write(&segmenter, bytes);
        memcpy(bytes + large.network + 24, final, 16);
        frame_is_good(&large, bytes, length);
    }
    free(large.bytes);
}

/* Fragments: put together as a receiver does (RFC 791, 3.2; RFC 8200, 4.5) they are the datagram,
 * with its checksum finished. */
static void fragments_are_right(const struct shape *shape, uint32_t payload, uint16_t gso_size)
{
    struct large large;
    large_make(&large, shape, payload);
    struct xsw_packet packet = packet_of(&large, XSW_GSO_UDP, gso_size);
    struct segmenter segmenter;
    assert_int_equal(segmenter_begin(&segmenter, &packet), XSW_OK);
    uint8_t *whole = calloc(1, LARGE);
    uint8_t *bytes = malloc(segmenter.frame_max);
    uint32_t gap = large.is_v6 ? IPV6_FRAGMENT_SIZE : 0;
    uint32_t end = 0;
    while (!segmenter_is_done(&segmenter)) {
        uint32_t length = segmenter_write(&segmenter, bytes);
        int is_last = segmenter_is_done(&segmenter);
        struct xsw_packet seen = parse_bytes(bytes, length, length);
        uint32_t field = wire_read16(bytes + (gap != 0 ? large.transport + 2 : large.network + 6));
        uint32_t offset = gap != 0 ? field & 0xfff8 : (field & 0x1fff) * 8;
        assert_int_equal((field & (gap != 0 ? 1 : 0x2000)) != 0, !is_last);
        assert_int_equal(offset, end);
        assert_int_equal((seen.flags & XSW_PACKET_FRAGMENT) != 0, offset != 0);
        assert_int_equal(seen.ip_protocol, PROTOCOL_UDP);
        uint32_t own = length - large.transport - gap;
        assert_true(is_last || own == gso_size / 8 * 8);
        if (gap == 0) {
            assert_int_equal(slow_checksum(0, bytes + large.network, 20), 0);
            assert_int_equal(wire_read16(bytes + large.network + 4), FIRST_ID);
        } else {
            assert_int_equal(wire_read32(bytes + large.transport + 4), 0x55667788);
        }
        memcpy(whole + large.transport + offset, bytes + large.transport + gap, own);
        end += own;
    }
    assert_int_equal(end, payload + UDP_SIZE);
    memcpy(whole, large.bytes, large.transport);
    struct xsw_packet finished = packet_of(&large, XSW_GSO_NONE, 0);
    assert_int_equal(checksum_finish(&finished), XSW_OK);
    assert_memory_equal(whole, large.bytes, large.length);
    free(whole);
    free(bytes);
    free(large.bytes);
}

static void a_datagram_is_cut_into_fragments_that_give_it_again(void **state)
{
    (void)state;
    for (unsigned way = 0; way < 8; way++) {
        struct shape shape = shape_of(way | 8);
        fragments_are_right(&shape, 4000, 1480);
        fragments_are_right(&shape, 1481, 1479);
        fragments_are_right(&shape, 60000, 1448);
    }
}

static void a_datagram_that_fits_is_no_fragment(void **state)
{
    (void)state;
    struct large large;
    const struct shape shape = {.is_v6 = 1, .protocol = PROTOCOL_UDP};
    large_make(&large, &shape, 1000);
    struct xsw_packet packet = packet_of(&large, XSW_GSO_UDP, 1448);
    struct segmenter segmenter;
    uint8_t bytes[2000];
    assert_int_equal(segmenter_begin(&segmenter, &packet), XSW_OK);
    assert_int_equal(segmenter.frames, 1);
    frame_is_good(&large, bytes, segmenter_write(&segmenter, bytes));
    free(large.bytes);
}

static void a_frame_without_offload_passes_byte_for_byte(void **state)
{
    (void)state;
    uint64_t seed = 0x9e3779b97f4a7c15;
    for (int i = 0; i < 2000; i++) {
        struct frame frame;
        uint8_t bytes[FRAME_MAX];
        frame_make_random(&frame, &seed);
        struct xsw_packet packet = {.data = frame.bytes, .length = (uint32_t)frame.length};
        struct segmenter segmenter;
        assert_int_equal(segmenter_begin(&segmenter, &packet), XSW_OK);
        assert_int_equal(segmenter.frame_max, frame.length);
        assert_int_equal(segmenter_write(&segmenter, bytes), frame.length);
        assert_true(segmenter_is_done(&segmenter));
        assert_memory_equal(bytes, frame.bytes, frame.length);
    }
}

static void an_unfinished_checksum_is_finished_in_the_copy_alone(void **state)
{
    (void)state;
    struct large large;
    const struct shape shape = {.protocol = PROTOCOL_TCP, .tcp_flags = TCP_ACK};
    large_make(&large, &shape, 700);
    struct xsw_packet packet = packet_of(&large, XSW_GSO_NONE, 0);
    uint16_t before = wire_read16(large.bytes + large.transport + 16);
    struct segmenter segmenter;
    uint8_t bytes[2000];
    assert_int_equal(segmenter_begin(&segmenter, &packet), XSW_OK);
    /* The IPv4 header's own checksum is never left to a card. */
    wire_write16(large.bytes + large.network + 10,
                 slow_checksum(0, large.bytes + large.network, 20));
    frame_is_good(&large, bytes, segmenter_write(&segmenter, bytes));
    assert_int_equal(wire_read16(large.bytes + large.transport + 16), before);
    free(large.bytes);
}

/* Every lie is refused, and nothing outside of the packet is read (under a sanitizer). */
static enum xsw_status begin_with(struct xsw_packet packet)
{
    struct segmenter segmenter;
    return segmenter_begin(&segmenter, &packet);
}

static void offload_fields_that_contradict_the_headers_are_refused(void **state)
{
    (void)state;
    struct large large;
    const struct shape shape = {.protocol = PROTOCOL_TCP, .tcp_flags = TCP_ACK};
    large_make(&large, &shape, 9000);
    struct xsw_packet good = packet_of(&large, XSW_GSO_TCPV4, 1448);
    assert_int_equal(begin_with(good), XSW_OK);
    struct xsw_packet bad = good;
    bad.offload.gso_size = 0;
    assert_int_equal(begin_with(bad), XSW_INVALID);
    bad.offload.gso_size = 2;
    assert_int_equal(begin_with(bad), XSW_UNSUPPORTED);
    static const uint8_t others[] = {XSW_GSO_TCPV6, XSW_GSO_UDP, XSW_GSO_UDP_L4, 2, 6, 0x7f};
    for (size_t i = 0; i < sizeof(others); i++) {
        bad = good;
        bad.offload.gso_type = others[i];
        assert_int_equal(begin_with(bad), XSW_UNSUPPORTED);
    }
    bad = good;
    bad.offload.csum_start += 2; /* of an inner header */
    assert_int_equal(begin_with(bad), XSW_UNSUPPORTED);
    bad = good;
    bad.offload.gso_type = XSW_GSO_NONE;
    bad.offload.csum_start = (uint16_t)(large.length - 1);
    assert_int_equal(begin_with(bad), XSW_INVALID);
    large.bytes[large.transport + 12] = 0x40; /* 16 bytes of TCP header */
    assert_int_equal(begin_with(good), XSW_INVALID);
    large.bytes[large.transport + 12] = 0x50;
    large.bytes[large.network + 6] = 0x20; /* the first fragment of more */
    assert_int_equal(begin_with(good), XSW_UNSUPPORTED);
    free(large.bytes);
}

static void no_change_of_a_byte_leads_outside_of_the_packet(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (unsigned i = 0; i < 40000; i++) {
        struct shape shape = shape_of((unsigned)frame_random(&seed));
        struct large large;
        large_make(&large, &shape, (uint32_t)(frame_random(&seed) % 3000));
        struct xsw_packet packet = packet_of(&large, i % 3 == 0 ? XSW_GSO_UDP : gso_type_of(&large),
                                             (uint16_t)(frame_random(&seed) % 1500));
        for (unsigned flips = 0; flips < 3; flips++) {
            uint64_t choice = frame_random(&seed);
            large.bytes[choice % large.headers] = (uint8_t)(choice >> 32);
        }
        struct segmenter segmenter;
        if (segmenter_begin(&segmenter, &packet) == XSW_OK) {
            uint8_t *bytes = malloc(segmenter.frame_max);
            while (!segmenter_is_done(&segmenter)) {
                assert_true(segmenter_write(&segmenter, bytes) <= segmenter.frame_max);
            }
            free(bytes);
        }
        free(large.bytes);
    }
}

static void unfinished_checksums_are_found(void **state)
{
    (void)state;
    for (unsigned way = 0; way < WAYS; way++) {
        struct shape shape = shape_of(way);
        struct large large;
        large_make(&large, &shape, 100 + way);
        struct xsw_packet packet = {.data = large.bytes, .length = large.length};
        segment_find_unfinished(&packet);
        struct xsw_packet expected = packet_of(&large, XSW_GSO_NONE, 0);
        assert_int_equal(packet.offload.flags, XSW_OFFLOAD_NEEDS_CHECKSUM);
        assert_int_equal(packet.offload.csum_start, expected.offload.csum_start);
        assert_int_equal(packet.offload.csum_offset, expected.offload.csum_offset);
        free(large.bytes);
    }
}

/* Also when its checksum is by chance the sum of the pseudo header: two bytes of payload go through
 * all values, and each frame that is taken for unfinished is finished to what it was. */
static void a_finished_checksum_is_never_spoiled(void **state)
{
    (void)state;
    unsigned taken = 0;
    struct frame frame;
    const struct shape shape = {.protocol = PROTOCOL_UDP};
    headers_make(&frame, &shape);
    frame_put(&frame, "ab", 2);
    for (uint32_t value = 0; value < 65536; value++) {
        wire_write16(frame.bytes + frame.length - 2, (uint16_t)value);
        frame_finish(&frame);
        struct frame before = frame;
        struct xsw_packet packet = {.data = frame.bytes, .length = (uint32_t)frame.length};
        segment_find_unfinished(&packet);
        taken += packet.offload.flags != 0;
        assert_int_equal(checksum_finish(&packet), XSW_OK);
        assert_memory_equal(frame.bytes, before.bytes, frame.length);
    }
    assert_true(taken > 0);
}

static void fragments_and_padded_frames_are_left_alone(void **state)
{
    (void)state;
    struct large large;
    const struct shape shape = {.protocol = PROTOCOL_UDP};
    large_make(&large, &shape, 100);
    struct xsw_packet packet = {.data = large.bytes, .length = large.length};
    large.bytes[large.network + 6] = 0x20;
    segment_find_unfinished(&packet);
    assert_int_equal(packet.offload.flags, 0);
    large.bytes[large.network + 6] = 0x40;
    wire_write16(large.bytes + large.network + 2, (uint16_t)(large.length - large.network - 1));
    segment_find_unfinished(&packet);
    assert_int_equal(packet.offload.flags, 0);
    free(large.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(segments_of_every_shape_give_the_packet_again),
        cmocka_unit_test(padding_behind_the_ip_packet_is_not_sent),
        cmocka_unit_test(the_senders_pseudo_header_counts),
        cmocka_unit_test(a_datagram_is_cut_into_fragments_that_give_it_again),
        cmocka_unit_test(a_datagram_that_fits_is_no_fragment),
        cmocka_unit_test(a_frame_without_offload_passes_byte_for_byte),
        cmocka_unit_test(an_unfinished_checksum_is_finished_in_the_copy_alone),
        cmocka_unit_test(offload_fields_that_contradict_the_headers_are_refused),
        cmocka_unit_test(no_change_of_a_byte_leads_outside_of_the_packet),
        cmocka_unit_test(unfinished_checksums_are_found),
        cmocka_unit_test(a_finished_checksum_is_never_spoiled),
        cmocka_unit_test(fragments_and_padded_frames_are_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
