/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TUI_APP_PARTS_H
#define XSW_TUI_APP_PARTS_H

/* What the sources of app.h share among each other. Threads: one. */

#include "tui/app/app.h"

/* app_filter.c */
void prompt_open(struct app *app, enum prompt_kind kind, const char *text);
void prompt_key(struct app *app, uint32_t key);
/* The filter in force, of the names that have come to be known since it was set, too. */
void app_filter_renew(struct app *app);
/* Goes to the next (1) or the earlier (-1) row that has the text that is searched for. */
void app_search(struct app *app, int step);

/* app_key.c */
void action_do(struct app *app, enum action action);
/* So many samples back, or with a negative step forth. */
void time_move(struct app *app, long step);

/* app_mouse.c */
void mouse_click(struct app *app, uint32_t key, int x, int y);

/* app_open.c */
void app_open(struct app *app);
/* What stands behind the cursor, SCREEN_EXPRESSION_SIZE bytes; "" for nothing. */
void app_expression(const struct app *app, const struct scene *scene, char *expression);
void app_back(struct app *app);
void app_mark(struct app *app);
void app_compare(struct app *app);

/* app_frame.c */
void frame_draw_top(struct app *app, const struct scene *scene, struct grid *grid);
void frame_draw_bottom(struct app *app, const struct scene *scene, struct grid *grid);
void frame_draw_help(struct app *app, struct grid *grid, struct grid_area area);
/* The screen whose tab is at column x; SCREEN_COUNT: none. */
enum screen_id frame_tab_at(const struct app *app, int x);
/* How many samples before the newest one the column x of the line of a recording's time begins. */
size_t frame_time_at(const struct app *app, int x);

uint64_t app_window_ns(const struct app *app);
const char *app_window_text(const struct app *app);

#endif
