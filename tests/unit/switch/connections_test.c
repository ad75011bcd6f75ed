/* SPDX-License-Identifier: Apache-2.0 */
/* Stateful access rules: what answers a connection passes, and nothing else does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "support/connections_rig.h"

/* Answers ---------------------------------------------------------------------------------- */

static void an_answer_passes_and_a_question_does_not(void **state)
{
    (void)state;
    for (int is_v6 = 0; is_v6 < 2; is_v6++) {
        struct frame there = udp_from_alice(is_v6);
        struct frame back = udp_from_bob(is_v6);
        struct frame other = back;
        other.bytes[other.transport + 1] ^= 1; /* another port of bob's */
        assert_false(bob_reaches(&back));
        alice_sends(&there);
        assert_true(bob_reaches(&back));
        assert_false(bob_reaches(&other));
    }
    assert_int_equal(rig_dropped(&rig, STAGE_EGRESS_POLICY, REASON_ACL_DENIED), 4);
}

static void the_rule_of_the_connection_decides_for_the_answer(void **state)
{
    (void)state;
    struct frame there = udp_from_alice(0);
    struct frame back = udp_from_bob(0);
    alice_sends(&there);
    assert_true(bob_reaches(&back));
    assert_int_equal(packets_of_rule(ASKS), 2);
    assert_int_equal(packets_of_rule(REFUSES), 0);
}

static void a_connection_ends_when_it_is_idle_for_too_long(void **state)
{
    (void)state;
    struct frame there = udp_from_alice(0);
    struct frame back = udp_from_bob(0);
    alice_sends(&there);
    rig_advance(&rig, TIMEOUT);
    assert_true(bob_reaches(&back)); /* and begins to count again */
    rig_advance(&rig, TIMEOUT);
    assert_true(bob_reaches(&back));
    rig_advance(&rig, TIMEOUT + 1);
    assert_false(bob_reaches(&back));
    assert_int_equal(connections(NULL), 0);
    vswitch_tick(rig.vswitch);
    assert_int_equal(vswitch_connection_counters(rig.vswitch).live, 0);
}

static void the_port_cannot_make_itself_an_answer(void **state)
{
    (void)state;
    /* alice sends as if she were bob: that is no answer, whatever addresses it has. */
    struct acl_rule denies = {.id = 1,
                              .weight = 9,
                              .direction = ACL_IN,
                              .action = ACL_DENY,
                              .source = {.family = 4, .bits = 32, .bytes = {10, 0, 0, 2}}};
    rig_rule(&rig, alice, &denies);
    struct frame there = udp_from_alice(0);
    struct frame forged = udp_from_bob(0);
    alice_sends(&there);
    rig_frame_stations(&forged, 1, 2);
    rig_send(&rig, alice, &forged);
    assert_int_equal(rig_dropped(&rig, STAGE_INGRESS_POLICY, REASON_ACL_DENIED), 1);
}

static void a_connection_of_one_port_opens_no_other(void **state)
{
    (void)state;
    struct acl_rule refuses = {.direction = ACL_OUT, .action = ACL_DENY};
    rig_rule(&rig, bob, &refuses);
    struct frame there = udp_from_alice(0);
    alice_sends(&there); /* passes alice's list; bob's denies it */
    assert_int_equal(rig_drain(&rig, bob), 0);
    assert_int_equal(connections(NULL), 1);
    assert_int_equal(rig_dropped(&rig, STAGE_EGRESS_POLICY, REASON_ACL_DENIED), 1);
}

static void a_rule_for_what_comes_keeps_connections_too(void **state)
{
    (void)state;
    struct acl_rule serves = {.id = 1,
                              .weight = 5,
                              .direction = ACL_OUT,
                              .action = ACL_ALLOW,
                              .stateful_seconds = TIMEOUT};
    struct acl_rule silent = {.id = 2, .weight = 5, .direction = ACL_IN, .action = ACL_DENY};
    rig_rule(&rig, alice, &serves);
    rig_rule(&rig, alice, &silent);
    struct frame there = udp_from_alice(0);
    struct frame back = udp_from_bob(0);
    alice_sends(&there);
    assert_int_equal(rig_drain(&rig, bob), 0); /* she may not begin */
    assert_true(bob_reaches(&back));
    alice_sends(&there);
    assert_int_equal(rig_drain(&rig, bob), 1); /* she may answer */
}

static void vlans_of_a_trunk_are_apart(void **state)
{
    (void)state;
    uint16_t trunk = rig_port_trunk(&rig, 0, (const uint16_t[]){10, 11, 0});
    uint16_t ten = rig_port_access(&rig, 10);
    uint16_t eleven = rig_port_access(&rig, 11);
    struct acl_rule asks = {.direction = ACL_IN, .action = ACL_ALLOW, .stateful_seconds = TIMEOUT};
    struct acl_rule refuses = {.direction = ACL_OUT, .action = ACL_DENY};
    rig_rule(&rig, trunk, &asks);
    rig_rule(&rig, trunk, &refuses);
    struct frame there;
    rig_frame_tagged(&there, 1, 2, 10);
    rig_send(&rig, trunk, &there);
    struct frame back = udp_from_bob(0);
    rig_send(&rig, eleven, &back);
    assert_int_equal(rig_drain(&rig, trunk), 0);
    rig_send(&rig, ten, &back);
    assert_int_equal(rig_drain(&rig, trunk), 1);
    rig_drain(&rig, ten);
    rig_drain(&rig, eleven);
}

/* TCP -------------------------------------------------------------------------------------- */

static void tcp_handshake(void)
{
    struct frame syn = tcp_from_alice(TCP_SYN);
    struct frame accepted = tcp_from_bob(TCP_SYN | TCP_ACK);
    alice_sends(&syn);
    assert_true(bob_reaches(&accepted));
}

static void tcp_ends_soon_after_both_have_finished(void **state)
{
    (void)state;
    struct frame fin = tcp_from_alice(TCP_FIN | TCP_ACK);
    struct frame fin_back = tcp_from_bob(TCP_FIN | TCP_ACK);
    struct frame data = tcp_from_bob(TCP_ACK);
    struct connection_info info;
    tcp_handshake();
    alice_sends(&fin);
    rig_advance(&rig, CONNECTIONS_CLOSING_SECONDS + 1);
    assert_true(bob_reaches(&data)); /* half of it is open as long as its rule says */
    assert_true(bob_reaches(&fin_back));
    connections(&info);
    assert_true(info.is_closing);
    rig_advance(&rig, CONNECTIONS_CLOSING_SECONDS);
    assert_true(bob_reaches(&data)); /* the last segments, which keep nothing open */
    rig_advance(&rig, 1);
    assert_false(bob_reaches(&data));
}

static void tcp_ends_soon_after_a_reset(void **state)
{
    (void)state;
    struct frame reset = tcp_from_bob(TCP_RST | TCP_ACK);
    struct frame data = tcp_from_bob(TCP_ACK);
    tcp_handshake();
    assert_true(bob_reaches(&reset));
    rig_advance(&rig, CONNECTIONS_CLOSING_SECONDS + 1);
    assert_false(bob_reaches(&data));
    struct frame late = tcp_from_alice(TCP_RST);
    alice_sends(&late);
    assert_int_equal(connections(NULL), 0); /* a reset begins nothing */
}

static void a_new_syn_begins_a_new_connection(void **state)
{
    (void)state;
    struct frame reset = tcp_from_alice(TCP_RST);
    struct frame data = tcp_from_bob(TCP_ACK);
    tcp_handshake();
    alice_sends(&reset);
    tcp_handshake();
    rig_advance(&rig, CONNECTIONS_CLOSING_SECONDS + 1);
    assert_true(bob_reaches(&data));
    assert_int_equal(connections(NULL), 1);
}

static void a_connection_older_than_its_rule_is_taken_up(void **state)
{
    (void)state;
    struct frame segment = tcp_from_alice(TCP_ACK);
    struct frame data = tcp_from_bob(TCP_ACK);
    assert_false(bob_reaches(&data));
    alice_sends(&segment);
    assert_true(bob_reaches(&data));
}

/* The table -------------------------------------------------------------------------------- */

static void connections_go_with_their_rule(void **state)
{
    (void)state;
    struct frame there = udp_from_alice(0);
    struct frame back = udp_from_bob(0);
    struct port_config config = rig_port_config(&rig, alice);
    alice_sends(&there);
    assert_int_equal(vswitch_acl_remove(rig.vswitch, config.name, ASKS, NULL), XSW_OK);
    assert_int_equal(connections(NULL), 0);
    assert_false(bob_reaches(&back));
}

static void connections_go_with_their_port(void **state)
{
    (void)state;
    struct frame there = udp_from_alice(0);
    uint16_t carol = rig_port_access(&rig, 1);
    struct acl_rule asks = {.direction = ACL_IN, .action = ACL_ALLOW, .stateful_seconds = TIMEOUT};
    struct port_config config = rig_port_config(&rig, carol);
    rig_rule(&rig, carol, &asks);
    rig_send(&rig, carol, &there);
    assert_int_equal(vswitch_connection_counters(rig.vswitch).live, 1);
    rig_drain(&rig, carol);
    assert_int_equal(vswitch_port_remove(rig.vswitch, config.name, NULL), XSW_OK);
    assert_int_equal(vswitch_connection_counters(rig.vswitch).live, 0);
}

static void a_full_table_lets_pass_and_counts(void **state)
{
    (void)state;
    struct frame there = udp_from_alice(0);
    struct frame back = udp_from_bob(0);
    rig.vswitch->connections->capacity = 1; /* which somebody else has taken */
    struct frame other = there;
    other.bytes[other.transport + 1] ^= 1;
    alice_sends(&other);
    rig_drain(&rig, bob);
    alice_sends(&there);
    assert_int_equal(rig_drain(&rig, bob), 1);
    assert_false(bob_reaches(&back));
    assert_int_equal(vswitch_connection_counters(rig.vswitch).refused, 1);
}

static void a_list_tells_what_there_is(void **state)
{
    (void)state;
    struct frame there = udp_from_alice(0);
    struct frame back = udp_from_bob(0);
    struct connection_info info;
    alice_sends(&there);
    rig_advance(&rig, 7);
    assert_true(bob_reaches(&back));
    rig_advance(&rig, 2);
    assert_int_equal(connections(&info), 1);
    assert_int_equal(info.port, alice);
    assert_int_equal(info.rule, ASKS);
    assert_int_equal(info.direction, ACL_IN);
    assert_int_equal(info.parts.protocol, PROTOCOL_UDP);
    assert_int_equal(info.parts.source_port, 5000);
    assert_int_equal(info.parts.destination_port, 53);
    assert_memory_equal(info.parts.source, ((const uint8_t[]){10, 0, 0, 1}), 4);
    assert_int_equal(info.packets[0], 1);
    assert_int_equal(info.packets[1], 1);
    assert_int_equal(info.bytes[1], back.length);
    assert_int_equal(info.age_seconds, 9);
    assert_int_equal(info.idle_seconds, 2);
    assert_int_equal(info.timeout_seconds, TIMEOUT);
    assert_int_equal(vswitch_connections(rig.vswitch, "nobody", &info, 1, &(size_t){0}, NULL),
                     XSW_NOT_FOUND);
}

/* Meters ----------------------------------------------------------------------------------- */

static void a_meter_counts_and_the_next_rule_decides(void **state)
{
    (void)state;
    struct acl_rule meter = {.id = 1, .weight = 9, .direction = ACL_OUT, .action = ACL_METER};
    struct acl_rule second = {.id = 2, .weight = 8, .direction = ACL_OUT, .action = ACL_METER};
    struct acl_rule alone = {.id = 3, .direction = ACL_OUT, .action = ACL_METER};
    rig_rule(&rig, alice, &meter);
    rig_rule(&rig, alice, &second);
    rig_rule(&rig, bob, &alone);
    struct frame back = udp_from_bob(0);
    assert_false(bob_reaches(&back));
    assert_int_equal(packets_of_rule(1), 1);
    assert_int_equal(packets_of_rule(2), 1);
    assert_int_equal(packets_of_rule(REFUSES), 1);
    struct frame there = udp_from_alice(0);
    alice_sends(&there);
    assert_int_equal(rig_drain(&rig, bob), 1); /* nobody decides: it passes */
}

static void only_a_rule_that_allows_keeps_connections(void **state)
{
    (void)state;
    struct port_config config = rig_port_config(&rig, alice);
    struct acl_rule rule = {.direction = ACL_IN, .action = ACL_DENY, .stateful_seconds = 1};
    assert_int_equal(vswitch_acl_add(rig.vswitch, config.name, &rule, NULL), XSW_INVALID);
    rule.action = ACL_ALLOW;
    rule.stateful_seconds = CONNECTIONS_TIMEOUT_MAX + 1;
    assert_int_equal(vswitch_acl_add(rig.vswitch, config.name, &rule, NULL), XSW_INVALID);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_answer_passes_and_a_question_does_not),
        TEST(the_rule_of_the_connection_decides_for_the_answer),
        TEST(a_connection_ends_when_it_is_idle_for_too_long),
        TEST(the_port_cannot_make_itself_an_answer),
        TEST(a_connection_of_one_port_opens_no_other),
        TEST(a_rule_for_what_comes_keeps_connections_too),
        TEST(vlans_of_a_trunk_are_apart),
        TEST(tcp_ends_soon_after_both_have_finished),
        TEST(tcp_ends_soon_after_a_reset),
        TEST(a_new_syn_begins_a_new_connection),
        TEST(a_connection_older_than_its_rule_is_taken_up),
        TEST(connections_go_with_their_rule),
        cmocka_unit_test_setup_teardown(connections_go_with_their_port, set_up,
                                        tear_down_without_balance),
        TEST(a_full_table_lets_pass_and_counts),
        TEST(a_list_tells_what_there_is),
        TEST(a_meter_counts_and_the_next_rule_decides),
        TEST(only_a_rule_that_allows_keeps_connections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
