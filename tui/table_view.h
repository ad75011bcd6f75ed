/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TUI_TABLE_VIEW_H
#define XSW_TUI_TABLE_VIEW_H

/*
 * Draws the table of a screen, with a cursor on one of its cells, sorted by one of its columns.
 * Columns that a narrow screen has no room for are left out, unless somebody has chosen which are
 * shown; a table that is wider than the screen is moved to and fro. Threads: one.
 */

#include "tui/screens/screen.h"

struct list_place { /* where a list below the table was last drawn; see list_view.h */
    struct grid_area area;
    size_t line_count;
};

struct table_state {
    size_t row;      /* of the cursor, as drawn: from the top of the sorted table */
    size_t top;      /* the first row that is on the screen */
    int column;      /* of the cursor; 0: the whole row */
    int offset;      /* how far the table is moved to the left */
    uint32_t chosen; /* bits of the columns that are shown; 0: those that there is room for */
    int list;        /* in which the cursor is, from 1; 0: it is in the table */
    size_t line;
    struct list_place lists[SCREEN_LISTS_MAX];
    int list_count; /* that were last drawn */
    int sort;       /* column; -1: as the screen gives them */
    bool is_reverse;
    int height;    /* rows that were last drawn */
    size_t *order; /* rows of the screen, sorted; null: as they are */
    size_t order_count;
    uint64_t order_number; /* what it was made of */
};

void table_state_fini(struct table_state *state);

/* The screen's row under a drawn one. */
size_t table_view_row(const struct table_state *state, size_t drawn);
/* Sorts anew when `number`, which grows with the content, or the sort has changed; and keeps the
 * cursor inside. */
void table_view_prepare(struct table_state *state, const struct screen *screen,
                        const struct scene *scene, uint64_t number);
void table_view_draw(struct table_state *state, const struct screen *screen,
                     const struct scene *scene, struct grid *grid, struct grid_area area);
bool table_view_shows(const struct table_state *state, const struct screen *screen, int width,
                      size_t column);
/* Moves the cursor to the nearest number to the left (-1) or right (1) that is shown and can be
 * opened; to the left of the first one is the whole row. Where there is none, the table moves. */
void table_view_turn(struct table_state *state, const struct screen *screen, int width, int step);
/* Sort by the shown column before or behind the one that is sorted by; behind the last comes none.
 */
void table_view_sort(struct table_state *state, const struct screen *screen, int width, int step);
/* The drawn row at the screen's line y of the area; SIZE_MAX: none. */
size_t table_view_at(const struct table_state *state, const struct grid_area *area, int y);
/* The column at x. */
int table_view_heading_at(const struct table_state *state, const struct screen *screen,
                          const struct grid_area *area, int x);
/* The number at x; 0: something else of the row. */
int table_view_column_at(const struct table_state *state, const struct screen *screen,
                         const struct grid_area *area, int x);

#endif
