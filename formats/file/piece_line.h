/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_PIECE_LINE_H
#define XSW_PIECE_LINE_H

/*
 * The way of a file's pieces from who makes them to the sink: packed, if the sink packs, and
 * written, in the order in which they were put. Without threads of its own both happen inside
 * piece_line_put(). With them, packers work on several pieces at once and one writer writes; the
 * owner waits only while every place of the line is taken.
 *
 * When a piece cannot be written, no piece behind it is tried: a later piece may need what an
 * earlier one said. They all come back lost, with their content, and the owner decides what is
 * put again, behind piece_line_resume().
 *
 * Memory: PIECE_PLACES(threads) pieces and, when packing, as many rows of frames.
 *
 * Threads: one owner. Private to formats.
 */

#include <stdbool.h>
#include <stdint.h>

#include <xsw/error.h>

#include "formats/file/sink.h"
#include "formats/pcapng/pcapng_encode.h"

enum { PIECE_THREADS_MAX = 16, PIECE_PLACES_MAX = 2 * PIECE_THREADS_MAX + 4 };

struct piece_line;

/* What came of a piece. */
struct piece_end {
    bool is_written;
    uint64_t packets;             /* as it was put */
    struct block_buffer *content; /* to be read before the next call */
    const struct xsw_error *error;
};

/* The sink is borrowed. */
enum xsw_status piece_line_open(struct sink *sink, struct piece_line **line,
                                struct xsw_error *error) XSW_MUST_CHECK;
/* `packers`: how many threads pack, 1 to PIECE_THREADS_MAX; not used when the sink does not pack.
 * Once, before the first piece. */
enum xsw_status piece_line_start(struct piece_line *line, unsigned packers,
                                 struct xsw_error *error) XSW_MUST_CHECK;
/* False: every place is taken; wait and take ends. */
bool piece_line_has_room(const struct piece_line *line);
/* Takes what is in the buffer and gives it other, empty memory. There must be room. */
void piece_line_put(struct piece_line *line, struct block_buffer *buffer, uint64_t packets);
/* The oldest piece that has ended and was not told yet; false: none. */
bool piece_line_take(struct piece_line *line, struct piece_end *end);
/* Until a piece has ended that was not taken, or none is on the way. */
void piece_line_wait(struct piece_line *line);
/* How full, in percent, that is out of which the next pieces will be made: the fuller, the less
 * time a packer may take for one, down to none. Told as often as it is known; until then, the
 * pieces that wait in the line count. */
void piece_line_press(struct piece_line *line, unsigned percent);
bool piece_line_is_empty(const struct piece_line *line); /* nothing to take, now or later */
/* After a loss, when the line is empty: pieces are tried again. */
void piece_line_resume(struct piece_line *line);
/* Of the sink, also while it is being written to. */
uint64_t piece_line_file_bytes(struct piece_line *line);
/* Content of the pieces that were put and not taken. */
uint64_t piece_line_content_bytes(const struct piece_line *line);
/* Waits for what is on the way. Accepts null. */
void piece_line_close(struct piece_line *line);

#endif
