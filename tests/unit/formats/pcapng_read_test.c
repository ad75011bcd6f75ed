/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader on files that are as they should be: byte orders, times, options, sections, formats of
 * others. Damage is in pcapng_damage_test.c.
 */
#include "formats/pcapng/pcapng_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include <cmocka.h>

#include "unit/formats/sample.h"

static struct sample sample;

static void check_whole_file(struct pcapng_reader *reader, bool big_endian)
{
    struct pcapng_item item;
    sample_next(reader, PCAPNG_SECTION, &item);
    assert_int_equal(item.offset, 0);
    assert_int_equal(item.section.big_endian, big_endian);
    sample_next(reader, PCAPNG_INTERFACE, &item);
    assert_int_equal(item.offset, 28);
    assert_string_equal(item.interface.name, "host/p1.rx");
    assert_int_equal(item.interface.tsresol, 9);
    assert_int_equal(item.interface.linktype, 1);
    assert_int_equal(item.interface.snap_length, 262144);
    sample_next(reader, PCAPNG_PACKET, &item);
    assert_int_equal(item.packet.timestamp_ns, 100);
    assert_int_equal(item.packet.captured_length, 12);
    assert_int_equal(item.packet.original_length, 22);
    assert_memory_equal(item.packet.data, "first packet", 12);
    assert_int_equal(item.packet.has, PCAPNG_HAS_TIMESTAMP | PCAPNG_HAS_FLAGS | PCAPNG_HAS_ID);
    assert_int_equal(item.packet.flags, 1);
    assert_int_equal(item.packet.id, 1001);
    assert_int_equal(item.packet.meta_length, 36);
    assert_int_equal(item.packet.comment_length, 9);
    assert_memory_equal(item.packet.comment, "a comment", 9);
    sample_next(reader, PCAPNG_PACKET, &item);
    assert_int_equal(item.packet.has, 0);
    assert_int_equal(item.packet.captured_length, 5);
    assert_memory_equal(item.packet.data, "simpl", 5);
    sample_next(reader, PCAPNG_PACKET, &item);
    assert_int_equal(item.packet.has, PCAPNG_HAS_TIMESTAMP | PCAPNG_HAS_DROPCOUNT);
    assert_int_equal(item.packet.dropcount, 7);
    assert_int_equal(item.packet.timestamp_ns, 300);
    assert_memory_equal(item.packet.data, "old", 3);
    sample_next(reader, PCAPNG_OTHER, &item);
    assert_int_equal(item.other.block_type, 0x0bad);
    sample_next(reader, PCAPNG_INTERFACE, &item);
    assert_int_equal(item.interface.index, 1);
    sample_next(reader, PCAPNG_PACKET, &item);
    assert_int_equal(item.packet.interface, 1);
    sample_next(reader, PCAPNG_STATISTICS, &item);
    assert_int_equal(item.statistics.interface, 1);
    assert_int_equal(item.statistics.has, PCAPNG_HAS_RECEIVED);
    assert_int_equal(item.statistics.received, 4);
    assert_string_equal(item.statistics.json.text, "{\"format\":1}");
    assert_int_equal(pcapng_reader_next(reader, &item, NULL), XSW_END);
    assert_int_equal(pcapng_reader_next(reader, &item, NULL), XSW_END);
}

static void both_byte_orders_read_the_same(void **state)
{
    (void)state;
    for (int big_endian = 0; big_endian < 2; big_endian++) {
        unsigned packets;
        sample_init(&sample, big_endian != 0);
        sample_file(&sample, &packets);
        struct pcapng_reader *reader = sample_reader(&sample);
        check_whole_file(reader, big_endian != 0);
        uint64_t read_bytes;
        uint64_t file_bytes;
        pcapng_reader_progress(reader, &read_bytes, &file_bytes);
        assert_int_equal(read_bytes, sample.length);
        assert_int_equal(file_bytes, sample.length);
        pcapng_reader_close(reader);
    }
}

/* Frames of `piece` bytes each, with a skippable one behind each. */
static size_t pack(const struct sample *plain, size_t piece, uint8_t *packed, size_t size)
{
    size_t length = 0;
    for (size_t at = 0; at < plain->length; at += piece) {
        size_t left = plain->length - at;
        size_t done = ZSTD_compress(packed + length, size - length, plain->bytes + at,
                                    left < piece ? left : piece, 1);
        assert_false(ZSTD_isError(done));
        length += done;
        memcpy(packed + length, "\x50\x2a\x4d\x18\x04\x00\x00\x00skip", 12);
        length += 12;
    }
    return length;
}

static void zstd_of_many_frames_reads_the_same(void **state)
{
    static uint8_t packed[1 << 18];
    (void)state;
    for (size_t piece = 3; piece < 600; piece += 37) {
        unsigned packets;
        struct pcapng_reader *reader;
        sample_init(&sample, false);
        sample_file(&sample, &packets);
        size_t length = pack(&sample, piece, packed, sizeof(packed));
        assert_int_equal(sample_open(packed, length, &reader, NULL), XSW_OK);
        check_whole_file(reader, false);
        pcapng_reader_close(reader);
    }
}

static void cut_zstd_gives_whole_packets_and_is_truncated(void **state)
{
    static uint8_t packed[1 << 18];
    (void)state;
    unsigned whole;
    sample_init(&sample, false);
    sample_file(&sample, &whole);
    size_t length = pack(&sample, sample.length, packed, sizeof(packed)) - 12;
    for (size_t cut = 0; cut < length; cut++) {
        struct pcapng_reader *reader;
        struct xsw_error error = {0};
        enum xsw_status status = sample_open(packed, cut, &reader, &error);
        if (status == XSW_OK) {
            unsigned packets;
            status = sample_drain(reader, &packets, &error);
            assert_true(packets <= whole);
            pcapng_reader_close(reader);
        }
        assert_int_equal(status, XSW_TRUNCATED);
        assert_non_null(strstr(error.text, "sample: "));
    }
}

static void cut_zstd_is_truncated_also_where_a_block_ends(void **state)
{
    uint8_t packed[4096];
    (void)state;
    unsigned packets;
    sample_init(&sample, false);
    sample_section(&sample);
    size_t first = ZSTD_compress(packed, sizeof(packed), sample.bytes, sample.length, 1);
    sample_init(&sample, false);
    sample_interface(&sample, "in the second frame");
    size_t second =
        ZSTD_compress(packed + first, sizeof(packed) - first, sample.bytes, sample.length, 1);
    for (size_t cut = first; cut < first + second; cut++) {
        struct pcapng_reader *reader;
        assert_int_equal(sample_open(packed, cut, &reader, NULL), XSW_OK);
        enum xsw_status wanted = cut == first ? XSW_END : XSW_TRUNCATED;
        assert_int_equal(sample_drain(reader, &packets, NULL), wanted);
        pcapng_reader_close(reader);
    }
}

/* How many bytes libzstd makes of a cut file when it is asked for all at once. */
static size_t unpack_all(const uint8_t *packed, size_t length, uint8_t *bytes, size_t size)
{
    ZSTD_DCtx *unpacker = ZSTD_createDCtx();
    ZSTD_inBuffer in = {packed, length, 0};
    ZSTD_outBuffer out = {bytes, size, 0};
    while (in.pos < in.size) {
        assert_false(ZSTD_isError(ZSTD_decompressStream(unpacker, &out, &in)));
    }
    ZSTD_freeDCtx(unpacker);
    return out.pos;
}

/* The first frame is short, so that the reader's pieces do not end where blocks of zstd end. */
static void cut_zstd_gives_every_packet_that_can_be_unpacked(void **state)
{
    enum { SIZE = 4 << 20, CUTS = 97 };
    (void)state;
    sample_init(&sample, false);
    sample_section(&sample);
    sample_interface(&sample, "a");
    size_t head = sample.length;
    sample_packet(&sample, 0, 1, "some content of a packet");
    sample_block_end(&sample);
    size_t step = sample.length - head;
    uint8_t *bytes = malloc(SIZE);
    uint8_t *packed = malloc(SIZE);
    for (size_t i = 0; (i + 1) * step <= SIZE; i++) {
        memcpy(bytes + i * step, sample.bytes + head, step);
        memcpy(bytes + i * step + 28, &i, 4); /* so that it does not pack to nothing */
    }
    size_t first = ZSTD_compress(packed, SIZE, sample.bytes, head, 1);
    size_t length =
        first + ZSTD_compress(packed + first, SIZE - first, bytes, SIZE / step * step, 1);
    for (size_t cut = first + 20; cut < length; cut += (length - first) / CUTS) {
        unsigned packets;
        struct pcapng_reader *reader;
        assert_int_equal(sample_open(packed, cut, &reader, NULL), XSW_OK);
        assert_int_equal(sample_drain(reader, &packets, NULL), XSW_TRUNCATED);
        assert_int_equal(packets, (unpack_all(packed, cut, bytes, SIZE) - head) / step);
        pcapng_reader_close(reader);
    }
    free(packed);
    free(bytes);
}

/* One interface with a resolution and an offset, one packet; its time in ns. */
static uint64_t read_time(uint8_t tsresol, int64_t offset, uint64_t time)
{
    struct pcapng_item item;
    sample_init(&sample, true);
    sample_section(&sample);
    sample_block(&sample, 1);
    sample_u16(&sample, 1);
    sample_u16(&sample, 0);
    sample_u32(&sample, 0);
    sample_option(&sample, 9, &tsresol, 1);
    sample_option_u64(&sample, 14, (uint64_t)offset);
    sample_block_end(&sample);
    sample_packet(&sample, 0, time, "x");
    sample_block_end(&sample);
    struct pcapng_reader *reader = sample_reader(&sample);
    sample_next(reader, PCAPNG_SECTION, &item);
    sample_next(reader, PCAPNG_INTERFACE, &item);
    assert_int_equal(item.interface.tsresol, tsresol);
    assert_int_equal(item.interface.tsoffset_s, offset);
    sample_next(reader, PCAPNG_PACKET, &item);
    pcapng_reader_close(reader);
    return item.packet.timestamp_ns;
}

static void every_resolution_becomes_nanoseconds(void **state)
{
    static const struct {
        uint8_t tsresol;
        int64_t offset;
        uint64_t time;
        uint64_t wanted;
    } cases[] = {
        {9, 0, 1700000000123456789, 1700000000123456789},
        {9, 0, UINT64_MAX, UINT64_MAX},
        {6, 0, 1700000000123456, 1700000000123456000},
        {3, 0, 1700000000123, 1700000000123000000},
        {0, 0, 1700000000, 1700000000000000000},
        {12, 0, 1234567890123, 1234567890},
        {28, 0, 9999999999999999999u, 0},
        {29, 0, UINT64_MAX, 0},
        {127, 0, 12345, 0},
        {0x80, 0, 1700000000, 1700000000000000000},
        {0x80 | 20, 0, 3 << 19, 1500000000},
        {0x80 | 32, 0, (uint64_t)1700000000 << 32 | 1u << 31, 1700000000500000000},
        {0x80 | 63, 0, (uint64_t)1 << 63, 1000000000},
        {0xff, 0, UINT64_MAX, 0},
        {9, 5, 7, 5000000007},
        {6, -1, 2000001, 1000001000},
        {9, -10, 5, 0},                /* before 1970 */
        {9, INT64_MAX, 5, UINT64_MAX}, /* behind the end */
        {9, INT64_MIN, UINT64_MAX, 0},
        {0, 0, UINT64_MAX, UINT64_MAX},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(read_time(cases[i].tsresol, cases[i].offset, cases[i].time),
                         cases[i].wanted);
    }
}

static void microseconds_are_the_default(void **state)
{
    (void)state;
    struct pcapng_item item;
    sample_init(&sample, false);
    sample_section(&sample);
    sample_block(&sample, 1);
    sample_u32(&sample, 101);
    sample_u32(&sample, 0);
    sample_block_end(&sample);
    sample_packet(&sample, 0, 1234567, "x");
    sample_block_end(&sample);
    struct pcapng_reader *reader = sample_reader(&sample);
    sample_next(reader, PCAPNG_SECTION, &item);
    sample_next(reader, PCAPNG_INTERFACE, &item);
    assert_int_equal(item.interface.linktype, 101);
    assert_null(item.interface.name);
    sample_next(reader, PCAPNG_PACKET, &item);
    assert_int_equal(item.packet.timestamp_ns, 1234567000);
    pcapng_reader_close(reader);
}

static void sections_number_their_interfaces_on(void **state)
{
    (void)state;
    struct pcapng_item item;
    sample_init(&sample, false);
    sample_section(&sample);
    sample_interface(&sample, "a");
    sample_interface(&sample, "b");
    sample.big_endian = true; /* each section has an order of its own */
    sample_section(&sample);
    sample_interface(&sample, "c");
    sample_packet(&sample, 0, 1, "x");
    sample_block_end(&sample);
    struct pcapng_reader *reader = sample_reader(&sample);
    sample_next(reader, PCAPNG_SECTION, &item);
    sample_next(reader, PCAPNG_INTERFACE, &item);
    sample_next(reader, PCAPNG_INTERFACE, &item);
    sample_next(reader, PCAPNG_SECTION, &item);
    assert_true(item.section.big_endian);
    sample_next(reader, PCAPNG_INTERFACE, &item);
    assert_int_equal(item.interface.index, 2);
    assert_string_equal(item.interface.name, "c");
    sample_next(reader, PCAPNG_PACKET, &item);
    assert_int_equal(item.packet.interface, 2);
    pcapng_reader_close(reader);
}

/* The JSON of a section whose custom options are the given pieces, each with its head. */
static void check_pieces(const char *const *pieces, const size_t *lengths, size_t count,
                         const char *text, const char *problem)
{
    struct pcapng_item item;
    sample_init(&sample, false);
    sample_block(&sample, 0x0a0d0d0a);
    sample_u32(&sample, 0x1a2b3c4d);
    sample_u32(&sample, 1);
    sample_u64(&sample, UINT64_MAX);
    sample_option(&sample, 1, "between", 7);
    for (size_t i = 0; i < count; i++) {
        sample_option_ours(&sample, pieces[i], lengths[i]);
        sample_option(&sample, 2989, "\xff\xff\0\0XSW1\x40\1\0\0other", 17);
    }
    sample_block_end(&sample);
    struct pcapng_reader *reader = sample_reader(&sample);
    sample_next(reader, PCAPNG_SECTION, &item);
    assert_string_equal(item.section.comment, "between");
    if (text != NULL) {
        assert_string_equal(item.section.json.text, text);
        assert_int_equal(item.section.json.length, strlen(text));
        assert_null(item.section.json.problem);
    } else {
        assert_null(item.section.json.text);
        assert_non_null(strstr(item.section.json.problem, problem));
    }
    pcapng_reader_close(reader);
}

static void json_pieces_become_one_text(void **state)
{
    (void)state;
    const char *const pieces[] = {"\x40\0\0\0{\"a\"", "\x41\1\0\0other kind", "\x40\0\1\0:1",
                                  "\x40\1\2\0}"};
    const size_t lengths[] = {8, 14, 6, 5};
    check_pieces(pieces, lengths, 4, "{\"a\":1}", NULL);
}

static void json_pieces_that_make_no_whole_are_told(void **state)
{
    (void)state;
    const char *const missing[] = {"\x40\0\0\0{", "\x40\1\2\0}"};
    const char *const endless[] = {"\x40\0\0\0{"};
    const char *const behind[] = {"\x40\1\0\0{", "\x40\1\1\0}"};
    const char *const tiny[] = {"\x40\1"};
    check_pieces(missing, (const size_t[]){5, 5}, 2, NULL, "missing or out of order");
    check_pieces(endless, (const size_t[]){5}, 1, NULL, "last piece");
    check_pieces(behind, (const size_t[]){5, 5}, 2, NULL, "behind the last");
    check_pieces(tiny, (const size_t[]){2}, 1, NULL, "shorter than its head");
}

static void packet_options_of_odd_lengths_are_left_out_and_counted(void **state)
{
    (void)state;
    struct pcapng_item item;
    sample_init(&sample, false);
    sample_section(&sample);
    sample_interface(&sample, "a");
    sample_packet(&sample, 0, 1, "x");
    sample_option(&sample, 6, "\2\1\0\0\0\0\0\0\0", 9); /* what editcap makes of a verdict */
    sample_option_u32(&sample, 5, 7);
    sample_option_u64(&sample, 5, 8);
    sample_option_u64(&sample, 5, 9);
    sample_option(&sample, 0x8001, "local", 5);
    sample_option(&sample, 2989, "\xd9\x7e\0\0XSW", 7);
    sample_option(&sample, 2989, "\xd9\x7e\0\0XSW1\x40\1\0\0{}", 14);
    sample_block_end(&sample);
    struct pcapng_reader *reader = sample_reader(&sample);
    sample_next(reader, PCAPNG_SECTION, &item);
    sample_next(reader, PCAPNG_INTERFACE, &item);
    sample_next(reader, PCAPNG_PACKET, &item);
    assert_int_equal(item.packet.has, PCAPNG_HAS_TIMESTAMP | PCAPNG_HAS_ID);
    assert_int_equal(item.packet.id, 8);
    assert_null(item.packet.meta);
    assert_int_equal(pcapng_reader_ignored_options(reader), 2);
    pcapng_reader_close(reader);
}

static void interface_options_are_all_given(void **state)
{
    (void)state;
    struct pcapng_item item;
    sample_init(&sample, true);
    sample_section(&sample);
    sample_block(&sample, 1);
    sample_u16(&sample, 1);
    sample_u16(&sample, 0);
    sample_u32(&sample, 96);
    sample_option(&sample, 1, "c", 1);
    sample_option(&sample, 2, "", 0);
    sample_option(&sample, 3, "description", 11);
    sample_option(&sample, 6, "\2\0\0\0\0\1", 6);
    sample_option_u64(&sample, 8, 10000000000);
    sample_option(&sample, 11, "\0tcp port 80", 12);
    sample_option(&sample, 15, "tap", 3);
    sample_option_ours(&sample, "\x41\1\0\0{\"format\":1}", 16);
    sample_block_end(&sample);
    struct pcapng_reader *reader = sample_reader(&sample);
    sample_next(reader, PCAPNG_SECTION, &item);
    sample_next(reader, PCAPNG_INTERFACE, &item);
    assert_string_equal(item.interface.comment, "c");
    assert_string_equal(item.interface.name, "");
    assert_string_equal(item.interface.description, "description");
    assert_memory_equal(item.interface.mac, "\2\0\0\0\0\1", 6);
    assert_int_equal(item.interface.speed_bits_per_second, 10000000000);
    assert_string_equal(item.interface.filter, "tcp port 80");
    assert_string_equal(item.interface.hardware, "tap");
    assert_string_equal(item.interface.json.text, "{\"format\":1}");
    assert_int_equal(item.interface.snap_length, 96);
    pcapng_reader_close(reader);
}

static void make_pcap(bool big_endian, uint32_t magic)
{
    sample_init(&sample, big_endian);
    sample_u32(&sample, magic);
    sample_u16(&sample, 2);
    sample_u16(&sample, 4);
    sample_u64(&sample, 0);
    sample_u32(&sample, 65535);
    sample_u32(&sample, 1);
    for (uint32_t i = 0; i < 3; i++) {
        sample_u32(&sample, 1700000000);
        sample_u32(&sample, 5 + i);
        sample_u32(&sample, 4 * i);
        sample_u32(&sample, 100);
        sample_bytes(&sample, "abcdefgh", 4 * (size_t)i);
    }
}

static void classic_pcap_looks_like_pcapng(void **state)
{
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        struct pcapng_item item;
        bool is_ns = (kind & 1) != 0;
        make_pcap((kind & 2) != 0, is_ns ? 0xa1b23c4d : 0xa1b2c3d4);
        struct pcapng_reader *reader = sample_reader(&sample);
        sample_next(reader, PCAPNG_SECTION, &item);
        assert_int_equal(item.section.format, PCAPNG_FORMAT_PCAP);
        assert_int_equal(item.section.big_endian, (kind & 2) != 0);
        sample_next(reader, PCAPNG_INTERFACE, &item);
        assert_int_equal(item.interface.index, 0);
        assert_int_equal(item.interface.snap_length, 65535);
        assert_int_equal(item.interface.tsresol, is_ns ? 9 : 6);
        for (uint32_t i = 0; i < 3; i++) {
            sample_next(reader, PCAPNG_PACKET, &item);
            assert_int_equal(item.packet.timestamp_ns,
                             1700000000000000000 + (5 + i) * (is_ns ? 1 : 1000));
            assert_int_equal(item.packet.captured_length, 4 * i);
            assert_int_equal(item.packet.original_length, 100);
            assert_memory_equal(item.packet.data, "abcdefgh", 4 * (size_t)i);
        }
        assert_int_equal(pcapng_reader_next(reader, &item, NULL), XSW_END);
        pcapng_reader_close(reader);
    }
}

static void simple_packet_is_cut_by_the_snap_length(void **state)
{
    (void)state;
    struct pcapng_item item;
    sample_init(&sample, false);
    sample_section(&sample);
    sample_block(&sample, 1);
    sample_u32(&sample, 1);
    sample_u32(&sample, 5);
    sample_block_end(&sample);
    sample_block(&sample, 3);
    sample_u32(&sample, 1500);
    sample_bytes(&sample, "short", 5);
    sample_block_end(&sample);
    struct pcapng_reader *reader = sample_reader(&sample);
    sample_next(reader, PCAPNG_SECTION, &item);
    sample_next(reader, PCAPNG_INTERFACE, &item);
    sample_next(reader, PCAPNG_PACKET, &item);
    assert_int_equal(item.packet.captured_length, 5);
    assert_int_equal(item.packet.original_length, 1500);
    pcapng_reader_close(reader);
}

enum { LARGE = 5 << 20 };

static void check_large(struct pcapng_reader *reader, size_t start)
{
    struct pcapng_item item;
    sample_next(reader, PCAPNG_SECTION, &item);
    sample_next(reader, PCAPNG_OTHER, &item);
    assert_int_equal(item.other.length, LARGE);
    sample_next(reader, PCAPNG_INTERFACE, &item);
    assert_string_equal(item.interface.name, "behind");
    assert_int_equal(item.offset, start + LARGE);
    assert_int_equal(pcapng_reader_next(reader, &item, NULL), XSW_END);
    pcapng_reader_close(reader);
}

static void block_larger_than_the_buffer_is_read(void **state)
{
    (void)state;
    struct pcapng_reader *reader;
    sample_init(&sample, false);
    sample_section(&sample);
    uint8_t *bytes = calloc(1, SAMPLE_SIZE + LARGE);
    memcpy(bytes, sample.bytes, sample.length);
    size_t start = sample.length;
    sample_init(&sample, false);
    sample_u32(&sample, 0x80000001);
    sample_u32(&sample, LARGE);
    memcpy(bytes + start, sample.bytes, 8);
    memcpy(bytes + start + LARGE - 4, sample.bytes + 4, 4);
    sample_init(&sample, false);
    sample_interface(&sample, "behind");
    memcpy(bytes + start + LARGE, sample.bytes, sample.length);
    size_t length = start + LARGE + sample.length;
    assert_int_equal(sample_open(bytes, length, &reader, NULL), XSW_OK);
    check_large(reader, start);
    /* Packed, it is a small file whose bytes are all read long before they are all unpacked. */
    uint8_t packed[8192];
    size_t size = ZSTD_compress(packed, sizeof(packed), bytes, length, 1);
    assert_false(ZSTD_isError(size));
    assert_int_equal(sample_open(packed, size, &reader, NULL), XSW_OK);
    check_large(reader, start);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_byte_orders_read_the_same),
        cmocka_unit_test(zstd_of_many_frames_reads_the_same),
        cmocka_unit_test(cut_zstd_gives_whole_packets_and_is_truncated),
        cmocka_unit_test(cut_zstd_is_truncated_also_where_a_block_ends),
        cmocka_unit_test(cut_zstd_gives_every_packet_that_can_be_unpacked),
        cmocka_unit_test(every_resolution_becomes_nanoseconds),
        cmocka_unit_test(microseconds_are_the_default),
        cmocka_unit_test(sections_number_their_interfaces_on),
        cmocka_unit_test(json_pieces_become_one_text),
        cmocka_unit_test(json_pieces_that_make_no_whole_are_told),
        cmocka_unit_test(packet_options_of_odd_lengths_are_left_out_and_counted),
        cmocka_unit_test(interface_options_are_all_given),
        cmocka_unit_test(classic_pcap_looks_like_pcapng),
        cmocka_unit_test(simple_packet_is_cut_by_the_snap_length),
        cmocka_unit_test(block_larger_than_the_buffer_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
