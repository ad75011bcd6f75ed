/* SPDX-License-Identifier: Apache-2.0 */
/* What the switch tells of itself to event sinks, and that it tells nothing that nobody wants. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/switch_rig.h"
#include "switch/events.h"
#include "switch/path/pipeline.h"
#include "switch/path/reasons.h"

enum { TOLD_MAX = 64, TEXT_SIZE = 128 };

struct told {
    struct switch_event event;
    char switch_name[TEXT_SIZE], port_name[TEXT_SIZE], stage_name[TEXT_SIZE];
    char extension[TEXT_SIZE], subject[TEXT_SIZE], detail[TEXT_SIZE];
};

struct ear {
    struct event_sink sink;
    uint32_t count;
    struct told told[TOLD_MAX];
};

static struct rig rig;
static struct ear ear;

static void ear_event(void *state, const struct switch_event *event)
{
    struct ear *hears = state;
    assert_true(hears->count < TOLD_MAX);
    struct told *told = &hears->told[hears->count++];
    told->event = *event;
    snprintf(told->switch_name, TEXT_SIZE, "%s", event->switch_name);
    snprintf(told->port_name, TEXT_SIZE, "%s", event->port_name);
    snprintf(told->stage_name, TEXT_SIZE, "%s", event->stage_name);
    snprintf(told->extension, TEXT_SIZE, "%s", event->extension);
    snprintf(told->subject, TEXT_SIZE, "%s", event->subject);
    snprintf(told->detail, TEXT_SIZE, "%s", event->detail);
}

static void hear(uint64_t wanted)
{
    ear = (struct ear){.sink = {.event = ear_event, .state = &ear, .wanted = wanted}};
    assert_int_equal(vswitch_event_sink_add(rig.vswitch, &ear.sink, NULL), XSW_OK);
}

static void hear_all(void)
{
    hear(UINT64_MAX & ~switch_event_bit(SWITCH_EVENT_WORKER_OVER_BUDGET));
}

/* The only event of that kind. */
static const struct told *heard(enum switch_event_kind kind)
{
    const struct told *found = NULL;
    for (uint32_t i = 0; i < ear.count; i++) {
        if (ear.told[i].event.kind == kind) {
            assert_null(found);
            found = &ear.told[i];
        }
    }
    assert_non_null(found);
    return found;
}

static uint32_t heard_count(enum switch_event_kind kind)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < ear.count; i++) {
        count += ear.told[i].event.kind == kind;
    }
    return count;
}

static int setup(void **state)
{
    (void)state;
    struct switch_config config;
    switch_config_init(&config);
    config.mac_limit = 3;
    rig_init(&rig, &config);
    rig_port(&rig, NULL);
    rig_port(&rig, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    assert_int_equal(vswitch_event_sink_remove(rig.vswitch, &ear.sink, NULL), XSW_OK);
    rig_fini(&rig);
    return 0;
}

static void send(uint16_t port, uint8_t from, uint8_t to)
{
    struct frame frame;
    rig_frame(&frame, from, to, 20);
    rig_send(&rig, port, &frame);
}

static void a_port_is_told_from_its_making_to_its_end(void **state)
{
    (void)state;
    static const uint16_t kinds[] = {SWITCH_EVENT_PORT_CREATED,  SWITCH_EVENT_NIC_CREATED,
                                     SWITCH_EVENT_NIC_CONNECTED, SWITCH_EVENT_NIC_DISCONNECTED,
                                     SWITCH_EVENT_NIC_DELETED,   SWITCH_EVENT_PORT_TEARDOWN,
                                     SWITCH_EVENT_PORT_DELETED};
    hear_all();
    uint16_t port = rig_port(&rig, NULL);
    assert_int_equal(vswitch_port_remove(rig.vswitch, "p3", NULL), XSW_OK);
    assert_int_equal(ear.count, sizeof(kinds) / sizeof(kinds[0]));
    for (uint32_t i = 0; i < ear.count; i++) {
        assert_int_equal(ear.told[i].event.kind, kinds[i]);
        assert_int_equal(ear.told[i].event.port, port);
        assert_string_equal(ear.told[i].port_name, "p3");
        assert_string_equal(ear.told[i].switch_name, "xsw0");
        assert_int_equal(ear.told[i].event.worker, SWITCH_EVENT_NO_WORKER);
        assert_int_equal(ear.told[i].event.stage, SWITCH_EVENT_NO_STAGE);
    }
    assert_string_equal(ear.told[0].detail, "port-created");
}

static void a_rule_is_told_with_its_number_and_the_generation_in_force(void **state)
{
    (void)state;
    struct acl_rule rule = {.id = 7, .direction = ACL_IN, .action = ACL_DENY};
    hear_all();
    rig_rule(&rig, 1, &rule);
    const struct told *told = heard(SWITCH_EVENT_POLICY_SET);
    assert_string_equal(told->subject, "acl");
    assert_string_equal(told->detail, "add");
    assert_int_equal(told->event.value, 7);
    assert_string_equal(told->port_name, "p1");
    assert_int_equal(told->event.generation, vswitch_generation(rig.vswitch));
    assert_int_equal(vswitch_acl_remove(rig.vswitch, "p1", 7, NULL), XSW_OK);
    assert_int_equal(heard_count(SWITCH_EVENT_POLICY_SET), 2);
    assert_string_equal(ear.told[ear.count - 1].detail, "delete");
}

static void a_setting_of_the_switch_is_told(void **state)
{
    (void)state;
    struct switch_config config = *vswitch_config(rig.vswitch);
    config.mac_ageing_seconds = 17;
    hear_all();
    assert_int_equal(vswitch_set(rig.vswitch, &config, NULL), XSW_OK);
    const struct told *told = heard(SWITCH_EVENT_SETTING_SET);
    assert_string_equal(told->detail, "update");
    assert_int_equal(told->event.port, 0);
}

static void an_address_is_told_when_it_comes_and_where_it_was_when_it_moves(void **state)
{
    (void)state;
    hear_all();
    send(1, 1, 2);
    send(1, 1, 2);
    const struct told *told = heard(SWITCH_EVENT_MAC_LEARNED);
    assert_string_equal(told->subject, "02:00:00:00:00:01");
    assert_int_equal(told->event.value, 1); /* VLAN */
    assert_int_equal(told->event.port, 1);
    assert_int_equal(told->event.worker, 0);
    assert_true(told->event.packet_id != 0);
    send(2, 1, 9);
    told = heard(SWITCH_EVENT_MAC_MOVED);
    assert_string_equal(told->subject, "02:00:00:00:00:01");
    assert_int_equal(told->event.port, 2);
    assert_int_equal(told->event.before, 1);
    assert_int_equal(heard_count(SWITCH_EVENT_MAC_LEARNED), 1);
}

static void a_full_table_is_told_once_a_second(void **state)
{
    (void)state;
    hear_all();
    for (uint8_t station = 1; station <= 9; station++) {
        send(1, station, 99);
    }
    assert_int_equal(heard_count(SWITCH_EVENT_MAC_LEARNED), 3);
    const struct told *told = heard(SWITCH_EVENT_MAC_LIMIT);
    assert_string_equal(told->subject, "02:00:00:00:00:04");
    assert_int_equal(told->event.before, 3);
    rig_advance(&rig, 1);
    send(1, 9, 99);
    assert_int_equal(heard_count(SWITCH_EVENT_MAC_LIMIT), 2);
}

static void an_address_that_was_silent_for_long_is_told_when_it_goes(void **state)
{
    (void)state;
    hear_all();
    send(1, 1, 2);
    rig_advance(&rig, 100);
    vswitch_tick(rig.vswitch);
    assert_int_equal(heard_count(SWITCH_EVENT_MAC_AGED), 0);
    rig_advance(&rig, 250);
    vswitch_tick(rig.vswitch);
    const struct told *told = heard(SWITCH_EVENT_MAC_AGED);
    assert_string_equal(told->subject, "02:00:00:00:00:01");
    assert_string_equal(told->port_name, "p1");
    assert_int_equal(told->event.value, 1);
}

static void an_extension_that_loses_a_packet_is_told_with_the_packet(void **state)
{
    (void)state;
    struct xsw_error error;
    hear_all();
    if (rig_extension(&rig, EXTENSION_DIR "/test/vanish.so", "thief", "every", "2", &error) !=
        XSW_OK) {
        fail_msg("%s", error.text);
    }
    const struct told *told = heard(SWITCH_EVENT_EXTENSION_ATTACHED);
    assert_string_equal(told->extension, "thief");
    assert_string_equal(told->subject, "added");
    assert_memory_equal(told->detail, "vanish ", 7);
    send(1, 1, 2);
    send(1, 1, 2);
    told = heard(SWITCH_EVENT_SILENT_DROP);
    assert_int_equal(told->event.packet_id, 2);
    assert_string_equal(told->extension, "thief");
    assert_string_equal(told->stage_name, "ingress-filter.thief");
    send(1, 1, 1); /* dropped too, and with a reason */
    assert_int_equal(rig_dropped(&rig, STAGE_FORWARD, REASON_SAME_PORT), 1);
    assert_int_equal(heard_count(SWITCH_EVENT_SILENT_DROP), 1);
    assert_int_equal(vswitch_extension_disable(rig.vswitch, "thief", NULL), XSW_OK);
    assert_string_equal(heard(SWITCH_EVENT_EXTENSION_DETACHED)->subject, "disabled");
}

static void a_refusal_is_told_with_its_reason_and_nothing_as_done(void **state)
{
    (void)state;
    struct xsw_error error;
    struct port_config config;
    uint16_t id = 0;
    if (rig_extension(&rig, EXTENSION_DIR "/test/doorman.so", "doorman", "refuse", "p3", &error) !=
        XSW_OK) {
        fail_msg("%s", error.text);
    }
    hear_all();
    port_config_init(&config);
    snprintf(config.name, sizeof(config.name), "p3");
    config.kind = PORT_KIND_MEMORY;
    assert_int_equal(vswitch_port_add(rig.vswitch, &config, &id, &error), XSW_DENIED);
    assert_int_equal(ear.count, 1);
    const struct told *told = heard(SWITCH_EVENT_EXTENSION_VETO);
    assert_string_equal(told->extension, "doorman");
    assert_string_equal(told->subject, "port-create");
    assert_string_equal(told->port_name, "p3");
    assert_non_null(strstr(error.text, told->detail));
    assert_true(told->detail[0] != '\0');
}

static void a_sink_hears_only_what_it_wants(void **state)
{
    (void)state;
    hear(switch_event_bit(SWITCH_EVENT_MAC_MOVED));
    assert_int_equal(vswitch_event_is_wanted(rig.vswitch, SWITCH_EVENT_MAC_MOVED), 1);
    assert_int_equal(vswitch_event_is_wanted(rig.vswitch, SWITCH_EVENT_MAC_LEARNED), 0);
    rig_port(&rig, NULL);
    send(1, 1, 2);
    assert_int_equal(ear.count, 0);
    send(2, 1, 2);
    assert_int_equal(ear.count, 1);
    assert_int_equal(ear.told[0].event.kind, SWITCH_EVENT_MAC_MOVED);
    /* Nor what another one wants. */
    struct ear other = {.sink = {.event = ear_event, .state = &other, .wanted = ~UINT64_C(0)}};
    assert_int_equal(vswitch_event_sink_add(rig.vswitch, &other.sink, NULL), XSW_OK);
    send(2, 7, 2);
    rig_port(&rig, NULL);
    assert_int_equal(ear.count, 1);
    assert_true(other.count > 1);
    assert_int_equal(vswitch_event_sink_remove(rig.vswitch, &other.sink, NULL), XSW_OK);
}

static void one_that_was_removed_hears_nothing_more(void **state)
{
    (void)state;
    hear_all();
    assert_int_equal(vswitch_event_sink_remove(rig.vswitch, &ear.sink, NULL), XSW_OK);
    rig_port(&rig, NULL);
    send(1, 1, 2);
    assert_int_equal(ear.count, 0);
}

static void several_sinks_hear_the_same_up_to_the_limit(void **state)
{
    (void)state;
    struct ear others[EVENT_SINKS_MAX];
    struct xsw_error error;
    hear_all();
    for (uint32_t i = 0; i < EVENT_SINKS_MAX - 1; i++) {
        others[i] = ear;
        others[i].sink.state = &others[i];
        assert_int_equal(vswitch_event_sink_add(rig.vswitch, &others[i].sink, NULL), XSW_OK);
    }
    struct event_sink more = ear.sink;
    assert_int_equal(vswitch_event_sink_add(rig.vswitch, &more, &error), XSW_LIMIT);
    send(1, 1, 2);
    for (uint32_t i = 0; i < EVENT_SINKS_MAX - 1; i++) {
        assert_int_equal(others[i].count, 1);
        assert_int_equal(vswitch_event_sink_remove(rig.vswitch, &others[i].sink, NULL), XSW_OK);
    }
    assert_int_equal(ear.count, 1);
}

static void a_turn_that_is_longer_than_its_budget_is_told(void **state)
{
    (void)state;
    ear = (struct ear){.sink = {.event = ear_event,
                                .state = &ear,
                                .wanted = switch_event_bit(SWITCH_EVENT_WORKER_OVER_BUDGET),
                                .budget_ns = 1000}};
    assert_int_equal(vswitch_event_sink_add(rig.vswitch, &ear.sink, NULL), XSW_OK);
    rig.clock.step_ns = 900;
    send(1, 1, 2);
    assert_int_equal(ear.count, 0);
    rig.clock.step_ns = 1100;
    send(1, 1, 2);
    assert_int_equal(ear.count, 1);
    assert_int_equal(ear.told[0].event.value, 1100);
    assert_int_equal(ear.told[0].event.before, 1);
}

static void a_budget_is_that_of_its_sink_and_of_no_other(void **state)
{
    (void)state;
    struct ear patient = {.sink = {.event = ear_event,
                                   .state = &patient,
                                   .wanted = switch_event_bit(SWITCH_EVENT_WORKER_OVER_BUDGET),
                                   .budget_ns = 5000}};
    struct ear careless = patient;
    careless.sink.state = &careless;
    careless.sink.budget_ns = 0;
    ear = patient;
    ear.sink.state = &ear;
    ear.sink.budget_ns = 1;
    assert_int_equal(vswitch_event_sink_add(rig.vswitch, &ear.sink, NULL), XSW_OK);
    assert_int_equal(vswitch_event_sink_add(rig.vswitch, &patient.sink, NULL), XSW_OK);
    assert_int_equal(vswitch_event_sink_add(rig.vswitch, &careless.sink, NULL), XSW_OK);
    rig.clock.step_ns = 4000;
    send(1, 1, 2);
    assert_int_equal(ear.count, 1);
    assert_int_equal(patient.count, 0);
    rig.clock.step_ns = 6000;
    send(1, 1, 2);
    assert_int_equal(ear.count, 2);
    assert_int_equal(patient.count, 1);
    assert_int_equal(careless.count, 0);
    assert_int_equal(vswitch_event_sink_remove(rig.vswitch, &patient.sink, NULL), XSW_OK);
    assert_int_equal(vswitch_event_sink_remove(rig.vswitch, &careless.sink, NULL), XSW_OK);
}

/* The clock is read once more for a turn whose length somebody wants to know, and for no other. */
static void what_nobody_wants_reads_no_clock(void **state)
{
    (void)state;
    rig.clock.step_ns = 1;
    uint64_t before = rig.clock.now_ns;
    send(1, 1, 2);
    uint64_t without = rig.clock.now_ns - before;
    assert_int_equal(without, 1); /* the batch's own */
    hear_all();
    before = rig.clock.now_ns;
    send(1, 1, 2);
    assert_int_equal(rig.clock.now_ns - before, without);
}

/* Observers of drops alone ------------------------------------------------------------------- */

struct drops {
    uint32_t received, shown;
    uint16_t stage, reason;
    uint32_t hop_count;
    uint64_t at_ns;
};

static void drops_begin(void *state, uint32_t worker, const struct worker_counters *counters)
{
    (void)state;
    (void)worker;
    (void)counters;
}

static void drops_received(void *state, uint32_t worker, struct packet *const *packets,
                           uint32_t count, uint8_t bit)
{
    (void)worker;
    (void)packets;
    (void)bit;
    ((struct drops *)state)->received += count;
}

static void drops_ended(void *state, uint32_t worker, const struct ended_batch *batch, uint8_t bit)
{
    struct drops *drops = state;
    const struct timeline *timeline = batch->timeline;
    (void)worker;
    (void)bit;
    drops->shown += batch->count;
    drops->reason = batch->packets[0]->drop_reason;
    drops->hop_count = timeline->count;
    drops->stage = timeline->hops[timeline->count - 1].stage;
    drops->at_ns = timeline->rx_mono_ns + timeline->hops[timeline->count - 1].since_rx_ns;
    assert_string_equal(batch->pipeline->names.ports[2], "p2");
}

static const struct observer_ops drops_ops = {drops_begin, drops_begin, drops_received,
                                              drops_ended};

static void an_observer_of_drops_costs_what_is_delivered_no_clock(void **state)
{
    (void)state;
    struct drops drops = {0};
    struct observer observer = {.ops = &drops_ops, .state = &drops, .drops_only = 1};
    hear(0);
    send(1, 1, 2);
    rig.clock.step_ns = 1;
    uint64_t before = rig.clock.now_ns;
    send(1, 1, 2);
    uint64_t without = rig.clock.now_ns - before;
    assert_int_equal(vswitch_observer_add(rig.vswitch, &observer, NULL), XSW_OK);
    before = rig.clock.now_ns;
    send(1, 1, 2);
    assert_int_equal(rig.clock.now_ns - before, without);
    assert_int_equal(drops.received, 0);
    assert_int_equal(drops.shown, 0);
    before = rig.clock.now_ns;
    send(1, 9, 1); /* to where it comes from */
    assert_int_equal(drops.shown, 1);
    assert_int_equal(drops.reason, REASON_SAME_PORT);
    assert_int_equal(drops.stage, STAGE_FORWARD);
    assert_in_range(drops.at_ns, before, rig.clock.now_ns);
    assert_int_equal(vswitch_observer_remove(rig.vswitch, &observer, NULL), XSW_OK);
}

static void an_observer_of_drops_beside_another_sees_no_more(void **state)
{
    (void)state;
    struct drops drops = {0};
    struct drops all = {0};
    struct observer observer = {.ops = &drops_ops, .state = &drops, .drops_only = 1};
    struct observer other = {.ops = &drops_ops, .state = &all};
    hear(0);
    assert_int_equal(vswitch_observer_add(rig.vswitch, &observer, NULL), XSW_OK);
    assert_int_equal(vswitch_observer_add(rig.vswitch, &other, NULL), XSW_OK);
    send(1, 1, 2);
    assert_int_equal(drops.shown, 0);
    assert_int_equal(all.shown, 1);
    send(1, 9, 1);
    assert_int_equal(drops.shown, 1);
    assert_int_equal(all.shown, 2);
    assert_int_equal(vswitch_observer_remove(rig.vswitch, &observer, NULL), XSW_OK);
    assert_int_equal(vswitch_observer_remove(rig.vswitch, &other, NULL), XSW_OK);
}

static void every_kind_is_in_the_table_under_its_own_name(void **state)
{
    (void)state;
    hear(0);
    uint32_t count = 0;
    for (uint16_t kind = 0; kind < SWITCH_EVENT_LIMIT; kind++) {
        const struct switch_event_info *info = switch_event_info(kind);
        for (uint16_t other = 0; info != NULL && other < kind; other++) {
            const struct switch_event_info *before = switch_event_info(other);
            assert_true(before == NULL || strcmp(before->name, info->name) != 0);
        }
        count += info != NULL;
    }
    assert_true(count > 30);
    assert_string_equal(switch_event_info(SWITCH_EVENT_PACKET_DROPPED)->name, "packet_dropped");
    assert_null(switch_event_info(SWITCH_EVENT_LIMIT));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_port_is_told_from_its_making_to_its_end),
        CASE(a_rule_is_told_with_its_number_and_the_generation_in_force),
        CASE(a_setting_of_the_switch_is_told),
        CASE(an_address_is_told_when_it_comes_and_where_it_was_when_it_moves),
        CASE(a_full_table_is_told_once_a_second),
        CASE(an_address_that_was_silent_for_long_is_told_when_it_goes),
        CASE(an_extension_that_loses_a_packet_is_told_with_the_packet),
        CASE(a_refusal_is_told_with_its_reason_and_nothing_as_done),
        CASE(a_sink_hears_only_what_it_wants),
        CASE(one_that_was_removed_hears_nothing_more),
        CASE(several_sinks_hear_the_same_up_to_the_limit),
        CASE(a_turn_that_is_longer_than_its_budget_is_told),
        CASE(a_budget_is_that_of_its_sink_and_of_no_other),
        CASE(what_nobody_wants_reads_no_clock),
        CASE(an_observer_of_drops_costs_what_is_delivered_no_clock),
        CASE(an_observer_of_drops_beside_another_sees_no_more),
        CASE(every_kind_is_in_the_table_under_its_own_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
