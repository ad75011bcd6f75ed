/* SPDX-License-Identifier: Apache-2.0 */
/* Events through shared memory: in order, whole, counted when they find no room; and neither side
 * is harmed by what the other writes there. */
#include "trace/event_ring.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "switch/events.h"
#include "trace/event_story.h"

static struct event_rings *rings;
static struct event_reader *reader;

static int begin(void **state)
{
    (void)state;
    return event_rings_create(2, &rings, NULL) == XSW_OK &&
                   event_reader_open(event_rings_fd(rings), &reader, NULL) == XSW_OK
               ? 0
               : 1;
}

static int end(void **state)
{
    (void)state;
    event_reader_close(reader);
    event_rings_destroy(rings);
    return 0;
}

static struct switch_event an_event(uint16_t worker, uint64_t time)
{
    return (struct switch_event){.kind = SWITCH_EVENT_PORT_STATE,
                                 .port = 3,
                                 .stage = SWITCH_EVENT_NO_STAGE,
                                 .worker = worker,
                                 .mono_ns = time,
                                 .generation = 9,
                                 .switch_name = "xsw0",
                                 .port_name = "alice",
                                 .stage_name = "",
                                 .extension = "",
                                 .subject = "",
                                 .detail = "down"};
}

static void put(uint16_t worker, uint64_t time)
{
    const struct switch_event event = an_event(worker, time);
    event_rings_put(rings, &event);
}

static void events_of_all_threads_come_in_the_order_of_time(void **state)
{
    (void)state;
    struct event_record record;
    put(1, 20);
    put(0, 10);
    put(SWITCH_EVENT_NO_WORKER, 15);
    put(0, 30);
    const uint64_t expected[] = {10, 15, 20, 30};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(event_reader_next(reader, &record), XSW_OK);
        assert_int_equal(record.mono_ns, expected[i]);
        assert_string_equal(record.port_name, "alice");
        assert_string_equal(record.detail, "down");
    }
    assert_int_equal(event_reader_next(reader, &record), XSW_AGAIN);
}

static void full_ring_loses_the_new_and_counts_it(void **state)
{
    (void)state;
    struct event_record record;
    for (uint64_t i = 0; i < EVENT_RING_RECORDS + 5; i++) {
        put(0, i + 1);
    }
    put(1, 1);
    assert_int_equal(event_reader_lost(reader), 5);
    uint64_t count = 0;
    while (event_reader_next(reader, &record) == XSW_OK) {
        count++;
    }
    assert_int_equal(count, EVENT_RING_RECORDS + 1);
    assert_int_equal(record.mono_ns, EVENT_RING_RECORDS);
    put(0, 7);
    assert_int_equal(event_reader_next(reader, &record), XSW_OK);
}

static void long_text_is_cut_and_ends(void **state)
{
    (void)state;
    struct event_record record;
    char text[4096];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    struct switch_event event = an_event(0, 1);
    event.detail = text;
    event_rings_put(rings, &event);
    assert_int_equal(event_reader_next(reader, &record), XSW_OK);
    assert_int_equal(strlen(record.detail), sizeof(record.detail) - 1);
}

enum { EVENTS = 200000 };

static void *produce(void *context)
{
    for (uint64_t i = 1; i <= EVENTS; i++) {
        put(*(const uint16_t *)context, i);
    }
    return NULL;
}

static void nothing_is_torn_and_all_is_accounted_for_between_threads(void **state)
{
    (void)state;
    pthread_t threads[2];
    const uint16_t workers[] = {0, 1};
    uint64_t last[2] = {0, 0};
    uint64_t count = 0;
    for (int i = 0; i < 2; i++) {
        pthread_create(&threads[i], NULL, produce, (void *)&workers[i]);
    }
    struct event_record record;
    bool are_done = false;
    for (;;) {
        if (event_reader_next(reader, &record) == XSW_OK) {
            assert_true(record.worker < 2 && record.mono_ns > last[record.worker]);
            assert_string_equal(record.detail, "down");
            last[record.worker] = record.mono_ns;
            count++;
        } else if (are_done) {
            break;
        } else if (count + event_reader_lost(reader) == 2 * (uint64_t)EVENTS) {
            are_done = true;
        }
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(count + event_reader_lost(reader), 2 * (uint64_t)EVENTS);
}

/* Every word of the memory, one after the other, with a value that nobody expects. */
static void producer_is_not_harmed_by_what_is_written_to_the_memory(void **state)
{
    (void)state;
    struct stat about;
    fstat(event_rings_fd(rings), &about);
    uint8_t *memory = mmap(NULL, (size_t)about.st_size, PROT_READ | PROT_WRITE, MAP_SHARED,
                           event_rings_fd(rings), 0);
    assert_true(memory != MAP_FAILED);
    for (size_t at = 0; at < 256; at += 8) {
        memset(memory + at, 0xff, 8);
        put(0, 1);
        put(1, 1);
    }
    munmap(memory, (size_t)about.st_size);
}

enum { FIRST_RECORD = 136 }; /* behind the head of the memory and that of the first ring */

static void reader_is_not_harmed_by_what_is_written_to_the_memory(void **state)
{
    (void)state;
    struct stat about;
    struct event_record record;
    fstat(event_rings_fd(rings), &about);
    uint8_t *memory = mmap(NULL, (size_t)about.st_size, PROT_READ | PROT_WRITE, MAP_SHARED,
                           event_rings_fd(rings), 0);
    assert_true(memory != MAP_FAILED);
    put(0, 1);
    memset(memory + FIRST_RECORD + 48, 'x', sizeof(record) - 48); /* texts without an end */
    assert_int_equal(event_reader_next(reader, &record), XSW_OK);
    assert_int_equal(strlen(record.detail), sizeof(record.detail) - 1);
    assert_int_equal(strlen(record.switch_name), sizeof(record.switch_name) - 1);
    uint32_t seed = 1;
    for (int turn = 0; turn < 2000; turn++) {
        for (size_t at = 0; at < 64; at++) {
            seed = seed * 1664525 + 1013904223;
            memory[seed % (size_t)about.st_size] = (uint8_t)(seed >> 24);
            memory[at + 64 * (seed >> 8 & 3)] = (uint8_t)(seed >> 16);
        }
        put(0, (uint64_t)turn);
        for (int i = 0; i < 8 && event_reader_next(reader, &record) == XSW_OK; i++) {
            assert_true(strlen(record.detail) < sizeof(record.detail));
            struct event_story story;
            event_story_tell(&story, &record, 0);
        }
    }
    munmap(memory, (size_t)about.st_size);
}

static void memory_that_is_no_ring_is_refused(void **state)
{
    (void)state;
    struct xsw_error error = {0};
    struct event_reader *other;
    int fd = memfd_create("none", MFD_CLOEXEC);
    assert_int_equal(ftruncate(fd, 1 << 20), 0);
    assert_int_equal(event_reader_open(fd, &other, &error), XSW_CORRUPT);
    assert_string_equal(error.text, "xswd sent no memory with events");
    close(fd);
}

static void story_has_name_sentence_and_fields_of_the_table(void **state)
{
    (void)state;
    struct event_record record;
    struct event_story story;
    put(1, 77);
    assert_int_equal(event_reader_next(reader, &record), XSW_OK);
    event_story_tell(&story, &record, 1000);
    assert_string_equal(story.event.name, "port_state");
    assert_int_equal(story.event.wall_ns, 1077);
    assert_int_equal(story.event.priority, PCAPNG_PRIORITY_WARNING);
    assert_non_null(strstr(story.message, ": port alice, down"));
    bool has_port = false;
    for (size_t i = 0; i < story.event.field_count; i++) {
        has_port |= strcmp(story.fields[i].name, "port") == 0 &&
                    strcmp(story.fields[i].value, "alice") == 0;
    }
    assert_true(has_port);
    /* What is about a packet tells which one; a number of none is not said. */
    record.kind = SWITCH_EVENT_CAPTURE_TRIGGER;
    record.value = 7;
    event_story_tell(&story, &record, 0);
    assert_non_null(strstr(story.message, ", packet 7"));
    record.value = 0;
    event_story_tell(&story, &record, 0);
    assert_null(strstr(story.message, "packet"));
    record.kind = 63;
    event_story_tell(&story, &record, 0);
    assert_string_equal(story.event.name, "event_63");
}

int main(void)
{
#define CLAIM(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        CLAIM(events_of_all_threads_come_in_the_order_of_time),
        CLAIM(full_ring_loses_the_new_and_counts_it),
        CLAIM(long_text_is_cut_and_ends),
        CLAIM(nothing_is_torn_and_all_is_accounted_for_between_threads),
        CLAIM(producer_is_not_harmed_by_what_is_written_to_the_memory),
        CLAIM(reader_is_not_harmed_by_what_is_written_to_the_memory),
        CLAIM(memory_that_is_no_ring_is_refused),
        CLAIM(story_has_name_sentence_and_fields_of_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
