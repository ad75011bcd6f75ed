/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "switch/path/byte_diff.h"
#include "unit/packet/frames.h"

enum { SIZE = 8192 };

/* What is left of `old_bytes` when the changes have been applied, as a reader of a file does it. */
struct patched {
    uint8_t bytes[SIZE];
    uint32_t length;
    unsigned changes;
};

static void patch(struct patched *patched, const struct byte_change *change)
{
    assert_true(change->offset + change->old_length <= patched->length);
    assert_memory_equal(patched->bytes + change->offset, change->old_bytes, change->old_length);
    uint32_t rest = patched->length - change->offset - change->old_length;
    memmove(patched->bytes + change->offset + change->new_length,
            patched->bytes + change->offset + change->old_length, rest);
    memcpy(patched->bytes + change->offset, change->new_bytes, change->new_length);
    patched->length += change->new_length - (uint32_t)change->old_length;
    patched->changes++;
}

static void diff_apply(struct patched *patched, const uint8_t *old_bytes, uint32_t old_length,
                       const uint8_t *new_bytes, uint32_t new_length)
{
    memcpy(patched->bytes, old_bytes, old_length);
    patched->length = old_length;
    patched->changes = 0;
    struct byte_diff diff;
    struct byte_change change;
    byte_diff_begin(&diff, old_bytes, old_length, old_length, new_bytes, new_length);
    while (byte_diff_next(&diff, &change)) {
        patch(patched, &change);
        assert_true(patched->changes < SIZE);
    }
}

static void equal_frames_have_no_change(void **state)
{
    (void)state;
    static const uint8_t bytes[64] = {1, 2, 3};
    struct patched patched;
    diff_apply(&patched, bytes, 64, bytes, 64);
    assert_int_equal(patched.changes, 0);
}

static void one_byte_is_one_change_of_one_byte(void **state)
{
    (void)state;
    uint8_t old_bytes[64] = {0};
    uint8_t new_bytes[64] = {0};
    for (unsigned at = 0; at < 64; at++) {
        new_bytes[at] = 1;
        struct byte_diff diff;
        struct byte_change change;
        byte_diff_begin(&diff, old_bytes, 64, 64, new_bytes, 64);
        assert_true(byte_diff_next(&diff, &change));
        assert_int_equal(change.offset, at);
        assert_int_equal(change.old_length, 1);
        assert_int_equal(change.new_length, 1);
        assert_false(byte_diff_next(&diff, &change));
        new_bytes[at] = 0;
    }
}

static void places_far_apart_are_changes_of_their_own(void **state)
{
    (void)state;
    uint8_t old_bytes[64] = {0};
    uint8_t new_bytes[64] = {0};
    new_bytes[3] = new_bytes[40] = 1;
    struct patched patched;
    diff_apply(&patched, old_bytes, 64, new_bytes, 64);
    assert_int_equal(patched.changes, 2);
}

static void an_inserted_tag_is_one_change_without_old_bytes(void **state)
{
    (void)state;
    uint8_t old_bytes[60];
    uint8_t new_bytes[64];
    for (unsigned i = 0; i < 60; i++) {
        old_bytes[i] = (uint8_t)(100 + i);
    }
    memcpy(new_bytes, old_bytes, 12);
    memcpy(new_bytes + 12, "\x81\x00\x00\x05", 4);
    memcpy(new_bytes + 16, old_bytes + 12, 48);
    struct byte_diff diff;
    struct byte_change change;
    byte_diff_begin(&diff, old_bytes, 60, 60, new_bytes, 64);
    assert_true(byte_diff_next(&diff, &change));
    assert_int_equal(change.offset, 12);
    assert_int_equal(change.old_length, 0);
    assert_int_equal(change.new_length, 4);
    assert_memory_equal(change.new_bytes, "\x81\x00\x00\x05", 4);
    assert_false(byte_diff_next(&diff, &change));
    byte_diff_begin(&diff, new_bytes, 64, 64, old_bytes, 60);
    assert_true(byte_diff_next(&diff, &change));
    assert_int_equal(change.offset, 12);
    assert_int_equal(change.old_length, 4);
    assert_int_equal(change.new_length, 0);
    assert_false(byte_diff_next(&diff, &change));
}

static void only_kept_bytes_are_compared(void **state)
{
    (void)state;
    uint8_t old_bytes[64] = {0};
    uint8_t new_bytes[64] = {0};
    new_bytes[20] = new_bytes[40] = 1;
    struct byte_diff diff;
    struct byte_change change;
    byte_diff_begin(&diff, old_bytes, 64, 32, new_bytes, 64);
    assert_true(byte_diff_next(&diff, &change));
    assert_int_equal(change.offset, 20);
    assert_false(byte_diff_next(&diff, &change));
}

static void places_that_cannot_be_known_are_marked(void **state)
{
    (void)state;
    static uint8_t old_bytes[66000], new_bytes[66000];
    struct byte_diff diff;
    byte_diff_begin(&diff, old_bytes, 64, 32, new_bytes, 68);
    assert_true(diff.is_cut);
    byte_diff_begin(&diff, old_bytes, 64, 64, new_bytes, 68);
    assert_false(diff.is_cut);
    byte_diff_begin(&diff, old_bytes, 64, 32, new_bytes, 64);
    assert_false(diff.is_cut);
    byte_diff_begin(&diff, old_bytes, 66000, 66000, new_bytes, 66000);
    assert_false(diff.is_cut);
    new_bytes[65700] = 1; /* farther than the offset of a change can say */
    byte_diff_begin(&diff, old_bytes, 66000, 66000, new_bytes, 66000);
    assert_true(diff.is_cut);
}

static uint32_t edit(uint8_t *bytes, uint32_t length, uint64_t *random)
{
    uint32_t at = (uint32_t)(frame_random(random) % (length + 1));
    uint32_t count = (uint32_t)(frame_random(random) % 300);
    uint32_t rest = length - at;
    switch (frame_random(random) % 3) {
    case 0: /* overwrite */
        for (uint32_t i = 0; i < count && i < rest; i++) {
            bytes[at + i] ^= (uint8_t)(frame_random(random) % 3);
        }
        return length;
    case 1: /* insert */
        memmove(bytes + at + count, bytes + at, rest);
        memset(bytes + at, (int)(frame_random(random) % 256), count);
        return length + count;
    default: /* take out */
        count = count < rest ? count : rest;
        memmove(bytes + at, bytes + at + count, rest - count);
        return length - count;
    }
}

static void the_changes_always_make_the_new_frame_of_the_old_one(void **state)
{
    (void)state;
    uint64_t random = 42;
    static uint8_t old_bytes[SIZE], new_bytes[SIZE];
    static struct patched patched;
    for (unsigned round = 0; round < 5000; round++) {
        uint32_t old_length = (uint32_t)(frame_random(&random) % 2000);
        for (uint32_t i = 0; i < old_length; i++) {
            old_bytes[i] = (uint8_t)(frame_random(&random) % 4);
        }
        memcpy(new_bytes, old_bytes, old_length);
        uint32_t new_length = old_length;
        for (uint64_t edits = frame_random(&random) % 4; edits > 0; edits--) {
            new_length = edit(new_bytes, new_length, &random);
        }
        diff_apply(&patched, old_bytes, old_length, new_bytes, new_length);
        assert_int_equal(patched.length, new_length);
        assert_memory_equal(patched.bytes, new_bytes, new_length);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_frames_have_no_change),
        cmocka_unit_test(one_byte_is_one_change_of_one_byte),
        cmocka_unit_test(places_far_apart_are_changes_of_their_own),
        cmocka_unit_test(an_inserted_tag_is_one_change_without_old_bytes),
        cmocka_unit_test(only_kept_bytes_are_compared),
        cmocka_unit_test(places_that_cannot_be_known_are_marked),
        cmocka_unit_test(the_changes_always_make_the_new_frame_of_the_old_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
