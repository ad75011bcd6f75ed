/* SPDX-License-Identifier: Apache-2.0 */
/* The help: which keys there are. Part of app.h. */
#include <stdio.h>

#include "tui/app/app_parts.h"

enum { LEGEND_LINES = 2, COLUMN_WIDTH = 40, KEYS_WIDTH = 13 };

/* The tabs say those of the screens, and everybody knows up and down. */
static bool is_told(int action)
{
    bool is_screen = action >= ACTION_SCREEN_1 && action <= ACTION_SCREEN_10;
    return !is_screen && action != ACTION_UP && action != ACTION_DOWN;
}

static void help_line(struct app *app, enum action action, struct grid *grid, int x, int y)
{
    char keys[KEYS_OF_ACTION_MAX * KEY_TEXT_SIZE] = "";
    size_t used = 0;
    for (int i = 0; i < KEYS_OF_ACTION_MAX && app->keymap.keys[action][i] != TUI_KEY_NONE; i++) {
        char key[KEY_TEXT_SIZE];
        used += (size_t)snprintf(keys + used, sizeof(keys) - used, "%s%s", i > 0 ? " " : "",
                                 key_text(app->keymap.keys[action][i], key));
    }
    grid_put(grid, x, y, KEYS_WIDTH, GRID_ACCENT, keys);
    grid_put(grid, x + KEYS_WIDTH + 1, y, COLUMN_WIDTH - KEYS_WIDTH - 2, GRID_PLAIN,
             action_help(action));
}

/* Columns beside each other; where all of it has no room, the last line says how to see the rest.
 */
static void keys_draw(struct app *app, struct grid *grid, struct grid_area area)
{
    int told[ACTION_COUNT];
    int count = 0;
    for (int action = 1; action < ACTION_COUNT; action++) {
        told[count] = action;
        count += is_told(action);
    }
    int columns = area.width / COLUMN_WIDTH < 1 ? 1 : area.width / COLUMN_WIDTH;
    int lines = (count + columns - 1) / columns;
    bool is_whole = lines <= area.height;
    int room = is_whole ? lines : area.height - 1;
    int most = lines > room ? lines - room : 0;
    app->help_top = app->help_top > (size_t)most ? (size_t)most : app->help_top;
    int top = (int)app->help_top;
    for (int i = 0; i < count; i++) {
        int line = i % lines - top;
        if (line >= 0 && line < room) {
            help_line(app, (enum action)told[i], grid, area.x + i / lines * COLUMN_WIDTH,
                      area.y + line);
        }
    }
    if (!is_whole && area.height > 0) {
        grid_print(grid, area.x, area.y + area.height - 1, area.width, GRID_BOLD,
                   "lines %d to %d of %d; Up and Down show the others", top + 1, top + room, lines);
    }
}

void help_draw(struct app *app, struct grid *grid, struct grid_area area)
{
    grid_put(grid, area.x, area.y, area.width, GRID_BOLD,
             "Left and right choose a number, Enter leads to the packets behind it, Esc back.");
    grid_put(grid, area.x, area.y + 1, area.width, GRID_PLAIN,
             "D dropped  C changed  ! undeclared, or does not balance  c copy  H held  ? lost");
    area.y += LEGEND_LINES;
    area.height -= LEGEND_LINES;
    keys_draw(app, grid, area);
}

static void help_move(struct app *app, long step)
{
    long top = (long)app->help_top + step;
    app->help_top = top < 0 ? 0 : (size_t)top; /* the end is known when it is drawn */
}

bool help_do(struct app *app, enum action action)
{
    const long page = app->body.height > LEGEND_LINES + 2 ? app->body.height - LEGEND_LINES - 2 : 1;
    switch (action) {
    case ACTION_UP:
    case ACTION_DOWN:
        help_move(app, action == ACTION_UP ? -1 : 1);
        return true;
    case ACTION_PAGE_UP:
    case ACTION_PAGE_DOWN:
        help_move(app, action == ACTION_PAGE_UP ? -page : page);
        return true;
    case ACTION_HOME:
        app->help_top = 0;
        return true;
    case ACTION_END:
        app->help_top = ACTION_COUNT;
        return true;
    case ACTION_LEFT:
    case ACTION_RIGHT:
    case ACTION_NONE:
        return true;
    case ACTION_REDRAW:
    case ACTION_COLOUR:
    case ACTION_SAVE:
        return false;
    case ACTION_OPEN:
    case ACTION_BACK:
    case ACTION_QUIT:
    case ACTION_HELP:
        app->shows_help = false;
        return true;
    default:
        app->shows_help = false; /* and what the key is for is done */
        return false;
    }
}
