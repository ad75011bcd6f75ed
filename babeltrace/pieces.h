/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_BABELTRACE_PIECES_H
#define XSW_BABELTRACE_PIECES_H

/*
 * The packets of CTF, which are here called pieces: rows that follow each other, with the times
 * between which they are. A loss is told in front of the piece in whose time it falls, as CTF has
 * it: from the end of the piece before to the end of this one. So a piece ends where a loss begins,
 * and the next one ends where it ends. Losses that overlap are one.
 *
 * Threads: one.
 */

#include <stddef.h>
#include <stdint.h>

#include <xsw/error.h>

#include "babeltrace/rows.h"

enum { PIECE_ROWS_MAX = 4096 };

struct piece {
    uint64_t begin_ns, end_ns; /* since 1970 */
    uint64_t lost;     /* told in front of it, since the end of the one before; 0: nothing */
    bool is_uncounted; /* something is lost, and it is not known how much */
    size_t first_row, row_count;
};

struct pieces {
    struct piece *list;
    size_t count, room;
};

/* Of rows in the order of time; orders the losses. */
enum xsw_status pieces_make(struct pieces *pieces, const struct rows *rows) XSW_MUST_CHECK;
void pieces_fini(struct pieces *pieces);

#endif
