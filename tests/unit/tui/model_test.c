/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct model *model_make(bool is_recording)
{
    struct model *model = NULL;
    assert_int_equal(model_create(&model, NULL), XSW_OK);
    model->is_recording = is_recording;
    return model;
}

/* Samples a second apart, in which one packet a second came in. */
static void push(struct model *model, uint64_t from, uint64_t count)
{
    for (uint64_t second = from; second < from + count; second++) {
        struct model_sample sample = {.wall_ns = second * 1000000000U};
        sample.stages[1].in = second;
        model_push(model, &sample);
    }
}

static void live_the_oldest_sample_makes_room(void **state)
{
    struct model *model = model_make(false);
    (void)state;
    push(model, 1, MODEL_SAMPLES_MAX + 50);
    assert_int_equal(model->sample_count, MODEL_SAMPLES_MAX);
    assert_int_equal(model_sample(model, 0)->stages[1].in, MODEL_SAMPLES_MAX + 50);
    assert_int_equal(model_sample(model, MODEL_SAMPLES_MAX - 1)->stages[1].in, 51);
    assert_null(model_sample(model, MODEL_SAMPLES_MAX));
    model_destroy(model);
}

static void a_recording_keeps_its_whole_time_in_coarser_steps(void **state)
{
    struct model *model = model_make(true);
    uint64_t step = model->step_ns;
    (void)state;
    push(model, 1, 10 * MODEL_SAMPLES_MAX);
    assert_true(model->sample_count <= MODEL_SAMPLES_MAX);
    assert_true(model->sample_count >= MODEL_SAMPLES_MAX / 2);
    assert_int_equal(model->step_ns, step << model->thinned);
    assert_int_equal(model_sample(model, model->sample_count - 1)->stages[1].in, 1);
    /* In order, and each with what it had counted. */
    for (size_t back = 0; back < model->sample_count; back++) {
        const struct model_sample *sample = model_sample(model, back);
        assert_int_equal(sample->wall_ns, sample->stages[1].in * 1000000000U);
        if (back > 0)
            assert_true(sample->wall_ns < model_sample(model, back - 1)->wall_ns);
    }
    model_destroy(model);
}

static void a_rate_is_counted_over_the_window(void **state)
{
    struct model *model = model_make(false);
    (void)state;
    assert_null(model_before(model, 0, 1));
    push(model, 1, 100);
    assert_int_equal(model_before(model, 0, 1000000000U)->stages[1].in, 99);
    assert_int_equal(model_before(model, 0, 10 * 1000000000ULL)->stages[1].in, 90);
    assert_int_equal(model_before(model, 40, 10 * 1000000000ULL)->stages[1].in, 50);
    assert_int_equal(model_before(model, 0, UINT64_MAX)->stages[1].in, 1);
    model_destroy(model);
}

static void a_pair_of_stage_and_reason_keeps_its_place(void **state)
{
    struct model *model = model_make(false);
    (void)state;
    assert_int_equal(model_drop_place(model, 3, 7), 0);
    assert_int_equal(model_drop_place(model, 7, 3), 1);
    assert_int_equal(model_drop_place(model, 3, 7), 0);
    for (uint16_t reason = 100; model->drop_count < MODEL_DROPS_MAX; reason++)
        (void)model_drop_place(model, 1, reason);
    assert_int_equal(model_drop_place(model, 9, 9), SIZE_MAX);
    assert_int_equal(model->drops_beyond, 1);
    model_destroy(model);
}

static void the_newest_events_are_kept(void **state)
{
    struct model *model = model_make(false);
    (void)state;
    for (unsigned i = 0; i < MODEL_EVENTS_MAX + 10; i++)
        model_event(model, MODEL_NOTE, i, "test", "number %u", i);
    assert_int_equal(model_event_count(model), MODEL_EVENTS_MAX);
    assert_string_equal(model_event_at(model, 0)->text, "number 1033");
    assert_string_equal(model_event_at(model, MODEL_EVENTS_MAX - 1)->text, "number 10");
    model_destroy(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(live_the_oldest_sample_makes_room),
        cmocka_unit_test(a_recording_keeps_its_whole_time_in_coarser_steps),
        cmocka_unit_test(a_rate_is_counted_over_the_window),
        cmocka_unit_test(a_pair_of_stage_and_reason_keeps_its_place),
        cmocka_unit_test(the_newest_events_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
