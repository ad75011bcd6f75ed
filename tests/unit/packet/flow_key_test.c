/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/flow_key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "packet/parse.h"
#include "unit/packet/frames.h"

static struct flow_key key_of(const struct frame *frame)
{
    struct flow_key key;
    flow_key_from_bytes(&key, frame->bytes, frame->length, frame->length);
    return key;
}

static void make_tcp(struct frame *frame, int is_v6, int is_tagged)
{
    uint16_t type = is_v6 ? ETHER_TYPE_IPV6 : ETHER_TYPE_IPV4;
    frame_ethernet(frame, is_tagged ? ETHER_TYPE_VLAN : type);
    if (is_tagged) {
        frame_tag(frame, 20, type);
    }
    if (is_v6) {
        frame_ipv6(frame, PROTOCOL_TCP);
    } else {
        frame_ipv4(frame, PROTOCOL_TCP);
    }
    frame_tcp(frame, TCP_SYN);
    frame_finish(frame);
}

static void assert_text(const struct frame *frame, const char *expected)
{
    char text[FLOW_TEXT_SIZE];
    struct flow_key key = key_of(frame);
    assert_string_equal(flow_key_text(&key, text, sizeof text), expected);
}

static void texts_say_who_talks_to_whom(void **state)
{
    (void)state;
    struct frame frame;
    make_tcp(&frame, 0, 0);
    assert_text(&frame, "10.0.0.1:5000 > 10.0.0.2:80 tcp");
    make_tcp(&frame, 1, 0);
    assert_text(&frame, "[fd00::1]:5000 > [fd00::2]:80 tcp");
    frame_ethernet(&frame, ETHER_TYPE_IPV4);
    frame_ipv4(&frame, PROTOCOL_ICMP);
    frame_icmp_echo(&frame, ICMP_ECHO_REQUEST);
    frame_finish(&frame);
    assert_text(&frame, "10.0.0.1 > 10.0.0.2 icmp");
    frame_ethernet(&frame, ETHER_TYPE_ARP);
    assert_text(&frame, "02:00:00:00:00:01 > 02:00:00:00:00:02 arp");
    frame_ethernet(&frame, 0x9abc);
    assert_text(&frame, "02:00:00:00:00:01 > 02:00:00:00:00:02 type-0x9abc");
}

static void a_tag_does_not_change_the_key(void **state)
{
    (void)state;
    struct frame plain, tagged;
    make_tcp(&plain, 0, 0);
    make_tcp(&tagged, 0, 1);
    struct flow_key a = key_of(&plain), b = key_of(&tagged);
    assert_true(flow_key_equal(&a, &b));
    assert_int_equal(flow_key_hash(&a), flow_key_hash(&b));
}

static void the_other_direction_is_another_key(void **state)
{
    (void)state;
    struct frame frame;
    make_tcp(&frame, 0, 0);
    struct flow_key key = key_of(&frame), reverse = flow_key_reverse(&key);
    char text[FLOW_TEXT_SIZE];
    assert_false(flow_key_equal(&key, &reverse));
    assert_string_equal(flow_key_text(&reverse, text, sizeof text),
                        "10.0.0.2:80 > 10.0.0.1:5000 tcp");
    reverse = flow_key_reverse(&reverse);
    assert_true(flow_key_equal(&key, &reverse));
}

static void hash_is_kept_in_the_packet_and_never_zero(void **state)
{
    (void)state;
    struct frame frame;
    make_tcp(&frame, 0, 0);
    struct xsw_packet packet = parse_bytes(frame.bytes, frame.length, frame.length);
    struct flow_key key = key_of(&frame);
    assert_int_equal(flow_hash(&packet), flow_key_hash(&key));
    assert_int_equal(packet.flow_hash, flow_key_hash(&key));
    struct flow_key none = {0};
    assert_int_not_equal(flow_key_hash(&none), 0);
}

/* With 4,096 flows in 1,024 buckets an even hash puts 4 in each; 20 would be far off. */
static void neighbouring_flows_spread(void **state)
{
    (void)state;
    static unsigned low[1024], high[1024];
    struct frame frame;
    make_tcp(&frame, 0, 0);
    for (unsigned flow = 0; flow < 4096; flow++) {
        wire_write16(frame.bytes + 34, (uint16_t)(1024 + flow));
        struct flow_key key = key_of(&frame);
        uint32_t hash = flow_key_hash(&key);
        assert_true(++low[hash & 1023] < 20);
        assert_true(++high[hash >> 22] < 20);
    }
}

static void every_byte_of_the_addresses_counts(void **state)
{
    (void)state;
    struct flow_key key = {.family = FLOW_IPV6, .protocol = PROTOCOL_TCP};
    uint32_t plain = flow_key_hash(&key);
    for (unsigned i = 0; i < 32; i++) {
        struct flow_key other = key;
        *((i < 16 ? other.source : other.destination) + i % 16) = 1;
        assert_int_not_equal(flow_key_hash(&other), plain);
        assert_false(flow_key_equal(&other, &key));
    }
}

static void a_short_frame_has_no_addresses(void **state)
{
    (void)state;
    struct frame frame;
    char text[FLOW_TEXT_SIZE];
    frame_ethernet(&frame, ETHER_TYPE_IPV4);
    frame.length = 13;
    struct flow_key key = key_of(&frame);
    assert_int_equal(key.family, FLOW_NONE);
    assert_string_equal(flow_key_text(&key, text, sizeof text), "frame without addresses");
    assert_string_equal(flow_key_text(&key, text, 6), "frame");
}

static void a_frame_that_ends_inside_its_tag_is_named_by_the_tag(void **state)
{
    (void)state;
    struct frame frame;
    frame_ethernet(&frame, ETHER_TYPE_VLAN);
    assert_text(&frame, "02:00:00:00:00:01 > 02:00:00:00:00:02 type-0x8100");
    frame_put16(&frame, 20);
    assert_text(&frame, "02:00:00:00:00:01 > 02:00:00:00:00:02 type-0x8100");
    frame_ethernet(&frame, ETHER_TYPE_SERVICE_VLAN);
    frame_tag(&frame, 20, ETHER_TYPE_VLAN);
    assert_text(&frame, "02:00:00:00:00:01 > 02:00:00:00:00:02 type-0x88a8");
    frame_ethernet(&frame, 0);
    assert_text(&frame, "02:00:00:00:00:01 > 02:00:00:00:00:02 length-0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_say_who_talks_to_whom),
        cmocka_unit_test(a_tag_does_not_change_the_key),
        cmocka_unit_test(the_other_direction_is_another_key),
        cmocka_unit_test(hash_is_kept_in_the_packet_and_never_zero),
        cmocka_unit_test(neighbouring_flows_spread),
        cmocka_unit_test(every_byte_of_the_addresses_counts),
        cmocka_unit_test(a_short_frame_has_no_addresses),
        cmocka_unit_test(a_frame_that_ends_inside_its_tag_is_named_by_the_tag),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
