/* SPDX-License-Identifier: Apache-2.0 */
/* A journey whose frame was changed on the way: every version of it is treated, and what leads from
 * one to the other tells nothing of the real ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "capture/privacy/privacy.h"
#include "capture/recorder/unfold.h"
#include "switch/path/byte_diff.h"
#include "switch/path/observe.h"
#include "switch/path/pipeline.h"
#include "unit/packet/frames.h"

enum { VERSIONS_MAX = 6, RING_BYTES = 3 * FRAME_MAX };

/* What really happened, and its notes. */
static struct frame versions[VERSIONS_MAX];
static uint32_t version_count;
static uint8_t notes[NOTES_BYTES];
static struct meta_builder builder;
static bool is_incomplete;

static union {
    struct ring_journey journey;
    uint8_t space[RING_BYTES];
} ring;
static struct unfold unfold;
static uint64_t dice;

static struct privacy *privacy_make(bool cuts, bool hides)
{
    struct privacy *made = NULL;
    struct privacy_options options = {
        .headers_only = cuts, .mask_payload = !cuts, .pseudonyms = hides};
    memset(options.key, 0x5a, sizeof(options.key));
    assert_int_equal(privacy_create(&options, 1, &made, NULL), XSW_OK);
    return made;
}

static void journey_begin(void)
{
    version_count = 1;
    builder = (struct meta_builder){.bytes = notes, .size = sizeof(notes)};
    is_incomplete = false;
}

static uint16_t stage_of(uint32_t version)
{
    return (uint16_t)(META_STAGE_EXTENSIONS + version);
}

/* The last version becomes the one before, and `version_end` notes what is done to it. */
static struct frame *version_begin(void)
{
    versions[version_count] = versions[version_count - 1];
    return &versions[version_count];
}

static void version_end(void)
{
    const struct frame *before = &versions[version_count - 1];
    const struct frame *now = &versions[version_count];
    struct byte_diff diff;
    struct byte_change change;
    byte_diff_begin(&diff, before->bytes, (uint32_t)before->length, (uint32_t)before->length,
                    now->bytes, (uint32_t)now->length);
    while (byte_diff_next(&diff, &change)) {
        uint8_t bytes[512];
        memcpy(bytes, change.old_bytes, change.old_length);
        memcpy(bytes + change.old_length, change.new_bytes, change.new_length);
        meta_add_change(&builder, &(struct meta_change){.stage = stage_of(version_count),
                                                        .offset = change.offset,
                                                        .old_length = change.old_length,
                                                        .new_length = change.new_length,
                                                        .bytes = bytes});
    }
    meta_add_undeclared(&builder, stage_of(version_count));
    meta_add_decision(&builder,
                      &(struct meta_decision){.stage = stage_of(version_count), .rule = 7});
    is_incomplete |= builder.overflow;
    version_count++;
}

/* Treats the journey, and puts it where the tap would put it. */
static void journey_treat(struct privacy *privacy, uint32_t snap, struct privacy_frame *out)
{
    const struct frame *end = &versions[version_count - 1];
    uint32_t length = (uint32_t)end->length;
    struct privacy_frame in = {.bytes = end->bytes,
                               .length = length,
                               .captured_length = length < snap ? length : snap,
                               .rx_length = (uint32_t)versions[0].length,
                               .notes = notes,
                               .notes_length = (uint32_t)builder.length,
                               .notes_incomplete = is_incomplete};
    privacy_apply(privacy, 0, &in, out);
    assert_true(out->notes_length <= NOTES_BYTES);
    uint32_t padded = (out->captured_length + 7) & ~7U;
    memset(&ring, 0, sizeof(ring));
    ring.journey = (struct ring_journey){
        .record = {.type = RING_JOURNEY, .count = (uint16_t)out->notes_length},
        .id = 1,
        .source_port = 1,
        .destination_port = 2,
        .length = out->length,
        .captured_length = out->captured_length,
        .rx_length = out->rx_length,
        .flags = out->notes_incomplete ? RING_JOURNEY_NOTES_INCOMPLETE : 0};
    memcpy(ring.journey.data, out->bytes, out->captured_length);
    memcpy(ring.journey.data + padded, out->notes, out->notes_length);
}

static void unfold_start(void)
{
    static struct ring_hop hops[VERSIONS_MAX + 1];
    for (uint32_t i = 0; i <= version_count; i++) {
        hops[i].stage = i == 0 ? STAGE_RX : i == version_count ? STAGE_TX : stage_of(i);
    }
    struct unfold_timeline timeline = {.hops = hops, .hop_count = version_count + 1};
    assert_int_equal(unfold_begin(&unfold, &ring.journey, &timeline, true, NULL), XSW_OK);
}

/* A version treated by itself. */
static uint32_t alone(struct privacy *privacy, const struct frame *version, uint8_t *bytes)
{
    struct privacy_frame out;
    struct privacy_frame in = {.bytes = version->bytes,
                               .length = (uint32_t)version->length,
                               .captured_length = (uint32_t)version->length,
                               .rx_length = (uint32_t)version->length};
    privacy_apply(privacy, 0, &in, &out);
    memset(bytes, 0, FRAME_MAX);
    memcpy(bytes, out.bytes, out.captured_length);
    return out.captured_length;
}

/* Every record of the file shows the version of that stage as it would be by itself. */
static void versions_expect(struct privacy *privacy)
{
    static uint8_t expected[FRAME_MAX];
    struct unfold_step step;
    uint32_t version = 0;
    unfold_start();
    while (unfold_next(&unfold, &step)) {
        uint32_t at = version < version_count ? version : version_count - 1;
        uint32_t shown = alone(privacy, &versions[at], expected);
        assert_true(step.captured_length >= shown);
        assert_memory_equal(step.bytes, expected, step.captured_length);
        assert_int_equal(step.length, versions[at].length);
        if (version > 0 && version < version_count) {
            assert_int_equal(step.fixed.kind, META_CHANGED);
            assert_int_equal(step.fixed.stage, stage_of(version));
            assert_int_equal(step.fixed.rule, 7);
            assert_int_not_equal(step.fixed.flags & META_UNDECLARED, 0);
        }
        version++;
    }
    assert_int_equal(version, version_count + 1);
}

static void absent_everywhere(const void *bytes, size_t size)
{
    assert_null(memmem(&ring, sizeof(ring), bytes, size));
}

/* What happens to frames --------------------------------------------------------------------- */

static void first_make(void)
{
    do {
        frame_make_random(&versions[0], &dice);
    } while (versions[0].protocol != PROTOCOL_TCP && versions[0].protocol != PROTOCOL_UDP);
    memcpy(versions[0].bytes, "\x02\xa7\x5c\xd1\x9b\x11\x06\xb8\x6d\xe2\xac\x12", 12);
    for (unsigned i = 0; i < 8; i++) {
        uint8_t *addresses = versions[0].bytes + versions[0].network;
        addresses[(versions[0].is_v6 ? 9 : 12) + i] = (uint8_t)(0x91 + 13 * i);
    }
    frame_finish(&versions[0]);
}

static void tag_put(struct frame *frame)
{
    memmove(frame->bytes + 16, frame->bytes + 12, frame->length - 12);
    wire_write16(frame->bytes + 12, ETHER_TYPE_VLAN);
    wire_write16(frame->bytes + 14, 7);
    frame->length += 4;
    frame->network += 4;
    frame->transport += 4;
}

static void tag_take(struct frame *frame)
{
    memmove(frame->bytes + 12, frame->bytes + 16, frame->length - 16);
    frame->length -= 4;
    frame->network -= 4;
    frame->transport -= 4;
}

static void address_set(struct frame *frame)
{
    uint8_t *ip = frame->bytes + frame->network;
    ip[(frame->is_v6 ? 8 + 31 : 12 + 7)] = (uint8_t)frame_random(&dice);
    frame_finish(frame);
}

static void payload_set(struct frame *frame)
{
    frame->bytes[frame->length++] = (uint8_t)frame_random(&dice);
    frame_finish(frame);
}

/* All of the frame goes into the payload of another one. */
static void encapsulate(struct frame *frame)
{
    static struct frame outer;
    frame_ethernet(&outer, ETHER_TYPE_IPV4);
    memcpy(outer.bytes, "\x0a\x3c\x95\xd4\xa1\x77\x0e\xc6\x9a\xb3\x5d\x78", 12);
    frame_ipv4(&outer, PROTOCOL_UDP);
    memcpy(outer.bytes + 26, "\xac\x9d\xb6\xe1\xac\x97\xa8\xc2", 8);
    frame_udp(&outer);
    frame_put(&outer, "\x08\0\0\0\0\0\x2a\0", 8);
    frame_put(&outer, frame->bytes, frame->length);
    frame_finish(&outer);
    *frame = outer;
}

static void something_happens(void)
{
    struct frame *frame = version_begin();
    uint64_t what = frame_random(&dice) % 5;
    if (what == 0) {
        tag_put(frame);
    } else if (what == 1 && wire_read16(frame->bytes + 12) == ETHER_TYPE_VLAN) {
        tag_take(frame);
    } else if (what == 2 && frame->length < 1000) {
        encapsulate(frame);
    } else if (what == 3) {
        payload_set(frame);
    } else {
        address_set(frame);
    }
    if (frame->length == versions[version_count - 1].length &&
        memcmp(frame->bytes, versions[version_count - 1].bytes, frame->length) == 0) {
        return;
    }
    version_end();
}

static void every_version_is_shown_as_if_it_was_alone(void **state)
{
    (void)state;
    for (unsigned mode = 0; mode < 4; mode++) {
        struct privacy *privacy = privacy_make(mode & 1, mode >> 1);
        for (unsigned i = 0; i < 1500; i++) {
            struct privacy_frame out;
            journey_begin();
            first_make();
            for (uint64_t more = frame_random(&dice) % VERSIONS_MAX; more > 0; more--) {
                something_happens();
            }
            journey_treat(privacy, UINT32_MAX, &out);
            assert_int_equal(out.notes_incomplete, is_incomplete);
            if (!is_incomplete) {
                versions_expect(privacy);
            }
        }
        privacy_destroy(privacy);
    }
}

static void nothing_real_is_in_the_ring_whatever_happened(void **state)
{
    struct privacy *privacy = privacy_make(false, true);
    (void)state;
    for (unsigned i = 0; i < 3000; i++) {
        struct privacy_frame out;
        journey_begin();
        first_make();
        for (unsigned more = 1; more < VERSIONS_MAX; more++) {
            something_happens();
        }
        is_incomplete |= i % 8 == 0;
        journey_treat(privacy, i % 3 == 0 ? 60 : UINT32_MAX, &out);
        for (uint32_t version = 0; version < version_count; version++) {
            const struct frame *real = &versions[version];
            const uint8_t *ip = real->bytes + real->network;
            absent_everywhere(real->bytes, 6);
            absent_everywhere(real->bytes + 6, 6);
            absent_everywhere(ip + (real->is_v6 ? 8 : 12), real->is_v6 ? 16 : 4);
            absent_everywhere(ip + (real->is_v6 ? 24 : 16), real->is_v6 ? 16 : 4);
        }
    }
    privacy_destroy(privacy);
}

/* Nothing stands between the changes of two stages. */
static void changes_of_two_stages_stay_apart(void **state)
{
    struct privacy *privacy = privacy_make(false, true);
    struct privacy_frame out;
    struct unfold_step step;
    (void)state;
    journey_begin();
    first_make();
    for (unsigned i = 0; i < 2; i++) {
        const uint8_t bytes[2] = {(uint8_t)(10 + i), (uint8_t)(11 + i)};
        meta_add_change(&builder, &(struct meta_change){.stage = stage_of(i + 1),
                                                        .offset = 5,
                                                        .old_length = 1,
                                                        .new_length = 1,
                                                        .bytes = bytes});
        version_begin();
        version_count++;
    }
    versions[2].bytes[5] = 12;
    journey_treat(privacy, UINT32_MAX, &out);
    unfold_start();
    for (uint32_t version = 0; version < 3; version++) {
        static uint8_t expected[FRAME_MAX];
        assert_true(unfold_next(&unfold, &step));
        versions[version].bytes[5] = (uint8_t)(10 + version);
        alone(privacy, &versions[version], expected);
        assert_memory_equal(step.bytes, expected, step.captured_length);
    }
    privacy_destroy(privacy);
}

/* What goes out of a tunnel has more headers than what went in. */
static void headers_that_come_out_of_a_tunnel_are_all_shown(void **state)
{
    struct privacy *privacy = privacy_make(true, false);
    struct privacy_frame out;
    struct frame inner;
    (void)state;
    journey_begin();
    first_make();
    inner = versions[0];
    encapsulate(&versions[0]);
    *version_begin() = inner;
    version_end();
    journey_treat(privacy, UINT32_MAX, &out);
    uint32_t captured = out.captured_length;
    versions_expect(privacy);
    static uint8_t expected[FRAME_MAX];
    assert_int_equal(captured, alone(privacy, &inner, expected));
    privacy_destroy(privacy);
}

static void a_change_that_is_hidden_is_told_all_the_same(void **state)
{
    struct privacy *privacy = privacy_make(true, true);
    struct privacy_frame out;
    struct unfold_step step;
    (void)state;
    journey_begin();
    frame_ethernet(&versions[0], ETHER_TYPE_LLDP);
    versions[0].length += 60;
    version_begin()->bytes[40] = 9;
    version_end();
    journey_treat(privacy, UINT32_MAX, &out);
    assert_int_equal(out.captured_length, 14);
    unfold_start();
    assert_true(unfold_next(&unfold, &step));
    assert_true(unfold_next(&unfold, &step));
    assert_int_equal(step.fixed.kind, META_CHANGED);
    assert_int_equal(step.change_count, 1);
    assert_int_equal(step.changes[0].old_length + step.changes[0].new_length, 0);
    privacy_destroy(privacy);
}

/* Notes that do not lead back ------------------------------------------------------------------ */

static void incomplete_expect(struct privacy *privacy)
{
    static uint8_t expected[FRAME_MAX];
    struct privacy_frame out;
    struct meta_item item;
    journey_treat(privacy, UINT32_MAX, &out);
    assert_int_equal(out.notes_incomplete, 1);
    struct meta_reader reader = {.next = out.notes, .end = out.notes + out.notes_length};
    uint32_t decisions = 0;
    while (meta_next(&reader, &item, NULL) == XSW_OK) {
        assert_int_not_equal(item.type, META_TLV_CHANGE);
        decisions += item.type == META_TLV_DECISION;
    }
    assert_int_equal(decisions, version_count - 1);
    uint8_t shown[FRAME_MAX];
    memcpy(shown, out.bytes, out.captured_length);
    assert_int_equal(alone(privacy, &versions[version_count - 1], expected), out.captured_length);
    assert_memory_equal(shown, expected, out.captured_length);
}

static void changes_that_do_not_lead_back_are_left_out_and_missed(void **state)
{
    struct privacy *privacy = privacy_make(false, true);
    (void)state;
    journey_begin();
    first_make();
    tag_put(version_begin());
    version_end();
    is_incomplete = true;
    incomplete_expect(privacy);

    /* The length at the beginning is another one. */
    journey_begin();
    first_make();
    tag_put(version_begin());
    version_end();
    versions[0].length++;
    incomplete_expect(privacy);

    /* A change behind the end of the frame. */
    journey_begin();
    first_make();
    address_set(version_begin());
    meta_add_change(
        &builder,
        &(struct meta_change){
            .stage = 8, .offset = 4000, .old_length = 4, .new_length = 4, .bytes = notes});
    version_end();
    incomplete_expect(privacy);
    privacy_destroy(privacy);
}

/* Pseudonyms differ in more bytes than the addresses did: what does not fit is missed as a whole.
 */
static void changes_that_do_not_fit_any_more_are_left_out_and_missed(void **state)
{
    struct privacy *privacy = privacy_make(false, true);
    (void)state;
    journey_begin();
    frame_ethernet(&versions[0], ETHER_TYPE_IPV4);
    frame_ipv4(&versions[0], PROTOCOL_TCP);
    frame_tcp(&versions[0], TCP_ACK);
    frame_finish(&versions[0]);
    for (unsigned i = 0; i < 300; i++) {
        const uint8_t bytes[2] = {(uint8_t)i, (uint8_t)(i + 1)};
        meta_add_change(&builder, &(struct meta_change){.stage = (uint16_t)(8 + i % 2),
                                                        .offset = 29,
                                                        .old_length = 1,
                                                        .new_length = 1,
                                                        .bytes = bytes});
    }
    versions[0].bytes[29] = (uint8_t)300;
    assert_int_equal(builder.overflow, 0);
    incomplete_expect(privacy);
    privacy_destroy(privacy);
}

static void a_frame_that_is_no_frame_is_not_shown(void **state)
{
    struct privacy *privacy = privacy_make(false, true);
    struct privacy_frame out;
    struct privacy_frame in = {
        .bytes = notes, .length = 1 << 20, .captured_length = 1 << 20, .rx_length = 1 << 20};
    (void)state;
    privacy_apply(privacy, 0, &in, &out);
    assert_int_equal(out.captured_length, 0);
    privacy_destroy(privacy);
}

static int setup(void **state)
{
    (void)state;
    dice = 4711;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_version_is_shown_as_if_it_was_alone, setup),
        cmocka_unit_test_setup(nothing_real_is_in_the_ring_whatever_happened, setup),
        cmocka_unit_test_setup(changes_of_two_stages_stay_apart, setup),
        cmocka_unit_test_setup(headers_that_come_out_of_a_tunnel_are_all_shown, setup),
        cmocka_unit_test_setup(a_change_that_is_hidden_is_told_all_the_same, setup),
        cmocka_unit_test_setup(changes_that_do_not_lead_back_are_left_out_and_missed, setup),
        cmocka_unit_test_setup(changes_that_do_not_fit_any_more_are_left_out_and_missed, setup),
        cmocka_unit_test_setup(a_frame_that_is_no_frame_is_not_shown, setup),
    };
    return cmocka_run_group_tests_name("privacy_journey", tests, NULL, NULL);
}
