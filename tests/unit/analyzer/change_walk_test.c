/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/journey/change_walk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct seen {
    uint16_t stages[4];
    uint8_t before[4][64], after[4][64];
    size_t before_length[4], after_length[4], before_wire[4];
    size_t count;
};

static void see(const struct change_step *step, void *context)
{
    struct seen *seen = context;
    size_t i = seen->count++;
    assert_true(i < 4);
    seen->stages[i] = step->stage;
    seen->before_length[i] = step->before.length;
    seen->after_length[i] = step->after.length;
    seen->before_wire[i] = step->before.wire_length;
    memcpy(seen->before[i], step->before.bytes, step->before.length);
    memcpy(seen->after[i], step->after.bytes, step->after.length);
}

static bool walk(const struct meta_change *changes, size_t count, const char *bytes,
                 uint32_t wire_length, struct seen *seen)
{
    uint8_t option[65536];
    struct meta_builder builder;
    struct meta_fixed fixed = {.kind = META_CHANGED};
    struct change_walk memory = {0};
    struct record record = {.bytes = (const uint8_t *)bytes,
                            .captured_length = (uint32_t)strlen(bytes),
                            .original_length = wire_length};
    meta_build(&builder, option, sizeof(option), &fixed);
    for (size_t i = 0; i < count; i++)
        meta_add_change(&builder, &changes[i]);
    assert_false(builder.overflow);
    assert_int_equal(meta_read(&record.items, option, builder.length, NULL), XSW_OK);
    bool is_whole = change_walk(&memory, &record, see, seen);
    change_walk_fini(&memory);
    return is_whole;
}

static void old_bytes_are_put_back(void **state)
{
    struct meta_change change = {.stage = 2,
                                 .offset = 1,
                                 .old_length = 2,
                                 .new_length = 2,
                                 .bytes = (const uint8_t *)"bcXY"};
    struct seen seen = {0};
    (void)state;
    assert_true(walk(&change, 1, "aXYd", 4, &seen));
    assert_int_equal(seen.count, 1);
    assert_memory_equal(seen.before[0], "abcd", 4);
    assert_memory_equal(seen.after[0], "aXYd", 4);
}

static void insertion_and_removal_move_the_rest(void **state)
{
    struct meta_change insertion = {
        .stage = 2, .offset = 1, .new_length = 2, .bytes = (const uint8_t *)"XY"};
    struct meta_change removal = {
        .stage = 2, .offset = 1, .old_length = 2, .bytes = (const uint8_t *)"bc"};
    struct seen seen = {0};
    (void)state;
    assert_true(walk(&insertion, 1, "aXYd", 10, &seen));
    assert_int_equal(seen.before_length[0], 2);
    assert_int_equal(seen.before_wire[0], 8);
    assert_memory_equal(seen.before[0], "ad", 2);
    assert_true(walk(&removal, 1, "ad", 2, &seen));
    assert_int_equal(seen.before_length[1], 4);
    assert_memory_equal(seen.before[1], "abcd", 4);
}

static void stages_are_undone_from_the_last_to_the_first(void **state)
{
    struct meta_change changes[] = {
        {.stage = 2, .offset = 0, .old_length = 1, .new_length = 1, .bytes = (const uint8_t *)"ab"},
        {.stage = 3,
         .offset = 0,
         .old_length = 1,
         .new_length = 1,
         .bytes = (const uint8_t *)"bc"}};
    struct seen seen = {0};
    (void)state;
    assert_true(walk(changes, 2, "c", 1, &seen));
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.stages[0], 3);
    assert_memory_equal(seen.before[0], "b", 1);
    assert_int_equal(seen.stages[1], 2);
    assert_memory_equal(seen.before[1], "a", 1);
    assert_memory_equal(seen.after[1], "b", 1);
}

static void ranges_behind_the_kept_bytes_touch_nothing(void **state)
{
    struct meta_change changes[] = {{.stage = 2,
                                     .offset = 3,
                                     .old_length = 2,
                                     .new_length = 4,
                                     .bytes = (const uint8_t *)"xyABCD"},
                                    {.stage = 2,
                                     .offset = 60000,
                                     .old_length = 1,
                                     .new_length = 1,
                                     .bytes = (const uint8_t *)"ab"}};
    struct seen seen = {0};
    (void)state;
    assert_true(walk(changes, 2, "abcA", 4, &seen));
    assert_memory_equal(seen.before[0], "abcxy", 5);
    assert_int_equal(seen.before_length[0], 5);
}

static void ranges_beyond_the_limit_are_told(void **state)
{
    struct meta_change changes[CHANGE_RANGES_MAX + 1];
    struct seen seen = {0};
    (void)state;
    for (size_t i = 0; i <= CHANGE_RANGES_MAX; i++)
        changes[i] = (struct meta_change){.stage = 2,
                                          .offset = 0,
                                          .old_length = 1,
                                          .new_length = 1,
                                          .bytes = (const uint8_t *)"aa"};
    assert_false(walk(changes, CHANGE_RANGES_MAX + 1, "a", 1, &seen));
    assert_int_equal(seen.count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(old_bytes_are_put_back),
        cmocka_unit_test(insertion_and_removal_move_the_rest),
        cmocka_unit_test(stages_are_undone_from_the_last_to_the_first),
        cmocka_unit_test(ranges_behind_the_kept_bytes_touch_nothing),
        cmocka_unit_test(ranges_beyond_the_limit_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
