/* SPDX-License-Identifier: Apache-2.0 */
/* Triggers that are not about single packets: a stage that does not add up, a port that goes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture/flight/flight_watch.h"
#include "support/switch_rig.h"
#include "switch/events.h"
#include "switch/path/pipeline.h"

static struct rig rig;
static struct flight_ring *ring;
static struct trigger_set *set;
static struct flight_watch *watch;

/* Trigger 0: balance, 1: any port, 2: port p2. */
static int setup(void **state)
{
    (void)state;
    char path[64];
    rig_init(&rig, NULL);
    rig_port(&rig, NULL);
    rig_port(&rig, NULL);
    snprintf(path, sizeof(path), "/tmp/xsw-flight-watch-%d", getpid());
    unlink(path);
    const struct flight_ring_options options = {
        .path = path, .worker_count = 1, .memory_bytes = 256 << 10, .block_size = 16 << 10};
    const struct trigger_options triggers[] = {{.name = "sums"}, {.name = "any"}, {.name = "two"}};
    const struct flight_watch_spec specs[] = {
        {.kind = FLIGHT_WATCH_BALANCE, .trigger = 0},
        {.kind = FLIGHT_WATCH_PORT_DOWN, .trigger = 1},
        {.kind = FLIGHT_WATCH_PORT_DOWN, .trigger = 2, .port = "p2"}};
    assert_int_equal(flight_ring_create(&options, &ring, NULL), XSW_OK);
    assert_int_equal(trigger_set_create(rig.vswitch, ring, triggers, 3, &set, NULL), XSW_OK);
    assert_int_equal(flight_watch_create(rig.vswitch, set, specs, 3, &watch, NULL), XSW_OK);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    flight_watch_destroy(watch);
    assert_true(trigger_set_destroy(set));
    flight_ring_destroy(ring);
    rig_fini(&rig);
    return 0;
}

static uint64_t fires(uint32_t trigger)
{
    return flight_ring_header(ring)->control[trigger].fires;
}

static void ticks(unsigned count)
{
    static uint64_t now;
    for (unsigned i = 0; i < count; i++) {
        flight_watch_tick(watch, now += 1000000000);
    }
}

static void send_some(void)
{
    struct frame frame;
    rig_frame(&frame, 1, 9, 10);
    rig_send(&rig, 1, &frame);
    rig_drain(&rig, 2);
}

static void a_stage_that_adds_up_fires_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++) {
        send_some();
        ticks(1);
    }
    assert_int_equal(fires(0), 0);
}

static void a_stage_that_has_lost_a_packet_fires_once(void **state)
{
    (void)state;
    send_some();
    ticks(1);
    counter_add(&rig.worker->counters->stages[STAGE_FORWARD].in, 1);
    ticks(BALANCE_TICKS - 1);
    assert_int_equal(fires(0), 0); /* it might be inside yet */
    ticks(1);
    assert_int_equal(fires(0), 1);
    ticks(20);
    assert_int_equal(fires(0), 1);
    /* One too many is as wrong, and a fault of its own once the first has gone. */
    counter_add(&rig.worker->counters->stages[STAGE_FORWARD].out, 1);
    ticks(1);
    counter_add(&rig.worker->counters->stages[STAGE_FORWARD].out, 1);
    ticks(BALANCE_TICKS);
    assert_int_equal(fires(0), 2);
    counter_add(&rig.worker->counters->stages[STAGE_FORWARD].in, 1);
}

static void packets_inside_of_a_stage_are_no_fault(void **state)
{
    (void)state;
    /* Of two readings while packets pass: 256 are inside at both, and others have gone through. */
    const struct stage_counters earlier = {.in = 1000, .out = 700, .dropped = 44};
    const struct stage_counters later = {.in = 2000, .out = 1500, .dropped = 244};
    assert_int_equal(balance_look(&earlier, &later), BALANCE_EVEN);
    assert_int_equal(balance_look(&earlier, &earlier), BALANCE_MISSING); /* one look is not all */
    struct balance_watch stage = {0};
    for (int i = 0; i < 10; i++) {
        assert_false(balance_tick(&stage, BALANCE_MISSING));
        assert_false(balance_tick(&stage, BALANCE_MISSING));
        assert_false(balance_tick(&stage, BALANCE_EVEN));
    }
    const struct stage_counters surplus = {.in = 10, .out = 11};
    assert_int_equal(balance_look(&surplus, &surplus), BALANCE_SURPLUS);
    const struct stage_counters made = {
        .in = 10, .clones = 3, .injected = 2, .released = 1, .out = 9, .consumed = 3, .held = 4};
    assert_int_equal(balance_look(&made, &made), BALANCE_EVEN);
}

static void port_tell(const char *how, uint16_t port, enum switch_event_kind kind)
{
    const struct switch_event event = {
        .kind = (uint16_t)kind, .port = port, .stage = SWITCH_EVENT_NO_STAGE, .detail = how};
    vswitch_event(rig.vswitch, &event);
}

static void a_port_that_goes_down_fires_those_that_ask_for_it(void **state)
{
    (void)state;
    port_tell("up", 1, SWITCH_EVENT_PORT_STATE);
    assert_int_equal(fires(1), 0);
    port_tell("down", 1, SWITCH_EVENT_PORT_STATE);
    assert_int_equal(fires(1), 1);
    assert_int_equal(fires(2), 0);
    port_tell("vanished", 2, SWITCH_EVENT_PORT_STATE);
    assert_int_equal(fires(1), 2);
    assert_int_equal(fires(2), 1);
    port_tell("", 2, SWITCH_EVENT_NIC_DISCONNECTED);
    assert_int_equal(fires(2), 2);
}

static void what_is_not_watched_any_more_fires_nothing(void **state)
{
    (void)state;
    flight_watch_destroy(watch);
    watch = NULL;
    assert_int_equal(vswitch_event_is_wanted(rig.vswitch, SWITCH_EVENT_PORT_STATE), 0);
    port_tell("down", 1, SWITCH_EVENT_PORT_STATE);
    assert_int_equal(fires(1), 0);
}

int main(void)
{
#define CLAIM(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CLAIM(a_stage_that_adds_up_fires_nothing),
        CLAIM(a_stage_that_has_lost_a_packet_fires_once),
        CLAIM(packets_inside_of_a_stage_are_no_fault),
        CLAIM(a_port_that_goes_down_fires_those_that_ask_for_it),
        CLAIM(what_is_not_watched_any_more_fires_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
