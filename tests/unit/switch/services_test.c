/* SPDX-License-Identifier: Apache-2.0 */
/* What extensions do to packets beyond a verdict: hold, clone, inject, replace; and what the host
 * makes of those that do it against the rules. After each test every stage is in balance and every
 * buffer is where it belongs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/services_rig.h"

static void what_is_held_waits_and_goes_on_in_order(void **state)
{
    (void)state;
    stations_learn();
    load("hold-in");
    struct frame frames[3];
    for (uint8_t i = 0; i < 3; i++) {
        rig_frame(&frames[i], 1, 2, 20u + i);
        rig_feed(&rig, 1, &frames[i]);
    }
    worker_turn(rig.worker);
    rig_expect_nothing(&rig, 2);
    assert_int_equal(counters_of(ingress_stage()).held, 3);
    assert_int_equal(packet_pool_in_use(rig.worker->pool), 3);
    rig_expect_balance(&rig);
    tick();
    for (int i = 0; i < 3; i++) {
        rig_expect_frame(&rig, 2, &frames[i]);
    }
    assert_int_equal(counters_of(ingress_stage()).released, 3);
    rig_expect_balance(&rig);
    assert_int_equal(violations_in_all(), 0);
}

static void what_is_released_with_a_drop_has_its_reason(void **state)
{
    (void)state;
    stations_learn();
    load("hold-in");
    struct frame frame;
    rig_frame(&frame, 1, 2, 20);
    for (int i = 0; i < 8; i++) {
        rig_feed(&rig, 1, &frame);
    }
    worker_turn(rig.worker);
    tick();
    assert_int_equal(rig_drain(&rig, 2), 6);
    assert_int_equal(rig_dropped(&rig, ingress_stage(), REASON_EXTENSIONS_FIRST), 2);
    rig_expect_balance(&rig);
}

static void packets_are_held_on_egress_for_each_destination(void **state)
{
    (void)state;
    load("hold-out");
    struct frame frame;
    rig_frame(&frame, 1, 9, 20);
    rig_feed(&rig, 1, &frame);
    worker_turn(rig.worker);
    assert_int_equal(counters_of(egress_stage()).held, 2);
    rig_expect_nothing(&rig, 2);
    tick();
    rig_expect_frame(&rig, 2, &frame);
    rig_expect_frame(&rig, 3, &frame);
    rig_expect_balance(&rig);
}

static void no_more_than_the_limit_is_held_and_the_rest_says_so(void **state)
{
    (void)state;
    load("hold-for-ever");
    struct frame frame;
    rig_frame(&frame, 1, 2, 20);
    for (int i = 0; i < HELD_MAX + 100; i++) {
        rig_feed(&rig, 1, &frame);
        worker_turn(rig.worker);
    }
    assert_int_equal(counters_of(ingress_stage()).held, HELD_MAX);
    assert_int_equal(rig_dropped(&rig, ingress_stage(), REASON_HOLD_LIMIT), 100);
    rig_expect_balance(&rig);
}

static void what_an_extension_holds_when_it_goes_goes_on(void **state)
{
    (void)state;
    stations_learn();
    load("hold-for-ever");
    struct frame frame;
    rig_frame(&frame, 1, 2, 20);
    rig_feed(&rig, 1, &frame);
    rig_feed(&rig, 1, &frame);
    worker_turn(rig.worker);
    assert_int_equal(vswitch_extension_remove(rig.vswitch, "workshop", NULL), XSW_OK);
    assert_int_equal(rig_drain(&rig, 2), 2);
    rig_expect_balance(&rig);
    assert_int_equal(packet_pool_in_use(rig.worker->pool), 0);
}

static void what_waits_for_a_port_that_goes_is_dropped_for_that(void **state)
{
    (void)state;
    stations_learn();
    load("hold-out");
    struct frame frame;
    rig_frame(&frame, 1, 2, 20);
    rig_feed(&rig, 1, &frame);
    worker_turn(rig.worker);
    assert_int_equal(vswitch_port_remove(rig.vswitch, "p2", NULL), XSW_OK);
    tick();
    assert_int_equal(rig_dropped(&rig, egress_stage(), REASON_PORT_DOWN), 1);
    assert_int_equal(packet_pool_in_use(rig.worker->pool), 0);
}

static void a_rewrite_on_egress_goes_round_as_a_clone(void **state)
{
    (void)state;
    stations_learn();
    load("replace-out");
    struct frame frame;
    rig_frame(&frame, 1, 2, 20);
    rig_send(&rig, 1, &frame);
    frame.bytes[frame.length - 1] ^= 0xff;
    rig_expect_frame(&rig, 2, &frame);
    rig_expect_nothing(&rig, 2);
    rig_expect_nothing(&rig, 3);
    assert_int_equal(counters_of(egress_stage()).consumed, 1);
    assert_int_equal(counters_of(ingress_stage()).injected, 1);
    assert_int_equal(rig_dropped_in_all(&rig), 0);
    assert_int_equal(violations_in_all(), 0);
    rig_expect_balance(&rig);
}

static void clones_of_clones_come_to_an_end(void **state)
{
    (void)state;
    stations_learn();
    load("replace-for-ever");
    struct frame frame;
    rig_frame(&frame, 1, 2, 20);
    rig_send(&rig, 1, &frame);
    rig_expect_nothing(&rig, 2);
    assert_int_equal(rig_dropped(&rig, ingress_stage(), REASON_INJECT_LOOP), 1);
    assert_int_equal(counters_of(egress_stage()).consumed, CALL_DEPTH_MAX + 1);
    rig_expect_balance(&rig);
}

static void a_packet_of_port_0_reaches_all_others(void **state)
{
    (void)state;
    load("originate-in-tick");
    for (uint16_t port = 1; port <= 3; port++) {
        rig_drain(&rig, port);
    }
    tick();
    for (uint16_t port = 1; port <= 3; port++) {
        struct memory_frame got;
        assert_true(rig_take(&rig, port, &got));
        assert_int_equal(got.length, 60);
        assert_int_equal(got.bytes[12] << 8 | got.bytes[13], 0x88b5);
        rig_expect_nothing(&rig, port);
    }
    assert_int_equal(counters_of(ingress_stage()).injected, 2);
    rig_expect_balance(&rig);
}

static void a_packet_in_the_name_of_a_port_does_not_come_back_to_it(void **state)
{
    (void)state;
    load("originate-as-1");
    struct frame frame;
    rig_frame(&frame, 2, 1, 20);
    rig_send(&rig, 2, &frame);
    assert_int_equal(rig_drain(&rig, 1), 1); /* the flooded frame itself */
    assert_int_equal(rig_drain(&rig, 2), 1); /* the made one */
    assert_int_equal(rig_drain(&rig, 3), 2);
    rig_expect_balance(&rig);
}

static void a_source_port_that_is_not_there_is_refused(void **state)
{
    (void)state;
    load("originate-as-99");
    struct frame frame;
    rig_frame(&frame, 2, 1, 20);
    rig_send(&rig, 2, &frame);
    assert_int_equal(violations(ingress_stage(), VIOLATION_BAD_SOURCE), 1);
    assert_int_equal(counters_of(ingress_stage()).injected, 0);
    rig_expect_balance(&rig);
}

static void a_filter_may_give_a_packet_another_source(void **state)
{
    (void)state;
    load("source-2");
    struct frame frame;
    rig_frame(&frame, 7, 8, 20);
    rig_send(&rig, 3, &frame);
    rig_expect_frame(&rig, 1, &frame);
    rig_expect_nothing(&rig, 2);
    rig_expect_frame(&rig, 3, &frame); /* it did not come from there, as far as forwarding knows */
    assert_int_equal(violations_in_all(), 0);
    rig_expect_balance(&rig);
}

static void an_unchanged_clone_goes_on_behind_its_original(void **state)
{
    (void)state;
    stations_learn();
    load("duplicate-out");
    struct frame frame;
    rig_frame(&frame, 1, 2, 20);
    rig_send(&rig, 1, &frame);
    rig_expect_frame(&rig, 2, &frame);
    rig_expect_frame(&rig, 2, &frame);
    assert_int_equal(counters_of(egress_stage()).injected, 1);
    assert_int_equal(violations_in_all(), 0);
    rig_expect_balance(&rig);
}

static void a_changed_clone_is_refused_on_egress(void **state)
{
    (void)state;
    stations_learn();
    load("change-out");
    struct frame frame;
    rig_frame(&frame, 1, 2, 20);
    rig_send(&rig, 1, &frame);
    rig_expect_frame(&rig, 2, &frame);
    rig_expect_nothing(&rig, 2);
    assert_int_equal(violations(egress_stage(), VIOLATION_INJECT_REFUSED), 1);
    rig_expect_balance(&rig);
}

static void a_clone_on_egress_has_the_source_of_its_original(void **state)
{
    (void)state;
    stations_learn();
    load("source-out");
    struct frame frame;
    rig_frame(&frame, 1, 2, 20);
    rig_send(&rig, 1, &frame);
    rig_expect_frame(&rig, 2, &frame);
    rig_expect_nothing(&rig, 2);
    assert_int_equal(violations(egress_stage(), VIOLATION_INJECT_REFUSED), 1);
    rig_expect_balance(&rig);
}

/* What breaks a rule, and what the host counts for it. The traffic goes on. */
static void offence(const char *how, enum violation violation, uint64_t lost)
{
    load(how);
    stations_learn();
    uint64_t before = violations(ingress_stage(), violation);
    struct frame frame;
    rig_frame(&frame, 1, 2, 20);
    rig_send(&rig, 1, &frame);
    assert_int_equal(violations(ingress_stage(), violation), before + 1);
    assert_int_equal(rig_drain(&rig, 2), 1 - lost);
    rig_expect_balance(&rig);
    assert_int_equal(packet_pool_in_use(rig.worker->pool), 0);
}

static void a_packet_that_is_forgotten_comes_back_to_the_pool(void **state)
{
    (void)state;
    offence("leak", VIOLATION_LEAKED_PACKET, 0);
}

static void nobody_releases_what_it_does_not_hold(void **state)
{
    (void)state;
    offence("release-others", VIOLATION_BAD_RELEASE, 0);
}

static void nobody_injects_what_is_not_its_own(void **state)
{
    (void)state;
    offence("inject-others", VIOLATION_INJECT_REFUSED, 0);
}

static void nothing_is_replaced_by_nothing(void **state)
{
    (void)state;
    offence("say-replaced", VIOLATION_NOT_REPLACED, 1);
    assert_int_equal(rig_dropped(&rig, ingress_stage(), REASON_SILENT_DROP), 3);
}

static void a_service_outside_of_a_call_is_refused(void **state)
{
    (void)state;
    load("none");
    struct extension_instance *instance = rig.vswitch->extensions[0];
    const struct xsw_data_services *data = instance->host.data;
    assert_null(data->alloc(&instance->host, 0, 60));
    assert_null(data->alloc(&instance->host, 77, 60));
    assert_int_equal(violations(ingress_stage(), VIOLATION_BAD_CALL), 1);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(what_is_held_waits_and_goes_on_in_order),
        CLAIM(what_is_released_with_a_drop_has_its_reason),
        CLAIM(packets_are_held_on_egress_for_each_destination),
        CLAIM(no_more_than_the_limit_is_held_and_the_rest_says_so),
        CLAIM(what_an_extension_holds_when_it_goes_goes_on),
        CLAIM(what_waits_for_a_port_that_goes_is_dropped_for_that),
        CLAIM(a_rewrite_on_egress_goes_round_as_a_clone),
        CLAIM(clones_of_clones_come_to_an_end),
        CLAIM(a_packet_of_port_0_reaches_all_others),
        CLAIM(a_packet_in_the_name_of_a_port_does_not_come_back_to_it),
        CLAIM(a_source_port_that_is_not_there_is_refused),
        CLAIM(a_filter_may_give_a_packet_another_source),
        CLAIM(an_unchanged_clone_goes_on_behind_its_original),
        CLAIM(a_changed_clone_is_refused_on_egress),
        CLAIM(a_clone_on_egress_has_the_source_of_its_original),
        CLAIM(a_packet_that_is_forgotten_comes_back_to_the_pool),
        CLAIM(nobody_releases_what_it_does_not_hold),
        CLAIM(nobody_injects_what_is_not_its_own),
        CLAIM(nothing_is_replaced_by_nothing),
        CLAIM(a_service_outside_of_a_call_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
