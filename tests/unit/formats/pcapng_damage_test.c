/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader on files that are torn, zero-filled, flipped or lie: it gives all whole packets before
 * the damage, says where it is and what was expected, and neither crashes nor goes on for ever.
 */
#include "formats/pcapng/pcapng_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "formats/pcapng/stage_meta.h"
#include "unit/formats/sample.h"

static struct sample sample;

/* Opens and reads `bytes` to the end. */
static enum xsw_status read_all(const void *bytes, size_t length, unsigned *packets,
                                struct xsw_error *error)
{
    struct pcapng_reader *reader;
    *packets = 0;
    enum xsw_status status = sample_open(bytes, length, &reader, error);
    if (status == XSW_OK) {
        status = sample_drain(reader, packets, error);
        pcapng_reader_close(reader);
    }
    return status;
}

/* Where each block of the sample ends, and how many packets are whole by then. */
struct edge {
    size_t offset;
    unsigned packets;
};

static size_t find_edges(struct edge *edges, size_t room)
{
    struct pcapng_reader *reader = sample_reader(&sample);
    struct pcapng_item item;
    size_t count = 0;
    unsigned packets = 0;
    while (pcapng_reader_next(reader, &item, NULL) == XSW_OK) {
        assert_true(count < room);
        edges[count++] = (struct edge){(size_t)item.offset, packets};
        packets += item.kind == PCAPNG_PACKET;
    }
    assert_true(count < room);
    edges[count++] = (struct edge){sample.length, packets};
    pcapng_reader_close(reader);
    return count;
}

static void every_cut_gives_all_whole_packets(void **state)
{
    (void)state;
    for (int big_endian = 0; big_endian < 2; big_endian++) {
        struct edge edges[32];
        unsigned whole;
        sample_init(&sample, big_endian != 0);
        sample_file(&sample, &whole);
        size_t count = find_edges(edges, 32);
        size_t edge = 0; /* the last one that is not behind the cut */
        for (size_t cut = 0; cut <= sample.length; cut++) {
            struct xsw_error error = {0};
            unsigned packets;
            edge += edge + 1 < count && edges[edge + 1].offset == cut;
            enum xsw_status status = read_all(sample.bytes, cut, &packets, &error);
            bool is_edge = cut > 0 && edges[edge].offset == cut;
            assert_int_equal(status, is_edge ? XSW_END : XSW_TRUNCATED);
            assert_int_equal(packets, edges[edge].packets);
            char place[64];
            snprintf(place, sizeof(place), "sample: byte %zu: ", edges[edge].offset);
            if (!is_edge && cut > 0) {
                assert_non_null(strstr(error.text, place));
                assert_non_null(strstr(error.text, "expected"));
            }
        }
        assert_int_equal(edges[count - 1].packets, whole);
    }
}

static void cut_says_how_many_bytes_are_missing(void **state)
{
    (void)state;
    struct xsw_error error = {0};
    unsigned packets;
    sample_init(&sample, false);
    sample_section(&sample);
    assert_int_equal(read_all(sample.bytes, 20, &packets, &error), XSW_TRUNCATED);
    assert_string_equal(error.text, "sample: byte 0: the file ends inside the block that begins "
                                    "here: 20 bytes of it are there, expected at least 8 more");
}

static void every_cut_of_classic_pcap_gives_all_whole_packets(void **state)
{
    (void)state;
    sample_init(&sample, false);
    sample_u32(&sample, 0xa1b2c3d4);
    sample_u32(&sample, 0x00040002);
    sample_u64(&sample, 0);
    sample_u64(&sample, 0x000000010000ffff);
    for (int i = 0; i < 3; i++) {
        sample_u64(&sample, 0);
        sample_u64(&sample, 0x0000000400000004);
        sample_bytes(&sample, "data", 4);
    }
    for (size_t cut = 0; cut <= sample.length; cut++) {
        unsigned packets;
        enum xsw_status status = read_all(sample.bytes, cut, &packets, NULL);
        bool is_edge = cut >= 24 && (cut - 24) % 20 == 0;
        assert_int_equal(status, is_edge ? XSW_END : XSW_TRUNCATED);
        assert_int_equal(packets, cut < 24 ? 0 : (cut - 24) / 20);
    }
}

static void endless_record_of_classic_pcap_is_refused(void **state)
{
    (void)state;
    struct xsw_error error = {0};
    unsigned packets;
    sample_init(&sample, false);
    sample_u32(&sample, 0xa1b2c3d4);
    sample_u32(&sample, 0x00040002);
    sample_u64(&sample, 0);
    sample_u64(&sample, 0x000000010000ffff);
    sample_u64(&sample, 0);
    sample_u64(&sample, 0x0000000401000001);
    assert_int_equal(read_all(sample.bytes, sample.length, &packets, &error), XSW_LIMIT);
    assert_string_equal(error.text, "sample: byte 24: a packet record of 16777217 bytes, expected "
                                    "at most 16777216");
}

static void zero_filled_tail_is_told(void **state)
{
    (void)state;
    struct xsw_error error = {0};
    unsigned packets;
    unsigned whole;
    sample_init(&sample, false);
    sample_file(&sample, &whole);
    size_t end = sample.length;
    memset(sample.bytes + end, 0, 4096);
    assert_int_equal(read_all(sample.bytes, end + 4096, &packets, &error), XSW_CORRUPT);
    assert_int_equal(packets, whole);
    char wanted[64];
    snprintf(wanted, sizeof(wanted), "sample: byte %zu: zeros from here on", end);
    assert_non_null(strstr(error.text, wanted));
}

/* What a consumer does with an item: it looks at every byte that it was given. */
static unsigned touch(const struct pcapng_item *item)
{
    unsigned sum = 0;
    struct meta_reader reader;
    if (item->kind == PCAPNG_INTERFACE) {
        sum += item->interface.name != NULL ? (unsigned)strlen(item->interface.name) : 0;
        sum += item->interface.mac != NULL ? item->interface.mac[5] : 0;
    }
    if (item->kind != PCAPNG_PACKET) {
        return sum;
    }
    for (uint32_t i = 0; i < item->packet.captured_length; i++) {
        sum += item->packet.data[i];
    }
    for (size_t i = 0; i < item->packet.comment_length; i++) {
        sum += (unsigned)item->packet.comment[i];
    }
    if (item->packet.meta != NULL &&
        meta_read(&reader, item->packet.meta, item->packet.meta_length, NULL) == XSW_OK) {
        struct meta_item element;
        while (meta_next(&reader, &element, NULL) == XSW_OK) {
            sum += (unsigned)element.type;
        }
    }
    return sum;
}

static void every_flipped_bit_ends_in_some_status(void **state)
{
    (void)state;
    unsigned whole;
    unsigned sum = 0;
    sample_init(&sample, false);
    sample_file(&sample, &whole);
    for (size_t bit = 0; bit < sample.length * 8; bit++) {
        sample.bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        struct pcapng_reader *reader;
        struct pcapng_item item;
        struct xsw_error error = {0};
        enum xsw_status status = sample_open(sample.bytes, sample.length, &reader, &error);
        unsigned items = 0;
        if (status == XSW_OK) {
            while ((status = pcapng_reader_next(reader, &item, &error)) == XSW_OK) {
                sum += touch(&item);
                assert_true(++items < 64);
            }
            assert_int_equal(pcapng_reader_next(reader, &item, NULL), status);
            pcapng_reader_close(reader);
        }
        assert_true(status == XSW_END || error.status == status);
        assert_true(status == XSW_END || strstr(error.text, "expected") != NULL);
        sample.bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    assert_true(sum > 0);
}

/* A file whose second block is open: the test writes its inside and closes it. */
static void begin_lie(uint32_t type)
{
    sample_init(&sample, false);
    sample_section(&sample);
    sample_interface(&sample, "a");
    sample_block(&sample, type);
}

static void expect_lie(enum xsw_status wanted, const char *text)
{
    struct xsw_error error = {0};
    unsigned packets;
    enum xsw_status status = read_all(sample.bytes, sample.length, &packets, &error);
    assert_int_equal(status, wanted);
    assert_int_equal(packets, 0);
    if (strstr(error.text, text) == NULL) {
        fail_msg("\"%s\" is not in \"%s\"", text, error.text);
    }
    assert_non_null(strstr(error.text, "sample: byte "));
}

static void packet_longer_than_its_block_is_corrupt(void **state)
{
    (void)state;
    begin_lie(6);
    sample_u32(&sample, 0);
    sample_u64(&sample, 0);
    sample_u32(&sample, 9);
    sample_u32(&sample, 9);
    sample_bytes(&sample, "12345678", 8);
    sample_block_end(&sample);
    expect_lie(XSW_CORRUPT, "9 captured bytes, expected at most the 8");
    begin_lie(6);
    sample_u32(&sample, 0);
    sample_u64(&sample, 0);
    sample_u32(&sample, 0xfffffffe);
    sample_u32(&sample, 9);
    sample_block_end(&sample);
    expect_lie(XSW_CORRUPT, "4294967294 captured bytes");
    begin_lie(3);
    sample_u32(&sample, 5);
    sample_bytes(&sample, "1234", 4);
    sample_block_end(&sample);
    expect_lie(XSW_CORRUPT, "a simple packet of 5 bytes");
}

static void option_longer_than_its_block_is_corrupt(void **state)
{
    (void)state;
    begin_lie(6);
    sample_u32(&sample, 0);
    sample_u64(&sample, 0);
    sample_u64(&sample, 0);
    sample_u16(&sample, 1);
    sample_u16(&sample, 5);
    sample_u32(&sample, 0);
    sample_block_end(&sample);
    expect_lie(XSW_CORRUPT, "option 1 is 5 bytes long, expected at most the 4");
    begin_lie(1);
    sample_u64(&sample, 1);
    sample_u16(&sample, 2);
    sample_u16(&sample, 65535);
    sample_block_end(&sample);
    expect_lie(XSW_CORRUPT, "option 2 is 65535 bytes long");
}

static void unknown_interface_is_corrupt(void **state)
{
    (void)state;
    begin_lie(6);
    sample_u32(&sample, 1);
    sample_u64(&sample, 0);
    sample_u64(&sample, 0);
    sample_block_end(&sample);
    expect_lie(XSW_CORRUPT, "interface 1, expected one of the 1");
    begin_lie(5);
    sample_u32(&sample, 0xffffffff);
    sample_u64(&sample, 0);
    sample_block_end(&sample);
    expect_lie(XSW_CORRUPT, "interface 4294967295");
}

static void block_that_is_too_short_is_corrupt(void **state)
{
    static const uint32_t types[] = {1, 2, 3, 5, 6};
    (void)state;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        begin_lie(types[i]);
        sample_block_end(&sample);
        expect_lie(XSW_CORRUPT, "has 12 bytes, expected at least");
    }
}

static void impossible_block_length_is_told(void **state)
{
    static const struct {
        uint32_t length;
        enum xsw_status status;
        const char *text;
    } cases[] = {
        {0, XSW_CORRUPT, "with length 0, expected a multiple of 4"},
        {8, XSW_CORRUPT, "with length 8"},
        {13, XSW_CORRUPT, "with length 13"},
        {(16 << 20) + 4, XSW_LIMIT, "expected at most 16777216"},
        {0xfffffffc, XSW_LIMIT, "with length 4294967292"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        begin_lie(0x80000001);
        sample_block_end(&sample);
        sample.length -= 8;
        sample_u32(&sample, cases[i].length);
        sample_u32(&sample, cases[i].length);
        expect_lie(cases[i].status, cases[i].text);
    }
}

static void two_lengths_that_differ_are_corrupt(void **state)
{
    (void)state;
    begin_lie(0x80000001);
    sample_u32(&sample, 0);
    sample_block_end(&sample);
    sample.length -= 4;
    sample_u32(&sample, 12);
    expect_lie(XSW_CORRUPT, "begins with length 16 and ends with 12");
}

static void interfaces_without_end_are_refused(void **state)
{
    (void)state;
    enum { BLOCK = 20 };
    size_t count = (size_t)PCAPNG_INTERFACES_MAX + 1;
    struct xsw_error error = {0};
    unsigned packets;
    sample_init(&sample, false);
    sample_section(&sample);
    size_t start = sample.length;
    sample_block(&sample, 1);
    sample_u64(&sample, 1);
    sample_block_end(&sample);
    assert_int_equal(sample.length - start, BLOCK);
    uint8_t *bytes = malloc(start + count * BLOCK);
    memcpy(bytes, sample.bytes, start);
    for (size_t i = 0; i < count; i++) {
        memcpy(bytes + start + i * BLOCK, sample.bytes + start, BLOCK);
    }
    assert_int_equal(read_all(bytes, start + count * BLOCK, &packets, &error), XSW_LIMIT);
    assert_non_null(strstr(error.text, "one interface too many, expected at most 1048576"));
    free(bytes);
}

static void other_formats_are_refused_at_once(void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
        enum xsw_status status;
        const char *text;
    } cases[] = {
        {"", 0, XSW_TRUNCATED, "the file is empty"},
        {"\x0a\x0d", 2, XSW_TRUNCATED, "2 bytes of it are there"},
        {"#!/bin/sh\n", 10, XSW_CORRUPT, "the file begins with 0x622f2123"},
        {"\x1f\x8b\x08\x00", 4, XSW_CORRUPT, "expected pcapng"},
        {"\xa1\xb2\xcd\x34\0\2\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 24, XSW_UNSUPPORTED,
         "old patched kind"},
        {"\xa1\xb2\xc3\xd4\0\3\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 24, XSW_UNSUPPORTED,
         "pcap version 3"},
        {"\x28\xb5\x2f\xfd\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff", 14, XSW_CORRUPT,
         "expected valid zstd frames"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct xsw_error error = {0};
        struct pcapng_reader *reader;
        assert_int_equal(sample_open(cases[i].bytes, cases[i].length, &reader, &error),
                         cases[i].status);
        if (strstr(error.text, cases[i].text) == NULL) {
            fail_msg("\"%s\" is not in \"%s\"", cases[i].text, error.text);
        }
    }
}

static void wrong_section_is_told(void **state)
{
    (void)state;
    struct xsw_error error = {0};
    unsigned packets;
    sample_init(&sample, false);
    sample_section(&sample);
    sample.bytes[8] ^= 1;
    assert_int_equal(read_all(sample.bytes, sample.length, &packets, &error), XSW_CORRUPT);
    assert_non_null(strstr(error.text, "byte-order magic"));
    sample.bytes[8] ^= 1;
    sample.bytes[12] = 2;
    assert_int_equal(read_all(sample.bytes, sample.length, &packets, &error), XSW_UNSUPPORTED);
    assert_non_null(strstr(error.text, "pcapng version 2, expected version 1"));
}

static void missing_file_is_named(void **state)
{
    (void)state;
    struct xsw_error error = {0};
    struct pcapng_reader *reader;
    assert_int_equal(pcapng_reader_open("/nonexistent/file.pcapng", &reader, &error), XSW_IO);
    assert_non_null(strstr(error.text, "/nonexistent/file.pcapng: cannot be opened"));
    assert_int_equal(pcapng_reader_open("/", &reader, &error), XSW_IO);
    assert_non_null(strstr(error.text, "/: this is a folder, expected a recording"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cut_gives_all_whole_packets),
        cmocka_unit_test(cut_says_how_many_bytes_are_missing),
        cmocka_unit_test(every_cut_of_classic_pcap_gives_all_whole_packets),
        cmocka_unit_test(endless_record_of_classic_pcap_is_refused),
        cmocka_unit_test(zero_filled_tail_is_told),
        cmocka_unit_test(every_flipped_bit_ends_in_some_status),
        cmocka_unit_test(packet_longer_than_its_block_is_corrupt),
        cmocka_unit_test(option_longer_than_its_block_is_corrupt),
        cmocka_unit_test(unknown_interface_is_corrupt),
        cmocka_unit_test(block_that_is_too_short_is_corrupt),
        cmocka_unit_test(impossible_block_length_is_told),
        cmocka_unit_test(two_lengths_that_differ_are_corrupt),
        cmocka_unit_test(interfaces_without_end_are_refused),
        cmocka_unit_test(other_formats_are_refused_at_once),
        cmocka_unit_test(wrong_section_is_told),
        cmocka_unit_test(missing_file_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
