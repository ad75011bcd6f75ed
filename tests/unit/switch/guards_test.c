/* SPDX-License-Identifier: Apache-2.0 */
/* What the guards stop, what they let pass, and what tries to hide from them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "packet/parse.h"
#include "switch/path/reasons.h"
#include "switch/policy/guards.h"
#include "unit/packet/frames.h"

enum { BOTH = GUARD_DHCP | GUARD_ROUTER, MORE_FRAGMENTS = 0x2000 };

static uint16_t judge(const struct frame *frame, unsigned guards)
{
    /* In memory of its own, so that a sanitizer sees a read behind its end. */
    uint8_t *bytes = malloc(frame->length);
    memcpy(bytes, frame->bytes, frame->length);
    struct xsw_packet packet = {.data = bytes, .length = (uint32_t)frame->length};
    parse_packet(&packet);
    uint16_t reason = guards_check(&packet, guards);
    free(bytes);
    return reason;
}

static void ethernet(struct frame *frame, unsigned tags, uint16_t type)
{
    frame_ethernet(frame, tags > 0 ? ETHER_TYPE_VLAN : type);
    for (unsigned tag = 0; tag < tags; tag++) {
        frame_tag(frame, (uint16_t)(tag * 10), tag + 1 < tags ? ETHER_TYPE_VLAN : type);
    }
}

static void udp(struct frame *frame, uint16_t source, uint16_t destination, uint8_t kind)
{
    size_t place = frame->length;
    frame_udp(frame);
    wire_write16(frame->bytes + place, source);
    wire_write16(frame->bytes + place + 2, destination);
    frame->bytes[frame->length++] = kind;
    frame->length += 40;
    frame_finish(frame);
}

static uint16_t dhcp4(unsigned tags, uint16_t source, uint16_t destination, uint8_t kind)
{
    struct frame frame;
    ethernet(&frame, tags, ETHER_TYPE_IPV4);
    frame_ipv4(&frame, PROTOCOL_UDP);
    udp(&frame, source, destination, kind);
    return judge(&frame, BOTH);
}

static uint16_t dhcp6(uint16_t source, uint16_t destination, uint8_t kind)
{
    struct frame frame;
    ethernet(&frame, 0, ETHER_TYPE_IPV6);
    frame_ipv6(&frame, PROTOCOL_DESTINATION_OPTIONS);
    frame_extension(&frame, PROTOCOL_UDP);
    udp(&frame, source, destination, kind);
    return judge(&frame, BOTH);
}

static void a_dhcp_reply_is_stopped_from_whatever_port(void **state)
{
    (void)state;
    assert_int_equal(dhcp4(0, 67, 68, 2), REASON_DHCP_GUARD);
    assert_int_equal(dhcp4(0, 4000, 68, 2), REASON_DHCP_GUARD);
    assert_int_equal(dhcp4(0, 67, 67, 2), REASON_DHCP_GUARD);
    for (unsigned tags = 1; tags <= PARSE_TAGS_MAX; tags++) {
        assert_int_equal(dhcp4(tags, 67, 68, 2), REASON_DHCP_GUARD);
    }
}

static void what_clients_and_relays_ask_passes(void **state)
{
    (void)state;
    assert_int_equal(dhcp4(0, 68, 67, 1), REASON_NONE);
    assert_int_equal(dhcp4(0, 67, 67, 1), REASON_NONE);
    assert_int_equal(dhcp4(0, 4000, 53, 2), REASON_NONE);
    for (uint8_t kind = 1; kind <= 13; kind++) {
        int is_server = kind == 2 || kind == 7 || kind == 10 || kind == 13;
        uint16_t expected = is_server ? REASON_DHCP_GUARD : REASON_NONE;
        assert_int_equal(dhcp6(547, 546, kind), expected);
        assert_int_equal(dhcp6(9000, 546, kind), expected);
        assert_int_equal(dhcp6(546, 547, kind), expected);
    }
}

static void a_guard_that_is_off_stops_nothing(void **state)
{
    (void)state;
    struct frame frame;
    ethernet(&frame, 0, ETHER_TYPE_IPV4);
    frame_ipv4(&frame, PROTOCOL_UDP);
    udp(&frame, 67, 68, 2);
    assert_int_equal(judge(&frame, GUARD_ROUTER), REASON_NONE);
    ethernet(&frame, 0, ETHER_TYPE_IPV6);
    frame_ipv6(&frame, PROTOCOL_ICMPV6);
    frame_icmp_echo(&frame, ICMPV6_ROUTER_ADVERT);
    frame_finish(&frame);
    assert_int_equal(judge(&frame, GUARD_DHCP), REASON_NONE);
}

/* extensions: how many headers stand before ICMPv6. */
static uint16_t icmp6(unsigned extensions, uint8_t type)
{
    struct frame frame;
    ethernet(&frame, 1, ETHER_TYPE_IPV6);
    frame_ipv6(&frame, extensions > 0 ? PROTOCOL_HOP_OPTIONS : PROTOCOL_ICMPV6);
    for (unsigned i = 0; i < extensions; i++) {
        frame_extension(&frame,
                        i + 1 < extensions ? PROTOCOL_DESTINATION_OPTIONS : PROTOCOL_ICMPV6);
    }
    frame_icmp_echo(&frame, type);
    frame_finish(&frame);
    return judge(&frame, BOTH);
}

static void router_messages_are_found_behind_extension_headers(void **state)
{
    (void)state;
    for (unsigned extensions = 0; extensions <= GUARDS_IPV6_HEADERS_MAX; extensions++) {
        assert_int_equal(icmp6(extensions, ICMPV6_ROUTER_ADVERT), REASON_ROUTER_GUARD);
        assert_int_equal(icmp6(extensions, 137), REASON_ROUTER_GUARD);
        assert_int_equal(icmp6(extensions, ICMPV6_ROUTER_SOLICIT), REASON_NONE);
        assert_int_equal(icmp6(extensions, ICMPV6_NEIGHBOUR_ADVERT), REASON_NONE);
    }
    assert_int_equal(icmp6(GUARDS_IPV6_HEADERS_MAX + 1, ICMPV6_ECHO_REQUEST), REASON_ROUTER_GUARD);
}

static uint16_t icmp4(uint8_t type, uint16_t fragment)
{
    struct frame frame;
    ethernet(&frame, 0, ETHER_TYPE_IPV4);
    frame_ipv4(&frame, PROTOCOL_ICMP);
    frame_icmp_echo(&frame, type);
    wire_write16(frame.bytes + frame.network + 6, fragment);
    frame_finish(&frame);
    return judge(&frame, BOTH);
}

static void router_messages_of_ipv4_are_found(void **state)
{
    (void)state;
    assert_int_equal(icmp4(9, 0), REASON_ROUTER_GUARD);
    assert_int_equal(icmp4(5, 0), REASON_ROUTER_GUARD);
    assert_int_equal(icmp4(5, MORE_FRAGMENTS), REASON_ROUTER_GUARD);
    assert_int_equal(icmp4(5, 1), REASON_NONE); /* a later fragment: its bytes are no header */
    assert_int_equal(icmp4(ICMP_ECHO_REQUEST, 0), REASON_NONE);
}

/* next: what the fragment says it carries; payload: how many bytes of it are in it. */
static uint16_t fragment6(uint8_t next, uint16_t offset, const uint8_t *payload, size_t length)
{
    struct frame frame;
    ethernet(&frame, 0, ETHER_TYPE_IPV6);
    frame_ipv6(&frame, PROTOCOL_FRAGMENT);
    frame_put(&frame, (uint8_t[]){next, 0, (uint8_t)(offset >> 8), (uint8_t)offset, 0, 0, 0, 7}, 8);
    frame_put(&frame, payload, length);
    wire_write16(frame.bytes + frame.network + 4, (uint16_t)(8 + length));
    return judge(&frame, BOTH);
}

static void a_first_fragment_that_hides_its_header_is_stopped(void **state)
{
    (void)state;
    static const uint8_t options[8] = {PROTOCOL_ICMPV6, 0, 1, 4};
    static const uint8_t long_options[8] = {PROTOCOL_ICMPV6, 9, 1, 4};
    static const uint8_t advert[8] = {ICMPV6_ROUTER_ADVERT};
    enum { MORE = 1 };
    /* All of the options, and nothing behind them; then options that go on in the next fragment. */
    assert_int_equal(fragment6(PROTOCOL_DESTINATION_OPTIONS, MORE, options, 8),
                     REASON_ROUTER_GUARD);
    assert_int_equal(fragment6(PROTOCOL_DESTINATION_OPTIONS, MORE, long_options, 8),
                     REASON_ROUTER_GUARD);
    assert_int_equal(fragment6(PROTOCOL_DESTINATION_OPTIONS, MORE, options, 0),
                     REASON_ROUTER_GUARD);
    assert_int_equal(fragment6(PROTOCOL_ICMPV6, MORE, advert, 8), REASON_ROUTER_GUARD);
    /* The only fragment of all is as good as none. */
    assert_int_equal(fragment6(PROTOCOL_ICMPV6, 0, advert, 8), REASON_ROUTER_GUARD);
    /* A later one cannot be judged, and does no harm without the first. */
    assert_int_equal(fragment6(PROTOCOL_ICMPV6, 8 | MORE, advert, 8), REASON_NONE);
}

static void a_first_fragment_that_hides_the_kind_of_dhcp_message_is_stopped(void **state)
{
    (void)state;
    struct frame frame;
    ethernet(&frame, 0, ETHER_TYPE_IPV4);
    frame_ipv4(&frame, PROTOCOL_UDP);
    frame_udp(&frame);
    wire_write16(frame.bytes + frame.transport + 2, 68);
    wire_write16(frame.bytes + frame.network + 6, MORE_FRAGMENTS);
    frame_finish(&frame);
    assert_int_equal(judge(&frame, BOTH), REASON_DHCP_GUARD);
    wire_write16(frame.bytes + frame.transport + 2, 53);
    assert_int_equal(judge(&frame, BOTH), REASON_NONE);
}

static void segments_of_dhcp_are_stopped(void **state)
{
    (void)state;
    struct frame frame;
    ethernet(&frame, 0, ETHER_TYPE_IPV4);
    frame_ipv4(&frame, PROTOCOL_UDP);
    udp(&frame, 68, 68, 1); /* the first of them asks; the second might answer */
    struct xsw_packet packet = {.data = frame.bytes, .length = (uint32_t)frame.length};
    parse_packet(&packet);
    assert_int_equal(guards_check(&packet, BOTH), REASON_NONE);
    packet.offload.gso_type = XSW_GSO_UDP_L4;
    assert_int_equal(guards_check(&packet, BOTH), REASON_DHCP_GUARD);
}

static void llc_snap_and_a_pile_of_tags_hide_nothing(void **state)
{
    (void)state;
    static const uint8_t snap[8] = {0xaa, 0xaa, 3, 0, 0, 0, 0x86, 0xdd};
    struct frame frame;
    ethernet(&frame, 1, 64); /* a length */
    frame_put(&frame, snap, sizeof(snap));
    frame_ipv6(&frame, PROTOCOL_ICMPV6);
    frame_icmp_echo(&frame, ICMPV6_ROUTER_ADVERT);
    frame_finish(&frame);
    assert_int_equal(judge(&frame, BOTH), REASON_ROUTER_GUARD);
    ethernet(&frame, PARSE_TAGS_MAX + 1, ETHER_TYPE_IPV6);
    frame_ipv6(&frame, PROTOCOL_ICMPV6);
    frame_icmp_echo(&frame, ICMPV6_ECHO_REQUEST);
    frame_finish(&frame);
    assert_int_equal(judge(&frame, GUARD_ROUTER), REASON_ROUTER_GUARD);
    assert_int_equal(judge(&frame, GUARD_DHCP), REASON_DHCP_GUARD);
}

static void a_length_that_lies_hides_nothing(void **state)
{
    (void)state;
    struct frame frame;
    ethernet(&frame, 0, ETHER_TYPE_IPV6);
    frame_ipv6(&frame, PROTOCOL_ICMPV6);
    frame_icmp_echo(&frame, ICMPV6_ROUTER_ADVERT);
    frame_finish(&frame);
    for (unsigned length = 0; length < 65536; length += 4369) {
        wire_write16(frame.bytes + frame.network + 4, (uint16_t)length);
        assert_int_equal(judge(&frame, BOTH), REASON_ROUTER_GUARD);
    }
}

static void every_cut_and_every_changed_byte_is_survived(void **state)
{
    (void)state;
    uint64_t random = 20260824;
    for (unsigned round = 0; round < 2000; round++) {
        struct frame frame;
        frame_make_random(&frame, &random);
        for (unsigned i = 0; i < 3; i++) {
            frame.bytes[12 + frame_random(&random) % 60] = (uint8_t)frame_random(&random);
        }
        frame.length = 1 + frame_random(&random) % frame.length;
        uint16_t reason = judge(&frame, BOTH);
        assert_true(reason == REASON_NONE || reason == REASON_DHCP_GUARD ||
                    reason == REASON_ROUTER_GUARD);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dhcp_reply_is_stopped_from_whatever_port),
        cmocka_unit_test(what_clients_and_relays_ask_passes),
        cmocka_unit_test(a_guard_that_is_off_stops_nothing),
        cmocka_unit_test(router_messages_are_found_behind_extension_headers),
        cmocka_unit_test(router_messages_of_ipv4_are_found),
        cmocka_unit_test(a_first_fragment_that_hides_its_header_is_stopped),
        cmocka_unit_test(a_first_fragment_that_hides_the_kind_of_dhcp_message_is_stopped),
        cmocka_unit_test(segments_of_dhcp_are_stopped),
        cmocka_unit_test(llc_snap_and_a_pile_of_tags_hide_nothing),
        cmocka_unit_test(a_length_that_lies_hides_nothing),
        cmocka_unit_test(every_cut_and_every_changed_byte_is_survived),
    };
    return cmocka_run_group_tests_name("guards", tests, NULL, NULL);
}
