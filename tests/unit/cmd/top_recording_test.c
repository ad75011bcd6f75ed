/* SPDX-License-Identifier: Apache-2.0 */
/* What the viewer makes of recordings: sums, losses, damage, and what programs get of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <jansson.h>

#include "support/recording.h"
#include "support/top_stand.h"
#include "tui/screens/screen_json.h"

/* More than there is room for -------------------------------------------------------------------
 */

static void what_does_not_fit_is_read_again_for_the_filter(void **state)
{
    struct stand *stand = stand_open(8, 80, 24);
    (void)state;
    assert_true(top_recording_is_partial(stand->recording));
    assert_int_equal(evidence_count(stand->evidence), 8);
    assert_null(evidence_find(stand->evidence, 0, 1031));
    assert_true(app_filter_set(&stand->app, "reason == acl-denied", NULL, 0));
    assert_int_equal(top_recording_fill(stand->recording, 0, UINT64_MAX, stand->app.compiled, NULL),
                     XSW_OK);
    frame(stand);
    assert_int_equal(stand->app.derived->shown_count, 5);
    assert_non_null(evidence_find(stand->evidence, 0, 1031));
    /* Counters are those of the whole recording all the same. */
    assert_int_equal(model_sample(stand->model, 0)->stages[STAGE_RX].in, 41);
    stand_close(stand);
}

static void the_samples_add_up_to_what_was_recorded(void **state)
{
    struct stand *stand = stand_open(JOURNEYS, 80, 24);
    const struct model_sample *end = model_sample(stand->model, 0);
    uint64_t dropped = 0;
    (void)state;
    for (size_t i = 0; i < stand->model->drop_count; i++)
        dropped += end->drops[i];
    assert_int_equal(dropped, 10);
    assert_int_equal(end->stages[STAGE_RX].in, 41);
    assert_int_equal(end->stages[STAGE_REWRITE].changed, 20);
    assert_int_equal(end->stages[STAGE_FORWARD].made, 1);
    assert_int_equal(end->stages[STAGE_TX].out, 32);
    assert_int_equal(end->account.offered, end->account.written);
    for (int id = 0; id < MODEL_STAGES_MAX; id++) {
        const struct model_stage *stage = &end->stages[id];
        assert_int_equal(stage->in + stage->made, stage->out + stage->dropped + stage->replaced);
    }
    stand_close(stand);
}

static void lost_records_are_always_on_the_screen(void **state)
{
    static const char switch_id[] = "5f0c6f0e-0000-4000-8000-000000000001";
    struct stand *stand = calloc(1, sizeof(*stand));
    struct recording recording;
    (void)state;
    snprintf(stand->path, sizeof(stand->path), "%s", recording_path("lost.pcapng"));
    stand->paths[0] = stand->path;
    recording_begin(&recording, stand->path, switch_id, 1);
    recording_demo_trips(&recording);
    recording.offered += 12;
    recording.lost_ring_full = 12;
    recording.gap = (struct meta_gap){1042000000, 1043500000, 12, 0, META_LOSS_RING_FULL};
    recording_trip(&recording, &(struct trip){.id = 3000, .from = PORT_ALICE, .to = PORT_BOB});
    recording_end(&recording);
    assert_int_equal(model_create(&stand->model, NULL), XSW_OK);
    assert_int_equal(evidence_create(JOURNEYS, EVIDENCE_BYTES, &stand->evidence, NULL), XSW_OK);
    assert_int_equal(
        top_recording_open(stand->paths, 1, stand->model, stand->evidence, &stand->recording, NULL),
        XSW_OK);
    assert_int_equal(app_init(&stand->app, stand->model, stand->evidence, JOURNEYS, NULL), XSW_OK);
    assert_int_equal(grid_resize(&stand->grid, 80, 24, NULL), XSW_OK);
    for (int i = 0; i < SCREEN_COUNT; i++) {
        app_go(&stand->app, (enum screen_id)i);
        assert_true(screen_has(stand, "recorded 55 = kept 43 + left out 0 + LOST 12; proof: "));
    }
    app_go(&stand->app, SCREEN_JOURNEYS);
    assert_true(screen_has(stand, "   3000 alice   bob     delivered     ?"));
    app_open_journey(&stand->app, 0, 3000);
    assert_true(screen_has(stand, "journeys were lost just before this one"));
    stand_close(stand);
}

/* Bytes of a recording that say anything: whatever they are, all screens are drawn. */
static void damaged_recordings_never_harm_the_screens(void **state)
{
    char path[128];
    char *paths[1] = {path};
    static uint8_t bytes[1 << 16];
    uint64_t random = 1;
    unsigned opened = 0;
    (void)state;
    snprintf(path, sizeof(path), "%s", recording_path("whole.pcapng"));
    recording_demo(path, 1);
    FILE *file = fopen(path, "r");
    size_t length = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    snprintf(path, sizeof(path), "%s", recording_path("damaged.pcapng"));
    for (int round = 0; round < 150; round++) {
        struct model *model = NULL;
        struct evidence *evidence = NULL;
        struct top_recording *recording = NULL;
        uint8_t before[4];
        size_t places[4];
        for (int i = 0; i < 4; i++) {
            random = random * 6364136223846793005U + 1442695040888963407U;
            places[i] = (size_t)(random >> 33) % length;
            before[i] = bytes[places[i]];
            bytes[places[i]] = (uint8_t)(random >> 25);
        }
        file = fopen(path, "w");
        assert_int_equal(fwrite(bytes, 1, length, file), length);
        fclose(file);
        for (int i = 3; i >= 0; i--)
            bytes[places[i]] = before[i];
        assert_int_equal(model_create(&model, NULL), XSW_OK);
        assert_int_equal(evidence_create(JOURNEYS, EVIDENCE_BYTES, &evidence, NULL), XSW_OK);
        if (top_recording_open(paths, 1, model, evidence, &recording, NULL) == XSW_OK) {
            struct app app;
            struct grid grid = {0};
            opened++;
            assert_int_equal(app_init(&app, model, evidence, JOURNEYS, NULL), XSW_OK);
            assert_int_equal(grid_resize(&grid, 80, 24, NULL), XSW_OK);
            for (int i = 0; i < SCREEN_COUNT; i++) {
                app_go(&app, (enum screen_id)i);
                app_tick(&app, (uint64_t)(i + 1) * 2000000000U);
                app_draw(&app, &grid);
            }
            app_go(&app, SCREEN_JOURNEYS);
            for (int i = 0; i < 10; i++) {
                app_key(&app, TUI_KEY_ENTER, 0, 0);
                app_draw(&app, &grid);
                app_key(&app, TUI_KEY_ESCAPE, 0, 0);
                app_key(&app, 'j', 0, 0);
            }
            app_fini(&app);
            grid_fini(&grid);
        }
        top_recording_close(recording);
        evidence_destroy(evidence);
        model_destroy(model);
    }
    assert_true(opened > 50); /* most damage is to single packets */
}

static void programs_get_the_cells_that_people_see(void **state)
{
    struct stand *stand = stand_open(JOURNEYS, 80, 24);
    (void)state;
    frame(stand);
    for (int i = 0; i < SCREEN_COUNT; i++) {
        const struct screen *screen = screen_get((enum screen_id)i);
        struct scene scene = app_scene(&stand->app);
        struct json_writer json;
        struct text text = {0};
        json_init_text(&json, &text);
        json_object_open(&json, NULL);
        screen_write_json(&json, screen, &scene, "");
        json_object_close(&json);
        assert_int_equal(json_finish(&json, NULL), XSW_OK);
        json_t *root = json_loads(text_string(&text), JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(root);
        const json_t *rows = json_object_get(root, "rows");
        assert_int_equal(json_array_size(rows), screen->rows(&scene));
        for (size_t column = 0; column < screen->column_count && json_array_size(rows) > 0;
             column++)
            assert_non_null(json_object_get(json_array_get(rows, 0), screen->columns[column].name));
        json_decref(root);
        text_fini(&text);
    }
    stand_close(stand);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_does_not_fit_is_read_again_for_the_filter),
        cmocka_unit_test(the_samples_add_up_to_what_was_recorded),
        cmocka_unit_test(lost_records_are_always_on_the_screen),
        cmocka_unit_test(damaged_recordings_never_harm_the_screens),
        cmocka_unit_test(programs_get_the_cells_that_people_see),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    recording_cleanup();
    return failed;
}
