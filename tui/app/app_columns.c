/* SPDX-License-Identifier: Apache-2.0 */
/* Which columns a table has: the page on which they are chosen, and the lines "show SCREEN COLUMN…"
 * of the file of keys. Part of app.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "tui/app/app_parts.h"

enum { LINE_SIZE = 512, PATH_SIZE = 512 };

/* The page --------------------------------------------------------------------------------------
 */

void columns_open(struct app *app)
{
    if (app->page == APP_TABLE) {
        app->page = APP_COLUMNS;
        app->column_row = 0;
    } else {
        app_say(app, false, "tables have columns, this has none");
    }
}

void columns_move(struct app *app, long step)
{
    long last = (long)screen_get(app->screen)->column_count - 1;
    long row = (long)app->column_row + step;
    app->column_row = row < 0 ? 0 : row > last ? (size_t)last : (size_t)row;
}

/* What is shown now becomes what was chosen, but for this one. */
static void column_turn(struct app *app)
{
    const struct screen *screen = screen_get(app->screen);
    struct table_state *state = &app->tables[app->screen];
    uint32_t chosen = 0;
    for (size_t i = 0; i < screen->column_count; i++) {
        chosen |= (uint32_t)table_view_shows(state, screen, app->width, i) << i;
    }
    chosen ^= 1U << app->column_row;
    if (chosen == 0) {
        app_say(app, true, "a table has one column at least");
        return;
    }
    state->chosen = chosen;
}

bool columns_do(struct app *app, enum action action)
{
    switch (action) {
    case ACTION_OPEN:
    case ACTION_MARK:
        column_turn(app);
        return true;
    case ACTION_UNFILTER:
        app->tables[app->screen].chosen = 0;
        return true;
    case ACTION_SAVE:
        app->requests |= APP_KEEP;
        return true;
    case ACTION_COLUMNS:
    case ACTION_BACK:
    case ACTION_QUIT:
        app->page = APP_TABLE;
        return true;
    case ACTION_UP:
    case ACTION_DOWN:
    case ACTION_PAGE_UP:
    case ACTION_PAGE_DOWN:
    case ACTION_HOME:
    case ACTION_END:
    case ACTION_NEXT_SCREEN:
    case ACTION_PREVIOUS_SCREEN:
    case ACTION_HELP:
    case ACTION_REDRAW:
    case ACTION_COLOUR:
        return false;
    default: /* a screen may be chosen; the rest is about what is not to be seen now */
        return action < ACTION_SCREEN_1 || action > ACTION_SCREEN_10;
    }
}

static void column_draw(struct app *app, size_t column, struct grid *grid, struct grid_area area)
{
    const struct screen *screen = screen_get(app->screen);
    const struct screen_column *one = &screen->columns[column];
    bool is_shown = table_view_shows(&app->tables[app->screen], screen, grid->width, column);
    const char *title = one->title[0] != '\0' ? one->title : one->name;
    int x = grid_print(grid, area.x, area.y, area.width, is_shown ? GRID_BOLD : GRID_PLAIN,
                       " [%c] %-12s %-24s", is_shown ? 'x' : ' ', title, one->name);
    if (one->from_width > 0) {
        grid_print(grid, x, area.y, area.width - (x - area.x), GRID_DIM,
                   "by itself from %d columns on", one->from_width);
    }
    if (column == app->column_row) {
        grid_restyle(grid, area.x, area.y, area.width, GRID_SELECTED);
    }
}

void columns_draw(struct app *app, struct grid *grid, struct grid_area area)
{
    const struct screen *screen = screen_get(app->screen);
    const struct table_state *state = &app->tables[app->screen];
    int room = area.height - 1;
    int top = (int)app->column_row < room ? 0 : (int)app->column_row - room + 1;
    grid_print(grid, area.x, area.y, area.width, GRID_HEADING, " Columns of %s: %s", screen->title,
               state->chosen != 0 ? "chosen; Left and Right move a table that is too wide"
                                  : "as many as there is room for");
    for (int i = 0; i < room && top + i < (int)screen->column_count; i++) {
        column_draw(app, (size_t)(top + i), grid,
                    (struct grid_area){area.x, area.y + 1 + i, area.width, 1});
    }
}

/* The file --------------------------------------------------------------------------------------
 */

static const struct screen *screen_find(const char *name, struct table_state **state,
                                        struct app *app)
{
    for (int i = 0; name != NULL && i < SCREEN_COUNT; i++) {
        if (strcmp(screen_get((enum screen_id)i)->name, name) == 0) {
            *state = &app->tables[i];
            return screen_get((enum screen_id)i);
        }
    }
    return NULL;
}

/* The words behind "show". */
static enum xsw_status show_take(struct app *app, char **rest, const char *where,
                                 struct xsw_error *error)
{
    struct table_state *state = NULL;
    const char *name = strtok_r(NULL, " \t\n", rest);
    const struct screen *screen = screen_find(name, &state, app);
    uint32_t chosen = 0;
    if (screen == NULL) {
        return error_set(error, XSW_INVALID,
                         "%s: expected the name of a screen behind \"show\", such as journeys",
                         where);
    }
    for (const char *word = strtok_r(NULL, " \t\n", rest); word != NULL;
         word = strtok_r(NULL, " \t\n", rest)) {
        size_t column = 0;
        while (column < screen->column_count && strcmp(screen->columns[column].name, word) != 0) {
            column++;
        }
        if (column == screen->column_count) {
            return error_set(error, XSW_INVALID,
                             "%s: %s has no column \"%s\"; its names are in xsw top --once --json",
                             where, screen->name, word);
        }
        chosen |= 1U << column;
    }
    if (chosen == 0) {
        return error_set(error, XSW_INVALID, "%s: expected columns of %s behind its name", where,
                         screen->name);
    }
    state->chosen = chosen;
    return XSW_OK;
}

enum xsw_status app_settings_read(struct app *app, const char *path, struct xsw_error *error)
{
    enum xsw_status status = keymap_read(&app->keymap, path, error);
    FILE *file = status == XSW_OK ? fopen(path, "re") : NULL;
    if (file == NULL) {
        return status != XSW_OK ? status : error_errno(error, "%s", path);
    }
    char line[LINE_SIZE];
    for (unsigned number = 1; status == XSW_OK && fgets(line, sizeof(line), file) != NULL;
         number++) {
        char where[300];
        char *rest;
        snprintf(where, sizeof(where), "%.200s, line %u", path, number);
        const char *first = strtok_r(line, " \t\n", &rest);
        if (first != NULL && strcmp(first, "show") == 0) {
            status = show_take(app, &rest, where, error);
        }
    }
    fclose(file);
    return status;
}

static bool is_show(const char *line)
{
    line += strspn(line, " \t");
    return strncmp(line, "show", 4) == 0 && strchr(" \t\n", line[4]) != NULL;
}

/* False, with errno: there is a file, and what it says cannot be read, so that it must stay. */
static bool rest_copy(const char *path, FILE *to)
{
    FILE *from = fopen(path, "re");
    char *line = NULL;
    size_t size = 0;
    if (from == NULL) {
        return errno == ENOENT;
    }
    while (getline(&line, &size, from) > 0) {
        if (!is_show(line)) {
            fputs(line, to);
            fputs(strchr(line, '\n') == NULL ? "\n" : "", to);
        }
    }
    bool is_whole = feof(from) != 0;
    int problem = errno;
    free(line);
    fclose(from);
    errno = problem;
    return is_whole;
}

static void shows_write(const struct app *app, FILE *file)
{
    for (int i = 0; i < SCREEN_COUNT; i++) {
        const struct screen *screen = screen_get((enum screen_id)i);
        uint32_t chosen = app->tables[i].chosen;
        if (chosen == 0) {
            continue;
        }
        fprintf(file, "show %s", screen->name);
        for (size_t column = 0; column < screen->column_count; column++) {
            if ((chosen >> column & 1) != 0) {
                fprintf(file, " %s", screen->columns[column].name);
            }
        }
        fputc('\n', file);
    }
}

/* The folders that the file is in, where they are not there yet. */
static void folders_make(const char *path)
{
    char folder[PATH_SIZE];
    snprintf(folder, sizeof(folder), "%s", path);
    for (char *slash = strchr(folder + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(folder, 0700); /* what cannot be made is told when the file is opened */
        *slash = '/';
    }
}

enum xsw_status app_columns_keep(const struct app *app, const char *path, struct xsw_error *error)
{
    /* A link stays one: what it leads to is written. */
    char *real = realpath(path, NULL);
    const char *target = real != NULL ? real : path;
    char made[PATH_SIZE + 8];
    enum xsw_status status = XSW_OK;
    snprintf(made, sizeof(made), "%s.new", target);
    folders_make(target);
    FILE *file = fopen(made, "we");
    if (file == NULL) {
        status = error_errno(error, "%s", made);
        goto cleanup;
    }
    if (!rest_copy(target, file)) {
        status = error_errno(error, "%s: its other lines cannot be read", target);
        fclose(file);
        (void)unlink(made);
        goto cleanup;
    }
    shows_write(app, file);
    bool is_whole = ferror(file) == 0 && fflush(file) == 0 && fsync(fileno(file)) == 0;
    is_whole = fclose(file) == 0 && is_whole;
    if (!is_whole || rename(made, target) != 0) {
        status = error_errno(error, "%s", made);
        (void)unlink(made);
    }
cleanup:
    free(real);
    return status;
}
