/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "packet/describe.h"
#include "packet/fields.h"
#include "packet/flow_key.h"
#include "unit/packet/frames.h"

static struct xsw_packet parsed(struct frame *frame)
{
    struct xsw_packet packet = {.data = frame->bytes, .length = (uint32_t)frame->length};
    packet.flags = XSW_PACKET_FLOOD_COPY | XSW_PACKET_TAGGED;
    packet.flow_hash = 77;
    packet.l3_offset = packet.l4_offset = 999;
    parse_packet(&packet);
    return packet;
}

static void untagged_udp_gets_its_offsets(void **state)
{
    (void)state;
    struct frame frame;
    frame_ethernet(&frame, ETHER_TYPE_IPV4);
    frame_ipv4(&frame, PROTOCOL_UDP);
    frame_udp(&frame);
    frame_finish(&frame);
    struct xsw_packet packet = parsed(&frame);
    assert_int_equal(packet.ether_type, ETHER_TYPE_IPV4);
    assert_int_equal(packet.l3_offset, 14);
    assert_int_equal(packet.l4_offset, 34);
    assert_int_equal(packet.ip_protocol, PROTOCOL_UDP);
    assert_int_equal(packet.flags, XSW_PACKET_FLOOD_COPY);
    assert_int_equal(packet.flow_hash, 0);
}

static void group_bit_makes_multicast(void **state)
{
    (void)state;
    struct frame frame;
    frame_ethernet(&frame, ETHER_TYPE_LLDP);
    frame.bytes[0] = 1;
    assert_int_equal(parsed(&frame).flags, XSW_PACKET_FLOOD_COPY | XSW_PACKET_MULTICAST);
    frame_make_random(&frame, &(uint64_t){5});
    frame.bytes[0] |= 1;
    assert_true(parsed(&frame).flags & XSW_PACKET_MULTICAST);
}

static void four_tags_are_walked_and_five_are_not(void **state)
{
    (void)state;
    for (unsigned tags = 1; tags <= 5; tags++) {
        struct frame frame;
        frame_ethernet(&frame, ETHER_TYPE_VLAN);
        for (unsigned i = 1; i < tags; i++) {
            frame_tag(&frame, (uint16_t)i, ETHER_TYPE_VLAN);
        }
        frame_tag(&frame, 9, ETHER_TYPE_IPV4);
        frame_ipv4(&frame, PROTOCOL_TCP);
        frame_tcp(&frame, TCP_SYN);
        frame_finish(&frame);
        struct xsw_packet packet = parsed(&frame);
        assert_true(packet.flags & XSW_PACKET_TAGGED);
        assert_int_equal(packet.ether_type, tags <= 4 ? ETHER_TYPE_IPV4 : ETHER_TYPE_VLAN);
        assert_int_equal(packet.l3_offset, tags <= 4 ? 14 + 4 * tags : 0);
        assert_int_equal(packet.l4_offset, tags <= 4 ? 34 + 4 * tags : 0);
    }
}

static void only_an_outer_customer_tag_counts_as_tagged(void **state)
{
    (void)state;
    struct frame frame;
    frame_ethernet(&frame, ETHER_TYPE_SERVICE_VLAN);
    frame_tag(&frame, 5, ETHER_TYPE_VLAN);
    frame_tag(&frame, 6, ETHER_TYPE_LLDP);
    struct xsw_packet packet = parsed(&frame);
    assert_false(packet.flags & XSW_PACKET_TAGGED);
    assert_int_equal(packet.ether_type, ETHER_TYPE_LLDP);
    frame_ethernet(&frame, ETHER_TYPE_VLAN);
    frame_put(&frame, "\0\5\x08", 3);
    packet = parsed(&frame);
    assert_false(packet.flags & XSW_PACKET_TAGGED);
    assert_int_equal(packet.ether_type, 0);
}

static void later_fragments_have_no_ports(void **state)
{
    (void)state;
    struct frame frame;
    frame_ethernet(&frame, ETHER_TYPE_IPV4);
    frame_ipv4(&frame, PROTOCOL_UDP);
    frame_udp(&frame);
    frame_finish(&frame);
    wire_write16(frame.bytes + 20, IPV4_MORE_FRAGMENTS);
    struct xsw_packet packet = parsed(&frame);
    assert_int_equal(packet.l4_offset, 34);
    assert_false(packet.flags & XSW_PACKET_FRAGMENT);
    wire_write16(frame.bytes + 20, IPV4_MORE_FRAGMENTS | 1);
    packet = parsed(&frame);
    assert_int_equal(packet.l4_offset, 0);
    assert_int_equal(packet.ip_protocol, PROTOCOL_UDP);
    assert_true(packet.flags & XSW_PACKET_FRAGMENT);
}

static void ipv6_fragment_header_is_judged_by_its_offset(void **state)
{
    (void)state;
    struct frame frame;
    frame_ethernet(&frame, ETHER_TYPE_IPV6);
    frame_ipv6(&frame, PROTOCOL_FRAGMENT);
    frame_extension(&frame, PROTOCOL_UDP);
    frame_udp(&frame);
    frame_finish(&frame);
    wire_write16(frame.bytes + 56, IPV6_MORE_FRAGMENTS);
    struct xsw_packet packet = parsed(&frame);
    assert_int_equal(packet.l4_offset, 62);
    assert_int_equal(parse_find_extension(&packet, PROTOCOL_FRAGMENT), 54);
    assert_int_equal(parse_find_extension(&packet, PROTOCOL_ROUTING), 0);
    wire_write16(frame.bytes + 56, 8);
    packet = parsed(&frame);
    assert_int_equal(packet.l4_offset, 0);
    assert_int_equal(packet.ip_protocol, PROTOCOL_UDP);
    assert_true(packet.flags & XSW_PACKET_FRAGMENT);
}

static void eight_extension_headers_are_walked_and_nine_are_not(void **state)
{
    (void)state;
    for (unsigned count = 1; count <= 9; count++) {
        struct frame frame;
        frame_ethernet(&frame, ETHER_TYPE_IPV6);
        frame_ipv6(&frame, PROTOCOL_DESTINATION_OPTIONS);
        for (unsigned i = 1; i < count; i++) {
            frame_extension(&frame, PROTOCOL_DESTINATION_OPTIONS);
        }
        frame_extension(&frame, PROTOCOL_TCP);
        frame_tcp(&frame, TCP_SYN);
        frame_finish(&frame);
        assert_int_equal(parsed(&frame).l4_offset, count <= 8 ? 54 + 8 * count : 0);
    }
}

static void an_authentication_header_counts_in_words_of_four(void **state)
{
    (void)state;
    static const uint8_t header[24] = {PROTOCOL_TCP, 4};
    struct frame frame;
    frame_ethernet(&frame, ETHER_TYPE_IPV6);
    frame_ipv6(&frame, PROTOCOL_AH);
    frame_put(&frame, header, sizeof header);
    frame_tcp(&frame, TCP_SYN);
    frame_finish(&frame);
    assert_int_equal(parsed(&frame).l4_offset, 78);
    assert_int_equal(parsed(&frame).ip_protocol, PROTOCOL_TCP);
}

static void lying_lengths_leave_no_offset(void **state)
{
    (void)state;
    struct frame good;
    frame_ethernet(&good, ETHER_TYPE_IPV4);
    frame_ipv4(&good, PROTOCOL_TCP);
    frame_tcp(&good, TCP_SYN);
    frame_finish(&good);
    struct frame frame = good;
    frame.bytes[14] = 0x44; /* a header shorter than the shortest */
    assert_int_equal(parsed(&frame).l3_offset, 0);
    frame.bytes[14] = 0x4f; /* a header longer than the frame */
    assert_int_equal(parsed(&frame).l3_offset, 0);
    frame.bytes[14] = 0x65; /* another version than the EtherType says */
    assert_int_equal(parsed(&frame).l3_offset, 0);
    frame = good;
    wire_write16(frame.bytes + 16, 41); /* more than there is */
    assert_int_equal(parsed(&frame).l3_offset, 14);
    assert_int_equal(parsed(&frame).l4_offset, 0);
    wire_write16(frame.bytes + 16, 39); /* less than a TCP header */
    assert_int_equal(parsed(&frame).l4_offset, 0);
    wire_write16(frame.bytes + 16, 0);
    assert_int_equal(parsed(&frame).l4_offset, 0);
}

static void cut_frames_are_judged_by_their_wire_length(void **state)
{
    (void)state;
    struct frame frame;
    frame_ethernet(&frame, ETHER_TYPE_IPV4);
    frame_ipv4(&frame, PROTOCOL_TCP);
    frame_tcp(&frame, TCP_SYN);
    frame.length += 1000;
    frame_finish(&frame);
    assert_int_equal(parse_bytes(frame.bytes, 64, frame.length).l4_offset, 34);
    assert_int_equal(parse_bytes(frame.bytes, 64, 64).l4_offset, 0);
    assert_int_equal(parse_bytes(frame.bytes, 50, frame.length).l4_offset, 0);
}

/* One random frame, bent in a few places, in memory of exactly its size. */
static void check_bent_frame(uint64_t *random)
{
    struct frame frame;
    frame_make_random(&frame, random);
    for (unsigned bends = (unsigned)(frame_random(random) % 6); bends > 0; bends--) {
        frame.bytes[frame_random(random) % 80] = (uint8_t)frame_random(random);
    }
    size_t length =
        frame_random(random) % 3 == 0 ? frame_random(random) % (frame.length + 1) : frame.length;
    uint8_t *bytes = malloc(length + (length == 0));
    assert_non_null(bytes);
    memcpy(bytes, frame.bytes, length);
    struct xsw_packet fast = {.data = bytes, .length = (uint32_t)length};
    parse_packet(&fast);
    const struct xsw_packet general = parse_bytes(bytes, length, length);
    assert_memory_equal(&fast, &general, sizeof fast);
    if (fast.l4_offset != 0) {
        assert_true(fast.l4_offset + (size_t)ICMP_MIN_SIZE <= length &&
                    fast.l4_offset > fast.l3_offset);
        assert_true(fast.ip_protocol != PROTOCOL_TCP ||
                    fast.l4_offset + (size_t)TCP_MIN_SIZE <= length);
    }
    char text[DESCRIBE_TEXT_SIZE];
    struct flow_key key;
    flow_key_from_bytes(&key, bytes, length, frame.length);
    describe_frame(bytes, length, frame.length, text, sizeof text);
    struct field_change changes[FIELD_CHANGES_MAX];
    const struct fields_frame before = {frame.bytes, frame.length, frame.length, false};
    const struct fields_frame after = {bytes, length, length, false};
    assert_true(fields_compare(&before, &after, changes, FIELD_CHANGES_MAX) <= FIELD_CHANGES_MAX);
    fields_checksums(&after);
    free(bytes);
}

static void bent_frames_are_never_read_beyond_their_end(void **state)
{
    (void)state;
    uint64_t random = 0x5eed;
    for (unsigned i = 0; i < 100000; i++) {
        check_bent_frame(&random);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(untagged_udp_gets_its_offsets),
        cmocka_unit_test(group_bit_makes_multicast),
        cmocka_unit_test(four_tags_are_walked_and_five_are_not),
        cmocka_unit_test(only_an_outer_customer_tag_counts_as_tagged),
        cmocka_unit_test(later_fragments_have_no_ports),
        cmocka_unit_test(ipv6_fragment_header_is_judged_by_its_offset),
        cmocka_unit_test(eight_extension_headers_are_walked_and_nine_are_not),
        cmocka_unit_test(an_authentication_header_counts_in_words_of_four),
        cmocka_unit_test(lying_lengths_leave_no_offset),
        cmocka_unit_test(cut_frames_are_judged_by_their_wire_length),
        cmocka_unit_test(bent_frames_are_never_read_beyond_their_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
