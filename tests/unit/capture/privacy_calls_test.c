/* SPDX-License-Identifier: Apache-2.0 */
/* What runs on a worker for every packet asks nobody for anything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "capture/privacy/privacy.h"
#include "formats/pcapng/stage_meta.h"
#include "support/forbidden_calls.h"
#include "unit/packet/frames.h"

static void frames_are_treated_without_memory_locks_or_clocks(void **state)
{
    static struct frame frame;
    uint64_t dice = 3;
    struct privacy *privacy = NULL;
    struct privacy_options options = {.pseudonyms = 1};
    (void)state;
    assert_int_equal(privacy_create(&options, 1, &privacy, NULL), XSW_OK);
    for (unsigned i = 0; i < 2000; i++) {
        uint8_t notes[64];
        struct meta_builder builder = {.bytes = notes, .size = sizeof(notes)};
        struct privacy_frame out;
        frame_make_random(&frame, &dice);
        /* New addresses each time, so that no cache has them. */
        for (unsigned at = 0; at < 8; at++) {
            frame.bytes[frame.network + 12 + at] = (uint8_t)frame_random(&dice);
        }
        meta_add_change(&builder, &(struct meta_change){.stage = 9,
                                                        .offset = 20,
                                                        .old_length = 2,
                                                        .new_length = 2,
                                                        .bytes = (const uint8_t *)"abcd"});
        struct privacy_frame in = {.bytes = frame.bytes,
                                   .length = (uint32_t)frame.length,
                                   .captured_length = (uint32_t)frame.length,
                                   .rx_length = (uint32_t)frame.length,
                                   .notes = i % 2 != 0 ? notes : NULL,
                                   .notes_length = i % 2 != 0 ? (uint32_t)builder.length : 0};
        forbidden_calls_begin();
        privacy_apply(privacy, 0, &in, &out);
        struct forbidden_calls calls = forbidden_calls_end();
        assert_int_equal(calls.allocations + calls.frees + calls.maps + calls.locks + calls.clocks +
                             calls.sleeps,
                         0);
    }
    privacy_destroy(privacy);
}

/* A count that never counts would prove nothing. */
static void the_calls_are_counted(void **state)
{
    struct privacy *privacy = NULL;
    struct privacy_options options = {.pseudonyms = 1};
    (void)state;
    forbidden_calls_begin();
    enum xsw_status status = privacy_create(&options, 1, &privacy, NULL);
    struct forbidden_calls calls = forbidden_calls_end();
    assert_int_equal(status, XSW_OK);
    assert_true(calls.allocations >= 2);
    privacy_destroy(privacy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_are_treated_without_memory_locks_or_clocks),
        cmocka_unit_test(the_calls_are_counted),
    };
    return cmocka_run_group_tests_name("privacy_calls", tests, NULL, NULL);
}
