/* SPDX-License-Identifier: Apache-2.0 */
/* From the bytes at the end and the changes back to the bytes at the beginning, and every stage
 * named once. Journeys are made here as the tap makes them, with changes from
 * switch/path/byte_diff.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "capture/recorder/unfold.h"
#include "switch/path/byte_diff.h"
#include "switch/path/pipeline.h"
#include "unit/packet/frames.h"

enum { PLACES = 7, BYTES = 8192, EXTRAS = 4064 };

static const uint16_t stage_at[PLACES] = {
    STAGE_RX, 8, STAGE_INGRESS_POLICY, STAGE_FORWARD, STAGE_MIRROR, STAGE_EGRESS_POLICY, STAGE_TX};

/* A journey and the truth about it: the frame behind each place. */
struct truth {
    uint8_t bytes[PLACES][BYTES];
    uint32_t lengths[PLACES];
    struct ring_hop hops[PLACES];
    uint32_t hop_count;
    int is_incomplete;
    union {
        struct ring_journey journey;
        uint8_t space[sizeof(struct ring_journey) + BYTES + EXTRAS];
    };
};

static struct truth truth;
static struct unfold unfold;

static void truth_begin(uint32_t length, uint32_t hop_count)
{
    memset(&truth, 0, sizeof(truth));
    truth.hop_count = hop_count;
    for (uint32_t place = 0; place < PLACES; place++) {
        truth.hops[place] =
            (struct ring_hop){.stage = stage_at[place], .since_rx_ns = 100 * (place + 1)};
    }
    truth.lengths[0] = length;
    truth.journey = (struct ring_journey){.id = 77, .source_port = 1, .destination_port = 2};
}

static void truth_keep(uint32_t place)
{
    memcpy(truth.bytes[place], truth.bytes[place - 1], truth.lengths[place - 1]);
    truth.lengths[place] = truth.lengths[place - 1];
}

/* The bytes of a frame that are kept: those of the snap length, and by how much it has grown. */
static uint32_t kept_of(uint32_t length, uint32_t rx_length, uint32_t snap)
{
    uint32_t grown = length > rx_length ? length - rx_length : 0;
    return length < snap + grown ? length : snap + grown;
}

static void changes_note(struct meta_builder *extras, uint32_t place, uint32_t snap)
{
    uint32_t length = truth.lengths[place - 1];
    struct byte_diff diff;
    struct byte_change change;
    byte_diff_begin(&diff, truth.bytes[place - 1], length,
                    kept_of(length, truth.journey.rx_length, snap), truth.bytes[place],
                    truth.lengths[place]);
    while (byte_diff_next(&diff, &change)) {
        uint8_t bytes[512];
        memcpy(bytes, change.old_bytes, change.old_length);
        memcpy(bytes + change.old_length, change.new_bytes, change.new_length);
        meta_add_change(extras, &(struct meta_change){.stage = stage_at[place],
                                                      .offset = change.offset,
                                                      .old_length = change.old_length,
                                                      .new_length = change.new_length,
                                                      .bytes = bytes});
    }
    truth.is_incomplete |= diff.is_cut;
}

/* Makes the journey of the frames of the truth, from place `first` on. */
static void journey_make(uint32_t snap, uint32_t first)
{
    struct ring_journey *journey = &truth.journey;
    journey->first_hop = (uint8_t)first;
    journey->rx_length = truth.lengths[first];
    journey->length = truth.lengths[truth.hop_count - 1];
    journey->captured_length = kept_of(journey->length, journey->rx_length, snap);
    uint8_t notes[EXTRAS];
    struct meta_builder extras = {.bytes = notes, .size = sizeof(notes)};
    for (uint32_t place = first + 1; place < truth.hop_count; place++) {
        changes_note(&extras, place, snap);
    }
    truth.is_incomplete |= extras.overflow;
    memcpy(journey->data, truth.bytes[truth.hop_count - 1], journey->captured_length);
    uint32_t padded = (journey->captured_length + 7) & ~7U;
    memcpy(journey->data + padded, notes, extras.length);
    journey->record = (struct ring_record){.size = (uint32_t)sizeof(*journey) + padded +
                                                   (((uint32_t)extras.length + 7) & ~7U),
                                           .type = RING_JOURNEY,
                                           .count = (uint16_t)extras.length};
}

static void begin(bool every_stage)
{
    assert_int_equal(unfold_begin(&unfold, &truth.journey,
                                  &(struct unfold_timeline){truth.hops, truth.hop_count, 0},
                                  every_stage, NULL),
                     XSW_OK);
}

static void step_expect(struct unfold_step *step, uint8_t kind, uint16_t stage, uint16_t port)
{
    assert_true(unfold_next(&unfold, step));
    assert_int_equal(step->fixed.kind, kind);
    assert_int_equal(step->fixed.stage, stage);
    assert_int_equal(step->fixed.port, port);
}

static void hops_expect(const struct unfold_step *step, const uint16_t *stages, size_t count)
{
    assert_int_equal(step->hop_count, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(step->hops[i].stage, stages[i]);
    }
}

static void an_unchanged_packet_is_two_records_with_the_stages_between(void **state)
{
    (void)state;
    truth_begin(100, PLACES);
    for (uint32_t place = 1; place < PLACES; place++) {
        truth_keep(place);
    }
    journey_make(65535, 0);
    begin(false);
    struct unfold_step step;
    step_expect(&step, META_PASS, STAGE_RX, 1);
    assert_int_equal(step.fixed.flags, META_FIRST);
    assert_int_equal(step.since_rx_ns, 0);
    hops_expect(&step, NULL, 0);
    step_expect(&step, META_PASS, STAGE_TX, 2);
    assert_int_equal(step.fixed.flags, META_LAST);
    assert_int_equal(step.since_rx_ns, 700);
    hops_expect(&step, stage_at + 1, PLACES - 2);
    assert_int_equal(step.hops[0].since_rx_ns, 200);
    assert_false(unfold_next(&unfold, &step));
}

static void every_stage_writes_each_of_them(void **state)
{
    (void)state;
    truth_begin(100, PLACES);
    for (uint32_t place = 1; place < PLACES; place++) {
        truth_keep(place);
    }
    journey_make(65535, 0);
    begin(true);
    struct unfold_step step;
    for (uint32_t place = 0; place < PLACES; place++) {
        step_expect(&step, META_PASS, stage_at[place], place > 3 ? 2 : 1);
        hops_expect(&step, NULL, 0);
    }
    assert_int_equal(step.fixed.flags, META_LAST);
    assert_false(unfold_next(&unfold, &step));
}

static void a_packet_dropped_where_it_came_in_is_one_record(void **state)
{
    (void)state;
    truth_begin(10, 1);
    truth.journey.destination_port = 0;
    truth.journey.drop_reason = 1;
    journey_make(65535, 0);
    begin(false);
    struct unfold_step step;
    step_expect(&step, META_DROP, STAGE_RX, 1);
    assert_int_equal(step.fixed.flags, META_FIRST | META_LAST);
    assert_int_equal(step.fixed.reason, 1);
    assert_false(unfold_next(&unfold, &step));
}

static void a_copy_begins_where_it_was_made_and_names_its_parent(void **state)
{
    (void)state;
    truth_begin(100, PLACES);
    for (uint32_t place = 1; place < PLACES; place++) {
        truth_keep(place);
    }
    truth.journey.parent_id = 5;
    truth.journey.packet_flags = XSW_PACKET_FLOOD_COPY;
    journey_make(65535, 3);
    begin(false);
    struct unfold_step step;
    step_expect(&step, META_CLONE, STAGE_FORWARD, 2);
    assert_int_equal(step.fixed.flags, META_FIRST | META_FLOOD);
    assert_int_equal(step.fixed.parent_id, 5);
    assert_int_equal(step.since_rx_ns, 400);
    step_expect(&step, META_PASS, STAGE_TX, 2);
    hops_expect(&step, stage_at + 4, 2);
    assert_int_equal(step.fixed.flags, META_LAST | META_FLOOD);
    assert_false(unfold_next(&unfold, &step));
}

static void a_copy_that_could_not_be_made_ends_where_it_began(void **state)
{
    (void)state;
    truth_begin(100, 4);
    for (uint32_t place = 1; place < 4; place++) {
        truth_keep(place);
    }
    truth.journey.parent_id = 5;
    truth.journey.packet_flags = XSW_PACKET_FLOOD_COPY;
    truth.journey.drop_reason = 4;
    journey_make(65535, 3);
    begin(false);
    struct unfold_step step;
    step_expect(&step, META_CLONE, STAGE_FORWARD, 2);
    step_expect(&step, META_DROP, STAGE_FORWARD, 2);
    hops_expect(&step, NULL, 0);
    assert_false(unfold_next(&unfold, &step));
}

static void a_stage_that_changed_and_then_dropped_is_two_records(void **state)
{
    (void)state;
    truth_begin(100, 2);
    truth_keep(1);
    truth.bytes[1][50] = 9;
    truth.journey.drop_reason = 64;
    truth.journey.destination_port = 0;
    journey_make(65535, 0);
    begin(false);
    struct unfold_step step;
    step_expect(&step, META_PASS, STAGE_RX, 1);
    assert_int_equal(step.bytes[50], 0);
    step_expect(&step, META_CHANGED, 8, 1);
    assert_int_equal(step.bytes[50], 9);
    assert_int_equal(step.change_count, 1);
    step_expect(&step, META_DROP, 8, 1);
    assert_int_equal(step.fixed.reason, 64);
    assert_false(unfold_next(&unfold, &step));
}

/* Random edits ------------------------------------------------------------------------------- */

static void edit(uint32_t place, uint64_t *random, int may_resize)
{
    uint8_t *bytes = truth.bytes[place];
    uint32_t length = truth.lengths[place];
    uint32_t at = (uint32_t)(frame_random(random) % (length + 1));
    uint32_t count = (uint32_t)(frame_random(random) % 40);
    uint32_t rest = length - at;
    uint64_t what = may_resize ? frame_random(random) % 3 : 0;
    if (what == 0) {
        for (uint32_t i = 0; i < count && i < rest; i++) {
            bytes[at + i] ^= (uint8_t)(frame_random(random) % 3);
        }
    } else if (what == 1) {
        memmove(bytes + at + count, bytes + at, rest);
        memset(bytes + at, (int)(frame_random(random) % 256), count);
        truth.lengths[place] = length + count;
    } else {
        count = count < rest ? count : rest;
        memmove(bytes + at, bytes + at + count, rest - count);
        truth.lengths[place] = length - count;
    }
}

static void truth_random(uint64_t *random, int may_resize)
{
    truth_begin((uint32_t)(14 + frame_random(random) % 600),
                (uint32_t)(1 + frame_random(random) % PLACES));
    for (uint32_t i = 0; i < truth.lengths[0]; i++) {
        truth.bytes[0][i] = (uint8_t)(frame_random(random) % 5);
    }
    for (uint32_t place = 1; place < truth.hop_count; place++) {
        truth_keep(place);
        for (uint64_t edits = frame_random(random) % 3; edits > 0; edits--) {
            edit(place, random, may_resize);
        }
    }
    truth.journey.drop_reason = truth.hop_count < PLACES ? 9 : 0;
}

/* The frame of a step is the one of the truth, as far as it was captured. */
static void step_check(const struct unfold_step *step, uint32_t place)
{
    assert_true(step->captured_length <= step->length);
    assert_true(step->captured_length <= truth.lengths[place]);
    assert_memory_equal(step->bytes, truth.bytes[place], step->captured_length);
}

/* Returns the place behind what the step tells; each is told once, in order. */
static uint32_t places_tell(const struct unfold_step *step, uint32_t told)
{
    for (size_t i = 0; i < step->hop_count; i++) {
        assert_true(told < truth.hop_count);
        assert_int_equal(step->hops[i].stage, stage_at[told]);
        told++;
    }
    if (told < truth.hop_count && step->fixed.stage == stage_at[told]) {
        told++;
    }
    assert_int_equal(step->fixed.stage, stage_at[told - 1]);
    return told;
}

static void journey_check(bool every_stage)
{
    begin(every_stage);
    struct unfold_step step;
    uint32_t told = 0;
    uint32_t steps = 0;
    while (unfold_next(&unfold, &step)) {
        assert_true(steps++ < 2 * PLACES);
        assert_int_equal((step.fixed.flags & META_FIRST) != 0, told == 0);
        told = places_tell(&step, told);
        step_check(&step, told - 1);
    }
    assert_int_equal(told, truth.hop_count);
    assert_int_not_equal(step.fixed.flags & META_LAST, 0);
    assert_int_equal(step.length, truth.lengths[truth.hop_count - 1]);
}

static void whatever_was_changed_is_undone_and_done_again(void **state)
{
    (void)state;
    uint64_t random = 1234;
    unsigned checked = 0;
    for (unsigned round = 0; round < 20000; round++) {
        truth_random(&random, 1);
        journey_make(65535, 0);
        if (!truth.is_incomplete) {
            journey_check(round % 2 == 0);
            checked++;
        }
    }
    assert_true(checked > 15000);
}

static void a_snap_length_leaves_a_true_beginning(void **state)
{
    (void)state;
    uint64_t random = 4321;
    unsigned checked = 0;
    for (unsigned round = 0; round < 20000; round++) {
        truth_random(&random, round % 2 == 0);
        uint32_t snap = (uint32_t)(1 + frame_random(&random) % 200);
        journey_make(snap, 0);
        if (!truth.is_incomplete) {
            journey_check(false);
            begin(false);
            struct unfold_step step;
            assert_true(unfold_next(&unfold, &step));
            assert_int_equal(step.length, truth.lengths[0]);
            checked++;
        }
    }
    assert_true(checked > 10000);
}

static void a_largest_packet_is_not_too_large(void **state)
{
    (void)state;
    static union {
        struct ring_journey journey;
        uint8_t space[sizeof(struct ring_journey) + UNFOLD_CAPTURED_MAX + 8];
    } large;
    large.journey = (struct ring_journey){.id = 1,
                                          .length = PACKET_LARGE_BYTES + 4,
                                          .rx_length = PACKET_LARGE_BYTES,
                                          .captured_length = PACKET_LARGE_BYTES + 4};
    truth_begin(0, PLACES);
    assert_int_equal(unfold_begin(&unfold, &large.journey,
                                  &(struct unfold_timeline){truth.hops, PLACES, 0}, false, NULL),
                     XSW_OK);
    large.journey.captured_length = UNFOLD_CAPTURED_MAX + 1;
    assert_int_equal(unfold_begin(&unfold, &large.journey,
                                  &(struct unfold_timeline){truth.hops, PLACES, 0}, false, NULL),
                     XSW_CORRUPT);
}

/* Bytes that nobody has made with care: unfolding ends, and touches nothing outside. */
static void a_journey_of_random_bytes_does_no_harm(void **state)
{
    (void)state;
    uint64_t random = 77;
    for (unsigned round = 0; round < 20000; round++) {
        truth_random(&random, 1);
        journey_make(200, 0);
        uint8_t *bytes = (uint8_t *)&truth.journey;
        struct ring_journey whole = truth.journey;
        for (unsigned flips = 0; flips < 8; flips++) {
            uint64_t size = flips % 2 == 0 ? sizeof(whole) : whole.record.size;
            bytes[frame_random(&random) % size] = (uint8_t)frame_random(&random);
        }
        /* What ring_next checks before it gives a record. */
        truth.journey.record = whole.record;
        truth.journey.captured_length = whole.captured_length;
        struct unfold_step step;
        if (unfold_begin(&unfold, &truth.journey,
                         &(struct unfold_timeline){truth.hops, truth.hop_count, 0}, round % 2,
                         NULL) != XSW_OK) {
            continue;
        }
        uint32_t steps = 0;
        while (unfold_next(&unfold, &step)) {
            assert_true(steps++ < 4 * STAGES_MAX);
            assert_true(step.captured_length <= UNFOLD_BYTES);
            assert_true(step.hop_count <= UNFOLD_HOPS_MAX);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unchanged_packet_is_two_records_with_the_stages_between),
        cmocka_unit_test(every_stage_writes_each_of_them),
        cmocka_unit_test(a_packet_dropped_where_it_came_in_is_one_record),
        cmocka_unit_test(a_copy_begins_where_it_was_made_and_names_its_parent),
        cmocka_unit_test(a_copy_that_could_not_be_made_ends_where_it_began),
        cmocka_unit_test(a_stage_that_changed_and_then_dropped_is_two_records),
        cmocka_unit_test(whatever_was_changed_is_undone_and_done_again),
        cmocka_unit_test(a_snap_length_leaves_a_true_beginning),
        cmocka_unit_test(a_largest_packet_is_not_too_large),
        cmocka_unit_test(a_journey_of_random_bytes_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
