/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/frame_alike.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "formats/byte_order.h"
#include "formats/frame_alike_code.h"
#include "formats/pcapng_wire.h"

enum {
    WORD = 8,
    CHUNK = 48,
    STEP = 8, /* how often a match is looked for */
    LENGTH_STEP = 4,
    MATCH_MIN = 2 * WORD,
    LENGTHS = 256,
    REPEATS = 3,
    FRAME_HEAD_SIZE = 9,
    BLOCK_HEAD_SIZE = 3,
    LITERALS_HEAD_SIZE = 3,
    SEQUENCES_MAX = ALIKE_CONTENT_MAX / MATCH_MIN + 1,
    SLACK = 64 /* behind what is copied in whole chunks */
};

struct frame_alike {
    struct sequence_tables tables;
    /* Of the content in the making. */
    const uint8_t *content;
    uint32_t length;
    uint32_t last[LENGTHS]; /* where the last block of such a length begins, and 1; 0: none yet */
    uint32_t before;        /* where the block before this one begins */
    uint32_t done;          /* up to where sequences have it */
    uint32_t repeats[REPEATS];
    size_t literal_count, sequence_count;
    struct sequence sequences[SEQUENCES_MAX];
    uint8_t literals[ALIKE_CONTENT_MAX + SLACK];
    uint8_t coded[SEQUENCES_MAX * 9 + SLACK];
};

enum xsw_status frame_alike_open(struct frame_alike **alike, struct xsw_error *error)
{
    struct frame_alike *made = malloc(sizeof(*made));
    if (made == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory to compress");
    }
    sequence_tables_make(&made->tables);
    *alike = made;
    return XSW_OK;
}

void frame_alike_close(struct frame_alike *alike)
{
    free(alike);
}

/* Matches ------------------------------------------------------------------------------------ */

static inline uint64_t word_at(const uint8_t *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof(word));
    return word;
}

/* Offset_Value (3.1.1.5): those that were used before are told by their place among the last. */
static inline uint32_t offset_value(uint32_t *repeats, uint32_t offset, uint32_t literals)
{
    if (offset == repeats[0] && literals > 0) {
        return 1;
    }
    bool is_second = offset == repeats[1];
    if (!is_second) {
        repeats[2] = repeats[1];
    }
    repeats[1] = repeats[0];
    repeats[0] = offset;
    if (is_second) {
        return literals > 0 ? 2 : 1;
    }
    return offset + REPEATS;
}

/* What stands before `at` and is in no sequence yet, then a match. */
static inline void sequence_add(struct frame_alike *alike, uint32_t at, uint32_t offset,
                                uint32_t match)
{
    uint32_t literals = at - alike->done;
    uint8_t *to = alike->literals + alike->literal_count;
    const uint8_t *from = alike->content + alike->done;
    if (__builtin_expect(literals <= CHUNK && alike->done + CHUNK <= alike->length, 1)) {
        memcpy(to, from, CHUNK);
    } else {
        memcpy(to, from, literals);
    }
    alike->literal_count += literals;
    alike->sequences[alike->sequence_count++] =
        (struct sequence){.literals = literals,
                          .match = match,
                          .offset = offset_value(alike->repeats, offset, literals)};
    alike->done = at + match;
}

/* How many bytes before the two are the same, up to `most` and a word. */
static inline uint32_t alike_before(const uint8_t *a, const uint8_t *b, uint32_t most)
{
    uint64_t differs = le64toh(word_at(a - WORD) ^ word_at(b - WORD));
    uint32_t count = differs == 0 ? WORD : (uint32_t)__builtin_clzll(differs) / 8;
    return count < most ? count : most;
}

/* How many bytes are the same, up to `most`. */
static inline uint32_t alike_behind(const uint8_t *a, const uint8_t *b, uint32_t most)
{
    uint32_t count = 0;
    for (; count + WORD <= most; count += WORD) {
        uint64_t differs = word_at(a + count) ^ word_at(b + count);
        if (differs != 0) {
            return count + (uint32_t)__builtin_ctzll(le64toh(differs)) / 8;
        }
    }
    while (count < most && a[count] == b[count]) {
        count++;
    }
    return count;
}

/* Where to look: a block before this one, and how much of it stands at the same places. */
struct model {
    uint32_t begin, length;
};

static inline bool model_matches(const struct frame_alike *alike, const struct model *model,
                                 uint32_t begin, uint32_t at)
{
    const uint8_t *here = alike->content + begin + at;
    const uint8_t *there = alike->content + model->begin + at;
    return at + MATCH_MIN <= model->length &&
           ((word_at(here) ^ word_at(there)) | (word_at(here + WORD) ^ word_at(there + WORD))) == 0;
}

/* Returns where to go on. */
static inline uint32_t match_take(struct frame_alike *alike, const struct model *model,
                                  uint32_t begin, uint32_t at)
{
    const uint8_t *here = alike->content + begin + at;
    const uint8_t *there = alike->content + model->begin + at;
    uint32_t behind = alike_behind(here, there, model->length - at);
    uint32_t open = begin + at - alike->done;
    uint32_t before = at < WORD ? 0 : alike_before(here, there, open < at ? open : at);
    sequence_add(alike, begin + at - before, begin - model->begin, before + behind);
    return (at + behind + STEP - 1) & ~(uint32_t)(STEP - 1);
}

static void block_match(struct frame_alike *alike, uint32_t begin, uint32_t length)
{
    uint32_t *last = &alike->last[length / LENGTH_STEP % LENGTHS];
    struct model alike_one = {0};
    struct model before = {.begin = alike->before};
    if (*last != 0 && get_le32(alike->content + *last - 1 + 4) == length) {
        alike_one = (struct model){.begin = *last - 1, .length = length};
    }
    uint32_t before_length = begin - alike->before;
    before.length = before_length < length ? before_length : length;
    for (uint32_t at = 0; at + MATCH_MIN <= length;) {
        if (model_matches(alike, &alike_one, begin, at)) {
            at = match_take(alike, &alike_one, begin, at);
        } else if (model_matches(alike, &before, begin, at)) {
            at = match_take(alike, &before, begin, at);
        } else {
            at += STEP;
        }
    }
    *last = begin + 1;
    alike->before = begin;
}

static void content_match(struct frame_alike *alike, const struct frame_content *content)
{
    alike->content = content->bytes;
    alike->length = (uint32_t)content->length;
    memset(alike->last, 0, sizeof(alike->last));
    alike->before = alike->done = 0;
    alike->literal_count = alike->sequence_count = 0;
    memcpy(alike->repeats, (const uint32_t[REPEATS]){1, 4, 8}, sizeof(alike->repeats));
    for (uint32_t at = 0; at + PCAPNG_HEAD_SIZE <= content->length;) {
        uint32_t length = get_le32(alike->content + at + 4);
        assert(length >= PCAPNG_HEAD_SIZE && length <= content->length - at);
        block_match(alike, at, length);
        at += length;
    }
    size_t left = content->length - alike->done;
    memcpy(alike->literals + alike->literal_count, alike->content + alike->done, left);
    alike->literal_count += left;
}

/* The frame ---------------------------------------------------------------------------------- */

static uint8_t *put_24(uint8_t *to, uint32_t value)
{
    to[0] = (uint8_t)value;
    put_le16(to + 1, (uint16_t)(value >> 8));
    return to + 3;
}

size_t frame_alike_pack(struct frame_alike *alike, const struct frame_content *content, uint8_t *to)
{
    enum { ONE_SEGMENT_LENGTH_OF_4_BYTES = 0xa0, COMPRESSED = 2, RAW_OF_20_BITS = 3 << 2 };
    assert(content->length <= ALIKE_CONTENT_MAX);
    content_match(alike, content);
    size_t coded =
        sequences_write(&alike->tables, alike->sequences, alike->sequence_count, alike->coded);
    size_t block = LITERALS_HEAD_SIZE + alike->literal_count + coded;
    if (block >= content->length) {
        return 0;
    }
    uint8_t *begin = to;
    put_le32(to, ZSTD_FRAME_MAGIC);
    to[4] = ONE_SEGMENT_LENGTH_OF_4_BYTES;
    put_le32(to + 5, (uint32_t)content->length);
    to = put_24(to + FRAME_HEAD_SIZE, (uint32_t)block << 3 | COMPRESSED << 1 | 1);
    to = put_24(to, (uint32_t)alike->literal_count << 4 | RAW_OF_20_BITS);
    memcpy(to, alike->literals, alike->literal_count);
    to += alike->literal_count;
    memcpy(to, alike->coded, coded);
    return (size_t)(to + coded - begin);
}
