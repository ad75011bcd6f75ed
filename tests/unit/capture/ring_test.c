/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture/ring.h"
#include "unit/packet/frames.h"

enum { SIZE = 1 << 16 };

/* What taking memory is to come to; see the linker's --wrap. */
static int failure;
static int interruptions;

int __real_posix_fallocate(int fd, off_t offset, off_t length);
int __wrap_posix_fallocate(int fd, off_t offset, off_t length);

int __wrap_posix_fallocate(int fd, off_t offset, off_t length)
{
    if (interruptions > 0) {
        interruptions--;
        return EINTR;
    }
    return failure != 0 ? failure : __real_posix_fallocate(fd, offset, length);
}

static struct ring_producer producer;
static struct ring_consumer consumer;

static int setup(void **state)
{
    (void)state;
    assert_int_equal(ring_create(&producer, 3, SIZE, 64, NULL), XSW_OK);
    assert_int_equal(ring_attach(&consumer, producer.fd, NULL), XSW_OK);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    ring_detach(&consumer);
    ring_destroy(&producer);
    return 0;
}

/* A gap record with this number in it, as large as wanted. */
static int number_write(uint64_t number, uint32_t size)
{
    struct ring_gap *gap = ring_reserve(&producer, size);
    if (gap == NULL) {
        return 0;
    }
    *gap = (struct ring_gap){.record = {.size = size, .type = RING_GAP, .count = 1},
                             .journeys = number};
    return 1;
}

static void number_expect(uint64_t number)
{
    const struct ring_record *record = NULL;
    assert_int_equal(ring_next(&consumer, &record, NULL), XSW_OK);
    assert_int_equal(record->type, RING_GAP);
    assert_int_equal(((const struct ring_gap *)record)->journeys, number);
}

static void nothing_expect(void)
{
    const struct ring_record *record = NULL;
    assert_int_equal(ring_next(&consumer, &record, NULL), XSW_AGAIN);
}

static void records_come_out_as_they_went_in(void **state)
{
    (void)state;
    uint64_t random = 5;
    uint64_t in = 0;
    uint64_t out = 0;
    while (out < 20000) {
        for (uint64_t batch = frame_random(&random) % 50; batch > 0; batch--) {
            uint32_t size = (uint32_t)(sizeof(struct ring_gap) + frame_random(&random) % 300 * 8);
            in += number_write(in, size) != 0;
        }
        ring_publish(&producer);
        for (uint64_t batch = frame_random(&random) % 60; batch > 0 && out < in; batch--) {
            number_expect(out++);
        }
        ring_release(&consumer);
    }
    assert_true(producer.head > 10 * SIZE); /* it went round */
}

static void what_is_not_published_is_not_seen(void **state)
{
    (void)state;
    assert_true(number_write(1, 64));
    nothing_expect();
    ring_publish(&producer);
    number_expect(1);
    nothing_expect();
}

static void a_full_ring_gives_no_room_until_it_is_read(void **state)
{
    (void)state;
    uint64_t in = 0;
    while (number_write(in, 1024)) {
        in++;
        assert_true(in * 1024 <= SIZE);
    }
    assert_true(in * 1024 > SIZE / 2);
    ring_publish(&producer);
    assert_false(number_write(in, 1024));
    number_expect(0);
    assert_false(number_write(in, 1024)); /* read, but not given back */
    number_expect(1);
    ring_release(&consumer);
    assert_true(number_write(in, 1024));
}

static void a_copy_in_chunks_stays_inside_of_the_memory(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 2000; round++) {
        uint32_t size = (uint32_t)(sizeof(struct ring_gap) + round % 97 * 8);
        uint8_t *bytes = ring_reserve(&producer, size);
        assert_non_null(bytes);
        assert_true(bytes + size + RING_SLACK <= (uint8_t *)producer.header + producer.map_size);
        *(struct ring_gap *)(void *)bytes =
            (struct ring_gap){.record = {.size = size, .type = RING_GAP}, .journeys = round};
        ring_publish(&producer);
        number_expect(round);
        ring_release(&consumer);
    }
}

static void a_tail_that_makes_no_sense_is_not_believed(void **state)
{
    (void)state;
    uint64_t in = 0;
    while (number_write(in, 1024)) {
        in++;
    }
    ring_publish(&producer);
    const uint64_t nonsense[] = {UINT64_MAX, producer.head + 1, producer.head + SIZE,
                                 (uint64_t)1 << 63, producer.head - 2 * SIZE};
    for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++) {
        atomic_store(&producer.header->tail, nonsense[i]);
        assert_false(number_write(in, 1024));
        assert_int_equal(producer.tail, 0);
    }
    /* And one that goes back, after a good one. */
    atomic_store(&producer.header->tail, 4096);
    assert_true(number_write(in, 1024));
    atomic_store(&producer.header->tail, 1024);
    ring_refresh(&producer);
    assert_int_equal(producer.tail, 4096);
}

/* Whatever stands in the memory, reading ends, and every record that is given lies inside. */
static void reads_to_the_end(void)
{
    const uint8_t *end = consumer.data + SIZE;
    for (unsigned reads = 0;; reads++) {
        const struct ring_record *record = NULL;
        struct xsw_error error;
        enum xsw_status status = ring_next(&consumer, &record, &error);
        if (status != XSW_OK) {
            assert_true(status == XSW_AGAIN || status == XSW_CORRUPT);
            return;
        }
        const uint8_t *bytes = (const uint8_t *)record;
        assert_true(bytes >= consumer.data && bytes + record->size <= end);
        if (record->type == RING_JOURNEY) {
            const struct ring_journey *journey = (const struct ring_journey *)record;
            uint64_t padded = ((uint64_t)journey->captured_length + 7) & ~(uint64_t)7;
            assert_true(journey->data + padded + record->count <= bytes + record->size);
        }
        if (record->type == RING_TIMELINE) {
            const struct ring_timeline *timeline = (const struct ring_timeline *)record;
            assert_true((const uint8_t *)(timeline->hops + record->count) <= bytes + record->size);
        }
        assert_true(reads <= SIZE / sizeof(struct ring_record));
    }
}

static void random_memory_never_leads_outside(void **state)
{
    (void)state;
    uint64_t random = 99;
    for (unsigned round = 0; round < 3000; round++) {
        uint8_t *bytes = producer.data;
        for (uint32_t at = 0; at < SIZE;) {
            /* Headers that are nearly right get further than noise. */
            struct ring_record record = {.size = (uint32_t)(frame_random(&random) % 64 * 8),
                                         .type = (uint16_t)(frame_random(&random) % 6),
                                         .count = (uint16_t)(frame_random(&random) % 40)};
            if (frame_random(&random) % 16 == 0) {
                record.size = (uint32_t)frame_random(&random);
            }
            memcpy(bytes + at, &record, sizeof(record));
            for (uint32_t i = sizeof(record); i < 72 && at + i < SIZE; i++) {
                bytes[at + i] =
                    (uint8_t)(frame_random(&random) % 16 == 0 ? frame_random(&random) : 0);
            }
            at += record.size >= 8 && record.size < 512 ? record.size : 8;
            if (at + sizeof(record) > SIZE) {
                break;
            }
        }
        consumer.next = consumer.head = frame_random(&random) % SIZE & ~(uint64_t)7;
        uint64_t length = frame_random(&random) % 8 == 0 ? frame_random(&random)
                                                         : frame_random(&random) % (SIZE + 64);
        atomic_store(&producer.header->head, consumer.next + length);
        reads_to_the_end();
    }
}

static void a_broken_record_is_told_with_its_place(void **state)
{
    (void)state;
    assert_true(number_write(7, 64));
    struct ring_record *broken = ring_reserve(&producer, 64);
    *broken = (struct ring_record){.size = 64, .type = 77};
    ring_publish(&producer);
    number_expect(7);
    const struct ring_record *record = NULL;
    struct xsw_error error;
    assert_int_equal(ring_next(&consumer, &record, &error), XSW_CORRUPT);
    assert_non_null(strstr(error.text, "worker 3"));
    assert_non_null(strstr(error.text, "at 64"));
    assert_int_equal(ring_next(&consumer, &record, &error), XSW_CORRUPT);
}

static int memory_of(size_t size)
{
    int fd = memfd_create("test", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, (off_t)size), 0);
    return fd;
}

static void only_a_ring_is_attached(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 4096, 3 * 4096, 2 * 4096 + SIZE};
    struct ring_consumer other;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        int fd = memory_of(sizes[i]);
        assert_int_equal(ring_attach(&other, fd, NULL), XSW_CORRUPT);
        close(fd);
    }
    assert_int_equal(ring_attach(&other, -1, NULL), XSW_IO);
    producer.header->version++;
    assert_int_equal(ring_attach(&other, producer.fd, NULL), XSW_CORRUPT);
    producer.header->version--;
    static const uint64_t lies[] = {0, SIZE / 2, 2 * SIZE, SIZE - 8, UINT64_MAX};
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        producer.header->data_size = lies[i];
        assert_int_equal(ring_attach(&other, producer.fd, NULL), XSW_CORRUPT);
    }
    producer.header->data_size = SIZE;
    assert_int_equal(ring_attach(&other, producer.fd, NULL), XSW_OK);
    ring_detach(&other);
}

static void nobody_can_shrink_the_memory_under_the_other(void **state)
{
    (void)state;
    assert_int_not_equal(ftruncate(producer.fd, 0), 0);
    assert_int_not_equal(ftruncate(producer.fd, 1 << 20), 0);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static void a_kept_descriptor_keeps_no_memory_when_the_ring_is_punched(void **state)
{
    (void)state;
    struct stat before, after;
    assert_int_equal(fstat(producer.fd, &before), 0);
    assert_true(before.st_blocks * 512 >= SIZE);
    ring_punch(producer.fd);
    assert_int_equal(fstat(producer.fd, &after), 0);
    assert_true(after.st_blocks * 512 <= RING_HEADER_SIZE);
    assert_int_equal(after.st_size, before.st_size);
    nothing_expect(); /* and it is still one */
}

/* Memory that is short is known when it is asked for, and not when a worker writes there. */
static void a_ring_for_which_there_is_no_memory_is_not_made(void **state)
{
    struct ring_producer none;
    struct xsw_error error;
    (void)state;
    failure = ENOSPC;
    assert_int_equal(ring_create(&none, 0, SIZE, 64, &error), XSW_NO_MEMORY);
    assert_non_null(strstr(error.text, " KiB: No space left on device; try smaller rings"));
    assert_int_equal(none.fd, -1);
    failure = 0;
    /* A signal is no want of memory. */
    interruptions = 2;
    assert_int_equal(ring_create(&none, 0, SIZE, 64, &error), XSW_OK);
    assert_int_equal(interruptions, 0);
    ring_destroy(&none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(records_come_out_as_they_went_in),
        CLAIM(what_is_not_published_is_not_seen),
        CLAIM(a_full_ring_gives_no_room_until_it_is_read),
        CLAIM(a_copy_in_chunks_stays_inside_of_the_memory),
        CLAIM(a_tail_that_makes_no_sense_is_not_believed),
        CLAIM(random_memory_never_leads_outside),
        CLAIM(a_broken_record_is_told_with_its_place),
        CLAIM(only_a_ring_is_attached),
        CLAIM(nobody_can_shrink_the_memory_under_the_other),
        cmocka_unit_test(a_ring_for_which_there_is_no_memory_is_not_made),
        cmocka_unit_test_setup_teardown(a_kept_descriptor_keeps_no_memory_when_the_ring_is_punched,
                                        setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
