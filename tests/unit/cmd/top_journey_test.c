/* SPDX-License-Identifier: Apache-2.0 */
/* One journey on the screen and for programs: with its kin, however large the recording is, with
 * all that was changed, however small the screen is, and with what may be missing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <jansson.h>

#include "formats/json_write.h"
#include "support/recording.h"
#include "support/top_stand.h"

enum { META_SIZE = 1024, RANGES = 20 };

static const char switch_id[] = "5f0c6f0e-0000-4000-8000-000000000001";

/* Kin -------------------------------------------------------------------------------------------
 */

/* The evidence has room for the last eight journeys; packet 1001 was the first. */
static void any_packet_of_a_large_recording_can_be_opened(void **state)
{
    struct stand *stand = stand_open(8, 80, 24);
    (void)state;
    assert_true(top_recording_is_partial(stand->recording));
    assert_null(evidence_find(stand->evidence, 0, 1001));
    app_open_journey(&stand->app, JOURNEY_ANY_SESSION, 1001);
    assert_int_equal(stand->app.page, APP_JOURNEY);
    assert_true(screen_has(stand, "packet 1001"));
    assert_true(screen_has(stand, "delivered to bob"));
    assert_true(screen_has(stand, "ip.dsfield.dscp  0 → 46"));
    key(stand, TUI_KEY_ESCAPE);
    app_open_journey(&stand->app, JOURNEY_ANY_SESSION, 99999);
    assert_int_equal(stand->app.page, APP_TABLE);
    assert_true(screen_has(stand, "packet 99999 is not in the recording"));
    stand_close(stand);
}

/* A filter by its number leaves nothing else in the evidence. */
static void a_packet_of_a_large_recording_comes_with_its_copies_and_its_original(void **state)
{
    static const uint64_t ids[] = {2001, 2002};
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct stand *stand = stand_open(8, 80, 24);
        char expression[40];
        snprintf(expression, sizeof(expression), "packet == %d", (int)ids[i]);
        assert_true(app_filter_set(&stand->app, expression, NULL, 0));
        assert_int_equal(
            top_recording_fill(stand->recording, 0, UINT64_MAX, stand->app.compiled, NULL), XSW_OK);
        assert_int_equal(evidence_count(stand->evidence), 1);
        app_open_journey(&stand->app, 0, ids[i]);
        assert_true(screen_has(stand, "packet 2001 "));
        assert_true(screen_has(stand, "copy: packet 2002 of 2001"));
        assert_true(screen_has(stand, "delivered to alice"));
        stand_close(stand);
    }
}

static void an_original_that_was_not_recorded_is_named(void **state)
{
    struct recording recording;
    char path[128];
    (void)state;
    snprintf(path, sizeof(path), "%s", recording_path("orphan.pcapng"));
    recording_begin(&recording, path, switch_id, 1);
    recording_trip(
        &recording,
        &(struct trip){
            .id = 8, .parent = 7, .from = PORT_CAROL, .to = PORT_BOB, .copy_flags = META_FLOOD});
    recording_end(&recording);
    struct stand *stand = stand_open_file(path, JOURNEYS, 80, 24);
    app_open_journey(&stand->app, 0, 8);
    assert_true(screen_has(stand, "? packet 7, of which it is a copy, is not here"));
    stand_close(stand);
}

static void of_a_sample_it_is_said_that_copies_may_be_missing(void **state)
{
    struct stand *stand = stand_open(JOURNEYS, 80, 24);
    struct model_sample sample = *model_sample(stand->model, 0);
    (void)state;
    stand->model->is_recording = false; /* as if it were live */
    app_open_journey(&stand->app, 0, 1001);
    assert_false(screen_has(stand, "of a sample"));
    key(stand, TUI_KEY_ESCAPE);
    sample.account.sampled = 5;
    model_push(stand->model, &sample);
    app_open_journey(&stand->app, 0, 1001);
    assert_true(screen_has(stand, "? of a sample: copies may have been left out"));
    stand_close(stand);
}

/* Details ---------------------------------------------------------------------------------------
 */

/* A packet of which one stage changes many places, without declaring it. */
static struct stand *stand_of_many_changes(int width, int height)
{
    struct recording recording;
    char path[128];
    uint8_t bytes[META_SIZE];
    struct meta_builder builder;
    const uint8_t pair[2] = {0, 0xee};
    snprintf(path, sizeof(path), "%s", recording_path("many.pcapng"));
    recording_begin(&recording, path, switch_id, 1);
    const struct meta_fixed first = {
        .kind = META_PASS, .flags = META_FIRST, .port = PORT_ALICE, .stage = STAGE_RX};
    meta_build(&builder, bytes, sizeof(bytes), &first);
    size_t fixed_length = builder.length;
    recording_raw(&recording, 5, &first, NULL, 0);
    for (uint16_t i = 0; i < RANGES; i++)
        meta_add_change(&builder,
                        &(struct meta_change){STAGE_REWRITE, (uint16_t)(2 * i + 14), 1, 1, pair});
    recording_raw(&recording, 5,
                  &(struct meta_fixed){.kind = META_CHANGED,
                                       .flags = META_UNDECLARED | META_CHANGES_INCOMPLETE,
                                       .port = PORT_ALICE,
                                       .stage = STAGE_REWRITE},
                  bytes + fixed_length, builder.length - fixed_length);
    recording_raw(&recording, 5,
                  &(struct meta_fixed){
                      .kind = META_PASS, .flags = META_LAST, .port = PORT_BOB, .stage = STAGE_TX},
                  NULL, 0);
    recording_end(&recording);
    struct stand *stand = stand_open_file(path, JOURNEYS, width, height);
    assert_non_null(stand);
    app_open_journey(&stand->app, 0, 5);
    return stand;
}

static void what_has_no_room_is_counted_and_can_be_reached(void **state)
{
    struct stand *stand = stand_of_many_changes(80, 24);
    (void)state;
    assert_true(screen_has(stand, "checksums: IP "));
    assert_true(screen_has(stand, "changed without declaring it"));
    assert_true(screen_has(stand, "more was changed than was kept"));
    assert_true(screen_has(stand, "0x000e"));
    assert_false(screen_has(stand, "0x0034"));
    size_t hidden = stand->app.journey.detail_hidden;
    char sign[40];
    snprintf(sign, sizeof(sign), " %zu more\n", hidden);
    assert_in_range(hidden, 1, RANGES - 5);
    assert_true(screen_has(stand, sign));
    for (size_t i = 0; i < RANGES; i++)
        key(stand, TUI_KEY_RIGHT);
    assert_true(screen_has(stand, "0x0034"));
    assert_false(screen_has(stand, " more\n"));
    assert_false(screen_has(stand, "0x000e"));
    assert_int_equal(stand->app.journey.detail_top, hidden); /* no further than its end */
    for (size_t i = 0; i < RANGES; i++)
        key(stand, TUI_KEY_LEFT);
    assert_true(screen_has(stand, "0x000e"));
    key(stand, TUI_KEY_RIGHT);
    key(stand, 'k'); /* another step begins at its beginning */
    assert_int_equal(stand->app.journey.detail_top, 0);
    stand_close(stand);
}

static void room_that_the_steps_leave_is_for_the_details(void **state)
{
    struct stand *stand = stand_of_many_changes(80, 40);
    (void)state;
    assert_true(screen_has(stand, "0x000e"));
    assert_true(screen_has(stand, "0x0034"));
    assert_int_equal(stand->app.journey.detail_hidden, 0);
    stand_close(stand);
}

static void a_broken_checksum_is_the_first_line(void **state)
{
    struct recording recording;
    char path[128];
    (void)state;
    snprintf(path, sizeof(path), "%s", recording_path("broken.pcapng"));
    recording_begin(&recording, path, switch_id, 1);
    recording_trip(
        &recording,
        &(struct trip){
            .id = 8, .from = PORT_ALICE, .to = PORT_BOB, .dscp = 8, .keeps_checksum = true});
    recording_end(&recording);
    struct stand *stand = stand_open_file(path, JOURNEYS, 80, 24);
    app_open_journey(&stand->app, 0, 8);
    assert_true(screen_has(stand, "0x000f  00          → 20                    checksums: IP "
                                  "invalid"));
    stand_close(stand);
}

/* For programs ----------------------------------------------------------------------------------
 */

static json_t *written(struct stand *stand, bool is_comparison)
{
    struct json_writer json;
    struct text text = {0};
    json_init_text(&json, &text);
    json_object_open(&json, NULL);
    if (is_comparison)
        compare_page_write_json(&stand->app.compare, stand->model, &json);
    else
        journey_page_write_json(&stand->app.journey, stand->model, &json);
    json_object_close(&json);
    assert_int_equal(json_finish(&json, NULL), XSW_OK);
    json_t *root = json_loads(text_string(&text), JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    text_fini(&text);
    return root;
}

static const json_t *step_of(const json_t *root, const char *what)
{
    const json_t *packet = json_array_get(json_object_get(root, "packets"), 0);
    const json_t *steps = json_object_get(packet, "steps");
    for (size_t i = 0; i < json_array_size(steps); i++) {
        const json_t *step = json_array_get(steps, i);
        if (strcmp(json_string_value(json_object_get(step, "what")), what) == 0)
            return step;
    }
    fail_msg("no step is %s", what);
    return NULL;
}

static void text_is(const json_t *object, const char *name, const char *value)
{
    assert_non_null(json_object_get(object, name));
    assert_string_equal(json_string_value(json_object_get(object, name)), value);
}

static void programs_get_what_was_changed_and_how(void **state)
{
    struct stand *stand = stand_of_many_changes(80, 24);
    (void)state;
    json_t *root = written(stand, false);
    const json_t *step = step_of(root, "changed");
    assert_true(json_is_true(json_object_get(step, "undeclared")));
    assert_true(json_is_true(json_object_get(step, "incomplete")));
    text_is(step, "network_checksum", "absent");
    text_is(step, "transport_checksum", "absent");
    const json_t *ranges = json_object_get(step, "ranges");
    assert_int_equal(json_array_size(ranges), RANGES);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(ranges, 1), "offset")), 16);
    text_is(json_array_get(ranges, 1), "old", "00");
    text_is(json_array_get(ranges, 1), "new", "ee");
    assert_true(json_is_false(json_object_get(root, "gap_before")));
    assert_int_equal(strlen(json_string_value(json_object_get(root, "frame"))), 120);
    json_decref(root);
    stand_close(stand);
}

static void programs_get_the_rule_with_its_text_and_what_the_reason_means(void **state)
{
    struct stand *stand = stand_open(JOURNEYS, 80, 24);
    (void)state;
    app_open_journey(&stand->app, 0, 1031);
    json_t *root = written(stand, false);
    const json_t *step = step_of(root, "dropped");
    text_is(step, "reason", "acl-denied");
    text_is(step, "meaning", "a rule of the port denies it");
    text_is(step, "rule_text", "deny in udp dst port 23");
    assert_int_equal(json_integer_value(json_object_get(step, "rule")), 10);
    json_decref(root);
    stand_close(stand);
}

static void programs_get_a_comparison(void **state)
{
    struct stand *stand = stand_open(JOURNEYS, 80, 24);
    (void)state;
    const uint64_t sessions[2] = {0, 0};
    const uint64_t ids[2] = {1001, 1031};
    assert_int_equal(
        compare_page_open(&stand->app.compare, stand->model, stand->evidence, sessions, ids, NULL),
        XSW_OK);
    json_t *root = written(stand, true);
    text_is(root, "screen", "compare");
    const json_t *ways = json_object_get(root, "ways");
    assert_int_equal(json_array_size(ways), 7);
    const json_t *policy = json_array_get(ways, 2);
    text_is(policy, "stage", "ingress-policy");
    assert_true(json_is_true(json_object_get(policy, "differs")));
    const json_t *sides = json_object_get(policy, "sides");
    assert_string_equal(json_string_value(json_array_get(sides, 0)), "passed");
    assert_string_equal(json_string_value(json_array_get(sides, 1)), "DROPPED acl-denied at alice");
    assert_true(json_is_null(json_array_get(json_object_get(json_array_get(ways, 6), "sides"), 1)));
    assert_true(json_is_false(json_object_get(json_array_get(ways, 0), "differs")));
    text_is(json_array_get(json_object_get(root, "fields"), 0), "second", "23");
    assert_int_equal(json_array_size(json_object_get(root, "journeys")), 2);
    assert_int_equal(json_integer_value(json_object_get(root, "apart_ns")), 30018000);
    json_decref(root);
    stand_close(stand);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_packet_of_a_large_recording_can_be_opened),
        cmocka_unit_test(a_packet_of_a_large_recording_comes_with_its_copies_and_its_original),
        cmocka_unit_test(an_original_that_was_not_recorded_is_named),
        cmocka_unit_test(of_a_sample_it_is_said_that_copies_may_be_missing),
        cmocka_unit_test(what_has_no_room_is_counted_and_can_be_reached),
        cmocka_unit_test(room_that_the_steps_leave_is_for_the_details),
        cmocka_unit_test(a_broken_checksum_is_the_first_line),
        cmocka_unit_test(programs_get_what_was_changed_and_how),
        cmocka_unit_test(programs_get_the_rule_with_its_text_and_what_the_reason_means),
        cmocka_unit_test(programs_get_a_comparison),
    };
    setenv("TZ", "UTC", 1);
    tzset();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    recording_cleanup();
    return failed;
}
