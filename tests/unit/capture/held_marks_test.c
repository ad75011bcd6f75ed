/* SPDX-License-Identifier: Apache-2.0 */
/* What a session thought of a packet that somebody holds goes with the session: the next one, which
 * gets its bit, is not to count it as its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/session_rig.h"
#include "switch/path/held.h"

static const struct capture_rules nearly_none = {.sample = CAPTURE_SAMPLE_MAX};
/* Asks of every packet that comes in, as one with a sample does, and takes all of them. */
static const struct capture_rules asking = {.ports = "p1,p2", .direction = CAPTURE_IN};

static void holder_load(void)
{
    struct xsw_error error;
    if (rig_extension(&rig, EXTENSION_DIR "/test/workshop.so", "", "how", "hold-for-ever",
                      &error) != XSW_OK) {
        fail_msg("%s", error.text);
    }
    rig_run(&rig);
}

static void hold_one(uint8_t from)
{
    struct frame frame;
    uint32_t before = held_pool_count(rig.worker->held);
    rig_frame(&frame, from, 9, 20);
    rig_feed(&rig, from, &frame);
    rig_run(&rig);
    assert_int_equal(held_pool_count(rig.worker->held), before + 1);
}

/* What a holder that goes has held goes on. */
static void release_all(void)
{
    assert_int_equal(vswitch_extension_remove(rig.vswitch, "workshop", NULL), XSW_OK);
    rig_run(&rig);
    sent_away();
    assert_int_equal(held_pool_count(rig.worker->held), 0);
}

/* One packet is held already: a session comes, has one held of its own, and both are released. */
static struct capture_account account_of_the_next(void)
{
    begin(0, &asking);
    hold_one(2);
    release_all();
    struct capture_account account = account_of(0);
    assert_int_equal(account.offered, 2);
    assert_int_equal(account.filtered, 1);
    assert_int_equal(written(0), 1);
    return account;
}

static void a_packet_is_sampled_out_of_the_session_that_asked(void **state)
{
    (void)state;
    ports_make(2);
    holder_load();
    begin(0, &nearly_none);
    hold_one(1);
    release_all();
    struct capture_account account = account_of(0);
    assert_int_equal(account.offered, 1);
    assert_int_equal(account.sampled, 1);
}

static void a_packet_held_under_a_session_that_has_gone_is_not_sampled_out_of_the_next(void **state)
{
    (void)state;
    ports_make(2);
    holder_load();
    begin(0, &nearly_none);
    hold_one(1);
    end(0);
    assert_int_equal(account_of_the_next().sampled, 0);
}

/* Each packet in a window of its own; a millionth of the time is always used up. */
static void until_disarmed(void)
{
    while (capture_session_load(seen[0].session, 0).level != BUDGET_DISARMED) {
        rig.clock.now_ns += 10000000;
        sent(1, 1, 9, 1);
    }
}

static void a_packet_held_under_a_session_without_time_is_lost_by_it(void **state)
{
    (void)state;
    ports_make(2);
    begin(0, &(struct capture_rules){.budget = 1});
    until_disarmed();
    uint64_t before = account_of(0).lost[META_LOSS_BUDGET];
    holder_load();
    hold_one(1);
    release_all();
    assert_int_equal(account_of(0).lost[META_LOSS_BUDGET], before + 1);
}

static void a_packet_held_under_a_session_without_time_is_not_lost_by_the_next(void **state)
{
    (void)state;
    ports_make(2);
    begin(0, &(struct capture_rules){.budget = 1});
    until_disarmed();
    holder_load();
    hold_one(1);
    end(0);
    assert_int_equal(account_of_the_next().lost[META_LOSS_BUDGET], 0);
}

/* Rules that change while a packet of port 2 is held --------------------------------------------
 */

static uint64_t written_of_one_held(const struct capture_rules *before,
                                    const struct capture_rules *after)
{
    ports_make(2);
    holder_load();
    begin(0, before);
    hold_one(2);
    set_with(0, after);
    hold_one(1); /* what comes in now does so by the others */
    release_all();
    struct capture_account account = account_of(0);
    assert_int_equal(account.offered, 2);
    return written(0);
}

static const struct capture_rules any = {.snap_length = 100};
static const struct capture_rules in_at_1 = {.ports = "p1", .direction = CAPTURE_IN};
static const struct capture_rules in_at_2 = {.ports = "p2", .direction = CAPTURE_IN};
static const struct capture_rules where_1 = {.where = "source == p1"};
static const struct capture_rules where_2 = {.where = "source == p2"};

static void what_is_held_is_not_asked_by_the_rules_that_come(void **state)
{
    (void)state;
    assert_int_equal(written_of_one_held(&any, &in_at_1), 2);
}

static void what_is_held_was_not_wanted_by_the_rules_of_its_time(void **state)
{
    (void)state;
    assert_int_equal(written_of_one_held(&in_at_1, &any), 1);
}

static void what_is_asked_at_the_end_is_asked_by_the_rules_of_the_beginning(void **state)
{
    (void)state;
    assert_int_equal(written_of_one_held(&where_2, &where_1), 2);
    assert_int_equal(seen[0].by_source[1], 1);
    assert_int_equal(seen[0].by_source[2], 1);
}

static void neither_is_wanted_when_each_comes_under_the_rules_of_the_other(void **state)
{
    (void)state;
    assert_int_equal(written_of_one_held(&where_1, &where_2), 0);
}

static void the_kind_of_rules_may_change_as_well(void **state)
{
    (void)state;
    assert_int_equal(written_of_one_held(&in_at_2, &where_1), 2);
}

/* A packet from before and one from behind the change are flooded when they go on: returns how many
 * journeys ended. */
static uint64_t offered_of_two_flooded(const struct capture_rules *before,
                                       const struct capture_rules *after)
{
    ports_make(3);
    holder_load();
    begin(0, before);
    hold_one(2);
    set_with(0, after);
    hold_one(1);
    release_all();
    return account_of(0).offered;
}

static void copies_of_what_was_held_are_judged_by_the_rules_of_their_original(void **state)
{
    (void)state;
    uint64_t offered = offered_of_two_flooded(&where_2, &where_1);
    assert_true(offered >= 4);
    assert_int_equal(written(0), offered);
    assert_int_equal(account_of(0).unwanted, 0);
}

static void copies_of_what_nobody_wanted_are_not_wanted_by_later_rules(void **state)
{
    (void)state;
    assert_true(offered_of_two_flooded(&where_1, &where_2) >= 4);
    assert_int_equal(written(0), 0);
}

/* More often than rules are kept: the oldest of these judge. */
static void rules_may_be_changed_without_end_while_something_is_held(void **state)
{
    (void)state;
    ports_make(2);
    holder_load();
    begin(0, &where_2);
    hold_one(2);
    for (unsigned i = 0; i < 100; i++) {
        set_with(0, i % 2 == 0 ? &where_1 : &any);
    }
    release_all();
    assert_int_equal(account_of(0).offered, 1);
    assert_int_equal(written(0), 1); /* by `any`, the oldest that is kept */
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(a_packet_is_sampled_out_of_the_session_that_asked),
        CLAIM(a_packet_held_under_a_session_that_has_gone_is_not_sampled_out_of_the_next),
        CLAIM(a_packet_held_under_a_session_without_time_is_lost_by_it),
        CLAIM(a_packet_held_under_a_session_without_time_is_not_lost_by_the_next),
        CLAIM(what_is_held_is_not_asked_by_the_rules_that_come),
        CLAIM(what_is_held_was_not_wanted_by_the_rules_of_its_time),
        CLAIM(what_is_asked_at_the_end_is_asked_by_the_rules_of_the_beginning),
        CLAIM(neither_is_wanted_when_each_comes_under_the_rules_of_the_other),
        CLAIM(the_kind_of_rules_may_change_as_well),
        CLAIM(copies_of_what_was_held_are_judged_by_the_rules_of_their_original),
        CLAIM(copies_of_what_nobody_wanted_are_not_wanted_by_later_rules),
        CLAIM(rules_may_be_changed_without_end_while_something_is_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
