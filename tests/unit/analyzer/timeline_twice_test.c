/* SPDX-License-Identifier: Apache-2.0 */
/* What several tell is one: losses whose times overlap, or of which two sources tell, and drops of
 * the kernel with the packets that they were. */
#include "analyzer/timeline/timeline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint64_t SECOND = 1000000000;
static const uint64_t MILLISECOND = 1000000;
static const uint64_t EPOCH = 100000000000; /* wall time - mono time */
#define BOOT "11111111-2222-4333-8444-555555555555"

static struct timeline *timeline;
static const struct timeline_entry *entries;
static const struct timeline_join *joins;

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

static void source(const char *kind)
{
    timeline_source_begin(timeline, kind, kind);
    timeline_clock(timeline, strcmp(kind, "pcapng") == 0 ? 0 : UINT32_MAX, "a", BOOT, SECOND,
                   EPOCH + SECOND);
}

static void tell(const char *name, uint64_t mono_ns, const struct pcapng_event_field *fields,
                 size_t count)
{
    const struct pcapng_event event = {.name = name,
                                       .message = name,
                                       .source = "xsw",
                                       .mono_ns = mono_ns,
                                       .wall_ns = EPOCH + mono_ns,
                                       .priority = PCAPNG_PRIORITY_WARNING,
                                       .fields = fields,
                                       .field_count = count};
    timeline_event(timeline, &event, false);
}

#define TELL(name, mono_ns, ...)                                                                   \
    do {                                                                                           \
        const struct pcapng_event_field fields_told[] = {__VA_ARGS__};                             \
        tell(name, mono_ns, fields_told, sizeof(fields_told) / sizeof(fields_told[0]));            \
    } while (0)

static size_t finish(void)
{
    assert_int_equal(timeline_finish(timeline, NULL), XSW_OK);
    (void)timeline_joins(timeline, &joins);
    return timeline_entries(timeline, &entries);
}

static size_t unknowns_count(void)
{
    size_t count = finish();
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        found += entries[i].kind == TIMELINE_UNKNOWN;
    }
    return found;
}

static void assert_says(const struct timeline_entry *entry, const char *text)
{
    if (strstr(entry->text, text) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", entry->text, text);
    }
}

/* Changes ------------------------------------------------------------------------------------- */

static void change(const char *switch_name, const char *generation)
{
    const struct analysis_session session = {.number = 0};
    const uint64_t mono_ns = 20 * SECOND + strtoull(generation, NULL, 10);
    const struct pcapng_event_field fields[] = {{"switch", switch_name},
                                                {"generation", generation}};
    const struct pcapng_event event = {.name = "configured",
                                       .message = generation,
                                       .source = "xsw",
                                       .mono_ns = mono_ns,
                                       .wall_ns = EPOCH + mono_ns,
                                       .fields = fields,
                                       .field_count = 2};
    timeline_change(timeline, &session, &event);
}

static void changes_of_the_log_are_told_where_no_event_tells_of_that_switch_and_time(void **state)
{
    (void)state;
    source("pcapng");
    source("ctf");
    TELL("policy_set", 12 * SECOND, {"switch_name", "a"}, {"generation", "5"});
    TELL("port_state", 13 * SECOND, {"switch_name", "a"}, {"generation", "7"});
    TELL("packet_dropped", 14 * SECOND, {"switch_name", "b"}, {"generation", "6"});
    change("a", "4");
    change("a", "5");
    change("a", "6");
    change("a", "7");
    change("a", "8");
    change("b", "6");
    size_t count = finish();
    char told[32] = "";
    for (size_t i = 0; i < count; i++) {
        if (strcmp(entries[i].name, "configured") == 0) {
            assert_int_equal(entries[i].source, 0);
            strncat(told, entries[i].text, sizeof(told) - strlen(told) - 1);
        }
    }
    assert_string_equal(told, "468");
}

/* Losses -------------------------------------------------------------------------------------- */

static void losses_of_two_processors_last_from_the_first_to_the_last_of_both(void **state)
{
    (void)state;
    source("ctf");
    TELL("events_lost", 11 * SECOND, {"events", "1"}, {"from_mono_ns", "10100000000"},
         {"to_mono_ns", "10200000000"});
    TELL("events_lost", 11 * SECOND, {"events", "7"}, {"from_mono_ns", "10000000000"},
         {"to_mono_ns", "14000000000"});
    TELL("events_lost", 11 * SECOND, {"events", "2"}, {"from_mono_ns", "10300000000"},
         {"to_mono_ns", "10400000000"});
    TELL("packet_dropped", 13 * SECOND, {"port_name", "p"}, {"reason_name", "A"});
    TELL("packet_dropped", 13 * SECOND + 1, {"port_name", "p"}, {"reason_name", "A"});
    assert_int_equal(finish(), 3);
    assert_int_equal(entries[0].kind, TIMELINE_UNKNOWN);
    assert_int_equal(entries[0].count, 10);
    assert_true(entries[0].place_ns == EPOCH + 10 * SECOND && entries[0].span_ns == 4 * SECOND);
    assert_says(&entries[2], "last of at least 2 packets");
}

static void equal_losses_of_two_sources_are_told_once(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        source(i == 0 ? "pcapng" : "ctf");
        TELL("events_lost", 12 * SECOND, {"events", "5"}, {"from_mono_ns", "11000000000"},
             {"to_mono_ns", "12000000000"});
    }
    assert_int_equal(unknowns_count(), 1);
    assert_int_equal(entries[0].count, 5);
}

static void losses_of_two_sources_that_differ_are_two(void **state)
{
    (void)state;
    source("pcapng");
    TELL("events_lost", 12 * SECOND, {"events", "5"}, {"from_mono_ns", "11000000000"},
         {"to_mono_ns", "12000000000"});
    source("ctf");
    TELL("events_lost", 12 * SECOND, {"events", "6"}, {"from_mono_ns", "11000000000"},
         {"to_mono_ns", "12000000000"});
    assert_int_equal(unknowns_count(), 2);
}

static void journeys_that_a_capture_lost_are_not_told_again_by_the_switch(void **state)
{
    (void)state;
    /* In either order, and by a recording that was converted. */
    for (int order = 0; order < 2; order++) {
        source("ctf");
        for (int i = 0; i < 2; i++) {
            if (i == order) {
                TELL("capture_lost", 12 * SECOND, {"journeys", "50"}, {"reason", "ring-full"},
                     {"from_wall_ns", "111000000000"}, {"to_wall_ns", "112000000000"});
            } else {
                TELL("capture_gap", 12 * SECOND + 1000, {"subject", "s"}, {"value", "50"});
            }
        }
        assert_int_equal(unknowns_count(), 1);
        assert_int_equal(entries[0].count, 50);
        assert_says(&entries[0], "50 journeys were lost by the capture (ring-full)");
        end(NULL);
        begin(NULL);
    }
}

static void gap_of_another_session_is_told_beside_a_loss_of_the_first(void **state)
{
    (void)state;
    source("ctf");
    TELL("capture_lost", 12 * SECOND, {"journeys", "50"}, {"reason", "ring-full"},
         {"switch_name", "one"}, {"session_name", "first"}, {"from_wall_ns", "111000000000"},
         {"to_wall_ns", "112000000000"});
    TELL("capture_gap", 12 * SECOND, {"switch", "one"}, {"subject", "first"}, {"value", "50"});
    TELL("capture_gap", 12 * SECOND, {"switch_name", "one"}, {"subject", "second"}, {"value", "7"});
    TELL("capture_gap", 12 * SECOND, {"switch", "two"}, {"subject", "first"}, {"value", "8"});
    assert_int_equal(unknowns_count(), 3);
    uint64_t sum = 0;
    for (size_t i = 0; i < 3; i++) {
        sum += entries[i].count;
    }
    assert_int_equal(sum, 50 + 7 + 8);
}

static struct analysis_switch of, of_other;
static struct analysis_session session = {.of = &of};
static struct analysis_session other_session = {.of = &of_other, .number = 1};

static void gap_in_a_recording_is_not_told_again_by_its_events(void **state)
{
    (void)state;
    static const struct meta_gap gap = {.from_mono_ns = 11 * (uint64_t)1000000000,
                                        .to_mono_ns = 12 * (uint64_t)1000000000,
                                        .journeys = 50,
                                        .cause = META_LOSS_RING_FULL};
    uint8_t bytes[128];
    struct meta_builder builder;
    struct record record = {.packet_id = 1, .time_ns = EPOCH + 12 * SECOND, .has_gap = true};
    meta_build(&builder, bytes, sizeof(bytes), &(struct meta_fixed){.kind = META_PASS});
    meta_add_gap(&builder, &gap);
    assert_int_equal(meta_read(&record.items, bytes, builder.length, NULL), XSW_OK);
    source("pcapng");
    timeline_record(timeline, &session, &record);
    TELL("capture_gap", 12 * SECOND + 1000, {"subject", "s"}, {"value", "50"});
    assert_int_equal(unknowns_count(), 1);
    assert_int_equal(entries[0].count, 50);
    assert_true(entries[0].span_ns == SECOND);
}

/* Drops of which two sources tell -------------------------------------------------------------- */

static const uint8_t frame[16] = "one one one one";
#define HEX "6f6e65206f6e65206f6e65206f6e6500"

static void packet(const struct analysis_session *in, uint64_t id, uint64_t mono_ns, uint16_t port)
{
    const struct record record = {.packet_id = id,
                                  .time_ns = EPOCH + mono_ns,
                                  .fixed = {.flags = META_LAST, .kind = META_PASS},
                                  .port = {.id = port},
                                  .bytes = frame,
                                  .captured_length = 16,
                                  .original_length = 16};
    timeline_join_record(timeline, in, &record);
}

static const char *port_name(uint16_t id, struct dictionary_name *name)
{
    return dictionary_port(&of.dictionary, (struct dictionary_label){.id = id}, name);
}

static void drop_is_the_same_when_only_one_source_names_the_switch(void **state)
{
    (void)state;
    for (int order = 0; order < 2; order++) {
        for (int i = 0; i < 2; i++) {
            source(i == order ? "pcapng" : "ctf");
            if (i == order) {
                TELL("kernel_drop", 2 * SECOND, {"port", "p"}, {"reason", "A"}, {"packets", "9"},
                     {"head", HEX});
            } else {
                TELL("kernel_drop", 2 * SECOND, {"port_name", "p"}, {"switch_name", "demo"},
                     {"reason", "A"}, {"packets", "9"}, {"head", HEX});
            }
        }
        packet(&session, 11, 2 * SECOND - 1000, 5);
        assert_int_equal(finish(), 2);
        assert_says(&entries[1], "last of 9 packets");
        assert_says(&entries[1], "9 found in the recording");
        assert_int_equal(timeline_joins(timeline, &joins), 1);
        assert_int_equal(joins[0].packet_id, 11);
        assert_int_equal(joins[0].packets, 9);
        end(NULL);
        begin(NULL);
    }
}

/* What a recording and LTTng each tell of an event: other members, and 0 for nothing. */
static void tell_both(const char *name, const char *more, const char *value)
{
    for (int i = 0; i < 2; i++) {
        source(i == 0 ? "pcapng" : "ctf");
        for (uint64_t j = 0; j < 2; j++) {
            if (i == 0) {
                TELL(name, 2 * SECOND + j, {"switch", "demo"}, {"port", "p"}, {"port_id", "4"},
                     {more, value}, {"worker", "1"});
            } else {
                TELL(name, 2 * SECOND + j, {"switch_name", "demo"}, {"port", "4"},
                     {"port_name", "p"}, {"error", "0"}, {more, value}, {"stage_name", ""});
            }
        }
    }
}

static void what_happens_again_and_again_is_one_episode_of_recording_and_lttng(void **state)
{
    (void)state;
    static const char *const names[] = {"mac_learned", "mac_moved",   "mac_aged",
                                        "mac_limit",   "silent_drop", "worker_over_budget"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        tell_both(names[i], "extension", "thief");
        assert_int_equal(finish(), 2);
        assert_int_equal(entries[0].count, 2);
        assert_says(&entries[1], "port p, extension thief, switch demo; 1 other source too");
        end(NULL);
        begin(NULL);
    }
}

static void exception_of_xdp_has_no_error_whoever_tells_it(void **state)
{
    (void)state;
    tell_both("kernel_xdp_exception", "reason", "XDP_TX");
    assert_int_equal(finish(), 2);
    assert_says(&entries[0], "behind port p: XDP XDP_TX failed, switch demo");
    assert_int_equal(entries[0].count, 2);
}

static void drop_behind_an_unknown_port_is_told_once_with_its_device(void **state)
{
    (void)state;
    source("pcapng");
    TELL("kernel_drop", 2 * SECOND, {"device", "eth0"}, {"reason", "A"});
    TELL("kernel_drop", 2 * SECOND, {"device", "eth1"}, {"reason", "A"});
    source("ctf");
    TELL("kernel_drop", 2 * SECOND, {"switch_name", ""}, {"port", "0"}, {"port_name", ""},
         {"device", "eth0"}, {"reason", "A"});
    assert_int_equal(finish(), 2);
    assert_says(&entries[0], "Kernel drops behind an unknown port, device eth0: A");
    assert_says(&entries[1], "Kernel drops behind an unknown port, device eth1: A");
}

static void drops_of_two_switches_that_are_named_stay_two(void **state)
{
    (void)state;
    source("pcapng");
    TELL("kernel_drop", 2 * SECOND, {"port", "p"}, {"switch", "one"}, {"reason", "A"});
    source("ctf");
    TELL("kernel_drop", 2 * SECOND, {"port", "p"}, {"switch", "two"}, {"reason", "A"});
    assert_int_equal(finish(), 2);
}

/* Packets that are alike ----------------------------------------------------------------------- */

static void drop_on_the_way_to_the_switch_is_no_packet_whatever_its_bytes_are(void **state)
{
    (void)state;
    source("pcapng");
    TELL("kernel_drop", 2 * SECOND, {"port", "p"}, {"reason", "FULL_RING"},
         {"location", "tun_net_xmit"}, {"packets", "503"}, {"head", HEX});
    packet(&session, 4, 2 * SECOND - 1000, 5);
    assert_int_equal(finish(), 2);
    assert_int_equal(timeline_joins(timeline, &joins), 0);
    assert_int_equal(entries[0].packet_id, 0);
}

static void copies_of_a_broadcast_are_told_apart_by_their_ports(void **state)
{
    (void)state;
    struct dictionary_name names[2];
    source("pcapng");
    TELL("kernel_drop", 2 * SECOND, {"port", port_name(5, &names[0])}, {"reason", "A"},
         {"head", HEX});
    TELL("kernel_drop", 2 * SECOND + 2000, {"port", port_name(6, &names[1])}, {"reason", "A"},
         {"head", HEX});
    packet(&session, 12, 2 * SECOND - 1000, 6); /* nearer to the first drop than 11 */
    packet(&session, 11, 2 * SECOND - 9000, 5);
    (void)finish();
    assert_int_equal(timeline_joins(timeline, &joins), 2);
    assert_int_equal(joins[0].packet_id, 11);
    assert_int_equal(joins[0].alike, 0);
    assert_int_equal(joins[1].packet_id, 12);
    assert_int_equal(joins[1].alike, 0);
}

static void packets_that_are_not_told_apart_are_one_of_so_many(void **state)
{
    (void)state;
    source("pcapng");
    TELL("kernel_drop", 2 * SECOND, {"port", "p"}, {"reason", "A"}, {"head", HEX});
    for (int recordings = 0; recordings < 2; recordings++) { /* the same packets in both */
        packet(&session, 11, 2 * SECOND - 9000, 5);
        packet(&session, 12, 2 * SECOND - 1000, 5);
        packet(&session, 13, 2 * SECOND - 5000, 5);
    }
    (void)finish();
    assert_int_equal(timeline_joins(timeline, &joins), 1);
    assert_int_equal(joins[0].packet_id, 12);
    assert_int_equal(joins[0].alike, 3);
    assert_int_equal(entries[0].alike, 3);
}

static void drop_behind_a_named_switch_is_no_packet_of_another_one(void **state)
{
    (void)state;
    struct dictionary_name name;
    source("pcapng");
    timeline_clock(timeline, 1, "a", BOOT, SECOND, EPOCH + SECOND);
    snprintf(of.name, sizeof(of.name), "one");
    snprintf(of_other.name, sizeof(of_other.name), "two");
    TELL("kernel_drop", 2 * SECOND, {"port", port_name(5, &name)}, {"switch_name", "one"},
         {"reason", "A"});
    TELL("kernel_drop", 4 * SECOND, {"port", port_name(5, &name)}, {"switch_name", "one"},
         {"reason", "A"});
    packet(&other_session, 21, 2 * SECOND - 1000, 5);
    packet(&session, 31, 4 * SECOND - 1000, 5);
    packet(&other_session, 22, 4 * SECOND - 500, 5);
    (void)finish();
    of.name[0] = of_other.name[0] = '\0';
    assert_int_equal(timeline_joins(timeline, &joins), 2);
    assert_int_equal(joins[0].packet_id, 0);
    assert_int_equal(joins[1].packet_id, 31);
    assert_int_equal(joins[1].by, TIMELINE_JOIN_TIME);
}

/* Each record is held against the drops that are near to it and no others: each has its own. */
static void equal_drops_all_over_an_hour_have_each_the_packet_of_their_time(void **state)
{
    (void)state;
    enum { DROPS = 20000 };
    source("pcapng");
    for (uint64_t i = 0; i < DROPS; i++) {
        TELL("kernel_drop", 2 * SECOND + i * 180 * MILLISECOND, {"port", "p"}, {"reason", "A"},
             {"head", HEX});
    }
    for (uint64_t i = DROPS; i > 0; i--) {
        packet(&session, i, 2 * SECOND + (i - 1) * 180 * MILLISECOND - 1000, 5);
    }
    (void)finish();
    assert_int_equal(timeline_joins(timeline, &joins), DROPS);
    for (uint64_t i = 0; i < DROPS; i++) {
        assert_int_equal(joins[i].packet_id, i + 1);
    }
}

static void record_is_held_against_so_many_drops_at_most(void **state)
{
    (void)state;
    size_t found = 0;
    source("pcapng");
    for (uint64_t i = 0; i < 5000; i++) {
        TELL("kernel_drop", 2 * SECOND + i, {"port", "p"}, {"reason", "A"}, {"head", HEX});
    }
    packet(&session, 7, 2 * SECOND + 2500, 5);
    (void)finish();
    size_t count = timeline_joins(timeline, &joins);
    assert_int_equal(count, 5000);
    for (size_t i = 0; i < count; i++) {
        found += joins[i].packet_id == 7;
    }
    assert_true(found > 0 && found <= 128);
    assert_int_equal(joins[2500].packet_id, 7);
}

int main(void)
{
    dictionary_init(&of.dictionary);
    dictionary_init(&of_other.dictionary);
#define CLAIM(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        CLAIM(changes_of_the_log_are_told_where_no_event_tells_of_that_switch_and_time),
        CLAIM(losses_of_two_processors_last_from_the_first_to_the_last_of_both),
        CLAIM(equal_losses_of_two_sources_are_told_once),
        CLAIM(losses_of_two_sources_that_differ_are_two),
        CLAIM(journeys_that_a_capture_lost_are_not_told_again_by_the_switch),
        CLAIM(gap_in_a_recording_is_not_told_again_by_its_events),
        CLAIM(drop_is_the_same_when_only_one_source_names_the_switch),
        CLAIM(gap_of_another_session_is_told_beside_a_loss_of_the_first),
        CLAIM(what_happens_again_and_again_is_one_episode_of_recording_and_lttng),
        CLAIM(exception_of_xdp_has_no_error_whoever_tells_it),
        CLAIM(drop_behind_an_unknown_port_is_told_once_with_its_device),
        CLAIM(drops_of_two_switches_that_are_named_stay_two),
        CLAIM(drop_on_the_way_to_the_switch_is_no_packet_whatever_its_bytes_are),
        CLAIM(copies_of_a_broadcast_are_told_apart_by_their_ports),
        CLAIM(packets_that_are_not_told_apart_are_one_of_so_many),
        CLAIM(drop_behind_a_named_switch_is_no_packet_of_another_one),
        CLAIM(equal_drops_all_over_an_hour_have_each_the_packet_of_their_time),
        CLAIM(record_is_held_against_so_many_drops_at_most),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    dictionary_fini(&of.dictionary);
    dictionary_fini(&of_other.dictionary);
    return failed;
}
