/* SPDX-License-Identifier: Apache-2.0 */
/* What a worker notes of watched packets, and which packets those are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "formats/pcapng/stage_meta.h"
#include "support/switch_rig.h"
#include "switch/path/held.h"
#include "switch/path/reasons.h"
#include "switch/policy/bandwidth.h"

enum { ENDED_MAX = 64 };

struct ended {
    struct xsw_packet seen;
    uint16_t drop_reason;
    uint8_t watch;
    uint16_t note_flags;
    uint32_t notes_length;
    uint8_t notes[NOTES_BYTES];
    uint32_t hop_count;
    struct timeline_hop hops[STAGES_MAX];
};

/* Watches packets whose destination address ends in `watched`, and keeps how they ended. */
struct watching {
    uint8_t watched;
    uint32_t begun, laid_down;
    uint32_t count;
    struct ended ended[ENDED_MAX];
};

static void watching_begin(void *state, uint32_t worker, const struct worker_counters *counters)
{
    (void)worker;
    (void)counters;
    ((struct watching *)state)->begun++;
}

static void watching_end(void *state, uint32_t worker, const struct worker_counters *counters)
{
    (void)worker;
    (void)counters;
    ((struct watching *)state)->laid_down++;
}

static void watching_received(void *state, uint32_t worker, struct packet *const *packets,
                              uint32_t count, uint8_t bit)
{
    (void)worker;
    const struct watching *watching = state;
    for (uint32_t i = 0; i < count; i++) {
        if (packets[i]->seen.data[5] == watching->watched) {
            packets[i]->watch |= bit;
        }
    }
}

static void watching_ended(void *state, uint32_t worker, const struct ended_batch *batch,
                           uint8_t bit)
{
    (void)worker;
    (void)bit;
    struct watching *watching = state;
    for (uint32_t i = 0; i < batch->count && watching->count < ENDED_MAX; i++) {
        const struct packet *packet = batch->packets[i];
        struct ended *ended = &watching->ended[watching->count++];
        *ended = (struct ended){.seen = packet->seen,
                                .drop_reason = packet->drop_reason,
                                .watch = packet->watch,
                                .hop_count = batch->timeline->count};
        memcpy(ended->hops, batch->timeline->hops, sizeof(ended->hops));
        if (packet->notes != NULL) {
            ended->note_flags = packet->notes->flags;
            ended->notes_length = packet->notes->length;
            memcpy(ended->notes, packet->notes->bytes, packet->notes->length);
        }
    }
}

static const struct observer_ops watching_ops = {watching_begin, watching_end, watching_received,
                                                 watching_ended};

static struct rig rig;
static struct watching watching;
static struct observer observer;

static int setup(void **state)
{
    (void)state;
    rig_init(&rig, NULL);
    rig.clock.step_ns = 10;
    watching = (struct watching){.watched = 9};
    observer = (struct observer){.ops = &watching_ops, .state = &watching, .snap_length = 65535};
    assert_int_equal(vswitch_observer_add(rig.vswitch, &observer, NULL), XSW_OK);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_expect_chain(&rig);
    assert_int_equal(vswitch_observer_remove(rig.vswitch, &observer, NULL), XSW_OK);
    assert_int_equal(watching.begun, 1);
    assert_int_equal(watching.laid_down, 1);
    rig_fini(&rig);
    return 0;
}

static void load(const char *file, const char *setting, const char *value)
{
    struct xsw_error error;
    if (rig_extension(&rig, file, "", setting, value, &error) != XSW_OK) {
        fail_msg("%s", error.text);
    }
}

/* The notes of an ended packet, one by one; returns their number of the type. */
static unsigned notes_find(const struct ended *ended, enum meta_tlv type, struct meta_item *items,
                           unsigned capacity)
{
    struct meta_reader reader = {.next = ended->notes, .end = ended->notes + ended->notes_length};
    unsigned count = 0;
    struct meta_item item;
    while (meta_next(&reader, &item, NULL) == XSW_OK) {
        if (item.type == type && count < capacity) {
            items[count++] = item;
        }
    }
    return count;
}

static void a_rewrite_is_noted_byte_for_byte(void **state)
{
    (void)state;
    rig_port(&rig, NULL);
    rig_port(&rig, NULL);
    load(EXTENSION_DIR "/rewrite.so", "dscp", "46");
    struct frame frame;
    rig_frame(&frame, 1, 9, 30);
    rig_send(&rig, 1, &frame);
    struct memory_frame got;
    assert_true(rig_take(&rig, 2, &got));
    assert_int_equal(watching.count, 1);
    struct meta_item items[8];
    unsigned count = notes_find(&watching.ended[0], META_TLV_CHANGE, items, 8);
    assert_true(count >= 1);
    uint16_t stage = rig_stage(&rig, "ingress-filter.rewrite");
    for (unsigned i = 0; i < count; i++) {
        const struct meta_change *change = &items[i].change;
        assert_int_equal(change->stage, stage);
        assert_int_equal(change->old_length, change->new_length);
        assert_memory_equal(change->bytes, frame.bytes + change->offset, change->old_length);
        memcpy(frame.bytes + change->offset, change->bytes + change->old_length,
               change->new_length);
    }
    assert_int_equal(got.length, frame.length);
    assert_memory_equal(got.bytes, frame.bytes, frame.length);
    assert_int_equal(frame.bytes[15] >> 2, 46);
    assert_int_equal(watching.ended[0].note_flags, 0);
    assert_int_equal(notes_find(&watching.ended[0], META_TLV_UNDECLARED, items, 8), 0);
}

static void an_undeclared_change_is_found_and_marked(void **state)
{
    (void)state;
    rig_port(&rig, NULL);
    rig_port(&rig, NULL);
    load(EXTENSION_DIR "/test/undeclared.so", NULL, NULL);
    struct frame frame;
    rig_frame(&frame, 1, 9, 30);
    rig_send(&rig, 1, &frame);
    struct meta_item items[8];
    assert_int_equal(notes_find(&watching.ended[0], META_TLV_CHANGE, items, 8), 1);
    assert_int_equal(items[0].change.offset, frame.length - 1);
    assert_int_equal(items[0].change.bytes[0] ^ items[0].change.bytes[1], 0xff);
    assert_int_equal(notes_find(&watching.ended[0], META_TLV_UNDECLARED, items, 8), 1);
    assert_int_equal(items[0].stage, rig_stage(&rig, "ingress-filter.undeclared"));
}

static void a_tag_that_is_put_in_or_taken_out_is_noted(void **state)
{
    (void)state;
    static const uint16_t vlans[] = {10, 0};
    rig_port_access(&rig, 10);
    rig_port_trunk(&rig, 0, vlans);
    struct frame frame;
    rig_frame(&frame, 1, 9, 30);
    rig_send(&rig, 1, &frame);
    rig_frame_tagged(&frame, 2, 9, 10);
    rig_send(&rig, 2, &frame);
    assert_int_equal(watching.count, 2);
    struct meta_item item;
    assert_int_equal(notes_find(&watching.ended[0], META_TLV_CHANGE, &item, 1), 1);
    assert_int_equal(item.change.stage, STAGE_EGRESS_POLICY);
    assert_int_equal(item.change.offset, 12);
    assert_int_equal(item.change.old_length, 0);
    assert_int_equal(item.change.new_length, 4);
    assert_memory_equal(item.change.bytes, "\x81\x00\x00\x0a", 4);
    assert_int_equal(notes_find(&watching.ended[1], META_TLV_CHANGE, &item, 1), 1);
    assert_int_equal(item.change.old_length, 4);
    assert_int_equal(item.change.new_length, 0);
    assert_memory_equal(item.change.bytes, "\x81\x00\x00\x0a", 4);
}

static void the_watch_goes_with_the_copies_and_with_no_other_packet(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        rig_port(&rig, NULL);
    }
    struct frame frame;
    rig_frame(&frame, 1, 9, 30);
    rig_feed(&rig, 1, &frame);
    rig_frame(&frame, 1, 8, 31);
    rig_send(&rig, 1, &frame);
    assert_int_equal(watching.count, 8);
    for (uint32_t i = 0; i < watching.count; i++) {
        const struct ended *ended = &watching.ended[i];
        assert_int_equal(ended->watch, ended->seen.length == 72 ? observer.bit : 0);
        assert_int_equal(ended->notes_length, 0);
    }
}

static void a_timeline_names_each_stage_once_in_order(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        rig_port(&rig, NULL);
    }
    struct frame frame;
    rig_frame(&frame, 1, 9, 30);
    rig_send(&rig, 1, &frame);
    assert_int_equal(watching.count, 2);
    static const uint16_t order[] = {STAGE_RX,     STAGE_INGRESS_POLICY, STAGE_FORWARD,
                                     STAGE_MIRROR, STAGE_EGRESS_POLICY,  STAGE_TX};
    for (uint32_t i = 0; i < 2; i++) {
        const struct ended *ended = &watching.ended[i];
        assert_int_equal(ended->hop_count, 6);
        for (uint32_t place = 0; place < 6; place++) {
            assert_int_equal(ended->hops[place].stage, order[place]);
            assert_true(place == 0 ||
                        ended->hops[place].since_rx_ns > ended->hops[place - 1].since_rx_ns);
        }
    }
}

static void a_dropped_packet_ends_at_the_stage_that_dropped_it(void **state)
{
    (void)state;
    rig_port(&rig, NULL);
    rig_port(&rig, NULL);
    struct frame frame;
    rig_frame_tagged(&frame, 1, 9, 7);
    rig_send(&rig, 1, &frame);
    assert_int_equal(watching.count, 1);
    assert_int_equal(watching.ended[0].drop_reason, REASON_VLAN_NOT_ALLOWED);
    assert_int_equal(watching.ended[0].hop_count, 2);
    assert_int_equal(watching.ended[0].hops[1].stage, STAGE_INGRESS_POLICY);
}

static void a_copy_without_a_buffer_has_an_id_and_an_end(void **state)
{
    (void)state;
    enum { HELD = WORKER_SMALL_BUFFERS - 1 };
    static struct packet *held[HELD];
    struct frame frame;
    for (unsigned i = 0; i < 5; i++) {
        rig_port(&rig, NULL);
    }
    rig_frame(&frame, 1, 9, 100);
    assert_int_equal(packet_alloc_small(rig.worker->pool, held, HELD), HELD);
    rig_send(&rig, 1, &frame); /* one buffer for it, none for its three copies */
    packet_free(rig.worker->pool, held, HELD);
    assert_int_equal(watching.count, 4);
    unsigned lost = 0;
    for (uint32_t i = 0; i < 4; i++) {
        const struct ended *ended = &watching.ended[i];
        lost += ended->drop_reason == REASON_NO_BUFFER;
        if (ended->drop_reason == REASON_NO_BUFFER) {
            assert_true(ended->seen.parent_id != 0 && ended->seen.id != ended->seen.parent_id);
            assert_int_equal(ended->watch, observer.bit);
            assert_int_equal(ended->hops[ended->hop_count - 1].stage, STAGE_FORWARD);
        }
    }
    assert_int_equal(lost, 3);
}

static void a_ninth_observer_is_refused(void **state)
{
    (void)state;
    struct observer others[OBSERVERS_MAX];
    static struct watching unused;
    for (unsigned i = 0; i < OBSERVERS_MAX; i++) {
        others[i] = observer;
        others[i].state = &unused;
        enum xsw_status expected = i < OBSERVERS_MAX - 1 ? XSW_OK : XSW_LIMIT;
        assert_int_equal(vswitch_observer_add(rig.vswitch, &others[i], NULL), expected);
    }
    for (unsigned i = 0; i < OBSERVERS_MAX - 1; i++) {
        assert_int_equal(vswitch_observer_remove(rig.vswitch, &others[i], NULL), XSW_OK);
    }
    assert_int_equal(unused.begun, OBSERVERS_MAX - 1);
    assert_int_equal(unused.laid_down, OBSERVERS_MAX - 1);
}

static void a_change_while_a_packet_is_held_is_noted(void **state)
{
    (void)state;
    rig_port(&rig, NULL);
    rig_port(&rig, NULL);
    load(EXTENSION_DIR "/test/workshop.so", "how", "held-rewrite");
    rig_run(&rig);
    struct frame frame;
    rig_frame(&frame, 1, 9, 30);
    rig_feed(&rig, 1, &frame);
    worker_turn(rig.worker);
    assert_int_equal(watching.count, 0);
    rig.clock.now_ns += 1000000;
    rig_run(&rig);
    struct meta_item item;
    assert_int_equal(watching.count, 1);
    assert_int_equal(notes_find(&watching.ended[0], META_TLV_CHANGE, &item, 1), 1);
    assert_int_equal(item.change.stage, rig_stage(&rig, "ingress-filter.workshop"));
    assert_int_equal(item.change.offset, frame.length - 1);
    assert_int_equal(item.change.bytes[0] ^ item.change.bytes[1], 0xff);
    assert_int_equal(watching.ended[0].note_flags, 0);
    assert_int_equal(vswitch_extension_remove(rig.vswitch, "workshop", NULL), XSW_OK);
}

/* A trunk's tags are noted, and then as many packets wait for bandwidth as can be held. */
static void all_that_wait_have_notes(void **state)
{
    (void)state;
    enum { SENT = HELD_MAX + 100 };
    static const uint16_t vlans[] = {10, 0};
    struct port_config config;
    rig_port_access(&rig, 10);
    rig_port_trunk(&rig, 0, vlans);
    config = rig_port_config(&rig, 1);
    config.bandwidth = (struct bandwidth_config){.limit = 8000000000, .burst = BANDWIDTH_BURST_MIN};
    rig_port_set(&rig, &config);
    rig.clock.step_ns = 0; /* nothing comes to be due */
    struct frame frame;
    rig_frame(&frame, 1, 9, 30);
    for (unsigned i = 0; i < SENT; i++) {
        rig_feed(&rig, 1, &frame);
        worker_turn(rig.worker);
    }
    assert_true(held_pool_count(rig.worker->held) == HELD_MAX);
    config.bandwidth = (struct bandwidth_config){.limit = 0};
    rig_port_set(&rig, &config);
    rig_run(&rig);
    assert_int_equal(held_pool_count(rig.worker->held), 0);
    struct meta_item item;
    assert_int_equal(notes_find(&watching.ended[ENDED_MAX - 1], META_TLV_CHANGE, &item, 1), 1);
}

/* Who begins to look on while a packet is held has not seen it come, and does not see it end. */
static void what_is_held_is_not_the_next_observers(void **state)
{
    (void)state;
    static struct watching later_watching = {.watched = 9};
    struct observer next = {.ops = &watching_ops, .state = &later_watching, .snap_length = 65535};
    rig_port(&rig, NULL);
    rig_port(&rig, NULL);
    load(EXTENSION_DIR "/test/workshop.so", "how", "hold-in");
    rig_run(&rig);
    struct frame frame;
    rig_frame(&frame, 1, 9, 30);
    rig_feed(&rig, 1, &frame);
    worker_turn(rig.worker);
    assert_int_equal(vswitch_observer_remove(rig.vswitch, &observer, NULL), XSW_OK);
    assert_int_equal(vswitch_observer_add(rig.vswitch, &next, NULL), XSW_OK);
    rig.clock.now_ns += 1000000;
    rig_run(&rig);
    assert_int_equal(later_watching.count, 1); /* shown like all that end, and not followed */
    assert_int_equal(later_watching.ended[0].watch, 0);
    assert_int_equal(vswitch_observer_remove(rig.vswitch, &next, NULL), XSW_OK);
    assert_int_equal(vswitch_extension_remove(rig.vswitch, "workshop", NULL), XSW_OK);
}

/* The watcher by itself ---------------------------------------------------------------------- */

static void notes_that_do_not_fit_are_marked_as_not_the_whole(void **state)
{
    (void)state;
    struct watcher *watcher = NULL;
    struct packet_pool *pool = NULL;
    assert_int_equal(watcher_create(&watcher, NULL), XSW_OK);
    assert_int_equal(packet_pool_create(4, 4, &pool, NULL), XSW_OK);
    struct packet *packet = packet_alloc(pool, 9000);
    packet->seen.length = 9000;
    packet->watch = 1;
    memset(packet->seen.data, 0, 9000);
    watcher_remember(watcher, &packet, 1, 65535);
    for (unsigned i = 0; i < 9000; i += 12) {
        packet->seen.data[i] = 1;
    }
    watcher_compare(watcher, &packet, 1, 8, 1);
    assert_non_null(packet->notes);
    assert_int_equal(packet->notes->flags & NOTES_INCOMPLETE, NOTES_INCOMPLETE);
    assert_true(packet->notes->length <= NOTES_BYTES);
    struct meta_reader reader = {.next = packet->notes->bytes,
                                 .end = packet->notes->bytes + packet->notes->length};
    struct meta_item item;
    enum xsw_status status;
    while ((status = meta_next(&reader, &item, NULL)) == XSW_OK) {
    }
    assert_int_equal(status, XSW_END); /* what is there is whole */
    watcher_forget(watcher, &packet, 1);
    assert_null(packet->notes);
    packet_free(pool, &packet, 1);
    packet_pool_destroy(pool);
    watcher_destroy(watcher);
}

static void more_taken_out_than_was_kept_is_marked(void **state)
{
    (void)state;
    struct watcher *watcher = NULL;
    struct packet_pool *pool = NULL;
    assert_int_equal(watcher_create(&watcher, NULL), XSW_OK);
    assert_int_equal(packet_pool_create(4, 4, &pool, NULL), XSW_OK);
    struct packet *packet = packet_alloc(pool, 1000);
    packet->seen.length = packet->rx_length = 1000;
    packet->watch = 1;
    for (unsigned i = 0; i < 1000; i++) {
        packet->seen.data[i] = (uint8_t)(i * i / 7);
    }
    watcher_remember(watcher, &packet, 1, 64);
    memmove(packet->seen.data + 20, packet->seen.data + 220, 780);
    packet->seen.length = 800;
    watcher_compare(watcher, &packet, 1, 8, 1);
    assert_non_null(packet->notes);
    assert_int_equal(packet->notes->flags & NOTES_INCOMPLETE, NOTES_INCOMPLETE);
    watcher_forget(watcher, &packet, 1);
    packet_free(pool, &packet, 1);
    packet_pool_destroy(pool);
    watcher_destroy(watcher);
}

/* Every frame of a batch as large as an extension can make it. */
static void the_largest_batch_is_remembered_whole(void **state)
{
    (void)state;
    struct watcher *watcher = NULL;
    struct packet_pool *pool = NULL;
    assert_int_equal(watcher_create(&watcher, NULL), XSW_OK);
    assert_int_equal(packet_pool_create(4, XSW_BATCH_MAX, &pool, NULL), XSW_OK);
    static struct packet *packets[XSW_BATCH_MAX];
    for (unsigned i = 0; i < XSW_BATCH_MAX; i++) {
        packets[i] = packet_alloc(pool, PACKET_LARGE_BYTES);
        packets[i]->seen.data -= PACKET_HEADROOM_EXTENSIONS;
        packets[i]->seen.length = packet_capacity(packets[i]) + PACKET_HEADROOM_EXTENSIONS;
        packets[i]->watch = 1;
        assert_true(packet_is_sane(packets[i]));
    }
    watcher_remember(watcher, packets, XSW_BATCH_MAX, UINT32_MAX);
    for (unsigned i = 0; i < XSW_BATCH_MAX; i++) {
        packets[i]->seen.data[64000] ^= 1;
    }
    watcher_compare(watcher, packets, XSW_BATCH_MAX, 8, 1);
    for (unsigned i = 0; i < XSW_BATCH_MAX; i++) {
        assert_non_null(packets[i]->notes);
    }
    watcher_forget(watcher, packets, XSW_BATCH_MAX);
    packet_free(pool, packets, XSW_BATCH_MAX);
    packet_pool_destroy(pool);
    watcher_destroy(watcher);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(a_rewrite_is_noted_byte_for_byte),
        CLAIM(an_undeclared_change_is_found_and_marked),
        CLAIM(a_tag_that_is_put_in_or_taken_out_is_noted),
        CLAIM(the_watch_goes_with_the_copies_and_with_no_other_packet),
        CLAIM(a_timeline_names_each_stage_once_in_order),
        CLAIM(a_dropped_packet_ends_at_the_stage_that_dropped_it),
        CLAIM(a_copy_without_a_buffer_has_an_id_and_an_end),
        CLAIM(a_ninth_observer_is_refused),
        CLAIM(a_change_while_a_packet_is_held_is_noted),
        CLAIM(all_that_wait_have_notes),
        CLAIM(what_is_held_is_not_the_next_observers),
        cmocka_unit_test(notes_that_do_not_fit_are_marked_as_not_the_whole),
        cmocka_unit_test(more_taken_out_than_was_kept_is_marked),
        cmocka_unit_test(the_largest_batch_is_remembered_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
