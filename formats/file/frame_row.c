/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/file/frame_row.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "formats/byte_order.h"
#include "formats/pcapng/pcapng_wire.h"

enum {
    FILLER_HEAD_SIZE = 10, /* magic number, descriptor, window, length of the content */
    BLOCK_HEAD_SIZE = 3,
    FILLER_MAX = 127 << 10, /* its last block, with what comes behind the boundary, has 128 KiB */
    PART_MIN = 16 << 10,    /* content of a frame */
    PART_FIRST = 32 << 10,
    PART_MAX = 96 << 10,
    PART_LARGE = 128 << 10,
    BLOCKS_AHEAD = 16,
    PART_STORED = 8 << 10, /* a frame that is stored takes no time to begin */
    FIRST_BLOCK_SIZE = 4,  /* of all blocks of a filler but the last */
    FILLERS_MAX = 3,       /* before a frame, where the boundaries of both windows are close */
    FILLER_MIN = 48,       /* and before the magic number inside one */
    LEAST_PIECES_MAX = 8,  /* each moves what is behind it by a frame's head and tail */
    CUT_PIECES = 16,       /* of a part that is small, with all that */
    MAGIC_SIZE = 4,
    BEHIND_BOUNDARY = MAGIC_SIZE + PCAPNG_TAIL_SIZE /* the least of a filler there */
};

/* How long a frame should become: a filler is half of one on average, in each window. That of bytes
 * that are packed less is larger, since each frame takes its time to begin. Measured: frames of 64
 * to 128 KiB of content are packed as well and as fast as those of a whole piece. */
static const size_t frame_targets[FRAME_STORED] = {
    [FRAME_SMALL] = 8 << 10, [FRAME_FAST] = 8 << 10, [FRAME_FASTEST] = 16 << 10};

/* Packing ------------------------------------------------------------------------------------ */

/* Whole pcapng blocks with at least `wanted` bytes, or all that is there. */
static size_t part_choose(const struct frame_content *content, size_t at, size_t wanted)
{
    const uint8_t *bytes = content->bytes;
    size_t end = at;
    while (end < content->length && end - at < wanted) {
        size_t left = content->length - end;
        size_t length = left < PCAPNG_HEAD_SIZE ? left : get_le32(bytes + end + 4);
        assert(length >= PCAPNG_HEAD_SIZE && length <= left);
        __builtin_prefetch(bytes + end + BLOCKS_AHEAD * length); /* if they are as long as this */
        end += length;
    }
    return end - at;
}

/* How much content makes the next frame as long as it should be, if it packs as this one did. */
static size_t part_adapt(const struct frame_part *part, size_t target)
{
    size_t wanted = target * part->content_length / part->length;
    if (wanted < PART_MIN) {
        return PART_MIN;
    }
    return wanted < PART_MAX ? wanted : PART_MAX;
}

static enum xsw_status parts_make_room(struct frame_row *row, size_t count, struct xsw_error *error)
{
    if (count <= row->part_room) {
        return XSW_OK;
    }
    struct frame_part *parts = calloc(count, sizeof(*parts));
    struct frame_part *placed = calloc(count, sizeof(*placed));
    if (parts == NULL || placed == NULL) {
        free(parts);
        free(placed);
        return error_set(error, XSW_NO_MEMORY, "no memory to compress");
    }
    free(row->parts);
    free(row->placed);
    row->parts = parts;
    row->placed = placed;
    row->part_room = count;
    return XSW_OK;
}

/* Fillers are hardly larger than what they are put before, and there is one more for the page. */
static enum xsw_status row_make_room(struct frame_row *row, size_t content, size_t parts,
                                     struct xsw_error *error)
{
    size_t bound = frame_bound(content, parts) + parts * (FILLER_MIN + 16 * BEHIND_BOUNDARY);
    size_t size = ((1 + FILLERS_MAX) * bound / FRAME_ALIGNMENT + 4) * FRAME_ALIGNMENT;
    if (size > row->size) {
        uint8_t *bytes = aligned_alloc(FRAME_ALIGNMENT, size);
        if (bytes == NULL) {
            return error_set(error, XSW_NO_MEMORY, "no memory to compress");
        }
        free(row->bytes);
        row->bytes = bytes;
        row->size = size;
    }
    return parts_make_room(row, (1 + FILLERS_MAX) * parts + CUT_PIECES + 1, error);
}

static bool is_lone_section(const struct frame_content *content)
{
    const uint8_t *bytes = content->bytes;
    return content->length >= PCAPNG_HEAD_SIZE && get_le32(bytes) == PCAPNG_BLOCK_SECTION &&
           get_le32(bytes + 4) == content->length;
}

/* What is stored has its length, and no bytes for now. A block that is large is packed in any case,
 * since there may not be room for it in a window. */
static enum xsw_status part_pack(struct frame_packer *packer, enum frame_effort effort,
                                 struct frame_row *row, struct frame_part *part,
                                 struct xsw_error *error)
{
    const struct frame_content some = {.bytes = row->content + part->content_at,
                                       .length = part->content_length};
    struct frame frame = {.bytes = row->bytes + row->length, .size = row->size - row->length};
    bool is_large = part->content_length > PART_LARGE;
    part->is_stored = effort == FRAME_STORED && !is_large;
    if (part->is_stored) {
        part->length = frame_stored_length(part->content_length);
        return XSW_OK;
    }
    enum frame_effort chosen = is_large && effort > FRAME_FAST ? FRAME_SMALL : effort;
    enum xsw_status status = frame_packer_pack(packer, chosen, &some, &frame, error);
    part->length = part->packed_length = frame.length;
    row->length += frame.length;
    return status;
}

enum xsw_status frame_row_pack(struct frame_packer *packer, enum frame_effort effort,
                               const struct frame_content *content, struct frame_row *row,
                               struct xsw_error *error)
{
    size_t least = effort == FRAME_STORED ? PART_STORED : PART_MIN;
    size_t wanted = effort == FRAME_STORED ? PART_STORED : PART_FIRST;
    enum xsw_status status =
        row_make_room(row, content->length, content->length / least + 1, error);
    row->length = 0;
    row->part_count = 0;
    row->content = content->bytes;
    row->is_section = is_lone_section(content);
    for (size_t at = 0; status == XSW_OK && at < content->length;) {
        struct frame_part *part = &row->parts[row->part_count++];
        *part = (struct frame_part){.content_at = at,
                                    .content_length = part_choose(content, at, wanted)};
        status = part_pack(packer, effort, row, part, error);
        at += part->content_length;
        if (status == XSW_OK && effort != FRAME_STORED) {
            wanted = part_adapt(part, frame_targets[effort]);
        }
    }
    return status;
}

/* Fillers ------------------------------------------------------------------------------------ */

static uint64_t next_boundary(uint64_t place)
{
    uint64_t usual = (place / FRAME_WINDOW + 1) * FRAME_WINDOW;
    uint64_t large = (place / FRAME_LARGE_WINDOW + 1) * FRAME_LARGE_WINDOW;
    return usual < large ? usual : large;
}

/* Whether a frame may end here: a filler still has room before the next boundary. */
static bool may_end(uint64_t place)
{
    return next_boundary(place) - place >= FILLER_MIN;
}

/* Whether all magic numbers of a filler that crosses boundaries have room before this end. */
static bool is_behind_boundary(uint64_t place, uint64_t end)
{
    uint64_t boundary = next_boundary(place);
    while (next_boundary(boundary) <= end) {
        boundary = next_boundary(boundary);
    }
    return end < boundary || end >= boundary + BEHIND_BOUNDARY;
}

/* Where a filler ends that begins at `place`. Behind a boundary there may be another at once, which
 * it then crosses, too. */
static uint64_t filler_end(uint64_t place, bool at_page)
{
    uint64_t step = at_page ? FRAME_ALIGNMENT : BEHIND_BOUNDARY;
    uint64_t end = at_page ? (place + FILLER_MIN + step - 1) / step * step
                           : next_boundary(place) + BEHIND_BOUNDARY;
    while (!may_end(end) || !is_behind_boundary(place, end)) {
        end += step;
    }
    return end;
}

/* A filler has raw blocks, of which all but the last are small: as many as it takes for the content
 * to be a pcapng block, whose length is a multiple of 4. */
static unsigned filler_blocks(size_t length)
{
    unsigned count = 1;
    while ((length - FILLER_HEAD_SIZE - (size_t)count * BLOCK_HEAD_SIZE) % 4 != 0) {
        count++;
    }
    return count;
}

static size_t filler_content(size_t length)
{
    return length - FILLER_HEAD_SIZE - (size_t)filler_blocks(length) * BLOCK_HEAD_SIZE;
}

static uint8_t *put_block_head(uint8_t *at, size_t length, bool is_last)
{
    uint32_t head = (uint32_t)length << 3 | is_last; /* type 0: as it is */
    at[0] = (uint8_t)head;
    at[1] = (uint8_t)(head >> 8);
    at[2] = (uint8_t)(head >> 16);
    return at + BLOCK_HEAD_SIZE;
}

/* RFC 8878, 3.1.1. Of `length` bytes, which will stand at `place`. */
static void put_filler(uint8_t *at, size_t length, uint64_t place)
{
    enum { CONTENT_LENGTH_OF_4_BYTES = 0x80, WINDOW_OF_128_KIB = 0x38 };
    unsigned blocks = filler_blocks(length);
    size_t content = filler_content(length);
    uint8_t *bytes = at;
    memset(at, 0, length);
    put_le32(at, ZSTD_FRAME_MAGIC);
    at[4] = CONTENT_LENGTH_OF_4_BYTES;
    at[5] = WINDOW_OF_128_KIB;
    put_le32(at + 6, (uint32_t)content);
    at += FILLER_HEAD_SIZE;
    uint8_t head[3 * FIRST_BLOCK_SIZE] = {0};
    put_le32(head, PCAPNG_BLOCK_PADDING);
    put_le32(head + 4, (uint32_t)content);
    size_t done = 0;
    for (unsigned i = 1; i < blocks; i++, done += FIRST_BLOCK_SIZE) {
        at = put_block_head(at, FIRST_BLOCK_SIZE, false);
        memcpy(at, head + done, FIRST_BLOCK_SIZE);
        at += FIRST_BLOCK_SIZE;
    }
    at = put_block_head(at, content - done, true);
    memcpy(at, head + done, sizeof(head) - done);
    put_le32(bytes + length - PCAPNG_TAIL_SIZE, (uint32_t)content);
    for (uint64_t boundary = next_boundary(place); boundary < place + length;
         boundary = next_boundary(boundary)) {
        put_le32(bytes + (boundary - place), ZSTD_FRAME_MAGIC);
    }
}

/* Placing ------------------------------------------------------------------------------------ */

static bool stays(uint64_t place, size_t length)
{
    return length + FILLER_MIN <= next_boundary(place) - place;
}

/* The frame would reach into the next window, and a filler keeps it from that. */
static bool wants_filler(uint64_t place, size_t length)
{
    bool will_stay = BEHIND_BOUNDARY + length + FILLER_MIN <= FRAME_WINDOW;
    return !stays(place, length) && will_stay && may_end(place) &&
           next_boundary(place) - place < FILLER_MAX;
}

static struct frame_part filler_choose(uint64_t place, bool at_page)
{
    size_t length = (size_t)(filler_end(place, at_page) - place);
    return (struct frame_part){
        .length = length, .content_length = filler_content(length), .is_filler = true};
}

/* A piece of what is left of a part, up to the next boundary that a frame has room before; or of
 * one byte. */
static struct frame_part piece_choose(uint64_t place, const struct frame_part *left, bool is_least)
{
    size_t head = frame_stored_length(0);
    uint64_t boundary = next_boundary(place);
    while (boundary - place <= head) {
        boundary = next_boundary(boundary);
    }
    size_t room = (size_t)(boundary - place) - head;
    size_t length = is_least ? 1 : left->content_length < room ? left->content_length : room;
    return (struct frame_part){.length = frame_stored_length(length),
                               .content_at = left->content_at,
                               .content_length = length,
                               .is_stored = true};
}

/* In frames of which one ends at each boundary. `least` are of one byte, which moves the end of the
 * last one. Returns how many; `*end` is where the last one ends. */
static size_t part_cut(const struct frame_part *part, uint64_t place, size_t least,
                       struct frame_part *pieces, uint64_t *end)
{
    struct frame_part left = *part;
    size_t count = 0;
    while (left.content_length > 0) {
        bool is_least = least > 0 && next_boundary(place) - place > 2 * FILLER_MIN;
        pieces[count] = piece_choose(place, &left, is_least);
        place += pieces[count].length;
        left.content_at += pieces[count].content_length;
        left.content_length -= pieces[count].content_length;
        least -= is_least;
        count++;
    }
    pieces[0].packed_length = part->packed_length;
    *end = place;
    return count;
}

/* The frame has no room in a window. */
static size_t part_cut_well(const struct frame_part *part, uint64_t place,
                            struct frame_part *pieces, uint64_t *end)
{
    size_t least = 0;
    size_t count = part_cut(part, place, least, pieces, end);
    while (!may_end(*end) && ++least <= LEAST_PIECES_MAX) {
        count = part_cut(part, place, least, pieces, end);
    }
    return count;
}

/* To where they stand from now on, from behind, since all move that way. */
static void row_spread(struct frame_row *row, uint64_t place, size_t new_length)
{
    size_t from = row->length;
    size_t to = new_length;
    for (size_t i = row->part_count; i-- > 0;) {
        const struct frame_part *part = &row->parts[i];
        to -= part->length;
        if (part->is_filler) {
            put_filler(row->bytes + to, part->length, place + to);
        } else if (part->is_stored) {
            const struct frame_content some = {.bytes = row->content + part->content_at,
                                               .length = part->content_length};
            from -= part->packed_length;
            frame_store(row->bytes + to, &some);
        } else {
            from -= part->packed_length;
            memmove(row->bytes + to, row->bytes + from, part->length);
        }
    }
    row->length = new_length;
}

void frame_row_place(struct frame_row *row, uint64_t place, bool ends_at_page)
{
    uint64_t at = place;
    size_t count = 0;
    for (size_t i = 0; i < row->part_count; i++) {
        while (wants_filler(at, row->parts[i].length)) {
            row->placed[count] = filler_choose(at, false);
            at += row->placed[count++].length;
        }
        if (stays(at, row->parts[i].length)) {
            row->placed[count] = row->parts[i];
            at += row->placed[count++].length;
        } else {
            count += part_cut_well(&row->parts[i], at, &row->placed[count], &at);
        }
    }
    /* Wireshark looks for interfaces behind a section, and a block that it does not know would end
     * that search. */
    if (ends_at_page && !row->is_section && at % FRAME_ALIGNMENT != 0 && may_end(at)) {
        row->placed[count] = filler_choose(at, true);
        at += row->placed[count++].length;
    }
    struct frame_part *packed = row->parts;
    row->parts = row->placed;
    row->placed = packed;
    row->part_count = count;
    assert(at - place <= row->size);
    row_spread(row, place, (size_t)(at - place));
}

void frame_row_fini(struct frame_row *row)
{
    free(row->bytes);
    free(row->parts);
    free(row->placed);
    *row = (struct frame_row){0};
}
