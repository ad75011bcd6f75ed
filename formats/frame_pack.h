/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_FRAME_PACK_H
#define XSW_FRAME_PACK_H

/*
 * A piece of a file becomes one zstd frame, with a checksum. Private to formats.
 *
 * Threads: one at a time for each packer.
 */

#include <stddef.h>
#include <stdint.h>

#include <xsw/error.h>

struct frame_packer;

/* The packed bytes; the memory is used again for the next frame. Begins zeroed. */
struct frame {
    uint8_t *bytes;
    size_t length;
    size_t size;
};

enum xsw_status frame_packer_open(struct frame_packer **packer,
                                  struct xsw_error *error) XSW_MUST_CHECK;
void frame_packer_close(struct frame_packer *packer); /* accepts null */
enum xsw_status frame_packer_pack(struct frame_packer *packer, const void *piece, size_t length,
                                  struct frame *frame, struct xsw_error *error) XSW_MUST_CHECK;
void frame_fini(struct frame *frame);

#endif
