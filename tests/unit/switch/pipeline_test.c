/* SPDX-License-Identifier: Apache-2.0 */
/* Forwarding, flooding, mirrors and the account of it all. */
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
    rig_expect_chain(&rig);
    rig_fini(&rig);
    return 0;
}

static void ports_make(uint16_t count)
{
    for (uint16_t i = 0; i < count; i++) {
        rig_port(&rig, NULL);
    }
}

/* Learning ----------------------------------------------------------------------------------- */

static void a_known_station_gets_its_frames_alone(void **state)
{
    (void)state;
    ports_make(3);
    struct frame frame;
    rig_frame(&frame, 2, 9, 10);
    rig_send(&rig, 2, &frame);
    assert_int_equal(rig_drain(&rig, 1) + rig_drain(&rig, 3), 2);
    rig_frame(&frame, 1, 2, 10);
    rig_send(&rig, 1, &frame);
    rig_expect_frame(&rig, 2, &frame);
    rig_expect_nothing(&rig, 3);
    rig_expect_nothing(&rig, 1);
}

static void a_station_that_moved_is_found_where_it_is_now(void **state)
{
    (void)state;
    ports_make(3);
    struct frame frame;
    rig_frame(&frame, 2, 9, 10);
    rig_send(&rig, 2, &frame);
    rig_send(&rig, 3, &frame);
    for (uint16_t port = 1; port <= 3; port++) {
        rig_drain(&rig, port);
    }
    rig_frame(&frame, 1, 2, 10);
    rig_send(&rig, 1, &frame);
    rig_expect_nothing(&rig, 2);
    rig_expect_frame(&rig, 3, &frame);
    assert_int_equal(vswitch_mac_counters(rig.vswitch).moved, 1);
}

static void a_station_is_forgotten_by_the_switchs_own_clock(void **state)
{
    (void)state;
    ports_make(3);
    struct frame frame;
    rig_frame(&frame, 2, 9, 10);
    rig_send(&rig, 2, &frame);
    rig_drain(&rig, 3);
    rig_frame(&frame, 1, 2, 10);
    rig_advance(&rig, 300);
    rig_send(&rig, 1, &frame);
    rig_expect_nothing(&rig, 3);
    rig_advance(&rig, 1);
    rig_send(&rig, 1, &frame);
    rig_expect_frame(&rig, 3, &frame); /* flooded, though nobody has swept the table */
    assert_int_equal(vswitch_mac_counters(rig.vswitch).aged, 0);
    vswitch_tick(rig.vswitch);
    assert_int_equal(vswitch_mac_counters(rig.vswitch).aged, 1);
    assert_int_equal(vswitch_mac_counters(rig.vswitch).entries, 1);
}

static void one_address_in_two_vlans_is_two_stations(void **state)
{
    (void)state;
    uint16_t a = rig_port_access(&rig, 10);
    uint16_t b = rig_port_access(&rig, 10);
    uint16_t c = rig_port_access(&rig, 20);
    uint16_t d = rig_port_access(&rig, 20);
    struct frame frame;
    rig_frame(&frame, 2, 9, 10);
    rig_send(&rig, b, &frame);
    rig_send(&rig, d, &frame);
    rig_drain(&rig, a);
    rig_drain(&rig, c);
    assert_int_equal(vswitch_mac_counters(rig.vswitch).moved, 0);
    rig_frame(&frame, 1, 2, 10);
    rig_send(&rig, a, &frame);
    rig_expect_frame(&rig, b, &frame);
    rig_expect_nothing(&rig, d);
}

static void a_worn_mac_table_is_renewed_and_what_lives_is_kept(void **state)
{
    (void)state;
    rig_fini(&rig);
    struct switch_config config;
    switch_config_init(&config);
    config.mac_limit = 16;
    rig_init(&rig, &config);
    ports_make(2);
    struct frame frame;
    for (unsigned round = 0; round < 40; round++) {
        rig_frame(&frame, (uint8_t)round, 0x70, 10);
        frame.bytes[10] = (uint8_t)(round + 1);
        rig_send(&rig, 1, &frame);
        rig_drain(&rig, 2);
        if (round != 39) {
            vswitch_mac_flush(rig.vswitch, 1);
        }
    }
    uint64_t generation = vswitch_generation(rig.vswitch);
    vswitch_tick(rig.vswitch);
    assert_int_equal(vswitch_generation(rig.vswitch), generation + 1);
    assert_int_equal(vswitch_mac_counters(rig.vswitch).entries, 1);
    vswitch_tick(rig.vswitch);
    assert_int_equal(vswitch_generation(rig.vswitch), generation + 1);
}

static void a_port_that_is_removed_is_flooded_around(void **state)
{
    (void)state;
    ports_make(3);
    struct frame frame;
    rig_frame(&frame, 3, 9, 10);
    rig_send(&rig, 3, &frame);
    rig_drain(&rig, 1);
    rig_drain(&rig, 2);
    assert_int_equal(vswitch_port_remove(rig.vswitch, "p3", NULL), XSW_OK);
    rig_frame(&frame, 1, 3, 10);
    rig_send(&rig, 1, &frame);
    rig_expect_frame(&rig, 2, &frame);
    /* The account of the third port went with it: the chain is checked on a new switch. */
    rig_fini(&rig);
    rig_init(&rig, NULL);
}

/* Flooding ----------------------------------------------------------------------------------- */

/* What an observer sees of the packets' ends. */
struct ends {
    struct xsw_packet packets[2048];
    uint32_t count;
};

static void ends_begin(void *state, uint32_t worker, const struct worker_counters *counters)
{
    (void)state;
    (void)worker;
    (void)counters;
}

static void ends_received(void *state, uint32_t worker, struct packet *const *packets,
                          uint32_t count, uint8_t bit)
{
    (void)state;
    (void)worker;
    (void)packets;
    (void)count;
    (void)bit;
}

static void ends_ended(void *state, uint32_t worker, const struct ended_batch *batch, uint8_t bit)
{
    (void)worker;
    (void)bit;
    struct ends *ends = state;
    for (uint32_t i = 0; i < batch->count && ends->count < 2048; i++) {
        ends->packets[ends->count++] = batch->packets[i]->seen;
    }
}

static const struct observer_ops ends_ops = {ends_begin, ends_begin, ends_received, ends_ended};

static void a_flood_to_n_ports_is_one_packet_and_copies_that_name_it(void **state)
{
    (void)state;
    enum { PORTS = 8 };
    ports_make(PORTS);
    static struct ends ends;
    ends.count = 0;
    struct observer observer = {.ops = &ends_ops, .state = &ends};
    assert_int_equal(vswitch_observer_add(rig.vswitch, &observer, NULL), XSW_OK);
    struct frame frame;
    rig_frame(&frame, 1, 9, 10);
    rig_send(&rig, 1, &frame);
    assert_int_equal(ends.count, PORTS - 1);
    uint64_t original = 0;
    uint32_t reached = 0;
    for (uint32_t i = 0; i < ends.count; i++) {
        original = ends.packets[i].parent_id == 0 ? ends.packets[i].id : original;
        reached |= 1u << ends.packets[i].destination_port;
    }
    assert_true(original != 0);
    for (uint32_t i = 0; i < ends.count; i++) {
        const struct xsw_packet *packet = &ends.packets[i];
        assert_true(packet->id == original || packet->parent_id == original);
        assert_int_equal((packet->flags & XSW_PACKET_FLOOD_COPY) != 0, packet->id != original);
        for (uint32_t j = 0; j < i; j++) {
            assert_true(packet->id != ends.packets[j].id);
        }
    }
    assert_int_equal(reached, ((1u << (PORTS + 1)) - 1) & ~3u);
    assert_int_equal(vswitch_stage_counters(rig.vswitch, STAGE_FORWARD).clones, PORTS - 2);
    assert_int_equal(vswitch_observer_remove(rig.vswitch, &observer, NULL), XSW_OK);
    for (uint16_t port = 2; port <= PORTS; port++) {
        rig_expect_frame(&rig, port, &frame);
    }
}

static void floods_larger_than_a_batch_reach_everybody_in_order(void **state)
{
    (void)state;
    enum { PORTS = 10, SENDERS = 4 };
    ports_make(PORTS);
    struct frame frame;
    for (uint16_t port = 1; port <= SENDERS; port++) {
        for (unsigned i = 0; i < WORKER_BURST; i++) {
            rig_frame(&frame, (uint8_t)port, 0x70, i);
            rig_feed(&rig, port, &frame);
        }
    }
    assert_int_equal(worker_turn(rig.worker), XSW_BATCH_MAX);
    assert_int_equal(rig_dropped_in_all(&rig), 0);
    struct memory_frame got;
    for (uint16_t port = 1; port <= PORTS; port++) {
        uint32_t next[SENDERS + 1] = {0};
        uint32_t count = 0;
        for (; rig_take(&rig, port, &got); count++) {
            uint8_t sender = got.bytes[11];
            rig_frame(&frame, sender, 0x70, next[sender]++);
            assert_int_equal(got.length, frame.length);
            assert_memory_equal(got.bytes, frame.bytes, frame.length);
        }
        assert_int_equal(count, (SENDERS - (port <= SENDERS)) * WORKER_BURST);
    }
}

static void one_vlan_never_sees_frames_of_another(void **state)
{
    (void)state;
    enum { PORTS = 12, VLANS = 3 };
    for (uint16_t i = 0; i < PORTS; i++) {
        rig_port_access(&rig, (uint16_t)(100 + i % VLANS));
    }
    uint64_t random = 7;
    struct frame frame;
    for (unsigned i = 0; i < 600; i++) {
        uint16_t port = (uint16_t)(1 + frame_random(&random) % PORTS);
        rig_frame(&frame, (uint8_t)port, (uint8_t)(1 + frame_random(&random) % PORTS), 10);
        frame.bytes[4] = (uint8_t)((port - 1) % VLANS); /* so that the receiver can tell */
        frame.bytes[10] = frame.bytes[4];
        rig_send(&rig, port, &frame);
        for (uint16_t to = 1; to <= PORTS; to++) {
            struct memory_frame got;
            while (rig_take(&rig, to, &got)) {
                assert_int_equal(got.bytes[10], (to - 1) % VLANS);
            }
        }
    }
}

/* Mirrors ------------------------------------------------------------------------------------ */

static void mirror_set(uint16_t port, const char *to)
{
    struct port_config config = rig_port_config(&rig, port);
    strcpy(config.mirror_to, to);
    rig_port_set(&rig, &config);
}

static void learn(uint16_t port, uint8_t station)
{
    struct frame frame;
    rig_frame(&frame, station, 0x70, 0);
    rig_send(&rig, port, &frame);
    for (uint16_t other = 1; other <= rig.port_count; other++) {
        rig_drain(&rig, other);
    }
}

static void a_mirror_gets_what_its_port_receives_and_what_it_is_sent(void **state)
{
    (void)state;
    ports_make(2);
    uint16_t watcher = rig_port_access(&rig, 99);
    learn(1, 1);
    learn(2, 2);
    mirror_set(1, "p3");
    struct frame frame;
    rig_frame(&frame, 1, 2, 30);
    rig_send(&rig, 1, &frame);
    rig_expect_frame(&rig, 2, &frame);
    rig_expect_frame(&rig, watcher, &frame);
    rig_frame(&frame, 2, 1, 31);
    rig_send(&rig, 2, &frame);
    rig_expect_frame(&rig, 1, &frame);
    rig_expect_frame(&rig, watcher, &frame);
    rig_expect_nothing(&rig, watcher);
}

static void a_mirror_of_both_ends_gets_one_copy(void **state)
{
    (void)state;
    ports_make(2);
    uint16_t watcher = rig_port_access(&rig, 99);
    learn(1, 1);
    learn(2, 2);
    mirror_set(1, "p3");
    mirror_set(2, "p3");
    struct frame frame;
    rig_frame(&frame, 1, 2, 30);
    rig_send(&rig, 1, &frame);
    rig_expect_frame(&rig, watcher, &frame);
    rig_expect_nothing(&rig, watcher);
    assert_int_equal(vswitch_stage_counters(rig.vswitch, STAGE_MIRROR).clones, 1);
}

static void a_mirror_that_is_the_destination_gets_no_second_copy(void **state)
{
    (void)state;
    ports_make(2);
    learn(1, 1);
    learn(2, 2);
    mirror_set(1, "p2");
    struct frame frame;
    rig_frame(&frame, 1, 2, 30);
    rig_send(&rig, 1, &frame);
    rig_expect_frame(&rig, 2, &frame);
    rig_expect_nothing(&rig, 2);
}

static void a_flood_is_mirrored_once_for_its_source(void **state)
{
    (void)state;
    ports_make(5);
    uint16_t watcher = rig_port_access(&rig, 99);
    mirror_set(1, "p6");
    struct frame frame;
    rig_frame(&frame, 1, 0x70, 30);
    rig_send(&rig, 1, &frame);
    rig_expect_frame(&rig, watcher, &frame);
    rig_expect_nothing(&rig, watcher);
}

static void a_mirror_copy_is_the_frame_before_tags_and_rules_of_egress(void **state)
{
    (void)state;
    static const uint16_t vlans[] = {1, 0};
    uint16_t a = rig_port(&rig, NULL);
    uint16_t trunk = rig_port_trunk(&rig, 0, vlans);
    uint16_t watcher = rig_port_trunk(&rig, 0, vlans);
    learn(trunk, 2);
    struct acl_rule deny = {.action = ACL_DENY, .direction = ACL_OUT};
    rig_rule(&rig, watcher, &deny);
    mirror_set(a, "p3");
    struct frame frame;
    rig_frame(&frame, 1, 0x70, 30);
    rig_frame_stations(&frame, 1, 2);
    learn(a, 1);
    rig_frame_tagged(&frame, 2, 1, 1);
    rig_send(&rig, trunk, &frame);
    struct memory_frame got;
    assert_true(rig_take(&rig, a, &got));
    assert_int_equal(got.length, frame.length - VLAN_TAG_SIZE);
    rig_expect_frame(&rig, watcher, &frame);
}

/* The whole account -------------------------------------------------------------------------- */

static void random_ports_make(void)
{
    static const uint16_t vlans[] = {1, 2, 3, 0};
    for (uint16_t i = 0; i < 8; i++) {
        rig_port_access(&rig, (uint16_t)(1 + i % 3));
    }
    rig_port_trunk(&rig, 0, vlans);
    rig_port_trunk(&rig, 2, vlans);
    rig_port_access(&rig, 99);
    mirror_set(2, "p11");
    mirror_set(9, "p11");
    struct port_config guarded = rig_port_config(&rig, 3);
    guarded.spoof_guard = true;
    guarded.mac_count = 1;
    guarded.macs[0] = (struct mac_address){{2, 0, 0, 0, 0, 3}};
    rig_port_set(&rig, &guarded);
    for (uint16_t port = 1; port < 11; port += 3) {
        struct acl_rule in = {.direction = ACL_IN,
                              .action = ACL_DENY,
                              .has_protocol = true,
                              .protocol = PROTOCOL_ICMP};
        struct acl_rule out = {.direction = ACL_OUT,
                               .action = ACL_DENY,
                               .has_protocol = true,
                               .protocol = PROTOCOL_TCP};
        rig_rule(&rig, port, &in);
        rig_rule(&rig, port, &out);
    }
}

static void random_frame_feed(uint64_t *random)
{
    struct frame frame;
    frame_make_random(&frame, random);
    frame.bytes[5] = (uint8_t)(frame_random(random) % 16);
    frame.bytes[11] = (uint8_t)(frame_random(random) % 16);
    frame.bytes[0] |= (uint8_t)(frame_random(random) % 8 == 0);
    frame.bytes[6] |= (uint8_t)(frame_random(random) % 64 == 0);
    uint32_t length = (uint32_t)frame.length;
    if (frame_random(random) % 16 == 0) {
        length = (uint32_t)(frame_random(random) % length);
    }
    struct xsw_offload offload = {0};
    if (frame_random(random) % 16 == 0) {
        offload.flags = XSW_OFFLOAD_NEEDS_CHECKSUM;
        offload.csum_start = (uint16_t)(frame_random(random) % 400);
    }
    rig_feed_bytes(&rig, (uint16_t)(1 + frame_random(random) % 10), frame.bytes, length, &offload);
}

static void every_packet_of_random_traffic_is_accounted_for_at_every_stage(void **state)
{
    (void)state;
    random_ports_make();
    uint64_t random = 20231122;
    uint32_t taken = 0;
    for (unsigned round = 0; round < 200; round++) {
        for (uint64_t frames = frame_random(&random) % 400; frames > 0; frames--) {
            random_frame_feed(&random);
        }
        rig_run(&rig);
        rig_expect_chain(&rig);
        for (uint16_t port = 1; port <= rig.port_count; port++) {
            taken += rig_drain(&rig, port);
        }
    }
    uint64_t sent = 0;
    for (uint16_t port = 1; port <= rig.port_count; port++) {
        sent += rig_counters(&rig, port).tx_packets;
    }
    assert_int_equal(sent, taken);
    /* The traffic was worth the name. */
    assert_true(rig_dropped(&rig, STAGE_RX, REASON_RUNT_FRAME) > 0);
    assert_true(rig_dropped(&rig, STAGE_RX, REASON_BAD_OFFLOAD) > 0);
    assert_true(rig_dropped(&rig, STAGE_INGRESS_POLICY, REASON_ACL_DENIED) > 0);
    assert_true(rig_dropped(&rig, STAGE_INGRESS_POLICY, REASON_MAC_SPOOFED) > 0);
    assert_true(rig_dropped(&rig, STAGE_EGRESS_POLICY, REASON_ACL_DENIED) > 0);
    assert_true(vswitch_stage_counters(rig.vswitch, STAGE_MIRROR).clones > 0);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(a_known_station_gets_its_frames_alone),
        CLAIM(a_station_that_moved_is_found_where_it_is_now),
        CLAIM(a_station_is_forgotten_by_the_switchs_own_clock),
        CLAIM(one_address_in_two_vlans_is_two_stations),
        CLAIM(a_worn_mac_table_is_renewed_and_what_lives_is_kept),
        CLAIM(a_port_that_is_removed_is_flooded_around),
        CLAIM(a_flood_to_n_ports_is_one_packet_and_copies_that_name_it),
        CLAIM(floods_larger_than_a_batch_reach_everybody_in_order),
        CLAIM(one_vlan_never_sees_frames_of_another),
        CLAIM(a_mirror_gets_what_its_port_receives_and_what_it_is_sent),
        CLAIM(a_mirror_of_both_ends_gets_one_copy),
        CLAIM(a_mirror_that_is_the_destination_gets_no_second_copy),
        CLAIM(a_flood_is_mirrored_once_for_its_source),
        CLAIM(a_mirror_copy_is_the_frame_before_tags_and_rules_of_egress),
        CLAIM(every_packet_of_random_traffic_is_accounted_for_at_every_stage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
