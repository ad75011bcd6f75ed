/* SPDX-License-Identifier: Apache-2.0 */
/* Extensions in the path of packets: what the host believes of them, and what it finds out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
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

static void load_with(struct rig *on, const char *name, const char *setting, const char *value)
{
    char path[256];
    int is_shipped = strcmp(name, "flowfilter") == 0 || strcmp(name, "rewrite") == 0;
    snprintf(path, sizeof(path), EXTENSION_DIR "/%s%s.so", is_shipped ? "" : "test/", name);
    struct xsw_error error;
    if (rig_extension(on, path, "", setting, value, &error) != XSW_OK) {
        fail_msg("%s", error.text);
    }
}

static void load(const char *name)
{
    load_with(&rig, name, NULL, NULL);
}

static void ports_make(uint16_t count)
{
    for (uint16_t i = 0; i < count; i++) {
        rig_port(&rig, NULL);
    }
}

static void frames_feed(struct rig *on, uint16_t port, unsigned count)
{
    struct frame frame;
    for (unsigned i = 0; i < count; i++) {
        rig_frame(&frame, (uint8_t)port, 0x70, i % 400);
        rig_feed(on, port, &frame);
    }
    rig_run(on);
}

static struct extension_info info_of(const char *name)
{
    struct extension_info infos[8];
    size_t count = vswitch_extensions(rig.vswitch, infos, 8);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(infos[i].name, name) == 0) {
            return infos[i];
        }
    }
    fail_msg("there is no extension %s", name);
    return infos[0];
}

static uint16_t reason_id(const char *owner, const char *name)
{
    struct reason_info reasons[REASONS_MAX];
    size_t count = vswitch_reasons(rig.vswitch, reasons, REASONS_MAX);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(reasons[i].owner, owner) == 0 && strcmp(reasons[i].name, name) == 0) {
            return reasons[i].id;
        }
    }
    fail_msg("%s has no reason %s", owner, name);
    return 0;
}

/* Filters ------------------------------------------------------------------------------------ */

static void a_packet_that_vanishes_is_a_silent_drop_in_the_extensions_name(void **state)
{
    (void)state;
    ports_make(2);
    load_with(&rig, "vanish", "every", "3");
    frames_feed(&rig, 1, 100);
    uint16_t stage = rig_stage(&rig, "ingress-filter.vanish");
    assert_int_equal(rig_dropped(&rig, stage, REASON_SILENT_DROP), 33);
    assert_int_equal(rig_dropped_in_all(&rig), 33);
    assert_int_equal(rig_drain(&rig, 2), 67);
    assert_int_equal(info_of("vanish").silently_dropped, 33);
    assert_int_equal(info_of("vanish").packets, 100);
    assert_int_equal(rig_counters(&rig, 1).dropped_in, 33);
    rig_expect_chain(&rig);
}

static void a_reason_that_was_not_declared_is_a_silent_drop(void **state)
{
    (void)state;
    ports_make(2);
    load("badreason");
    frames_feed(&rig, 1, 10);
    uint16_t stage = rig_stage(&rig, "ingress-filter.badreason");
    assert_int_equal(rig_dropped(&rig, stage, REASON_SILENT_DROP), 10);
    assert_int_equal(rig_dropped_in_all(&rig), 10);
    rig_expect_chain(&rig);
}

static void a_packet_left_outside_its_buffer_is_dropped_as_bad(void **state)
{
    (void)state;
    static const char *const ways[] = {"before", "behind", "long", "short", "null"};
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        rig_fini(&rig);
        rig_init(&rig, NULL);
        ports_make(2);
        load_with(&rig, "outside", "how", ways[i]);
        frames_feed(&rig, 1, 5);
        uint16_t stage = rig_stage(&rig, "ingress-filter.outside");
        assert_int_equal(rig_dropped(&rig, stage, REASON_BAD_PACKET), 5);
        assert_int_equal(rig_dropped_in_all(&rig), 5);
        assert_int_equal(rig_counters(&rig, 1).dropped_in, 5);
        rig_expect_chain(&rig);
    }
}

static void what_the_switch_knows_of_a_packet_is_not_the_extensions(void **state)
{
    (void)state;
    ports_make(2);
    uint16_t other = rig_port_access(&rig, 2);
    load_with(&rig, "outside", "how", "metadata");
    struct frame frame;
    rig_frame(&frame, 1, 0x70, 40);
    rig_send(&rig, 1, &frame);
    rig_expect_frame(&rig, 2, &frame);
    rig_expect_nothing(&rig, 1);
    rig_expect_nothing(&rig, other);
    assert_int_equal(rig_dropped_in_all(&rig), 0);
    rig_expect_chain(&rig);
}

static void a_rule_of_flowfilter_drops_for_its_declared_reason(void **state)
{
    (void)state;
    ports_make(2);
    load_with(&rig, "flowfilter", "rules", "20 deny out udp dst port 53");
    frames_feed(&rig, 1, 7);
    uint16_t stage = rig_stage(&rig, "egress-filter.flowfilter");
    struct stage_counters counters = vswitch_stage_counters(rig.vswitch, stage);
    assert_int_equal(counters.dropped, 7);
    assert_int_equal(rig_dropped(&rig, stage, REASON_SILENT_DROP), 0);
    assert_int_equal(rig_counters(&rig, 2).dropped_out, 7);
    rig_expect_nothing(&rig, 2);
    rig_expect_chain(&rig);
}

static void capture_extensions_see_every_packet_and_every_copy(void **state)
{
    (void)state;
    ports_make(4);
    load("lookcount");
    frames_feed(&rig, 1, 10);
    assert_int_equal(
        vswitch_stage_counters(rig.vswitch, rig_stage(&rig, "ingress-capture.lookcount")).in, 10);
    assert_int_equal(
        vswitch_stage_counters(rig.vswitch, rig_stage(&rig, "egress-capture.lookcount")).in, 30);
    rig_expect_chain(&rig);
}

static void the_newest_is_first_on_ingress_and_last_on_egress(void **state)
{
    (void)state;
    load("lookcount");
    load_with(&rig, "flowfilter", "default", "allow");
    load_with(&rig, "vanish", "every", "1000");
    struct stage_info stages[STAGES_MAX];
    const char *by_order[STAGES_MAX] = {NULL};
    size_t count = vswitch_stages(rig.vswitch, stages, STAGES_MAX);
    for (size_t i = 0; i < count; i++) {
        by_order[stages[i].order] = stages[i].name;
    }
    static const char *const expected[] = {"rx",
                                           "ingress-capture.lookcount",
                                           "ingress-filter.vanish",
                                           "ingress-filter.flowfilter",
                                           "ingress-policy",
                                           "forward",
                                           "mirror",
                                           "egress-policy",
                                           "egress-filter.flowfilter",
                                           "egress-capture.lookcount",
                                           "tx"};
    assert_int_equal(count, sizeof(expected) / sizeof(expected[0]));
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(by_order[i], expected[i]);
    }
}

/* Forwarders --------------------------------------------------------------------------------- */

static void a_forwarder_replaces_learning(void **state)
{
    (void)state;
    ports_make(4);
    load("hub");
    struct frame frame;
    rig_frame(&frame, 2, 9, 0);
    rig_send(&rig, 2, &frame);
    rig_frame(&frame, 1, 2, 0);
    rig_send(&rig, 1, &frame);
    assert_int_equal(vswitch_macs(rig.vswitch, NULL, 0), 0);
    assert_int_equal(rig_drain(&rig, 1), 1);
    assert_int_equal(rig_drain(&rig, 2), 1);
    assert_int_equal(rig_drain(&rig, 3), 2);
    assert_int_equal(rig_drain(&rig, 4), 2);
    rig_expect_chain(&rig);
    assert_int_equal(vswitch_extension_remove(rig.vswitch, "hub", NULL), XSW_OK);
    rig_send(&rig, 1, &frame);
    assert_int_equal(vswitch_macs(rig.vswitch, NULL, 0), 1);
}

static void a_forwarder_that_enforces_no_vlans_is_refused_where_there_are_some(void **state)
{
    (void)state;
    rig_port_access(&rig, 10);
    rig_port_access(&rig, 10);
    uint16_t other = rig_port_access(&rig, 20);
    struct xsw_error error;
    assert_int_equal(rig_extension(&rig, EXTENSION_DIR "/test/hub.so", "hub", NULL, NULL, &error),
                     XSW_UNSUPPORTED);
    assert_string_equal(error.text, "port p1: forwarder \"hub\" does not enforce VLANs; expected "
                                    "access VLAN 1, or a switch without this forwarder");
    frames_feed(&rig, 1, 3);
    assert_int_equal(rig_drain(&rig, 2), 3);
    rig_expect_nothing(&rig, other);
    rig_expect_chain(&rig);
}

static void a_forwarder_that_names_nobody_drops_as_no_destination(void **state)
{
    (void)state;
    ports_make(2);
    load("silentforward");
    frames_feed(&rig, 1, 5);
    assert_int_equal(rig_dropped(&rig, STAGE_FORWARD, REASON_NO_DESTINATION), 5);
    assert_int_equal(rig_dropped_in_all(&rig), 5);
    struct stage_info stages[STAGES_MAX];
    vswitch_stages(rig.vswitch, stages, STAGES_MAX);
    assert_string_equal(stages[STAGE_FORWARD].extension, "silentforward");
    rig_expect_chain(&rig);
}

static void ports_that_are_not_there_are_no_destinations(void **state)
{
    (void)state;
    ports_make(3);
    load_with(&rig, "picky", "back", "true");
    struct frame frame;
    rig_frame(&frame, 1, 9, 11);
    frame.bytes[frame.length - 1] = 2;
    rig_send(&rig, 1, &frame);
    for (uint16_t port = 1; port <= 3; port++) {
        rig_expect_frame(&rig, port, &frame);
    }
    assert_int_equal(rig_dropped_in_all(&rig), 0);
    rig_expect_chain(&rig);
}

static void a_forwarders_verdicts_hold_in_floods_larger_than_a_batch(void **state)
{
    (void)state;
    enum { PORTS = 12, ALL = 2 * WORKER_BURST };
    ports_make(PORTS);
    load("picky");
    load("lookcount"); /* has a stage behind forwarding that uses verdicts of its own */
    struct frame frame;
    for (unsigned i = 0; i < ALL; i++) {
        rig_frame(&frame, 1, 9, 20);
        frame.bytes[frame.length - 1] = (uint8_t)i;
        rig_feed(&rig, (uint16_t)(1 + i / WORKER_BURST), &frame);
    }
    assert_int_equal(worker_turn(rig.worker), ALL);
    assert_int_equal(rig_dropped(&rig, STAGE_FORWARD, reason_id("picky", "odd")), ALL / 2);
    assert_int_equal(rig_dropped_in_all(&rig), ALL / 2);
    struct memory_frame got;
    for (uint16_t port = 3; port <= PORTS; port++) {
        for (unsigned i = 0; i < ALL / 2; i++) {
            assert_true(rig_take(&rig, port, &got));
            assert_int_equal(got.bytes[got.length - 1] & 1, 0);
        }
        rig_expect_nothing(&rig, port);
    }
    rig_expect_chain(&rig);
}

/* Life --------------------------------------------------------------------------------------- */

static void each_switch_has_a_state_of_its_own(void **state)
{
    (void)state;
    static struct rig other;
    rig_init(&other, NULL);
    ports_make(2);
    rig_port(&other, NULL);
    rig_port(&other, NULL);
    load_with(&rig, "vanish", "every", "3");
    load_with(&other, "vanish", "every", "3");
    frames_feed(&rig, 1, 2);
    frames_feed(&other, 1, 2);
    assert_int_equal(rig_drain(&rig, 2), 2);
    assert_int_equal(rig_drain(&other, 2), 2);
    frames_feed(&rig, 1, 1);
    assert_int_equal(rig_drain(&rig, 2), 0);
    rig_fini(&other);
    frames_feed(&rig, 1, 1); /* the library is still there for this one */
    assert_int_equal(rig_drain(&rig, 2), 1);
}

static void set(const char *name, const char *setting, const char *value, enum xsw_status status)
{
    const char *const texts[] = {value};
    struct extension_setting given = {.texts = texts, .text_count = 1};
    snprintf(given.name, sizeof(given.name), "%s", setting);
    struct extension_config config = {.settings = &given, .setting_count = 1};
    snprintf(config.name, sizeof(config.name), "%s", name);
    assert_int_equal(vswitch_extension_set(rig.vswitch, &config, NULL), status);
}

static void new_settings_make_a_new_state_under_the_same_stage(void **state)
{
    (void)state;
    ports_make(2);
    load_with(&rig, "vanish", "every", "1");
    uint16_t stage = rig_stage(&rig, "ingress-filter.vanish");
    frames_feed(&rig, 1, 4);
    assert_int_equal(rig_drain(&rig, 2), 0);
    set("vanish", "every", "2", XSW_OK);
    frames_feed(&rig, 1, 3);
    assert_int_equal(rig_drain(&rig, 2), 2);
    set("vanish", "every", "0", XSW_INVALID); /* and the old ones stay */
    set("nobody", "every", "1", XSW_NOT_FOUND);
    frames_feed(&rig, 1, 1);
    assert_int_equal(rig_drain(&rig, 2), 0);
    assert_int_equal(rig_dropped(&rig, stage, REASON_SILENT_DROP), 6);
    assert_int_equal(vswitch_extension_remove(rig.vswitch, "vanish", NULL), XSW_OK);
    load_with(&rig, "vanish", "every", "1000");
    assert_int_equal(rig_stage(&rig, "ingress-filter.vanish"), stage);
    rig_expect_balance(&rig);
}

static void extensions_come_and_go_under_traffic_and_nothing_is_lost_unaccounted(void **state)
{
    (void)state;
    enum { ROUNDS = 60 };
    ports_make(4);
    for (uint16_t port = 1; port <= 2; port++) {
        static struct frame frames[2];
        static struct memory_frame played[2];
        rig_frame(&frames[port - 1], (uint8_t)port, (uint8_t)(3 - port), 30);
        played[port - 1] = (struct memory_frame){.bytes = frames[port - 1].bytes,
                                                 .length = (uint32_t)frames[port - 1].length};
        port_memory_play(rig.ports[port], &played[port - 1], 1);
    }
    rig_start(&rig);
    for (unsigned round = 0; round < ROUNDS; round++) {
        load_with(&rig, "vanish", "every", "5");
        load("lookcount");
        load(round % 2 == 0 ? "hub" : "silentforward");
        set("vanish", "every", "7", XSW_OK);
        assert_int_equal(vswitch_extension_remove(rig.vswitch, "lookcount", NULL), XSW_OK);
        const char *forwarder = round % 2 == 0 ? "hub" : "silentforward";
        assert_int_equal(vswitch_extension_remove(rig.vswitch, forwarder, NULL), XSW_OK);
        assert_int_equal(vswitch_extension_remove(rig.vswitch, "vanish", NULL), XSW_OK);
    }
    uint64_t seen = vswitch_stage_counters(rig.vswitch, STAGE_RX).in;
    while (vswitch_stage_counters(rig.vswitch, STAGE_RX).in < seen + 1000) {
    }
    rig_stop(&rig);
    rig_expect_balance(&rig);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(a_packet_that_vanishes_is_a_silent_drop_in_the_extensions_name),
        CLAIM(a_reason_that_was_not_declared_is_a_silent_drop),
        CLAIM(a_packet_left_outside_its_buffer_is_dropped_as_bad),
        CLAIM(what_the_switch_knows_of_a_packet_is_not_the_extensions),
        CLAIM(a_rule_of_flowfilter_drops_for_its_declared_reason),
        CLAIM(capture_extensions_see_every_packet_and_every_copy),
        CLAIM(the_newest_is_first_on_ingress_and_last_on_egress),
        CLAIM(a_forwarder_replaces_learning),
        CLAIM(a_forwarder_that_enforces_no_vlans_is_refused_where_there_are_some),
        CLAIM(a_forwarder_that_names_nobody_drops_as_no_destination),
        CLAIM(ports_that_are_not_there_are_no_destinations),
        CLAIM(a_forwarders_verdicts_hold_in_floods_larger_than_a_batch),
        CLAIM(each_switch_has_a_state_of_its_own),
        CLAIM(new_settings_make_a_new_state_under_the_same_stage),
        CLAIM(extensions_come_and_go_under_traffic_and_nothing_is_lost_unaccounted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
