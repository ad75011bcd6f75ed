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
/* Of the journey that is open: to the next step that has the text, or, when none was searched for
 * there, that changed something. */
void app_search_journey(struct app *app, int step);

/* app_key.c */
void action_do(struct app *app, enum action action);
/* Takes back what was typed or asked before: a count, a letter, a question. */
void keys_forget(struct app *app);
/* So many rows down, or with a negative step up. */
void rows_move(struct app *app, long step);

/* app_time.c */
/* So many samples back, or with a negative step forth. */
void time_move(struct app *app, long step);
/* False: this action is about something else. */
bool time_do(struct app *app, enum action action);

/* app_mouse.c */
void mouse_click(struct app *app, uint32_t key, int x, int y);
void mouse_wheel(struct app *app, int direction);

/* app_open.c */
void app_open(struct app *app);
/* What stands behind the cursor, SCREEN_EXPRESSION_SIZE bytes; "" for nothing. */
void app_expression(const struct app *app, const struct scene *scene, char *expression);
void app_back(struct app *app);
/* The journey that is open, or that the cursor is on in their list; false: there is none. */
bool app_selected(struct app *app, struct scene_mark *mark);
void app_mark(struct app *app);
void app_compare(struct app *app);

/* app_letters.c: journeys that a letter leads to. */
void letter_ask(struct app *app, enum action action);
/* The key behind the one that asked. */
void letter_take(struct app *app, uint32_t key);

/* app_columns.c: the page on which columns are chosen. */
void columns_open(struct app *app);
/* False: this action is not for that page. */
bool columns_do(struct app *app, enum action action);
void columns_move(struct app *app, long step);
void columns_draw(struct app *app, struct grid *grid, struct grid_area area);

/* app_follow.c: lists whose newest row is the first. */
void follow_toggle(struct app *app);
/* Events that came have moved those below. */
void follow_events(struct app *app);
/* Before, and after the list of journeys is made anew. */
void follow_remember(struct app *app);
void follow_journeys(struct app *app);

/* app_help.c */
void help_draw(struct app *app, struct grid *grid, struct grid_area area);
/* False: this action is not for the help, which is closed then. */
bool help_do(struct app *app, enum action action);

/* app_frame.c */
void frame_draw_top(struct app *app, const struct scene *scene, struct grid *grid);
void frame_draw_bottom(struct app *app, const struct scene *scene, struct grid *grid);
/* The screen whose tab is at column x; SCREEN_COUNT: none. */
enum screen_id frame_tab_at(const struct app *app, int x);
/* How many samples before the newest one the column x of the line of a recording's time begins. */
size_t frame_time_at(const struct app *app, int x);

uint64_t app_window_ns(const struct app *app);
const char *app_window_text(const struct app *app);

#endif
