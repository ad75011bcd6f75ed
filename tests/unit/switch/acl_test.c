/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "packet/parse.h"
#include "switch/policy/acl.h"
#include "unit/packet/frames.h"

static struct xsw_packet parsed(struct frame *frame)
{
    return parse_bytes(frame->bytes, frame->length, frame->length);
}

/* Whether one rule alone matches the frame. */
static int matches(const struct acl_rule *rule, struct frame *frame)
{
    struct acl_compiled_rule compiled;
    acl_compile(rule, 0, &compiled);
    struct acl_list list = {.count = 1, .rules = &compiled};
    struct xsw_packet packet = parsed(frame);
    return acl_match(&list, &packet) != NULL;
}

static void udp_make(struct frame *frame)
{
    frame_ethernet(frame, ETHER_TYPE_IPV4);
    frame_ipv4(frame, PROTOCOL_UDP);
    frame_udp(frame);
    frame_finish(frame);
}

static void tcp6_make(struct frame *frame)
{
    frame_ethernet(frame, ETHER_TYPE_IPV6);
    frame_ipv6(frame, PROTOCOL_TCP);
    frame_tcp(frame, TCP_ACK);
    frame_finish(frame);
}

static struct ip_prefix prefix4(uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint8_t bits)
{
    return (struct ip_prefix){.family = 4, .bits = bits, .bytes = {a, b, c, d}};
}

static void a_rule_without_conditions_matches_everything(void **state)
{
    (void)state;
    struct frame frame;
    udp_make(&frame);
    assert_true(matches(&(struct acl_rule){.id = 1}, &frame));
    tcp6_make(&frame);
    assert_true(matches(&(struct acl_rule){.id = 1}, &frame));
    frame_ethernet(&frame, 0x88b5);
    assert_true(matches(&(struct acl_rule){.id = 1}, &frame));
}

static void addresses_of_the_link_are_compared_whole(void **state)
{
    (void)state;
    struct frame frame;
    udp_make(&frame);
    struct acl_rule source = {.has_source_mac = true, .source_mac = {{2, 0, 0, 0, 0, 1}}};
    struct acl_rule destination = {.has_destination_mac = true,
                                   .destination_mac = {{2, 0, 0, 0, 0, 2}}};
    assert_true(matches(&source, &frame));
    assert_true(matches(&destination, &frame));
    for (unsigned i = 0; i < 6; i++) {
        struct acl_rule other = source;
        other.source_mac.bytes[i] ^= 4;
        assert_false(matches(&other, &frame));
        other = destination;
        other.destination_mac.bytes[i] ^= 4;
        assert_false(matches(&other, &frame));
    }
}

static void the_ether_type_is_that_behind_all_tags(void **state)
{
    (void)state;
    struct frame frame;
    frame_ethernet(&frame, ETHER_TYPE_VLAN);
    frame_tag(&frame, 5, ETHER_TYPE_VLAN);
    frame_tag(&frame, 6, ETHER_TYPE_IPV4);
    frame_ipv4(&frame, PROTOCOL_UDP);
    frame_udp(&frame);
    frame_finish(&frame);
    assert_true(matches(&(struct acl_rule){.has_ether_type = true, .ether_type = 0x0800}, &frame));
    assert_false(matches(&(struct acl_rule){.has_ether_type = true, .ether_type = 0x8100}, &frame));
}

static void a_protocol_is_that_of_ip_and_never_an_arp_operation(void **state)
{
    (void)state;
    struct frame frame;
    udp_make(&frame);
    struct acl_rule udp = {.has_protocol = true, .protocol = PROTOCOL_UDP};
    assert_true(matches(&udp, &frame));
    assert_false(
        matches(&(struct acl_rule){.has_protocol = true, .protocol = PROTOCOL_TCP}, &frame));
    frame_ethernet(&frame, ETHER_TYPE_ARP);
    const uint8_t arp[28] = {0, 1, 8, 0, 6, 4, 0, 1};
    frame_put(&frame, arp, sizeof(arp));
    for (unsigned protocol = 0; protocol < 256; protocol++) {
        struct acl_rule rule = {.has_protocol = true, .protocol = (uint8_t)protocol};
        assert_false(matches(&rule, &frame));
    }
}

static void a_prefix_of_any_length_matches_its_network_alone(void **state)
{
    (void)state;
    struct frame frame;
    udp_make(&frame); /* 10.0.0.1 to 10.0.0.2 */
    for (uint8_t bits = 0; bits <= 32; bits++) {
        struct acl_rule rule = {.source = prefix4(10, 0, 0, 1, bits)};
        assert_true(matches(&rule, &frame));
        rule = (struct acl_rule){.destination = prefix4(10, 0, 0, 2, bits)};
        assert_true(matches(&rule, &frame));
        if (bits > 0) {
            rule.destination.bytes[(bits - 1) / 8] ^= (uint8_t)(0x80 >> (bits - 1) % 8);
            assert_false(matches(&rule, &frame));
        }
        if (bits < 32) { /* bits behind the prefix do not count */
            rule = (struct acl_rule){.source = prefix4(10, 0, 0, 1, bits)};
            rule.source.bytes[bits / 8] ^= (uint8_t)(0x80 >> bits % 8);
            assert_true(matches(&rule, &frame));
        }
    }
}

static void a_prefix_of_ipv6_matches_its_network_alone(void **state)
{
    (void)state;
    struct frame frame;
    tcp6_make(&frame); /* fd00::1 to fd00::2 */
    for (uint8_t bits = 1; bits <= 128; bits++) {
        struct acl_rule rule = {.source = {.family = 6, .bits = bits, .bytes = {0xfd}}};
        rule.source.bytes[15] = 1;
        assert_true(matches(&rule, &frame));
        rule.source.bytes[(bits - 1) / 8] ^= (uint8_t)(0x80 >> (bits - 1) % 8);
        assert_false(matches(&rule, &frame));
    }
}

static void a_prefix_of_one_family_never_matches_the_other(void **state)
{
    (void)state;
    struct frame frame;
    tcp6_make(&frame);
    assert_false(matches(&(struct acl_rule){.source = prefix4(0, 0, 0, 0, 0)}, &frame));
    udp_make(&frame);
    struct acl_rule any6 = {.destination = {.family = 6, .bits = 0}};
    assert_false(matches(&any6, &frame));
}

static void a_port_range_includes_both_its_ends(void **state)
{
    (void)state;
    struct frame frame;
    udp_make(&frame); /* 5000 to 53 */
    static const struct {
        uint16_t first, last;
        int source, destination;
    } cases[] = {
        {5000, 5000, 1, 0}, {4999, 5000, 1, 0}, {5000, 5001, 1, 0}, {4000, 4999, 0, 0},
        {5001, 6000, 0, 0}, {53, 53, 0, 1},     {1, 65535, 1, 1},   {54, 65535, 1, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct port_range range = {cases[i].first, cases[i].last};
        assert_int_equal(matches(&(struct acl_rule){.source_ports = range}, &frame),
                         cases[i].source);
        assert_int_equal(matches(&(struct acl_rule){.destination_ports = range}, &frame),
                         cases[i].destination);
    }
}

static void ports_of_a_later_fragment_are_not_read(void **state)
{
    (void)state;
    struct frame frame;
    udp_make(&frame);
    struct acl_rule rule = {.destination_ports = {53, 53}};
    assert_true(matches(&rule, &frame));
    wire_write16(frame.bytes + frame.network + 6, 100); /* at 800 bytes */
    assert_false(matches(&rule, &frame));
    /* Its protocol and addresses are still known. */
    rule = (struct acl_rule){
        .has_protocol = true, .protocol = PROTOCOL_UDP, .source = prefix4(10, 0, 0, 1, 32)};
    assert_true(matches(&rule, &frame));
}

static void a_port_rule_does_not_match_what_has_no_ports(void **state)
{
    (void)state;
    struct frame frame;
    frame_ethernet(&frame, ETHER_TYPE_IPV4);
    frame_ipv4(&frame, PROTOCOL_ICMP);
    frame_icmp_echo(&frame, ICMP_ECHO_REQUEST);
    frame_finish(&frame);
    assert_false(matches(&(struct acl_rule){.source_ports = {1, 65535}}, &frame));
}

static void every_condition_that_is_set_must_hold(void **state)
{
    (void)state;
    struct frame frame;
    udp_make(&frame);
    const struct acl_rule all = {.has_source_mac = true,
                                 .source_mac = {{2, 0, 0, 0, 0, 1}},
                                 .has_destination_mac = true,
                                 .destination_mac = {{2, 0, 0, 0, 0, 2}},
                                 .has_ether_type = true,
                                 .ether_type = ETHER_TYPE_IPV4,
                                 .has_protocol = true,
                                 .protocol = PROTOCOL_UDP,
                                 .source = prefix4(10, 0, 0, 0, 24),
                                 .destination = prefix4(10, 0, 0, 0, 24),
                                 .source_ports = {5000, 5000},
                                 .destination_ports = {53, 53}};
    assert_true(matches(&all, &frame));
    struct acl_rule broken[8] = {all, all, all, all, all, all, all, all};
    broken[0].source_mac.bytes[5] = 9;
    broken[1].destination_mac.bytes[5] = 9;
    broken[2].ether_type = ETHER_TYPE_IPV6;
    broken[3].protocol = PROTOCOL_TCP;
    broken[4].source.bytes[0] = 11;
    broken[5].destination.bytes[0] = 11;
    broken[6].source_ports.first = broken[6].source_ports.last = 5001;
    broken[7].destination_ports.first = broken[7].destination_ports.last = 54;
    for (size_t i = 0; i < 8; i++) {
        assert_false(matches(&broken[i], &frame));
    }
}

static void the_largest_weight_comes_first_then_the_smallest_id(void **state)
{
    (void)state;
    struct acl_rule rules[] = {
        {.id = 1, .weight = -5},        {.id = 9, .weight = 10},        {.id = 4, .weight = 10},
        {.id = 2, .weight = INT32_MIN}, {.id = 3, .weight = INT32_MAX}, {.id = 7, .weight = 0},
    };
    qsort(rules, 6, sizeof(rules[0]), acl_rule_compare);
    const uint32_t expected[6] = {3, 4, 9, 7, 1, 2};
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(rules[i].id, expected[i]);
    }
}

static void the_first_rule_that_matches_decides(void **state)
{
    (void)state;
    struct frame frame;
    udp_make(&frame);
    struct acl_compiled_rule compiled[3];
    acl_compile(&(struct acl_rule){.id = 5, .has_protocol = true, .protocol = PROTOCOL_TCP}, 1,
                &compiled[0]);
    acl_compile(&(struct acl_rule){.id = 6, .action = ACL_DENY}, 2, &compiled[1]);
    acl_compile(&(struct acl_rule){.id = 7}, 3, &compiled[2]);
    struct acl_list list = {.count = 3, .rules = compiled};
    struct xsw_packet packet = parsed(&frame);
    const struct acl_compiled_rule *decisive = acl_match(&list, &packet);
    assert_non_null(decisive);
    assert_int_equal(decisive->id, 6);
    assert_int_equal(decisive->counter, 2);
    assert_int_equal(decisive->action, ACL_DENY);
    list.count = 1;
    assert_null(acl_match(&list, &packet));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rule_without_conditions_matches_everything),
        cmocka_unit_test(addresses_of_the_link_are_compared_whole),
        cmocka_unit_test(the_ether_type_is_that_behind_all_tags),
        cmocka_unit_test(a_protocol_is_that_of_ip_and_never_an_arp_operation),
        cmocka_unit_test(a_prefix_of_any_length_matches_its_network_alone),
        cmocka_unit_test(a_prefix_of_ipv6_matches_its_network_alone),
        cmocka_unit_test(a_prefix_of_one_family_never_matches_the_other),
        cmocka_unit_test(a_port_range_includes_both_its_ends),
        cmocka_unit_test(ports_of_a_later_fragment_are_not_read),
        cmocka_unit_test(a_port_rule_does_not_match_what_has_no_ports),
        cmocka_unit_test(every_condition_that_is_set_must_hold),
        cmocka_unit_test(the_largest_weight_comes_first_then_the_smallest_id),
        cmocka_unit_test(the_first_rule_that_matches_decides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
