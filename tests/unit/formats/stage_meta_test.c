/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/pcapng/stage_meta.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct meta_fixed sample = {
    .kind = META_DROP,
    .flags = META_FIRST | META_LAST,
    .reason = 0x0102,
    .port = 0x0304,
    .stage = 0x0506,
    .rule = 0x0708090a,
    .flow_hash = 0x0b0c0d0e,
    .parent_id = 0x1112131415161718,
};

static void fixed_part_has_the_documented_bytes(void **state)
{
    static const uint8_t wanted[] = {
        0xd9, 0x7e, 0x00, 0x00,                         /* 32473 */
        'X',  'S',  'W',  '1',  0x01, 0x03, 0x02, 0x01, /* magic, kind, flags, reason */
        0x04, 0x03, 0x06, 0x05, 0x0a, 0x09, 0x08, 0x07, /* port, stage, rule */
        0x0e, 0x0d, 0x0c, 0x0b,                         /* flow hash */
        0x18, 0x17, 0x16, 0x15, 0x14, 0x13, 0x12, 0x11, /* parent */
    };
    (void)state;
    uint8_t bytes[64];
    struct meta_builder builder;
    meta_build(&builder, bytes, sizeof(bytes), &sample);
    assert_int_equal(builder.overflow, 0);
    assert_int_equal(builder.length, 4 + META_FIXED_SIZE);
    assert_int_equal(builder.length, sizeof(wanted));
    assert_memory_equal(bytes, wanted, sizeof(wanted));
}

static void elements_have_the_documented_bytes(void **state)
{
    static const uint8_t wanted[] = {
        1, 16, 5, 0, 0,  0, 1, 0, 0,  0, 6,  0, 0, 0, 2, 0, 0, 0, /* hops */
        2, 9,  7, 0, 14, 0, 1, 2, 9,  8, 7,                       /* change */
        3, 8,  8, 0, 0,  0, 3, 0, 0,  0,                          /* decision */
        4, 10, 1, 4, 54, 0, 2, 1, 34, 0, 16, 0,                   /* offload */
        5, 2,  5, 1,                                              /* VLAN */
        6, 28, 1, 0, 0,  0, 0, 0, 0,  0, 2,  0, 0, 0, 0, 0, 0, 0,
        3, 0,  0, 0, 0,  0, 0, 0, 4,  0, 1,  0, /* gap */
        7, 8,  9, 0, 0,  0, 0, 0, 0,  0,        /* generation */
        8, 4,  0, 1, 0,  0,                     /* stage time */
    };
    (void)state;
    uint8_t bytes[256];
    struct meta_builder builder;
    meta_build(&builder, bytes, sizeof(bytes), &sample);
    meta_add_hops(&builder, (struct meta_hop[]){{5, 1}, {6, 2}}, 2);
    meta_add_change(&builder, &(struct meta_change){7, 14, 1, 2, (const uint8_t *)"\x09\x08\x07"});
    meta_add_decision(&builder, &(struct meta_decision){8, 3});
    meta_add_offload(&builder, &(struct meta_offload){1, 4, 54, 258, 34, 16});
    meta_add_vlan(&builder, 261);
    meta_add_gap(&builder, &(struct meta_gap){1, 2, 3, 4, META_LOSS_RING_FULL});
    meta_add_generation(&builder, 9);
    meta_add_stage_time(&builder, 256);
    assert_int_equal(builder.overflow, 0);
    assert_int_equal(builder.length, 32 + sizeof(wanted));
    assert_memory_equal(bytes + 32, wanted, sizeof(wanted));
}

static void what_was_built_reads_back(void **state)
{
    (void)state;
    uint8_t bytes[2048];
    struct meta_hop hops[70];
    struct meta_builder builder;
    struct meta_reader reader;
    struct meta_item item;
    struct xsw_error error;
    for (unsigned i = 0; i < 70; i++) {
        hops[i] = (struct meta_hop){(uint16_t)(i + 1), i * 1000};
    }
    meta_build(&builder, bytes, sizeof(bytes), &sample);
    meta_add_hops(&builder, hops, 70);
    meta_add_gap(&builder, &(struct meta_gap){1, UINT64_MAX, 3, 4, META_LOSS_DISK});
    assert_int_equal(meta_read(&reader, bytes, builder.length, &error), XSW_OK);
    assert_memory_equal(&reader.fixed, &sample, sizeof(sample));
    unsigned seen = 0;
    while (seen < 70) {
        assert_int_equal(meta_next(&reader, &item, &error), XSW_OK);
        assert_int_equal(item.type, META_TLV_HOPS);
        assert_true(item.hop_count <= 31);
        for (size_t i = 0; i < item.hop_count; i++, seen++) {
            assert_int_equal(meta_hop_at(&item, i).stage, seen + 1);
            assert_int_equal(meta_hop_at(&item, i).since_rx_ns, seen * 1000);
        }
    }
    assert_int_equal(meta_next(&reader, &item, &error), XSW_OK);
    assert_int_equal(item.type, META_TLV_GAP);
    assert_true(item.gap.to_mono_ns == UINT64_MAX && item.gap.cause == META_LOSS_DISK);
    assert_int_equal(meta_next(&reader, &item, &error), XSW_END);
    assert_int_equal(meta_next(&reader, &item, &error), XSW_END);
}

static void largest_change_fits(void **state)
{
    (void)state;
    uint8_t bytes[512];
    uint8_t content[META_CHANGE_BYTES_MAX];
    struct meta_builder builder;
    struct meta_reader reader;
    struct meta_item item;
    memset(content, 0xab, sizeof(content));
    meta_build(&builder, bytes, sizeof(bytes), &sample);
    meta_add_change(&builder, &(struct meta_change){1, 2, 120, 120, content});
    meta_add_change(&builder, &(struct meta_change){1, 300, 0, 0, NULL});
    assert_int_equal(builder.overflow, 0);
    assert_int_equal(meta_read(&reader, bytes, builder.length, NULL), XSW_OK);
    assert_int_equal(meta_next(&reader, &item, NULL), XSW_OK);
    assert_int_equal(item.change.old_length, 120);
    assert_memory_equal(item.change.bytes, content, sizeof(content));
    assert_int_equal(meta_next(&reader, &item, NULL), XSW_OK);
    assert_int_equal(item.change.offset, 300);
    assert_int_equal(meta_next(&reader, &item, NULL), XSW_END);
}

static void too_small_a_buffer_overflows_and_stays_whole(void **state)
{
    (void)state;
    uint8_t bytes[64];
    for (size_t size = 0; size < sizeof(bytes); size++) {
        struct meta_builder builder;
        memset(bytes, 0xee, sizeof(bytes));
        meta_build(&builder, bytes, size, &sample);
        meta_add_generation(&builder, 7);
        meta_add_vlan(&builder, 1);
        assert_true(builder.length <= size);
        assert_int_equal(builder.overflow, size < 32 + 10 + 4);
        for (size_t i = size; i < sizeof(bytes); i++) {
            assert_int_equal(bytes[i], 0xee);
        }
    }
}

static void number_is_known_in_both_orders(void **state)
{
    (void)state;
    uint8_t bytes[64];
    struct meta_builder builder;
    struct meta_reader reader;
    meta_build(&builder, bytes, sizeof(bytes), &sample);
    memcpy(bytes, "\x00\x00\x7e\xd9", 4);
    assert_int_equal(meta_read(&reader, bytes, builder.length, NULL), XSW_OK);
    bytes[3]++;
    assert_int_equal(meta_read(&reader, bytes, builder.length, NULL), XSW_NOT_FOUND);
}

static void options_of_others_are_not_found(void **state)
{
    (void)state;
    struct meta_reader reader;
    assert_int_equal(meta_read(&reader, "", 0, NULL), XSW_NOT_FOUND);
    assert_int_equal(meta_read(&reader, "\xd9\x7e\0\0XSW", 7, NULL), XSW_NOT_FOUND);
    assert_int_equal(meta_read(&reader, "\xd9\x7e\0\0XSW2aaaaaaaaaaaaaaaaaaaaaaaaaaaa", 36, NULL),
                     XSW_NOT_FOUND);
}

static void every_cut_is_an_end_or_corrupt(void **state)
{
    (void)state;
    uint8_t bytes[256];
    struct meta_builder builder;
    meta_build(&builder, bytes, sizeof(bytes), &sample);
    meta_add_vlan(&builder, 261);
    meta_add_change(&builder, &(struct meta_change){7, 14, 1, 2, (const uint8_t *)"\x09\x08\x07"});
    for (size_t length = 8; length < builder.length; length++) {
        uint8_t *exact = malloc(length); /* so that the sanitizer sees a step too far */
        struct meta_reader reader;
        struct meta_item item;
        memcpy(exact, bytes, length);
        enum xsw_status status = meta_read(&reader, exact, length, NULL);
        while (status == XSW_OK) {
            status = meta_next(&reader, &item, NULL);
        }
        assert_int_equal(status, length == 32 || length == 36 ? XSW_END : XSW_CORRUPT);
        free(exact);
    }
}

static void unknown_elements_are_stepped_over(void **state)
{
    (void)state;
    uint8_t bytes[64];
    struct meta_builder builder;
    struct meta_reader reader;
    struct meta_item item;
    meta_build(&builder, bytes, sizeof(bytes), &sample);
    memcpy(bytes + builder.length, "\xfe\x03zzz\x00\x00\x05\x02\x07\x00", 11);
    assert_int_equal(meta_read(&reader, bytes, builder.length + 11, NULL), XSW_OK);
    assert_int_equal(meta_next(&reader, &item, NULL), XSW_OK);
    assert_int_equal(item.vlan, 7);
    assert_int_equal(meta_next(&reader, &item, NULL), XSW_END);
}

static void lying_elements_are_corrupt(void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
    } lies[] = {
        {"\x01\x07\x01\x00\x00\x00\x01\x00\x00", 9},                      /* seven bytes of hops */
        {"\x01\x0c\x01\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00", 14}, /* one and a half hops */
        {"\x02\x06\x01\x00\x00\x00\x05\x00", 8},          /* five old bytes in none */
        {"\x02\x07\x01\x00\x00\x00\x00\x00\xff", 9},      /* a byte too many */
        {"\x05\x01\x01", 3},                              /* half a VLAN */
        {"\x07\xff\x00\x00\x00\x00\x00\x00\x00\x00", 10}, /* beyond the option */
        {"\x05", 1},                                      /* half a head */
    };
    (void)state;
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        uint8_t bytes[64];
        struct meta_builder builder;
        struct meta_reader reader;
        struct meta_item item;
        struct xsw_error error = {0};
        meta_build(&builder, bytes, sizeof(bytes), &sample);
        memcpy(bytes + builder.length, lies[i].bytes, lies[i].length);
        assert_int_equal(meta_read(&reader, bytes, builder.length + lies[i].length, &error),
                         XSW_OK);
        assert_int_equal(meta_next(&reader, &item, &error), XSW_CORRUPT);
        assert_non_null(strstr(error.text, "element"));
        assert_int_equal(meta_next(&reader, &item, &error), XSW_END);
    }
}

static void kinds_of_blocks_are_no_packet_metadata(void **state)
{
    (void)state;
    uint8_t bytes[64];
    struct meta_builder builder;
    struct meta_reader reader;
    meta_build(&builder, bytes, sizeof(bytes), &sample);
    bytes[8] = META_TAP;
    assert_int_equal(meta_read(&reader, bytes, builder.length, NULL), XSW_CORRUPT);
}

static void every_loss_has_a_name(void **state)
{
    (void)state;
    assert_string_equal(meta_loss_name(META_LOSS_RING_FULL), "ring-full");
    assert_string_equal(meta_loss_name(META_LOSS_TOO_BIG), "record-too-big");
    assert_string_equal(meta_loss_name(META_LOSS_DISK), "disk");
    assert_string_equal(meta_loss_name(META_LOSS_PAST_LIMIT), "past-limit");
    assert_string_equal(meta_loss_name(0), "unknown");
    assert_string_equal(meta_loss_name(META_LOSS_COUNT), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fixed_part_has_the_documented_bytes),
        cmocka_unit_test(elements_have_the_documented_bytes),
        cmocka_unit_test(what_was_built_reads_back),
        cmocka_unit_test(largest_change_fits),
        cmocka_unit_test(too_small_a_buffer_overflows_and_stays_whole),
        cmocka_unit_test(number_is_known_in_both_orders),
        cmocka_unit_test(options_of_others_are_not_found),
        cmocka_unit_test(every_cut_is_an_end_or_corrupt),
        cmocka_unit_test(unknown_elements_are_stepped_over),
        cmocka_unit_test(lying_elements_are_corrupt),
        cmocka_unit_test(kinds_of_blocks_are_no_packet_metadata),
        cmocka_unit_test(every_loss_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
