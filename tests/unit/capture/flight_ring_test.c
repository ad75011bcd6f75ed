/* SPDX-License-Identifier: Apache-2.0 */
/* The flight recorder's memory, written and read in one process. */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture/flight/flight_reader.h"
#include "unit/capture/flight_writer.h"

enum { BLOCK = 16 << 10, BLOCKS = 8 };

static char path[64];
static struct flight_ring *ring;
static struct flight_producer *producer;
static struct flight_reader *reader;

static struct flight_ring_options options_of(uint32_t workers)
{
    return (struct flight_ring_options){.path = path,
                                        .worker_count = workers,
                                        .memory_bytes = BLOCK * BLOCKS,
                                        .block_size = BLOCK,
                                        .started_mono_ns = 5,
                                        .switch_name = "lab",
                                        .filter = "udp"};
}

static int setup(void **state)
{
    (void)state;
    snprintf(path, sizeof(path), "/tmp/xsw-flight-ring-%d", getpid());
    unlink(path);
    struct flight_ring_options options = options_of(2);
    assert_int_equal(flight_ring_create(&options, &ring, NULL), XSW_OK);
    producer = flight_ring_producer(ring, 1);
    assert_int_equal(flight_reader_open(path, &reader, NULL), XSW_OK);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    flight_reader_close(reader);
    flight_ring_destroy(ring);
    ring = NULL;
    reader = NULL;
    return 0;
}

/* Journeys from `first` to `last`, each batch of up to ten with its timeline and published. */
static void write_until(uint64_t first, uint64_t last)
{
    for (uint64_t id = first; id <= last; id++) {
        if ((id - first) % 10 == 0) {
            assert_true(flight_write_timeline(producer, id * FLIGHT_STEP_NS));
        }
        assert_true(flight_write_journey(producer, id));
        if ((id - first) % 10 == 9 || id == last) {
            flight_publish(producer);
        }
    }
}

struct seen {
    uint64_t first, last, count, missed;
    bool is_in_order, is_true, has_timelines;
    bool ends_empty; /* the last block had just begun: it tells what was missed, and has no journey
                      */
};

/* What a cursor finds, counted by the numbers that the blocks tell. */
static struct seen read_all(struct flight_cursor *cursor)
{
    struct seen seen = {.is_in_order = true, .is_true = true, .has_timelines = true};
    uint64_t next = 0;
    struct flight_copy copy;
    while (flight_cursor_take(cursor, true, &copy, NULL) == XSW_OK) {
        seen.missed += copy.journeys_before - next;
        next = copy.journeys_before;
        const struct ring_record *record = NULL;
        enum xsw_status status;
        bool has_timeline = false;
        while ((status = flight_copy_next(&copy, &record, NULL)) == XSW_OK) {
            has_timeline = has_timeline || record->type == RING_TIMELINE;
            if (record->type != RING_JOURNEY) {
                continue;
            }
            const struct ring_journey *journey = (const struct ring_journey *)record;
            seen.is_true = seen.is_true && flight_journey_is_true(journey);
            seen.is_in_order = seen.is_in_order && journey->id == next + 1;
            seen.has_timelines = seen.has_timelines && has_timeline;
            seen.first = seen.first == 0 ? journey->id : seen.first;
            seen.last = journey->id;
            seen.count++;
            next++;
        }
        assert_int_equal(status, XSW_END);
        seen.ends_empty = next == copy.journeys_before;
        flight_copy_free(&copy);
    }
    return seen;
}

static struct seen read_from_the_oldest(void)
{
    struct flight_cursor cursor;
    assert_int_equal(flight_cursor_init(&cursor, reader, 1, 0, NULL), XSW_OK);
    return read_all(&cursor);
}

static void what_was_published_is_read_and_no_more(void **state)
{
    (void)state;
    write_until(1, 25);
    assert_true(flight_write_timeline(producer, 99));
    assert_true(flight_write_journey(producer, 26)); /* not published */
    struct seen seen = read_from_the_oldest();
    assert_int_equal(seen.count, 25);
    assert_int_equal(seen.missed, 0);
    assert_true(seen.is_in_order && seen.is_true);
    flight_publish(producer);
    assert_int_equal(read_from_the_oldest().count, 26);
}

static void the_newest_stay_and_what_is_missing_is_known_exactly(void **state)
{
    (void)state;
    write_until(1, 20000);
    struct seen seen = read_from_the_oldest();
    assert_int_equal(seen.last, 20000);
    assert_int_equal(seen.count + seen.missed, 20000);
    assert_int_equal(seen.first, seen.missed + 1);
    assert_true(seen.is_in_order && seen.is_true && seen.has_timelines);
    /* Seven of eight blocks at least are there. */
    assert_true(seen.count > 400);
}

static void every_block_can_be_read_alone(void **state)
{
    (void)state;
    /* One batch that goes over several blocks: the timeline is repeated. */
    assert_true(flight_write_timeline(producer, 7777));
    for (uint64_t id = 1; id <= 300; id++) {
        assert_true(flight_write_journey(producer, id));
    }
    flight_publish(producer);
    struct flight_cursor cursor;
    struct flight_copy copy;
    unsigned blocks = 0;
    assert_int_equal(flight_cursor_init(&cursor, reader, 1, 0, NULL), XSW_OK);
    while (flight_cursor_take(&cursor, true, &copy, NULL) == XSW_OK) {
        const struct ring_record *record = NULL;
        assert_int_equal(flight_copy_next(&copy, &record, NULL), XSW_OK);
        assert_int_equal(record->type, RING_TIMELINE);
        assert_int_equal(((const struct ring_timeline *)record)->rx_mono_ns, 7777);
        flight_copy_free(&copy);
        blocks++;
    }
    assert_true(blocks > 3);
}

static void one_that_no_block_takes_is_refused_and_nothing_is_lost(void **state)
{
    (void)state;
    write_until(1, 5);
    assert_null(flight_reserve(producer, BLOCK, RING_JOURNEY));
    assert_null(flight_reserve(producer, UINT32_MAX & ~7U, RING_JOURNEY));
    write_until(6, 9);
    struct seen seen = read_from_the_oldest();
    assert_int_equal(seen.count, 9);
    assert_true(seen.is_in_order);
    /* The largest that fits, behind its timeline. */
    uint32_t room = BLOCK - sizeof(struct flight_block) - RING_SLACK - producer->timeline_size;
    assert_non_null(flight_reserve(producer, room, RING_JOURNEY));
}

static void a_copy_in_chunks_stays_inside_of_the_block(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 3000; round++) {
        uint32_t size = (uint32_t)(sizeof(struct ring_gap) + round % 97 * 8);
        uint8_t *bytes = flight_reserve(producer, size, RING_GAP);
        assert_true(bytes >= producer->block->records);
        assert_true(bytes + size + RING_SLACK <= (uint8_t *)producer->block + BLOCK);
        *(struct ring_gap *)(void *)bytes =
            (struct ring_gap){.record = {.size = size, .type = RING_GAP}};
        flight_publish(producer);
    }
}

static void a_reader_that_is_lapped_counts_what_it_missed(void **state)
{
    (void)state;
    struct flight_cursor cursor;
    assert_int_equal(flight_cursor_init(&cursor, reader, 1, 0, NULL), XSW_OK);
    write_until(1, 100);
    struct flight_copy copy;
    assert_int_equal(flight_cursor_take(&cursor, false, &copy, NULL), XSW_OK);
    uint64_t taken = 0;
    const struct ring_record *record = NULL;
    while (flight_copy_next(&copy, &record, NULL) == XSW_OK) {
        taken += record->type == RING_JOURNEY;
    }
    flight_copy_free(&copy);
    assert_true(taken > 0 && taken < 100);
    write_until(101, 5000);
    struct seen seen = read_all(&cursor); /* counts what came before the cursor as missed too */
    assert_int_equal(seen.last, 5000);
    assert_int_equal(seen.count + seen.missed, 5000);
    assert_true(seen.missed > taken);
    assert_true(seen.is_in_order && seen.is_true);
}

static void the_block_that_is_being_written_is_left_for_later(void **state)
{
    (void)state;
    struct flight_cursor cursor;
    struct flight_copy copy;
    write_until(1, 5);
    assert_int_equal(flight_cursor_init(&cursor, reader, 1, 0, NULL), XSW_OK);
    assert_int_equal(flight_cursor_take(&cursor, false, &copy, NULL), XSW_AGAIN);
    write_until(6, 300);
    assert_int_equal(flight_cursor_take(&cursor, false, &copy, NULL), XSW_OK);
    assert_true(copy.is_closed);
    flight_copy_free(&copy);
}

static void a_cursor_begins_at_the_block_of_a_point_in_time(void **state)
{
    (void)state;
    write_until(1, 500);
    struct flight_cursor cursor;
    struct flight_copy copy;
    assert_int_equal(flight_cursor_init(&cursor, reader, 1, 400 * FLIGHT_STEP_NS, NULL), XSW_OK);
    assert_int_equal(flight_cursor_take(&cursor, true, &copy, NULL), XSW_OK);
    assert_true(copy.last_mono_ns >= 400 * FLIGHT_STEP_NS);
    assert_true(copy.first_mono_ns <= 400 * FLIGHT_STEP_NS);
    assert_true(copy.sequence > 1);
    flight_copy_free(&copy);
    /* When all of it was before, what comes next. */
    assert_int_equal(flight_cursor_init(&cursor, reader, 1, UINT64_MAX, NULL), XSW_OK);
    assert_int_equal(flight_cursor_take(&cursor, false, &copy, NULL), XSW_AGAIN);
}

static void readers_know_whether_the_switch_lives_and_how_it_ended(void **state)
{
    (void)state;
    const struct flight_info *info = flight_reader_info(reader);
    /* Locks are of open files: to see that of one's own process takes no more than another one. */
    assert_true(info->is_living);
    assert_string_equal(info->header.switch_name, "lab");
    assert_string_equal(info->header.filter, "udp");
    flight_ring_destroy(ring);
    ring = NULL;
    assert_int_equal(flight_reader_look(reader, NULL), XSW_OK);
    assert_false(info->is_living);
    assert_int_equal(atomic_load(&info->header.state), FLIGHT_STATE_STOPPED);
    assert_int_equal(access(path, F_OK), -1); /* it took its file with it */
}

static void the_file_is_for_the_group_to_read_and_for_nobody_else(void **state)
{
    (void)state;
    struct stat file;
    assert_int_equal(stat(path, &file), 0);
    assert_int_equal(file.st_mode & 0777, 0640);
    /* All of it is there: nothing is taken from the file system later. */
    assert_true((uint64_t)file.st_blocks * 512 >= (uint64_t)file.st_size);
    struct flight_ring *second = NULL;
    struct flight_ring_options options = options_of(1);
    struct xsw_error error;
    assert_int_equal(flight_ring_create(&options, &second, &error), XSW_IO);
    assert_non_null(strstr(error.text, "exists"));
    assert_int_equal(access(path, F_OK), 0); /* what was there is still there */
}

static void dictionaries_are_read_whole_and_the_newest_counts(void **state)
{
    (void)state;
    char *json = NULL;
    assert_int_equal(flight_reader_dictionary(reader, &json, NULL), XSW_NOT_FOUND);
    for (int i = 1; i <= 5; i++) {
        char text[64];
        int length = snprintf(text, sizeof(text), "{\"generation\":%d}", i);
        assert_int_equal(flight_ring_set_dictionary(ring, text, (size_t)length, NULL), XSW_OK);
        assert_int_equal(flight_reader_dictionary(reader, &json, NULL), XSW_OK);
        assert_string_equal(json, text);
        free(json);
    }
    char *large = calloc(1, FLIGHT_DICTIONARY_SIZE + 1);
    assert_int_equal(flight_ring_set_dictionary(ring, large, FLIGHT_DICTIONARY_SIZE + 1, NULL),
                     XSW_LIMIT);
    free(large);
    assert_int_equal(flight_reader_dictionary(reader, &json, NULL), XSW_OK);
    assert_string_equal(json, "{\"generation\":5}");
    free(json);
}

static void what_was_being_written_when_it_was_killed_is_known(void **state)
{
    (void)state;
    write_until(1, 5);
    struct flight_place place;
    assert_int_equal(flight_reader_place(reader, 1, 0, &place, NULL), XSW_OK);
    assert_int_equal(place.sequence, 1);
    assert_false(place.has_more);
    assert_true(flight_write_journey(producer, 6));
    assert_int_equal(flight_reader_place(reader, 1, 0, &place, NULL), XSW_OK);
    assert_true(place.has_more);
    flight_publish(producer);
    assert_int_equal(flight_reader_place(reader, 1, 0, &place, NULL), XSW_OK);
    assert_false(place.has_more);
}

/* Races ---------------------------------------------------------------------------------------- */

static _Atomic bool is_over;

static void *writer_run(void *context)
{
    uint64_t id = 1;
    (void)context;
    while (!atomic_load(&is_over)) {
        write_until(id, id + 9);
        id += 10;
    }
    return NULL;
}

static void copies_of_a_living_ring_are_whole_however_fast_it_is_written(void **state)
{
    (void)state;
    enum { ROUNDS = 100 };
    pthread_t writer;
    atomic_store(&is_over, false);
    assert_int_equal(pthread_create(&writer, NULL, writer_run, NULL), 0);
    uint64_t lapped = 0;
    /* From when it goes round on. */
    while (lapped < ROUNDS) {
        struct seen seen = read_from_the_oldest();
        assert_true(seen.is_in_order && seen.is_true && seen.has_timelines);
        assert_true(seen.missed + seen.count == seen.last || seen.ends_empty);
        assert_true(seen.missed + seen.count >= seen.last);
        lapped += seen.missed > 0;
    }
    atomic_store(&is_over, true);
    pthread_join(writer, NULL);
}

/* The oldest block is the one that is taken again next. */
static void a_block_that_is_overwritten_while_it_is_copied_is_not_given(void **state)
{
    (void)state;
    enum { ROUNDS = 8000 };
    pthread_t writer;
    atomic_store(&is_over, false);
    assert_int_equal(pthread_create(&writer, NULL, writer_run, NULL), 0);
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct flight_cursor cursor;
        struct flight_copy copy;
        const struct ring_record *record = NULL;
        assert_int_equal(flight_cursor_init(&cursor, reader, 1, 0, NULL), XSW_OK);
        if (flight_cursor_take(&cursor, true, &copy, NULL) != XSW_OK) {
            continue;
        }
        uint64_t next = copy.journeys_before;
        enum xsw_status status;
        while ((status = flight_copy_next(&copy, &record, NULL)) == XSW_OK) {
            const struct ring_journey *journey = (const struct ring_journey *)record;
            bool is_good = record->type != RING_JOURNEY ||
                           (journey->id == ++next && flight_journey_is_true(journey));
            assert_true(is_good);
        }
        assert_int_equal(status, XSW_END);
        flight_copy_free(&copy);
    }
    atomic_store(&is_over, true);
    pthread_join(writer, NULL);
}

/* Files that are not believed ------------------------------------------------------------------ */

static enum xsw_status open_spoilt(uint64_t at, const void *bytes, size_t size, char *text)
{
    struct xsw_error error = {0};
    struct flight_reader *spoilt = NULL;
    int fd = open(path, O_RDWR);
    assert_true(fd >= 0);
    uint8_t before[64];
    assert_int_equal(pread(fd, before, size, (off_t)at), size);
    assert_int_equal(pwrite(fd, bytes, size, (off_t)at), size);
    enum xsw_status status = flight_reader_open(path, &spoilt, &error);
    assert_int_equal(pwrite(fd, before, size, (off_t)at), size);
    close(fd);
    flight_reader_close(spoilt);
    snprintf(text, sizeof(error.text), "%s", error.text);
    return status;
}

static void a_header_that_makes_no_sense_is_told_with_its_place(void **state)
{
    (void)state;
    char text[sizeof(((struct xsw_error *)NULL)->text)];
    const uint32_t version = 9, huge = UINT32_MAX, odd = 12345, more = BLOCKS * 2;
    assert_int_equal(open_spoilt(0, "NOTOURS", 8, text), XSW_CORRUPT);
    assert_non_null(strstr(text, "byte 0"));
    assert_int_equal(open_spoilt(8, &version, 4, text), XSW_CORRUPT);
    assert_non_null(strstr(text, "version"));
    size_t at = offsetof(struct flight_header, worker_count);
    assert_int_equal(open_spoilt(at, &huge, 4, text), XSW_CORRUPT);
    assert_non_null(strstr(text, "make no sense"));
    assert_int_equal(open_spoilt(offsetof(struct flight_header, block_size), &odd, 4, text),
                     XSW_CORRUPT);
    assert_int_equal(open_spoilt(offsetof(struct flight_header, block_count), &more, 4, text),
                     XSW_CORRUPT);
    assert_non_null(strstr(text, "expected"));
    assert_int_equal(truncate(path, 100), 0);
    assert_int_equal(flight_reader_look(reader, NULL), XSW_CORRUPT); /* and no signal */
    struct flight_reader *other = NULL;
    assert_int_equal(flight_reader_open(path, &other, NULL), XSW_CORRUPT);
    assert_int_equal(flight_reader_open("/tmp/xsw-no-such-file", &other, NULL), XSW_NOT_FOUND);
    /* What is mapped is not touched any more. */
    assert_int_equal(truncate(path, (off_t)flight_layout_of(2, BLOCK, BLOCKS).size), 0);
}

static void a_block_whose_records_make_no_sense_ends_there(void **state)
{
    (void)state;
    write_until(1, 300);
    /* The third record of the second block becomes one that is larger than the block. */
    struct flight_cursor cursor;
    struct flight_copy copy;
    const struct ring_record *record = NULL;
    assert_int_equal(flight_cursor_init(&cursor, reader, 1, 0, NULL), XSW_OK);
    assert_int_equal(flight_cursor_take(&cursor, false, &copy, NULL), XSW_OK);
    flight_copy_free(&copy);
    assert_int_equal(flight_cursor_take(&cursor, false, &copy, NULL), XSW_OK);
    assert_int_equal(flight_copy_next(&copy, &record, NULL), XSW_OK);
    assert_int_equal(flight_copy_next(&copy, &record, NULL), XSW_OK);
    uint32_t size = 1 << 20;
    memcpy(copy.bytes + copy.next, &size, sizeof(size));
    struct xsw_error error;
    assert_int_equal(flight_copy_next(&copy, &record, &error), XSW_CORRUPT);
    assert_non_null(strstr(error.text, "block 2 of worker 1"));
    assert_int_equal(flight_copy_next(&copy, &record, NULL), XSW_END);
    flight_copy_free(&copy);
    assert_int_equal(flight_cursor_take(&cursor, false, &copy, NULL),
                     XSW_OK); /* the next is fine */
    assert_int_equal(flight_copy_next(&copy, &record, NULL), XSW_OK);
    flight_copy_free(&copy);
}

static void a_geometry_that_makes_no_sense_is_refused(void **state)
{
    (void)state;
    struct flight_ring *other = NULL;
    struct xsw_error error;
    struct flight_ring_options options = options_of(1);
    options.path = "/tmp/xsw-never-made";
    options.memory_bytes = BLOCK;
    assert_int_equal(flight_ring_create(&options, &other, &error), XSW_INVALID);
    assert_non_null(strstr(error.text, "expected 4"));
    options.block_size = 5000;
    assert_int_equal(flight_ring_create(&options, &other, NULL), XSW_INVALID);
    assert_int_equal(access(options.path, F_OK), -1);
}

int main(void)
{
#define CLAIM(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CLAIM(what_was_published_is_read_and_no_more),
        CLAIM(the_newest_stay_and_what_is_missing_is_known_exactly),
        CLAIM(every_block_can_be_read_alone),
        CLAIM(one_that_no_block_takes_is_refused_and_nothing_is_lost),
        CLAIM(a_copy_in_chunks_stays_inside_of_the_block),
        CLAIM(a_reader_that_is_lapped_counts_what_it_missed),
        CLAIM(the_block_that_is_being_written_is_left_for_later),
        CLAIM(a_cursor_begins_at_the_block_of_a_point_in_time),
        CLAIM(readers_know_whether_the_switch_lives_and_how_it_ended),
        CLAIM(the_file_is_for_the_group_to_read_and_for_nobody_else),
        CLAIM(dictionaries_are_read_whole_and_the_newest_counts),
        CLAIM(what_was_being_written_when_it_was_killed_is_known),
        CLAIM(copies_of_a_living_ring_are_whole_however_fast_it_is_written),
        CLAIM(a_block_that_is_overwritten_while_it_is_copied_is_not_given),
        CLAIM(a_header_that_makes_no_sense_is_told_with_its_place),
        CLAIM(a_block_whose_records_make_no_sense_ends_there),
        CLAIM(a_geometry_that_makes_no_sense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
