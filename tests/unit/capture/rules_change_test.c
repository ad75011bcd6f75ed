/* SPDX-License-Identifier: Apache-2.0 */
/* What changes while a session goes on, by its owner or by its budget: from where on it holds, what
 * the recorder is told, and that the account stays exact. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "capture/filter_program.h"
#include "support/session_rig.h"

enum { TEN_MS = 10000000, FRAME_PAYLOAD = 400 };

/* Rules -------------------------------------------------------------------------------------- */

static void new_rules_hold_from_an_event_in_the_ring_on(void **state)
{
    (void)state;
    ports_make(2);
    begin(0, &(struct capture_rules){.filter = "udp"});
    sent(1, 1, 9, 3);
    set_with(0, &(struct capture_rules){.filter = "tcp", .stages = "forward,tx"});
    sent(1, 1, 9, 4);
    set_with(0, &(struct capture_rules){.where = "delivered", .stages = "rx"});
    sent(1, 1, 9, 5);
    assert_int_equal(written(0), 3 + 5);
    assert_int_equal(account_of(0).filtered, 4);
    assert_int_equal(seen[0].events[RING_EVENT_RULES], 2);
    assert_int_equal(seen[0].before_event, 3);
    assert_int_equal(seen[0].event.values[0], 3);
    assert_int_equal(seen[0].event.values[1], 1 << STAGE_RX);
    assert_int_equal(capture_session_rules_number(seen[0].session), 3);
}

static void rules_are_told_as_they_are_in_force(void **state)
{
    (void)state;
    ports_make(2);
    begin(0, &(struct capture_rules){.ports = "p2"});
    const struct capture_rules *rules = capture_session_rules(seen[0].session);
    assert_string_equal(rules->filter, "");
    assert_string_equal(rules->ports, "p2");
    assert_int_equal(rules->snap_length, CAPTURE_SNAP_MAX);
    assert_int_equal(rules->sample, 1);
    assert_int_equal(rules->budget, BUDGET_DEFAULT);
    struct capture_rules next = *rules; /* its texts are those of the rules that go */
    next.filter = "arp";
    next.rate = 7;
    set_with(0, &next);
    rules = capture_session_rules(seen[0].session);
    assert_string_equal(rules->filter, "arp");
    assert_string_equal(rules->ports, "p2");
    assert_int_equal(rules->rate, 7);
}

static void rules_that_make_no_sense_change_nothing(void **state)
{
    (void)state;
    ports_make(2);
    begin(0, &(struct capture_rules){.filter = "udp"});
    static const struct capture_rules bad[] = {{.filter = "udp prot"},
                                               {.where = "dropped or"},
                                               {.ports = "p9"},
                                               {.stages = "p1"},
                                               {.rate = CAPTURE_RATE_MAX + 1}};
    struct xsw_error error;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(capture_session_set(seen[0].session, &bad[i], &error), XSW_INVALID);
    }
    sent(1, 1, 9, 2);
    assert_int_equal(written(0), 2);
    assert_int_equal(capture_session_rules_number(seen[0].session), 1);
    assert_int_equal(seen[0].events[RING_EVENT_RULES], 0);
}

static void rules_that_do_not_differ_change_nothing(void **state)
{
    (void)state;
    ports_make(2);
    static const struct capture_rules rules = {
        .filter = "udp", .where = "delivered", .ports = "p1", .stages = "rx,forward", .rate = 9000};
    begin(0, &rules);
    set_with(0, &rules);
    set_with(0, capture_session_rules(seen[0].session));
    sent(1, 1, 9, 3);
    assert_int_equal(capture_session_rules_number(seen[0].session), 1);
    assert_int_equal(seen[0].events[RING_EVENT_RULES], 0);
    struct capture_rules next = rules;
    next.rate = 9001;
    set_with(0, &next);
    assert_int_equal(capture_session_rules_number(seen[0].session), 2);
    next.ports = "p2";
    set_with(0, &next);
    next.filter = "tcp";
    set_with(0, &next);
    next.where = "dropped";
    set_with(0, &next);
    assert_int_equal(capture_session_rules_number(seen[0].session), 5);
}

static void who_may_not_manage_brings_the_program_and_keeps_the_budget(void **state)
{
    (void)state;
    ports_make(2);
    struct capture_rules rules = {.filter = "udp", .is_bounded = true};
    struct capture_options options = {.rules = rules};
    struct capture_session *none = NULL;
    struct xsw_error error;
    assert_int_equal(capture_session_open(rig.vswitch, &options, &none, &error), XSW_INVALID);
    assert_non_null(strstr(error.text, "expected the compiled program with it"));
    struct bpf_program program;
    assert_int_equal(filter_program_compile("tcp", &program, NULL), XSW_OK);
    rules.program = program.bf_insns;
    rules.program_count = program.bf_len;
    begin(0, &rules); /* the program decides, not the text */
    pcap_freecode(&program);
    sent(1, 1, 9, 2);
    assert_int_equal(written(0), 0);
    assert_int_equal(account_of(0).filtered, 2);
    /* It stays with its filter. */
    rules = *capture_session_rules(seen[0].session);
    rules.sample = 3;
    set_with(0, &rules);
    sent(1, 1, 9, 2);
    assert_int_equal(account_of(0).filtered, 4);
    rules = *capture_session_rules(seen[0].session);
    rules.budget = BUDGET_DEFAULT + 1;
    assert_int_equal(capture_session_set(seen[0].session, &rules, &error), XSW_INVALID);
    assert_non_null(strstr(error.text, "expected at most 500000, 50 percent"));
    rules.budget = BUDGET_DEFAULT;
    rules.filter = "";
    assert_int_equal(capture_session_set(seen[0].session, &rules, &error), XSW_INVALID);
    assert_non_null(strstr(error.text, "program: expected the filter"));
}

static void a_stopped_session_takes_no_rules_and_says_so_in_its_rings(void **state)
{
    (void)state;
    ports_make(2);
    begin(0, &(struct capture_rules){0});
    _Atomic uint32_t *is_stopped = &seen[0].ring.header->is_stopped;
    assert_int_equal(atomic_load(is_stopped), 0);
    assert_int_equal(capture_session_stop(seen[0].session, NULL), XSW_OK);
    assert_int_equal(atomic_load(is_stopped), 1);
    struct xsw_error error;
    assert_int_equal(
        capture_session_set(seen[0].session, &(struct capture_rules){.rate = 1}, &error),
        XSW_UNSUPPORTED);
    assert_non_null(strstr(error.text, "stopped"));
}

/* What a recorder cannot be told of it would not understand. */
static void while_a_full_ring_cannot_tell_the_rules_journeys_are_lost(void **state)
{
    (void)state;
    ports_make(2);
    begin_with(0, &(struct capture_rules){.filter = "udp"}, CAPTURE_RING_MIN);
    while (account_of(0).lost[META_LOSS_RING_FULL] == 0) {
        sent(1, 1, 9, 200);
    }
    set_with(0, &(struct capture_rules){.stages = "tx"});
    uint64_t before = account_of(0).written;
    sent(1, 1, 9, 3);
    assert_int_equal(account_of(0).written, before);
    ring_read(0);
    assert_int_equal(seen[0].events[RING_EVENT_RULES], 0);
    sent(1, 1, 9, 4);
    assert_int_equal(written(0), 4);
    assert_int_equal(seen[0].events[RING_EVENT_RULES], 1);
    assert_int_equal(seen[0].before_event, before);
    assert_int_equal(seen[0].gaps[META_LOSS_RING_FULL], account_of(0).lost[META_LOSS_RING_FULL]);
}

static void rig_with_two_workers(void)
{
    struct switch_config config;
    switch_config_init(&config);
    config.workers = 2;
    rig_init(&rig, &config);
    rig.clock.now_ns = 1000000000;
    rig.clock.step_ns = 100;
}

/* Over both workers, which is that over all stages. */
static struct capture_account account_of_two(const struct capture_session *session)
{
    struct capture_account workers = {0};
    struct capture_account stages = {0};
    for (uint32_t worker = 0; worker < 2; worker++) {
        struct capture_account one = capture_session_account(session, worker);
        assert_true(one.offered > 0);
        balance_expect(&one);
        capture_account_add(&workers, &one);
    }
    for (uint16_t stage = 0; stage < STAGES_MAX; stage++) {
        struct capture_account one = capture_session_account_at(session, stage);
        balance_expect(&one);
        capture_account_add(&stages, &one);
    }
    assert_memory_equal(&workers, &stages, sizeof(workers));
    return workers;
}

/* The ring of the second worker is not read, and soon full. */
static void rules_come_and_go_while_workers_run(void **state)
{
    (void)state;
    static const struct capture_rules rules[] = {
        {.filter = "udp"},
        {.filter = "tcp or udp", .where = "delivered", .sample = 3},
        {.ports = "p1,p2", .direction = CAPTURE_IN, .rate = 1000000},
        {.stages = "tx,forward", .snap_length = 60, .budget = BUDGET_WHOLE},
        {.ports = "p2", .direction = CAPTURE_OUT, .budget = 1}};
    enum { KINDS = sizeof(rules) / sizeof(rules[0]) };
    static struct frame frame;
    static struct memory_frame played;
    rig_fini(&rig);
    rig_with_two_workers();
    ports_make(2);
    rig_frame(&frame, 1, 9, 30);
    played = (struct memory_frame){.bytes = frame.bytes, .length = (uint32_t)frame.length};
    port_memory_play(rig.ports[1], &played, 1);
    begin(0, &rules[0]);
    begin(1, &rules[1]);
    rig_start(&rig);
    for (unsigned round = 0; round < 40; round++) {
        uint64_t offered = capture_session_account(seen[0].session, 0).offered;
        set_with(0, &rules[round % KINDS]);
        set_with(1, &rules[(round + 2) % KINDS]);
        do {
            ring_read(0);
            ring_read(1);
        } while (capture_session_account(seen[0].session, 0).offered < offered + 300);
    }
    assert_int_equal(capture_session_stop(seen[0].session, NULL), XSW_OK);
    assert_int_equal(capture_session_stop(seen[1].session, NULL), XSW_OK);
    rig_stop(&rig);
    for (int place = 0; place < 2; place++) {
        ring_read(place);
        struct capture_account account = account_of_two(seen[place].session);
        assert_int_equal(seen[place].journeys,
                         capture_session_account(seen[place].session, 0).written);
        assert_true(seen[place].event.values[0] <= 41);
        assert_true(seen[place].events[RING_EVENT_RULES] > 0);
        assert_int_equal(account.offered,
                         capture_session_stage(seen[place].session, STAGE_TX).out +
                             capture_session_stage(seen[place].session, STAGE_TX).dropped);
    }
}

/* Budget ------------------------------------------------------------------------------------- */

/* At most 32 packets: one batch, in a window of its own. A millionth of the time is always used up.
 */
static void window(unsigned count)
{
    struct frame frame;
    rig.clock.now_ns += TEN_MS;
    rig_frame(&frame, 1, 9, FRAME_PAYLOAD);
    for (unsigned i = 0; i < count; i++) {
        frame.bytes[frame.transport] = (uint8_t)i; /* another flow */
        rig_feed(&rig, 1, &frame);
    }
    rig_run(&rig);
    sent_away();
}

static void a_session_over_its_budget_does_less_step_by_step_and_counts_it(void **state)
{
    (void)state;
    enum { BATCH = 32 };
    ports_make(2);
    begin(0, &(struct capture_rules){.budget = 1});
    window(BATCH); /* begins the first window */
    assert_int_equal(written(0), BATCH);
    for (unsigned i = 0; i < BUDGET_OVER_WINDOWS; i++) {
        assert_int_equal(capture_session_load(seen[0].session, 0).level, BUDGET_FULL);
        window(BATCH);
        assert_int_equal(written(0), BATCH);
        assert_true(seen[0].last.captured_length > FRAME_PAYLOAD);
    }
    assert_int_equal(capture_session_load(seen[0].session, 0).level, BUDGET_SHORT);
    assert_true(capture_session_load(seen[0].session, 0).share > 1);
    assert_int_equal(seen[0].events[RING_EVENT_BUDGET], 0);
    for (unsigned i = 0; i < BUDGET_OVER_WINDOWS; i++) {
        window(BATCH);
        assert_int_equal(written(0), BATCH);
        assert_int_equal(seen[0].last.captured_length, BUDGET_SNAP);
        assert_int_equal(seen[0].last.length, FRAME_PAYLOAD + 42);
    }
    assert_int_equal(seen[0].events[RING_EVENT_BUDGET], 1);
    assert_int_equal(seen[0].event.values[0], BUDGET_SHORT);
    assert_int_equal(seen[0].event.values[1], BUDGET_FULL);
    assert_true(seen[0].event.values[2] > 1);
    assert_int_equal(seen[0].event.values[3], 1);
    assert_int_equal(account_of(0).lost[META_LOSS_BUDGET], 0);
    for (unsigned i = 0; i < BUDGET_OVER_WINDOWS; i++) {
        window(BATCH);
        assert_true(written(0) < BATCH / 4);
    }
    struct capture_account sampled = account_of(0);
    assert_int_equal(sampled.lost[META_LOSS_BUDGET],
                     sampled.offered - sampled.written - sampled.filtered);
    assert_int_equal(capture_session_load(seen[0].session, 0).level, BUDGET_DISARMED);
    for (unsigned i = 0; i < 10; i++) {
        window(BATCH);
        assert_int_equal(written(0), 0);
    }
    struct capture_account disarmed = account_of(0);
    assert_int_equal(disarmed.lost[META_LOSS_BUDGET], sampled.lost[META_LOSS_BUDGET] + 10 * BATCH);
    assert_int_equal(seen[0].events[RING_EVENT_BUDGET], 3);
    assert_int_equal(seen[0].event.values[0], BUDGET_DISARMED);
    assert_int_equal(disarmed.filtered, 0);

    /* More of it: all at once, and the next journey tells of all that were lost. */
    set_with(0, &(struct capture_rules){.budget = BUDGET_WHOLE});
    window(BATCH); /* came in while it was disarmed still, or not */
    window(BATCH);
    ring_read(0);
    assert_true(seen[0].last.captured_length > FRAME_PAYLOAD);
    assert_int_equal(seen[0].event.values[0], BUDGET_FULL);
    assert_int_equal(capture_session_load(seen[0].session, 0).level, BUDGET_FULL);
    assert_int_equal(seen[0].gaps[META_LOSS_BUDGET], account_of(0).lost[META_LOSS_BUDGET]);
    assert_true(account_of(0).lost[META_LOSS_BUDGET] <= disarmed.lost[META_LOSS_BUDGET] + BATCH);
}

static void a_sample_for_want_of_time_is_of_the_sample_that_was_asked_for(void **state)
{
    (void)state;
    enum { BATCH = 32 };
    ports_make(2);
    begin(0, &(struct capture_rules){.budget = 1, .sample = 2, .filter = "udp"});
    while (capture_session_load(seen[0].session, 0).level != BUDGET_SAMPLED) {
        window(BATCH);
    }
    struct capture_account before = account_of(0);
    window(BATCH);
    struct capture_account after = account_of(0);
    uint64_t of_sample = (after.written - before.written) + after.lost[META_LOSS_BUDGET];
    assert_int_equal(before.lost[META_LOSS_BUDGET], 0);
    assert_int_equal(after.sampled - before.sampled, BATCH - of_sample);
    assert_int_equal(before.sampled / (before.offered / BATCH), BATCH - of_sample);
    assert_true(after.written - before.written < of_sample / 4);
}

static void other_sessions_do_not_pay_for_one_that_is_over_its_budget(void **state)
{
    (void)state;
    ports_make(2);
    begin(0, &(struct capture_rules){.budget = 1});
    begin(1, &(struct capture_rules){.budget = BUDGET_WHOLE});
    for (unsigned i = 0; i < 20; i++) {
        window(10);
    }
    assert_int_equal(capture_session_load(seen[0].session, 0).level, BUDGET_DISARMED);
    assert_int_equal(capture_session_load(seen[1].session, 0).level, BUDGET_FULL);
    assert_int_equal(written(1), 200);
    assert_true(written(0) < 100);
}

static void what_the_switch_compares_for_it_counts_and_becomes_less(void **state)
{
    (void)state;
    ports_make(2);
    begin(0, &(struct capture_rules){.budget = BUDGET_WHOLE - 1});
    window(1);
    for (unsigned i = 0; i < 5; i++) {
        window(1);
    }
    assert_int_equal(capture_session_load(seen[0].session, 0).level, BUDGET_FULL);
    capture_session_settle(seen[0].session);
    window(1);
    assert_int_equal(rig.worker->pipeline->observed_bytes, CAPTURE_SNAP_MAX);
    for (unsigned i = 0; i < BUDGET_OVER_WINDOWS; i++) {
        rig.worker->watch_cycles += UINT64_C(1) << 40; /* as if it had taken that long */
        window(1);
    }
    assert_int_equal(capture_session_load(seen[0].session, 0).level, BUDGET_SHORT);
    capture_session_settle(seen[0].session);
    window(1);
    assert_int_equal(rig.worker->pipeline->observed_bytes, BUDGET_SNAP);
    set_with(0, &(struct capture_rules){.budget = BUDGET_WHOLE});
    window(1);
    capture_session_settle(seen[0].session);
    window(1);
    assert_int_equal(rig.worker->pipeline->observed_bytes, CAPTURE_SNAP_MAX);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(new_rules_hold_from_an_event_in_the_ring_on),
        CLAIM(rules_are_told_as_they_are_in_force),
        CLAIM(rules_that_make_no_sense_change_nothing),
        CLAIM(rules_that_do_not_differ_change_nothing),
        CLAIM(who_may_not_manage_brings_the_program_and_keeps_the_budget),
        CLAIM(a_stopped_session_takes_no_rules_and_says_so_in_its_rings),
        CLAIM(while_a_full_ring_cannot_tell_the_rules_journeys_are_lost),
        CLAIM(rules_come_and_go_while_workers_run),
        CLAIM(a_session_over_its_budget_does_less_step_by_step_and_counts_it),
        CLAIM(a_sample_for_want_of_time_is_of_the_sample_that_was_asked_for),
        CLAIM(other_sessions_do_not_pay_for_one_that_is_over_its_budget),
        CLAIM(what_the_switch_compares_for_it_counts_and_becomes_less),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
