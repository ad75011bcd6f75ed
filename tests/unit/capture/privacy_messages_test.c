/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses that stand elsewhere than in the headers of the packet itself: in ARP, options, routes,
 * neighbour discovery, and the packets that ICMP errors are about. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/privacy_rig.h"

/* ARP, options, extension headers ------------------------------------------------------------ */

static void arp_gets_the_pseudonyms_that_ip_gets(void **state)
{
    static const uint8_t request[28] = {0,    1,    8,    0,    6,    4,    0,    1,    0x06, 0xb8,
                                        0x6d, 0xe2, 0xac, 0x12, 0xc0, 0xb7, 0x93, 0xd5, 0,    0,
                                        0,    0,    0,    0,    0xac, 0xb9, 0x95, 0xd3};
    static struct frame ip;
    (void)state;
    frame_ethernet(&frame, ETHER_TYPE_IPV4);
    frame_ipv4(&frame, PROTOCOL_TCP);
    frame_tcp(&frame, TCP_ACK);
    addresses_fill();
    treat(HIDE);
    ip = out;
    frame_ethernet(&frame, ETHER_TYPE_ARP);
    frame_put(&frame, request, sizeof(request));
    addresses_fill();
    memset(frame.bytes, 0xff, 6);
    payload_put(18);
    headers_expect(14 + 28);
    treat(HIDE);
    assert_memory_equal(out.bytes, frame.bytes, 6);
    assert_memory_equal(out.bytes + 6, ip.bytes + 6, 6);
    assert_memory_equal(out.bytes + 14, request, 8);
    assert_memory_equal(out.bytes + 22, ip.bytes + 6, 6);
    assert_memory_equal(out.bytes + 28, ip.bytes + 26, 4);
    assert_memory_equal(out.bytes + 32, request + 18, 6); /* not known yet */
    assert_memory_equal(out.bytes + 38, ip.bytes + 30, 4);
}

static void recorded_routes_of_ipv4_are_blanked(void **state)
{
    static const uint8_t options[12] = {7, 7, 8, 192, 183, 147, 213, 148, 4, 0, 0, 0};
    (void)state;
    frame_ethernet(&frame, ETHER_TYPE_IPV4);
    frame_ipv4(&frame, PROTOCOL_UDP);
    frame.bytes[14] = 0x48;
    frame_put(&frame, options, sizeof(options));
    frame.transport = frame.length;
    frame_udp(&frame);
    payload_put(30);
    frame_finish(&frame);
    headers_expect(14 + 32 + 8);
    treat(HIDE);
    assert_memory_equal(out.bytes + 34, "\x07\x07\0\0\0\0\0\x94\x04\0\0\0", 12);
    assert_true(frame_is_valid(&out));
}

/* Segment routing: the destination on the way is not the one that checksums are about. */
static void addresses_of_a_route_are_hidden_and_the_checksum_stays_right(void **state)
{
    uint8_t route[8 + 32] = {PROTOCOL_UDP, 4, 4, 1, 1, 0, 0, 0};
    static const uint8_t last[16] = {0xfd, 0x13, 0x99, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13};
    static const uint8_t next[16] = {0x20, 0x14, 0x98, 7, 6, 5, 4, 3, 2, 1, 9, 8, 17, 18, 19, 20};
    (void)state;
    memcpy(route + 8, last, sizeof(last));
    memcpy(route + 24, next, sizeof(next));
    frame_ethernet(&frame, ETHER_TYPE_IPV6);
    frame_ipv6(&frame, PROTOCOL_ROUTING);
    frame_put(&frame, route, sizeof(route));
    frame.transport = frame.length;
    frame.protocol = PROTOCOL_UDP;
    frame_udp(&frame);
    payload_put(20);
    /* The checksum is made and judged with the last destination in its place. */
    memcpy(frame.bytes + 38, last, sizeof(last));
    frame_finish(&frame);
    memcpy(frame.bytes + 38, next, sizeof(next));
    treat(HIDE);
    absent(last, sizeof(last));
    absent(next, sizeof(next));
    assert_memory_equal(out.bytes + 38, out.bytes + 54 + 24, 16);
    assert_int_equal(wire_read16(out.bytes + 54), wire_read16(frame.bytes + 54));
    memcpy(out.bytes + 38, out.bytes + 54 + 8, 16);
    assert_true(frame_is_valid(&out));
}

static void unknown_contents_of_extension_headers_are_blanked(void **state)
{
    /* A home address, RFC 6275, 6.3, and padding in front of it. */
    uint8_t options[24] = {PROTOCOL_NO_NEXT_HEADER, 2, 1, 2, 0, 0, 0xc9, 16};
    (void)state;
    memset(options + 8, 0xb7, 16);
    frame_ethernet(&frame, ETHER_TYPE_IPV6);
    frame_ipv6(&frame, PROTOCOL_DESTINATION_OPTIONS);
    frame_put(&frame, options, sizeof(options));
    payload_put(10);
    wire_write16(frame.bytes + 18, 34);
    headers_expect(14 + 40 + 24);
    treat(HIDE);
    assert_memory_equal(out.bytes + 54, options, 8);
    zeros_expect(14 + 40 + 8);
}

/* ICMP --------------------------------------------------------------------------------------- */

/* An error about a UDP datagram from the frame's destination to its source. */
static void error_make(int is_v6)
{
    static struct frame inner;
    frame_ethernet(&frame, ETHER_TYPE_IPV4);
    is_v6 ? frame_ipv6(&frame, PROTOCOL_UDP) : frame_ipv4(&frame, PROTOCOL_UDP);
    addresses_fill();
    frame_udp(&frame);
    payload_put(64);
    frame_finish(&frame);
    inner = frame;
    frame_ethernet(&frame, is_v6 ? ETHER_TYPE_IPV6 : ETHER_TYPE_IPV4);
    is_v6 ? frame_ipv6(&frame, PROTOCOL_ICMPV6) : frame_ipv4(&frame, PROTOCOL_ICMP);
    addresses_fill();
    frame_icmp_echo(&frame, is_v6 ? ICMPV6_UNREACHABLE : ICMP_UNREACHABLE);
    frame_put(&frame, inner.bytes + 14, inner.length - 14);
    frame_finish(&frame);
}

/* The packet within the error in `from`, taken out of it, is right. */
static void inner_expect_valid(uint32_t ip, const struct frame *from)
{
    static struct frame inner;
    inner = *from;
    inner.length = from->length - 8 - ip;
    inner.protocol = PROTOCOL_UDP;
    memcpy(inner.bytes + 14, from->bytes + 22 + ip, inner.length - 14);
    assert_true(frame_is_valid(&inner));
}

/* Most errors have only the beginning of the packet: put back what they left out, and it is right.
 */
static void a_packet_that_an_error_cuts_short_keeps_a_checksum_for_its_pseudonyms(void **state)
{
    (void)state;
    for (int is_v6 = 0; is_v6 < 2; is_v6++) {
        uint32_t ip = is_v6 ? 40 : 20;
        uint8_t payload[64];
        error_make(is_v6);
        memcpy(payload, frame.bytes + frame.length - 64, 64);
        frame.length -= 48;
        frame_finish(&frame);
        treat(HIDE);
        assert_true(frame_is_valid(&out));
        memcpy(out.bytes + out.length - 16, payload, 64);
        out.length += 48;
        inner_expect_valid(ip, &out);
    }
}

static void an_error_shows_pseudonyms_of_the_packet_that_it_is_about(void **state)
{
    (void)state;
    for (int is_v6 = 0; is_v6 < 2; is_v6++) {
        uint32_t ip = is_v6 ? 40 : 20;
        uint32_t addresses = is_v6 ? 8 : 12;
        error_make(is_v6);
        headers_expect(14 + ip + 8 + ip + 8);
        treat(HIDE);
        addresses_absent(&frame);
        assert_true(frame_is_valid(&out));
        assert_memory_equal(out.bytes + 14 + addresses, out.bytes + 22 + ip + addresses,
                            is_v6 ? 32 : 8);
        /* The inner packet is whole, and as right as it was. */
        inner_expect_valid(ip, &out);
    }
}

static void a_redirect_names_its_router_by_a_pseudonym(void **state)
{
    (void)state;
    error_make(0);
    frame.bytes[34] = 5;
    memcpy(frame.bytes + 38, frame.bytes + 26, 4);
    frame_finish(&frame);
    treat(HIDE);
    addresses_absent(&frame);
    assert_memory_equal(out.bytes + 38, out.bytes + 26, 4);
    assert_true(frame_is_valid(&out));
}

static void neighbour_discovery_has_pseudonyms_of_targets_and_links(void **state)
{
    static const uint8_t types[] = {133, 134, 135, 136, 137};
    static const uint8_t between[] = {0, 8, 16, 16, 32};
    (void)state;
    for (size_t i = 0; i < sizeof(types); i++) {
        uint8_t options[8 + 32 + 16] = {1, 1};
        frame_ethernet(&frame, ETHER_TYPE_IPV6);
        frame_ipv6(&frame, PROTOCOL_ICMPV6);
        addresses_fill();
        const uint8_t *source = frame.bytes + 14 + 8;
        frame_icmp_echo(&frame, types[i]);
        for (uint32_t put = 0; put + 16 <= between[i]; put += 16) {
            frame_put(&frame, source, 16);
        }
        if (between[i] == 8) {
            frame_put(&frame, options + 8, 8);
        }
        memcpy(options + 2, frame.bytes + 6, 6); /* the sender's link */
        options[8] = 3;                          /* a prefix */
        options[9] = 4;
        memcpy(options + 24, source, 16);
        options[40] = 14; /* a nonce: not known */
        options[41] = 2;
        memcpy(options + 42, source, 14);
        frame_put(&frame, options, sizeof(options));
        frame_finish(&frame);
        headers_expect((uint32_t)frame.length);
        treat(HIDE);
        addresses_absent(&frame);
        assert_null(memmem(out.bytes, out_captured, source, 14));
        assert_true(frame_is_valid(&out));
        uint32_t at = 14 + 40 + 8 + between[i];
        assert_memory_equal(out.bytes + at + 2, out.bytes + 6, 6);
        assert_memory_equal(out.bytes + at + 24, out.bytes + 22, 16);
        if (between[i] >= 16) {
            assert_memory_equal(out.bytes + 14 + 40 + 8, out.bytes + 22, 16);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arp_gets_the_pseudonyms_that_ip_gets),
        cmocka_unit_test(recorded_routes_of_ipv4_are_blanked),
        cmocka_unit_test(addresses_of_a_route_are_hidden_and_the_checksum_stays_right),
        cmocka_unit_test(unknown_contents_of_extension_headers_are_blanked),
        cmocka_unit_test(a_packet_that_an_error_cuts_short_keeps_a_checksum_for_its_pseudonyms),
        cmocka_unit_test(an_error_shows_pseudonyms_of_the_packet_that_it_is_about),
        cmocka_unit_test(a_redirect_names_its_router_by_a_pseudonym),
        cmocka_unit_test(neighbour_discovery_has_pseudonyms_of_targets_and_links),
    };
    return cmocka_run_group_tests_name("privacy_messages", tests, privacy_rig_setup,
                                       privacy_rig_teardown);
}
