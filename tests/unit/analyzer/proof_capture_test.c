/* SPDX-License-Identifier: Apache-2.0 */
/* The books of the capture by stage: what they prove, and that one wrong number fails. */
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

static void recording_open(struct fixture *fixture, const char *section)
{
    snprintf(fixture->path, sizeof(fixture->path), "%s", recording_path("capture.pcapng"));
    if (section == NULL) {
        recording_begin(&fixture->recording, fixture->path, "5f0c6f0e-0000-4000-8000-000000000001",
                        1);
    } else {
        recording_begin_text(&fixture->recording, fixture->path, section);
    }
    fixture->recording.tells_journeys = true;
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    recording_open(fixture, NULL);
    recording_demo_trips(&fixture->recording);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
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

static const struct proof_line *assert_line(const struct fixture *fixture, const char *subject,
                                            enum proof_state state, uint64_t residue)
{
    const struct proof_line *line = line_of(fixture->analysis, subject);
    if (line->state != state || line->residue != residue) {
        fail_msg("%s %s, residue %llu: %s", line->subject, proof_state_name(line->state),
                 (unsigned long long)line->residue, line->text);
    }
    return line;
}

static void assert_text(const struct proof_line *line, const char *expected)
{
    if (strstr(line->text, expected) == NULL) {
        fail_msg("%s: %s", line->subject, line->text);
    }
}

/* Packets that the switch dropped at the ingress policy, and that are not in the file. */
static struct recording_journeys *dropped_unseen(struct recording *recording, uint64_t packets)
{
    recording->offered += packets;
    recording->stages[STAGE_RX].in += packets;
    recording->stages[STAGE_RX].out += packets;
    recording->stages[STAGE_REWRITE].in += packets;
    recording->stages[STAGE_REWRITE].out += packets;
    recording->stages[STAGE_INGRESS_POLICY].in += packets;
    recording->stages[STAGE_INGRESS_POLICY].dropped[REASON_ACL_DENIED] += packets;
    recording->stages[STAGE_INGRESS_POLICY].journeys.offered += packets;
    return &recording->stages[STAGE_INGRESS_POLICY].journeys;
}

/* The same for such as were delivered. */
static struct recording_journeys *delivered_unseen(struct recording *recording, uint64_t packets)
{
    recording->offered += packets;
    for (int stage = STAGE_RX; stage < STAGE_COUNT; stage++) {
        recording->stages[stage].in += packets;
        recording->stages[stage].out += packets;
    }
    recording->stages[STAGE_TX].journeys.offered += packets;
    return &recording->stages[STAGE_TX].journeys;
}

static void the_books_of_each_stage_hold(void **state)
{
    struct fixture *fixture = *state;
    finish(fixture);
    assert_int_equal(analysis_state(fixture->analysis), PROOF_HOLDS);
    assert_line(fixture, "capture, at tx", PROOF_HOLDS, 0);
    assert_line(fixture, "capture, at ingress-policy", PROOF_HOLDS, 0);
    assert_line(fixture, "capture, stages", PROOF_HOLDS, 0);
    assert_line(fixture, "capture, ends", PROOF_HOLDS, 0);
}

static void a_journey_that_a_stage_does_not_account_for_fails_there(void **state)
{
    struct fixture *fixture = *state;
    fixture->recording.stages[STAGE_TX].journeys.written--;
    finish(fixture);
    assert_line(fixture, "capture, at tx", PROOF_FAILS, 1);
    assert_line(fixture, "capture, at ingress-policy", PROOF_HOLDS, 0);
    assert_line(fixture, "capture, stages", PROOF_FAILS, 0);
}

static void an_end_that_capture_was_not_offered_fails(void **state)
{
    struct fixture *fixture = *state;
    struct recording *recording = &fixture->recording;
    recording->stages[STAGE_FLOWFILTER].journeys.offered--;
    recording->stages[STAGE_FLOWFILTER].journeys.written--;
    recording->stages[STAGE_TX].journeys.offered++;
    recording->stages[STAGE_TX].journeys.written++;
    finish(fixture);
    assert_line(fixture, "capture, stages", PROOF_HOLDS, 0);
    const struct proof_line *line = assert_line(fixture, "capture, ends", PROOF_FAILS, 1);
    assert_text(line, "at egress-filter.flowfilter capture was offered 1, the switch dropped 2");
}

static void what_is_not_in_the_sample_is_left_out_and_not_lost(void **state)
{
    struct fixture *fixture = *state;
    struct recording *recording = &fixture->recording;
    dropped_unseen(recording, 6)->sampled += 6;
    recording->sampled = 6;
    finish(fixture);
    assert_int_equal(analysis_state(fixture->analysis), PROOF_HOLDS);
    assert_text(assert_line(fixture, "capture, worker 0", PROOF_HOLDS, 0), "+ sampled out 6");
    assert_text(assert_line(fixture, "dropped at ingress-policy: acl-denied", PROOF_HOLDS, 6),
                "6 not wanted by the rules of the capture");
    assert_text(assert_line(fixture, "not in the file", PROOF_HOLDS, 0),
                "ends of packets 6 = left out 6");
}

static void losses_at_a_stage_bound_what_is_missing_there(void **state)
{
    struct fixture *fixture = *state;
    struct recording *recording = &fixture->recording;
    struct recording_journeys *journeys = dropped_unseen(recording, 9);
    journeys->lost_budget = 7;
    journeys->filtered = 2;
    recording->lost_budget = 7;
    recording->filtered = 2;
    finish(fixture);
    const struct proof_line *line =
        assert_line(fixture, "dropped at ingress-policy: acl-denied", PROOF_UNKNOWN, 9);
    assert_text(line, ": at most 7 of the 7 lost there");
    assert_text(assert_line(fixture, "capture, at ingress-policy", PROOF_HOLDS, 0),
                "+ lost (budget) 7");
    /* Nothing was lost elsewhere, and what is known of there is known. */
    assert_line(fixture, "dropped at egress-filter.flowfilter", PROOF_HOLDS, 0);
    assert_line(fixture, "delivered", PROOF_HOLDS, 0);
    assert_line(fixture, "not in the file", PROOF_HOLDS, 0);
}

static void losses_elsewhere_do_not_excuse_what_is_missing_here(void **state)
{
    struct fixture *fixture = *state;
    struct recording *recording = &fixture->recording;
    delivered_unseen(recording, 5)->lost_ring_full += 5;
    recording->lost_ring_full = 5;
    recording->stages[STAGE_INGRESS_POLICY].dropped[REASON_ACL_DENIED]++;
    finish(fixture);
    assert_text(assert_line(fixture, "delivered", PROOF_UNKNOWN, 5), ": 5 of the 5 lost there");
    assert_line(fixture, "dropped at ingress-policy: acl-denied", PROOF_FAILS, 1);
    assert_line(fixture, "not in the file", PROOF_FAILS, 1);
}

static void less_missing_than_was_left_out_fails(void **state)
{
    struct fixture *fixture = *state;
    struct recording *recording = &fixture->recording;
    delivered_unseen(recording, 5)->filtered += 5;
    recording->filtered = 5;
    recording_trip(recording, &(struct trip){.id = 3000, .from = PORT_ALICE, .to = PORT_BOB});
    recording->stages[STAGE_TX].out--;
    finish(fixture);
    assert_text(assert_line(fixture, "not in the file", PROOF_FAILS, 1), "1 packet missing");
}

static void of_what_the_disk_lost_the_stage_is_not_known(void **state)
{
    struct fixture *fixture = *state;
    struct recording *recording = &fixture->recording;
    dropped_unseen(recording, 3)->written += 3;
    recording->written += 3;
    recording->lost_disk = 3;
    finish(fixture);
    assert_text(assert_line(fixture, "dropped at ingress-policy: acl-denied", PROOF_UNKNOWN, 3),
                "3 of the 3 lost there");
    assert_line(fixture, "dropped at egress-filter.flowfilter", PROOF_HOLDS, 0);
    assert_line(fixture, "not in the file", PROOF_HOLDS, 0);
}

/* Records at some stages only ------------------------------------------------------------------ */

static const char limited_section[] =
    "{\"format\":1,\"switch\":{\"name\":\"demo\",\"id\":\"5f0c6f0e-0000-4000-8000-000000000001\"},"
    "\"capture\":{\"session\":1,\"stages\":\"tx\",\"stage_limited\":true}}";

/* Two journeys of which there is no record where they began. */
static void limited_trips(struct recording *recording)
{
    for (uint64_t id = 1; id <= 2; id++) {
        recording_trip(
            recording,
            &(struct trip){.id = id, .from = PORT_ALICE, .to = PORT_BOB, .without_first = true});
    }
    dropped_unseen(recording, 4)->filtered += 4;
    recording->filtered = 4;
}

static void what_has_no_record_by_request_is_unknown_and_not_wrong(void **state)
{
    struct fixture *fixture = *state;
    recording_end_torn(&fixture->recording);
    recording_open(fixture, limited_section);
    limited_trips(&fixture->recording);
    finish(fixture);
    assert_text(assert_line(fixture, "journeys", PROOF_UNKNOWN, 2), "at some stages only");
    assert_line(fixture, "received", PROOF_UNKNOWN, 6);
    assert_line(fixture, "delivered", PROOF_HOLDS, 0);
    assert_line(fixture, "file", PROOF_HOLDS, 0);
    assert_line(fixture, "capture, at tx", PROOF_HOLDS, 0);
}

static void other_rules_on_the_way_limit_the_records_too(void **state)
{
    struct fixture *fixture = *state;
    struct recording *recording = &fixture->recording;
    for (int is_limited = 0; is_limited < 2; is_limited++) {
        const struct pcapng_event_field field = {"stage_set", is_limited ? "32" : "0"};
        struct xsw_error error;
        if (is_limited) {
            recording_open(fixture, NULL);
            recording_demo_trips(recording);
        }
        recording_trip(
            recording,
            &(struct trip){.id = 3000, .from = PORT_ALICE, .to = PORT_BOB, .without_first = true});
        assert_int_equal(
            pcapng_writer_event(recording->writer,
                                &(struct pcapng_event){.wall_ns = UINT64_C(1767323046000000000),
                                                       .source = "xsw",
                                                       .name = "capture_changed",
                                                       .message = "other rules",
                                                       .fields = &field,
                                                       .field_count = 1},
                                &error),
            XSW_OK);
        finish(fixture);
        assert_line(fixture, "journeys", is_limited ? PROOF_UNKNOWN : PROOF_FAILS, 1);
        assert_int_equal(analysis_state(fixture->analysis),
                         is_limited ? PROOF_UNKNOWN : PROOF_FAILS);
        if (!is_limited) {
            analysis_destroy(fixture->analysis);
        }
    }
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(the_books_of_each_stage_hold),
        CLAIM(a_journey_that_a_stage_does_not_account_for_fails_there),
        CLAIM(an_end_that_capture_was_not_offered_fails),
        CLAIM(what_is_not_in_the_sample_is_left_out_and_not_lost),
        CLAIM(losses_at_a_stage_bound_what_is_missing_there),
        CLAIM(losses_elsewhere_do_not_excuse_what_is_missing_here),
        CLAIM(less_missing_than_was_left_out_fails),
        CLAIM(of_what_the_disk_lost_the_stage_is_not_known),
        CLAIM(what_has_no_record_by_request_is_unknown_and_not_wrong),
        CLAIM(other_rules_on_the_way_limit_the_records_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
