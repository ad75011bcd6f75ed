/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of packets that somebody kept: forwarders that decide later or never, and filters
 * that change what they hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/services_rig.h"

static void a_forwarder_is_asked_again_about_what_it_held(void **state)
{
    (void)state;
    load_forwarder("hold");
    struct frame frame;
    rig_frame(&frame, 1, 2, 20);
    rig_feed(&rig, 1, &frame);
    worker_turn(rig.worker);
    rig_expect_nothing(&rig, 2);
    assert_int_equal(counters_of(STAGE_FORWARD).held, 1);
    rig_expect_balance(&rig);
    tick();
    rig_expect_frame(&rig, 2, &frame);
    rig_expect_frame(&rig, 3, &frame);
    assert_int_equal(counters_of(STAGE_FORWARD).released, 1);
    rig_expect_balance(&rig);
    assert_int_equal(violations_in_all(), 0);
}

static void a_forwarder_chooses_where_its_clones_go(void **state)
{
    (void)state;
    load_forwarder("clone");
    struct frame frame;
    rig_frame(&frame, 1, 2, 20);
    rig_send(&rig, 1, &frame);
    frame.bytes[frame.length - 1] ^= 0xff;
    rig_expect_frame(&rig, 2, &frame);
    rig_expect_frame(&rig, 3, &frame);
    rig_expect_nothing(&rig, 1);
    assert_int_equal(counters_of(STAGE_FORWARD).consumed, 1);
    assert_int_equal(counters_of(STAGE_FORWARD).injected, 1);
    assert_int_equal(violations_in_all(), 0);
    rig_expect_balance(&rig);
}

static void a_forwarder_that_goes_is_not_asked_again(void **state)
{
    (void)state;
    load_forwarder("for-ever");
    struct frame frame;
    rig_frame(&frame, 1, 2, 20);
    rig_feed(&rig, 1, &frame);
    rig_feed(&rig, 1, &frame);
    worker_turn(rig.worker);
    assert_int_equal(counters_of(STAGE_FORWARD).held, 2);
    assert_int_equal(vswitch_extension_disable(rig.vswitch, "postpone", NULL), XSW_OK);
    rig_run(&rig);
    assert_int_equal(counters_of(STAGE_FORWARD).held, 2);
    assert_int_equal(rig_drain(&rig, 2), 2); /* the built-in one has decided */
    assert_int_equal(rig_drain(&rig, 3), 2);
    rig_expect_balance(&rig);
}

static void a_forwarder_that_is_replaced_leaves_its_packets_to_the_next(void **state)
{
    (void)state;
    load_forwarder("for-ever");
    struct extension_setting setting = {.name = "how"};
    const char *clone = "clone";
    setting.texts = &clone;
    setting.text_count = 1;
    struct extension_config config = {.name = "postpone", .settings = &setting, .setting_count = 1};
    struct frame frame;
    rig_frame(&frame, 1, 2, 20);
    rig_feed(&rig, 1, &frame);
    worker_turn(rig.worker);
    assert_int_equal(vswitch_extension_set(rig.vswitch, &config, NULL), XSW_OK);
    rig_run(&rig);
    assert_int_equal(rig_drain(&rig, 2), 1);
    rig_expect_balance(&rig);
}

static void a_forwarder_that_never_decides_keeps_no_worker(void **state)
{
    (void)state;
    load_forwarder("again");
    struct frame frame;
    rig_frame(&frame, 1, 2, 20);
    rig_feed(&rig, 1, &frame);
    worker_turn(rig.worker);
    rig_feed(&rig, 1, &frame);
    for (int turn = 0; turn < 10; turn++) {
        worker_turn(rig.worker); /* it comes back */
        rig_expect_balance(&rig);
    }
    assert_int_equal(vswitch_extension_remove(rig.vswitch, "postpone", NULL), XSW_OK);
    rig_run(&rig);
    assert_int_equal(rig_drain(&rig, 2), 2);
    assert_int_equal(packet_pool_in_use(rig.worker->pool), 0);
    rig_expect_balance(&rig);
}

static void a_forwarder_drops_what_it_held_for_a_standard_reason(void **state)
{
    (void)state;
    load_forwarder("refuse");
    struct frame frame;
    rig_frame(&frame, 1, 2, 20);
    rig_feed(&rig, 1, &frame);
    worker_turn(rig.worker);
    tick();
    assert_int_equal(rig_dropped(&rig, STAGE_FORWARD, REASON_NO_DESTINATION), 1);
    assert_int_equal(violations_in_all(), 0);
    rig_expect_balance(&rig);
}

/* So many copies that the first of them run through the egress stages, where extensions are called,
 * before the forwarder's last verdicts are looked at. */
static void a_forwarder_is_believed_however_many_copies_it_makes(void **state)
{
    (void)state;
    rig_port(&rig, NULL);
    rig_port(&rig, NULL);
    load("none");
    load_forwarder("port-4");
    struct frame frame;
    for (uint16_t port = 1; port <= 4; port++) {
        rig_frame(&frame, (uint8_t)port, 9, 20);
        for (uint32_t i = 0; i < WORKER_BURST; i++) {
            rig_feed(&rig, port, &frame);
        }
    }
    rig.worker->next_queue = 0; /* port 4 is last */
    rig_run(&rig);
    assert_int_equal(violations_in_all(), 0);
    assert_int_equal(rig_dropped_in_all(&rig), 0);
    assert_int_equal(rig_drain(&rig, 5), 4 * WORKER_BURST);
    rig_expect_balance(&rig);
}

static void hold_and_tick(const char *how, struct frame *frame)
{
    stations_learn();
    load(how);
    rig_frame(frame, 1, 2, 20);
    rig_feed(&rig, 1, frame);
    worker_turn(rig.worker);
    tick();
}

static void a_filter_may_change_what_it_holds(void **state)
{
    (void)state;
    struct frame frame;
    hold_and_tick("held-rewrite", &frame);
    frame.bytes[frame.length - 1] ^= 0xff;
    rig_expect_frame(&rig, 2, &frame);
    assert_int_equal(violations_in_all(), 0);
}

static void what_was_changed_while_it_was_held_is_parsed_again(void **state)
{
    (void)state;
    struct frame frame;
    hold_and_tick("held-tag", &frame);
    rig_expect_nothing(&rig, 2); /* an access port: no tag of another VLAN is let in */
    assert_int_equal(rig_dropped(&rig, STAGE_INGRESS_POLICY, REASON_VLAN_NOT_ALLOWED), 1);
    rig_expect_balance(&rig);
}

static void what_was_held_comes_back_inside_of_its_buffer_or_is_dropped(void **state)
{
    (void)state;
    static const char *const ways[] = {"held-outside", "held-runt"};
    for (int i = 0; i < 2; i++) {
        struct frame frame;
        hold_and_tick(ways[i], &frame);
        rig_expect_nothing(&rig, 2);
        assert_int_equal(rig_dropped(&rig, ingress_stage(), REASON_BAD_PACKET), i + 1);
        assert_int_equal(violations(ingress_stage(), VIOLATION_BAD_PACKET), i + 1);
        rig_expect_balance(&rig);
        assert_int_equal(vswitch_extension_remove(rig.vswitch, "workshop", NULL), XSW_OK);
    }
}

static void who_a_held_packet_is_stays_the_switch_s_business(void **state)
{
    (void)state;
    struct frame frame;
    hold_and_tick("held-source", &frame);
    rig_expect_frame(&rig, 2, &frame);
    rig_expect_nothing(&rig, 1);
    assert_int_equal(violations(ingress_stage(), VIOLATION_FOREIGN_FIELD), 1);
    rig_expect_balance(&rig);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(a_forwarder_is_asked_again_about_what_it_held),
        CLAIM(a_forwarder_chooses_where_its_clones_go),
        CLAIM(a_forwarder_that_goes_is_not_asked_again),
        CLAIM(a_forwarder_that_is_replaced_leaves_its_packets_to_the_next),
        CLAIM(a_forwarder_that_never_decides_keeps_no_worker),
        CLAIM(a_forwarder_drops_what_it_held_for_a_standard_reason),
        CLAIM(a_forwarder_is_believed_however_many_copies_it_makes),
        CLAIM(a_filter_may_change_what_it_holds),
        CLAIM(what_was_changed_while_it_was_held_is_parsed_again),
        CLAIM(what_was_held_comes_back_inside_of_its_buffer_or_is_dropped),
        CLAIM(who_a_held_packet_is_stays_the_switch_s_business),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
