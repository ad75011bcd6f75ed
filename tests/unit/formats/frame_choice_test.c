/* SPDX-License-Identifier: Apache-2.0 */
/* How hard a piece is packed: by what is to come, and by what is slow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "formats/file/frame_choice.h"

enum { MEGABYTE = 1000000, SECOND_NS = 1000000000, PACKERS = 2 };

static void the_more_there_is_to_come_the_less_is_packed(void **state)
{
    (void)state;
    struct frame_choice choice = {.packers = PACKERS};
    enum frame_effort before = FRAME_SMALL;
    for (unsigned percent = 0; percent <= 100; percent++) {
        frame_choice_press(&choice, percent);
        enum frame_effort effort = frame_choice_make(&choice, 0);
        assert_true(effort == before || effort == before + 1);
        before = effort;
        assert_true(percent < 25 || effort == FRAME_STORED);
    }
    frame_choice_press(&choice, 0);
    assert_int_equal(frame_choice_make(&choice, 100), FRAME_SMALL);
}

static void who_does_not_know_what_is_to_come_goes_by_what_waits(void **state)
{
    (void)state;
    struct frame_choice choice = {.packers = PACKERS};
    assert_int_equal(frame_choice_make(&choice, 0), FRAME_SMALL);
    assert_int_equal(frame_choice_make(&choice, 1), FRAME_FAST);
    assert_int_equal(frame_choice_make(&choice, PACKERS), FRAME_FASTEST);
}

/* A second of the disk, and one of each packer. */
static enum frame_effort effort_with(uint64_t disk_megabytes, uint64_t fastest_megabytes)
{
    struct frame_choice choice = {.packers = PACKERS};
    frame_choice_press(&choice, 100);
    for (int i = 0; i < 100; i++) {
        frame_choice_packed(&choice, FRAME_FASTEST, fastest_megabytes * MEGABYTE / 100,
                            SECOND_NS / 100);
        frame_choice_packed(&choice, FRAME_STORED, MEGABYTE, 1); /* is about something else */
        frame_choice_written(&choice, disk_megabytes * MEGABYTE / 100, SECOND_NS / 100);
    }
    return frame_choice_make(&choice, 0);
}

static void to_a_disk_that_is_slower_than_packing_nothing_is_stored(void **state)
{
    (void)state;
    assert_int_equal(effort_with(2100, 1000), FRAME_STORED);
    assert_int_equal(effort_with(1900, 1000), FRAME_FASTEST);
    assert_int_equal(effort_with(1, 1000), FRAME_FASTEST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_more_there_is_to_come_the_less_is_packed),
        cmocka_unit_test(who_does_not_know_what_is_to_come_goes_by_what_waits),
        cmocka_unit_test(to_a_disk_that_is_slower_than_packing_nothing_is_stored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
