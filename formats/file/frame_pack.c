/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/file/frame_pack.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "base/error.h"
#include "formats/byte_order.h"
#include "formats/pcapng/pcapng_wire.h"

enum { STORED_HEAD_SIZE = 9, BLOCK_HEAD_SIZE = 3, BLOCK_MAX = 128 << 10 };

/* Parameters of each effort; 0: as the level has it. */
static const struct {
    int level, hash_log, shortest_match, target_length, strategy;
} efforts[FRAME_STORED] = {
    [FRAME_SMALL] = {.level = 1},
    [FRAME_FAST] = {.level = -3, .hash_log = 12, .shortest_match = 7},
    [FRAME_FASTEST] = {.level = 1,
                       .hash_log = 12,
                       .shortest_match = 7,
                       .target_length = 32,
                       .strategy = ZSTD_fast},
};

struct frame_packer {
    ZSTD_CCtx *context;
    enum frame_effort effort; /* for which the parameters are set; FRAME_EFFORTS: none yet */
};

static void parameter_set(struct frame_packer *packer, ZSTD_cParameter parameter, int value)
{
    size_t set = ZSTD_CCtx_setParameter(packer->context, parameter, value);
    assert(!ZSTD_isError(set));
    (void)set;
}

static void effort_set(struct frame_packer *packer, enum frame_effort effort)
{
    assert(effort < FRAME_STORED);
    if (packer->effort == effort) {
        return;
    }
    packer->effort = effort;
    parameter_set(packer, ZSTD_c_compressionLevel, efforts[effort].level);
    parameter_set(packer, ZSTD_c_hashLog, efforts[effort].hash_log);
    parameter_set(packer, ZSTD_c_minMatch, efforts[effort].shortest_match);
    parameter_set(packer, ZSTD_c_targetLength, efforts[effort].target_length);
    parameter_set(packer, ZSTD_c_strategy, efforts[effort].strategy);
    parameter_set(packer, ZSTD_c_checksumFlag, 1);
}

void frame_packer_close(struct frame_packer *packer)
{
    if (packer != NULL) {
        ZSTD_freeCCtx(packer->context);
        free(packer);
    }
}

enum xsw_status frame_packer_open(struct frame_packer **packer, struct xsw_error *error)
{
    struct frame_packer *made = calloc(1, sizeof(*made));
    if (made == NULL || (made->context = ZSTD_createCCtx()) == NULL) {
        frame_packer_close(made);
        return error_set(error, XSW_NO_MEMORY, "no memory to compress");
    }
    made->effort = FRAME_EFFORTS;
    *packer = made;
    return XSW_OK;
}

size_t frame_bound(size_t length, size_t parts)
{
    /* What one frame may need beyond its share of the whole. */
    size_t each = ZSTD_compressBound(0);
    return ZSTD_compressBound(length) + parts * each;
}

enum xsw_status frame_packer_pack(struct frame_packer *packer, enum frame_effort effort,
                                  const struct frame_content *content, struct frame *frame,
                                  struct xsw_error *error)
{
    if (effort == FRAME_STORED) {
        frame->length = frame_stored_length(content->length);
        frame_store(frame->bytes, content);
        return XSW_OK;
    }
    effort_set(packer, effort);
    size_t packed =
        ZSTD_compress2(packer->context, frame->bytes, frame->size, content->bytes, content->length);
    if (ZSTD_isError(packed)) {
        return error_set(error, XSW_NO_MEMORY, "compression failed: %s", ZSTD_getErrorName(packed));
    }
    frame->length = packed;
    return XSW_OK;
}

size_t frame_stored_length(size_t content_length)
{
    size_t blocks = content_length == 0 ? 1 : (content_length + BLOCK_MAX - 1) / BLOCK_MAX;
    return STORED_HEAD_SIZE + blocks * BLOCK_HEAD_SIZE + content_length;
}

/* RFC 8878, 3.1.1: a single segment, whose length takes 4 bytes, of raw blocks. */
void frame_store(uint8_t *to, const struct frame_content *content)
{
    enum { ONE_SEGMENT_LENGTH_OF_4_BYTES = 0xa0 };
    const uint8_t *bytes = content->bytes;
    size_t left = content->length;
    put_le32(to, ZSTD_FRAME_MAGIC);
    to[4] = ONE_SEGMENT_LENGTH_OF_4_BYTES;
    put_le32(to + 5, (uint32_t)left);
    to += STORED_HEAD_SIZE;
    do {
        size_t length = left < BLOCK_MAX ? left : BLOCK_MAX;
        left -= length;
        uint32_t head = (uint32_t)length << 3 | (left == 0); /* type 0: as it is */
        to[0] = (uint8_t)head;
        put_le16(to + 1, (uint16_t)(head >> 8));
        memcpy(to + BLOCK_HEAD_SIZE, bytes, length);
        bytes += length;
        to += BLOCK_HEAD_SIZE + length;
    } while (left > 0);
}
