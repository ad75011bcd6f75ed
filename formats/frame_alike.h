/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_FRAME_ALIKE_H
#define XSW_FRAME_ALIKE_H

/*
 * A zstd frame of pcapng blocks that are nearly alike, in a fraction of the time that it takes to
 * search for what repeats. A block is compared with the last one of its length and with the one
 * before it, place by place; what is the same is a match, and the rest is stored. Offsets and
 * lengths are coded with the tables that the format has predefined, so that nothing is counted
 * before anything is written. See RFC 8878; frame_alike_code.c has the second half of it.
 *
 * Why not ZSTD_compressSequences of libzstd, given the same matches: measured on journeys of
 * 64-byte frames it takes as long as the search of FRAME_FAST, for a larger file.
 *
 * Threads: one at a time for each. Private to formats.
 */

#include <stddef.h>
#include <stdint.h>

#include <xsw/error.h>

#include "formats/frame_pack.h"

enum { ALIKE_CONTENT_MAX = 128 << 10 }; /* one block of zstd */

struct frame_alike;

enum xsw_status frame_alike_open(struct frame_alike **alike,
                                 struct xsw_error *error) XSW_MUST_CHECK;
void frame_alike_close(struct frame_alike *alike); /* accepts null */
/* `content` is whole pcapng blocks of at most ALIKE_CONTENT_MAX bytes. Writes at most
 * frame_stored_length() bytes, and returns how many; 0: that would not be enough. */
size_t frame_alike_pack(struct frame_alike *alike, const struct frame_content *content,
                        uint8_t *to);

#endif
