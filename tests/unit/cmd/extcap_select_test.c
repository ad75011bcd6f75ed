/* SPDX-License-Identifier: Apache-2.0 */
/* What Wireshark is to see of a recording: whole journeys, and no loss untold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "cmd/extcap/extcap_select.h"
#include "formats/pcapng/pcapng_read.h"
#include "formats/pcapng/pcapng_write.h"
#include "formats/pcapng/stage_meta.h"
#include "switch/path/pipeline.h"

enum { ALICE, BOB_POLICY, BOB_TX, TAPS, FRAME_SIZE = 60, STREAM_MAX = 1 << 16, SHOWN_MAX = 64 };

struct shown {
    uint64_t ids[SHOWN_MAX], lost[SHOWN_MAX];
    uint32_t interfaces[SHOWN_MAX];
    size_t count, statistics;
    bool has_section;
};

struct stream {
    struct pcapng_writer *writer;
    int fd;
    uint8_t bytes[STREAM_MAX];
    size_t length;
};

static void begin(struct stream *stream)
{
    static const char *const taps[TAPS] = {
        "{\"format\":1,\"port\":1,\"port_name\":\"alice\",\"stage\":0}",
        "{\"format\":1,\"port\":2,\"port_name\":\"bob\",\"stage\":4}",
        "{\"format\":1,\"port\":2,\"port_name\":\"bob\",\"stage\":5}"};
    const struct pcapng_section section = {.json = {.text = "{}", .length = 2}};
    stream->fd = memfd_create("stream", 0);
    assert_int_equal(
        pcapng_writer_open_fd(dup(stream->fd), "stream", PCAPNG_PLAIN, &stream->writer, NULL),
        XSW_OK);
    assert_int_equal(pcapng_writer_section(stream->writer, &section, NULL), XSW_OK);
    for (uint32_t i = 0; i < TAPS; i++) {
        uint32_t id;
        const struct pcapng_interface tap = {.name = "tap",
                                             .json = {.text = taps[i], .length = strlen(taps[i])}};
        assert_int_equal(pcapng_writer_interface(stream->writer, &tap, &id, NULL), XSW_OK);
    }
}

static void record(struct stream *stream, uint64_t id, uint32_t tap, struct meta_fixed fixed,
                   uint64_t lost)
{
    static const uint8_t frame[FRAME_SIZE];
    static const uint16_t stages[TAPS] = {STAGE_RX, STAGE_EGRESS_POLICY, STAGE_TX};
    uint8_t meta[META_FIXED_SIZE * 2];
    struct meta_builder builder;
    fixed.stage = stages[tap];
    meta_build(&builder, meta, sizeof(meta), &fixed);
    const struct pcapng_packet packet = {.interface = tap,
                                         .has = PCAPNG_HAS_TIMESTAMP | PCAPNG_HAS_ID |
                                                (lost > 0 ? PCAPNG_HAS_DROPCOUNT : 0),
                                         .captured_length = FRAME_SIZE,
                                         .original_length = FRAME_SIZE,
                                         .data = frame,
                                         .id = id,
                                         .dropcount = lost,
                                         .meta = meta,
                                         .meta_length = builder.length,
                                         .comment = "a comment",
                                         .comment_length = 9};
    assert_int_equal(pcapng_writer_packet(stream->writer, &packet, NULL), XSW_OK);
}

static void delivered(struct stream *stream, uint64_t id, uint64_t lost)
{
    record(stream, id, ALICE, (struct meta_fixed){.kind = META_PASS, .flags = META_FIRST}, lost);
    record(stream, id, BOB_TX, (struct meta_fixed){.kind = META_PASS, .flags = META_LAST}, 0);
}

static void dropped(struct stream *stream, uint64_t id, uint64_t lost)
{
    record(stream, id, ALICE, (struct meta_fixed){.kind = META_PASS, .flags = META_FIRST}, 0);
    record(stream, id, BOB_POLICY,
           (struct meta_fixed){.kind = META_DROP, .flags = META_LAST, .reason = 8}, lost);
}

static void end(struct stream *stream, const char *summary)
{
    const struct pcapng_statistics statistics = {
        .interface = 0, .json = {.text = summary, .length = summary != NULL ? strlen(summary) : 0}};
    assert_int_equal(pcapng_writer_statistics(stream->writer, &statistics, NULL), XSW_OK);
    assert_int_equal(pcapng_writer_close(stream->writer, NULL, NULL), XSW_OK);
    ssize_t length = pread(stream->fd, stream->bytes, STREAM_MAX, 0);
    assert_in_range(length, 1, STREAM_MAX - 1);
    stream->length = (size_t)length;
    close(stream->fd);
}

/* Feeds the stream in pieces of that size and reads what comes out as the reader of files does. */
static struct extcap_summary shown(const struct stream *stream, enum extcap_show show,
                                   const char *port, size_t piece, struct shown *shown)
{
    struct extcap_selector *selector = extcap_selector_create(show, port);
    int fd = memfd_create("shown", 0);
    assert_non_null(selector);
    for (size_t at = 0; at < stream->length; at += piece) {
        size_t left = stream->length - at;
        size_t length;
        assert_int_equal(
            extcap_selector_feed(selector, stream->bytes + at, left < piece ? left : piece, NULL),
            XSW_OK);
        const uint8_t *output = extcap_selector_output(selector, &length);
        assert_int_equal(write(fd, output, length), length);
        extcap_selector_consume(selector, length);
    }
    struct extcap_summary summary = extcap_selector_summary(selector);
    extcap_selector_destroy(selector);

    *shown = (struct shown){0};
    struct pcapng_reader *reader;
    struct pcapng_item item;
    enum xsw_status status;
    lseek(fd, 0, SEEK_SET);
    assert_int_equal(pcapng_reader_open_fd(fd, "shown", &reader, NULL), XSW_OK);
    while ((status = pcapng_reader_next(reader, &item, NULL)) == XSW_OK) {
        shown->statistics += item.kind == PCAPNG_STATISTICS;
        shown->has_section |= item.kind == PCAPNG_SECTION && item.section.json.text != NULL;
        if (item.kind != PCAPNG_PACKET) {
            continue;
        }
        assert_in_range(shown->count, 0, SHOWN_MAX - 1);
        assert_int_equal(item.packet.captured_length, FRAME_SIZE);
        assert_int_equal(item.packet.comment_length, 9);
        assert_int_equal(item.packet.meta != NULL, show == EXTCAP_SHOW_ALL);
        shown->ids[shown->count] = item.packet.id;
        shown->interfaces[shown->count] = item.packet.interface;
        shown->lost[shown->count++] = item.packet.dropcount;
    }
    assert_int_equal(status, XSW_END);
    pcapng_reader_close(reader);
    return summary;
}

static const char good_summary[] =
    "{\"format\":1,\"why\":\"switch-stopped\",\"workers\":[{\"lost\":{\"ring-full\":3}},"
    "{\"lost\":{\"record-too-big\":2}}],\"recorder\":{\"lost\":{\"disk\":4,\"past-limit\":9}}}";

static void make(struct stream *stream)
{
    begin(stream);
    delivered(stream, 1, 0);
    dropped(stream, 2, 5);
    delivered(stream, 3, 7);
    dropped(stream, 4, 0);
    end(stream, good_summary);
}

static void all_of_a_switch_is_as_it_was_wherever_it_is_cut(void **state)
{
    struct stream *stream = *state;
    make(stream);
    for (size_t piece = 1; piece < 400; piece += 7) {
        struct shown seen;
        struct extcap_summary summary = shown(stream, EXTCAP_SHOW_ALL, NULL, piece, &seen);
        assert_int_equal(seen.count, 8);
        assert_int_equal(seen.lost[3], 5);
        assert_int_equal(seen.lost[4], 7);
        assert_int_equal(seen.statistics, 1);
        assert_true(seen.has_section);
        assert_string_equal(summary.why, "switch-stopped");
        assert_int_equal(summary.lost, 9);
    }
}

static void rx_and_tx_show_their_records_alone(void **state)
{
    struct stream *stream = *state;
    struct shown seen;
    make(stream);
    shown(stream, EXTCAP_SHOW_RX, NULL, 100, &seen);
    assert_int_equal(seen.count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(seen.interfaces[i], ALICE);
        assert_int_equal(seen.ids[i], i + 1);
    }
    shown(stream, EXTCAP_SHOW_TX, "bob", 100, &seen);
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.interfaces[0], BOB_TX);
    shown(stream, EXTCAP_SHOW_TX, "alice", 100, &seen);
    assert_int_equal(seen.count, 0);
    /* Counts of records that are not there would be wrong, and so would be a name for what is left.
     */
    assert_int_equal(seen.statistics, 0);
    assert_false(seen.has_section);
}

static void what_is_left_out_has_its_losses_told_by_the_next(void **state)
{
    struct stream *stream = *state;
    struct shown seen;
    make(stream);
    shown(stream, EXTCAP_SHOW_RX, NULL, 64, &seen);
    const uint64_t lost_rx[] = {0, 0, 12, 0};
    assert_memory_equal(seen.lost, lost_rx, sizeof(lost_rx));
    shown(stream, EXTCAP_SHOW_TX, NULL, 64, &seen);
    const uint64_t lost_tx[] = {0, 12};
    assert_memory_equal(seen.lost, lost_tx, sizeof(lost_tx));
}

static void nonsense_is_refused_and_read_within_its_bounds(void **state)
{
    struct stream *stream = *state;
    make(stream);
    /* Every byte of the blocks wrong, one at a time, in memory of exactly that size. */
    for (size_t at = 0; at < stream->length; at++) {
        for (unsigned value = 0; value < 256; value += 51) {
            uint8_t *bytes = malloc(stream->length);
            assert_non_null(bytes);
            memcpy(bytes, stream->bytes, stream->length);
            bytes[at] = (uint8_t)(bytes[at] ^ (value + 1));
            struct extcap_selector *selector = extcap_selector_create(EXTCAP_SHOW_RX, "bob");
            enum xsw_status status = extcap_selector_feed(selector, bytes, stream->length, NULL);
            assert_true(status == XSW_OK || status == XSW_CORRUPT);
            extcap_selector_destroy(selector);
            free(bytes);
        }
    }
    struct extcap_selector *selector = extcap_selector_create(EXTCAP_SHOW_ALL, NULL);
    assert_int_equal(extcap_selector_feed(selector, "\6\0\0\0\0\0\0\0", 8, NULL), XSW_CORRUPT);
    extcap_selector_destroy(selector);
}

static int setup(void **state)
{
    *state = calloc(1, sizeof(struct stream));
    return *state == NULL;
}

static int teardown(void **state)
{
    free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_of_a_switch_is_as_it_was_wherever_it_is_cut, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(rx_and_tx_show_their_records_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_left_out_has_its_losses_told_by_the_next, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(nonsense_is_refused_and_read_within_its_bounds, setup,
                                        teardown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
