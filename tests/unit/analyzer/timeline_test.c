/* SPDX-License-Identifier: Apache-2.0 */
/* One timeline from sources that each tell their part: order, episodes, what is not sure. Records
 * of packets come from real recordings in tests/system/timeline.sh. */
#include "analyzer/timeline/timeline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyzer/timeline/timeline_report.h"

static const uint64_t SECOND = 1000000000;
#define BOOT_A "11111111-2222-4333-8444-555555555555"
#define BOOT_B "99999999-2222-4333-8444-555555555555"

static struct timeline *timeline;
static const struct timeline_entry *entries;

static int begin(void **state)
{
    (void)state;
    return timeline_create(&timeline, NULL) == XSW_OK ? 0 : 1;
}

static int end(void **state)
{
    (void)state;
    timeline_destroy(timeline);
    return 0;
}

static void source(const char *kind, const char *host, const char *boot_id, uint64_t mono_ns,
                   uint64_t wall_ns)
{
    timeline_source_begin(timeline, "a file", kind);
    timeline_clock(timeline, UINT32_MAX, host, boot_id, mono_ns, wall_ns);
}

static struct pcapng_event event_at(const char *name, uint64_t mono_ns, uint64_t wall_ns)
{
    return (struct pcapng_event){.name = name,
                                 .message = name,
                                 .source = "xsw",
                                 .mono_ns = mono_ns,
                                 .wall_ns = wall_ns,
                                 .priority = PCAPNG_PRIORITY_NOTICE};
}

static void tell(const char *name, uint64_t mono_ns, uint64_t wall_ns)
{
    const struct pcapng_event event = event_at(name, mono_ns, wall_ns);
    timeline_event(timeline, &event, false);
}

static void drop(const char *reason, uint64_t mono_ns, const char *packets)
{
    const struct pcapng_event_field fields[] = {
        {"port", "alice"}, {"reason", reason}, {"packets", packets}};
    struct pcapng_event event = event_at("kernel_drop", mono_ns, 100 * SECOND + mono_ns);
    event.fields = fields;
    event.field_count = 3;
    timeline_event(timeline, &event, false);
}

static size_t finish(void)
{
    assert_int_equal(timeline_finish(timeline, NULL), XSW_OK);
    return timeline_entries(timeline, &entries);
}

static void one_boot_is_in_the_order_of_its_monotonic_clock(void **state)
{
    (void)state;
    /* The wall clock was set back by 50 s between the two files. */
    source("pcapng", "a", BOOT_A, 10 * SECOND, 110 * SECOND);
    tell("first", 11 * SECOND, 111 * SECOND);
    source("ctf", "a", "11111111222243338444555555555555", 20 * SECOND, 70 * SECOND);
    tell("third", 21 * SECOND, 71 * SECOND);
    tell("second", 20 * SECOND, 70 * SECOND);
    assert_int_equal(finish(), 3);
    assert_string_equal(entries[0].name, "first");
    assert_string_equal(entries[1].name, "second");
    assert_string_equal(entries[2].name, "third");
    assert_true(entries[2].place_ns == 121 * SECOND);
    const struct sources *sources = timeline_sources(timeline);
    uint64_t error_ns;
    assert_int_equal(sources->machine_count, 1);
    assert_true(machine_spread_ns(&sources->machines[0]) == 50 * SECOND);
    assert_true(sources_uncertainty(sources, 0, &error_ns));
    assert_int_equal(error_ns, 0);
}

static void clock(const char *is_kept, const char *error_us, uint64_t mono_ns)
{
    const struct pcapng_event_field fields[] = {
        {"synchronized", is_kept}, {"wall_offset_ns", "100000000000"}, {"max_error_us", error_us}};
    struct pcapng_event event = event_at("clock", mono_ns, 100 * SECOND + mono_ns);
    event.fields = fields;
    event.field_count = 3;
    timeline_event(timeline, &event, false);
}

static void machines_with_kept_clocks_are_so_far_apart_as_both_say(void **state)
{
    (void)state;
    source("pcapng", "a", BOOT_A, SECOND, 101 * SECOND);
    clock("1", "700", SECOND);
    source("pcapng", "b", BOOT_B, SECOND, 101 * SECOND);
    clock("1", "1300", SECOND);
    uint64_t error_ns;
    assert_int_equal(finish(), 0); /* clocks are no news */
    assert_true(sources_uncertainty(timeline_sources(timeline), 1, &error_ns));
    assert_int_equal(error_ns, 2000000);
}

static void clock_that_nobody_keeps_leaves_the_order_unknown(void **state)
{
    (void)state;
    source("pcapng", "a", BOOT_A, SECOND, 101 * SECOND);
    clock("1", "700", SECOND);
    source("pcapng", "b", BOOT_B, SECOND, 101 * SECOND);
    clock("0", "0", SECOND);
    uint64_t error_ns;
    (void)finish();
    assert_false(sources_uncertainty(timeline_sources(timeline), 1, &error_ns));
}

static void source_without_a_machine_is_taken_for_the_only_one_and_says_so(void **state)
{
    (void)state;
    const struct sources *sources = timeline_sources(timeline);
    source("pcapng", "a", BOOT_A, SECOND, 101 * SECOND);
    tell("one", 2 * SECOND, 102 * SECOND);
    timeline_source_begin(timeline, "trace.dat", "trace.dat");
    tell("zero", SECOND, 0);
    assert_int_equal(finish(), 2);
    assert_string_equal(entries[0].name, "zero");
    assert_int_equal(sources->count, 2);
    assert_int_equal(sources->list[1].guess, 0);
    assert_int_equal(sources->list[0].guess, -1);
}

/* A trace.dat that was made there, with an event at 2 s of that boot. */
static const struct source *trace_dat(const char *host, const char *system)
{
    const struct sources *sources = timeline_sources(timeline);
    timeline_source_begin(timeline, "trace.dat", "trace.dat");
    timeline_origin(timeline, host, system);
    tell("theirs", 2 * SECOND, 0);
    return &sources->list[sources->count - 1];
}

static void source_that_names_its_host_is_of_that_machine_in_any_order(void **state)
{
    (void)state;
    for (int order = 0; order < 2; order++) {
        const struct source *first = order == 0 ? trace_dat("b", NULL) : NULL;
        source("pcapng", "a", BOOT_A, SECOND, 101 * SECOND);
        source("pcapng", "b", BOOT_B, SECOND, 201 * SECOND);
        const struct source *theirs = first != NULL ? first : trace_dat("b", NULL);
        assert_int_equal(finish(), 1);
        assert_int_equal(theirs->guess, 1);
        assert_int_equal(entries[0].machine, 1);
        assert_true(entries[0].place_ns == 202 * SECOND);
        end(NULL);
        begin(NULL);
    }
}

static void source_of_a_host_of_which_nothing_else_tells_is_of_no_machine(void **state)
{
    (void)state;
    source("pcapng", "a", BOOT_A, SECOND, 101 * SECOND);
    const struct source *theirs = trace_dat("c", NULL);
    assert_int_equal(finish(), 1);
    assert_int_equal(theirs->guess, -1);
    assert_int_equal(entries[0].machine, -1);
}

static void boot_of_a_host_is_known_by_its_system_or_not_at_all(void **state)
{
    (void)state;
    source("pcapng", "a", BOOT_A, SECOND, 101 * SECOND);
    timeline_origin(timeline, NULL, "Linux 6.1 x86_64");
    source("pcapng", "a", BOOT_B, SECOND, 201 * SECOND);
    timeline_origin(timeline, NULL, "Linux 6.2 x86_64");
    const struct source *newer = trace_dat("a", "Linux 6.2 x86_64");
    const struct source *older = trace_dat("a", "Linux 6.0 x86_64");
    const struct source *any = trace_dat("a", NULL);
    (void)finish();
    assert_int_equal(newer->guess, 1);
    assert_int_equal(older->guess, -1);
    assert_int_equal(older->namesakes, 0);
    assert_int_equal(any->guess, -1);
    assert_int_equal(any->namesakes, 2);
}

static void what_others_call_the_system_is_no_evidence(void **state)
{
    (void)state;
    source("pcapng", "a", BOOT_A, SECOND, 101 * SECOND);
    timeline_origin(timeline, NULL, "Debian GNU/Linux 12 (bookworm)");
    const struct source *theirs = trace_dat("a", "Linux 6.2 x86_64");
    (void)finish();
    assert_int_equal(theirs->guess, 0);
}

static void same_event_from_two_sources_happened_once(void **state)
{
    (void)state;
    source("pcapng", "a", BOOT_A, SECOND, 101 * SECOND);
    tell("port_state", 2 * SECOND, 102 * SECOND);
    tell("port_state", 2 * SECOND, 102 * SECOND); /* but twice in one: it happened twice */
    source("ctf", "a", BOOT_A, SECOND, 101 * SECOND);
    tell("port_state", 2 * SECOND, 102 * SECOND);
    source("pcapng", "b", BOOT_B, SECOND, 101 * SECOND);
    tell("port_state", 2 * SECOND, 102 * SECOND);
    assert_int_equal(finish(), 3);
}

static void drops_are_episodes_with_number_rate_and_end(void **state)
{
    (void)state;
    source("pcapng", "a", BOOT_A, SECOND, 101 * SECOND);
    drop("FULL_RING", 10 * SECOND, "10");
    drop("DEV_READY", 10 * SECOND + 1, "1");
    drop("FULL_RING", 10 * SECOND + SECOND / 2, "30");
    drop("FULL_RING", 11 * SECOND, "60");
    drop("FULL_RING", 20 * SECOND, "5"); /* after a pause: another one */
    assert_int_equal(finish(), 5);
    assert_int_equal(entries[0].kind, TIMELINE_BEGIN);
    assert_int_equal(entries[0].count, 100);
    assert_int_equal(entries[1].kind, TIMELINE_BEGIN);
    assert_int_equal(entries[1].count, 1);
    assert_int_equal(entries[2].kind, TIMELINE_END);
    assert_int_equal(entries[2].count, 100);
    assert_true(entries[2].span_ns == SECOND);
    assert_non_null(strstr(entries[2].text, "last of 100 packets in 1.0 s, 100/s: "));
    assert_non_null(strstr(entries[2].text, "Kernel drops behind port alice: FULL_RING"));
    assert_int_equal(entries[3].kind, TIMELINE_BEGIN);
    assert_int_equal(entries[3].count, 5);
}

/* The folder of a relay daemon: one source, two hosts. */
static void tell_of(const char *name, const char *host, const char *boot_id, uint64_t mono_ns,
                    uint64_t wall_ns)
{
    struct pcapng_event event = event_at(name, mono_ns, wall_ns);
    event.host = host;
    event.boot_id = boot_id;
    timeline_event(timeline, &event, true);
}

static void source_of_two_hosts_is_placed_by_the_clock_of_each(void **state)
{
    (void)state;
    const struct sources *sources = timeline_sources(timeline);
    timeline_source_begin(timeline, "relayd", "ctf");
    tell_of("first", "a", BOOT_A, 10 * SECOND, 110 * SECOND);
    tell_of("second", "b", BOOT_B, 5000 * SECOND, 111 * SECOND);
    /* The wall clock of b was set back: its monotonic clock tells the order. */
    tell_of("fourth", "b", BOOT_B, 5002 * SECOND, 50 * SECOND);
    tell_of("third", "a", BOOT_A, 12 * SECOND, 112 * SECOND);
    assert_int_equal(finish(), 4);
    assert_string_equal(entries[0].name, "first");
    assert_string_equal(entries[1].name, "second");
    assert_string_equal(entries[2].name, "third");
    assert_string_equal(entries[3].name, "fourth");
    assert_true(entries[3].place_ns == 113 * SECOND);
    assert_string_equal(sources_machine_name(sources, entries[0].machine), "a");
    assert_string_equal(sources_machine_name(sources, entries[1].machine), "b");
    assert_true(sources->list[0].machines == 3);
    assert_int_equal(sources_machine_of(sources, 0), -1); /* several */
}

static void what_was_lost_is_unknown(void **state)
{
    (void)state;
    source("pcapng", "a", BOOT_A, SECOND, 101 * SECOND);
    tell("kernel_lost", 2 * SECOND, 102 * SECOND);
    tell("events_lost", 3 * SECOND, 103 * SECOND);
    tell("kernel_untold", 4 * SECOND, 104 * SECOND);
    tell("policy_set", 5 * SECOND, 105 * SECOND);
    assert_int_equal(finish(), 4);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(entries[i].kind, TIMELINE_UNKNOWN);
    }
    assert_int_equal(entries[3].kind, TIMELINE_EVENT);
}

static void healthy_packets_are_no_news(void **state)
{
    (void)state;
    source("ctf", "a", BOOT_A, SECOND, 101 * SECOND);
    tell("packet_delivered", 2 * SECOND, 102 * SECOND);
    tell("packet_received", 2 * SECOND, 102 * SECOND);
    assert_int_equal(finish(), 0);
}

static void what_finds_no_room_is_counted(void **state)
{
    (void)state;
    source("pcapng", "a", BOOT_A, SECOND, 101 * SECOND);
    for (uint64_t i = 0; i < TIMELINE_ENTRIES_MAX + 3; i++) {
        tell("policy_set", SECOND + i, 101 * SECOND + i);
    }
    assert_int_equal(finish(), TIMELINE_ENTRIES_MAX);
    assert_int_equal(timeline_beyond(timeline), 3);
}

static char *text_of_report(void)
{
    char *text = NULL;
    size_t size = 0;
    struct page page = {open_memstream(&text, &size), false};
    assert_non_null(page.out);
    timeline_text(&page, timeline);
    fclose(page.out);
    return text;
}

static void report_states_machines_sources_and_what_is_not_sure(void **state)
{
    (void)state;
    source("pcapng", "host-a", BOOT_A, SECOND, 101 * SECOND);
    tell("Port alice is down\x1b[31m", 2 * SECOND, 102 * SECOND);
    source("pcapng", "host-b", BOOT_B, SECOND, 101 * SECOND);
    tell("something", 3 * SECOND, 103 * SECOND);
    assert_int_equal(finish(), 2);
    char *text = text_of_report();
    assert_non_null(strstr(text, "host-a, boot 11111111"));
    assert_non_null(strstr(text, "times are by its clock"));
    assert_non_null(strstr(text, "how far these are apart is unknown"));
    assert_non_null(strstr(text, "host-b"));
    assert_null(strchr(text, '\x1b')); /* nothing that a file says moves the cursor */
    free(text);
}

static void empty_timeline_says_so(void **state)
{
    (void)state;
    assert_int_equal(finish(), 0);
    char *text = text_of_report();
    assert_non_null(strstr(text, "Nothing happened"));
    free(text);
}

int main(void)
{
#define CLAIM(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        CLAIM(one_boot_is_in_the_order_of_its_monotonic_clock),
        CLAIM(machines_with_kept_clocks_are_so_far_apart_as_both_say),
        CLAIM(clock_that_nobody_keeps_leaves_the_order_unknown),
        CLAIM(source_without_a_machine_is_taken_for_the_only_one_and_says_so),
        CLAIM(source_that_names_its_host_is_of_that_machine_in_any_order),
        CLAIM(source_of_a_host_of_which_nothing_else_tells_is_of_no_machine),
        CLAIM(boot_of_a_host_is_known_by_its_system_or_not_at_all),
        CLAIM(what_others_call_the_system_is_no_evidence),
        CLAIM(same_event_from_two_sources_happened_once),
        CLAIM(drops_are_episodes_with_number_rate_and_end),
        CLAIM(source_of_two_hosts_is_placed_by_the_clock_of_each),
        CLAIM(what_was_lost_is_unknown),
        CLAIM(healthy_packets_are_no_news),
        CLAIM(what_finds_no_room_is_counted),
        CLAIM(report_states_machines_sources_and_what_is_not_sure),
        CLAIM(empty_timeline_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
