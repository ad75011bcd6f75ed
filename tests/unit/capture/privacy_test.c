/* SPDX-License-Identifier: Apache-2.0 */
/* What is left of a frame: its headers, other addresses, and checksums that judge as before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <xsw/packet.h>

#include "support/privacy_rig.h"

/* Any frame ---------------------------------------------------------------------------------- */

static void nothing_real_is_left_of_any_frame(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4000; i++) {
        frame_make_random(&frame, &dice);
        addresses_fill();
        frame_finish(&frame);
        treat(HIDE);
        addresses_absent(&frame);
        treat(HIDE_AND_CUT);
        addresses_absent(&frame);
    }
}

static void a_right_checksum_stays_right(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4000; i++) {
        frame_make_random(&frame, &dice);
        assert_true(frame_is_valid(&frame));
        treat(MASK);
        assert_true(frame_is_valid(&out));
        treat(HIDE);
        assert_true(frame_is_valid(&out));
    }
}

static void a_wrong_checksum_stays_wrong(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4000; i++) {
        frame_make_random(&frame, &dice);
        size_t end = frame.length;
        size_t place = frame_checksum_place(&frame);
        if (frame.protocol == PROTOCOL_UDP && !frame.is_v6 && frame_random(&dice) % 4 == 0) {
            place = frame.network + 10; /* the IP header's */
        }
        /* Not to another spelling of the same number: 0 and ffff. */
        uint16_t checksum = wire_read16(frame.bytes + place);
        wire_write16(frame.bytes + place, checksum ^ 0x0180);
        assert_false(frame_is_valid(&frame));
        treat(HIDE);
        assert_int_equal(out.length, end);
        assert_false(frame_is_valid(&out));
    }
}

/* What is captured when the rest is cut off is what is captured of the whole. */
static void headers_do_not_depend_on_the_snap_length(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        static struct frame whole;
        frame_make_random(&frame, &dice);
        addresses_fill();
        treat(HIDE);
        whole = out;
        for (uint32_t snap = 0; snap <= 80; snap += 1 + (uint32_t)(frame_random(&dice) % 7)) {
            treat_snapped(HIDE, snap);
            assert_int_equal(out_captured, snap < frame.length ? snap : frame.length);
            assert_memory_equal(out.bytes, whole.bytes, out_captured);
        }
    }
}

static void both_directions_of_a_flow_have_the_same_pseudonyms(void **state)
{
    uint8_t forth[14 + 20];
    (void)state;
    frame_ethernet(&frame, ETHER_TYPE_IPV4);
    frame_ipv4(&frame, PROTOCOL_TCP);
    frame_tcp(&frame, TCP_SYN);
    addresses_fill();
    frame_finish(&frame);
    treat(HIDE);
    memcpy(forth, out.bytes, sizeof(forth));

    uint8_t swapped[6];
    memcpy(swapped, frame.bytes, 6);
    memcpy(frame.bytes, frame.bytes + 6, 6);
    memcpy(frame.bytes + 6, swapped, 6);
    memcpy(swapped, frame.bytes + 26, 4);
    memcpy(frame.bytes + 26, frame.bytes + 30, 4);
    memcpy(frame.bytes + 30, swapped, 4);
    treat(HIDE);
    assert_memory_equal(out.bytes, forth + 6, 6);
    assert_memory_equal(out.bytes + 6, forth, 6);
    assert_memory_equal(out.bytes + 26, forth + 30, 4);
    assert_memory_equal(out.bytes + 30, forth + 26, 4);
}

/* Where headers end -------------------------------------------------------------------------- */

static void tcp_headers_end_behind_the_options(void **state)
{
    static const uint8_t options[12] = {2, 4, 5, 0xb4, 1, 1, 4, 2, 3, 3, 7, 0};
    (void)state;
    frame_ethernet(&frame, ETHER_TYPE_VLAN);
    frame_tag(&frame, 5, ETHER_TYPE_IPV4);
    frame_ipv4(&frame, PROTOCOL_TCP);
    frame_tcp(&frame, TCP_SYN);
    frame.bytes[frame.transport + 12] = 0x80;
    frame_put(&frame, options, sizeof(options));
    payload_put(100);
    frame_finish(&frame);
    headers_expect(18 + 20 + 32);
    treat(HIDE);
    assert_memory_equal(out.bytes + 18 + 40, options, sizeof(options));
}

static void an_address_in_a_tcp_option_is_blanked(void **state)
{
    /* Multipath TCP, ADD_ADDR, RFC 8684, 3.4.1 */
    static const uint8_t options[12] = {30, 8, 0x34, 1, 192, 183, 147, 213, 3, 3, 7, 0};
    (void)state;
    frame_ethernet(&frame, ETHER_TYPE_IPV4);
    frame_ipv4(&frame, PROTOCOL_TCP);
    frame_tcp(&frame, TCP_ACK);
    frame.bytes[frame.transport + 12] = 0x80;
    frame_put(&frame, options, sizeof(options));
    frame_finish(&frame);
    treat(HIDE);
    assert_memory_equal(out.bytes + 54, "\x1e\x08\0\0\0\0\0\0\x03\x03\x07\0", 12);
    assert_true(frame_is_valid(&out));
    treat(MASK);
    assert_memory_equal(out.bytes + 54, options, sizeof(options));
}

static void a_tunnel_ends_with_the_outer_headers(void **state)
{
    (void)state;
    frame_ethernet(&frame, ETHER_TYPE_IPV4);
    frame_ipv4(&frame, PROTOCOL_UDP);
    frame_udp(&frame);
    wire_write16(frame.bytes + frame.transport + 2, 4789);
    payload_put(8 + 60);
    frame_finish(&frame);
    headers_expect(14 + 20 + 8);
    frame_ethernet(&frame, ETHER_TYPE_IPV4);
    frame_ipv4(&frame, PROTOCOL_GRE);
    payload_put(60);
    frame_finish(&frame);
    headers_expect(14 + 20);
}

static void of_what_is_not_understood_the_ethernet_header_is_left(void **state)
{
    static const uint16_t types[] = {ETHER_TYPE_LLDP, 0x8847, 0x0026, 0x8035, 0};
    (void)state;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        frame_ethernet(&frame, types[i]);
        payload_put(60);
        headers_expect(14);
    }
    frame_ethernet(&frame, ETHER_TYPE_IPV4); /* no IP header at all */
    payload_put(60);
    headers_expect(14);
    frame_ethernet(&frame, ETHER_TYPE_IPV6);
    payload_put(60);
    headers_expect(14);
    frame_ethernet(&frame, ETHER_TYPE_ARP);
    payload_put(60);
    headers_expect(14);
}

static void a_frame_without_an_ethernet_header_is_not_shown(void **state)
{
    (void)state;
    frame_ethernet(&frame, ETHER_TYPE_IPV4);
    frame.length = 13;
    treat(CUT);
    assert_int_equal(out_captured, 0);
    treat(HIDE);
    assert_int_equal(out_captured, 13);
    zeros_expect(0);
}

static void later_fragments_end_with_the_ip_header(void **state)
{
    (void)state;
    frame_ethernet(&frame, ETHER_TYPE_IPV4);
    frame_ipv4(&frame, PROTOCOL_UDP);
    payload_put(80);
    frame_finish(&frame);
    wire_write16(frame.bytes + 14 + 6, 0x2010);
    headers_expect(34);
    frame_ethernet(&frame, ETHER_TYPE_IPV6);
    frame_ipv6(&frame, PROTOCOL_FRAGMENT);
    frame_extension(&frame, PROTOCOL_UDP);
    wire_write16(frame.bytes + 14 + 40 + 2, 0x0108);
    payload_put(80);
    frame_finish(&frame);
    headers_expect(14 + 40 + 8);
}

static void lengths_that_lie_end_the_headers(void **state)
{
    (void)state;
    frame_ethernet(&frame, ETHER_TYPE_IPV4);
    frame_ipv4(&frame, PROTOCOL_TCP);
    frame_tcp(&frame, TCP_ACK);
    payload_put(40);
    frame_finish(&frame);
    frame.bytes[frame.transport + 12] = 0xf0; /* 60 bytes of header, which are there */
    headers_expect(14 + 20 + 60);
    frame.length -= 1; /* and now are not: nor is what the IP header says */
    headers_expect(14 + 20);
    frame.bytes[frame.transport + 12] = 0x40;
    frame.length += 1;
    headers_expect(14 + 20);
    frame.bytes[14] = 0x4f; /* IP options up to the last byte but one of the segment */
    headers_expect(14 + 60);
}

static void addresses_go_too_where_lengths_lie(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4000; i++) {
        frame_make_random(&frame, &dice);
        addresses_fill();
        /* Any byte of the headers but the addresses, or the end. */
        uint32_t at = 14 + (uint32_t)(frame_random(&dice) % 60);
        uint32_t first = (uint32_t)frame.network + (frame.is_v6 ? 8 : 12);
        uint32_t last = first + (frame.is_v6 ? 32 : 8);
        if (at < frame.length && (at < first || at >= last)) {
            frame.bytes[at] = (uint8_t)frame_random(&dice);
        }
        if (frame_random(&dice) % 2 == 0) {
            frame.length = frame_random(&dice) % frame.length;
        }
        treat(HIDE);
        addresses_absent(&frame);
    }
}

/* Sums that are still to be finished ----------------------------------------------------------- */

static void a_partial_checksum_is_finished_to_a_right_one(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        static struct frame whole;
        frame_make_random(&frame, &dice);
        if (frame.protocol != PROTOCOL_TCP && frame.protocol != PROTOCOL_UDP) {
            continue;
        }
        /* As a kernel leaves it: the sum of the pseudo header, no complement. */
        wire_write16(frame.bytes + frame_checksum_place(&frame),
                     (uint16_t)slow_transport_sum(&frame));
        struct privacy_frame in = {.bytes = frame.bytes,
                                   .length = (uint32_t)frame.length,
                                   .captured_length = (uint32_t)frame.length,
                                   .rx_length = (uint32_t)frame.length,
                                   .csum_start = (uint16_t)frame.transport,
                                   .offload_flags = XSW_OFFLOAD_NEEDS_CHECKSUM};
        struct privacy_frame treated;
        privacy_apply(made[HIDE], 0, &in, &treated);
        whole = frame;
        memcpy(whole.bytes, treated.bytes, frame.length);
        uint8_t *place = whole.bytes + frame_checksum_place(&whole);
        wire_write16(
            place, slow_checksum(0, whole.bytes + whole.transport, whole.length - whole.transport));
        assert_true(frame_is_valid(&whole));
    }
}

static void udp_without_a_checksum_stays_without(void **state)
{
    (void)state;
    frame_ethernet(&frame, ETHER_TYPE_IPV4);
    frame_ipv4(&frame, PROTOCOL_UDP);
    frame_udp(&frame);
    payload_put(30);
    frame_finish(&frame);
    wire_write16(frame.bytes + frame.transport + 6, 0);
    treat(HIDE);
    assert_int_equal(wire_read16(out.bytes + frame.transport + 6), 0);
}

/* Zero would say that there is none; its other spelling is ffff. */
static void a_udp_checksum_never_becomes_zero(void **state)
{
    unsigned spelled = 0;
    (void)state;
    frame_ethernet(&frame, ETHER_TYPE_IPV4);
    frame_ipv4(&frame, PROTOCOL_UDP);
    frame_udp(&frame);
    payload_put(4);
    for (uint32_t port = 0; port < 1 << 16; port++) {
        wire_write16(frame.bytes + frame.transport, (uint16_t)port);
        frame_finish(&frame);
        treat(HIDE);
        uint16_t checksum = wire_read16(out.bytes + frame.transport + 6);
        assert_int_not_equal(checksum, 0);
        spelled += checksum == 0xffff;
    }
    assert_int_not_equal(spelled, 0);
}

static void the_same_key_gives_the_same_frame_in_another_session(void **state)
{
    struct privacy *other = NULL;
    struct privacy_options options = {.pseudonyms = 1};
    (void)state;
    memset(options.key, 0x5a, sizeof(options.key));
    assert_int_equal(privacy_create(&options, 2, &other, NULL), XSW_OK);
    frame_make_random(&frame, &dice);
    treat(HIDE);
    struct privacy_frame in = {.bytes = frame.bytes,
                               .length = (uint32_t)frame.length,
                               .captured_length = (uint32_t)frame.length,
                               .rx_length = (uint32_t)frame.length};
    struct privacy_frame treated;
    privacy_apply(other, 1, &in, &treated);
    assert_memory_equal(treated.bytes, out.bytes, frame.length);
    privacy_destroy(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_real_is_left_of_any_frame),
        cmocka_unit_test(a_right_checksum_stays_right),
        cmocka_unit_test(a_wrong_checksum_stays_wrong),
        cmocka_unit_test(headers_do_not_depend_on_the_snap_length),
        cmocka_unit_test(both_directions_of_a_flow_have_the_same_pseudonyms),
        cmocka_unit_test(tcp_headers_end_behind_the_options),
        cmocka_unit_test(an_address_in_a_tcp_option_is_blanked),
        cmocka_unit_test(a_tunnel_ends_with_the_outer_headers),
        cmocka_unit_test(of_what_is_not_understood_the_ethernet_header_is_left),
        cmocka_unit_test(a_frame_without_an_ethernet_header_is_not_shown),
        cmocka_unit_test(later_fragments_end_with_the_ip_header),
        cmocka_unit_test(lengths_that_lie_end_the_headers),
        cmocka_unit_test(addresses_go_too_where_lengths_lie),
        cmocka_unit_test(a_partial_checksum_is_finished_to_a_right_one),
        cmocka_unit_test(udp_without_a_checksum_stays_without),
        cmocka_unit_test(a_udp_checksum_never_becomes_zero),
        cmocka_unit_test(the_same_key_gives_the_same_frame_in_another_session),
    };
    return cmocka_run_group_tests_name("privacy", tests, privacy_rig_setup, privacy_rig_teardown);
}
