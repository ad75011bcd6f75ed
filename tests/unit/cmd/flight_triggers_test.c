/* SPDX-License-Identifier: Apache-2.0 */
/* The triggers of xsw flight run: how they are written, and when a hit gets a file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "cmd/flight/flight_triggers.h"

static struct flight_trigger trigger;

static void what_stands_around_a_trigger_is_taken_off_it(void **state)
{
    (void)state;
    assert_true(
        flight_trigger_read("slow: match latency > 5ms and not port == 'rate 3/s' rate 20/s "
                            "rearm 0.5 limit 3",
                            &trigger));
    assert_string_equal(trigger.name, "slow");
    assert_string_equal(trigger.where, "latency > 5ms and not port == 'rate 3/s'");
    assert_int_equal(trigger.rate, 20);
    assert_int_equal(trigger.rearm_ms, 500);
    assert_int_equal(trigger.limit, 3);
    assert_true(flight_trigger_read("  port-down alice limit 7", &trigger));
    assert_int_equal(trigger.kind, FLIGHT_TRIGGER_PORT_DOWN);
    assert_string_equal(trigger.port, "alice");
    assert_string_equal(trigger.name, "port-down");
    assert_int_equal(trigger.limit, 7);
    assert_int_equal(trigger.rearm_ms, FLIGHT_REARM_DEFAULT_MS);
    assert_true(flight_trigger_read("silent-drop", &trigger));
    assert_string_equal(trigger.name, "silent-drop");
    assert_string_equal(trigger.where, "reason == silent-drop");
}

static void names_come_from_the_expression_and_are_told_apart(void **state)
{
    (void)state;
    static struct flight_trigger three[3];
    assert_true(flight_trigger_read("match reason == acl-denied", &three[0]));
    assert_true(flight_trigger_read("match (reason == acl-denied)", &three[1]));
    assert_true(flight_trigger_read("match (dropped and vlan == 10) or changed", &three[2]));
    flight_triggers_name(three, 3, false);
    assert_string_equal(three[0].name, "reason-acl-denied");
    assert_string_equal(three[1].name, "reason-acl-denied-2");
    assert_string_equal(three[2].name, "dropped-and-vlan-10-or-changed");
    assert_true(flight_trigger_read("mine: match dropped", &three[2]));
    flight_triggers_name(three, 3, true);
    assert_string_equal(three[0].name, "match");
    assert_string_equal(three[1].name, "match-2");
    assert_string_equal(three[2].name, "mine");
}

static bool may_write_at(uint64_t seconds)
{
    const struct flight_hit hit = {.mono_ns = (1000 + seconds) * NS_PER_SECOND};
    return flight_trigger_may_write(&trigger, &hit);
}

static void a_hit_gets_a_file_when_it_is_armed_and_within_its_limit(void **state)
{
    (void)state;
    assert_true(flight_trigger_read("match dropped rearm 10 limit 3", &trigger));
    assert_true(may_write_at(0));
    assert_false(may_write_at(9));
    assert_true(may_write_at(10));
    assert_true(may_write_at(3000));
    assert_false(may_write_at(3020)); /* the fourth within an hour */
    assert_false(may_write_at(3599));
    assert_true(may_write_at(3600));  /* the first is an hour ago */
    assert_false(may_write_at(3609)); /* and the second is not quite */
    assert_true(may_write_at(3610));
    assert_int_equal(trigger.files, 5);
    assert_int_equal(trigger.suppressed, 4);
}

static void the_earliest_of_what_several_saw_is_the_cause(void **state)
{
    (void)state;
    static struct flight_header header = {.worker_count = 2};
    static struct flight_worker_view views[2];
    struct flight_hit hit;
    assert_true(flight_trigger_read("match dropped", &trigger));
    assert_false(flight_trigger_hit(&trigger, 3, &header, views, &hit));
    views[0].fires[3] = 1;
    views[0].fire_mono_ns[3] = 500;
    views[0].fire_packet_id[3] = 50;
    views[1].fires[3] = 2; /* one of them went by between two looks */
    views[1].early[3] = 7; /* too soon after one that fired */
    views[1].fire_mono_ns[3] = 400;
    views[1].fire_packet_id[3] = 40;
    assert_true(flight_trigger_hit(&trigger, 3, &header, views, &hit));
    assert_int_equal(hit.mono_ns, 400);
    assert_int_equal(hit.packet_id, 40);
    /* All hits but the one that is the cause get no file, and are counted. */
    assert_int_equal(trigger.suppressed, 1 + 2 + 7 - 1);
    assert_int_equal(trigger.suppressed_since, trigger.suppressed);
    assert_false(flight_trigger_hit(&trigger, 3, &header, views, &hit));
    assert_int_equal(trigger.suppressed, 9);
    views[0].early[3] = 2;
    assert_false(flight_trigger_hit(&trigger, 3, &header, views, &hit));
    assert_int_equal(trigger.suppressed, 11);
    atomic_store(&header.control[3].fires, 1);
    atomic_store(&header.control[3].fire_mono_ns, 600);
    assert_true(flight_trigger_hit(&trigger, 3, &header, views, &hit));
    assert_int_equal(hit.mono_ns, 600);
    assert_int_equal(hit.packet_id, 0);
    assert_int_equal(trigger.suppressed, 11);
    /* Another recorder counts from 0 again. */
    flight_triggers_forget(&trigger, 1);
    assert_true(flight_trigger_hit(&trigger, 3, &header, views, &hit));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_stands_around_a_trigger_is_taken_off_it),
        cmocka_unit_test(names_come_from_the_expression_and_are_told_apart),
        cmocka_unit_test(a_hit_gets_a_file_when_it_is_armed_and_within_its_limit),
        cmocka_unit_test(the_earliest_of_what_several_saw_is_the_cause),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
