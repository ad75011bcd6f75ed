/* SPDX-License-Identifier: Apache-2.0 */
/* The journeys of packets that extensions make, replace and hold: whole, in the right order, and
 * with the time that they were held for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "capture/recorder/unfold.h"
#include "capture/session.h"
#include "support/switch_rig.h"
#include "switch/path/reasons.h"

enum { STEPS_MAX = 64, MILLISECOND = 1000000 };

struct told {
    uint64_t id, parent_id, time_ns;
    struct meta_fixed fixed;
    uint16_t hops[STAGES_MAX];
    size_t hop_count;
    struct meta_held held; /* the first one; a stage of 0: none */
};

static struct rig rig;
static struct capture_session *session;
static struct ring_consumer ring;
static struct told told[STEPS_MAX];
static size_t told_count;

static int setup(void **state)
{
    (void)state;
    rig_init(&rig, NULL);
    rig.clock.now_ns = 1000 * MILLISECOND;
    rig_port(&rig, NULL);
    rig_port(&rig, NULL);
    struct frame frame;
    rig_frame(&frame, 1, 2, 10);
    rig_send(&rig, 1, &frame);
    rig_frame(&frame, 2, 1, 10);
    rig_send(&rig, 2, &frame);
    told_count = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    ring_detach(&ring);
    capture_session_close(session);
    rig_fini(&rig);
    return 0;
}

static void load(const char *how)
{
    struct xsw_error error;
    if (rig_extension(&rig, EXTENSION_DIR "/test/workshop.so", "", "how", how, &error) != XSW_OK) {
        fail_msg("%s", error.text);
    }
    rig_run(&rig);
    struct capture_options options = {.rules = {.snap_length = 65535}, .ring_bytes = 1 << 20};
    assert_int_equal(capture_session_open(rig.vswitch, &options, &session, &error), XSW_OK);
    rig_run(&rig);
    const int *fds = NULL;
    assert_int_equal(capture_session_rings(session, &fds), 1);
    assert_int_equal(ring_attach(&ring, fds[0], NULL), XSW_OK);
}

static void journey_tell(const struct ring_journey *journey, const struct unfold_timeline *timeline)
{
    static struct unfold unfold;
    struct unfold_step step;
    struct xsw_error error;
    if (unfold_begin(&unfold, journey, timeline, false, &error) != XSW_OK) {
        fail_msg("%s", error.text);
    }
    while (unfold_next(&unfold, &step)) {
        assert_true(told_count < STEPS_MAX);
        struct told *one = &told[told_count++];
        *one = (struct told){.id = journey->id,
                             .parent_id = journey->parent_id,
                             .time_ns = unfold.rx_mono_ns + step.since_rx_ns,
                             .fixed = step.fixed,
                             .hop_count = step.hop_count};
        for (size_t i = 0; i < step.hop_count; i++) {
            one->hops[i] = step.hops[i].stage;
        }
        if (step.hold_count > 0) {
            one->held = step.holds[0];
        }
    }
}

static void ring_read(void)
{
    const struct ring_record *record = NULL;
    struct unfold_timeline timeline = {0};
    struct ring_hop hops[STAGES_MAX];
    while (ring_next(&ring, &record, NULL) == XSW_OK) {
        if (record->type == RING_TIMELINE) {
            const struct ring_timeline *from = (const struct ring_timeline *)(const void *)record;
            memcpy(hops, from->hops, record->count * sizeof(hops[0]));
            timeline = (struct unfold_timeline){hops, record->count, from->rx_mono_ns};
        } else {
            assert_int_equal(record->type, RING_JOURNEY);
            journey_tell((const struct ring_journey *)(const void *)record, &timeline);
        }
    }
    ring_release(&ring);
}

static void told_expect(size_t place, uint8_t kind, uint16_t stage)
{
    assert_true(place < told_count);
    assert_int_equal(told[place].fixed.kind, kind);
    assert_int_equal(told[place].fixed.stage, stage);
}

static void a_held_packet_has_one_journey_with_the_time_it_was_held(void **state)
{
    (void)state;
    load("hold-in");
    uint16_t stage = rig_stage(&rig, "ingress-filter.workshop");
    struct frame frame;
    rig_frame(&frame, 1, 2, 20);
    uint64_t came_ns = rig.clock.now_ns;
    rig_send(&rig, 1, &frame);
    ring_read();
    assert_int_equal(told_count, 0); /* its journey has not ended */
    rig.clock.now_ns += 5 * MILLISECOND;
    rig_run(&rig);
    ring_read();
    assert_int_equal(told_count, 2);
    told_expect(0, META_PASS, STAGE_RX);
    told_expect(1, META_PASS, STAGE_TX);
    assert_int_equal(told[0].fixed.flags & META_FIRST, META_FIRST);
    assert_int_equal(told[1].fixed.flags & META_LAST, META_LAST);
    assert_int_equal(told[0].id, told[1].id);
    assert_true(told[0].time_ns == came_ns);
    assert_true(told[1].time_ns == came_ns + 5 * MILLISECOND);
    assert_int_equal(told[1].held.stage, stage);
    assert_true(told[1].held.held_ns == 5 * MILLISECOND);
    /* Each stage once, the one that held it among them. */
    const uint16_t hops[] = {STAGE_RX,
                             stage,
                             STAGE_INGRESS_POLICY,
                             STAGE_FORWARD,
                             STAGE_MIRROR,
                             STAGE_EGRESS_POLICY,
                             rig_stage(&rig, "egress-filter.workshop")};
    assert_int_equal(told[1].hop_count + 1, sizeof hops / sizeof hops[0]);
    for (size_t i = 0; i < told[1].hop_count; i++) {
        assert_int_equal(told[1].hops[i], hops[i + 1]);
    }
}

static void a_packet_that_is_dropped_at_its_release_ends_where_it_was_held(void **state)
{
    (void)state;
    load("hold-in");
    uint16_t stage = rig_stage(&rig, "ingress-filter.workshop");
    struct frame frame;
    rig_frame(&frame, 1, 2, 20);
    for (int i = 0; i < 4; i++) {
        rig_feed(&rig, 1, &frame);
    }
    rig_run(&rig);
    rig.clock.now_ns += MILLISECOND;
    rig_run(&rig);
    ring_read();
    size_t drops = 0;
    for (size_t i = 0; i < told_count; i++) {
        if (told[i].fixed.kind == META_DROP) {
            drops++;
            assert_int_equal(told[i].fixed.stage, stage);
            assert_int_equal(told[i].fixed.rule, 3);
        }
    }
    assert_int_equal(drops, 1);
    assert_int_equal(told_count, 8);
}

static void a_replaced_packet_ends_without_a_drop_and_its_clone_names_it(void **state)
{
    (void)state;
    load("replace-out");
    uint16_t ingress = rig_stage(&rig, "ingress-filter.workshop");
    uint16_t egress = rig_stage(&rig, "egress-filter.workshop");
    struct frame frame;
    rig_frame(&frame, 1, 2, 20);
    rig_send(&rig, 1, &frame);
    ring_read();
    assert_int_equal(told_count, 4);
    told_expect(0, META_PASS, STAGE_RX);
    told_expect(1, META_CONSUMED, egress);
    assert_int_equal(told[1].fixed.rule, 5);
    told_expect(2, META_CLONE, ingress);
    told_expect(3, META_PASS, STAGE_TX);
    assert_true(told[2].parent_id == told[0].id);
    assert_int_equal(told[2].fixed.port, 1);
    assert_int_equal(told[3].fixed.port, 2);
    struct capture_account account = capture_session_account(session, 0);
    assert_int_equal(account.offered, 2);
    assert_int_equal(account.written, 2);
}

static void a_packet_that_an_extension_makes_begins_at_its_stage(void **state)
{
    (void)state;
    load("originate-in-tick");
    uint16_t stage = rig_stage(&rig, "ingress-filter.workshop");
    rig.clock.now_ns += MILLISECOND;
    rig_run(&rig);
    ring_read();
    /* The packet to one port, and the copy of its flood to the other. */
    size_t injected = 0;
    for (size_t i = 0; i < told_count; i++) {
        if (told[i].fixed.kind == META_INJECTED) {
            injected++;
            assert_int_equal(told[i].fixed.stage, stage);
            assert_int_equal(told[i].fixed.port, XSW_PORT_NONE);
            assert_int_equal(told[i].fixed.flags, META_FIRST);
        }
    }
    assert_true(injected > 0);
    assert_int_equal(told_count, 4 * injected);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(a_held_packet_has_one_journey_with_the_time_it_was_held),
        CLAIM(a_packet_that_is_dropped_at_its_release_ends_where_it_was_held),
        CLAIM(a_replaced_packet_ends_without_a_drop_and_its_clone_names_it),
        CLAIM(a_packet_that_an_extension_makes_begins_at_its_stage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
