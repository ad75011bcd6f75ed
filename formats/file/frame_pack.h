/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_FRAME_PACK_H
#define XSW_FRAME_PACK_H

/*
 * Whole pcapng blocks become one zstd frame, with a checksum if libzstd packs them. Private to
 * formats.
 *
 * Threads: one at a time for each packer.
 */

#include <stddef.h>
#include <stdint.h>

#include <xsw/error.h>

struct frame_packer;

/* How hard it tries; stored is a copy. Measured on journeys of 64-byte frames: 8.8, 7.1, 2.0 and 1
 * to one. */
enum frame_effort { FRAME_SMALL, FRAME_FAST, FRAME_FASTEST, FRAME_STORED, FRAME_EFFORTS };

struct frame_content {
    const void *bytes;
    size_t length;
};

/* Where to pack to: the caller's memory. */
struct frame {
    uint8_t *bytes;
    size_t length; /* of what was packed */
    size_t size;
};

enum xsw_status frame_packer_open(struct frame_packer **packer,
                                  struct xsw_error *error) XSW_MUST_CHECK;
void frame_packer_close(struct frame_packer *packer); /* accepts null */
/* So many bytes, in so many parts, have room when packed. */
size_t frame_bound(size_t length, size_t parts);
/* The frame must have room for frame_bound() bytes. */
enum xsw_status frame_packer_pack(struct frame_packer *packer, enum frame_effort effort,
                                  const struct frame_content *content, struct frame *frame,
                                  struct xsw_error *error) XSW_MUST_CHECK;

/* The frame of FRAME_STORED: so many bytes, which need no packer. */
size_t frame_stored_length(size_t content_length);
void frame_store(uint8_t *to, const struct frame_content *content);

#endif
