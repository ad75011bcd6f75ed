/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TUI_TERMINAL_H
#define XSW_TUI_TERMINAL_H

/*
 * The real terminal: shows a grid, gives keys. The only file that knows ncurses.
 *
 * Threads: one. ncurses has one terminal in a process, and so have we.
 */

#include <stdbool.h>
#include <stdint.h>

#include <xsw/error.h>

#include "tui/grid.h"

struct terminal_options {
    bool is_monochrome; /* no colours, whatever the terminal can */
    bool has_mouse;     /* else it is left to the terminal */
};

struct terminal {
    void *screen; /* of ncurses; null: not open */
    bool can_colours, has_colours;
};

/* XSW_UNSUPPORTED when $TERM is not known, or standard output is no terminal. */
enum xsw_status terminal_open(struct terminal *terminal, const struct terminal_options *options,
                              struct xsw_error *error) XSW_MUST_CHECK;
/* Gives the terminal back as it was. Harmless when it is not open. */
void terminal_close(struct terminal *terminal);

/* Whether the locale can show what is not ASCII. Before or after opening. */
bool terminal_has_utf8(void);
void terminal_size(int *width, int *height);
void terminal_show(const struct terminal *terminal, const struct grid *grid);
/* The next key, TUI_KEY_*; 0 when there is none now. (x, y) of the mouse. */
uint32_t terminal_key(const struct terminal *terminal, int *x, int *y);
/* Draws all of it anew with the next terminal_show(). */
void terminal_redraw(void);
void terminal_set_colours(struct terminal *terminal, bool wanted);

#endif
