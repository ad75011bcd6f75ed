/* SPDX-License-Identifier: Apache-2.0 */
/* A question that reads a part of a recording gets the answer that reading all of it gives. */
#include "analyzer/index/packet_search.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyzer/index/index.h"
#include "analyzer/selection/selection_search.h"
#include "support/recording.h"
#include "support/telling.h"

static char path[200];

/* With an index, which was made in runs of a few journeys. */
static struct analysis *known_make(void)
{
    struct analysis *analysis = NULL;
    assert_int_equal(analysis_create(0, &analysis, NULL), XSW_OK);
    analysis_use_threads(analysis, 2, 3000);
    assert_true(analysis_use_index(analysis, true));
    assert_int_equal(analysis_read(analysis, path, NULL, NULL, NULL), XSW_OK);
    assert_int_equal(analysis_finish(analysis, NULL), XSW_OK);
    return analysis;
}

/* One pass over all. */
static struct analysis *pass_make(analysis_observer *observer, void *context,
                                  analysis_wanted *wanted, const void *wanted_context)
{
    struct analysis *analysis = NULL;
    assert_int_equal(analysis_create(0, &analysis, NULL), XSW_OK);
    analysis_observe(analysis, observer, context);
    if (wanted != NULL) {
        analysis_restrict(analysis, wanted, wanted_context);
    }
    assert_int_equal(analysis_read(analysis, path, NULL, NULL, NULL), XSW_OK);
    assert_int_equal(analysis_finish(analysis, NULL), XSW_OK);
    return analysis;
}

static size_t bytes_wanted(const struct index *index, const struct selection_extents *extents)
{
    size_t count = 0;
    for (size_t i = 0; i < index->count; i++) {
        count += extents->have[i] ? index->extents[i].length : 0;
    }
    return count;
}

/* Packets ------------------------------------------------------------------------------------- */

static char *view_told(const struct analysis *analysis, const struct packet_view *view)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    struct page page = {.out = out};
    packet_view_text(&page, analysis, view);
    assert_int_equal(report_json(out, analysis, view, NULL, NULL), XSW_OK);
    fclose(out);
    return text;
}

static char *packet_told_by_all(uint64_t id)
{
    struct packet_view view;
    struct analysis *analysis = NULL;
    packet_view_init(&view, id);
    for (int pass = 0; pass < VIEW_PASSES_MAX; pass++) {
        analysis = pass_make(packet_view_offer, &view, NULL, NULL);
        if (packet_view_is_settled(&view) || pass == VIEW_PASSES_MAX - 1) {
            break;
        }
        analysis_destroy(analysis);
        packet_view_rewind(&view);
    }
    char *text = view_told(analysis, &view);
    packet_view_fini(&view);
    analysis_destroy(analysis);
    return text;
}

/* Returns how many were not found by the index alone. */
static unsigned packets_told_the_same(uint64_t first, uint64_t last, uint64_t step)
{
    struct analysis *known = known_make();
    unsigned again = 0;
    assert_true(index_has_extents(known));
    for (uint64_t id = first; id <= last; id += step) {
        struct packet_view view;
        packet_view_init(&view, id);
        enum xsw_status status = packet_search(known, path, &view, NULL);
        if (status == XSW_AGAIN) {
            again++;
        } else {
            assert_int_equal(status, XSW_OK);
            char *all = packet_told_by_all(id);
            char *part = view_told(known, &view);
            assert_string_equal(part, all);
            free(all);
            free(part);
        }
        packet_view_fini(&view);
    }
    analysis_destroy(known);
    return again;
}

/* Expressions --------------------------------------------------------------------------------- */

static char *selection_told(const struct analysis *analysis, const struct selection *selection)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    const struct report_options options = {.is_full = true, .selection = selection};
    report_text(out, analysis, &options);
    assert_int_equal(report_json(out, analysis, NULL, selection, NULL), XSW_OK);
    fclose(out);
    return text;
}

static bool is_selected(uint32_t session, uint64_t packet_id, const void *selection)
{
    return selection_has(selection, session, packet_id);
}

static char *where_told_by_all(const char *expression)
{
    struct selection *selection = NULL;
    size_t column;
    struct analysis *known = pass_make(NULL, NULL, NULL, NULL);
    assert_int_equal(selection_create(known, expression, &selection, &column, NULL), XSW_OK);
    analysis_destroy(known);
    analysis_destroy(pass_make(selection_offer, selection, NULL, NULL));
    selection_finish(selection);
    struct analysis *analysis = pass_make(selection_describe, selection, is_selected, selection);
    char *text = selection_told(analysis, selection);
    analysis_destroy(analysis);
    selection_destroy(selection);
    return text;
}

/* Returns the bytes of extents that have journeys which match. */
static size_t where_told_the_same(const char *expression)
{
    struct analysis *known = known_make();
    struct selection *selection = NULL;
    struct selection_extents extents;
    size_t column;
    assert_true(index_has_extents(known));
    assert_int_equal(selection_create(known, expression, &selection, &column, NULL), XSW_OK);
    assert_int_equal(selection_search(known, path, selection, &extents, NULL), XSW_OK);
    char *part = selection_told(known, selection);
    char *all = where_told_by_all(expression);
    size_t bytes = bytes_wanted(known->index, &extents);
    assert_string_equal(part, all);
    free(part);
    free(all);
    selection_extents_fini(&extents);
    selection_destroy(selection);
    analysis_destroy(known);
    return bytes;
}

static void expressions_told_the_same(void)
{
    static const char *const expressions[] = {
        "dropped",
        "delivered",
        "dropped and port == bob",
        "reason == acl-denied and source == alice",
        "changed",
        "not changed and not dropped",
        "rule == 2",
        "port == carol or stage == forward",
        "extension == rewrite",
        "packet == 250",
        "packet >= 590",
        "packet in (3, 400)",
        "parent == 240",
        "parent != 0",
        "latency > 1ms",
        "latency <= 600ns",
        "length > 1000 or dropped",
        "unfinished",
        "flood",
        "pcap \"udp port 1020\"",
        "dropped and not rule == 1",
        "changed.at == ingress-filter.rewrite",
        "made.at == forward",
        "made.at != forward and changed.at != ingress-filter.rewrite",
        "held.at == ingress-filter.rewrite",
        "end.rule == 2",
        "end.rule == 0",
    };
    for (size_t i = 0; i < sizeof(expressions) / sizeof(expressions[0]); i++) {
        (void)where_told_the_same(expressions[i]);
    }
}

/* Recordings ---------------------------------------------------------------------------------- */

static void trips_write(struct recording *recording, uint64_t first, uint64_t count,
                        unsigned open_each)
{
    for (uint64_t i = first; i < first + count; i++) {
        struct trip trip = {.id = i,
                            .from = i % 6 == 5 ? PORT_BOB : PORT_ALICE,
                            .to = i % 3 == 0 ? PORT_CAROL : PORT_BOB,
                            .udp_destination = (uint16_t)(1000 + i % 50),
                            .without_last = open_each != 0 && i % open_each == 0};
        trip.dscp = i % 5 == 1 ? (uint8_t)(1 + i % 40) : 0;
        if (i % 37 == 4 && i > 300) {
            trip.drop_at = i % 2 == 0 ? STAGE_INGRESS_POLICY : STAGE_FLOWFILTER;
            trip.reason = i % 2 == 0 ? REASON_ACL_DENIED : REASON_FLOW_DENIED;
            trip.rule = (uint32_t)(i % 3);
        }
        if (i % 20 == 0 && i > 60) {
            trip.parent = i - i % 60; /* some are in another run */
            trip.copy_flags = META_FLOOD;
        }
        recording_trip(recording, &trip);
    }
}

static void recording_write(const char *name, unsigned open_each)
{
    struct recording recording;
    snprintf(path, sizeof(path), "%s", recording_path(name));
    recording_begin(&recording, path, "switch", 1);
    trips_write(&recording, 1, 600, open_each);
    recording_end(&recording);
}

static void a_packet_is_told_from_a_part_as_from_the_whole(void **state)
{
    (void)state;
    recording_write("search-whole.pcapng", 0);
    assert_int_equal(packets_told_the_same(1, 620, 9), 0);
    assert_int_equal(packets_told_the_same(60, 600, 60), 0);
}

static void a_packet_is_told_the_same_where_journeys_have_no_end(void **state)
{
    (void)state;
    recording_write("search-open.pcapng", 90);
    (void)packets_told_the_same(1, 620, 11);
    (void)packets_told_the_same(90, 540, 90);
}

static void an_expression_is_told_from_parts_as_from_the_whole(void **state)
{
    (void)state;
    recording_write("search-where.pcapng", 0);
    expressions_told_the_same();
}

static void an_expression_is_told_the_same_where_journeys_have_no_end(void **state)
{
    (void)state;
    recording_write("search-where-open.pcapng", 70);
    expressions_told_the_same();
}

static void a_selective_expression_wants_few_extents(void **state)
{
    (void)state;
    recording_write("search-few.pcapng", 0);
    size_t all = where_told_the_same("delivered");
    assert_true(where_told_the_same("packet == 250") < all / 20);
    assert_true(where_told_the_same("dropped and packet < 400") < all / 3);
    assert_int_equal(where_told_the_same("dropped and replaced"), 0);
}

static void extents_that_depend_on_each_other_are_not_read_alone(void **state)
{
    (void)state;
    struct recording recording;
    snprintf(path, sizeof(path), "%s", recording_path("search-twice.pcapng"));
    recording_begin(&recording, path, "switch", 1);
    trips_write(&recording, 1, 200, 0);
    trips_write(&recording, 100, 200, 0);
    recording_end(&recording);
    struct analysis *known = known_make();
    assert_false(index_has_extents(known));
    analysis_destroy(known);
}

static int folder_set(void **state)
{
    (void)state;
    return setenv("XDG_CACHE_HOME", recording_path("cache"), 1);
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
        cmocka_unit_test(a_packet_is_told_from_a_part_as_from_the_whole),
        cmocka_unit_test(a_packet_is_told_the_same_where_journeys_have_no_end),
        cmocka_unit_test(an_expression_is_told_from_parts_as_from_the_whole),
        cmocka_unit_test(an_expression_is_told_the_same_where_journeys_have_no_end),
        cmocka_unit_test(a_selective_expression_wants_few_extents),
        cmocka_unit_test(extents_that_depend_on_each_other_are_not_read_alone),
    };
    return cmocka_run_group_tests(tests, folder_set, cleanup);
}
