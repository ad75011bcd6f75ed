/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/table_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STRETCH_MIN = 12, NO_ORDER = -1, TREND_MAX = SCREEN_TREND_POINTS };

void table_state_fini(struct table_state *state)
{
    free(state->order);
    state->order = NULL;
}

/* Columns ---------------------------------------------------------------------------------------
 */

static bool is_shown(const struct screen_column *column, int width)
{
    return width >= column->from_width;
}

/* The column without a width has what the others leave, up to its most; what is beyond that has the
 * one that grows. */
static int column_width(const struct screen *screen, int width, size_t column)
{
    int own = screen->columns[column].width;
    int left = width;
    for (size_t i = 0; i < screen->column_count; i++) {
        const struct screen_column *one = &screen->columns[i];
        left -= is_shown(one, width) ? one->width + 1 : 0;
    }
    left = left < STRETCH_MIN ? STRETCH_MIN : left;
    int beyond = screen->most != 0 && left > screen->most ? left - screen->most : 0;
    if (own == 0) {
        return left - beyond;
    }
    int grown = screen->grows == (int)column ? own + beyond : own;
    return grown > TREND_MAX && grown > own ? TREND_MAX : grown;
}

int table_view_column(const struct screen *screen, int width, int from, int step)
{
    for (int i = from + step; i > 0 && i < (int)screen->column_count; i += step) {
        if (is_shown(&screen->columns[i], width) && screen->columns[i].is_opened) {
            return i;
        }
    }
    return step < 0 ? 0 : from;
}

void table_view_sort(struct table_state *state, const struct screen *screen, int width, int step)
{
    int next = state->sort + step;
    while (next >= 0 && next < (int)screen->column_count &&
           !is_shown(&screen->columns[next], width)) {
        next += step;
    }
    state->sort = next < -1                           ? (int)screen->column_count - 1
                  : next >= (int)screen->column_count ? NO_ORDER
                                                      : next;
    while (state->sort > 0 && !is_shown(&screen->columns[state->sort], width)) {
        state->sort--;
    }
    state->order_number = 0;
}

int table_view_heading_at(const struct screen *screen, const struct grid_area *area, int x)
{
    int end = area->x;
    for (size_t i = 0; i < screen->column_count; i++) {
        if (is_shown(&screen->columns[i], area->width)) {
            end += column_width(screen, area->width, i) + 1;
            if (x < end) {
                return (int)i;
            }
        }
    }
    return 0;
}

int table_view_column_at(const struct screen *screen, const struct grid_area *area, int x)
{
    int column = table_view_heading_at(screen, area, x);
    return screen->columns[column].is_opened ? column : 0;
}

/* Order -----------------------------------------------------------------------------------------
 */

struct sorting {
    const struct screen *screen;
    const struct scene *scene;
    int column;
    int direction;
};

static int cell_compare(const struct screen_cell *a, const struct screen_cell *b)
{
    if (a->kind == CELL_TEXT && b->kind == CELL_TEXT && a->number == b->number) {
        return strcmp(a->text, b->text);
    }
    return (a->number > b->number) - (a->number < b->number);
}

static int row_compare(const void *a, const void *b, void *context)
{
    const struct sorting *sorting = context;
    size_t rows[2] = {*(const size_t *)a, *(const size_t *)b};
    struct screen_cell cells[2];
    for (int i = 0; i < 2; i++) {
        /* Without the text behind its first byte: clearing it all would cost more than sorting. */
        cells[i].kind = CELL_NONE;
        cells[i].number = 0;
        cells[i].text[0] = cells[i].lead[0] = '\0';
        cells[i].point_count = 0;
        sorting->screen->cell(sorting->scene, rows[i], (size_t)sorting->column, &cells[i]);
    }
    int order = cell_compare(&cells[0], &cells[1]) * sorting->direction;
    return order != 0 ? order : (rows[0] > rows[1]) - (rows[0] < rows[1]);
}

static void order_make(struct table_state *state, const struct screen *screen,
                       const struct scene *scene, size_t rows)
{
    struct sorting sorting = {screen, scene, state->sort, 1};
    bool is_number = screen->columns[state->sort].is_right;
    /* The largest number first, the first text first. */
    sorting.direction = is_number != state->is_reverse ? -1 : 1;
    free(state->order);
    state->order = calloc(rows + 1, sizeof(*state->order));
    state->order_count = state->order != NULL ? rows : 0;
    for (size_t i = 0; i < state->order_count; i++) {
        state->order[i] = i;
    }
    if (state->order_count > 0) {
        qsort_r(state->order, rows, sizeof(*state->order), row_compare, &sorting);
    }
}

size_t table_view_row(const struct table_state *state, size_t drawn)
{
    return drawn < state->order_count ? state->order[drawn] : drawn;
}

void table_view_prepare(struct table_state *state, const struct screen *screen,
                        const struct scene *scene, uint64_t number)
{
    size_t rows = screen->rows(scene);
    if (state->sort < 0 && !state->is_reverse) {
        table_state_fini(state);
        state->order_count = 0;
    } else if (state->order_number != number || state->order_count != rows) {
        if (state->sort >= 0) {
            order_make(state, screen, scene, rows);
        } else {
            free(state->order);
            state->order = calloc(rows + 1, sizeof(*state->order));
            state->order_count = state->order != NULL ? rows : 0;
            for (size_t i = 0; i < state->order_count; i++) {
                state->order[i] = rows - 1 - i;
            }
        }
        state->order_number = number;
    }
    state->row = rows == 0 ? 0 : state->row >= rows ? rows - 1 : state->row;
}

/* Drawing ---------------------------------------------------------------------------------------
 */

static void heading_draw(const struct table_state *state, const struct screen *screen,
                         struct grid *grid, struct grid_area area)
{
    int x = area.x;
    grid_fill(grid, area.x, area.y, area.width, GRID_HEADING, ' ');
    for (size_t i = 0; i < screen->column_count; i++) {
        const struct screen_column *column = &screen->columns[i];
        if (!is_shown(column, area.width)) {
            continue;
        }
        int width = column_width(screen, area.width, i);
        char title[64];
        const char *arrow = state->sort != (int)i ? "" : state->is_reverse ? "▲" : "▼";
        snprintf(title, sizeof(title), "%s%s", arrow, column->title);
        if (column->is_right) {
            grid_put_right(grid, x, area.y, width, GRID_HEADING, title);
        } else {
            grid_put(grid, x, area.y, width, GRID_HEADING, title);
        }
        x += width + 1;
    }
}

/* A text that does not fit ends with an ellipsis. */
static void text_draw(struct grid *grid, int x, int y, int width, enum grid_style style,
                      const char *text)
{
    grid_put(grid, x, y, width, style, text);
    if (width > 0 && grid_text_width(text) > width) {
        grid_put(grid, x + width - 1, y, 1, style, "…");
    }
}

static void cell_draw(const struct screen_column *column, const struct screen_cell *cell,
                      struct grid *grid, struct grid_area area)
{
    char text[SCREEN_TEXT_SIZE];
    char whole[SCREEN_TEXT_SIZE + sizeof(cell->lead)];
    int lead = grid_text_width(cell->lead);
    cell_format(cell, area.width - lead, text);
    snprintf(whole, sizeof(whole), "%s%s", cell->lead, text);
    if (column->is_right && grid_text_width(whole) <= area.width) {
        grid_put_right(grid, area.x, area.y, area.width, cell->style, whole);
    } else {
        text_draw(grid, area.x, area.y, area.width, cell->style, whole);
    }
}

static void row_draw(const struct table_state *state, const struct screen *screen,
                     const struct scene *scene, struct grid *grid, struct grid_area area,
                     size_t drawn)
{
    int x = area.x;
    bool is_selected = drawn == state->row && state->list == 0;
    for (size_t i = 0; i < screen->column_count; i++) {
        const struct screen_column *column = &screen->columns[i];
        if (!is_shown(column, area.width)) {
            continue;
        }
        int width = column_width(screen, area.width, i);
        struct screen_cell cell = {.kind = CELL_NONE};
        screen->cell(scene, table_view_row(state, drawn), i, &cell);
        cell_draw(column, &cell, grid, (struct grid_area){x, area.y, width, 1});
        if (is_selected) {
            bool is_cursor = state->column == (int)i && column->is_opened;
            grid_restyle(grid, x, area.y, width + 1, GRID_SELECTED);
            grid_restyle(grid, x, area.y, width, is_cursor ? GRID_CURSOR : GRID_SELECTED);
        }
        x += width + 1;
    }
    if (is_selected) {
        grid_restyle(grid, x - 1, area.y, area.x + area.width - x + 1, GRID_SELECTED);
    }
}

void table_view_draw(struct table_state *state, const struct screen *screen,
                     const struct scene *scene, struct grid *grid, struct grid_area area)
{
    size_t rows = screen->rows(scene);
    state->height = area.height - 1;
    heading_draw(state, screen, grid, (struct grid_area){area.x, area.y, area.width, 1});
    if (rows == 0) {
        grid_put(grid, area.x + 1, area.y + 2, area.width - 2, GRID_DIM, screen->empty);
    }
    if (state->row < state->top) {
        state->top = state->row;
    }
    if (state->height > 0 && state->row >= state->top + (size_t)state->height) {
        state->top = state->row - (size_t)state->height + 1;
    }
    for (int i = 0; i < state->height && state->top + (size_t)i < rows; i++) {
        row_draw(state, screen, scene, grid,
                 (struct grid_area){area.x, area.y + 1 + i, area.width, 1}, state->top + (size_t)i);
    }
}

size_t table_view_at(const struct table_state *state, const struct grid_area *area, int y)
{
    int line = y - area->y - 1;
    return line < 0 || line >= state->height ? SIZE_MAX : state->top + (size_t)line;
}
