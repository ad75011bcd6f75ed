/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/packet/packet_view.h"

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

/* Reads the file until the view has settled. */
static struct analysis *look(struct packet_view *view, uint64_t id, const char *path)
{
    struct analysis *analysis = NULL;
    packet_view_init(view, id);
    for (int pass = 0; pass < VIEW_PASSES_MAX; pass++) {
        assert_int_equal(analysis_create(64, &analysis, NULL), XSW_OK);
        analysis_observe(analysis, packet_view_offer, view);
        assert_int_equal(analysis_read(analysis, path, NULL, NULL, NULL), XSW_OK);
        assert_int_equal(analysis_finish(analysis, NULL), XSW_OK);
        if (packet_view_is_settled(view))
            return analysis;
        packet_view_rewind(view);
        analysis_destroy(analysis);
    }
    fail_msg("the view does not settle");
    return NULL;
}

static const struct view_packet *packet_of(const struct packet_view *view, uint64_t id)
{
    for (size_t i = 0; i < view->packets.count; i++)
        if (packet_view_at(view, i)->id == id && packet_view_at(view, i)->step_count != 0)
            return packet_view_at(view, i);
    return NULL;
}

static void every_stage_is_named_once_and_in_order(void **state)
{
    const char *path = recording_path("demo.pcapng");
    struct packet_view view;
    (void)state;
    recording_demo(path, 1);
    struct analysis *analysis = look(&view, 1001, path);
    const struct view_packet *packet = packet_of(&view, 1001);
    assert_non_null(packet);
    assert_int_equal(packet->step_count, STAGE_COUNT - 1);
    for (size_t i = 0; i < packet->step_count; i++) {
        assert_int_equal(packet->steps[i].stage, STAGE_RX + i);
        assert_int_equal(packet->steps[i].since_rx_ns, i * 100);
    }
    assert_int_equal(packet->steps[0].what, VIEW_RECEIVED);
    assert_int_equal(packet->steps[1].what, VIEW_CHANGED);
    assert_int_equal(packet->steps[2].what, VIEW_PASSED);
    /* Rules are those of the port that the packet was at: on ingress the one it came from. */
    assert_int_not_equal(packet->steps[0].port.id, packet->steps[packet->step_count - 1].port.id);
    assert_int_equal(packet->steps[2].port.id, packet->steps[0].port.id);
    assert_int_equal(packet->steps[6].what, VIEW_DELIVERED);
    analysis_destroy(analysis);
    packet_view_fini(&view);
}

static void change_has_old_and_new_bytes_and_fields(void **state)
{
    const char *path = recording_path("demo.pcapng");
    struct packet_view view;
    (void)state;
    recording_demo(path, 1);
    struct analysis *analysis = look(&view, 1001, path);
    const struct view_step *step = &packet_of(&view, 1001)->steps[1];
    assert_int_equal(step->range_count, 2);
    assert_int_equal(step->ranges[0].offset, 15);
    assert_int_equal(step->ranges[0].bytes[0], 0);
    assert_int_equal(step->ranges[0].bytes[1], 46 << 2);
    assert_string_equal(step->fields[0].name, "ip.dsfield.dscp");
    assert_int_equal(step->checksums.network, CHECKSUM_VALID);
    analysis_destroy(analysis);
    packet_view_fini(&view);
}

static void drop_ends_the_journey_with_reason_and_rule(void **state)
{
    const char *path = recording_path("demo.pcapng");
    struct packet_view view;
    (void)state;
    recording_demo(path, 1);
    struct analysis *analysis = look(&view, 1031, path);
    const struct view_packet *packet = packet_of(&view, 1031);
    const struct view_step *step = &packet->steps[packet->step_count - 1];
    assert_int_equal(step->what, VIEW_DROPPED);
    assert_int_equal(step->stage, STAGE_INGRESS_POLICY);
    assert_int_equal(step->reason, REASON_ACL_DENIED);
    assert_int_equal(step->rule, 10);
    assert_true(packet->has_first && packet->has_last);
    analysis_destroy(analysis);
    packet_view_fini(&view);
}

/* 1 → 2 → 3 and 1 → 4, the copies before what they were copied from. */
static void family_make(const char *path)
{
    struct recording recording;
    recording_begin(&recording, path, "5f0c6f0e-0000-4000-8000-000000000001", 1);
    recording_trip(&recording, &(struct trip){.id = 3, .parent = 2, .from = 1, .to = 2});
    recording_trip(&recording, &(struct trip){.id = 2, .parent = 1, .from = 1, .to = 2});
    recording_trip(&recording, &(struct trip){.id = 4, .parent = 1, .from = 1, .to = 3});
    recording_trip(&recording, &(struct trip){.id = 1, .from = 1, .to = 3});
    recording_trip(&recording, &(struct trip){.id = 9, .from = 1, .to = 3});
    recording_end(&recording);
}

static void copies_are_found_wherever_they_stand(void **state)
{
    const char *path = recording_path("family.pcapng");
    struct packet_view view;
    (void)state;
    family_make(path);
    struct analysis *analysis = look(&view, 1, path);
    for (uint64_t id = 1; id <= 4; id++)
        assert_non_null(packet_of(&view, id));
    assert_null(packet_of(&view, 9));
    size_t root = packet_view_next_root(&view, 0);
    assert_int_equal(packet_view_at(&view, root)->id, 1);
    assert_true(packet_view_next_root(&view, root + 1) == SIZE_MAX);
    analysis_destroy(analysis);
    packet_view_fini(&view);
}

static void copy_shows_what_it_was_copied_from(void **state)
{
    const char *path = recording_path("family.pcapng");
    struct packet_view view;
    (void)state;
    family_make(path);
    struct analysis *analysis = look(&view, 3, path);
    assert_non_null(packet_of(&view, 3));
    assert_true(packet_of(&view, 2)->is_ancestor);
    assert_true(packet_of(&view, 1)->is_ancestor);
    assert_null(packet_of(&view, 4));
    analysis_destroy(analysis);
    packet_view_fini(&view);
}

static void unknown_packet_gives_an_empty_view(void **state)
{
    const char *path = recording_path("family.pcapng");
    struct packet_view view;
    (void)state;
    family_make(path);
    struct analysis *analysis = look(&view, 77, path);
    assert_true(packet_view_is_empty(&view));
    analysis_destroy(analysis);
    packet_view_fini(&view);
}

static void endless_records_of_one_packet_are_bounded(void **state)
{
    const char *path = recording_path("endless.pcapng");
    struct recording recording;
    struct packet_view view;
    (void)state;
    recording_begin(&recording, path, "5f0c6f0e-0000-4000-8000-000000000001", 1);
    struct meta_fixed fixed = {.kind = META_PASS, .port = 1, .stage = 1};
    for (int i = 0; i < VIEW_STEPS_MAX + 10; i++)
        recording_raw(&recording, 1, &fixed, NULL, 0);
    recording_end(&recording);
    struct analysis *analysis = look(&view, 1, path);
    assert_int_equal(packet_of(&view, 1)->step_count, VIEW_STEPS_MAX);
    assert_int_equal(packet_of(&view, 1)->steps_beyond, 10);
    analysis_destroy(analysis);
    packet_view_fini(&view);
}

static void parents_in_a_circle_end(void **state)
{
    const char *path = recording_path("circle.pcapng");
    struct recording recording;
    struct packet_view view;
    struct page page = {fopen("/dev/null", "w"), false};
    (void)state;
    recording_begin(&recording, path, "5f0c6f0e-0000-4000-8000-000000000001", 1);
    recording_trip(&recording, &(struct trip){.id = 1, .parent = 2, .from = 1, .to = 2});
    recording_trip(&recording, &(struct trip){.id = 2, .parent = 1, .from = 1, .to = 2});
    recording_trip(&recording, &(struct trip){.id = 3, .parent = 3, .from = 1, .to = 2});
    recording_end(&recording);
    for (uint64_t id = 1; id <= 3; id++) {
        struct analysis *analysis = look(&view, id, path);
        packet_view_text(&page, analysis, &view);
        analysis_destroy(analysis);
        packet_view_fini(&view);
    }
    fclose(page.out);
}

static int folder_remove(void **state)
{
    (void)state;
    recording_cleanup();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_stage_is_named_once_and_in_order),
        cmocka_unit_test(change_has_old_and_new_bytes_and_fields),
        cmocka_unit_test(drop_ends_the_journey_with_reason_and_rule),
        cmocka_unit_test(copies_are_found_wherever_they_stand),
        cmocka_unit_test(copy_shows_what_it_was_copied_from),
        cmocka_unit_test(unknown_packet_gives_an_empty_view),
        cmocka_unit_test(endless_records_of_one_packet_are_bounded),
        cmocka_unit_test(parents_in_a_circle_end),
    };
    return cmocka_run_group_tests(tests, NULL, folder_remove);
}
