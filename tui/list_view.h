/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TUI_LIST_VIEW_H
#define XSW_TUI_LIST_VIEW_H

/*
 * The lists below the table of a screen: two side by side, and two more below them where there is
 * room. The cursor goes on into them from the last row of the table, and Enter opens their lines
 * as it opens rows.
 *
 * Threads: one.
 */

#include "tui/table_view.h"

/* Draws them, and takes their room out of `area`, from its lower end. */
void list_view_draw(struct table_state *state, const struct screen *screen,
                    const struct scene *scene, struct grid *grid, struct grid_area *area);
/* One line up (-1) or down (1): true when the cursor was or is in a list now, and has moved. */
bool list_view_move(struct table_state *state, size_t table_rows, int step);
/* To the list at the left (-1) or right (1); false: the cursor is in none. */
bool list_view_turn(struct table_state *state, int step);
/* Puts the cursor on the line at (x, y); false: there is none. */
bool list_view_click(struct table_state *state, int x, int y);

#endif
