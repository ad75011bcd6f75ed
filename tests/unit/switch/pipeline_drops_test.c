/* SPDX-License-Identifier: Apache-2.0 */
/* Each of the switch's own drop reasons, provoked: it is counted once, under its stage and its
 * port, and nothing else is. Those of extensions are in extension_test.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/switch_rig.h"
#include "switch/path/reasons.h"

static struct rig rig;

static int setup(void **state)
{
    (void)state;
    rig_init(&rig, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_fini(&rig);
    return 0;
}

/* `count` packets were dropped at `stage` for `reason`, and no other. */
static void dropped_alone(uint16_t stage, uint16_t reason, uint64_t count)
{
    assert_int_equal(rig_dropped(&rig, stage, reason), count);
    assert_int_equal(rig_dropped_in_all(&rig), count);
    rig_expect_chain(&rig);
}

static void in_at(uint16_t port, uint64_t count)
{
    assert_int_equal(rig_counters(&rig, port).dropped_in, count);
    assert_int_equal(rig_counters(&rig, port).dropped_out, 0);
}

static void out_at(uint16_t port, uint64_t count)
{
    assert_int_equal(rig_counters(&rig, port).dropped_out, count);
    assert_int_equal(rig_counters(&rig, port).dropped_in, 0);
}

static void a_frame_below_14_bytes_is_a_runt(void **state)
{
    (void)state;
    uint16_t a = rig_port(&rig, NULL);
    uint16_t b = rig_port(&rig, NULL);
    struct frame frame;
    rig_frame(&frame, 1, 2, 20);
    for (uint32_t length = 0; length <= 14; length++) {
        rig_feed_bytes(&rig, a, frame.bytes, length, NULL);
    }
    rig_run(&rig);
    dropped_alone(STAGE_RX, REASON_RUNT_FRAME, 14);
    in_at(a, 14);
    assert_int_equal(rig_drain(&rig, b), 1);
}

static void a_frame_above_the_mtu_is_refused_where_it_comes_in(void **state)
{
    (void)state;
    uint16_t a = rig_port(&rig, NULL);
    uint16_t b = rig_port(&rig, NULL);
    struct frame frame;
    rig_frame(&frame, 1, 2, 1600);
    const uint32_t frame_max = 1500 + ETHERNET_SIZE;
    rig_feed_bytes(&rig, a, frame.bytes, frame_max, NULL);
    rig_feed_bytes(&rig, a, frame.bytes, frame_max + 1, NULL);
    rig_run(&rig);
    dropped_alone(STAGE_RX, REASON_MTU_EXCEEDED, 1);
    in_at(a, 1);
    assert_int_equal(rig_drain(&rig, b), 1);
}

static void a_frame_above_the_mtu_of_its_destination_is_refused_there(void **state)
{
    (void)state;
    struct port_config large;
    port_config_init(&large);
    large.mtu = 3000;
    uint16_t a = rig_port(&rig, &large);
    uint16_t b = rig_port(&rig, NULL);
    uint16_t c = rig_port(&rig, &large);
    struct frame frame;
    rig_frame(&frame, 1, 2, 2000);
    rig_send(&rig, a, &frame);
    dropped_alone(STAGE_EGRESS_POLICY, REASON_MTU_EXCEEDED, 1);
    out_at(b, 1);
    rig_expect_frame(&rig, c, &frame);
}

static void offload_fields_beyond_the_frame_are_refused(void **state)
{
    (void)state;
    uint16_t a = rig_port(&rig, NULL);
    uint16_t b = rig_port(&rig, NULL);
    struct frame frame;
    rig_frame(&frame, 1, 2, 20);
    uint32_t length = (uint32_t)frame.length;
    const struct xsw_offload broken[] = {
        {.flags = XSW_OFFLOAD_NEEDS_CHECKSUM, .csum_start = (uint16_t)length},
        {.flags = XSW_OFFLOAD_NEEDS_CHECKSUM,
         .csum_start = 34,
         .csum_offset = (uint16_t)(length - 35)},
        {.flags = XSW_OFFLOAD_NEEDS_CHECKSUM, .csum_start = 65535, .csum_offset = 65535},
        {.gso_type = XSW_GSO_TCPV4, .gso_size = 0, .header_length = 54},
        {.gso_type = XSW_GSO_TCPV4, .gso_size = 100, .header_length = (uint16_t)(length + 1)},
    };
    enum { BROKEN = sizeof(broken) / sizeof(broken[0]) };
    for (size_t i = 0; i < BROKEN; i++) {
        rig_feed_bytes(&rig, a, frame.bytes, length, &broken[i]);
    }
    const struct xsw_offload whole = {.flags = XSW_OFFLOAD_NEEDS_CHECKSUM,
                                      .csum_start = 34,
                                      .csum_offset = (uint16_t)(length - 36)};
    rig_feed_bytes(&rig, a, frame.bytes, length, &whole);
    rig_run(&rig);
    dropped_alone(STAGE_RX, REASON_BAD_OFFLOAD, BROKEN);
    in_at(a, BROKEN);
    assert_int_equal(rig_drain(&rig, b), 1);
}

/* Takes small packets out of the pool, so that `left` stay in it. */
static struct packet *held[WORKER_SMALL_BUFFERS];

static void small_packets_hold(uint32_t left)
{
    uint32_t count = WORKER_SMALL_BUFFERS - left;
    assert_int_equal(packet_alloc_small(rig.worker->pool, held, count), count);
}

static void copies_without_a_buffer_are_dropped_and_the_originals_are_not(void **state)
{
    (void)state;
    enum { PORTS = 4, FRAMES = 20 };
    struct frame frame;
    for (uint16_t port = 1; port <= PORTS; port++) {
        rig_port(&rig, NULL);
    }
    rig_frame(&frame, 1, 0x77, 100);
    for (unsigned i = 0; i < FRAMES; i++) {
        rig_feed(&rig, 1, &frame);
    }
    small_packets_hold(1); /* for the original alone */
    rig_run(&rig);
    packet_free(rig.worker->pool, held, WORKER_SMALL_BUFFERS - 1);
    dropped_alone(STAGE_FORWARD, REASON_NO_BUFFER, FRAMES * (PORTS - 2));
    assert_int_equal(vswitch_stage_counters(rig.vswitch, STAGE_FORWARD).clones,
                     FRAMES * (PORTS - 2));
    assert_int_equal(rig_drain(&rig, 2), FRAMES);
    out_at(3, FRAMES);
    out_at(4, FRAMES);
}

static void copies_that_find_no_buffer_are_made_when_the_ones_before_have_gone(void **state)
{
    (void)state;
    enum { PORTS = 6 };
    struct frame frame;
    for (uint16_t port = 1; port <= PORTS; port++) {
        rig_port(&rig, NULL);
    }
    rig_frame(&frame, 1, 0x77, 100);
    small_packets_hold(2); /* for the original and one copy at a time */
    rig_send(&rig, 1, &frame);
    packet_free(rig.worker->pool, held, WORKER_SMALL_BUFFERS - 2);
    dropped_alone(STAGE_FORWARD, REASON_NO_BUFFER, 0);
    for (uint16_t port = 2; port <= PORTS; port++) {
        rig_expect_frame(&rig, port, &frame);
    }
}

static void a_burst_of_large_frames_leaves_buffers_for_its_copies(void **state)
{
    (void)state;
    enum { PORTS = 4, EACH = WORKER_BURST };
    struct port_config large;
    port_config_init(&large);
    large.mtu = 3500;
    struct frame frame;
    for (uint16_t port = 1; port <= PORTS; port++) {
        rig_port(&rig, &large);
        rig_frame(&frame, (uint8_t)port, 0x77, 3000);
        for (unsigned i = 0; i < EACH; i++) {
            rig_feed(&rig, port, &frame);
        }
    }
    rig_run(&rig);
    dropped_alone(STAGE_FORWARD, REASON_NO_BUFFER, 0);
    for (uint16_t port = 1; port <= PORTS; port++) {
        assert_int_equal(rig_drain(&rig, port), (PORTS - 1) * EACH);
    }
}

static void a_tagged_frame_at_an_access_port_is_of_no_vlan_of_it(void **state)
{
    (void)state;
    uint16_t a = rig_port_access(&rig, 5);
    rig_port_access(&rig, 5);
    struct frame frame;
    rig_frame_tagged(&frame, 1, 2, 5); /* not even its own */
    rig_feed(&rig, a, &frame);
    rig_frame_tagged(&frame, 1, 2, 4095);
    rig_send(&rig, a, &frame);
    dropped_alone(STAGE_INGRESS_POLICY, REASON_VLAN_NOT_ALLOWED, 2);
    in_at(a, 2);
}

static void a_trunk_refuses_what_is_not_on_its_list(void **state)
{
    (void)state;
    static const uint16_t vlans[] = {10, 20, 0};
    uint16_t trunk = rig_port_trunk(&rig, 0, vlans);
    uint16_t b = rig_port_access(&rig, 10);
    struct frame frame;
    rig_frame(&frame, 1, 2, 20); /* untagged, and there is no native VLAN */
    rig_feed(&rig, trunk, &frame);
    rig_frame_tagged(&frame, 1, 2, 11);
    rig_feed(&rig, trunk, &frame);
    rig_frame_tagged(&frame, 1, 2, 10);
    rig_send(&rig, trunk, &frame);
    dropped_alone(STAGE_INGRESS_POLICY, REASON_VLAN_NOT_ALLOWED, 2);
    in_at(trunk, 2);
    assert_int_equal(rig_drain(&rig, b), 1);
}

static void a_source_address_must_be_one_stations(void **state)
{
    (void)state;
    uint16_t a = rig_port(&rig, NULL);
    rig_port(&rig, NULL);
    struct frame frame;
    rig_frame(&frame, 1, 2, 20);
    frame.bytes[6] |= 1;
    rig_feed(&rig, a, &frame);
    memset(frame.bytes + 6, 0, 6);
    rig_feed(&rig, a, &frame);
    memset(frame.bytes + 6, 0xff, 6);
    rig_send(&rig, a, &frame);
    dropped_alone(STAGE_INGRESS_POLICY, REASON_BAD_SOURCE_MAC, 3);
    in_at(a, 3);
    assert_int_equal(vswitch_macs(rig.vswitch, NULL, 0), 0);
}

static void a_guarded_port_sends_from_its_own_addresses_only(void **state)
{
    (void)state;
    struct port_config guarded;
    port_config_init(&guarded);
    guarded.spoof_guard = true;
    guarded.mac_count = 2;
    guarded.macs[0] = (struct mac_address){{2, 0, 0, 0, 0, 1}};
    guarded.macs[1] = (struct mac_address){{2, 0, 0, 0, 0, 7}};
    uint16_t a = rig_port(&rig, &guarded);
    uint16_t b = rig_port(&rig, NULL);
    struct frame frame;
    for (uint8_t station = 1; station <= 8; station++) {
        rig_frame(&frame, station, 9, 20);
        rig_feed(&rig, a, &frame);
    }
    rig_run(&rig);
    dropped_alone(STAGE_INGRESS_POLICY, REASON_MAC_SPOOFED, 6);
    in_at(a, 6);
    assert_int_equal(rig_drain(&rig, b), 2);
    assert_int_equal(vswitch_macs(rig.vswitch, NULL, 0), 2);
}

static uint64_t rule_packets(const char *port, uint32_t id)
{
    struct acl_rule_info rules[8];
    size_t count = 0;
    assert_int_equal(vswitch_acl_list(rig.vswitch, port, rules, 8, &count, NULL), XSW_OK);
    for (size_t i = 0; i < count; i++) {
        if (rules[i].rule.id == id) {
            return rules[i].packets;
        }
    }
    fail_msg("port %s has no rule %u", port, id);
    return 0;
}

static void an_access_list_in_denies_and_counts_by_rule(void **state)
{
    (void)state;
    uint16_t a = rig_port(&rig, NULL);
    uint16_t b = rig_port(&rig, NULL);
    struct acl_rule deny = {.id = 7,
                            .weight = 1,
                            .action = ACL_DENY,
                            .direction = ACL_IN,
                            .destination_ports = {53, 53}};
    struct acl_rule allow = {.id = 8,
                             .weight = 2,
                             .direction = ACL_IN,
                             .has_source_mac = true,
                             .source_mac = {{2, 0, 0, 0, 0, 3}}};
    rig_rule(&rig, a, &deny);
    rig_rule(&rig, a, &allow);
    struct frame frame;
    rig_frame(&frame, 1, 2, 20);
    rig_feed(&rig, a, &frame);
    rig_feed(&rig, b, &frame); /* the list is of port a */
    rig_frame(&frame, 3, 2, 20);
    rig_feed(&rig, a, &frame);
    rig_run(&rig);
    dropped_alone(STAGE_INGRESS_POLICY, REASON_ACL_DENIED, 1);
    in_at(a, 1);
    assert_int_equal(rule_packets("p1", 7), 1);
    assert_int_equal(rule_packets("p1", 8), 1);
}

static void an_access_list_out_drops_the_copy_for_its_port_alone(void **state)
{
    (void)state;
    uint16_t a = rig_port(&rig, NULL);
    uint16_t b = rig_port(&rig, NULL);
    uint16_t c = rig_port(&rig, NULL);
    struct acl_rule deny = {.action = ACL_DENY, .direction = ACL_OUT};
    rig_rule(&rig, b, &deny);
    struct frame frame;
    rig_frame(&frame, 1, 9, 20);
    rig_send(&rig, a, &frame);
    dropped_alone(STAGE_EGRESS_POLICY, REASON_ACL_DENIED, 1);
    out_at(b, 1);
    rig_expect_frame(&rig, c, &frame);
    assert_int_equal(rule_packets("p2", deny.id), 1);
}

static void a_new_rule_begins_to_count_at_zero(void **state)
{
    (void)state;
    uint16_t a = rig_port(&rig, NULL);
    rig_port(&rig, NULL);
    struct acl_rule first = {.direction = ACL_IN};
    rig_rule(&rig, a, &first);
    struct frame frame;
    rig_frame(&frame, 1, 9, 20);
    rig_send(&rig, a, &frame);
    assert_int_equal(vswitch_acl_remove(rig.vswitch, "p1", first.id, NULL), XSW_OK);
    struct acl_rule second = {.direction = ACL_IN}; /* gets the counter of the first */
    rig_rule(&rig, a, &second);
    assert_int_equal(rule_packets("p1", second.id), 0);
    rig_send(&rig, a, &frame);
    assert_int_equal(rule_packets("p1", second.id), 1);
}

static void a_port_alone_in_its_vlan_has_no_destination(void **state)
{
    (void)state;
    uint16_t a = rig_port_access(&rig, 5);
    rig_port_access(&rig, 6);
    struct frame frame;
    rig_frame(&frame, 1, 2, 20);
    rig_feed(&rig, a, &frame);
    memset(frame.bytes, 0xff, 6);
    rig_send(&rig, a, &frame);
    dropped_alone(STAGE_FORWARD, REASON_NO_DESTINATION, 2);
    in_at(a, 2);
}

static void a_station_behind_the_same_port_needs_no_switch(void **state)
{
    (void)state;
    uint16_t a = rig_port(&rig, NULL);
    uint16_t b = rig_port(&rig, NULL);
    struct frame frame;
    rig_frame(&frame, 2, 9, 20);
    rig_send(&rig, a, &frame);
    assert_int_equal(rig_drain(&rig, b), 1);
    rig_frame(&frame, 1, 2, 20);
    rig_send(&rig, a, &frame);
    dropped_alone(STAGE_FORWARD, REASON_SAME_PORT, 1);
    in_at(a, 1);
    rig_expect_nothing(&rig, b);
}

static void a_full_queue_drops_the_rest(void **state)
{
    (void)state;
    uint16_t a = rig_port(&rig, NULL);
    uint16_t b = rig_port(&rig, NULL);
    struct frame frame;
    rig_frame(&frame, 1, 2, 20);
    for (unsigned i = 0; i < MEMORY_PORT_SLOTS + 10; i++) {
        rig_send(&rig, a, &frame);
    }
    dropped_alone(STAGE_TX, REASON_QUEUE_FULL, 10);
    out_at(b, 10);
    assert_int_equal(rig_counters(&rig, b).tx_packets, MEMORY_PORT_SLOTS);
    assert_int_equal(rig_counters(&rig, b).tx_bytes, MEMORY_PORT_SLOTS * frame.length);
}

/* A device that refuses every second packet, for one reason and another. */
static uint32_t send_refused(struct port *port, uint32_t queue, struct packet *const *packets,
                             uint32_t count)
{
    (void)port;
    (void)queue;
    for (uint32_t i = 0; i < count; i += 2) {
        packets[i]->drop_reason = i % 4 == 0 ? REASON_PORT_DOWN : REASON_SEND_FAILED;
    }
    return (count + 1) / 2;
}

static void what_the_device_refuses_is_dropped_for_its_reason(void **state)
{
    (void)state;
    uint16_t a = rig_port(&rig, NULL);
    uint16_t b = rig_port(&rig, NULL);
    struct port_ops refusing = *rig.ports[b]->ops;
    refusing.send = send_refused;
    rig.ports[b]->ops = &refusing;
    struct frame frame;
    rig_frame(&frame, 1, 2, 20);
    for (unsigned i = 0; i < 8; i++) {
        rig_feed(&rig, a, &frame);
    }
    rig_run(&rig);
    assert_int_equal(rig_dropped(&rig, STAGE_TX, REASON_PORT_DOWN), 2);
    assert_int_equal(rig_dropped(&rig, STAGE_TX, REASON_SEND_FAILED), 2);
    assert_int_equal(rig_dropped_in_all(&rig), 4);
    out_at(b, 4);
    assert_int_equal(rig_counters(&rig, b).tx_packets, 4);
    rig_expect_chain(&rig);
    rig.ports[b]->ops = &port_memory_ops;
}

static void a_mac_table_that_is_full_floods_and_counts(void **state)
{
    (void)state;
    rig_fini(&rig);
    struct switch_config config;
    switch_config_init(&config);
    config.mac_limit = 4;
    rig_init(&rig, &config);
    uint16_t a = rig_port(&rig, NULL);
    uint16_t b = rig_port(&rig, NULL);
    struct frame frame;
    for (uint8_t station = 1; station <= 10; station++) {
        rig_frame(&frame, station, 0x70, 20);
        rig_feed(&rig, a, &frame);
    }
    rig_run(&rig);
    struct mac_counters counters = vswitch_mac_counters(rig.vswitch);
    assert_int_equal(counters.entries, 4);
    assert_int_equal(counters.learned, 4);
    assert_int_equal(counters.refused, 6);
    assert_int_equal(rig_drain(&rig, b), 10);
    dropped_alone(STAGE_FORWARD, REASON_NO_DESTINATION, 0);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(a_frame_below_14_bytes_is_a_runt),
        CLAIM(a_frame_above_the_mtu_is_refused_where_it_comes_in),
        CLAIM(a_frame_above_the_mtu_of_its_destination_is_refused_there),
        CLAIM(offload_fields_beyond_the_frame_are_refused),
        CLAIM(copies_without_a_buffer_are_dropped_and_the_originals_are_not),
        CLAIM(copies_that_find_no_buffer_are_made_when_the_ones_before_have_gone),
        CLAIM(a_burst_of_large_frames_leaves_buffers_for_its_copies),
        CLAIM(a_tagged_frame_at_an_access_port_is_of_no_vlan_of_it),
        CLAIM(a_trunk_refuses_what_is_not_on_its_list),
        CLAIM(a_source_address_must_be_one_stations),
        CLAIM(a_guarded_port_sends_from_its_own_addresses_only),
        CLAIM(an_access_list_in_denies_and_counts_by_rule),
        CLAIM(an_access_list_out_drops_the_copy_for_its_port_alone),
        CLAIM(a_new_rule_begins_to_count_at_zero),
        CLAIM(a_port_alone_in_its_vlan_has_no_destination),
        CLAIM(a_station_behind_the_same_port_needs_no_switch),
        CLAIM(a_full_queue_drops_the_rest),
        CLAIM(what_the_device_refuses_is_dropped_for_its_reason),
        CLAIM(a_mac_table_that_is_full_floods_and_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
