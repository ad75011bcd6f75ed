/* SPDX-License-Identifier: Apache-2.0 */
/* What happens again and again, what is not known meanwhile, and which packets the kernel dropped.
 */
#include "analyzer/timeline/timeline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint64_t SECOND = 1000000000;
static const uint64_t EPOCH = 100000000000; /* wall_ns - mono_ns */
#define BOOT "11111111-2222-4333-8444-555555555555"

static struct timeline *timeline;
static const struct timeline_entry *entries;

static int begin(void **state)
{
    (void)state;
    setenv("TZ", "UTC", 1);
    return timeline_create(&timeline, NULL) == XSW_OK ? 0 : 1;
}

static int end(void **state)
{
    (void)state;
    timeline_destroy(timeline);
    timeline = NULL;
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
                                       .priority = PCAPNG_PRIORITY_NOTICE,
                                       .fields = fields,
                                       .field_count = count};
    timeline_event(timeline, &event, false);
}

#define TELL(name, mono_ns, ...)                                                                   \
    do {                                                                                           \
        const struct pcapng_event_field fields[] = {__VA_ARGS__};                                  \
        tell(name, mono_ns, fields, sizeof(fields) / sizeof(fields[0]));                           \
    } while (0)

static size_t finish(void)
{
    assert_int_equal(timeline_finish(timeline, NULL), XSW_OK);
    return timeline_entries(timeline, &entries);
}

static const struct timeline_entry *entry_find(enum timeline_kind kind, const char *name)
{
    size_t count = timeline_entries(timeline, &entries);
    for (size_t i = 0; i < count; i++) {
        if (entries[i].kind == kind && strcmp(entries[i].name, name) == 0) {
            return &entries[i];
        }
    }
    return NULL;
}

static void assert_says(const struct timeline_entry *entry, const char *part)
{
    assert_non_null(entry);
    if (strstr(entry->text, part) == NULL) {
        fail_msg("\"%s\" is not in: %s", part, entry->text);
    }
}

/* Keys ---------------------------------------------------------------------------------------- */

static void drops_of_two_switches_or_two_reasons_are_not_one_episode(void **state)
{
    (void)state;
    source("ctf");
    static const struct pcapng_event_field drops[][4] = {
        {{"switch_name", "red"}, {"port_name", "p"}, {"reason", "extension"}, {"reason_name", "x"}},
        {{"switch_name", "blue"},
         {"port_name", "p"},
         {"reason", "extension"},
         {"reason_name", "x"}},
        {{"switch_name", "red"},
         {"port_name", "p"},
         {"reason", "extension"},
         {"reason_name", "y"}}};
    for (uint64_t i = 0; i < 30; i++) {
        tell("packet_dropped", 2 * SECOND + i, drops[i % 3], 4);
    }
    static const struct pcapng_event_field kernels[][2] = {
        {{"port", "p"}, {"reason", "FULL_RING"}}, {{"port", "p"}, {"reason", "DEV_READY"}}};
    for (uint64_t i = 0; i < 4; i++) {
        tell("kernel_drop", 3 * SECOND + i, kernels[i % 2], 2);
    }
    assert_int_equal(finish(), 10);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(entries[i].kind, TIMELINE_BEGIN);
        assert_int_equal(entries[i].count, 10);
    }
}

static void drops_of_two_rules_are_not_one_episode(void **state)
{
    (void)state;
    source("ctf");
    TELL("packet_dropped", 2 * SECOND, {"reason_name", "acl-denied"}, {"rule", "7"});
    TELL("packet_dropped", 2 * SECOND + 1, {"reason_name", "acl-denied"}, {"rule", "8"});
    assert_int_equal(finish(), 2);
    assert_says(&entries[0], "first drop: acl-denied rule 7");
}

static void drops_that_xdp_tells_of_are_episodes_by_their_error(void **state)
{
    (void)state;
    source("ctf");
    for (uint64_t i = 0; i < 3; i++) {
        TELL("kernel_xdp_redirect_err", 2 * SECOND + i, {"port_name", "p"}, {"reason", "REDIRECT"},
             {"error", "-12"}, {"packets", "5"});
    }
    TELL("kernel_xdp_redirect_err", 2 * SECOND + 9, {"port_name", "p"}, {"reason", "REDIRECT"},
         {"error", "-28"});
    TELL("kernel_xdp_exception", 2 * SECOND + 10, {"port_name", "p"}, {"action", "XDP_TX"});
    assert_int_equal(finish(), 4);
    assert_says(entry_find(TIMELINE_BEGIN, "kernel_xdp_redirect_err"),
                "Kernel drops behind port p: XDP REDIRECT failed, error -12");
    assert_says(entry_find(TIMELINE_END, "kernel_xdp_redirect_err"), "last of 15 packets");
    assert_says(entry_find(TIMELINE_BEGIN, "kernel_xdp_exception"), "XDP XDP_TX failed");
}

static void what_is_told_again_and_again_takes_one_place(void **state)
{
    (void)state;
    static const char *const names[] = {"silent_drop", "mac_learned", "mac_aged",
                                        "mac_moved",   "mac_limit",   "worker_over_budget"};
    char number[24];
    source("pcapng");
    for (uint64_t i = 0; i < TIMELINE_ENTRIES_MAX + 100; i++) {
        snprintf(number, sizeof(number), "02:00:00:00:%02x:%02x", (unsigned)(i >> 8 & 255),
                 (unsigned)(i & 255));
        TELL(names[i % 6], 2 * SECOND + i * 1000, {"port", "p"}, {"subject", number});
    }
    TELL("policy_set", 3 * SECOND, {"port", "p"});
    assert_int_equal(finish(), 13); /* begin and end of each, and what else happened */
    assert_int_equal(timeline_beyond(timeline), 0);
    const struct timeline_entry *last = entry_find(TIMELINE_END, "mac_learned");
    assert_true(last->count >= TIMELINE_ENTRIES_MAX / 6);
    assert_says(last, " times in 65.");
    assert_says(last, "/s: mac learned, port p");
    assert_non_null(entry_find(TIMELINE_EVENT, "policy_set"));
}

static void turn_of_a_worker_that_was_too_long_is_a_span(void **state)
{
    (void)state;
    source("ctf");
    TELL("worker_over_budget", 5 * SECOND, {"value", "2000000000"});
    assert_int_equal(finish(), 1);
    assert_true(entries[0].place_ns == EPOCH + 3 * SECOND);
    assert_says(&entries[0], "a worker was at one batch for 2.0 s");
}

/* Ends ---------------------------------------------------------------------------------------- */

static void end_says_how_long_there_was_none_since(void **state)
{
    (void)state;
    source("ctf");
    TELL("kernel_drop", 2 * SECOND, {"port", "p"}, {"reason", "A"}, {"packets", "2"});
    TELL("kernel_drop", 14 * SECOND, {"port", "p"}, {"reason", "B"}, {"packets", "2"});
    assert_int_equal(finish(), 4);
    assert_says(&entries[1], "A; then none for 12.0 s");
    assert_says(&entries[3], "B; the source ends 0 ns later");
}

static void port_that_is_up_again_is_a_recovery(void **state)
{
    (void)state;
    source("pcapng");
    TELL("port_state", 2 * SECOND, {"port", "p"}, {"detail", "down"});
    TELL("port_state", 3 * SECOND, {"port", "q"}, {"detail", "up"}); /* another one */
    TELL("port_state", 5 * SECOND, {"port", "p"}, {"detail", "up"});
    assert_int_equal(finish(), 3);
    assert_int_equal(entries[1].kind, TIMELINE_EVENT);
    assert_int_equal(entries[2].kind, TIMELINE_RECOVERY);
    assert_says(&entries[2], ", after 3.0 s");
}

static void same_drops_of_two_sources_are_told_once_by_who_saw_more(void **state)
{
    (void)state;
    for (int order = 0; order < 2; order++) {
        for (int i = 0; i < 2; i++) {
            bool is_whole = i == order;
            source(is_whole ? "pcapng" : "ctf");
            TELL("kernel_drop", 2 * SECOND, {"port", "p"}, {"reason", "A"}, {"packets", "30"});
            if (is_whole) {
                TELL("kernel_drop", 2 * SECOND + 500, {"port", "p"}, {"reason", "A"},
                     {"packets", "12"});
            }
        }
        assert_int_equal(finish(), 2);
        assert_int_equal(entries[0].count, 42);
        assert_says(&entries[1], "last of 42 packets");
        assert_says(&entries[1], "1 other source too");
        end(NULL);
        begin(NULL);
    }
}

/* What is not known --------------------------------------------------------------------------- */

static void each_loss_says_from_when_to_when(void **state)
{
    (void)state;
    source("ctf");
    TELL("kernel_lost", 6 * SECOND, {"events", "17"}, {"from_mono_ns", "4000000000"},
         {"to_mono_ns", "5000000000"});
    TELL("events_lost", 9 * SECOND, {"events", "3"}); /* only its end is known */
    TELL("trace_packets_lost", 12 * SECOND, {"packets_of_trace", "2"},
         {"from_mono_ns", "11000000000"}, {"to_mono_ns", "12000000000"});
    TELL("capture_gap", 13 * SECOND, {"subject", "s"}, {"value", "5"});
    TELL("capture_gap", 20 * SECOND, {"subject", "s"}, {"value", "6"});
    assert_int_equal(finish(), 5);
    assert_true(entries[0].place_ns == EPOCH + 4 * SECOND && entries[0].span_ns == SECOND);
    assert_says(&entries[0], "unknown from 00:01:44.000000 to 00:01:45.000000: 17 events of the "
                             "kernel were lost");
    assert_true(entries[1].is_up_to);
    assert_says(&entries[1], "unknown up to 00:01:49.000000: 3 events were lost");
    assert_says(&entries[2], "2 packets of the trace, with all events in them, were lost");
    assert_true(entries[2].span_ns == SECOND);
    assert_true(entries[3].is_up_to);
    assert_says(&entries[4], "from 00:01:53.000000 to 00:02:00.000000: 6 journeys were lost by the "
                             "capture s");
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(entries[i].kind, TIMELINE_UNKNOWN);
    }
}

static void losses_that_follow_each_other_are_one(void **state)
{
    (void)state;
    char from[24];
    char to[24];
    source("ctf");
    for (uint64_t i = 0; i < 1000; i++) {
        snprintf(from, sizeof(from), "%llu", (unsigned long long)(2 * SECOND + i * SECOND / 2));
        snprintf(to, sizeof(to), "%llu", (unsigned long long)(2 * SECOND + (i + 1) * SECOND / 2));
        TELL("kernel_lost", 2 * SECOND + (i + 1) * SECOND / 2, {"events", "2"},
             {"from_mono_ns", from}, {"to_mono_ns", to});
    }
    assert_int_equal(finish(), 1);
    assert_int_equal(entries[0].count, 2000);
    assert_true(entries[0].span_ns == 500 * SECOND);
}

static void kernel_that_is_not_followed_is_unknown_until_it_is_again(void **state)
{
    (void)state;
    source("pcapng");
    TELL("kernel_untold", 2 * SECOND, {"why", "x"});
    TELL("kernel_followed", 4 * SECOND, {"why", "x"});
    TELL("kernel_untold", 6 * SECOND, {"why", "x"});
    TELL("policy_set", 9 * SECOND, {"why", "x"});
    (void)finish();
    assert_int_equal(entries[0].kind, TIMELINE_UNKNOWN);
    assert_true(entries[0].span_ns == 2 * SECOND && !entries[0].is_open);
    assert_int_equal(entries[2].kind, TIMELINE_UNKNOWN);
    assert_true(entries[2].is_open && entries[2].span_ns == 3 * SECOND);
}

static void gap_of_the_kernel_that_is_told_at_both_ends_is_one(void **state)
{
    (void)state;
    source("pcapng");
    TELL("kernel_untold", 3 * SECOND, {"from_mono_ns", "2000000000"});
    TELL("kernel_untold", 6 * SECOND, {"from_mono_ns", "2000000000"}, {"to_mono_ns", "5000000000"});
    assert_int_equal(finish(), 1);
    assert_true(entries[0].place_ns == EPOCH + 2 * SECOND && entries[0].span_ns == 3 * SECOND);
    assert_false(entries[0].is_open);
}

static void episode_within_a_loss_says_that_it_may_be_more(void **state)
{
    (void)state;
    source("ctf");
    TELL("kernel_drop", 2 * SECOND, {"port", "p"}, {"reason", "A"}, {"packets", "9"});
    TELL("kernel_lost", 3 * SECOND, {"events", "1"}, {"from_mono_ns", "1500000000"},
         {"to_mono_ns", "2500000000"});
    TELL("kernel_drop", 9 * SECOND, {"port", "p"}, {"reason", "A"}, {"packets", "9"});
    assert_int_equal(finish(), 5);
    assert_says(&entries[2], "last of at least 9 packets");
    assert_says(&entries[4], "last of 9 packets");
}

/* Packets ------------------------------------------------------------------------------------- */

static struct analysis_switch of;
static struct analysis_session session = {.of = &of};

static const uint8_t frames[3][16] = {"one one one one", "two two two two", "333 333 333 333"};
#define HEX_ONE "6f6e65206f6e65206f6e65206f6e6500"
#define HEX_TWO "74776f2074776f2074776f2074776f00"

static void packet(uint64_t id, uint64_t mono_ns, const uint8_t frame[16])
{
    const struct record record = {.packet_id = id,
                                  .time_ns = EPOCH + mono_ns,
                                  .fixed = {.flags = META_LAST, .kind = META_PASS},
                                  .port = {.id = 5},
                                  .bytes = frame,
                                  .captured_length = 16,
                                  .original_length = 16};
    timeline_join_record(timeline, &session, &record);
}

/* One drop each, told in one of two orders of the sources. */
static void joins_tell(bool is_reverse)
{
    for (int i = 0; i < 2; i++) {
        source((i == 0) != is_reverse ? "pcapng" : "ctf");
        if ((i == 0) != is_reverse) {
            TELL("kernel_drop", 2 * SECOND, {"port", "p"}, {"reason", "A"}, {"head", HEX_ONE});
        } else {
            TELL("kernel_drop", 2 * SECOND + 50000, {"port_name", "q"}, {"reason", "A"},
                 {"head", HEX_TWO});
        }
    }
    assert_true(timeline_join_is_wanted(timeline));
    packet(10, SECOND / 2, frames[0]); /* the same bytes, but long before */
    packet(11, 2 * SECOND - 1000, frames[0]);
    packet(12, 2 * SECOND - 900, frames[2]);
    packet(13, 2 * SECOND + 800000, frames[0]); /* the same bytes, further away */
    packet(14, 2 * SECOND + 40000, frames[1]);
}

static void each_drop_is_put_to_its_packet_whatever_the_order_of_the_sources(void **state)
{
    (void)state;
    for (int order = 0; order < 2; order++) {
        const struct timeline_join *joins;
        joins_tell(order == 1);
        assert_int_equal(finish(), 2);
        assert_int_equal(timeline_joins(timeline, &joins), 2);
        assert_int_equal(joins[0].packet_id, 11);
        assert_int_equal(joins[0].by, TIMELINE_JOIN_BYTES);
        assert_int_equal(joins[1].packet_id, 14);
        assert_int_equal(entries[0].packet_id, 11);
        end(NULL);
        begin(NULL);
    }
}

static void packet_of_another_machine_is_not_the_one(void **state)
{
    (void)state;
    const struct timeline_join *joins;
    source("pcapng");
    timeline_source_begin(timeline, "other", "ctf");
    timeline_clock(timeline, UINT32_MAX, "b", "99999999-2222-4333-8444-555555555555", SECOND,
                   EPOCH + SECOND);
    TELL("kernel_drop", 2 * SECOND, {"port", "p"}, {"reason", "A"}, {"head", HEX_ONE});
    packet(11, 2 * SECOND - 1000, frames[0]);
    (void)finish();
    assert_int_equal(timeline_joins(timeline, &joins), 1);
    assert_int_equal(joins[0].packet_id, 0);
}

static void drop_without_bytes_is_the_only_packet_at_its_port_or_none(void **state)
{
    (void)state;
    const struct timeline_join *joins;
    source("pcapng");
    /* Port 5 has no name in the dictionary: it is called so. */
    struct dictionary_name name;
    const char *port = dictionary_port(&of.dictionary, (struct dictionary_label){.id = 5}, &name);
    TELL("kernel_drop", 2 * SECOND, {"port", port}, {"reason", "A"}, {"packets", "1"});
    TELL("kernel_drop", 4 * SECOND, {"port", port}, {"reason", "A"}, {"packets", "1"});
    /* What was dropped on its way to the switch is no packet of it. */
    TELL("kernel_drop", 6 * SECOND, {"port", port}, {"reason", "A"}, {"location", "tun_net_xmit"});
    packet(11, 2 * SECOND - 1000, frames[0]);
    packet(12, 2 * SECOND + 1000, frames[1]); /* behind it */
    packet(13, 4 * SECOND - 1000, frames[0]);
    packet(14, 4 * SECOND - 2000, frames[1]);
    packet(15, 6 * SECOND - 2000, frames[1]);
    (void)finish();
    assert_int_equal(timeline_joins(timeline, &joins), 2);
    assert_int_equal(joins[0].packet_id, 11);
    assert_int_equal(joins[0].by, TIMELINE_JOIN_TIME);
    assert_int_equal(joins[1].packet_id, 0); /* two might be it */
    assert_int_equal(joins[1].by, TIMELINE_JOIN_NONE);
}

int main(void)
{
    dictionary_init(&of.dictionary);
#define CLAIM(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        CLAIM(drops_of_two_switches_or_two_reasons_are_not_one_episode),
        CLAIM(drops_of_two_rules_are_not_one_episode),
        CLAIM(drops_that_xdp_tells_of_are_episodes_by_their_error),
        CLAIM(what_is_told_again_and_again_takes_one_place),
        CLAIM(turn_of_a_worker_that_was_too_long_is_a_span),
        CLAIM(end_says_how_long_there_was_none_since),
        CLAIM(port_that_is_up_again_is_a_recovery),
        CLAIM(same_drops_of_two_sources_are_told_once_by_who_saw_more),
        CLAIM(each_loss_says_from_when_to_when),
        CLAIM(losses_that_follow_each_other_are_one),
        CLAIM(kernel_that_is_not_followed_is_unknown_until_it_is_again),
        CLAIM(gap_of_the_kernel_that_is_told_at_both_ends_is_one),
        CLAIM(episode_within_a_loss_says_that_it_may_be_more),
        CLAIM(each_drop_is_put_to_its_packet_whatever_the_order_of_the_sources),
        CLAIM(packet_of_another_machine_is_not_the_one),
        CLAIM(drop_without_bytes_is_the_only_packet_at_its_port_or_none),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    dictionary_fini(&of.dictionary);
    return failed;
}
