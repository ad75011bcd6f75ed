/* SPDX-License-Identifier: Apache-2.0 */
/* Journeys of a recording that match an expression, and the report about them alone. */
#include "analyzer/selection/selection.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/analyzing.h"
#include "support/recording.h"

static bool is_selected(uint32_t session, uint64_t packet_id, const void *selection)
{
    return selection_has(selection, session, packet_id);
}

static struct selection *select_in(const char *path, const char *text)
{
    struct selection *selection = NULL;
    struct xsw_error error = {0};
    size_t column;
    struct analysis *known = analyze(path);
    if (selection_create(known, text, &selection, &column, &error) != XSW_OK) {
        fail_msg("%s: %s", text, error.text);
    }
    analysis_destroy(known);
    struct analysis *pass = NULL;
    assert_int_equal(analysis_create(0, &pass, NULL), XSW_OK);
    analysis_observe(pass, selection_offer, selection);
    assert_int_equal(analysis_read(pass, path, NULL, NULL, NULL), XSW_OK);
    assert_int_equal(analysis_finish(pass, NULL), XSW_OK);
    selection_finish(selection);
    analysis_destroy(pass);
    return selection;
}

static struct analysis *restricted(const char *path, struct selection *selection)
{
    struct analysis *analysis = NULL;
    assert_int_equal(analysis_create(0, &analysis, NULL), XSW_OK);
    analysis_restrict(analysis, is_selected, selection);
    analysis_observe(analysis, selection_describe, selection);
    assert_int_equal(analysis_read(analysis, path, NULL, NULL, NULL), XSW_OK);
    assert_int_equal(analysis_finish(analysis, NULL), XSW_OK);
    return analysis;
}

static void expressions_select_journeys_of_a_recording(void **state)
{
    static const struct {
        const char *text;
        uint64_t matched;
    } expected[] = {
        {"packet >= 0", 42},
        {"dropped", 10},
        {"delivered", 32},
        {"unfinished", 0},
        {"changed", 20},
        {"changed and dropped", 0},
        {"reason == acl-denied", 5},
        {"stage == ingress-policy", 8},
        {"extension == rewrite", 20},
        {"extension in (rewrite, flowfilter)", 22},
        {"rule in (7, 10)", 7},
        {"end.rule == 10", 5},
        {"end.rule == 0", 3},
        {"changed.at == ingress-filter.rewrite", 20},
        {"changed.at == egress-filter.flowfilter", 0},
        {"made.at == forward", 1},
        {"made.at == rx", 0},
        {"source == alice and dropped", 5},
        {"source == carol", 4},
        {"destination == carol", 2},
        {"out.port == 1", 11},
        {"flood", 1},
        {"parent == 2001", 1},
        {"packet == 1001 or packet == 2002", 2},
        {"latency >= 500ns and latency < 1us", 33},
        {"length == 60", 42},
        {"pcap \"udp dst port 23\"", 5},
        {"pcap \"udp dst port 23\" and not dropped", 0},
        {"pcap \"ip[1] == 46 << 2\"", 0}, /* what it was changed to, not what came in */
        {"held or undeclared or replaced or injected", 0},
    };
    const char *path = recording_path("demo.pcapng");
    (void)state;
    recording_demo(path, 1);
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        struct selection *selection = select_in(path, expected[i].text);
        if (selection_matched(selection) != expected[i].matched ||
            selection_total(selection) != 42) {
            fail_msg("%s: %llu of %llu", expected[i].text,
                     (unsigned long long)selection_matched(selection),
                     (unsigned long long)selection_total(selection));
        }
        selection_destroy(selection);
    }
}

static void a_report_is_about_what_matches_and_the_proof_about_all(void **state)
{
    const char *path = recording_path("demo.pcapng");
    (void)state;
    recording_demo(path, 1);
    struct selection *selection = select_in(path, "dropped and port == bob or flood");
    struct analysis *analysis = restricted(path, selection);
    const struct account_file *total = &analysis->switches[0]->total;
    assert_int_equal(selection_matched(selection), 3);
    assert_int_equal(total->received, 2);
    assert_int_equal(total->copies_flood, 1);
    assert_int_equal(total->delivered, 1);
    assert_int_equal(total->dropped, 2);
    assert_int_equal(total->changed, 0);
    assert_int_equal(analysis->switches[0]->drops.packets, 2);
    assert_int_equal(analysis->switches[0]->changes.stages.count, 0);
    assert_int_equal(analysis->sessions[0]->account.file.dropped, 10);
    assert_int_equal(analysis_state(analysis), PROOF_HOLDS);
    struct selected_key key = {.id = 2002, .session = 0};
    const struct selected *copy = table_find(selection_listed(selection), &key);
    assert_non_null(copy);
    assert_int_equal(copy->parent_id, 2001);
    assert_int_equal(copy->origin, FACTS_FLOOD);
    assert_non_null(copy->description);
    assert_non_null(strstr(copy->description, "udp"));
    analysis_destroy(analysis);
    selection_destroy(selection);
}

static void journeys_without_an_end_are_unfinished(void **state)
{
    const char *path = recording_path("open.pcapng");
    struct recording recording;
    (void)state;
    recording_begin(&recording, path, "5f0c6f0e-0000-4000-8000-000000000002", 1);
    recording_trip(&recording, &(struct trip){.id = 1, .from = PORT_ALICE, .to = PORT_BOB});
    recording_trip(
        &recording,
        &(struct trip){.id = 2, .from = PORT_ALICE, .to = PORT_BOB, .without_last = true});
    recording_end_torn(&recording);
    struct selection *selection = select_in(path, "unfinished and source == alice");
    assert_int_equal(selection_matched(selection), 1);
    assert_true(selection_has(selection, 0, 2));
    selection_destroy(selection);
}

static void a_name_that_no_switch_has_is_an_error(void **state)
{
    const char *path = recording_path("demo.pcapng");
    struct selection *selection = NULL;
    struct xsw_error error = {0};
    size_t column;
    (void)state;
    recording_demo(path, 1);
    struct analysis *known = analyze(path);
    assert_int_equal(
        selection_create(known, "dropped and port == alise", &selection, &column, &error),
        XSW_INVALID);
    assert_int_equal(column, 21);
    assert_string_equal(error.text, "column 21: there is no port \"alise\"; near: alice");
    assert_null(selection);
    analysis_destroy(known);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expressions_select_journeys_of_a_recording),
        cmocka_unit_test(a_report_is_about_what_matches_and_the_proof_about_all),
        cmocka_unit_test(journeys_without_an_end_are_unfinished),
        cmocka_unit_test(a_name_that_no_switch_has_is_an_error),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    recording_cleanup();
    return failed;
}
