/* SPDX-License-Identifier: Apache-2.0 */
/* A capture session on a switch: what it keeps, what it loses, and that both add up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "capture/recorder/unfold.h"
#include "capture/session.h"
#include "support/switch_rig.h"
#include "switch/path/reasons.h"

static struct rig rig;
static struct capture_session *session;
static struct ring_consumer ring;

/* What was read from the ring. */
struct reading {
    uint64_t journeys, gaps;
    uint64_t lost[META_LOSS_COUNT];
    struct ring_timeline *timeline;
    uint8_t timeline_bytes[4096];
    struct ring_journey *last; /* a copy */
    uint8_t last_bytes[1 << 18];
};

static struct reading reading;

static int setup(void **state)
{
    (void)state;
    rig_init(&rig, NULL);
    rig.clock.step_ns = 10;
    session = NULL;
    memset(&reading, 0, sizeof(reading));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    if (session != NULL) {
        ring_detach(&ring);
        capture_session_close(session);
    }
    rig_expect_chain(&rig);
    rig_fini(&rig);
    return 0;
}

static void session_begin(const char *filter, uint32_t snap_length, uint32_t ring_bytes)
{
    struct capture_options options = {.rules = {.filter = filter, .snap_length = snap_length},
                                      .ring_bytes = ring_bytes};
    struct xsw_error error;
    if (capture_session_open(rig.vswitch, &options, &session, &error) != XSW_OK) {
        fail_msg("%s", error.text);
    }
    const int *fds = NULL;
    assert_int_equal(capture_session_rings(session, &fds), 1);
    assert_int_equal(ring_attach(&ring, fds[0], NULL), XSW_OK);
}

static void record_take(const struct ring_record *record)
{
    if (record->type == RING_TIMELINE) {
        memcpy(reading.timeline_bytes, record, record->size);
        reading.timeline = (struct ring_timeline *)(void *)reading.timeline_bytes;
    } else if (record->type == RING_GAP) {
        const struct ring_gap *gap = (const struct ring_gap *)record;
        assert_true(record->count < META_LOSS_COUNT);
        assert_true(gap->journeys > 0);
        assert_true(gap->from_mono_ns <= gap->to_mono_ns);
        reading.lost[record->count] += gap->journeys;
        reading.gaps++;
    } else {
        assert_int_equal(record->type, RING_JOURNEY);
        assert_true(record->size <= sizeof(reading.last_bytes));
        memcpy(reading.last_bytes, record, record->size);
        reading.last = (struct ring_journey *)(void *)reading.last_bytes;
        reading.journeys++;
    }
}

static void ring_drain(void)
{
    const struct ring_record *record = NULL;
    struct xsw_error error;
    enum xsw_status status;
    while ((status = ring_next(&ring, &record, &error)) == XSW_OK) {
        record_take(record);
    }
    assert_int_equal(status, XSW_AGAIN);
    ring_release(&ring);
}

static struct capture_account account_balanced(void)
{
    struct capture_account account = capture_session_account(session, 0);
    assert_int_equal(account.offered, account.filtered + account.sampled + account.written +
                                          capture_account_lost(&account));
    return account;
}

static void ports_make(uint16_t count)
{
    for (uint16_t i = 0; i < count; i++) {
        rig_port(&rig, NULL);
    }
}

static void sent(uint16_t port, uint8_t from, uint8_t to, uint32_t payload, unsigned count)
{
    struct frame frame;
    rig_frame(&frame, from, to, payload);
    for (unsigned i = 0; i < count; i++) {
        rig_feed(&rig, port, &frame);
    }
    rig_run(&rig);
    for (uint16_t other = 1; other <= rig.port_count; other++) {
        rig_drain(&rig, other);
    }
}

/* The first record of the journey that was read last: what came in. */
static struct unfold_step first_step(void)
{
    static struct unfold unfold;
    static struct ring_hop hops[STAGES_MAX];
    memcpy(hops, reading.timeline->hops, reading.timeline->record.count * sizeof(hops[0]));
    assert_int_equal(unfold_begin(&unfold, reading.last,
                                  &(struct unfold_timeline){hops, reading.timeline->record.count,
                                                            reading.timeline->rx_mono_ns},
                                  false, NULL),
                     XSW_OK);
    struct unfold_step step;
    assert_true(unfold_next(&unfold, &step));
    return step;
}

/* Filter and snap ---------------------------------------------------------------------------- */

static void only_what_the_filter_matches_is_kept(void **state)
{
    (void)state;
    ports_make(2);
    session_begin("ether src 02:00:00:00:00:05", 0, 0);
    sent(1, 5, 9, 10, 3);
    sent(1, 6, 9, 10, 4);
    ring_drain();
    assert_int_equal(reading.journeys, 3);
    struct capture_account account = account_balanced();
    assert_int_equal(account.offered, 7);
    assert_int_equal(account.filtered, 4);
    assert_int_equal(account.written, 3);
}

static void the_filter_sees_the_packet_as_it_came_in(void **state)
{
    (void)state;
    ports_make(2);
    struct xsw_error error;
    assert_int_equal(
        rig_extension(&rig, EXTENSION_DIR "/rewrite.so", "", "ip-src", "192.0.2.1", &error),
        XSW_OK);
    session_begin("src host 10.0.0.1", 0, 0);
    sent(1, 1, 9, 10, 2);
    ring_drain();
    assert_int_equal(reading.journeys, 2);
    struct frame frame;
    rig_frame(&frame, 1, 9, 10);
    struct unfold_step step = first_step();
    assert_int_equal(step.captured_length, frame.length);
    assert_memory_equal(step.bytes, frame.bytes, frame.length);
    assert_memory_not_equal(reading.last->data, frame.bytes, frame.length);
}

static void the_filters_answer_goes_with_the_copies(void **state)
{
    (void)state;
    ports_make(5);
    session_begin("udp", 0, 0);
    sent(1, 1, 9, 10, 1);
    ring_drain();
    assert_int_equal(reading.journeys, 4);
    assert_int_equal(account_balanced().filtered, 0);
}

static void the_snap_length_bounds_the_bytes_and_not_the_length(void **state)
{
    (void)state;
    ports_make(2);
    session_begin(NULL, 64, 0);
    sent(1, 1, 9, 1000, 1);
    ring_drain();
    struct frame frame;
    rig_frame(&frame, 1, 9, 1000);
    assert_int_equal(reading.last->captured_length, 64);
    assert_int_equal(reading.last->length, frame.length);
    assert_memory_equal(reading.last->data, frame.bytes, 64);
}

static void a_snapped_frame_with_a_new_tag_still_tells_what_came_in(void **state)
{
    (void)state;
    static const uint16_t vlans[] = {1, 0};
    rig_port(&rig, NULL);
    rig_port_trunk(&rig, 0, vlans);
    session_begin(NULL, 64, 0);
    sent(1, 1, 9, 1000, 1);
    ring_drain();
    struct frame frame;
    rig_frame(&frame, 1, 9, 1000);
    struct unfold_step step = first_step();
    assert_int_equal(step.captured_length, 64);
    assert_int_equal(step.length, frame.length);
    assert_memory_equal(step.bytes, frame.bytes, 64);
}

static void a_frame_that_an_extension_left_outside_is_told_as_not_known(void **state)
{
    (void)state;
    ports_make(2);
    struct xsw_error error;
    assert_int_equal(
        rig_extension(&rig, EXTENSION_DIR "/test/outside.so", "", "how", "long", &error), XSW_OK);
    session_begin(NULL, 0, 0);
    sent(1, 1, 9, 100, 1);
    ring_drain();
    assert_int_equal(reading.last->drop_reason, REASON_BAD_PACKET);
    struct frame frame;
    rig_frame(&frame, 1, 9, 100);
    struct unfold_step step = first_step();
    assert_int_equal(step.length, frame.length);
    assert_int_equal(step.captured_length, 0);
    assert_int_equal(step.fixed.flags, META_FIRST | META_CHANGES_INCOMPLETE);
}

static void a_journey_names_ports_stage_times_and_the_reason(void **state)
{
    (void)state;
    ports_make(2);
    struct acl_rule deny = {.id = 12, .action = ACL_DENY, .direction = ACL_OUT};
    rig_rule(&rig, 2, &deny);
    session_begin(NULL, 0, 0);
    sent(1, 1, 9, 10, 1);
    ring_drain();
    const struct ring_journey *journey = reading.last;
    assert_int_equal(journey->source_port, 1);
    assert_int_equal(journey->destination_port, 2);
    assert_int_equal(journey->vlan, 1);
    assert_int_equal(journey->drop_reason, REASON_ACL_DENIED);
    assert_int_equal(journey->has_drop_rule, 1);
    const struct ring_timeline *timeline = reading.timeline;
    assert_int_equal(timeline->record.count, 5);
    assert_int_equal(timeline->hops[4].stage, STAGE_EGRESS_POLICY);
    assert_int_equal(timeline->generation, vswitch_generation(rig.vswitch));
}

/* Loss --------------------------------------------------------------------------------------- */

static void a_full_ring_loses_and_tells_exactly_how_many(void **state)
{
    (void)state;
    ports_make(3);
    session_begin(NULL, 0, CAPTURE_RING_MIN);
    uint64_t random = 3;
    for (unsigned round = 0; round < 300; round++) {
        sent(1, 1, 9, (uint32_t)(frame_random(&random) % 1400),
             (unsigned)(1 + frame_random(&random) % 60));
        account_balanced();
        if (frame_random(&random) % 4 == 0) {
            ring_drain();
        }
    }
    ring_drain();
    sent(1, 1, 9, 10, 1); /* brings the last gap with it */
    ring_drain();
    struct capture_account account = account_balanced();
    assert_true(account.lost[META_LOSS_RING_FULL] > 100);
    assert_true(reading.gaps > 2);
    assert_int_equal(reading.lost[META_LOSS_RING_FULL], account.lost[META_LOSS_RING_FULL]);
    assert_int_equal(reading.journeys, account.written);
    assert_int_equal(account.offered, vswitch_stage_counters(rig.vswitch, STAGE_TX).out);
}

static void a_journey_larger_than_half_the_ring_is_too_big(void **state)
{
    (void)state;
    ports_make(2);
    session_begin(NULL, 0, CAPTURE_RING_MIN);
    static uint8_t bytes[60000];
    struct frame frame;
    rig_frame(&frame, 1, 9, 100);
    memcpy(bytes, frame.bytes, frame.length);
    const struct xsw_offload segments = {
        .gso_type = XSW_GSO_UDP_L4, .gso_size = 1000, .header_length = 42};
    for (unsigned i = 0; i < 5; i++) {
        rig_feed_bytes(&rig, 1, bytes, sizeof(bytes), &segments);
        rig_feed(&rig, 1, &frame);
    }
    rig_run(&rig);
    ring_drain();
    struct capture_account account = account_balanced();
    assert_int_equal(account.lost[META_LOSS_TOO_BIG], 5);
    assert_int_equal(account.written, 5);
    assert_int_equal(reading.lost[META_LOSS_TOO_BIG], 5);
    assert_int_equal(reading.journeys, 5);
}

static void a_gap_at_the_very_end_is_told_when_there_is_room(void **state)
{
    (void)state;
    ports_make(2);
    session_begin(NULL, 0, CAPTURE_RING_MIN);
    sent(1, 1, 9, 1400, 200);
    ring_drain();
    assert_true(reading.lost[META_LOSS_RING_FULL] < account_balanced().lost[META_LOSS_RING_FULL]);
    assert_int_equal(capture_session_stop(session, NULL), XSW_OK);
    ring_drain();
    assert_int_equal(reading.lost[META_LOSS_RING_FULL],
                     account_balanced().lost[META_LOSS_RING_FULL]);
}

static void the_switch_does_the_same_with_capture_and_without(void **state)
{
    (void)state;
    uint64_t tx[2];
    for (unsigned captured = 0; captured < 2; captured++) {
        if (captured == 1) {
            rig_fini(&rig);
            rig_init(&rig, NULL);
        }
        ports_make(4);
        if (captured == 1) {
            session_begin("udp", 64, CAPTURE_RING_MIN); /* never read: full soon */
        }
        uint64_t random = 11;
        uint64_t sum = 0;
        struct memory_frame got;
        for (unsigned i = 0; i < 3000; i++) {
            struct frame frame;
            frame_make_random(&frame, &random);
            frame.bytes[11] = (uint8_t)(frame_random(&random) % 8);
            frame.bytes[5] = (uint8_t)(frame_random(&random) % 8);
            rig_send(&rig, (uint16_t)(1 + frame_random(&random) % 4), &frame);
            for (uint16_t port = 1; port <= 4; port++) {
                while (rig_take(&rig, port, &got)) {
                    for (uint32_t at = 0; at < got.length; at++) {
                        sum = sum * 31 + got.bytes[at];
                    }
                }
            }
        }
        tx[captured] = sum;
    }
    assert_int_equal(tx[0], tx[1]);
}

/* Life --------------------------------------------------------------------------------------- */

static void a_bad_filter_is_refused_with_libpcaps_words(void **state)
{
    (void)state;
    struct capture_options options = {.rules = {.filter = "tcp prot 80"}};
    struct xsw_error error;
    struct capture_session *none = NULL;
    assert_int_equal(capture_session_open(rig.vswitch, &options, &none, &error), XSW_INVALID);
    assert_non_null(strstr(error.text, "tcp prot 80"));
    assert_non_null(strstr(error.text, "syntax error"));
    assert_null(none);
}

static void options_out_of_range_are_refused(void **state)
{
    (void)state;
    static const struct capture_options bad[] = {
        {.rules = {.snap_length = CAPTURE_SNAP_MAX + 1}},
        {.rules = {.sample = CAPTURE_SAMPLE_MAX + 1}},
        {.rules = {.rate = CAPTURE_RATE_MAX + 1}},
        {.rules = {.budget = BUDGET_WHOLE + 1}},
        {.ring_bytes = CAPTURE_RING_MIN - 1},
        {.ring_bytes = CAPTURE_RING_MAX + 1},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct xsw_error error;
        struct capture_session *none = NULL;
        assert_int_equal(capture_session_open(rig.vswitch, &bad[i], &none, &error), XSW_INVALID);
        assert_non_null(strstr(error.text, "expected"));
    }
}

/* 64 MiB a session, but no ring is so small that it takes in little. */
static void rings_of_no_size_are_shared_by_the_workers(void **state)
{
    (void)state;
    static const uint32_t mib[] = {[1] = 64, [2] = 32, [3] = 16, [4] = 16, [5] = 16, [16] = 16};
    for (uint32_t workers = 1; workers < sizeof(mib) / sizeof(mib[0]); workers++) {
        assert_true(mib[workers] == 0 || capture_ring_default(workers) == mib[workers] << 20);
    }
    session_begin("", 0, 0);
    assert_int_equal(capture_session_ring_bytes(session), CAPTURE_RINGS_DEFAULT);
}

static void eight_sessions_can_be_open_and_no_ninth(void **state)
{
    (void)state;
    struct capture_session *sessions[CAPTURE_SESSIONS_MAX + 1] = {NULL};
    struct capture_options options = {.ring_bytes = CAPTURE_RING_MIN};
    for (unsigned i = 0; i <= CAPTURE_SESSIONS_MAX; i++) {
        enum xsw_status expected = i < CAPTURE_SESSIONS_MAX ? XSW_OK : XSW_LIMIT;
        assert_int_equal(capture_session_open(rig.vswitch, &options, &sessions[i], NULL), expected);
    }
    for (unsigned i = 0; i < CAPTURE_SESSIONS_MAX; i++) {
        capture_session_close(sessions[i]);
    }
    capture_session_close(NULL);
}

static void a_stopped_session_is_final_and_its_ring_still_readable(void **state)
{
    (void)state;
    ports_make(2);
    session_begin(NULL, 0, 0);
    sent(1, 1, 9, 10, 5);
    assert_int_equal(capture_session_stop(session, NULL), XSW_OK);
    assert_int_equal(capture_session_stop(session, NULL), XSW_OK);
    sent(1, 1, 9, 10, 7);
    ring_drain();
    assert_int_equal(reading.journeys, 5);
    assert_int_equal(account_balanced().offered, 5);
    assert_int_equal(capture_session_stage(session, STAGE_RX).in, 5);
    assert_int_equal(capture_session_stage(session, STAGE_TX).out, 5);
}

static void the_stages_of_a_session_count_from_its_begin_to_its_end(void **state)
{
    (void)state;
    ports_make(3);
    sent(1, 1, 9, 10, 3);
    session_begin("tcp", 0, 0); /* watched or not */
    sent(1, 1, 9, 10, 4);
    struct frame runt;
    rig_frame(&runt, 1, 9, 0);
    rig_feed_bytes(&rig, 1, runt.bytes, 5, NULL);
    rig_run(&rig);
    assert_int_equal(capture_session_stop(session, NULL), XSW_OK);
    struct stage_counters forward = capture_session_stage(session, STAGE_FORWARD);
    assert_int_equal(forward.in, 4);
    assert_int_equal(forward.clones, 4);
    assert_int_equal(forward.out, 8);
    assert_int_equal(capture_session_stage(session, STAGE_RX).dropped, 1);
    assert_int_equal(capture_session_dropped(session, STAGE_RX, REASON_RUNT_FRAME), 1);
}

static void sessions_come_and_go_while_a_worker_runs(void **state)
{
    (void)state;
    ports_make(2);
    static struct frame frame;
    static struct memory_frame played;
    rig_frame(&frame, 1, 9, 30);
    played = (struct memory_frame){.bytes = frame.bytes, .length = (uint32_t)frame.length};
    port_memory_play(rig.ports[1], &played, 1);
    rig_start(&rig);
    for (unsigned round = 0; round < 30; round++) {
        session_begin(round % 2 == 0 ? "udp" : "tcp", 64, CAPTURE_RING_MIN);
        struct capture_account account;
        do {
            ring_drain();
            account = capture_session_account(session, 0);
        } while (account.offered < 500);
        assert_int_equal(capture_session_stop(session, NULL), XSW_OK);
        ring_drain();
        account = account_balanced();
        assert_int_equal(reading.journeys, account.written);
        assert_int_equal(account.offered, capture_session_stage(session, STAGE_TX).out +
                                              capture_session_stage(session, STAGE_TX).dropped);
        ring_detach(&ring);
        capture_session_close(session);
        session = NULL;
        memset(&reading, 0, sizeof(reading));
    }
    rig_stop(&rig);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(only_what_the_filter_matches_is_kept),
        CLAIM(the_filter_sees_the_packet_as_it_came_in),
        CLAIM(the_filters_answer_goes_with_the_copies),
        CLAIM(the_snap_length_bounds_the_bytes_and_not_the_length),
        CLAIM(a_snapped_frame_with_a_new_tag_still_tells_what_came_in),
        CLAIM(a_frame_that_an_extension_left_outside_is_told_as_not_known),
        CLAIM(a_journey_names_ports_stage_times_and_the_reason),
        CLAIM(a_full_ring_loses_and_tells_exactly_how_many),
        CLAIM(a_journey_larger_than_half_the_ring_is_too_big),
        CLAIM(a_gap_at_the_very_end_is_told_when_there_is_room),
        CLAIM(the_switch_does_the_same_with_capture_and_without),
        CLAIM(a_bad_filter_is_refused_with_libpcaps_words),
        CLAIM(options_out_of_range_are_refused),
        CLAIM(rings_of_no_size_are_shared_by_the_workers),
        CLAIM(eight_sessions_can_be_open_and_no_ninth),
        CLAIM(a_stopped_session_is_final_and_its_ring_still_readable),
        CLAIM(the_stages_of_a_session_count_from_its_begin_to_its_end),
        CLAIM(sessions_come_and_go_while_a_worker_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
