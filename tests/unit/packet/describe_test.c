/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/describe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "unit/packet/frames.h"

static void assert_described(const struct frame *frame, const char *expected)
{
    char text[DESCRIBE_TEXT_SIZE];
    assert_string_equal(
        describe_frame(frame->bytes, frame->length, frame->length, text, sizeof text), expected);
}

static void tcp_shows_its_flags_and_tags(void **state)
{
    (void)state;
    struct frame frame;
    frame_ethernet(&frame, ETHER_TYPE_SERVICE_VLAN);
    frame_tag(&frame, 0xe014, ETHER_TYPE_VLAN);
    frame_tag(&frame, 30, ETHER_TYPE_IPV4);
    frame_ipv4(&frame, PROTOCOL_TCP);
    frame_tcp(&frame, TCP_SYN | TCP_ACK);
    frame_finish(&frame);
    assert_described(&frame, "vlan 20 vlan 30 10.0.0.1:5000 > 10.0.0.2:80 tcp SYN,ACK");
}

static void icmp_shows_its_message(void **state)
{
    (void)state;
    struct frame frame;
    frame_ethernet(&frame, ETHER_TYPE_IPV4);
    frame_ipv4(&frame, PROTOCOL_ICMP);
    frame_icmp_echo(&frame, ICMP_ECHO_REQUEST);
    frame_finish(&frame);
    assert_described(&frame, "10.0.0.1 > 10.0.0.2 icmp echo request id 5 seq 1");
    frame_ethernet(&frame, ETHER_TYPE_IPV6);
    frame_ipv6(&frame, PROTOCOL_ICMPV6);
    frame_icmp_echo(&frame, ICMPV6_NEIGHBOUR_SOLICIT);
    frame_finish(&frame);
    assert_described(&frame, "fd00::1 > fd00::2 icmp6 neighbour solicitation");
    frame.bytes[54] = 200;
    assert_described(&frame, "fd00::1 > fd00::2 icmp6 type 200 code 0");
}

static void arp_shows_question_and_answer(void **state)
{
    (void)state;
    static const uint8_t arp[28] = {0,  1, 8, 0, 6, 4, 0, 1, 2, 0, 0,  0, 0, 1,
                                    10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 2};
    struct frame frame;
    frame_ethernet(&frame, ETHER_TYPE_ARP);
    frame_put(&frame, arp, sizeof arp);
    assert_described(&frame, "arp who-has 10.0.0.2 tell 10.0.0.1");
    frame.bytes[21] = 2;
    assert_described(&frame, "arp 10.0.0.1 is-at 02:00:00:00:00:01");
    frame.bytes[21] = 9;
    assert_described(&frame, "arp operation 9 from 10.0.0.1 for 10.0.0.2");
    frame.length--;
    assert_described(&frame, "02:00:00:00:00:01 > 02:00:00:00:00:02 arp");
}

static void broken_and_cut_frames_are_told_apart(void **state)
{
    (void)state;
    struct frame frame;
    char text[DESCRIBE_TEXT_SIZE];
    frame_ethernet(&frame, ETHER_TYPE_IPV4);
    frame_ipv4(&frame, PROTOCOL_UDP);
    assert_described(&frame, "10.0.0.1 > 10.0.0.2 udp (broken header)");
    assert_string_equal(describe_frame(frame.bytes, 34, 60, text, sizeof text),
                        "10.0.0.1 > 10.0.0.2 udp (cut)");
    assert_string_equal(describe_frame(frame.bytes, 5, 60, text, sizeof text),
                        "frame cut to 5 bytes");
    assert_string_equal(describe_frame(frame.bytes, 0, 0, text, sizeof text), "frame of 0 bytes");
    wire_write16(frame.bytes + 20, 100);
    assert_described(&frame, "10.0.0.1 > 10.0.0.2 udp fragment");
}

static void text_ends_within_its_size(void **state)
{
    (void)state;
    struct frame frame;
    frame_make_random(&frame, &(uint64_t){9});
    for (size_t size = 1; size < 64; size++) {
        char text[64];
        memset(text, '#', sizeof text);
        describe_frame(frame.bytes, frame.length, frame.length, text, size);
        assert_true(strlen(text) < size);
        assert_int_equal(text[size], '#');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tcp_shows_its_flags_and_tags),
        cmocka_unit_test(icmp_shows_its_message),
        cmocka_unit_test(arp_shows_question_and_answer),
        cmocka_unit_test(broken_and_cut_frames_are_told_apart),
        cmocka_unit_test(text_ends_within_its_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
