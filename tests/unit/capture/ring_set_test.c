/* SPDX-License-Identifier: Apache-2.0 */
/* Room in a ring is given back when the journeys in it have been written, and who comes after a
 * recorder that died reads on exactly there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture/recorder/journey_file.h"
#include "capture/ring_set.h"
#include "formats/pcapng/pcapng_write.h"
#include "switch/path/pipeline.h"

enum { SIZE = 1 << 16, FRAME = 60, HOPS = 3 };

static struct ring_producer producer;
static struct ring_set set;
static struct journey_file *file;
static char path[64];
/* What was taken: ids, and the times of their timelines. */
static uint64_t ids[1024], times[1024];
static size_t taken;
static uint64_t time_now;
static size_t stop_after; /* says that it is enough behind so many */

static void names_give(void *context, uint16_t port, uint16_t stage, struct tap_names *names)
{
    (void)context;
    (void)port;
    (void)stage;
    names->port = "p";
    names->port_kind = "memory";
    names->stage = "s";
    names->extension = "";
}

static const char *reason_give(void *context, uint16_t reason)
{
    (void)context;
    (void)reason;
    return NULL;
}

/* What the file is told of the rings (see the linker's --wrap). */
static unsigned pressed;
void __wrap_journey_file_press(struct journey_file *of, unsigned percent);

void __wrap_journey_file_press(struct journey_file *of, unsigned percent)
{
    assert_ptr_equal(of, file);
    pressed = percent;
}

static int setup(void **state)
{
    (void)state;
    memset(&set, 0, sizeof(set));
    taken = 0;
    stop_after = SIZE_MAX;
    assert_int_equal(ring_create(&producer, 0, SIZE, 64, NULL), XSW_OK);
    assert_int_equal(ring_set_add(&set, producer.fd, NULL), XSW_OK);
    snprintf(path, sizeof(path), "/tmp/xsw-ring-set-XXXXXX");
    close(mkstemp(path));
    struct journey_file_options options = {.section_json = "{\"format\":1}",
                                           .host = "host",
                                           .switch_name = "xsw0",
                                           .os = "",
                                           .comment = "",
                                           .snap_length = 64,
                                           .names = names_give,
                                           .reason_name = reason_give};
    assert_int_equal(pcapng_writer_open(path, &options.writer, NULL), XSW_OK);
    assert_int_equal(journey_file_open(&options, &file, NULL), XSW_OK);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    (void)journey_file_close(file, NULL);
    ring_set_fini(&set);
    ring_destroy(&producer);
    unlink(path);
    return 0;
}

static void timeline_write(uint64_t rx_mono_ns)
{
    size_t size = sizeof(struct ring_timeline) + HOPS * sizeof(struct ring_hop);
    struct ring_timeline *timeline = ring_reserve(&producer, (uint32_t)size);
    assert_non_null(timeline);
    *timeline = (struct ring_timeline){
        .record = {.size = (uint32_t)size, .type = RING_TIMELINE, .count = HOPS},
        .rx_mono_ns = rx_mono_ns};
    static const uint16_t stages[HOPS] = {STAGE_RX, STAGE_FORWARD, STAGE_TX};
    for (size_t i = 0; i < HOPS; i++) {
        timeline->hops[i] = (struct ring_hop){.stage = stages[i], .since_rx_ns = (uint32_t)i * 10};
    }
}

static void journeys_write(uint64_t first, uint64_t count)
{
    enum { ROOM = (FRAME + 7) / 8 * 8 };
    for (uint64_t i = 0; i < count; i++) {
        struct ring_journey *journey =
            ring_reserve(&producer, (uint32_t)sizeof(struct ring_journey) + ROOM);
        assert_non_null(journey);
        *journey = (struct ring_journey){
            .record = {.size = (uint32_t)sizeof(struct ring_journey) + ROOM, .type = RING_JOURNEY},
            .id = first + i,
            .length = FRAME,
            .captured_length = FRAME,
            .rx_length = FRAME,
            .source_port = 1,
            .destination_port = 2};
        memset(journey->data, (int)i, FRAME);
    }
    ring_publish(&producer);
}

static bool record_take(void *context, uint32_t worker, const struct ring_record *record)
{
    (void)context;
    if (record->type == RING_TIMELINE) {
        time_now = ((const struct ring_timeline *)record)->rx_mono_ns;
    } else if (record->type == RING_JOURNEY) {
        ids[taken] = ((const struct ring_journey *)record)->id;
        times[taken++] = time_now;
    }
    assert_int_equal(journey_file_put(file, worker, record, NULL), XSW_OK);
    return taken != stop_after;
}

static void take(void)
{
    struct xsw_error error;
    (void)ring_set_take(&set, 0, 1024, record_take, NULL, &error);
    ring_set_release(&set, file);
}

static uint64_t tail(void)
{
    return atomic_load(&producer.header->tail);
}

static void room_is_given_back_when_the_journeys_are_written(void **state)
{
    (void)state;
    timeline_write(1000);
    journeys_write(1, 40);
    take();
    assert_int_equal(taken, 40);
    assert_int_equal(tail(), 0);
    assert_int_equal(journey_file_flush(file, NULL), XSW_OK);
    assert_int_equal(tail(), 0);
    ring_set_release(&set, file);
    assert_int_equal(tail(), producer.head);
}

/* A recorder that had taken all and written the half of one batch, and the one after it. */
static void who_comes_after_reads_the_rest_under_its_timeline(void **state)
{
    (void)state;
    timeline_write(1000);
    journeys_write(1, 100);
    timeline_write(2000);
    journeys_write(101, 20);
    stop_after = 30;
    take();
    assert_int_equal(taken, 30);
    assert_int_equal(journey_file_flush(file, NULL), XSW_OK);
    ring_set_release(&set, file);
    stop_after = SIZE_MAX;
    take();
    assert_int_equal(taken, 120);
    ring_set_fini(&set); /* it dies */

    taken = 0;
    time_now = 0;
    memset(&set, 0, sizeof(set));
    assert_int_equal(ring_set_add(&set, producer.fd, NULL), XSW_OK);
    take();
    assert_int_equal(taken, 90);
    for (size_t i = 0; i < taken; i++) {
        assert_int_equal(ids[i], 31 + i);
        assert_int_equal(times[i], i < 70 ? 1000 : 2000);
    }
    assert_int_equal(journey_file_flush(file, NULL), XSW_OK);
    ring_set_release(&set, file);
    assert_int_equal(tail(), producer.head);
    assert_int_equal(journey_file_account(file).lost_disk, 0);
}

/* Also when marks were passed between two looks: what is settled is known too late, never too
 * early. */
static void places_hold_over_many_marks(void **state)
{
    (void)state;
    uint64_t next = 1;
    for (int round = 0; round < 200; round++) {
        timeline_write(1000 + (uint64_t)round);
        journeys_write(next, 50);
        next += 50;
        struct xsw_error error;
        taken = 0;
        stop_after = 1 + (size_t)round % 50;
        (void)ring_set_take(&set, 0, 1024, record_take, NULL, &error);
        assert_int_equal(journey_file_push(file, NULL), XSW_OK);
        if (round % 3 == 0) {
            ring_set_release(&set, file);
            assert_true(tail() <= set.rings[0].next);
        }
        stop_after = SIZE_MAX;
        take();
        assert_int_equal(journey_file_flush(file, NULL), XSW_OK);
        ring_set_release(&set, file);
        assert_int_equal(tail(), producer.head);
    }
}

static void a_ring_that_makes_no_sense_is_told_once_and_keeps_its_room(void **state)
{
    (void)state;
    struct xsw_error error;
    timeline_write(1000);
    journeys_write(1, 10);
    struct ring_journey *journey = ring_reserve(&producer, sizeof(*journey));
    assert_non_null(journey);
    *journey = (struct ring_journey){.record = {.size = 1 << 20, .type = RING_JOURNEY},
                                     .captured_length = UINT32_MAX};
    ring_publish(&producer);
    assert_int_equal(ring_set_take(&set, 0, 1024, record_take, NULL, &error), 11);
    assert_int_equal(error.status, XSW_CORRUPT);
    assert_int_equal(ring_set_take(&set, 0, 1024, record_take, NULL, &error), 0);
    assert_int_equal(error.status, XSW_OK);
    assert_int_equal(journey_file_flush(file, NULL), XSW_OK);
    ring_set_release(&set, file);
    assert_int_equal(tail(), 0);
    assert_int_equal(set.journeys[0], 10);
}

static void a_small_ring_says_when_a_piece_is_due(void **state)
{
    (void)state;
    timeline_write(1000);
    journeys_write(1, 100);
    take();
    assert_false(ring_set_is_due(&set));
    journeys_write(101, 100);
    take();
    assert_true(ring_set_is_due(&set));
    ring_set_handed_on(&set);
    assert_false(ring_set_is_due(&set));
    assert_false(ring_set_is_waiting(&set));
    journeys_write(201, 130);
    take();
    assert_true(ring_set_is_waiting(&set));
}

static void the_file_is_told_how_much_there_is_to_come(void **state)
{
    (void)state;
    timeline_write(1000);
    journeys_write(1, 200);
    unsigned full = (unsigned)(atomic_load(&producer.header->head) * 100 / SIZE);
    stop_after = 1;
    take();
    assert_in_range(pressed, full - 2, full);
    stop_after = 101;
    take();
    assert_in_range(pressed, full / 2 - 2, full / 2);
    stop_after = SIZE_MAX;
    take();
    assert_int_equal(pressed, 0);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(room_is_given_back_when_the_journeys_are_written),
        CLAIM(who_comes_after_reads_the_rest_under_its_timeline),
        CLAIM(places_hold_over_many_marks),
        CLAIM(a_ring_that_makes_no_sense_is_told_once_and_keeps_its_room),
        CLAIM(a_small_ring_says_when_a_piece_is_due),
        CLAIM(the_file_is_told_how_much_there_is_to_come),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
