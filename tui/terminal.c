/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/terminal.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NCURSES_WIDECHAR 1
#include <ncurses.h>
#include <term.h>

#include "base/error.h"
#include "tui/app/keys.h"

/* Blue and orange, and no pair of red and green: told apart by everybody, and each style has an
 * attribute of its own, so that it is told apart without colours, too. */
struct style_row {
    short many, few, background; /* of 256 colours, of 8; -1: the terminal's own */
    attr_t with, without;        /* attributes, with colours and without */
};

static const struct style_row styles[GRID_STYLES] = {
    [GRID_PLAIN] = {-1, -1, -1, A_NORMAL, A_NORMAL},
    [GRID_BOLD] = {-1, -1, -1, A_BOLD, A_BOLD},
    [GRID_DIM] = {245, COLOR_WHITE, -1, A_NORMAL, A_NORMAL},
    [GRID_GOOD] = {75, COLOR_CYAN, -1, A_NORMAL, A_NORMAL},
    [GRID_WARN] = {220, COLOR_YELLOW, -1, A_BOLD, A_BOLD},
    [GRID_BAD] = {208, COLOR_RED, -1, A_BOLD, A_BOLD},
    [GRID_ACCENT] = {117, COLOR_CYAN, -1, A_BOLD, A_UNDERLINE},
    [GRID_BAR] = {-1, -1, -1, A_REVERSE, A_REVERSE},
    [GRID_HEADING] = {-1, -1, -1, A_BOLD | A_UNDERLINE, A_BOLD | A_UNDERLINE},
    [GRID_SELECTED] = {-1, -1, -1, A_REVERSE, A_REVERSE},
    [GRID_CURSOR] = {16, COLOR_BLACK, 220, A_BOLD, A_BOLD | A_REVERSE | A_UNDERLINE},
    [GRID_MARKED] = {16, COLOR_BLACK, 117, A_BOLD, A_BOLD | A_REVERSE},
};

static void pairs_make(void)
{
    start_color();
    use_default_colors();
    for (short i = 0; i < GRID_STYLES; i++) {
        short background = styles[i].background;
        if (COLORS < 256 && background >= 0) {
            background = background == 220 ? COLOR_YELLOW : COLOR_CYAN;
        }
        init_pair((short)(i + 1), COLORS >= 256 ? styles[i].many : styles[i].few, background);
    }
}

enum xsw_status terminal_open(struct terminal *terminal, const struct terminal_options *options,
                              struct xsw_error *error)
{
    const char *name = getenv("TERM");
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
        return error_set(error, XSW_UNSUPPORTED,
                         "this is no terminal; for scripts there is --once --json");
    }
    terminal->screen = newterm(NULL, stdout, stdin);
    if (terminal->screen == NULL) {
        return error_set(error, XSW_UNSUPPORTED,
                         "the terminal \"%s\" is not known here (TERM); try TERM=xterm, or vt100",
                         name != NULL ? name : "");
    }
    set_term(terminal->screen);
    cbreak();
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    set_escdelay(25);
    if (options->has_mouse) {
        mousemask(BUTTON1_CLICKED | BUTTON1_PRESSED | BUTTON1_DOUBLE_CLICKED | BUTTON4_PRESSED |
                      BUTTON5_PRESSED,
                  NULL);
        mouseinterval(200);
    }
    terminal->can_colours = has_colors();
    terminal->has_colours = terminal->can_colours && !options->is_monochrome;
    if (terminal->can_colours) {
        pairs_make();
    }
    return XSW_OK;
}

void terminal_close(struct terminal *terminal)
{
    if (terminal->screen != NULL) {
        endwin();
        delscreen(terminal->screen);
        terminal->screen = NULL;
    }
}

bool terminal_has_utf8(void)
{
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

void terminal_size(int *width, int *height)
{
    *width = COLS;
    *height = LINES;
}

void terminal_set_colours(struct terminal *terminal, bool wanted)
{
    terminal->has_colours = wanted && terminal->can_colours;
    terminal_redraw();
}

void terminal_redraw(void)
{
    clearok(curscr, TRUE);
}

/* Neighbours of one style go out together. */
static void run_show(const struct terminal *terminal, const struct grid_cell *cells, int count)
{
    enum grid_style style = (enum grid_style)cells[0].style;
    attr_t attributes = terminal->has_colours ? styles[style].with : styles[style].without;
    wchar_t text[GRID_WIDTH_MAX + 1];
    for (int i = 0; i < count; i++) {
        text[i] = (wchar_t)cells[i].rune;
    }
    attr_set(attributes, (short)(terminal->has_colours ? style + 1 : 0), NULL);
    addnwstr(text, count);
}

void terminal_show(const struct terminal *terminal, const struct grid *grid)
{
    for (int y = 0; y < grid->height && y < LINES; y++) {
        int width = grid->width < COLS ? grid->width : COLS;
        const struct grid_cell *cells = grid_at(grid, 0, y);
        move(y, 0);
        for (int x = 0; x < width;) {
            int end = x + 1;
            while (end < width && cells[end].style == cells[x].style) {
                end++;
            }
            run_show(terminal, cells + x, end - x);
            x = end;
        }
    }
    if (grid->cursor_x >= 0) {
        curs_set(1);
        move(grid->cursor_y, grid->cursor_x);
    } else {
        curs_set(0);
    }
    refresh();
}

/* Keys ------------------------------------------------------------------------------------------
 */

static uint32_t mouse_key(int *x, int *y)
{
    MEVENT event;
    if (getmouse(&event) != OK) {
        return TUI_KEY_NONE;
    }
    *x = event.x;
    *y = event.y;
    return (event.bstate & BUTTON4_PRESSED) != 0                       ? TUI_KEY_WHEEL_UP
           : (event.bstate & BUTTON5_PRESSED) != 0                     ? TUI_KEY_WHEEL_DOWN
           : (event.bstate & BUTTON1_DOUBLE_CLICKED) != 0              ? TUI_KEY_DOUBLE_CLICK
           : (event.bstate & (BUTTON1_CLICKED | BUTTON1_PRESSED)) != 0 ? TUI_KEY_CLICK
                                                                       : TUI_KEY_NONE;
}

static uint32_t special_key(wint_t code, int *x, int *y)
{
    static const struct {
        wint_t code;
        uint32_t key;
    } keys[] = {{KEY_UP, TUI_KEY_UP},
                {KEY_DOWN, TUI_KEY_DOWN},
                {KEY_LEFT, TUI_KEY_LEFT},
                {KEY_RIGHT, TUI_KEY_RIGHT},
                {KEY_PPAGE, TUI_KEY_PAGE_UP},
                {KEY_NPAGE, TUI_KEY_PAGE_DOWN},
                {KEY_HOME, TUI_KEY_HOME},
                {KEY_END, TUI_KEY_END},
                {KEY_BACKSPACE, TUI_KEY_BACKSPACE},
                {KEY_DC, TUI_KEY_DELETE},
                {KEY_BTAB, TUI_KEY_SHIFT_TAB},
                {KEY_ENTER, TUI_KEY_ENTER},
                {KEY_RESIZE, TUI_KEY_RESIZE}};
    if (code == KEY_MOUSE) {
        return mouse_key(x, y);
    }
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (keys[i].code == code) {
            return keys[i].key;
        }
    }
    return code > KEY_F0 && code <= (wint_t)KEY_F(12) ? TUI_KEY_F1 + (uint32_t)(code - KEY_F(1))
                                                      : TUI_KEY_NONE;
}

uint32_t terminal_key(const struct terminal *terminal, int *x, int *y)
{
    wint_t code;
    int kind = terminal->screen != NULL ? get_wch(&code) : ERR;
    if (kind == ERR) {
        return TUI_KEY_NONE;
    }
    if (kind == KEY_CODE_YES) {
        uint32_t key = special_key(code, x, y);
        return key != TUI_KEY_NONE ? key : TUI_KEY_RESIZE; /* nothing, but there may be more */
    }
    return code == '\r'                ? TUI_KEY_ENTER
           : code == 0x7f || code == 8 ? TUI_KEY_BACKSPACE
                                       : (uint32_t)code;
}
