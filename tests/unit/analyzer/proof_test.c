/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/proof/proof.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/analyzing.h"
#include "support/recording.h"

struct fixture {
    struct recording recording;
    char path[128];
    struct analysis *analysis;
};

/* A demo whose end is not yet written, for the test to spoil. */
static int fixture_setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    snprintf(fixture->path, sizeof(fixture->path), "%s", recording_path("proof.pcapng"));
    recording_begin(&fixture->recording, fixture->path, "5f0c6f0e-0000-4000-8000-000000000001", 1);
    recording_demo_trips(&fixture->recording);
    *state = fixture;
    return 0;
}

static int fixture_teardown(void **state)
{
    struct fixture *fixture = *state;
    analysis_destroy(fixture->analysis);
    free(fixture);
    recording_cleanup();
    return 0;
}

static void finish(struct fixture *fixture)
{
    recording_end(&fixture->recording);
    fixture->analysis = analyze(fixture->path);
}

static void assert_line(const struct fixture *fixture, const char *subject, enum proof_state state,
                        uint64_t residue)
{
    const struct proof_line *line = line_of(fixture->analysis, subject);
    if (line->state != state || line->residue != residue)
        fail_msg("%s %s, residue %llu: %s", line->subject, proof_state_name(line->state),
                 (unsigned long long)line->residue, line->text);
}

static void balanced_books_hold(void **state)
{
    struct fixture *fixture = *state;
    finish(fixture);
    assert_int_equal(analysis_state(fixture->analysis), PROOF_HOLDS);
    assert_int_equal(fixture->analysis->sessions[0]->proof.counts[PROOF_UNKNOWN], 0);
}

static void worker_that_lost_a_journey_silently_fails(void **state)
{
    struct fixture *fixture = *state;
    fixture->recording.offered++;
    finish(fixture);
    assert_line(fixture, "capture, worker 0", PROOF_FAILS, 1);
    assert_int_equal(analysis_state(fixture->analysis), PROOF_FAILS);
}

static void recorder_that_wrote_less_than_it_took_fails(void **state)
{
    struct fixture *fixture = *state;
    fixture->recording.written += 2;
    fixture->recording.offered += 2;
    finish(fixture);
    assert_line(fixture, "recorder", PROOF_FAILS, 2);
}

static void journeys_missing_in_the_file_fail(void **state)
{
    struct fixture *fixture = *state;
    fixture->recording.offered++;
    fixture->recording.written++;
    fixture->recording.recorder_written++;
    finish(fixture);
    assert_line(fixture, "file", PROOF_FAILS, 1);
}

static void stage_that_loses_a_packet_fails_by_name(void **state)
{
    struct fixture *fixture = *state;
    fixture->recording.stages[STAGE_EGRESS_POLICY].out -= 3;
    finish(fixture);
    assert_line(fixture, "stage egress-policy", PROOF_FAILS, 3);
    assert_line(fixture, "stage rx", PROOF_HOLDS, 0);
    assert_line(fixture, "between stages", PROOF_FAILS, 3);
    assert_non_null(
        strstr(line_of(fixture->analysis, "stage egress-policy")->text, "3 packets missing"));
}

static void stage_that_makes_packets_from_nothing_fails(void **state)
{
    struct fixture *fixture = *state;
    fixture->recording.stages[STAGE_FORWARD].clones--;
    finish(fixture);
    assert_line(fixture, "stage forward", PROOF_FAILS, 1);
    assert_non_null(strstr(line_of(fixture->analysis, "stage forward")->text, "too many"));
    assert_line(fixture, "copies made", PROOF_FAILS, 1);
}

static void drop_that_is_not_in_the_file_fails(void **state)
{
    struct fixture *fixture = *state;
    fixture->recording.stages[STAGE_INGRESS_POLICY].dropped[REASON_ACL_DENIED]++;
    finish(fixture);
    assert_line(fixture, "dropped at ingress-policy: acl-denied", PROOF_FAILS, 1);
}

static void drop_that_the_switch_does_not_know_fails(void **state)
{
    struct fixture *fixture = *state;
    fixture->recording.stages[STAGE_INGRESS_POLICY].dropped[REASON_SPOOFED] = 0;
    finish(fixture);
    assert_line(fixture, "dropped at ingress-policy: mac-spoofed", PROOF_FAILS, 3);
}

static void lost_records_make_it_unknown_and_never_not_dropped(void **state)
{
    struct fixture *fixture = *state;
    struct recording *recording = &fixture->recording;
    /* Four more packets, of which capture saw nothing: two dropped, two delivered. */
    recording->offered += 4;
    recording->lost_ring_full = 4;
    for (int stage = STAGE_RX; stage < STAGE_COUNT; stage++) {
        recording->stages[stage].in += stage <= STAGE_INGRESS_POLICY ? 4 : 2;
        recording->stages[stage].out += stage < STAGE_INGRESS_POLICY ? 4 : 2;
    }
    recording->stages[STAGE_INGRESS_POLICY].dropped[REASON_ACL_DENIED] += 2;
    recording->gap = (struct meta_gap){1000000500, 1000009000, 4, 0, META_LOSS_RING_FULL};
    recording_trip(recording, &(struct trip){.id = 3000, .from = PORT_ALICE, .to = PORT_BOB});
    finish(fixture);
    assert_line(fixture, "dropped at ingress-policy: acl-denied", PROOF_UNKNOWN, 2);
    assert_line(fixture, "delivered", PROOF_UNKNOWN, 2);
    assert_line(fixture, "losses", PROOF_HOLDS, 0);
    assert_line(fixture, "not in the file", PROOF_HOLDS, 0);
    assert_int_equal(analysis_state(fixture->analysis), PROOF_UNKNOWN);
    const struct account_file *file = &fixture->analysis->sessions[0]->account.file;
    assert_int_equal(file->gap_journeys[META_LOSS_RING_FULL], 4);
    assert_int_equal(file->gap_count, 1);
}

static void losses_of_unknown_cause_are_losses(void **state)
{
    struct fixture *fixture = *state;
    recording_end_text(&fixture->recording,
                       "{\"format\":1,\"workers\":[{\"worker\":0,\"offered\":50,\"filtered\":0,"
                       "\"written\":45,\"lost\":{\"new-cause\":5}}],\"recorder\":{\"written\":42,"
                       "\"lost\":{\"disk\":0,\"reader\":3}}}");
    fixture->analysis = analyze(fixture->path);
    assert_line(fixture, "capture, worker 0", PROOF_HOLDS, 0);
    assert_line(fixture, "recorder", PROOF_HOLDS, 0);
    assert_int_equal(account_lost(&fixture->analysis->sessions[0]->account), 8);
    assert_int_equal(analysis_state(fixture->analysis), PROOF_UNKNOWN);
}

/* Packets of which the switch knows, and the recorder did not write them: its limit was reached. */
static void limit_reach(struct recording *recording, uint64_t packets)
{
    recording->offered += packets;
    recording->written += packets;
    recording->past_limit = packets;
    for (int stage = STAGE_RX; stage < STAGE_COUNT; stage++) {
        recording->stages[stage].in += packets;
        recording->stages[stage].out += packets;
    }
}

static void what_came_after_the_limit_is_left_out_and_not_lost(void **state)
{
    struct fixture *fixture = *state;
    limit_reach(&fixture->recording, 3);
    finish(fixture);
    const struct account *account = &fixture->analysis->sessions[0]->account;
    assert_int_equal(account_lost(account), 0);
    assert_int_equal(account_past_limit(account), 3);
    assert_line(fixture, "recorder", PROOF_HOLDS, 0);
    assert_line(fixture, "received", PROOF_HOLDS, 3);
    assert_line(fixture, "not in the file", PROOF_HOLDS, 0);
    assert_non_null(
        strstr(line_of(fixture->analysis, "received")->text, ": 3 came after the limit"));
    assert_int_equal(analysis_state(fixture->analysis), PROOF_HOLDS);
}

static void losses_are_told_apart_from_what_came_after_the_limit(void **state)
{
    struct fixture *fixture = *state;
    limit_reach(&fixture->recording, 3);
    fixture->recording.written -= 1;
    fixture->recording.past_limit -= 1;
    fixture->recording.lost_ring_full = 1;
    finish(fixture);
    const struct account *account = &fixture->analysis->sessions[0]->account;
    assert_int_equal(account_lost(account), 1);
    assert_int_equal(account_past_limit(account), 2);
    assert_line(fixture, "delivered", PROOF_UNKNOWN, 3);
    assert_non_null(strstr(line_of(fixture->analysis, "not in the file")->text,
                           "left out 0 + lost 1 + past the limit 2"));
}

static void more_missing_than_came_after_the_limit_fails(void **state)
{
    struct fixture *fixture = *state;
    limit_reach(&fixture->recording, 3);
    fixture->recording.stages[STAGE_INGRESS_POLICY].dropped[REASON_ACL_DENIED] += 2;
    finish(fixture);
    assert_line(fixture, "not in the file", PROOF_FAILS, 2);
}

static void more_missing_than_was_lost_fails(void **state)
{
    struct fixture *fixture = *state;
    struct recording *recording = &fixture->recording;
    recording->offered++;
    recording->lost_ring_full = 1;
    recording->stages[STAGE_INGRESS_POLICY].dropped[REASON_ACL_DENIED] += 5;
    finish(fixture);
    assert_line(fixture, "not in the file", PROOF_FAILS, 4);
}

static void losses_told_twice_as_high_in_band_fail(void **state)
{
    struct fixture *fixture = *state;
    struct recording *recording = &fixture->recording;
    recording->offered++;
    recording->lost_ring_full = 1;
    recording->gap = (struct meta_gap){1, 2, 5, 0, META_LOSS_RING_FULL};
    recording_trip(recording, &(struct trip){.id = 3000, .from = PORT_ALICE, .to = PORT_BOB});
    finish(fixture);
    assert_line(fixture, "losses", PROOF_FAILS, 4);
}

static void what_the_filter_left_out_is_no_residue(void **state)
{
    struct fixture *fixture = *state;
    struct recording *recording = &fixture->recording;
    recording->offered += 7;
    recording->filtered = 7;
    for (int stage = STAGE_RX; stage < STAGE_COUNT; stage++) {
        recording->stages[stage].in += 7;
        recording->stages[stage].out += 7;
    }
    finish(fixture);
    assert_int_equal(analysis_state(fixture->analysis), PROOF_HOLDS);
    assert_line(fixture, "delivered", PROOF_HOLDS, 7);
}

static void missing_summary_is_unknown(void **state)
{
    struct fixture *fixture = *state;
    recording_end_torn(&fixture->recording);
    fixture->analysis = analyze(fixture->path);
    assert_line(fixture, "end account", PROOF_UNKNOWN, 0);
    assert_line(fixture, "journeys", PROOF_HOLDS, 0);
    assert_int_equal(analysis_state(fixture->analysis), PROOF_UNKNOWN);
}

static void journey_without_an_end_fails(void **state)
{
    struct fixture *fixture = *state;
    recording_trip(
        &fixture->recording,
        &(struct trip){.id = 3000, .from = PORT_ALICE, .to = PORT_BOB, .without_last = true});
    finish(fixture);
    assert_line(fixture, "journeys", PROOF_FAILS, 1);
}

static void journey_without_a_beginning_fails(void **state)
{
    struct fixture *fixture = *state;
    recording_trip(
        &fixture->recording,
        &(struct trip){.id = 3000, .from = PORT_ALICE, .to = PORT_BOB, .without_first = true});
    finish(fixture);
    assert_line(fixture, "journeys", PROOF_FAILS, 1);
    assert_line(fixture, "file", PROOF_HOLDS, 0);
}

static void id_used_twice_fails(void **state)
{
    struct fixture *fixture = *state;
    recording_trip(&fixture->recording,
                   &(struct trip){.id = 1001, .from = PORT_ALICE, .to = PORT_BOB});
    finish(fixture);
    assert_int_equal(fixture->analysis->sessions[0]->account.file.duplicates, 1);
    assert_line(fixture, "journeys", PROOF_FAILS, 1);
}

static void id_used_twice_fails_also_when_the_disk_was_full(void **state)
{
    struct fixture *fixture = *state;
    recording_trip(&fixture->recording, &(struct trip){.id = 1001, .from = 1, .to = 2});
    fixture->recording.lost_disk = 1;
    finish(fixture);
    assert_line(fixture, "journeys", PROOF_FAILS, 1);
}

static void file_given_twice_is_counted_once_and_fails(void **state)
{
    struct fixture *fixture = *state;
    recording_end(&fixture->recording);
    const char *paths[] = {fixture->path, fixture->path};
    fixture->analysis = analyze_bounded(1024, paths, 2);
    assert_int_equal(fixture->analysis->switches[0]->total.received, 41);
    assert_int_equal(fixture->analysis->switches[0]->drops.packets, 10);
    assert_line(fixture, "journeys", PROOF_FAILS, 42);
}

static void copy_without_its_original_fails(void **state)
{
    struct fixture *fixture = *state;
    recording_trip(&fixture->recording,
                   &(struct trip){.id = 3000, .parent = 2999, .from = PORT_ALICE, .to = PORT_BOB});
    finish(fixture);
    assert_line(fixture, "copies", PROOF_FAILS, 1);
}

static void more_open_journeys_than_the_bound_are_unknown(void **state)
{
    struct fixture *fixture = *state;
    for (uint64_t id = 5000; id < 6000; id++)
        recording_trip(
            &fixture->recording,
            &(struct trip){.id = id, .from = PORT_ALICE, .to = PORT_BOB, .without_last = true});
    recording_end(&fixture->recording);
    const char *path = fixture->path;
    fixture->analysis = analyze_bounded(100, &path, 1);
    assert_int_equal(fixture->analysis->sessions[0]->account.file.evicted, 900);
    assert_int_equal(fixture->analysis->sessions[0]->account.file.unfinished, 100);
    assert_line(fixture, "journeys", PROOF_UNKNOWN, 100);
}

static void stages_that_came_during_the_session_are_unknown(void **state)
{
    struct fixture *fixture = *state;
    fixture->recording.stages[STAGE_EGRESS_POLICY].in -= 5;
    fixture->recording.stages[STAGE_EGRESS_POLICY].out -= 5;
    fixture->recording.stages_at_end = "[{\"id\":1,\"name\":\"rx\",\"order\":0},"
                                       "{\"id\":5,\"name\":\"egress-policy\",\"order\":4}]";
    finish(fixture);
    assert_line(fixture, "between stages", PROOF_UNKNOWN, 5);
}

#define PROOF_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROOF_TEST(balanced_books_hold),
        PROOF_TEST(worker_that_lost_a_journey_silently_fails),
        PROOF_TEST(recorder_that_wrote_less_than_it_took_fails),
        PROOF_TEST(journeys_missing_in_the_file_fail),
        PROOF_TEST(stage_that_loses_a_packet_fails_by_name),
        PROOF_TEST(stage_that_makes_packets_from_nothing_fails),
        PROOF_TEST(drop_that_is_not_in_the_file_fails),
        PROOF_TEST(drop_that_the_switch_does_not_know_fails),
        PROOF_TEST(lost_records_make_it_unknown_and_never_not_dropped),
        PROOF_TEST(losses_of_unknown_cause_are_losses),
        PROOF_TEST(what_came_after_the_limit_is_left_out_and_not_lost),
        PROOF_TEST(losses_are_told_apart_from_what_came_after_the_limit),
        PROOF_TEST(more_missing_than_came_after_the_limit_fails),
        PROOF_TEST(more_missing_than_was_lost_fails),
        PROOF_TEST(losses_told_twice_as_high_in_band_fail),
        PROOF_TEST(what_the_filter_left_out_is_no_residue),
        PROOF_TEST(missing_summary_is_unknown),
        PROOF_TEST(journey_without_an_end_fails),
        PROOF_TEST(journey_without_a_beginning_fails),
        PROOF_TEST(id_used_twice_fails),
        PROOF_TEST(id_used_twice_fails_also_when_the_disk_was_full),
        PROOF_TEST(file_given_twice_is_counted_once_and_fails),
        PROOF_TEST(copy_without_its_original_fails),
        PROOF_TEST(more_open_journeys_than_the_bound_are_unknown),
        PROOF_TEST(stages_that_came_during_the_session_are_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
