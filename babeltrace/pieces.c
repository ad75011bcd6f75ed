/* SPDX-License-Identifier: Apache-2.0 */
#include "babeltrace/pieces.h"

#include <stdlib.h>
#include <string.h>

static enum xsw_status piece_add(struct pieces *pieces, const struct piece *piece)
{
    if (pieces->count == pieces->room) {
        size_t room = pieces->room == 0 ? 64 : pieces->room * 2;
        struct piece *list = realloc(pieces->list, room * sizeof(*list));
        if (list == NULL) {
            return XSW_NO_MEMORY;
        }
        pieces->list = list;
        pieces->room = room;
    }
    pieces->list[pieces->count++] = *piece;
    return XSW_OK;
}

/* The first row behind that time. */
static size_t row_behind(const struct rows *rows, size_t from, uint64_t time_ns)
{
    size_t until = rows->count;
    while (from < until) {
        size_t middle = from + (until - from) / 2;
        if (rows->list[middle].time_ns <= time_ns) {
            from = middle + 1;
        } else {
            until = middle;
        }
    }
    return from;
}

/* Rows without a loss among them, in pieces of a size that readers can skip. */
static enum xsw_status rows_add(struct pieces *pieces, const struct rows *rows, size_t first,
                                size_t until)
{
    enum xsw_status status = XSW_OK;
    while (first < until && status == XSW_OK) {
        size_t count = until - first < PIECE_ROWS_MAX ? until - first : PIECE_ROWS_MAX;
        status = piece_add(pieces, &(struct piece){.begin_ns = rows->list[first].time_ns,
                                                   .end_ns = rows->list[first + count - 1].time_ns,
                                                   .first_row = first,
                                                   .row_count = count});
        first += count;
    }
    return status;
}

/* The piece in front of a loss ends where that begins; an empty one when there is none. */
static enum xsw_status front_end(struct pieces *pieces, uint64_t from_ns)
{
    if (pieces->count > 0) {
        pieces->list[pieces->count - 1].end_ns = from_ns;
        return XSW_OK;
    }
    return piece_add(pieces, &(struct piece){.begin_ns = from_ns, .end_ns = from_ns});
}

static int by_begin(const void *a, const void *b)
{
    const struct row_loss *left = a;
    const struct row_loss *right = b;
    return (left->from_ns > right->from_ns) - (left->from_ns < right->from_ns);
}

/* In order, and those that overlap put together. */
static size_t losses_in_order(struct row_loss *losses, size_t count)
{
    size_t merged = 0;
    qsort(losses, count, sizeof(*losses), by_begin);
    for (size_t i = 0; i < count; i++) {
        struct row_loss *last = merged > 0 ? &losses[merged - 1] : NULL;
        if (last == NULL || losses[i].from_ns > last->to_ns) {
            losses[merged++] = losses[i];
            continue;
        }
        last->count += losses[i].count;
        last->is_uncounted |= losses[i].is_uncounted;
        last->to_ns = losses[i].to_ns > last->to_ns ? losses[i].to_ns : last->to_ns;
    }
    return merged;
}

static enum xsw_status pieces_of_losses(struct pieces *pieces, const struct rows *rows,
                                        const struct row_loss *losses, size_t count, size_t *next)
{
    enum xsw_status status = XSW_OK;
    for (size_t i = 0; i < count && status == XSW_OK; i++) {
        const struct row_loss *loss = &losses[i];
        size_t begin = row_behind(rows, *next, loss->from_ns);
        size_t end = row_behind(rows, begin, loss->to_ns);
        status = rows_add(pieces, rows, *next, begin);
        if (status == XSW_OK) {
            status = front_end(pieces, loss->from_ns);
        }
        if (status == XSW_OK) {
            status = piece_add(pieces, &(struct piece){.begin_ns = loss->from_ns,
                                                       .end_ns = loss->to_ns,
                                                       .lost = loss->count,
                                                       .is_uncounted = loss->is_uncounted,
                                                       .first_row = begin,
                                                       .row_count = end - begin});
        }
        *next = end;
    }
    return status;
}

enum xsw_status pieces_make(struct pieces *pieces, const struct rows *rows)
{
    *pieces = (struct pieces){0};
    struct row_loss *losses = calloc(rows->loss_count + 1, sizeof(*losses));
    if (losses == NULL) {
        return XSW_NO_MEMORY;
    }
    if (rows->loss_count > 0) {
        memcpy(losses, rows->losses, rows->loss_count * sizeof(*losses));
    }
    size_t count = losses_in_order(losses, rows->loss_count);
    size_t next = 0;
    enum xsw_status status = pieces_of_losses(pieces, rows, losses, count, &next);
    if (status == XSW_OK) {
        status = rows_add(pieces, rows, next, rows->count);
    }
    free(losses);
    if (status != XSW_OK) {
        pieces_fini(pieces);
    }
    return status;
}

void pieces_fini(struct pieces *pieces)
{
    free(pieces->list);
    *pieces = (struct pieces){0};
}
