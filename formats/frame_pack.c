/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/frame_pack.h"

#include <assert.h>
#include <stdlib.h>

#include <zstd.h>

#include "base/error.h"

enum { PACK_LEVEL = 1 };

struct frame_packer {
    ZSTD_CCtx *context;
};

enum xsw_status frame_packer_open(struct frame_packer **packer, struct xsw_error *error)
{
    struct frame_packer *made = calloc(1, sizeof(*made));
    if (made == NULL || (made->context = ZSTD_createCCtx()) == NULL) {
        free(made);
        return error_set(error, XSW_NO_MEMORY, "no memory to compress");
    }
    size_t level = ZSTD_CCtx_setParameter(made->context, ZSTD_c_compressionLevel, PACK_LEVEL);
    size_t checksum = ZSTD_CCtx_setParameter(made->context, ZSTD_c_checksumFlag, 1);
    assert(!ZSTD_isError(level) && !ZSTD_isError(checksum));
    (void)level;
    (void)checksum;
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

enum xsw_status frame_packer_pack(struct frame_packer *packer, const void *piece, size_t length,
                                  struct frame *frame, struct xsw_error *error)
{
    size_t bound = ZSTD_compressBound(length);
    if (bound > frame->size) {
        uint8_t *bytes = realloc(frame->bytes, bound);
        if (bytes == NULL) {
            return error_set(error, XSW_NO_MEMORY, "no memory to compress");
        }
        frame->bytes = bytes;
        frame->size = bound;
    }
    size_t packed = ZSTD_compress2(packer->context, frame->bytes, frame->size, piece, length);
    if (ZSTD_isError(packed)) {
        return error_set(error, XSW_NO_MEMORY, "compression failed: %s", ZSTD_getErrorName(packed));
    }
    frame->length = packed;
    return XSW_OK;
}

void frame_fini(struct frame *frame)
{
    free(frame->bytes);
    *frame = (struct frame){0};
}
