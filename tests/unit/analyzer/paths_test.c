/* SPDX-License-Identifier: Apache-2.0 */
/* Path classes of recordings, and what is new against a baseline. */
#include "analyzer/books/paths.h"

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

static char *text_of(const struct analysis *analysis, size_t place)
{
    const struct analysis_switch *of = analysis->switches[0];
    const struct path_key *key = table_key(&of->paths.rows, place);
    struct text text = {0};
    text_format(&text, "%s: ", path_origin_name(key->origin));
    path_stages_text(&text, &of->dictionary, key);
    text_append_string(&text, ", ");
    path_end_text(&text, &of->dictionary, key);
    text_append_string(&text, "; ");
    path_fields_text(&text, &of->changes, key);
    return text_take(&text);
}

static void journeys_of_one_way_one_end_and_one_change_are_one_class(void **state)
{
    static const struct {
        uint64_t packets;
        const char *text;
    } expected[] = {
        {20,
         "received: rx > ingress-filter.rewrite CHANGED > ingress-policy > forward > "
         "egress-policy > egress-filter.flowfilter > tx, delivered; ip.dsfield.dscp, ip.checksum"},
        {11, "received: rx > ingress-filter.rewrite > ingress-policy > forward > egress-policy > "
             "egress-filter.flowfilter > tx, delivered; "},
        {5, "received: rx > ingress-filter.rewrite > ingress-policy, DROPPED acl-denied; "},
        {3, "received: rx > ingress-filter.rewrite > ingress-policy, DROPPED mac-spoofed; "},
        {2, "received: rx > ingress-filter.rewrite > ingress-policy > forward > egress-policy > "
            "egress-filter.flowfilter, DROPPED flow-denied; "},
        {1, "flood: forward > egress-policy > egress-filter.flowfilter > tx, delivered; "},
    };
    (void)state;
    recording_demo("demo.pcapng", 1);
    struct analysis *analysis = analyze("demo.pcapng");
    const struct paths *paths = &analysis->switches[0]->paths;
    size_t *places = paths_sorted(paths);
    assert_int_equal(paths->rows.count, sizeof(expected) / sizeof(expected[0]));
    for (size_t i = 0; i < paths->rows.count; i++) {
        const struct path *path = table_value(&paths->rows, places[i]);
        char *text = text_of(analysis, places[i]);
        assert_string_equal(text, expected[i].text);
        assert_int_equal(path->packets, expected[i].packets);
        free(text);
    }
    const struct path *first = table_value(&paths->rows, places[0]);
    assert_int_equal(first->examples[0], 1001);
    assert_int_equal(first->examples[PATH_EXAMPLES - 1], 1004);
    free(places);
    analysis_destroy(analysis);
}

static bool compare(struct analysis *here, const struct analysis *baseline)
{
    struct analysis_switch *mine = here->switches[0];
    struct analysis_switch *theirs = baseline->switches[0];
    struct paths_names names = {&mine->paths, &mine->changes, &mine->dictionary};
    struct paths_names other = {&theirs->paths, &theirs->changes, &theirs->dictionary};
    return paths_compare(&names, &other);
}

static size_t count_new(const struct analysis *analysis)
{
    size_t count = 0;
    for (size_t i = 0; i < analysis->switches[0]->paths.rows.count; i++)
        count += ((const struct path *)table_value(&analysis->switches[0]->paths.rows, i))->is_new;
    return count;
}

static void what_the_baseline_does_not_have_is_new_and_what_is_missing_is_gone(void **state)
{
    struct recording recording;
    (void)state;
    recording_demo("demo.pcapng", 1);
    recording_begin(&recording, "good.pcapng", switch_id, 2);
    recording_trip(&recording, &(struct trip){.id = 1, .from = PORT_ALICE, .to = PORT_BOB});
    recording_trip(&recording,
                   &(struct trip){.id = 2, .from = PORT_ALICE, .to = PORT_BOB, .dscp = 46});
    recording_end(&recording);
    struct analysis *demo = analyze("demo.pcapng");
    struct analysis *good = analyze("good.pcapng");
    assert_true(compare(demo, good));
    assert_int_equal(count_new(demo), 4);
    assert_int_equal(demo->switches[0]->paths.gone, 0);
    assert_true(compare(good, demo));
    assert_int_equal(count_new(good), 0);
    assert_int_equal(good->switches[0]->paths.gone, 4);
    assert_int_equal(good->switches[0]->paths.gone_packets, 5);
    assert_non_null(strstr(good->switches[0]->paths.gone_text, "DROPPED acl-denied"));
    analysis_destroy(demo);
    analysis_destroy(good);
}

static void a_class_that_one_of_several_baselines_has_is_not_new(void **state)
{
    struct recording recording;
    (void)state;
    recording_demo("demo.pcapng", 1);
    recording_begin(&recording, "one.pcapng", switch_id, 2);
    recording_trip(&recording, &(struct trip){.id = 1, .from = PORT_ALICE, .to = PORT_BOB});
    recording_end(&recording);
    struct analysis *here = analyze("demo.pcapng");
    struct analysis *same = analyze("demo.pcapng");
    struct analysis *one = analyze("one.pcapng");
    assert_true(compare(here, one));
    assert_int_equal(count_new(here), 5);
    assert_true(compare(here, same));
    assert_int_equal(count_new(here), 0);
    assert_true(compare(here, one));
    assert_int_equal(count_new(here), 0);
    analysis_destroy(here);
    analysis_destroy(same);
    analysis_destroy(one);
}

static void a_journey_without_an_end_is_a_class_of_its_own(void **state)
{
    struct recording recording;
    (void)state;
    recording_begin(&recording, "open.pcapng", switch_id, 1);
    recording_trip(
        &recording,
        &(struct trip){.id = 1, .from = PORT_ALICE, .to = PORT_BOB, .without_last = true});
    recording_end(&recording);
    struct analysis *analysis = analyze("open.pcapng");
    char *text = text_of(analysis, 0);
    assert_non_null(strstr(text, "end not recorded"));
    free(text);
    analysis_destroy(analysis);
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
        cmocka_unit_test(journeys_of_one_way_one_end_and_one_change_are_one_class),
        cmocka_unit_test(what_the_baseline_does_not_have_is_new_and_what_is_missing_is_gone),
        cmocka_unit_test(a_class_that_one_of_several_baselines_has_is_not_new),
        cmocka_unit_test(a_journey_without_an_end_is_a_class_of_its_own),
    };
    return cmocka_run_group_tests(tests, enter, cleanup);
}
