/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TUI_PANEL_H
#define XSW_TUI_PANEL_H

/* What stands around tables. Below that of the pipeline short lists, of which the first two are the
 * drops that are most and the commonest paths; above it, on a wide screen, the path with the rate
 * on each of its edges. Below that of events the whole text of one. Threads: one. */

#include "tui/screens/screen.h"

enum { PANEL_LISTS = 4 };
extern const struct screen_list panel_lists[PANEL_LISTS];

/* These take their room out of `area`. */
void panel_path(const struct scene *scene, struct grid *grid, struct grid_area *area);
void panel_event(const struct scene *scene, struct grid *grid, struct grid_area *area);

#endif
