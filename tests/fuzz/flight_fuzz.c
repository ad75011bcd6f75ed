/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: the memory of a flight recorder in which anything may have been changed. The input
 * is a list of changes to a good one: where (a region, and 16 bits of an offset in it), how many
 * bytes, the bytes; what is left of it in the end cuts the file short. Everything is read, and each
 * journey is unfolded; a reader that gives more journeys than there is room for has made some up.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "capture/flight/flight_reader.h"
#include "capture/recorder/unfold.h"
#include "fuzz/target.h"
#include "unit/capture/flight_writer.h"

enum { BLOCK = FLIGHT_BLOCK_SIZE_MIN, BLOCKS = FLIGHT_BLOCKS_MIN, JOURNEYS = 120, CHANGE_HEAD = 4 };

static volatile unsigned sink; /* so that no reading is optimised away */

static void touch(const void *bytes, size_t length)
{
    const uint8_t *next = bytes;
    unsigned sum = 0;
    for (size_t i = 0; i < length; i++) {
        sum += next[i];
    }
    sink += sum;
}

/* The good one, made once. */
static const uint8_t *good_make(size_t *size)
{
    static uint8_t *good;
    *size = flight_layout_of(1, BLOCK, BLOCKS).size;
    if (good != NULL) {
        return good;
    }
    char path[64];
    snprintf(path, sizeof(path), "/tmp/xsw-flight-fuzz-%d", getpid());
    struct flight_ring *ring = NULL;
    const struct flight_ring_options options = {.path = path,
                                                .worker_count = 1,
                                                .memory_bytes = BLOCK * BLOCKS,
                                                .block_size = BLOCK,
                                                .switch_name = "lab"};
    const char dictionary[] = "{\"generation\":1}";
    if (flight_ring_create(&options, &ring, NULL) != XSW_OK ||
        flight_ring_set_dictionary(ring, dictionary, sizeof(dictionary) - 1, NULL) != XSW_OK) {
        abort();
    }
    struct flight_producer *producer = flight_ring_producer(ring, 0);
    for (uint64_t id = 1; id <= JOURNEYS; id++) {
        if ((id % 10 == 1 && !flight_write_timeline(producer, id * FLIGHT_STEP_NS)) ||
            !flight_write_journey(producer, id)) {
            abort();
        }
    }
    flight_publish(producer);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    good = malloc(*size);
    if (fd < 0 || good == NULL || read(fd, good, *size) != (ssize_t)*size) {
        abort();
    }
    close(fd);
    flight_ring_destroy(ring);
    return good;
}

static uint64_t region_of(uint8_t selector)
{
    struct flight_layout layout = flight_layout_of(1, BLOCK, BLOCKS);
    const uint64_t regions[] = {0,
                                layout.dictionaries,
                                layout.workers,
                                layout.blocks,
                                layout.blocks + BLOCK,
                                layout.blocks + 2 * BLOCK,
                                layout.blocks + 3 * BLOCK};
    return regions[selector % (sizeof(regions) / sizeof(regions[0]))];
}

/* Returns how many bytes of the input are left. */
static size_t changes_apply(uint8_t *file, size_t file_size, const uint8_t *data, size_t size)
{
    while (size > CHANGE_HEAD && size >= CHANGE_HEAD + (size_t)data[3]) {
        size_t length = data[3];
        uint64_t at = region_of(data[0]) + (data[1] | (uint32_t)data[2] << 8);
        if (at + length <= file_size) {
            memcpy(file + at, data + CHANGE_HEAD, length);
        }
        data += CHANGE_HEAD + length;
        size -= CHANGE_HEAD + length;
    }
    return size;
}

static void journey_read(const struct ring_journey *journey, const struct ring_timeline *timeline)
{
    static struct unfold unfold;
    struct unfold_step step;
    uint32_t count = timeline->record.count < STAGES_MAX ? timeline->record.count : STAGES_MAX;
    const struct unfold_timeline whole = {timeline->hops, count, timeline->rx_mono_ns};
    if (unfold_begin(&unfold, journey, &whole, false, NULL) == XSW_OK) {
        while (unfold_next(&unfold, &step)) {
            touch(step.bytes, step.captured_length);
        }
    }
}

static void blocks_read(struct flight_reader *reader)
{
    struct flight_cursor cursor;
    struct flight_copy copy;
    uint64_t bytes = 0;
    if (flight_cursor_init(&cursor, reader, 0, 0, NULL) != XSW_OK) {
        return;
    }
    while (flight_cursor_take(&cursor, true, &copy, NULL) == XSW_OK) {
        const struct ring_record *record = NULL;
        const struct ring_timeline *timeline = NULL;
        while (flight_copy_next(&copy, &record, NULL) == XSW_OK) {
            touch(record, record->size);
            bytes += record->size;
            if (record->type == RING_TIMELINE) {
                timeline = (const struct ring_timeline *)record;
            } else if (record->type == RING_JOURNEY) {
                journey_read((const struct ring_journey *)record, timeline);
            }
        }
        flight_copy_free(&copy);
    }
    if (bytes > (uint64_t)BLOCK * BLOCKS) {
        abort();
    }
}

static void ring_read(struct flight_reader *reader)
{
    struct flight_worker_view view;
    char *dictionary = NULL;
    touch(flight_reader_info(reader), sizeof(struct flight_info));
    if (flight_reader_dictionary(reader, &dictionary, NULL) == XSW_OK) {
        touch(dictionary, strlen(dictionary));
        free(dictionary);
    }
    if (flight_reader_worker(reader, 0, &view, NULL) == XSW_OK) {
        touch(&view, sizeof(view));
    }
    for (uint32_t i = 0; i < BLOCKS; i++) {
        struct flight_place place;
        if (flight_reader_place(reader, 0, i, &place, NULL) == XSW_OK) {
            touch(&place, sizeof(place));
        }
    }
    blocks_read(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t file_size;
    const uint8_t *good = good_make(&file_size);
    uint8_t *file = malloc(file_size);
    int fd = memfd_create("flight", MFD_CLOEXEC);
    if (file == NULL || fd < 0) {
        abort();
    }
    memcpy(file, good, file_size);
    size_t left = changes_apply(file, file_size, data, size);
    size_t length = left > 0 ? file_size - left * 997 % file_size : file_size;
    if (write(fd, file, length) != (ssize_t)length) {
        abort();
    }
    free(file);
    struct flight_reader *reader = NULL;
    if (flight_reader_open_fd(fd, "fuzz", &reader, NULL) == XSW_OK) {
        ring_read(reader);
        flight_reader_close(reader);
    }
    return 0;
}
