/* SPDX-License-Identifier: Apache-2.0 */
/* Findings on recordings that tests/support/recording.c makes; those on real traffic are in
 * tests/system/incidents.sh. */
#include "analyzer/explain/explain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/analyzing.h"
#include "support/recording.h"

static const char switch_id[] = "5f0c6f0e-0000-4000-8000-000000000001";

struct told {
    struct analysis *analysis;
    struct explain *explain;
};

static struct told explain_file(const char *path)
{
    struct told told = {.analysis = analyze(path)};
    assert_int_equal(explain_create(told.analysis, told.analysis->switches[0], &told.explain, NULL),
                     XSW_OK);
    return told;
}

static void told_end(struct told *told)
{
    explain_destroy(told->explain);
    analysis_destroy(told->analysis);
}

static const struct finding *find(const struct told *told, enum finding_kind kind)
{
    for (size_t i = 0; i < told->explain->count; i++)
        if (told->explain->findings[i].kind == kind)
            return &told->explain->findings[i];
    return NULL;
}

static void assert_says(const struct finding *finding, const char *part)
{
    assert_non_null(finding);
    if (strstr(finding->text, part) == NULL)
        fail_msg("\"%s\" is not in: %s", part, finding->text);
}

static void drops_come_by_the_number_of_packets_that_they_hit(void **state)
{
    (void)state;
    recording_demo("demo.pcapng", 1);
    struct told told = explain_file("demo.pcapng");
    const struct finding *findings = told.explain->findings;
    assert_string_equal(told.explain->headline,
                        "demo: 10 of 42 packets DROPPED, 20 changed. The numbers add up.");
    assert_false(told.explain->is_clean);
    assert_int_equal(findings[0].kind, FINDING_DROPS);
    assert_int_equal(findings[0].packets, 5);
    assert_int_equal(findings[0].rule, 10);
    assert_int_equal(findings[0].port.id, PORT_ALICE);
    assert_int_equal(findings[0].examples[0], 1031);
    assert_int_equal(findings[0].examples[1], 1035);
    assert_says(&findings[0],
                "5 packets at ingress-policy, port alice, by rule 10 \"deny in udp dst "
                "port 23\": acl-denied (a rule of the port denies it). Hit: "
                "10.0.0.1:4000 > 10.0.0.2:23 udp, all of its packets.");
    assert_int_equal(findings[1].packets, 3);
    assert_int_equal(findings[2].packets, 2);
    assert_says(&findings[2], "by rule 7 \"7 deny out udp dst port 99\" of extension flowfilter");
    told_end(&told);
}

static void the_other_direction_is_said_to_work_when_it_does(void **state)
{
    struct recording recording;
    (void)state;
    recording_begin(&recording, "replies.pcapng", switch_id, 1);
    recording_trip(
        &recording,
        &(struct trip){.id = 1, .from = PORT_ALICE, .to = PORT_BOB, .udp_destination = 4000});
    recording_trip(&recording, &(struct trip){.id = 2,
                                              .from = PORT_BOB,
                                              .to = PORT_ALICE,
                                              .udp_destination = 4000,
                                              .drop_at = STAGE_INGRESS_POLICY,
                                              .reason = REASON_SPOOFED});
    recording_end(&recording);
    struct told told = explain_file("replies.pcapng");
    assert_says(find(&told, FINDING_DROPS), "The other direction works: 1 delivered");
    told_end(&told);
}

static void what_got_through_before_and_after_is_told(void **state)
{
    struct recording recording;
    struct trip good = {.from = PORT_ALICE, .to = PORT_BOB};
    struct trip bad = {.from = PORT_ALICE,
                       .to = PORT_BOB,
                       .drop_at = STAGE_INGRESS_POLICY,
                       .reason = REASON_SPOOFED};
    (void)state;
    recording_begin(&recording, "before.pcapng", switch_id, 1);
    for (good.id = 1; good.id <= 3; good.id++)
        recording_trip(&recording, &good);
    for (bad.id = 11; bad.id <= 12; bad.id++)
        recording_trip(&recording, &bad);
    recording_end(&recording);
    struct told told = explain_file("before.pcapng");
    assert_says(find(&told, FINDING_DROPS), "before that 3 of the same got through, none since");
    told_end(&told);
    recording_begin(&recording, "after.pcapng", switch_id, 1);
    for (bad.id = 11; bad.id <= 12; bad.id++)
        recording_trip(&recording, &bad);
    recording_trip(&recording, &good);
    recording_end(&recording);
    told = explain_file("after.pcapng");
    assert_says(find(&told, FINDING_DROPS), "1 of the same got through after it");
    told_end(&told);
}

/* Where journeys are missing, that none got through is more than is known. */
static void what_is_not_known_is_not_said(void **state)
{
    struct recording recording;
    struct trip bad = {.id = 9,
                       .from = PORT_ALICE,
                       .to = PORT_BOB,
                       .drop_at = STAGE_INGRESS_POLICY,
                       .reason = REASON_SPOOFED};
    (void)state;
    recording_begin(&recording, "none.pcapng", switch_id, 1);
    recording_trip(&recording, &bad);
    recording_end(&recording);
    struct told told = explain_file("none.pcapng");
    assert_says(find(&told, FINDING_DROPS), "80 udp, all of its packets.");
    told_end(&told);
    recording_begin(&recording, "filtered.pcapng", switch_id, 1);
    recording_trip(&recording, &bad);
    recording.offered += 3;
    recording.filtered = 3;
    recording_end(&recording);
    told = explain_file("filtered.pcapng");
    assert_says(find(&told, FINDING_DROPS), "80 udp. It was dropped");
    told_end(&told);
    recording_begin(&recording, "torn.pcapng", switch_id, 1);
    recording_trip(&recording, &(struct trip){.id = 1, .from = PORT_ALICE, .to = PORT_BOB});
    recording_trip(&recording, &bad);
    recording_end_torn(&recording);
    told = explain_file("torn.pcapng");
    assert_says(find(&told, FINDING_DROPS), "before that 1 of the same got through. It was");
    told_end(&told);
}

static void a_wrong_checksum_comes_before_a_declared_change(void **state)
{
    struct recording recording;
    (void)state;
    recording_begin(&recording, "sum.pcapng", switch_id, 1);
    recording_trip(
        &recording,
        &(struct trip){
            .id = 1, .from = PORT_ALICE, .to = PORT_BOB, .dscp = 46, .keeps_checksum = true});
    recording_trip(&recording, &(struct trip){.id = 2, .from = PORT_ALICE, .to = PORT_BOB});
    recording_end(&recording);
    struct told told = explain_file("sum.pcapng");
    assert_int_equal(told.explain->findings[0].kind, FINDING_CHECKSUM);
    assert_int_equal(told.explain->findings[0].packets, 1);
    assert_int_equal(told.explain->findings[0].examples[0], 1);
    assert_says(&told.explain->findings[0], "by extension rewrite");
    assert_null(find(&told, FINDING_CHANGED));
    assert_null(find(&told, FINDING_UNDECLARED));
    assert_false(told.explain->is_clean);
    told_end(&told);
}

static void a_declared_change_is_a_notice_and_the_recording_clean(void **state)
{
    struct recording recording;
    (void)state;
    recording_begin(&recording, "mark.pcapng", switch_id, 1);
    recording_trip(&recording,
                   &(struct trip){.id = 1, .from = PORT_ALICE, .to = PORT_BOB, .dscp = 46});
    recording_end(&recording);
    struct told told = explain_file("mark.pcapng");
    assert_int_equal(told.explain->count, 1);
    assert_int_equal(told.explain->findings[0].kind, FINDING_CHANGED);
    assert_int_equal(told.explain->findings[0].weight, FINDING_NOTICE);
    assert_true(told.explain->is_clean);
    told_end(&told);
}

static void an_undeclared_change_is_bad(void **state)
{
    struct recording recording;
    (void)state;
    recording_begin(&recording, "sly.pcapng", switch_id, 1);
    recording_trip(&recording, &(struct trip){.id = 1,
                                              .from = PORT_ALICE,
                                              .to = PORT_BOB,
                                              .dscp = 46,
                                              .change_flags = META_UNDECLARED});
    recording_end(&recording);
    struct told told = explain_file("sly.pcapng");
    assert_int_equal(told.explain->findings[0].kind, FINDING_UNDECLARED);
    assert_int_equal(told.explain->findings[0].weight, FINDING_BAD);
    assert_says(&told.explain->findings[0], "does not declare that it changes bytes");
    told_end(&told);
}

static void losses_are_unknown_and_not_drops(void **state)
{
    struct recording recording;
    (void)state;
    recording_begin(&recording, "lost.pcapng", switch_id, 1);
    recording.offered = 30;
    recording.lost_ring_full = 30;
    for (int stage = STAGE_RX; stage < STAGE_COUNT; stage++) {
        recording.stages[stage].in += 30;
        recording.stages[stage].out += 30;
    }
    recording.gap = (struct meta_gap){1000000000, 1500000000, 30, 0, META_LOSS_RING_FULL};
    recording_trip(&recording, &(struct trip){.id = 1, .from = PORT_ALICE, .to = PORT_BOB});
    recording_end(&recording);
    struct told told = explain_file("lost.pcapng");
    assert_string_equal(told.explain->headline,
                        "demo: none of 1 packet dropped, 0 changed, 30 UNKNOWN. NOT ALL IS KNOWN.");
    assert_int_equal(told.explain->findings[0].kind, FINDING_LOST);
    assert_int_equal(told.explain->findings[0].weight, FINDING_UNKNOWN);
    assert_int_equal(told.explain->findings[0].packets, 30);
    assert_says(&told.explain->findings[0], "The capture lost 30 journeys, not the switch");
    assert_says(&told.explain->findings[0], "between 03:04:05.000000 and 03:04:05.500000");
    told_end(&told);
}

static void numbers_that_do_not_add_up_come_first(void **state)
{
    struct recording recording;
    (void)state;
    recording_begin(&recording, "fails.pcapng", switch_id, 1);
    recording_demo_trips(&recording);
    recording.stages[STAGE_FORWARD].in += 3;
    recording_end(&recording);
    struct told told = explain_file("fails.pcapng");
    assert_int_equal(told.explain->findings[0].kind, FINDING_BOOKS);
    assert_non_null(strstr(told.explain->headline, "THE NUMBERS DO NOT ADD UP"));
    told_end(&told);
}

static void more_rows_than_are_told_are_summed_up(void **state)
{
    struct recording recording;
    uint64_t packets = 0;
    (void)state;
    recording_begin(&recording, "many.pcapng", switch_id, 1);
    for (uint32_t i = 0; i < 40; i++)
        recording_trip(&recording, &(struct trip){.id = i + 1,
                                                  .from = PORT_ALICE,
                                                  .to = PORT_BOB,
                                                  .rule = 100 + i,
                                                  .drop_at = STAGE_INGRESS_POLICY,
                                                  .reason = REASON_ACL_DENIED});
    recording_end(&recording);
    struct told told = explain_file("many.pcapng");
    for (size_t i = 0; i < told.explain->count; i++)
        if (told.explain->findings[i].kind == FINDING_DROPS)
            packets += told.explain->findings[i].packets;
    assert_int_equal(packets, 40);
    told_end(&told);
}

static void took(struct analysis_switch *of, enum latency_kind kind, uint16_t stage, uint64_t ms)
{
    struct latency_key key = {.stage = stage, .kind = (uint16_t)kind};
    struct histogram *histogram = table_add(&of->latency.rows, &key);
    assert_non_null(histogram);
    for (uint64_t i = 0; i < 100; i++)
        histogram_add(histogram, ms * 1000000, i);
}

/* A recording of one flow, of which a packet took long; the packets were worked on for 30 ms at the
 * rewriter, and at another stage as the test says. */
static struct told slow_work(enum latency_kind kind, uint16_t stage, uint64_t ms)
{
    struct recording recording;
    struct told told;
    recording_begin(&recording, "slow.pcapng", switch_id, 1);
    recording_trip(&recording, &(struct trip){.id = 1, .from = PORT_ALICE, .to = PORT_BOB});
    recording_end(&recording);
    told.analysis = analyze("slow.pcapng");
    struct analysis_switch *of = told.analysis->switches[0];
    assert_int_equal(of->flows.rows.count, 1);
    ((struct flow *)table_value(&of->flows.rows, 0))->latency_max_ns = 30000000;
    took(of, LATENCY_WORK, STAGE_REWRITE, 30);
    took(of, kind, stage, ms);
    assert_int_equal(explain_create(told.analysis, of, &told.explain, NULL), XSW_OK);
    return told;
}

/* Flows tell how long their packets took, not where. */
static void whom_slow_work_hit_is_said_where_it_is_certain(void **state)
{
    (void)state;
    struct told told = slow_work(LATENCY_WORK, STAGE_FLOWFILTER, 5);
    assert_says(find(&told, FINDING_LATENCY), "101 packets were worked on at");
    assert_says(find(&told, FINDING_LATENCY), " Hit: 10.0.0.1");
    told_end(&told);
    told = slow_work(LATENCY_WORK, STAGE_FLOWFILTER, 12);
    assert_non_null(find(&told, FINDING_LATENCY));
    assert_null(strstr(find(&told, FINDING_LATENCY)->text, "Hit:"));
    told_end(&told);
    told = slow_work(LATENCY_HOLD, STAGE_FLOWFILTER, 12);
    assert_non_null(find(&told, FINDING_LATENCY));
    assert_null(strstr(find(&told, FINDING_LATENCY)->text, "Hit:"));
    told_end(&told);
}

static int enter(void **state)
{
    static char folder[128];
    (void)state;
    setenv("TZ", "UTC", 1);
    snprintf(folder, sizeof(folder), "%s", recording_path(""));
    return chdir(folder);
}

static int cleanup(void **state)
{
    (void)state;
    recording_cleanup();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drops_come_by_the_number_of_packets_that_they_hit),
        cmocka_unit_test(the_other_direction_is_said_to_work_when_it_does),
        cmocka_unit_test(what_got_through_before_and_after_is_told),
        cmocka_unit_test(what_is_not_known_is_not_said),
        cmocka_unit_test(a_wrong_checksum_comes_before_a_declared_change),
        cmocka_unit_test(a_declared_change_is_a_notice_and_the_recording_clean),
        cmocka_unit_test(an_undeclared_change_is_bad),
        cmocka_unit_test(losses_are_unknown_and_not_drops),
        cmocka_unit_test(numbers_that_do_not_add_up_come_first),
        cmocka_unit_test(more_rows_than_are_told_are_summed_up),
        cmocka_unit_test(whom_slow_work_hit_is_said_where_it_is_certain),
    };
    return cmocka_run_group_tests(tests, enter, cleanup);
}
