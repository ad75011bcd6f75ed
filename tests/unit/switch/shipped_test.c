/* SPDX-License-Identifier: Apache-2.0 */
/* The shipped extensions that make, hold and replace packets, on a whole switch with a clock that
 * the tests set. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "packet/wire.h"
#include "support/switch_rig.h"
#include "switch/path/reasons.h"

enum { ALICE = 1, BOB = 2, COLLECTOR = 3, SETTINGS_MAX = 8, IPFIX_PORT = 4739 };

static struct rig rig;

static int setup(void **state)
{
    (void)state;
    rig_init(&rig, NULL);
    for (unsigned i = 0; i < 3; i++) {
        rig_port(&rig, NULL);
    }
    return 0;
}

/* The switch becomes active, so that extensions can look at its ports. */
static int setup_active(void **state)
{
    setup(state);
    vswitch_activate(rig.vswitch);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_fini(&rig);
    return 0;
}

/* Pairs of a setting's name and its text, ended by a null. */
static enum xsw_status add(const char *extension, const char *name, const char *const *pairs,
                           struct xsw_error *error)
{
    struct extension_setting settings[SETTINGS_MAX] = {0};
    struct extension_config config = {.settings = settings};
    for (; pairs != NULL && pairs[2 * config.setting_count] != NULL; config.setting_count++) {
        struct extension_setting *setting = &settings[config.setting_count];
        snprintf(setting->name, sizeof setting->name, "%s", pairs[2 * config.setting_count]);
        setting->texts = &pairs[2 * config.setting_count + 1];
        setting->text_count = 1;
    }
    snprintf(config.path, sizeof config.path, EXTENSION_DIR "/%s.so", extension);
    snprintf(config.name, sizeof config.name, "%s", name);
    return vswitch_extension_add(rig.vswitch, &config, error);
}

static void load(const char *extension, const char *name, const char *const *pairs)
{
    struct xsw_error error;
    if (add(extension, name, pairs, &error) != XSW_OK) {
        fail_msg("%s", error.text);
    }
}

static void advance_ms(unsigned milliseconds)
{
    atomic_fetch_add(&rig.clock.now_ns, (uint64_t)milliseconds * 1000000);
    rig_run(&rig);
}

/* One second after the other: the workers tick, the control thread has its turn, and what it sends
 * goes its way. */
static void pass_seconds(unsigned seconds)
{
    for (unsigned i = 0; i < 10 * seconds; i++) {
        advance_ms(100);
        if (i % 10 == 9) {
            vswitch_tick(rig.vswitch);
            rig_run(&rig);
        }
    }
}

/* Everybody knows where everybody is, and nothing is on its way. */
static void stations_learn(void)
{
    struct frame frame;
    for (uint8_t port = 1; port <= rig.port_count; port++) {
        rig_frame(&frame, port, 0x70, 20);
        rig_send(&rig, port, &frame);
    }
    for (uint16_t port = 1; port <= rig.port_count; port++) {
        rig_drain(&rig, port);
    }
}

static void talk(uint8_t from, uint8_t to, unsigned count)
{
    struct frame frame;
    for (unsigned i = 0; i < count; i++) {
        rig_frame(&frame, from, to, 100);
        rig_send(&rig, from, &frame);
    }
}

/* Reports ------------------------------------------------------------------------------------- */

static const char *const reporting[] = {
    "collector",         "10.9.0.3", "address", "10.9.0.1", "collector-mac",
    "02:00:00:00:00:03", "idle",     "1",       NULL};

/* How many of the frames that wait at the port are reports. */
static unsigned reports_arrived(uint16_t port)
{
    struct memory_frame frame;
    unsigned count = 0;
    while (rig_take(&rig, port, &frame)) {
        count += frame.length > 42 && wire_read16(frame.bytes + 36) == IPFIX_PORT &&
                 wire_read16(frame.bytes + 42) == 10;
    }
    return count;
}

static void reports_reach_the_collector(void **state)
{
    (void)state;
    load("flowreport", "one", reporting);
    stations_learn();
    talk(ALICE, BOB, 5);
    pass_seconds(4);
    assert_int_equal(reports_arrived(COLLECTOR), 2); /* templates, and the flows */
    rig_drain(&rig, ALICE);
    assert_int_equal(reports_arrived(ALICE) + reports_arrived(BOB), 0);
    rig_expect_balance(&rig);
}

static void two_reporters_do_not_report_each_other(void **state)
{
    (void)state;
    load("flowreport", "one", reporting);
    load("flowreport", "two", reporting);
    stations_learn();
    talk(ALICE, BOB, 5);
    pass_seconds(4);
    assert_int_equal(reports_arrived(COLLECTOR), 4);
    pass_seconds(200);
    assert_int_equal(reports_arrived(COLLECTOR), 0);
    rig_expect_balance(&rig);
}

static void reports_obey_the_policies_of_a_chosen_port_only(void **state)
{
    (void)state;
    struct acl_rule rule = {.direction = ACL_IN,
                            .action = ACL_DENY,
                            .has_protocol = true,
                            .protocol = PROTOCOL_UDP,
                            .destination_ports = {IPFIX_PORT, IPFIX_PORT}};
    const char *const from_alice[] = {"collector",
                                      "10.9.0.3",
                                      "address",
                                      "10.9.0.1",
                                      "collector-mac",
                                      "02:00:00:00:00:03",
                                      "idle",
                                      "1",
                                      "from",
                                      "p1",
                                      NULL};
    rig_rule(&rig, ALICE, &rule);
    load("flowreport", "trusted", reporting);
    load("flowreport", "alice", from_alice);
    stations_learn();
    talk(ALICE, BOB, 5);
    pass_seconds(4);
    assert_int_equal(reports_arrived(COLLECTOR), 2);
    assert_int_equal(rig_dropped(&rig, STAGE_INGRESS_POLICY, REASON_ACL_DENIED), 2);
    rig_expect_balance(&rig);
}

/* Rewriting on egress -------------------------------------------------------------------------- */

static const char *const marking[] = {"direction", "out", "dscp", "46", NULL};

/* The next frame at the port is this one with the new DSCP, its tag aside. */
static void expect_marked(uint16_t port, const struct frame *sent)
{
    struct memory_frame frame;
    assert_true(rig_take(&rig, port, &frame));
    assert_int_equal(frame.bytes[sent->network + 1], 46 << 2);
    assert_memory_equal(frame.bytes, sent->bytes, 12);
    assert_memory_equal(frame.bytes + sent->transport, sent->bytes + sent->transport,
                        sent->length - sent->transport);
    rig_expect_nothing(&rig, port);
}

static void a_replaced_packet_is_one_packet(void **state)
{
    (void)state;
    struct frame frame;
    load("rewrite", "mark", marking);
    stations_learn();
    rig_frame(&frame, ALICE, BOB, 100);
    rig_send(&rig, ALICE, &frame);
    expect_marked(BOB, &frame);
    rig_expect_nothing(&rig, COLLECTOR);
    assert_int_equal(rig_dropped_in_all(&rig), 0);
    assert_int_equal(
        vswitch_stage_counters(rig.vswitch, rig_stage(&rig, "egress-filter.mark")).consumed, 1);
    rig_expect_balance(&rig);
}

static void a_flood_is_not_multiplied(void **state)
{
    (void)state;
    struct frame frame;
    load("rewrite", "mark", marking);
    stations_learn();
    rig_frame(&frame, ALICE, 0x60, 100); /* nobody knows 60 */
    rig_send(&rig, ALICE, &frame);
    rig_expect_frame(&rig, BOB, &frame);
    rig_expect_frame(&rig, COLLECTOR, &frame);
    rig_expect_nothing(&rig, BOB);
    rig_expect_nothing(&rig, COLLECTOR);
    rig_expect_balance(&rig);
}

static void a_clone_finds_its_way_between_trunk_and_access(void **state)
{
    (void)state;
    struct frame frame;
    const uint16_t vlans[] = {20, 0};
    uint16_t trunk = rig_port_trunk(&rig, 0, vlans);
    uint16_t access = rig_port_access(&rig, 20);
    load("rewrite", "mark", marking);
    rig_frame_tagged(&frame, (uint8_t)trunk, 0x70, 20);
    rig_send(&rig, trunk, &frame);
    rig_frame(&frame, (uint8_t)access, 0x71, 20);
    rig_send(&rig, access, &frame);
    rig_drain(&rig, trunk);
    rig_drain(&rig, access);

    rig_frame_tagged(&frame, (uint8_t)trunk, (uint8_t)access, 20);
    rig_send(&rig, trunk, &frame);
    assert_int_equal(rig_drain(&rig, access), 1);
    rig_frame(&frame, (uint8_t)access, (uint8_t)trunk, 20);
    rig_send(&rig, access, &frame);
    assert_int_equal(rig_drain(&rig, trunk), 1);
    assert_int_equal(rig_dropped_in_all(&rig), 0);
    rig_expect_balance(&rig);
}

/* Delay --------------------------------------------------------------------------------------- */

static void held_packets_arrive_later_and_in_order(void **state)
{
    (void)state;
    const char *const settings[] = {"milliseconds", "20", NULL};
    struct frame frames[4];
    stations_learn();
    load("delay", "", settings);
    for (uint32_t i = 0; i < 4; i++) {
        rig_frame(&frames[i], ALICE, BOB, 60 + i);
        rig_send(&rig, ALICE, &frames[i]);
    }
    advance_ms(19);
    rig_expect_nothing(&rig, BOB);
    rig_expect_balance(&rig);
    advance_ms(2);
    for (uint32_t i = 0; i < 4; i++) {
        rig_expect_frame(&rig, BOB, &frames[i]);
    }
    rig_expect_balance(&rig);
}

static void what_is_held_goes_on_when_the_extension_goes(void **state)
{
    (void)state;
    const char *const settings[] = {"direction", "both", "milliseconds", "10", NULL};
    struct frame frame;
    stations_learn();
    load("delay", "", settings);
    rig_frame(&frame, ALICE, BOB, 60);
    rig_send(&rig, ALICE, &frame);
    rig_start(&rig);
    struct xsw_error error;
    assert_int_equal(vswitch_extension_remove(rig.vswitch, "delay", &error), XSW_OK);
    rig_stop(&rig);
    rig_run(&rig);
    rig_expect_frame(&rig, BOB, &frame);
    rig_expect_balance(&rig);
}

/* Static forwarding ---------------------------------------------------------------------------- */

static void the_table_decides_and_nothing_is_learned(void **state)
{
    (void)state;
    const char *const settings[] = {"table", "02:00:00:00:00:02 p2", NULL};
    struct frame frame;
    load("staticforward", "", settings);
    rig_frame(&frame, ALICE, BOB, 60);
    rig_send(&rig, ALICE, &frame);
    rig_expect_frame(&rig, BOB, &frame);
    rig_frame(&frame, BOB, ALICE, 60); /* not in the table, and there is no external port */
    rig_send(&rig, BOB, &frame);
    rig_expect_nothing(&rig, ALICE);
    assert_int_equal(rig_dropped_in_all(&rig), 1);
    rig_expect_balance(&rig);
}

static void a_policy_that_it_does_not_enforce_is_refused(void **state)
{
    (void)state;
    struct xsw_error error;
    load("staticforward", "", NULL);
    struct port_config config = rig_port_config(&rig, ALICE);
    config.vlan.access = 20;
    assert_int_not_equal(vswitch_port_set(rig.vswitch, &config, &error), XSW_OK);
    assert_non_null(strstr(error.text, "staticforward"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reports_reach_the_collector, setup, teardown),
        cmocka_unit_test_setup_teardown(two_reporters_do_not_report_each_other, setup, teardown),
        cmocka_unit_test_setup_teardown(reports_obey_the_policies_of_a_chosen_port_only,
                                        setup_active, teardown),
        cmocka_unit_test_setup_teardown(a_replaced_packet_is_one_packet, setup, teardown),
        cmocka_unit_test_setup_teardown(a_flood_is_not_multiplied, setup, teardown),
        cmocka_unit_test_setup_teardown(a_clone_finds_its_way_between_trunk_and_access, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(held_packets_arrive_later_and_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_held_goes_on_when_the_extension_goes, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(the_table_decides_and_nothing_is_learned, setup_active,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_policy_that_it_does_not_enforce_is_refused, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
