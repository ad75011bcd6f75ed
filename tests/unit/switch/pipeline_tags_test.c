/* SPDX-License-Identifier: Apache-2.0 */
/* VLAN tags and offload fields through the switch, byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "packet/parse.h"
#include "support/switch_rig.h"
#include "switch/path/reasons.h"

static struct rig rig;
static const uint16_t on_trunk[] = {10, 20, 30, 0};

static int setup(void **state)
{
    (void)state;
    rig_init(&rig, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_expect_chain(&rig);
    rig_fini(&rig);
    return 0;
}

/* `frame` with a tag behind the addresses. */
static struct frame tagged(const struct frame *frame, uint16_t type, uint16_t control)
{
    struct frame made = *frame;
    memmove(made.bytes + 16, frame->bytes + 12, frame->length - 12);
    wire_write16(made.bytes + 12, type);
    wire_write16(made.bytes + 14, control);
    made.length += VLAN_TAG_SIZE;
    return made;
}

static void access_to_access_is_byte_for_byte(void **state)
{
    (void)state;
    uint16_t a = rig_port_access(&rig, 10);
    uint16_t b = rig_port_access(&rig, 10);
    struct frame frame;
    for (uint32_t payload = 0; payload < 1400; payload += 93) {
        rig_frame(&frame, 1, 2, payload);
        rig_send(&rig, a, &frame);
        rig_expect_frame(&rig, b, &frame);
    }
}

static void a_trunk_gets_the_tag_of_the_access_port(void **state)
{
    (void)state;
    uint16_t a = rig_port_access(&rig, 20);
    uint16_t trunk = rig_port_trunk(&rig, 0, on_trunk);
    struct frame frame;
    rig_frame(&frame, 1, 2, 50);
    rig_send(&rig, a, &frame);
    struct frame expected = tagged(&frame, ETHER_TYPE_VLAN, 20);
    rig_expect_frame(&rig, trunk, &expected);
}

static void an_access_port_gets_the_frame_without_its_tag(void **state)
{
    (void)state;
    uint16_t trunk = rig_port_trunk(&rig, 0, on_trunk);
    uint16_t a = rig_port_access(&rig, 20);
    struct frame frame;
    rig_frame(&frame, 1, 2, 50);
    struct frame sent = tagged(&frame, ETHER_TYPE_VLAN, 20);
    rig_send(&rig, trunk, &sent);
    rig_expect_frame(&rig, a, &frame);
}

static void trunk_to_trunk_keeps_the_tag_and_its_priority(void **state)
{
    (void)state;
    uint16_t a = rig_port_trunk(&rig, 0, on_trunk);
    uint16_t b = rig_port_trunk(&rig, 0, on_trunk);
    struct frame frame;
    rig_frame(&frame, 1, 2, 50);
    struct frame sent = tagged(&frame, ETHER_TYPE_VLAN, 0xb000 | 30);
    rig_send(&rig, a, &sent);
    rig_expect_frame(&rig, b, &sent);
}

static void the_native_vlan_of_a_trunk_travels_untagged(void **state)
{
    (void)state;
    uint16_t a = rig_port_trunk(&rig, 20, on_trunk);
    uint16_t b = rig_port_trunk(&rig, 10, on_trunk);
    struct frame frame;
    rig_frame(&frame, 1, 2, 50);
    rig_send(&rig, a, &frame); /* VLAN 20, native at a, tagged at b */
    struct frame expected = tagged(&frame, ETHER_TYPE_VLAN, 20);
    rig_expect_frame(&rig, b, &expected);
    rig_frame(&frame, 2, 1, 50);
    expected = tagged(&frame, ETHER_TYPE_VLAN, 20);
    rig_send(&rig, b, &expected);
    rig_expect_frame(&rig, a, &frame);
}

static void a_tag_of_the_native_vlan_is_taken_and_not_given(void **state)
{
    (void)state;
    static const uint16_t ten[] = {10, 0};
    uint16_t a = rig_port_trunk(&rig, 20, ten);
    uint16_t b = rig_port_trunk(&rig, 20, ten);
    struct frame frame;
    rig_frame(&frame, 1, 2, 50);
    struct frame sent = tagged(&frame, ETHER_TYPE_VLAN, 20);
    rig_send(&rig, a, &sent);
    rig_expect_frame(&rig, b, &frame);
}

static void a_tag_does_not_count_against_the_mtu(void **state)
{
    (void)state;
    uint16_t trunk = rig_port_trunk(&rig, 0, on_trunk);
    uint16_t access = rig_port_access(&rig, 20);
    struct frame frame;
    rig_frame(&frame, 1, 2, 1500 - 28); /* with the headers of IPv4 and UDP: 1500 */
    assert_int_equal(frame.length, ETHERNET_SIZE + 1500);
    struct frame sent = tagged(&frame, ETHER_TYPE_VLAN, 20);
    rig_send(&rig, trunk, &sent);
    rig_expect_frame(&rig, access, &frame);
    rig_frame(&frame, 2, 1, 1500 - 28);
    sent = tagged(&frame, ETHER_TYPE_VLAN, 20);
    rig_send(&rig, access, &frame);
    rig_expect_frame(&rig, trunk, &sent);
}

static void a_priority_tag_gets_the_vlan_of_the_port(void **state)
{
    (void)state;
    uint16_t a = rig_port_access(&rig, 30);
    uint16_t trunk = rig_port_trunk(&rig, 0, on_trunk);
    uint16_t access = rig_port_access(&rig, 30);
    struct frame frame;
    rig_frame(&frame, 1, 9, 50);
    struct frame sent = tagged(&frame, ETHER_TYPE_VLAN, 0xe000);
    rig_send(&rig, a, &sent);
    struct frame expected = tagged(&frame, ETHER_TYPE_VLAN, 0xe000 | 30);
    rig_expect_frame(&rig, trunk, &expected);
    rig_expect_frame(&rig, access, &frame);
}

static void only_the_outer_of_nested_tags_is_the_switchs(void **state)
{
    (void)state;
    uint16_t trunk = rig_port_trunk(&rig, 0, on_trunk);
    uint16_t access = rig_port_access(&rig, 10);
    uint16_t other = rig_port_trunk(&rig, 0, on_trunk);
    struct frame frame;
    rig_frame(&frame, 1, 9, 50);
    struct frame inner = tagged(&frame, ETHER_TYPE_VLAN, 0x2000 | 77);
    struct frame outer = tagged(&inner, ETHER_TYPE_VLAN, 10);
    rig_send(&rig, trunk, &outer);
    rig_expect_frame(&rig, access, &inner);
    rig_expect_frame(&rig, other, &outer);
}

static void every_copy_of_a_flood_has_the_tag_of_its_own_port(void **state)
{
    (void)state;
    static const uint16_t others[] = {40, 0};
    uint16_t a = rig_port_access(&rig, 10);
    uint16_t trunk = rig_port_trunk(&rig, 0, on_trunk);
    uint16_t native = rig_port_trunk(&rig, 10, others);
    uint16_t access = rig_port_access(&rig, 10);
    uint16_t elsewhere = rig_port_access(&rig, 20);
    struct frame frame;
    rig_frame(&frame, 1, 9, 50);
    memset(frame.bytes, 0xff, 6);
    rig_send(&rig, a, &frame);
    struct frame expected = tagged(&frame, ETHER_TYPE_VLAN, 10);
    rig_expect_frame(&rig, trunk, &expected);
    rig_expect_frame(&rig, native, &frame);
    rig_expect_frame(&rig, access, &frame);
    rig_expect_nothing(&rig, elsewhere);
    rig_expect_nothing(&rig, a);
}

static void a_frame_that_ends_in_its_tag_does_no_harm(void **state)
{
    (void)state;
    uint16_t trunk = rig_port_trunk(&rig, 10, on_trunk);
    uint16_t access = rig_port_access(&rig, 10);
    struct frame frame;
    rig_frame_tagged(&frame, 1, 9, 10);
    for (uint32_t length = ETHERNET_SIZE; length < 40; length++) {
        rig_feed_bytes(&rig, trunk, frame.bytes, length, NULL);
    }
    rig_run(&rig);
    uint32_t arrived = rig_drain(&rig, access);
    assert_int_equal(arrived + rig_dropped_in_all(&rig), 40 - ETHERNET_SIZE);
}

/* Offload ------------------------------------------------------------------------------------ */

static struct memory_frame through(uint16_t from, uint16_t to, const struct frame *frame,
                                   const struct xsw_offload *offload)
{
    struct memory_frame got;
    rig_feed_bytes(&rig, from, frame->bytes, (uint32_t)frame->length, offload);
    rig_run(&rig);
    assert_true(rig_take(&rig, to, &got));
    return got;
}

static const struct xsw_offload segments = {.flags = XSW_OFFLOAD_NEEDS_CHECKSUM,
                                            .gso_type = XSW_GSO_TCPV4,
                                            .header_length = 54,
                                            .gso_size = 1448,
                                            .csum_start = 34,
                                            .csum_offset = 16};

static void offload_expect(const struct xsw_offload *got, int shift)
{
    struct xsw_offload expected = segments;
    expected.header_length = (uint16_t)(segments.header_length + shift);
    expected.csum_start = (uint16_t)(segments.csum_start + shift);
    assert_memory_equal(got, &expected, sizeof(expected));
}

static void segments_to_be_made_pass_whole_above_the_mtu(void **state)
{
    (void)state;
    enum { LENGTH = 65000 };
    uint16_t a = rig_port(&rig, NULL);
    uint16_t b = rig_port(&rig, NULL);
    static uint8_t bytes[LENGTH];
    struct frame head;
    frame_ethernet(&head, ETHER_TYPE_IPV4);
    frame_ipv4(&head, PROTOCOL_TCP);
    frame_tcp(&head, TCP_ACK);
    memset(bytes, 0xa5, sizeof(bytes));
    memcpy(bytes, head.bytes, head.length);
    wire_write16(bytes + 16, LENGTH - ETHERNET_SIZE);
    rig_feed_bytes(&rig, a, bytes, LENGTH, &segments);
    rig_run(&rig);
    struct memory_frame got;
    assert_true(rig_take(&rig, b, &got));
    assert_int_equal(got.length, LENGTH);
    assert_memory_equal(got.bytes, bytes, LENGTH);
    offload_expect(&got.offload, 0);
}

static void segments_above_the_mtu_are_not_a_way_around_it(void **state)
{
    (void)state;
    enum { LENGTH = 20000, PAYLOAD = 1460, HEADERS = ETHERNET_SIZE + IPV4_MIN_SIZE + TCP_MIN_SIZE };
    uint16_t a = rig_port(&rig, NULL);
    uint16_t b = rig_port(&rig, NULL);
    static uint8_t bytes[LENGTH];
    struct frame head;
    frame_ethernet(&head, ETHER_TYPE_IPV4);
    frame_ipv4(&head, PROTOCOL_TCP);
    frame_tcp(&head, TCP_ACK);
    memcpy(bytes, head.bytes, head.length);
    wire_write16(bytes + 16, LENGTH - ETHERNET_SIZE);
    _Static_assert(HEADERS + PAYLOAD == ETHERNET_SIZE + 1500, "the largest segment that fits");
    struct xsw_offload offload = {
        .gso_type = XSW_GSO_TCPV4, .gso_size = PAYLOAD, .header_length = HEADERS};
    rig_feed_bytes(&rig, a, bytes, LENGTH, &offload);
    rig_run(&rig);
    assert_int_equal(rig_drain(&rig, b), 1);
    offload.gso_size = PAYLOAD + 1;
    offload.header_length = 1; /* what the sender claims does not help it */
    rig_feed_bytes(&rig, a, bytes, LENGTH, &offload);
    rig_run(&rig);
    assert_int_equal(rig_drain(&rig, b), 0);
    assert_int_equal(rig_dropped(&rig, STAGE_RX, REASON_MTU_EXCEEDED), 1);
}

static void offsets_of_offload_move_with_the_tags(void **state)
{
    (void)state;
    uint16_t access = rig_port_access(&rig, 10);
    uint16_t trunk = rig_port_trunk(&rig, 0, on_trunk);
    struct frame frame;
    frame_ethernet(&frame, ETHER_TYPE_IPV4);
    frame_ipv4(&frame, PROTOCOL_TCP);
    frame_tcp(&frame, TCP_ACK);
    frame.length += 1800;
    frame_finish(&frame);
    struct memory_frame got = through(access, trunk, &frame, &segments);
    offload_expect(&got.offload, VLAN_TAG_SIZE);
    /* Back again, from another station, by the other way. */
    rig_frame_stations(&frame, 3, 1);
    struct frame sent = tagged(&frame, ETHER_TYPE_VLAN, 10);
    struct xsw_offload shifted = segments;
    shifted.csum_start += VLAN_TAG_SIZE;
    shifted.header_length += VLAN_TAG_SIZE;
    got = through(trunk, access, &sent, &shifted);
    offload_expect(&got.offload, 0);
}

static void a_valid_checksum_stays_valid_and_unmoved(void **state)
{
    (void)state;
    uint16_t access = rig_port_access(&rig, 10);
    uint16_t trunk = rig_port_trunk(&rig, 0, on_trunk);
    struct frame frame;
    rig_frame(&frame, 1, 2, 100);
    const struct xsw_offload valid = {.flags = XSW_OFFLOAD_CHECKSUM_VALID};
    struct memory_frame got = through(access, trunk, &frame, &valid);
    assert_memory_equal(&got.offload, &valid, sizeof(valid));
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(access_to_access_is_byte_for_byte),
        CLAIM(a_trunk_gets_the_tag_of_the_access_port),
        CLAIM(an_access_port_gets_the_frame_without_its_tag),
        CLAIM(trunk_to_trunk_keeps_the_tag_and_its_priority),
        CLAIM(the_native_vlan_of_a_trunk_travels_untagged),
        CLAIM(a_tag_of_the_native_vlan_is_taken_and_not_given),
        CLAIM(a_tag_does_not_count_against_the_mtu),
        CLAIM(a_priority_tag_gets_the_vlan_of_the_port),
        CLAIM(only_the_outer_of_nested_tags_is_the_switchs),
        CLAIM(every_copy_of_a_flood_has_the_tag_of_its_own_port),
        CLAIM(a_frame_that_ends_in_its_tag_does_no_harm),
        CLAIM(segments_to_be_made_pass_whole_above_the_mtu),
        CLAIM(segments_above_the_mtu_are_not_a_way_around_it),
        CLAIM(offsets_of_offload_move_with_the_tags),
        CLAIM(a_valid_checksum_stays_valid_and_unmoved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
