/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/checksum.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "unit/packet/frames.h"

static void sum_is_that_of_the_example_in_rfc_1071(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
    assert_int_equal(checksum_add(0, bytes, sizeof bytes), 0xddf2);
    assert_int_equal(checksum_close(0xddf2), 0x220d);
}

static void update_is_that_of_the_example_in_rfc_1624(void **state)
{
    (void)state;
    assert_int_equal(checksum_replace16(0xdd2f, 0x5555, 0x3285), 0x0000);
}

static void sum_equals_the_slow_one_for_every_length(void **state)
{
    (void)state;
    uint8_t bytes[300];
    uint64_t random = 3;
    for (size_t length = 0; length <= sizeof bytes; length++) {
        for (size_t i = 0; i < length; i++) {
            bytes[i] = length % 7 == 0 ? 0xff : (uint8_t)frame_random(&random);
        }
        assert_int_equal(checksum_close(checksum_add(0, bytes, length)),
                         slow_checksum(0, bytes, length));
    }
}

static void a_64_kib_packet_of_ones_does_not_overflow(void **state)
{
    (void)state;
    static uint8_t bytes[65536 + 64];
    memset(bytes, 0xff, sizeof bytes);
    assert_int_equal(checksum_close(checksum_add(0xffff, bytes, sizeof bytes)), 0);
}

static void pieces_sum_to_the_whole(void **state)
{
    (void)state;
    uint8_t bytes[64];
    uint64_t random = 4;
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)frame_random(&random);
    }
    for (size_t cut = 0; cut <= sizeof bytes; cut += 2) {
        uint32_t sum = checksum_add(0, bytes, cut);
        sum = checksum_add(sum, bytes + cut, sizeof bytes - cut);
        assert_int_equal(sum, checksum_add(0, bytes, sizeof bytes));
    }
}

static void replacing_equals_summing_again(void **state)
{
    (void)state;
    uint64_t random = 5;
    for (unsigned round = 0; round < 20000; round++) {
        uint8_t bytes[40], fresh[16];
        for (size_t i = 0; i < sizeof bytes; i++) {
            bytes[i] = (uint8_t)frame_random(&random);
        }
        uint16_t checksum = slow_checksum(0, bytes, sizeof bytes);
        for (size_t i = 0; i < sizeof fresh; i++) {
            fresh[i] = (uint8_t)frame_random(&random);
        }
        for (size_t at = 0; at < sizeof fresh; at += 2) {
            checksum =
                checksum_replace16(checksum, wire_read16(bytes + 8 + at), wire_read16(fresh + at));
        }
        memcpy(bytes + 8, fresh, sizeof fresh);
        assert_int_equal(checksum, slow_checksum(0, bytes, sizeof bytes));
    }
}

/* Leaves in the frame what a kernel leaves there for the offload: the pseudo header's sum. */
static struct xsw_packet partial_packet(struct frame *frame)
{
    uint8_t *ip = frame->bytes + frame->network;
    uint32_t length = (uint32_t)(frame->length - frame->transport);
    uint32_t sum = frame->is_v6 ? checksum_pseudo_ipv6(ip + 8, ip + 24, frame->protocol, length)
                                : checksum_pseudo_ipv4(ip + 12, ip + 16, frame->protocol, length);
    size_t place = frame_checksum_place(frame);
    wire_write16(frame->bytes + place, (uint16_t)sum);
    return (struct xsw_packet){
        .data = frame->bytes,
        .length = (uint32_t)frame->length,
        .offload = {.flags = XSW_OFFLOAD_NEEDS_CHECKSUM,
                    .csum_start = (uint16_t)frame->transport,
                    .csum_offset = (uint16_t)(place - frame->transport)},
    };
}

static void finishing_makes_valid_checksums(void **state)
{
    (void)state;
    uint64_t random = 6;
    for (unsigned round = 0; round < 5000; round++) {
        struct frame frame;
        frame_make_random(&frame, &random);
        if (frame.protocol == PROTOCOL_ICMP) {
            continue; /* has no pseudo header */
        }
        struct xsw_packet packet = partial_packet(&frame);
        assert_int_equal(checksum_finish(&packet), XSW_OK);
        assert_true(frame_is_valid(&frame));
        assert_int_equal(packet.offload.flags, 0);
    }
}

static void finishing_never_leaves_a_zero(void **state)
{
    (void)state;
    struct frame frame;
    frame_ethernet(&frame, ETHER_TYPE_IPV4);
    frame_ipv4(&frame, PROTOCOL_UDP);
    frame_udp(&frame);
    frame_put16(&frame, 0);
    frame_finish(&frame);
    /* The payload that makes the checksum zero is the checksum without it. */
    wire_write16(frame.bytes + 42, wire_read16(frame.bytes + 40));
    struct xsw_packet packet = partial_packet(&frame);
    assert_int_equal(checksum_finish(&packet), XSW_OK);
    assert_int_equal(wire_read16(frame.bytes + 40), 0xffff);
    assert_true(frame_is_valid(&frame));
}

static void finishing_refuses_a_place_outside_of_the_frame(void **state)
{
    (void)state;
    uint8_t bytes[60] = {0};
    struct xsw_packet packet = {.data = bytes, .length = sizeof bytes};
    packet.offload = (struct xsw_offload){
        .flags = XSW_OFFLOAD_NEEDS_CHECKSUM, .csum_start = 50, .csum_offset = 9};
    assert_int_equal(checksum_finish(&packet), XSW_INVALID);
    packet.offload.csum_start = 65535;
    packet.offload.csum_offset = 65535;
    assert_int_equal(checksum_finish(&packet), XSW_INVALID);
    packet.offload.flags = 0;
    assert_int_equal(checksum_finish(&packet), XSW_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sum_is_that_of_the_example_in_rfc_1071),
        cmocka_unit_test(update_is_that_of_the_example_in_rfc_1624),
        cmocka_unit_test(sum_equals_the_slow_one_for_every_length),
        cmocka_unit_test(a_64_kib_packet_of_ones_does_not_overflow),
        cmocka_unit_test(pieces_sum_to_the_whole),
        cmocka_unit_test(replacing_equals_summing_again),
        cmocka_unit_test(finishing_makes_valid_checksums),
        cmocka_unit_test(finishing_never_leaves_a_zero),
        cmocka_unit_test(finishing_refuses_a_place_outside_of_the_frame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
