/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/timeline/events.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct pcapng_event made(uint64_t wall_ns, uint8_t priority, const char *message)
{
    return (struct pcapng_event){
        .wall_ns = wall_ns, .priority = priority, .source = "xsw", .message = message};
}

static void add(struct events *events, const struct pcapng_event *event)
{
    events_add_from(events, event, EVENTS_OF_SESSIONS, -1);
}

static void the_latest_that_matters_is_found_within_the_span(void **state)
{
    struct events events;
    struct pcapng_event list[] = {
        made(100, PCAPNG_PRIORITY_NOTICE, "far"), made(900, PCAPNG_PRIORITY_NOTICE, "near"),
        made(950, PCAPNG_PRIORITY_DEBUG, "chatter"), made(1001, PCAPNG_PRIORITY_ERROR, "after")};
    (void)state;
    events_init(&events);
    for (size_t i = 0; i < 4; i++)
        add(&events, &list[i]);
    const struct event *event = events_find_before(&events, -1, 1000, 500, PCAPNG_PRIORITY_NOTICE);
    assert_non_null(event);
    assert_string_equal(event->message, "near");
    assert_null(events_find_before(&events, -1, 1000, 50, PCAPNG_PRIORITY_NOTICE));
    list[0] = made(990, PCAPNG_PRIORITY_NOTICE, "a recorder came");
    list[0].name = "capture_started";
    add(&events, &list[0]);
    event = events_find_before(&events, -1, 1000, 500, PCAPNG_PRIORITY_NOTICE);
    assert_string_equal(event->message, "near");
    events_fini(&events);
}

static void texts_are_made_safe_and_the_number_is_bounded(void **state)
{
    struct events events;
    struct pcapng_event event = made(1, PCAPNG_PRIORITY_INFO, "a\033[2Jb");
    (void)state;
    events_init(&events);
    for (int i = 0; i < EVENTS_MAX + 2; i++)
        add(&events, &event);
    assert_string_equal(events.list[0].message, "a?[2Jb");
    assert_string_equal(events.list[0].name, "");
    assert_int_equal(events.count, EVENTS_MAX);
    assert_int_equal(events.beyond, 2);
    events_fini(&events);
}

static void what_the_kernel_drops_is_summed_up_by_port_and_reason(void **state)
{
    struct events events;
    const struct pcapng_event_field fields[] = {{"reason", "FULL_RING"}, {"port", "alice"}};
    struct pcapng_event drop = {
        .wall_ns = 500, .name = "kernel_drop", .message = "m", .fields = fields, .field_count = 2};
    struct pcapng_event gap = {.wall_ns = 600, .name = "kernel_lost", .message = "m"};
    struct pcapng_event port_down = {.wall_ns = 600, .name = "port-down", .message = "m"};
    (void)state;
    events_init(&events);
    for (int i = 0; i < EVENTS_MAX + 10; i++) {
        drop.wall_ns++;
        add(&events, &drop);
    }
    add(&events, &gap);
    add(&events, &port_down);
    assert_int_equal(events.sums.count, 1);
    assert_string_equal(((const struct event_sum_key *)table_key(&events.sums, 0))->port, "alice");
    const struct event_sum *sum = table_value(&events.sums, 0);
    assert_int_equal(sum->packets, EVENTS_MAX + 10);
    const struct pcapng_event_field many[] = {
        {"reason", "FULL_RING"}, {"port", "alice"}, {"packets", "500"}};
    drop.fields = many;
    drop.field_count = 3;
    drop.wall_ns = 505;
    add(&events, &drop);
    assert_int_equal(sum->packets, EVENTS_MAX + 510);
    assert_int_equal(sum->first_ns, 501);
    assert_int_equal(sum->last_ns, 500 + EVENTS_MAX + 10);
    assert_int_equal(events.losses.count, 1);
    assert_int_equal(events.list[1].wall_ns, 600); /* the drops are one entry */
    assert_int_equal(events.list[0].count, EVENTS_MAX + 11);
    events_fini(&events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_latest_that_matters_is_found_within_the_span),
        cmocka_unit_test(what_the_kernel_drops_is_summed_up_by_port_and_reason),
        cmocka_unit_test(texts_are_made_safe_and_the_number_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
