/* SPDX-License-Identifier: Apache-2.0 */
/* Stateful access rules: what belongs to a connection without having its ports. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "support/connections_rig.h"

/* ICMP ------------------------------------------------------------------------------------- */

/* What a router on bob's side says about a packet that alice sent. */
static struct frame error_about(const struct frame *about, uint8_t type)
{
    struct frame frame;
    frame_ethernet(&frame, about->is_v6 ? ETHER_TYPE_IPV6 : ETHER_TYPE_IPV4);
    uint8_t protocol = about->is_v6 ? PROTOCOL_ICMPV6 : PROTOCOL_ICMP;
    if (about->is_v6) {
        frame_ipv6(&frame, protocol);
    } else {
        frame_ipv4(&frame, protocol);
    }
    turn_round(&frame);
    frame_put(&frame, (const uint8_t[8]){type}, 8);
    frame_put(&frame, about->bytes + about->network, about->length - about->network);
    frame_finish(&frame);
    return frame;
}

static void an_error_about_a_connection_passes(void **state)
{
    (void)state;
    for (int is_v6 = 0; is_v6 < 2; is_v6++) {
        uint8_t type = is_v6 ? ICMPV6_PACKET_TOO_BIG : ICMP_UNREACHABLE;
        struct frame there = udp_from_alice(is_v6);
        struct frame error = error_about(&there, type);
        assert_false(bob_reaches(&error));
        alice_sends(&there);
        assert_true(bob_reaches(&error));
    }
}

static void an_error_about_something_else_does_not_pass(void **state)
{
    (void)state;
    struct frame there = udp_from_alice(0);
    alice_sends(&there);
    struct frame other = there;
    other.bytes[other.transport + 1] ^= 1;
    struct frame about_other = error_about(&other, ICMP_UNREACHABLE);
    assert_false(bob_reaches(&about_other));
    struct frame back = udp_from_bob(0);
    struct frame about_answer = error_about(&back, ICMP_UNREACHABLE);
    assert_false(bob_reaches(&about_answer)); /* it is not alice who sent that */
    struct frame redirect = error_about(&there, 5);
    assert_false(bob_reaches(&redirect));
    struct frame cut = error_about(&there, ICMP_UNREACHABLE);
    cut.length -= 4;
    wire_write16(cut.bytes + cut.network + 2, (uint16_t)(cut.length - cut.network));
    assert_false(bob_reaches(&cut));
}

static struct frame echo(uint8_t type, int from_bob)
{
    struct frame frame;
    frame_ethernet(&frame, ETHER_TYPE_IPV4);
    rig_frame_stations(&frame, 1, 2);
    frame_ipv4(&frame, PROTOCOL_ICMP);
    frame_icmp_echo(&frame, type);
    frame_finish(&frame);
    if (from_bob) {
        turn_round(&frame);
    }
    return frame;
}

static void a_ping_is_answered_and_not_returned(void **state)
{
    (void)state;
    struct frame request = echo(ICMP_ECHO_REQUEST, 0);
    struct frame reply = echo(ICMP_ECHO_REPLY, 1);
    struct frame ping = echo(ICMP_ECHO_REQUEST, 1);
    alice_sends(&request);
    assert_true(bob_reaches(&reply));
    assert_false(bob_reaches(&ping));
}

/* Fragments -------------------------------------------------------------------------------- */

/* The second fragment of a packet: no ports in it. */
static struct frame later_fragment(const struct frame *first, int is_last)
{
    struct frame frame = *first;
    uint8_t *ip = frame.bytes + frame.network;
    if (frame.is_v6) {
        wire_write16(frame.bytes + frame.network + IPV6_SIZE + 2,
                     (uint16_t)(8 << 3 | (is_last ? 0 : IPV6_MORE_FRAGMENTS)));
    } else {
        wire_write16(ip + 6, (uint16_t)(8 | (is_last ? 0 : IPV4_MORE_FRAGMENTS)));
    }
    memset(frame.bytes + frame.transport, 0x55, frame.length - frame.transport);
    return frame;
}

static struct frame first_fragment_from_bob(int is_v6)
{
    struct frame frame;
    frame_ethernet(&frame, is_v6 ? ETHER_TYPE_IPV6 : ETHER_TYPE_IPV4);
    if (is_v6) {
        frame_ipv6(&frame, PROTOCOL_FRAGMENT);
        frame_extension(&frame, PROTOCOL_UDP);
        frame_udp(&frame);
        frame_put(&frame, (const uint8_t[64]){0}, 64);
        turn_round(&frame);
        memset(frame.bytes + frame.network + IPV6_SIZE + 1, 0, 7);
        frame.bytes[frame.network + IPV6_SIZE + 3] = IPV6_MORE_FRAGMENTS;
        frame.bytes[frame.network + IPV6_SIZE + 7] = 9;
    } else {
        frame_ipv4(&frame, PROTOCOL_UDP);
        frame_udp(&frame);
        frame_put(&frame, (const uint8_t[64]){0}, 64);
        turn_round(&frame);
        wire_write16(frame.bytes + frame.network + 6, IPV4_MORE_FRAGMENTS);
    }
    return frame;
}

static void fragments_of_an_answer_follow_the_first_one(void **state)
{
    (void)state;
    for (int is_v6 = 0; is_v6 < 2; is_v6++) {
        struct frame there = udp_from_alice(is_v6);
        struct frame first = first_fragment_from_bob(is_v6);
        struct frame second = later_fragment(&first, 0);
        struct frame last = later_fragment(&first, 1);
        alice_sends(&there);
        assert_false(bob_reaches(&second)); /* it has overtaken the first one */
        assert_true(bob_reaches(&first));
        assert_true(bob_reaches(&second));
        struct frame of_another = second;
        of_another.bytes[of_another.network + (is_v6 ? IPV6_SIZE + 7 : 5)] ^= 1;
        assert_false(bob_reaches(&of_another));
        assert_true(bob_reaches(&last));
        assert_false(bob_reaches(&second));
        assert_int_equal(connections(NULL), 1 + is_v6);
    }
    assert_int_equal(packets_of_rule(ASKS), 2 * 4);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_error_about_a_connection_passes),
        TEST(an_error_about_something_else_does_not_pass),
        TEST(a_ping_is_answered_and_not_returned),
        TEST(fragments_of_an_answer_follow_the_first_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
