/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_FRAME_ROW_H
#define XSW_FRAME_ROW_H

/*
 * A piece of a file as a row of small zstd frames that Wireshark 4.0 reads. It fills a buffer of
 * FRAME_WINDOW bytes from the file, or of the file system's st_blksize if that is more, and behind
 * the end of a frame it looks for the magic number of the next one not there but at the beginning
 * of that buffer. So no frame may reach from one window into the next, of FRAME_WINDOW and of
 * FRAME_LARGE_WINDOW, which is what network file systems have. Where the next frame would, a filler
 * is put before it: a frame whose content is a pcapng block for local use, which all readers skip.
 * It alone crosses the boundary, and carries the magic number inside, so that it stands at the
 * beginning of the window.
 *
 * A frame ends where a pcapng block ends, so that there can be a filler behind each. A single block
 * that has no room in a window is stored in several frames, cut where windows begin.
 *
 * Threads: one at a time. Private to formats.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xsw/error.h>

#include "formats/file/frame_pack.h"

enum {
    FRAME_WINDOW = 131075, /* ZSTD_DStreamInSize() */
    FRAME_LARGE_WINDOW = 1 << 20,
    FRAME_ALIGNMENT = 4096
};

struct frame_part {
    size_t length;
    size_t packed_length; /* among the bytes, before the row is placed */
    size_t content_at, content_length;
    bool is_filler;
    bool is_stored; /* copied from the content when the row is placed */
};

/* The memory is used again for the next piece. Begins zeroed. */
struct frame_row {
    uint8_t *bytes; /* at a page */
    size_t length;
    size_t size;
    struct frame_part *parts; /* the frames, one behind the other */
    size_t part_count;
    size_t part_room;
    struct frame_part *placed; /* as many; parts in the making, with fillers */
    const uint8_t *content;    /* what was packed; borrowed until the row is placed */
    bool is_section;           /* a section and nothing else */
};

/* `content` is whole pcapng blocks, which must stay until the row is placed: what is stored is
 * copied then and not before. */
enum xsw_status frame_row_pack(struct frame_packer *packer, enum frame_effort effort,
                               const struct frame_content *content, struct frame_row *row,
                               struct xsw_error *error) XSW_MUST_CHECK;
/* Once, behind packing: puts fillers where the frames need them behind `place` bytes of a file,
 * and, if it is to end at a page of the file, at the end. */
void frame_row_place(struct frame_row *row, uint64_t place, bool ends_at_page);
void frame_row_fini(struct frame_row *row);

#endif
