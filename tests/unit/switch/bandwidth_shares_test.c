/* SPDX-License-Identifier: Apache-2.0 */
/* How ports share what a destination can be sent, and what may be configured. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/bandwidth_rig.h"

/* Capacities ------------------------------------------------------------------------------- */

/* Both have always more to send than goes out; returns what alice gets of 1,000. */
static uint32_t share_of_alice(uint32_t size)
{
    struct memory_frame frame;
    uint32_t of_alice = 0;
    uint32_t in_all = 0;
    for (uint32_t round = 0; in_all < 1000; round++) {
        feed_sized(alice, 20, size);
        feed_sized(bob, 20, size);
        rig_run(&rig);
        while (rig_take(&rig, sink, &frame)) {
            /* The first ones go while nobody waits yet. */
            of_alice += round > 20 && frame.bytes[11] == 1;
            in_all += round > 20;
        }
        advance_us(10 * SIZE);
    }
    for (uint32_t i = 0; i < 200; i++) {
        advance_us(20 * SIZE);
        sent();
    }
    return of_alice * 1000 / in_all;
}

static void weight_set(uint16_t port, uint32_t weight)
{
    bandwidth_set(port, &(struct bandwidth_config){.weight = weight});
}

static void equal_ports_share_evenly(void **state)
{
    (void)state;
    capacity_set(BYTE_A_US);
    assert_in_range(share_of_alice(SIZE), 490, 510);
}

static void weights_decide_the_shares(void **state)
{
    (void)state;
    capacity_set(BYTE_A_US);
    weight_set(alice, 75);
    weight_set(bob, 25);
    assert_in_range(share_of_alice(SIZE), 740, 760);
    weight_set(alice, 1);
    weight_set(bob, 4);
    assert_in_range(share_of_alice(400), 190, 210);
}

static void shares_are_of_bytes_and_not_of_packets(void **state)
{
    (void)state;
    struct memory_frame frame;
    uint64_t bytes[3] = {0, 0, 0};
    capacity_set(BYTE_A_US);
    for (uint32_t round = 0; round < 100; round++) {
        feed_sized(alice, 20, 1400);
        feed_sized(bob, 60, 200);
        rig_run(&rig);
        while (rig_take(&rig, sink, &frame)) {
            bytes[frame.bytes[11]] += round >= 20 ? frame.length : 0;
        }
        advance_us(5 * SIZE);
    }
    assert_in_range(bytes[1] * 100 / (bytes[1] + bytes[2]), 48, 52);
    for (uint32_t i = 0; i < 100; i++) {
        advance_us(20 * SIZE);
        sent();
    }
}

static void what_one_does_not_use_the_other_gets(void **state)
{
    (void)state;
    capacity_set(BYTE_A_US);
    weight_set(alice, 1);
    weight_set(bob, 99);
    feed(alice, 65 + 60); /* what the bucket holds, and some that wait */
    assert_int_equal(sent(), 65);
    for (uint32_t i = 0; i < 6; i++) {
        advance_us(10 * SIZE);
        assert_in_range(sent(), 9, 11);
    }
}

static void a_port_that_comes_late_gets_its_share_and_no_more(void **state)
{
    (void)state;
    struct memory_frame frame;
    uint32_t of_bob = 0;
    capacity_set(BYTE_A_US);
    for (uint32_t round = 0; round < 50; round++) {
        feed(alice, 20);
        sent();
        advance_us(10 * SIZE);
    }
    feed(alice, 20);
    feed(bob, 60);
    rig_run(&rig);
    rig_drain(&rig, sink);
    advance_us(40 * SIZE);
    rig_run(&rig);
    while (rig_take(&rig, sink, &frame)) {
        of_bob += frame.bytes[11] == 2;
    }
    assert_in_range(of_bob, 18, 22); /* nothing is made up for what it did not ask for */
    for (uint32_t i = 0; i < 20; i++) {
        advance_us(10 * SIZE);
        sent();
    }
}

static void reservations_come_first(void **state)
{
    (void)state;
    capacity_set(BYTE_A_US);
    bandwidth_set(alice, &(struct bandwidth_config){.reservation = BYTE_A_US * 6 / 10});
    /* 6 of 10 are kept for alice, and she has half of the other 4. */
    assert_in_range(share_of_alice(SIZE), 780, 820);
}

static void a_limit_stands_before_the_capacity(void **state)
{
    (void)state;
    capacity_set(BYTE_A_US);
    limit_set(alice, BYTE_A_US / 10, BURST);
    assert_in_range(share_of_alice(SIZE), 90, 110);
}

/* What may be configured -------------------------------------------------------------------- */

static enum xsw_status try_set(uint16_t port, const struct bandwidth_config *bandwidth)
{
    struct port_config config = rig_port_config(&rig, port);
    struct xsw_error error;
    config.bandwidth = *bandwidth;
    return vswitch_port_set(rig.vswitch, &config, &error);
}

static void the_mode_says_what_may_be_given(void **state)
{
    (void)state;
    const struct bandwidth_config weight = {.weight = 5};
    const struct bandwidth_config reservation = {.reservation = 1000000};
    assert_int_equal(try_set(alice, &weight), XSW_INVALID);
    assert_int_equal(try_set(alice, &reservation), XSW_INVALID);
    struct switch_config config = *vswitch_config(rig.vswitch);
    config.bandwidth_mode = BANDWIDTH_WEIGHT;
    assert_int_equal(vswitch_set(rig.vswitch, &config, NULL), XSW_OK);
    assert_int_equal(try_set(alice, &weight), XSW_OK);
    assert_int_equal(try_set(alice, &reservation), XSW_INVALID);
    config.bandwidth_mode = BANDWIDTH_ABSOLUTE;
    assert_int_equal(vswitch_set(rig.vswitch, &config, NULL), XSW_INVALID); /* alice has a weight */
}

static void ranges_are_checked(void **state)
{
    (void)state;
    const struct bandwidth_config wrong[] = {
        {.limit = BANDWIDTH_RATE_MIN - 1},
        {.limit = BANDWIDTH_RATE_MAX + 1},
        {.capacity = 1},
        {.limit = BYTE_A_US, .burst = BANDWIDTH_BURST_MIN - 1},
        {.limit = BYTE_A_US, .burst = BANDWIDTH_BURST_MAX + 1},
        {.burst = 10000},
        {.weight = BANDWIDTH_WEIGHT_MAX + 1},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(try_set(alice, &wrong[i]), XSW_INVALID);
    }
    assert_int_equal(try_set(alice, &(struct bandwidth_config){.limit = BANDWIDTH_RATE_MAX}),
                     XSW_OK);
}

static void reservations_must_fit_into_the_external_capacity(void **state)
{
    (void)state;
    struct port_config external;
    port_config_init(&external);
    external.role = PORT_ROLE_EXTERNAL;
    external.bandwidth.capacity = 10000000;
    rig_port(&rig, &external);
    const struct bandwidth_config six = {.reservation = 6000000};
    const struct bandwidth_config four = {.reservation = 4000000};
    assert_int_equal(try_set(alice, &six), XSW_OK);
    assert_int_equal(try_set(alice, &six), XSW_OK); /* not counted twice */
    assert_int_equal(try_set(bob, &six), XSW_LIMIT);
    struct port_request trial = {.config = rig_port_config(&rig, bob)};
    trial.config.bandwidth = six;
    snprintf(trial.config.name, sizeof(trial.config.name), "trial");
    struct xsw_error error;
    assert_int_equal(vswitch_port_validate(rig.vswitch, &trial, &error), XSW_OK);
    assert_int_equal(vswitch_port_add(rig.vswitch, &trial.config, NULL, &error), XSW_LIMIT);
    assert_int_equal(try_set(bob, &four), XSW_OK);
    assert_int_equal(try_set(4, &(struct bandwidth_config){.capacity = 9999999}), XSW_LIMIT);
    assert_int_equal(try_set(4, &(struct bandwidth_config){.capacity = 0}), XSW_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define TEST_MODE(name, mode) cmocka_unit_test_setup_teardown(name, set_up_##mode, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(equal_ports_share_evenly),
        TEST_MODE(weights_decide_the_shares, weight),
        TEST(shares_are_of_bytes_and_not_of_packets),
        TEST_MODE(what_one_does_not_use_the_other_gets, weight),
        TEST(a_port_that_comes_late_gets_its_share_and_no_more),
        TEST_MODE(reservations_come_first, absolute),
        TEST(a_limit_stands_before_the_capacity),
        TEST(the_mode_says_what_may_be_given),
        TEST(ranges_are_checked),
        TEST_MODE(reservations_must_fit_into_the_external_capacity, absolute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
