/* SPDX-License-Identifier: Apache-2.0 */
/* The policies of a port, each with the stage and the reason of its drops: private VLANs, guards,
 * priority, storm limits, required extensions, mirrors, and the port that is trusted. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "packet/parse.h"
#include "support/switch_rig.h"
#include "switch/path/reasons.h"
#include "switch/state.h"

static struct rig rig;

static int set_up(void **state)
{
    (void)state;
    rig_init(&rig, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rig_expect_balance(&rig);
    rig_fini(&rig);
    return 0;
}

static void drain_all(void)
{
    for (uint16_t port = 1; port <= rig.port_count; port++) {
        rig_drain(&rig, port);
    }
}

/* The station's address becomes known at the port. */
static void learn(uint16_t port, uint8_t station)
{
    struct frame frame;
    rig_frame(&frame, station, 0x70, 0);
    rig_send(&rig, port, &frame);
    drain_all();
}

static void send_broadcast(uint16_t port, uint8_t station)
{
    struct frame frame;
    rig_frame(&frame, station, 0x70, 20);
    memset(frame.bytes, 0xff, MAC_SIZE);
    rig_send(&rig, port, &frame);
}

/* Private VLANs ------------------------------------------------------------------------------ */

enum { PRIMARY = 100, ISOLATED = 101, COMMUNITY = 102 };

/* Ports in the order in which private_ports_make makes them. */
enum { LONE_A = 1, LONE_B, GROUP_A, GROUP_B, GATEWAY, TRUNK, STRANGER };

static uint16_t private_port(enum private_vlan_type type, uint16_t secondary)
{
    struct port_config config;
    port_config_init(&config);
    config.vlan = (struct vlan_config){
        .mode = VLAN_PRIVATE, .private_type = type, .primary = PRIMARY, .secondary = secondary};
    if (type == PRIVATE_VLAN_PROMISCUOUS) {
        config.vlan.secondary = 0;
        config.vlan.allowed[ISOLATED / 64] |= UINT64_C(1) << ISOLATED % 64;
        config.vlan.allowed[COMMUNITY / 64] |= UINT64_C(1) << COMMUNITY % 64;
    }
    return rig_port(&rig, &config);
}

static void private_ports_make(void)
{
    static const uint16_t vlans[] = {PRIMARY, ISOLATED, COMMUNITY, 0};
    private_port(PRIVATE_VLAN_ISOLATED, ISOLATED);
    private_port(PRIVATE_VLAN_ISOLATED, ISOLATED);
    private_port(PRIVATE_VLAN_COMMUNITY, COMMUNITY);
    private_port(PRIVATE_VLAN_COMMUNITY, COMMUNITY);
    private_port(PRIVATE_VLAN_PROMISCUOUS, 0);
    rig_port_trunk(&rig, 0, vlans);
    rig_port_access(&rig, 1);
}

/* Which ports got something, as bits. */
static uint32_t reached(void)
{
    uint32_t ports = 0;
    for (uint16_t port = 1; port <= rig.port_count; port++) {
        ports |= rig_drain(&rig, port) > 0 ? 1U << port : 0;
    }
    return ports;
}

static void a_private_vlan_floods_to_those_who_may_hear(void **state)
{
    (void)state;
    private_ports_make();
    send_broadcast(LONE_A, 1);
    assert_int_equal(reached(), 1U << GATEWAY | 1U << TRUNK);
    send_broadcast(GROUP_A, 3);
    assert_int_equal(reached(), 1U << GROUP_B | 1U << GATEWAY | 1U << TRUNK);
    send_broadcast(GATEWAY, 5);
    assert_int_equal(reached(),
                     1U << LONE_A | 1U << LONE_B | 1U << GROUP_A | 1U << GROUP_B | 1U << TRUNK);
    send_broadcast(STRANGER, 7);
    assert_int_equal(reached(), 0);
}

static void addresses_of_a_private_vlan_are_known_to_all_of_it(void **state)
{
    (void)state;
    private_ports_make();
    for (uint8_t port = LONE_A; port <= GATEWAY; port++) {
        learn(port, port);
    }
    struct frame frame;
    rig_frame(&frame, LONE_A, GATEWAY, 20);
    rig_send(&rig, LONE_A, &frame);
    rig_expect_frame(&rig, GATEWAY, &frame);
    rig_frame(&frame, GATEWAY, LONE_A, 20);
    rig_send(&rig, GATEWAY, &frame);
    rig_expect_frame(&rig, LONE_A, &frame);
    rig_frame(&frame, GROUP_A, GROUP_B, 20);
    rig_send(&rig, GROUP_A, &frame);
    rig_expect_frame(&rig, GROUP_B, &frame);
    assert_int_equal(reached(), 0); /* none of them was a flood */
}

static void a_private_vlan_keeps_its_parts_apart(void **state)
{
    (void)state;
    static const uint8_t pairs[][2] = {
        {LONE_A, LONE_B}, {LONE_A, GROUP_A}, {GROUP_A, LONE_A}, {LONE_B, LONE_A}};
    private_ports_make();
    for (uint8_t port = LONE_A; port <= GATEWAY; port++) {
        learn(port, port);
    }
    for (unsigned i = 0; i < 4; i++) {
        struct frame frame;
        rig_frame(&frame, pairs[i][0], pairs[i][1], 20);
        rig_send(&rig, pairs[i][0], &frame);
        assert_int_equal(reached(), 0);
        assert_int_equal(rig_dropped(&rig, STAGE_EGRESS_POLICY, REASON_PRIVATE_VLAN), i + 1);
    }
}

static void a_trunk_carries_the_secondary_vlan_as_a_tag(void **state)
{
    (void)state;
    private_ports_make();
    struct frame frame;
    struct frame tagged;
    rig_frame(&frame, LONE_A, 0x70, 20);
    rig_send(&rig, LONE_A, &frame);
    rig_frame_tagged(&tagged, LONE_A, 0x70, ISOLATED);
    rig_expect_frame(&rig, TRUNK, &tagged);
    drain_all();
    /* From another switch: what an isolated port there has sent is not for one here. */
    rig_frame_tagged(&tagged, 9, 0x71, ISOLATED);
    rig_send(&rig, TRUNK, &tagged);
    assert_int_equal(reached(), 1U << GATEWAY);
    rig_frame_tagged(&tagged, 9, 0x71, PRIMARY);
    rig_send(&rig, TRUNK, &tagged);
    assert_int_equal(reached(),
                     1U << LONE_A | 1U << LONE_B | 1U << GROUP_A | 1U << GROUP_B | 1U << GATEWAY);
}

static void a_trunk_without_the_secondary_vlan_is_another_vlan(void **state)
{
    (void)state;
    static const uint16_t vlans[] = {PRIMARY, 0};
    private_port(PRIVATE_VLAN_ISOLATED, ISOLATED);
    uint16_t trunk = rig_port_trunk(&rig, 0, vlans);
    struct frame frame;
    rig_frame_tagged(&frame, 9, 0x71, PRIMARY);
    rig_send(&rig, trunk, &frame);
    drain_all();
    rig_frame(&frame, 1, 9, 20);
    rig_send(&rig, 1, &frame);
    assert_int_equal(rig_dropped(&rig, STAGE_EGRESS_POLICY, REASON_VLAN_NOT_ALLOWED), 1);
}

static void a_private_port_refuses_tags(void **state)
{
    (void)state;
    private_ports_make();
    struct frame frame;
    rig_frame_tagged(&frame, 1, 5, ISOLATED);
    rig_send(&rig, LONE_A, &frame);
    assert_int_equal(rig_dropped(&rig, STAGE_INGRESS_POLICY, REASON_VLAN_NOT_ALLOWED), 1);
}

/* Guards and tags ---------------------------------------------------------------------------- */

static void dhcp_reply_make(struct frame *frame, uint8_t from)
{
    rig_frame(frame, from, 0x70, 40);
    uint8_t *udp = frame->bytes + frame->transport;
    wire_write16(udp, 67);
    wire_write16(udp + 2, 68);
    udp[UDP_SIZE] = 2;
}

static void a_guarded_port_may_not_answer_as_a_server_or_a_router(void **state)
{
    (void)state;
    struct port_config config;
    port_config_init(&config);
    config.dhcp_guard = true;
    config.router_guard = true;
    rig_port(&rig, &config);
    rig_port(&rig, NULL);
    struct frame frame;
    dhcp_reply_make(&frame, 1);
    rig_send(&rig, 1, &frame);
    assert_int_equal(rig_dropped(&rig, STAGE_INGRESS_POLICY, REASON_DHCP_GUARD), 1);
    frame_ethernet(&frame, ETHER_TYPE_IPV6);
    frame_ipv6(&frame, PROTOCOL_ICMPV6);
    frame_icmp_echo(&frame, ICMPV6_ROUTER_ADVERT);
    frame_finish(&frame);
    rig_send(&rig, 1, &frame);
    assert_int_equal(rig_dropped(&rig, STAGE_INGRESS_POLICY, REASON_ROUTER_GUARD), 1);
    rig_expect_nothing(&rig, 2);
    /* The other port may. */
    dhcp_reply_make(&frame, 2);
    rig_send(&rig, 2, &frame);
    rig_expect_frame(&rig, 1, &frame);
}

static void a_reset_priority_is_zero_behind_the_port(void **state)
{
    (void)state;
    static const uint16_t vlans[] = {10, 0};
    uint16_t from = rig_port_trunk(&rig, 0, vlans);
    uint16_t to = rig_port_trunk(&rig, 0, vlans);
    struct port_config config = rig_port_config(&rig, from);
    config.reset_priority = true;
    rig_port_set(&rig, &config);
    struct frame sent;
    struct frame expected;
    rig_frame_tagged(&sent, 1, 2, 7 << VLAN_PRIORITY_SHIFT | VLAN_DROP_ELIGIBLE | 10);
    rig_frame_tagged(&expected, 1, 2, 10);
    rig_send(&rig, from, &sent);
    rig_expect_frame(&rig, to, &expected);
    /* The other direction keeps it. */
    rig_frame_tagged(&sent, 2, 0x71, 7 << VLAN_PRIORITY_SHIFT | 10);
    rig_send(&rig, to, &sent);
    rig_expect_frame(&rig, from, &sent);
}

/* Storm limits ------------------------------------------------------------------------------- */

static void storm_set(uint16_t port, uint32_t broadcast, uint32_t multicast, uint32_t unknown)
{
    struct port_config config = rig_port_config(&rig, port);
    config.storm = (struct storm_config){broadcast, multicast, unknown};
    rig_port_set(&rig, &config);
}

static void a_storm_is_limited_in_each_second(void **state)
{
    (void)state;
    rig_port(&rig, NULL);
    rig_port(&rig, NULL);
    storm_set(1, 5, 0, 0);
    for (unsigned second = 1; second <= 3; second++) {
        for (unsigned i = 0; i < 8; i++) {
            send_broadcast(1, 1);
        }
        assert_int_equal(rig_drain(&rig, 2), 5);
        assert_int_equal(rig_dropped(&rig, STAGE_INGRESS_POLICY, REASON_STORM_LIMIT), second * 3);
        rig_advance(&rig, 1);
    }
}

static void each_kind_of_storm_has_a_limit_of_its_own(void **state)
{
    (void)state;
    rig_port(&rig, NULL);
    rig_port(&rig, NULL);
    learn(2, 2);
    storm_set(1, 1, 2, 3);
    struct frame frame;
    for (unsigned i = 0; i < 5; i++) {
        send_broadcast(1, 1);
        rig_frame(&frame, 1, 0x70, 20);
        rig_send(&rig, 1, &frame); /* unknown */
        frame.bytes[0] |= 1;
        rig_send(&rig, 1, &frame); /* multicast */
        rig_frame(&frame, 1, 2, 20);
        rig_send(&rig, 1, &frame); /* known: no storm */
    }
    assert_int_equal(rig_drain(&rig, 2), 1 + 2 + 3 + 5);
    assert_int_equal(rig_dropped(&rig, STAGE_INGRESS_POLICY, REASON_STORM_LIMIT), 4 + 3);
    assert_int_equal(rig_dropped(&rig, STAGE_FORWARD, REASON_STORM_LIMIT), 2);
}

static void a_new_configuration_gives_no_second_allowance(void **state)
{
    (void)state;
    rig_port(&rig, NULL);
    rig_port(&rig, NULL);
    storm_set(1, 2, 0, 0);
    send_broadcast(1, 1);
    send_broadcast(1, 1);
    rig_port(&rig, NULL);
    send_broadcast(1, 1);
    assert_int_equal(rig_dropped(&rig, STAGE_INGRESS_POLICY, REASON_STORM_LIMIT), 1);
    drain_all();
}

static void a_large_packet_counts_as_its_segments(void **state)
{
    (void)state;
    struct xsw_packet packet = {.length = 1454, .offload = {.header_length = 54, .gso_size = 1400}};
    assert_int_equal(storm_packets(&packet), 1);
    packet.offload.gso_type = XSW_GSO_TCPV4;
    assert_int_equal(storm_packets(&packet), 1);
    packet.length++;
    assert_int_equal(storm_packets(&packet), 2);
    struct storm_window window = {0};
    assert_int_equal(storm_admit(&window, 7, 2, 3), 1);
    assert_int_equal(storm_admit(&window, 7, 2, 3), 0);
    assert_int_equal(storm_admit(&window, 7, 1, 3), 1);
    assert_int_equal(storm_admit(&window, 6, 1, 3), 0); /* a worker that is late */
    assert_int_equal(storm_admit(&window, 8, 3, 3), 1);
    assert_int_equal(storm_admit(&window, 8, 1, 2), 0); /* a limit that was lowered */
}

static void *storm_spend(void *context)
{
    size_t admitted = 0;
    for (unsigned i = 0; i < 20000; i++) {
        admitted += (size_t)storm_admit(context, 9, 1, 30000);
    }
    return (void *)admitted;
}

static void workers_stay_within_one_limit_together(void **state)
{
    (void)state;
    struct storm_window window = {0};
    pthread_t threads[3];
    size_t sum = 0;
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, storm_spend, &window), 0);
    }
    for (unsigned i = 0; i < 3; i++) {
        void *admitted;
        assert_int_equal(pthread_join(threads[i], &admitted), 0);
        sum += (size_t)admitted;
    }
    assert_int_equal(sum, 30000);
}

/* Required extensions and mirrors ------------------------------------------------------------ */

static void a_port_without_its_required_extension_carries_nothing(void **state)
{
    (void)state;
    rig_port(&rig, NULL);
    rig_port(&rig, NULL);
    learn(1, 1);
    struct port_config config = rig_port_config(&rig, 1);
    strcpy(config.required[0], "wall");
    config.required_count = 1;
    rig_port_set(&rig, &config);
    struct frame frame;
    rig_frame(&frame, 1, 2, 20);
    rig_send(&rig, 1, &frame);
    assert_int_equal(rig_dropped(&rig, STAGE_INGRESS_POLICY, REASON_REQUIRED_EXTENSION), 1);
    rig_frame(&frame, 2, 1, 20);
    rig_send(&rig, 2, &frame);
    assert_int_equal(rig_dropped(&rig, STAGE_EGRESS_POLICY, REASON_REQUIRED_EXTENSION), 1);
    struct xsw_error error;
    assert_int_equal(
        rig_extension(&rig, EXTENSION_DIR "/test/lookcount.so", "wall", NULL, NULL, &error),
        XSW_OK);
    rig_send(&rig, 2, &frame);
    rig_expect_frame(&rig, 1, &frame);
}

static void a_port_whose_nic_is_not_connected_carries_nothing(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        rig_port(&rig, NULL);
    }
    learn(1, 1);
    struct xsw_error error;
    assert_int_equal(vswitch_nic_disconnect(rig.vswitch, "p1", &error), XSW_OK);
    struct frame frame;
    rig_frame(&frame, 1, 2, 20);
    rig_send(&rig, 1, &frame);
    assert_int_equal(rig_dropped(&rig, STAGE_INGRESS_POLICY, REASON_NOT_CONNECTED), 1);
    rig_frame(&frame, 2, 1, 20);
    rig_send(&rig, 2, &frame);
    assert_int_equal(rig_dropped(&rig, STAGE_EGRESS_POLICY, REASON_NOT_CONNECTED), 1);
    send_broadcast(2, 2);
    rig_expect_nothing(&rig, 1);
    assert_int_equal(rig_drain(&rig, 3), 1);
    /* A flood does not even try. */
    assert_int_equal(rig_dropped(&rig, STAGE_EGRESS_POLICY, REASON_NOT_CONNECTED), 1);
}

static void mirror_set(uint16_t port, const char *to, enum mirror_direction direction)
{
    struct port_config config = rig_port_config(&rig, port);
    strcpy(config.mirror_to, to);
    config.mirror_direction = direction;
    rig_port_set(&rig, &config);
}

static void a_mirror_may_have_one_direction(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        rig_port_access(&rig, i < 2 ? 1 : 99);
    }
    learn(1, 1);
    learn(2, 2);
    struct frame there;
    struct frame back;
    rig_frame(&there, 1, 2, 20);
    rig_frame(&back, 2, 1, 21);
    mirror_set(1, "p3", MIRROR_IN);
    rig_send(&rig, 1, &there);
    rig_send(&rig, 2, &back);
    rig_expect_frame(&rig, 3, &there);
    rig_expect_nothing(&rig, 3);
    mirror_set(1, "p3", MIRROR_OUT);
    rig_send(&rig, 1, &there);
    rig_send(&rig, 2, &back);
    rig_expect_frame(&rig, 3, &back);
    rig_expect_nothing(&rig, 3);
    drain_all();
}

static void a_flood_to_several_mirrored_ports_is_mirrored_once(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        rig_port_access(&rig, i < 4 ? 1 : 99);
    }
    for (uint16_t port = 1; port <= 4; port++) {
        mirror_set(port, "p5", MIRROR_BOTH);
    }
    send_broadcast(1, 1);
    assert_int_equal(rig_drain(&rig, 5), 1);
    mirror_set(1, "", MIRROR_BOTH);
    send_broadcast(1, 1);
    assert_int_equal(rig_drain(&rig, 5), 1);
    assert_int_equal(vswitch_stage_counters(rig.vswitch, STAGE_MIRROR).clones, 2);
    drain_all();
}

static void a_mirror_in_the_set_of_a_forwarder_gets_one_frame(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        rig_port(&rig, NULL);
    }
    struct xsw_error error;
    assert_int_equal(rig_extension(&rig, EXTENSION_DIR "/test/hub.so", "hub", NULL, NULL, &error),
                     XSW_OK);
    mirror_set(1, "p4", MIRROR_BOTH);
    mirror_set(2, "p4", MIRROR_BOTH);
    struct frame frame;
    rig_frame(&frame, 1, 2, 20);
    rig_send(&rig, 1, &frame);
    for (uint16_t port = 2; port <= 4; port++) {
        rig_expect_frame(&rig, port, &frame);
        rig_expect_nothing(&rig, port);
    }
    assert_int_equal(vswitch_stage_counters(rig.vswitch, STAGE_MIRROR).clones, 0);
}

/* The trusted port --------------------------------------------------------------------------- */

/* Runs the frame from port 0 as if an extension had made it. */
static void originate(const struct frame *frame, uint16_t vlan)
{
    struct worker *worker = rig.worker;
    worker_adopt(worker);
    struct packet *packet = packet_alloc(worker->pool, (uint32_t)frame->length);
    assert_non_null(packet);
    memcpy(packet->seen.data, frame->bytes, frame->length);
    packet->seen.length = (uint32_t)frame->length;
    packet->seen.vlan = vlan;
    parse_packet(&packet->seen);
    struct batch batch = {.count = 1, .packets = {packet}};
    uint32_t place = 0;
    while (worker->pipeline->stages[place].id != STAGE_INGRESS_POLICY) {
        place++;
    }
    pipeline_run(worker, worker->pipeline, &batch, place);
    assert_int_equal(packet_pool_in_use(worker->pool), 0);
}

static void what_comes_from_port_0_passes_all_policies_but_that_of_vlans(void **state)
{
    (void)state;
    static const uint16_t vlans[] = {10, 20, 0};
    uint16_t a = rig_port(&rig, NULL);
    uint16_t b = rig_port_access(&rig, 10);
    uint16_t trunk = rig_port_trunk(&rig, 0, vlans);
    struct acl_rule deny = {.action = ACL_DENY, .direction = ACL_OUT};
    rig_rule(&rig, a, &deny);
    struct frame frame;
    rig_frame(&frame, 9, 0x70, 20);
    memset(frame.bytes + MAC_SIZE, 0, MAC_SIZE); /* and with an address that nobody may have */
    originate(&frame, 0);
    rig_expect_frame(&rig, a, &frame);
    rig_expect_nothing(&rig, b);
    originate(&frame, 10);
    rig_expect_frame(&rig, b, &frame);
    rig_expect_nothing(&rig, a);
    assert_int_equal(rig_drain(&rig, trunk), 1);
    rig_frame_tagged(&frame, 9, 0x70, 20);
    originate(&frame, 0);
    rig_expect_frame(&rig, trunk, &frame);
    originate(&frame, 4095);
    rig_expect_nothing(&rig, trunk);
    assert_int_equal(rig_drain(&rig, a), 1);
    assert_int_equal(vswitch_mac_counters(rig.vswitch).learned, 0);
    rig_fini(&rig);
    rig_init(&rig, NULL);
}

int main(void)
{
#define CLAIM(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CLAIM(a_private_vlan_floods_to_those_who_may_hear),
        CLAIM(addresses_of_a_private_vlan_are_known_to_all_of_it),
        CLAIM(a_private_vlan_keeps_its_parts_apart),
        CLAIM(a_trunk_carries_the_secondary_vlan_as_a_tag),
        CLAIM(a_trunk_without_the_secondary_vlan_is_another_vlan),
        CLAIM(a_private_port_refuses_tags),
        CLAIM(a_guarded_port_may_not_answer_as_a_server_or_a_router),
        CLAIM(a_reset_priority_is_zero_behind_the_port),
        CLAIM(a_storm_is_limited_in_each_second),
        CLAIM(each_kind_of_storm_has_a_limit_of_its_own),
        CLAIM(a_new_configuration_gives_no_second_allowance),
        CLAIM(a_large_packet_counts_as_its_segments),
        CLAIM(workers_stay_within_one_limit_together),
        CLAIM(a_port_without_its_required_extension_carries_nothing),
        CLAIM(a_port_whose_nic_is_not_connected_carries_nothing),
        CLAIM(a_mirror_may_have_one_direction),
        CLAIM(a_flood_to_several_mirrored_ports_is_mirrored_once),
        CLAIM(a_mirror_in_the_set_of_a_forwarder_gets_one_frame),
        CLAIM(what_comes_from_port_0_passes_all_policies_but_that_of_vlans),
    };
#undef CLAIM
    return cmocka_run_group_tests_name("policies", tests, NULL, NULL);
}
