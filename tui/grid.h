/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TUI_GRID_H
#define XSW_TUI_GRID_H

/*
 * A screen of character cells. Everything that is drawn is drawn here; terminal.h alone brings it
 * to a real terminal, and tests read it as text. Whatever lies outside of the grid is cut off.
 *
 * A cell holds one character of one column. Where the grid is ASCII, lines, bars and arrows are
 * replaced by the nearest ASCII character as they are put.
 *
 * Threads: one.
 */

#include <stdbool.h>
#include <stdint.h>

#include <xsw/error.h>

#include "base/text.h"

enum { GRID_WIDTH_MAX = 512, GRID_HEIGHT_MAX = 256 };

/* What a cell means; the terminal knows how that looks with many colours, with few, and without. */
enum grid_style {
    GRID_PLAIN,
    GRID_BOLD,
    GRID_DIM,
    GRID_GOOD,
    GRID_WARN,
    GRID_BAD,
    GRID_ACCENT,   /* changed bytes, keys */
    GRID_BAR,      /* the lines at the top and at the bottom */
    GRID_HEADING,  /* of columns */
    GRID_SELECTED, /* the row that the cursor is on */
    GRID_CURSOR,   /* the number that Enter opens */
    GRID_MARKED,
    GRID_STYLES
};

struct grid_cell {
    uint32_t rune;
    uint8_t style;
};

struct grid {
    int width, height;
    bool is_ascii;
    struct grid_cell *cells; /* row by row */
    int cursor_x, cursor_y;  /* where a person types; -1: nowhere */
};

/* A part of the grid. */
struct grid_area {
    int x, y, width, height;
};

/* Sizes beyond the limits are cut to them. The content is lost. */
enum xsw_status grid_resize(struct grid *grid, int width, int height,
                            struct xsw_error *error) XSW_MUST_CHECK;
void grid_fini(struct grid *grid);
void grid_clear(struct grid *grid);

/* UTF-8 from (x, y) on, at most `width` columns; control characters, broken UTF-8 and characters
 * that are not one column wide become '?'. Returns the x behind it. */
int grid_put(struct grid *grid, int x, int y, int width, enum grid_style style, const char *text);
/* The same, at the right end of the `width` columns when it is shorter. */
void grid_put_right(struct grid *grid, int x, int y, int width, enum grid_style style,
                    const char *text);
int grid_print(struct grid *grid, int x, int y, int width, enum grid_style style,
               const char *format, ...) __attribute__((format(printf, 6, 7)));
void grid_fill(struct grid *grid, int x, int y, int width, enum grid_style style, uint32_t rune);
/* Only the style of cells that are there. */
void grid_restyle(struct grid *grid, int x, int y, int width, enum grid_style style);
const struct grid_cell *grid_at(const struct grid *grid, int x, int y);

/* How many columns a text takes. */
int grid_text_width(const char *text);
/* UTF-8 of one character into at least 5 bytes. */
void grid_rune_text(uint32_t rune, char *text);

/* The lines of the grid, without blanks at their ends, each with a newline. */
void grid_to_text(const struct grid *grid, struct text *text);

#endif
