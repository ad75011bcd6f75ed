/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of frames, as they would stand in a file: what comes back, and where frames end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zstd.h>

#include "formats/byte_order.h"
#include "formats/file/frame_row.h"
#include "formats/pcapng/pcapng_wire.h"

enum {
    CONTENT_MAX = 3 << 20,
    FILE_MAX = 24 << 20,
    BLOCK_MIN = 64,
    PACKET_BLOCK = 6,
    ROWS = 60,
    JUMBO = 400000
};

struct test_file {
    struct frame_packer *packer;
    struct frame_row row;
    uint8_t *content;
    uint8_t *back;
    uint8_t *file;
    uint64_t length;
    uint64_t dice;
};

static int setup(void **state)
{
    struct test_file *test = calloc(1, sizeof(*test));
    assert_non_null(test);
    test->content = malloc(CONTENT_MAX);
    test->back = malloc(CONTENT_MAX);
    test->file = malloc(FILE_MAX);
    test->dice = 1;
    assert_true(test->content != NULL && test->back != NULL && test->file != NULL);
    assert_int_equal(frame_packer_open(&test->packer, NULL), XSW_OK);
    *state = test;
    return 0;
}

static int teardown(void **state)
{
    struct test_file *test = *state;
    frame_packer_close(test->packer);
    frame_row_fini(&test->row);
    free(test->content);
    free(test->back);
    free(test->file);
    free(test);
    return 0;
}

static uint32_t roll(struct test_file *test, uint32_t sides)
{
    test->dice = test->dice * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(test->dice >> 33) % sides;
}

/* Adds a pcapng block; returns where it ends. */
static size_t block_make(struct test_file *test, size_t at, uint32_t length, bool is_noise)
{
    uint8_t *block = test->content + at;
    memset(block, 'x', length);
    for (uint32_t i = PCAPNG_HEAD_SIZE; is_noise && i < length; i++) {
        block[i] = (uint8_t)roll(test, 256);
    }
    put_le32(block, PACKET_BLOCK);
    put_le32(block + 4, length);
    put_le32(block + length - 4, length);
    return at + length;
}

static size_t blocks_make(struct test_file *test, size_t wanted, bool is_noise)
{
    size_t length = 0;
    while (length < wanted) {
        length = block_make(test, length, BLOCK_MIN + 4 * roll(test, 200), is_noise);
    }
    return length;
}

/* What stands in the row is the content, and beside it only blocks that readers skip. */
static void row_unpack(struct test_file *test, size_t expected)
{
    size_t at = 0;
    size_t length = 0;
    for (size_t i = 0; i < test->row.part_count; i++) {
        const struct frame_part *part = &test->row.parts[i];
        const uint8_t *frame = test->row.bytes + at;
        uint8_t *to = test->back + length;
        assert_int_equal(ZSTD_findFrameCompressedSize(frame, test->row.length - at), part->length);
        assert_int_equal(ZSTD_getFrameContentSize(frame, part->length), part->content_length);
        assert_int_equal(ZSTD_decompress(to, CONTENT_MAX - length, frame, part->length),
                         part->content_length);
        at += part->length;
        if (!part->is_filler) {
            length += part->content_length;
            continue;
        }
        assert_int_equal(get_le32(to), PCAPNG_BLOCK_PADDING);
        assert_int_equal(get_le32(to + 4), part->content_length);
        assert_int_equal(get_le32(to + part->content_length - 4), part->content_length);
        assert_int_equal(part->content_length % 4, 0);
    }
    assert_int_equal(at, test->row.length);
    assert_int_equal(length, expected);
    assert_memory_equal(test->back, test->content, expected);
}

static void row_add(struct test_file *test, size_t length, enum frame_effort effort, bool at_page)
{
    const struct frame_content content = {.bytes = test->content, .length = length};
    assert_int_equal(frame_row_pack(test->packer, effort, &content, &test->row, NULL), XSW_OK);
    frame_row_place(&test->row, test->length, at_page);
    row_unpack(test, length);
    assert_true(test->length + test->row.length <= FILE_MAX);
    memcpy(test->file + test->length, test->row.bytes, test->row.length);
    test->length += test->row.length;
}

/* Wireshark 4.0 finds the frame behind each: there is a magic number where it looks. */
static void ends_check(const struct test_file *test)
{
    for (uint64_t at = 0; at < test->length;) {
        size_t length = ZSTD_findFrameCompressedSize(test->file + at, test->length - at);
        assert_false(ZSTD_isError(length));
        at += length;
        for (unsigned i = 0; i < 3; i++) {
            static const uint64_t sizes[] = {FRAME_WINDOW, FRAME_LARGE_WINDOW, 4 << 20};
            uint64_t window = at / sizes[i] * sizes[i];
            assert_int_equal(get_le32(test->file + window), ZSTD_FRAME_MAGIC);
            assert_true(at - window < sizes[i] - 4);
        }
    }
}

static void frames_of_any_content_end_where_the_next_is_found(void **state)
{
    struct test_file *test = *state;
    for (unsigned i = 0; i < ROWS; i++) {
        size_t length = blocks_make(test, roll(test, 1U << (12 + roll(test, 9))), i % 3 == 0);
        row_add(test, length, (enum frame_effort)(i % FRAME_EFFORTS), i % 4 == 3);
    }
    assert_true(test->length > 20 * (uint64_t)FRAME_WINDOW);
    ends_check(test);
}

/* Also when a frame ends just before the end of a window, or just behind it. */
static void frames_end_well_wherever_the_file_stands(void **state)
{
    struct test_file *test = *state;
    memset(test->file, 0, FRAME_WINDOW);
    for (uint64_t before = 0; before < 700; before++) {
        size_t length = blocks_make(test, 400, true);
        put_le32(test->file, ZSTD_FRAME_MAGIC);
        test->length = FRAME_WINDOW - before;
        bool had_room = before >= 48;
        uint64_t begin = test->length;
        row_add(test, length, FRAME_SMALL, before % 2 == 0);
        uint64_t window = test->length / FRAME_WINDOW * FRAME_WINDOW;
        if (had_room && window > begin) {
            assert_int_equal(get_le32(test->file + window), ZSTD_FRAME_MAGIC);
        }
        assert_true(!had_room || test->length % FRAME_WINDOW < FRAME_WINDOW - 4);
    }
}

static void row_ends_at_a_page_when_it_should(void **state)
{
    struct test_file *test = *state;
    for (unsigned i = 0; i < ROWS; i++) {
        row_add(test, blocks_make(test, 1 + roll(test, 200000), i % 2 == 0), FRAME_FAST, true);
        assert_int_equal(test->length % FRAME_ALIGNMENT, 0);
    }
    ends_check(test);
}

/* A ninth of the file at most, whatever is packed, and a page or two a piece. */
static void fillers_take_little(void **state)
{
    struct test_file *test = *state;
    for (unsigned i = 0; i < 2 * FRAME_EFFORTS; i++) {
        uint64_t fillers = 0;
        test->length = 0;
        for (unsigned j = 0; j < 8; j++) {
            row_add(test, blocks_make(test, 2 << 20, i % 2 == 0), (enum frame_effort)(i / 2), true);
            for (size_t k = 0; k < test->row.part_count; k++) {
                fillers += test->row.parts[k].is_filler ? test->row.parts[k].length : 0;
            }
        }
        assert_true(fillers < test->length / 9 + 8 * 2 * FRAME_ALIGNMENT);
    }
}

/* Behind a section Wireshark looks for interfaces, and nothing else may stand there. */
static void lone_section_has_no_filler(void **state)
{
    struct test_file *test = *state;
    size_t length = block_make(test, 0, JUMBO, true);
    put_le32(test->content, PCAPNG_BLOCK_SECTION);
    row_add(test, length, FRAME_SMALL, true);
    for (size_t i = 0; i < test->row.part_count; i++) {
        assert_false(test->row.parts[i].is_filler);
    }
}

/* Blocks of any length that are not packed, wherever the file stands. */
static void frames_of_large_blocks_end_where_the_next_is_found(void **state)
{
    struct test_file *test = *state;
    for (unsigned i = 0; i < ROWS; i++) {
        size_t length = blocks_make(test, 1 + roll(test, 100000), true);
        length = block_make(test, length, BLOCK_MIN + 4 * roll(test, JUMBO / 4), i % 4 != 0);
        row_add(test, length, (enum frame_effort)(i % FRAME_EFFORTS), i % 3 == 0);
    }
    ends_check(test);
}

/* Where the last frame of it would end too close to the end of a window for a filler. */
static void frames_of_a_large_block_end_well_whatever_its_length(void **state)
{
    struct test_file *test = *state;
    for (uint32_t more = 0; more < 200; more += 4) {
        memset(test->file, 0, FRAME_WINDOW);
        put_le32(test->file, ZSTD_FRAME_MAGIC);
        test->length = 1000;
        uint32_t length = 3 * FRAME_WINDOW - 1 - (1000 + 3 * 12) - 100;
        row_add(test, block_make(test, 0, length / 4 * 4 + more, true), FRAME_SMALL, false);
        assert_true(test->length % FRAME_WINDOW <= FRAME_WINDOW - 48);
        for (uint64_t at = 0; at < test->length; at += FRAME_WINDOW) {
            assert_int_equal(get_le32(test->file + at), ZSTD_FRAME_MAGIC);
        }
    }
}

/* A large block that packs well is packed, whatever the others are. */
static void large_block_is_packed_though_there_is_no_time(void **state)
{
    struct test_file *test = *state;
    size_t length = block_make(test, 0, JUMBO, false);
    row_add(test, length, FRAME_STORED, false);
    assert_int_equal(test->row.part_count, 1);
    assert_true(test->row.length < JUMBO / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(frames_of_any_content_end_where_the_next_is_found, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(frames_end_well_wherever_the_file_stands, setup, teardown),
        cmocka_unit_test_setup_teardown(row_ends_at_a_page_when_it_should, setup, teardown),
        cmocka_unit_test_setup_teardown(fillers_take_little, setup, teardown),
        cmocka_unit_test_setup_teardown(lone_section_has_no_filler, setup, teardown),
        cmocka_unit_test_setup_teardown(frames_of_large_blocks_end_where_the_next_is_found, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(frames_of_a_large_block_end_well_whatever_its_length, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(large_block_is_packed_though_there_is_no_time, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
