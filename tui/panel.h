/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TUI_PANEL_H
#define XSW_TUI_PANEL_H

/* What stands around tables. Below that of the pipeline the drops that are most, and the commonest
 * paths; above it, on a wide screen, the path with the rate on each of its edges. Below that of
 * events the whole text of one. Threads: one. */

#include "tui/grid.h"
#include "tui/scene.h"

/* Takes its room out of `area`. */
void panel_pipeline(const struct scene *scene, struct grid *grid, struct grid_area *area);
void panel_event(const struct scene *scene, struct grid *grid, struct grid_area *area);

#endif
