/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/frame_pack.h"

#include <assert.h>
#include <stdlib.h>

#include <zstd.h>

#include "base/error.h"

/* Parameters of each effort; 0: as the level has it. */
static const struct {
    int level, hash_log, shortest_match, target_length, strategy;
} efforts[FRAME_EFFORTS] = {
    [FRAME_SMALL] = {.level = 1},
    [FRAME_FAST] = {.level = -3, .hash_log = 12, .shortest_match = 7},
    [FRAME_HARDLY] = {.level = 1,
                      .hash_log = 12,
                      .shortest_match = 7,
                      .target_length = 1024,
                      .strategy = ZSTD_fast},
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

enum xsw_status frame_packer_open(struct frame_packer **packer, struct xsw_error *error)
{
    struct frame_packer *made = calloc(1, sizeof(*made));
    if (made == NULL || (made->context = ZSTD_createCCtx()) == NULL) {
        free(made);
        return error_set(error, XSW_NO_MEMORY, "no memory to compress");
    }
    made->effort = FRAME_EFFORTS;
    *packer = made;
    return XSW_OK;
}

void frame_packer_close(struct frame_packer *packer)
{
    if (packer != NULL) {
        ZSTD_freeCCtx(packer->context);
        free(packer);
    }
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
    effort_set(packer, effort);
    size_t packed =
        ZSTD_compress2(packer->context, frame->bytes, frame->size, content->bytes, content->length);
    if (ZSTD_isError(packed)) {
        return error_set(error, XSW_NO_MEMORY, "compression failed: %s", ZSTD_getErrorName(packed));
    }
    frame->length = packed;
    return XSW_OK;
}
