/* SPDX-License-Identifier: Apache-2.0 */
/* Frames that we make ourselves: libzstd gives back what went in, whatever it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zstd.h>

#include "formats/byte_order.h"
#include "formats/frame_alike.h"
#include "formats/pcapng_wire.h"

enum { PACKET_BLOCK = 6, ROUNDS = 400, JOURNEY = 200 };

struct made {
    struct frame_alike *alike;
    uint8_t *content, *packed, *back; /* each with room for exactly as much as there may be */
    size_t length;
    uint64_t dice;
};

static int setup(void **state)
{
    struct made *made = calloc(1, sizeof(*made));
    assert_non_null(made);
    made->content = malloc(ALIKE_CONTENT_MAX);
    made->packed = malloc(frame_stored_length(ALIKE_CONTENT_MAX));
    made->back = malloc(ALIKE_CONTENT_MAX);
    made->dice = 7;
    assert_true(made->content != NULL && made->packed != NULL && made->back != NULL);
    assert_int_equal(frame_alike_open(&made->alike, NULL), XSW_OK);
    *state = made;
    return 0;
}

static int teardown(void **state)
{
    struct made *made = *state;
    frame_alike_close(made->alike);
    free(made->content);
    free(made->packed);
    free(made->back);
    free(made);
    return 0;
}

static uint32_t roll(struct made *made, uint32_t sides)
{
    made->dice = made->dice * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(made->dice >> 33) % sides;
}

/* Another block, of which `noise` bytes are by chance and the others as in all blocks. */
static bool block_add(struct made *made, uint32_t length, uint32_t noise)
{
    uint8_t *block = made->content + made->length;
    if (made->length + length > ALIKE_CONTENT_MAX) {
        return false;
    }
    for (uint32_t i = 0; i < length; i++) {
        block[i] = (uint8_t)(i * 7 + i / 256);
    }
    for (uint32_t i = 0; i < noise; i++) {
        block[PCAPNG_HEAD_SIZE + roll(made, length - PCAPNG_HEAD_SIZE)] = (uint8_t)roll(made, 256);
    }
    put_le32(block, PACKET_BLOCK);
    put_le32(block + 4, length);
    put_le32(block + length - PCAPNG_TAIL_SIZE, length);
    made->length += length;
    return true;
}

/* Packs it, from memory that ends where it ends; returns how long that is, or 0. */
static size_t packed_and_back(struct made *made)
{
    uint8_t *exact = malloc(made->length);
    assert_non_null(exact);
    memcpy(exact, made->content, made->length);
    const struct frame_content content = {.bytes = exact, .length = made->length};
    size_t packed = frame_alike_pack(made->alike, &content, made->packed);
    free(exact);
    assert_true(packed <= frame_stored_length(made->length));
    if (packed > 0) {
        assert_int_equal(ZSTD_getFrameContentSize(made->packed, packed), made->length);
        assert_int_equal(ZSTD_decompress(made->back, made->length, made->packed, packed),
                         made->length);
        assert_memory_equal(made->back, made->content, made->length);
    }
    return packed;
}

static void blocks_of_any_kind_come_back(void **state)
{
    struct made *made = *state;
    unsigned packed = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint32_t kinds = 1 + roll(made, 5);
        uint32_t wanted = 1U << (6 + roll(made, 12));
        uint32_t longest = 1U << (4 + roll(made, 9));
        made->length = 0;
        while (made->length < wanted) {
            uint32_t length = 32 + 4 * (roll(made, kinds) * 37 % longest);
            if (!block_add(made, length, roll(made, 1 + length / 4))) {
                break;
            }
        }
        packed += packed_and_back(made) > 0;
    }
    assert_true(packed > ROUNDS / 2);
}

/* The longest matches and runs of literals that there can be, alone and together. */
static void the_longest_lengths_come_back(void **state)
{
    struct made *made = *state;
    for (uint32_t length = 1 << 10; length <= 1 << 16; length *= 2) {
        for (unsigned noise = 0; noise < 2; noise++) {
            made->length = 0;
            assert_true(block_add(made, length - 64, noise * 4 * length));
            assert_true(block_add(made, 64, 0));
            assert_true(block_add(made, length - 64, 0));
            assert_true(block_add(made, 64, 0));
            (void)packed_and_back(made);
        }
        made->length = 0;
        assert_true(block_add(made, length, 0));
        assert_true(block_add(made, length, 0));
        assert_true(packed_and_back(made) < length + 64);
    }
    made->length = 0;
    assert_true(block_add(made, ALIKE_CONTENT_MAX - 256, 4 * ALIKE_CONTENT_MAX));
    assert_true(block_add(made, 128, 0));
    assert_true(block_add(made, 128, 0));
    assert_true(packed_and_back(made) > 0);
}

/* As the records of a journey: two by two, and in each two little that is new. */
static void journeys_that_are_alike_take_a_third(void **state)
{
    struct made *made = *state;
    made->length = 0;
    for (uint32_t i = 0; block_add(made, JOURNEY - 32, 0) && block_add(made, JOURNEY, 0); i++) {
        uint8_t *second = made->content + made->length - JOURNEY;
        uint8_t *first = second - (JOURNEY - 32);
        put_le64(first + 32, made->dice);
        put_le32(first + 128, i);
        put_le64(second + 32, made->dice); /* the frame is the same */
        put_le32(second + 160, i);
        (void)roll(made, 2);
    }
    assert_true(packed_and_back(made) < made->length / 3);
}

static void what_is_not_alike_is_left(void **state)
{
    struct made *made = *state;
    made->length = 0;
    for (uint32_t length = 64; length < 1000; length += 4) {
        assert_true(block_add(made, length, length * 8));
    }
    assert_int_equal(packed_and_back(made), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(blocks_of_any_kind_come_back, setup, teardown),
        cmocka_unit_test_setup_teardown(the_longest_lengths_come_back, setup, teardown),
        cmocka_unit_test_setup_teardown(journeys_that_are_alike_take_a_third, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_not_alike_is_left, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
