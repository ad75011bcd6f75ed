/* SPDX-License-Identifier: Apache-2.0 */
/* A flight recorder on a switch, and what its triggers see. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture/flight/flight_reader.h"
#include "capture/flight/trigger.h"
#include "capture/session.h"
#include "support/switch_rig.h"

static struct rig rig;
static struct flight_ring *ring;
static struct capture_session *session;
static struct trigger_set *set;
static char path[64];

static int setup(void **state)
{
    (void)state;
    rig_init(&rig, NULL);
    rig.clock.step_ns = 10;
    for (int i = 0; i < 3; i++) {
        rig_port(&rig, NULL);
    }
    /* What comes from station 7 to the first port is dropped. */
    struct acl_rule rule = {.id = 5, .direction = ACL_IN, .action = ACL_DENY, .has_source_mac = 1};
    struct frame frame;
    rig_frame(&frame, 7, 9, 10);
    memcpy(rule.source_mac.bytes, frame.bytes + 6, 6);
    rig_rule(&rig, 1, &rule);
    snprintf(path, sizeof(path), "/tmp/xsw-trigger-%d", getpid());
    unlink(path);
    struct flight_ring_options options = {
        .path = path, .worker_count = 1, .memory_bytes = 256 << 10, .block_size = 16 << 10};
    assert_int_equal(flight_ring_create(&options, &ring, NULL), XSW_OK);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    assert_true(trigger_set_destroy(set));
    set = NULL;
    capture_session_close(session);
    session = NULL;
    flight_ring_destroy(ring);
    rig_fini(&rig);
    return 0;
}

static void session_begin(const char *filter)
{
    struct capture_options options = {.rules = {.filter = filter}, .flight = ring};
    struct xsw_error error;
    if (capture_session_open(rig.vswitch, &options, &session, &error) != XSW_OK) {
        fail_msg("%s", error.text);
    }
}

static void triggers_begin(const struct trigger_options *triggers, uint32_t count)
{
    struct xsw_error error;
    if (trigger_set_create(rig.vswitch, ring, triggers, count, &set, &error) != XSW_OK) {
        fail_msg("%s", error.text);
    }
    assert_int_equal(trigger_set_attach(set, capture_session_bit(session), NULL), XSW_OK);
}

static void sent(uint8_t from, unsigned count)
{
    struct frame frame;
    rig_frame(&frame, from, 9, 10);
    for (unsigned i = 0; i < count; i++) {
        rig_feed(&rig, 1, &frame);
    }
    rig_run(&rig);
    for (uint16_t port = 1; port <= rig.port_count; port++) {
        rig_drain(&rig, port);
    }
}

static const struct flight_trigger_slot *slot(uint32_t index)
{
    return &flight_ring_producer(ring, 0)->shared->triggers[index];
}

static void a_flight_recorder_takes_the_journeys_of_a_switch(void **state)
{
    (void)state;
    session_begin("");
    sent(1, 20);
    sent(7, 5);
    struct capture_account account = capture_session_account(session, 0);
    assert_int_equal(account.offered, account.written);
    assert_int_equal(account.written, flight_ring_producer(ring, 0)->journeys);
    struct flight_reader *reader = NULL;
    struct flight_cursor cursor;
    struct flight_copy copy;
    assert_int_equal(flight_reader_open(path, &reader, NULL), XSW_OK);
    assert_int_equal(flight_cursor_init(&cursor, reader, 0, 0, NULL), XSW_OK);
    uint64_t journeys = 0;
    uint64_t dropped = 0;
    while (flight_cursor_take(&cursor, true, &copy, NULL) == XSW_OK) {
        const struct ring_record *record = NULL;
        while (flight_copy_next(&copy, &record, NULL) == XSW_OK) {
            const struct ring_journey *journey = (const struct ring_journey *)record;
            journeys += record->type == RING_JOURNEY;
            dropped += record->type == RING_JOURNEY && journey->drop_reason != 0;
        }
        flight_copy_free(&copy);
    }
    flight_reader_close(reader);
    assert_int_equal(journeys, account.written);
    assert_int_equal(dropped, 5);
}

static void a_match_fires_once_and_tells_when_and_which_packet(void **state)
{
    (void)state;
    const struct trigger_options trigger = {
        .name = "denied", .where = "reason == acl-denied", .text = "match", .rearm_ns = 1000000};
    session_begin("");
    triggers_begin(&trigger, 1);
    assert_string_equal(flight_ring_header(ring)->triggers[0].name, "denied");
    sent(1, 30);
    assert_int_equal(slot(0)->matches, 0);
    assert_int_equal(slot(0)->fires, 0);
    sent(7, 4);
    assert_int_equal(slot(0)->matches, 4);
    assert_int_equal(slot(0)->fires, 1);
    assert_int_equal(slot(0)->early, 3);
    uint64_t first = slot(0)->fire_packet_id;
    assert_true(first > 0);
    assert_true(slot(0)->fire_mono_ns > 0);
    sent(7, 1); /* too soon */
    assert_int_equal(slot(0)->matches, 5);
    assert_int_equal(slot(0)->fires, 1);
    assert_int_equal(slot(0)->early, 4); /* it is counted all the same */
    assert_int_equal(slot(0)->fire_packet_id, first);
    rig_advance(&rig, 1);
    sent(7, 1);
    assert_int_equal(slot(0)->fires, 2);
    assert_int_equal(slot(0)->early, 4);
    assert_true(slot(0)->fire_packet_id > first);
}

static void several_triggers_are_asked_each_by_itself(void **state)
{
    (void)state;
    const struct trigger_options triggers[] = {
        {.name = "a", .where = "dropped"},
        {.name = "b", .where = "delivered and source == p1"},
        {.name = "c", .where = "latency > 1s"},
        {.name = "d", .where = "latency > 1ns"},
        {.name = "e"},
    };
    session_begin("");
    triggers_begin(triggers, 5);
    sent(1, 3); /* flooded to two ports: three packets and three copies */
    assert_int_equal(slot(0)->matches, 0);
    uint64_t delivered = slot(1)->matches;
    assert_int_equal(delivered, 6);
    assert_int_equal(slot(2)->matches, 0);
    assert_int_equal(slot(3)->matches, 6);
    sent(7, 2);
    assert_int_equal(slot(0)->matches, 2);
    assert_int_equal(slot(1)->matches, delivered);
    assert_int_equal(slot(2)->matches, 0);
    assert_int_equal(slot(3)->matches, 8);
    assert_int_equal(slot(4)->matches, 0);
}

static void a_rate_fires_when_so_many_come_within_a_second(void **state)
{
    (void)state;
    const struct trigger_options trigger = {
        .name = "storm", .where = "dropped", .rate_per_second = 10};
    session_begin("");
    triggers_begin(&trigger, 1);
    sent(7, 9);
    assert_int_equal(slot(0)->fires, 0);
    rig.clock.now_ns += 1530000000; /* those are over, and stand at other places */
    sent(7, 9);
    assert_int_equal(slot(0)->fires, 0);
    sent(7, 1);
    assert_int_equal(slot(0)->fires, 1);
    assert_int_equal(slot(0)->matches, 19);
    rig_advance(&rig, 2);
    sent(7, 1);
    assert_int_equal(slot(0)->fires, 1);
    assert_int_equal(slot(0)->early, 0); /* matches below the rate are no hits */
}

static void packets_that_the_recorder_does_not_follow_fire_nothing(void **state)
{
    (void)state;
    const struct trigger_options trigger = {.name = "any", .where = "dropped"};
    session_begin("tcp");
    triggers_begin(&trigger, 1);
    sent(7, 3); /* UDP */
    assert_int_equal(slot(0)->matches, 0);
}

static void triggers_come_and_go_while_the_recorder_goes_on(void **state)
{
    (void)state;
    const struct trigger_options one = {.name = "one", .where = "dropped"};
    const struct trigger_options two = {.name = "two", .where = "dropped"};
    session_begin("");
    triggers_begin(&one, 1);
    sent(7, 3);
    assert_true(trigger_set_destroy(set));
    set = NULL;
    assert_int_equal(flight_ring_header(ring)->trigger_count, 0);
    sent(7, 3);
    triggers_begin(&two, 1);
    assert_string_equal(flight_ring_header(ring)->triggers[0].name, "two");
    assert_int_equal(slot(0)->matches, 0); /* not those of the one before */
    sent(7, 3);
    assert_int_equal(slot(0)->matches, 3);
    assert_int_equal(capture_session_account(session, 0).written, 9);
}

static void what_is_no_packets_matter_is_fired_by_hand(void **state)
{
    (void)state;
    const struct trigger_options trigger = {.name = "port-down", .rearm_ns = 1000};
    session_begin("");
    triggers_begin(&trigger, 1);
    const struct flight_trigger_slot *control = &flight_ring_header(ring)->control[0];
    trigger_set_fire(set, 0, 5000, 0);
    trigger_set_fire(set, 0, 5500, 0);
    assert_int_equal(control->fires, 1);
    assert_int_equal(control->early, 1);
    assert_int_equal(control->matches, 2);
    assert_int_equal(control->fire_mono_ns, 5000);
    trigger_set_fire(set, 0, 6000, 42);
    assert_int_equal(control->fires, 2);
    assert_int_equal(control->fire_packet_id, 42);
}

static void an_expression_that_makes_no_sense_is_told_with_its_trigger(void **state)
{
    (void)state;
    const struct trigger_options triggers[] = {{.name = "good", .where = "dropped"},
                                               {.name = "bad", .where = "reason == nonsense"}};
    struct xsw_error error;
    session_begin("");
    assert_int_equal(trigger_set_create(rig.vswitch, ring, triggers, 2, &set, &error), XSW_INVALID);
    assert_non_null(strstr(error.text, "trigger bad: where: column 11"));
    assert_int_equal(flight_ring_header(ring)->trigger_count, 0);
}

static void triggers_change_while_workers_run(void **state)
{
    (void)state;
    const struct trigger_options triggers[] = {
        {.name = "all", .where = "delivered or dropped", .rate_per_second = 1000},
        {.name = "never", .where = "latency > 99s"}};
    static struct frame frame;
    rig_frame(&frame, 1, 9, 10);
    const struct memory_frame played = {.bytes = frame.bytes, .length = (uint32_t)frame.length};
    assert_true(port_memory_play(rig.ports[1], &played, 1));
    session_begin("");
    rig_start(&rig);
    for (unsigned round = 0; round < 30; round++) {
        triggers_begin(triggers, 2);
        /* What the worker writes to the slots is read by others meanwhile. */
        while (atomic_load_explicit(&slot(0)->matches, memory_order_relaxed) < 500) {
        }
        assert_int_equal(atomic_load_explicit(&slot(1)->fires, memory_order_acquire), 0);
        assert_true(trigger_set_destroy(set));
        set = NULL;
    }
    rig_stop(&rig);
    struct capture_account account = capture_session_account(session, 0);
    assert_int_equal(account.offered, account.filtered + account.sampled + account.written +
                                          capture_account_lost(&account));
}

int main(void)
{
#define CLAIM(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CLAIM(a_flight_recorder_takes_the_journeys_of_a_switch),
        CLAIM(a_match_fires_once_and_tells_when_and_which_packet),
        CLAIM(several_triggers_are_asked_each_by_itself),
        CLAIM(a_rate_fires_when_so_many_come_within_a_second),
        CLAIM(packets_that_the_recorder_does_not_follow_fire_nothing),
        CLAIM(triggers_come_and_go_while_the_recorder_goes_on),
        CLAIM(what_is_no_packets_matter_is_fired_by_hand),
        CLAIM(triggers_change_while_workers_run),
        CLAIM(an_expression_that_makes_no_sense_is_told_with_its_trigger),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
