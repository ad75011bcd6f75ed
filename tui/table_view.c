/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/table_view.h"

#include <stdio.h>
#include <string.h>

enum { STRETCH_MIN = 12, STRETCH_CHOSEN = 36, TREND_MAX = SCREEN_TREND_POINTS };
enum { MOVE_COLUMNS = 8 };

/* Columns ---------------------------------------------------------------------------------------
 */

bool table_view_shows(const struct table_state *state, const struct screen *screen, int width,
                      size_t column)
{
    return state->chosen != 0 ? (state->chosen >> column & 1) != 0
                              : width >= screen->columns[column].from_width;
}

/* The column without a width has what the others leave, up to its most; what is beyond that has the
 * one that grows. Among columns that were chosen it is never too narrow to be read. */
static int column_width(const struct table_state *state, const struct screen *screen, int width,
                        size_t column)
{
    int own = screen->columns[column].width;
    int left = width;
    for (size_t i = 0; i < screen->column_count; i++) {
        const struct screen_column *one = &screen->columns[i];
        left -= table_view_shows(state, screen, width, i) ? one->width + 1 : 0;
    }
    int least = state->chosen != 0 ? STRETCH_CHOSEN : STRETCH_MIN;
    left = left < least ? least : left;
    int beyond = screen->most != 0 && left > screen->most ? left - screen->most : 0;
    if (own == 0) {
        return left - beyond;
    }
    int grown = screen->grows == (int)column ? own + beyond : own;
    return grown > TREND_MAX && grown > own ? TREND_MAX : grown;
}

static int column_begin(const struct table_state *state, const struct screen *screen, int width,
                        size_t column)
{
    int begin = 0;
    for (size_t i = 0; i < column; i++) {
        begin += table_view_shows(state, screen, width, i)
                     ? column_width(state, screen, width, i) + 1
                     : 0;
    }
    return begin;
}

static size_t first_shown(const struct table_state *state, const struct screen *screen, int width)
{
    size_t first = 0;
    while (first + 1 < screen->column_count && !table_view_shows(state, screen, width, first)) {
        first++;
    }
    return first;
}

/* The first column, which names the row, stays while the others move, where it leaves them room:
 * its width with the gap behind it, or 0. */
static int fixed_width(const struct table_state *state, const struct screen *screen, int width)
{
    int own = column_width(state, screen, width, first_shown(state, screen, width)) + 1;
    return own <= width / 2 ? own : 0;
}

/* The first column is drawn last, over those that were moved below it. */
static size_t column_of_turn(size_t turn, size_t first, size_t count)
{
    return turn + 1 == count ? first : turn < first ? turn : turn + 1;
}

static int column_place(const struct table_state *state, const struct screen *screen, int width,
                        size_t column)
{
    bool is_fixed =
        column == first_shown(state, screen, width) && fixed_width(state, screen, width) > 0;
    return is_fixed ? 0 : column_begin(state, screen, width, column) - state->offset;
}

/* Never farther than to the end of the table. */
static void offset_limit(struct table_state *state, const struct screen *screen, int width)
{
    int most = column_begin(state, screen, width, screen->column_count) - 1 - width;
    state->offset = state->offset > most ? most : state->offset;
    state->offset = state->offset < 0 ? 0 : state->offset;
}

static int number_beside(const struct table_state *state, const struct screen *screen, int width,
                         int step)
{
    for (int i = state->column + step; i > 0 && i < (int)screen->column_count; i += step) {
        if (table_view_shows(state, screen, width, (size_t)i) && screen->columns[i].is_opened) {
            return i;
        }
    }
    return step < 0 ? 0 : state->column;
}

void table_view_turn(struct table_state *state, const struct screen *screen, int width, int step)
{
    int next = number_beside(state, screen, width, step);
    if (next == state->column) {
        state->offset += step * MOVE_COLUMNS;
    } else if (next > 0) {
        int begin = column_begin(state, screen, width, (size_t)next);
        int end = begin + column_width(state, screen, width, (size_t)next);
        state->offset = end - state->offset > width ? end - width : state->offset;
        int fixed = fixed_width(state, screen, width);
        bool is_fixed = fixed > 0 && (size_t)next == first_shown(state, screen, width);
        state->offset = !is_fixed && state->offset > begin - fixed ? begin - fixed : state->offset;
    }
    state->column = next;
    offset_limit(state, screen, width);
}

int table_view_heading_at(const struct table_state *state, const struct screen *screen,
                          const struct grid_area *area, int x)
{
    int end = area->x - state->offset;
    if (x < area->x + fixed_width(state, screen, area->width)) {
        return (int)first_shown(state, screen, area->width);
    }
    for (size_t i = 0; i < screen->column_count; i++) {
        if (table_view_shows(state, screen, area->width, i)) {
            end += column_width(state, screen, area->width, i) + 1;
            if (x < end) {
                return (int)i;
            }
        }
    }
    return 0;
}

int table_view_column_at(const struct table_state *state, const struct screen *screen,
                         const struct grid_area *area, int x)
{
    int column = table_view_heading_at(state, screen, area, x);
    return screen->columns[column].is_opened ? column : 0;
}

/* Drawing ---------------------------------------------------------------------------------------
 */

/* Lists have the moment of a row in front. */
static bool is_moment(const struct screen_column *column)
{
    return strcmp(column->name, "time_ns") == 0;
}

static const char *title_of(const struct screen_column *column, enum scene_times times)
{
    return times == SCENE_OF_DAY || !is_moment(column) ? column->title
           : times == SCENE_SINCE_START                ? "since start"
                                                       : "since last";
}

static void heading_draw(const struct table_state *state, const struct screen *screen,
                         enum scene_times times, struct grid *grid, struct grid_area area)
{
    const size_t first = first_shown(state, screen, area.width);
    const int fixed = fixed_width(state, screen, area.width);
    grid_fill(grid, area.x, area.y, area.width, GRID_HEADING, ' ');
    for (size_t turn = 0; turn < screen->column_count; turn++) {
        size_t i = column_of_turn(turn, first, screen->column_count);
        const struct screen_column *column = &screen->columns[i];
        if (!table_view_shows(state, screen, area.width, i)) {
            continue;
        }
        int x = area.x + column_place(state, screen, area.width, i);
        int width = column_width(state, screen, area.width, i);
        char title[64];
        const char *arrow = state->sort != (int)i ? "" : state->is_reverse ? "▲" : "▼";
        snprintf(title, sizeof(title), "%s%s", arrow, title_of(column, times));
        grid_fill(grid, x, area.y, width + 1, GRID_HEADING, ' ');
        if (column->is_right) {
            grid_put_right(grid, x, area.y, width, GRID_HEADING, title);
        } else {
            grid_put(grid, x, area.y, width, GRID_HEADING, title);
        }
    }
    int end = column_begin(state, screen, area.width, screen->column_count) - 1 - state->offset;
    if (state->offset > 0) {
        grid_put(grid, area.x + (fixed > 0 ? fixed - 1 : 0), area.y, 1, GRID_MARKED, "<");
    }
    if (end > area.width) {
        grid_put(grid, area.x + area.width - 1, area.y, 1, GRID_MARKED, ">");
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

/* The moment of the row before this one: the one below, or above where the oldest are on top. */
static bool moment_before(const struct table_state *state, const struct screen *screen,
                          const struct scene *scene, size_t drawn, uint64_t *moment)
{
    size_t rows = screen->rows(scene);
    uint64_t own = *moment;
    for (int i = 0; i < 2; i++) {
        size_t other = i == 0 ? drawn + 1 : drawn - 1; /* above the first there is none either */
        struct screen_cell cell = {.kind = CELL_NONE};
        if (other < rows) {
            screen->cell(scene, table_view_row(state, other), 0, &cell);
        }
        if (cell.kind == CELL_TIME && cell.whole <= own) {
            *moment = cell.whole;
            return true;
        }
    }
    return false;
}

/* Another way to write the moment of a row, as seconds. */
static void moment_turn(const struct table_state *state, const struct screen *screen,
                        const struct scene *scene, size_t drawn, int width,
                        struct screen_cell *cell)
{
    uint64_t from = scene->times == SCENE_SINCE_START ? scene->start_ns : cell->whole;
    bool is_known =
        scene->times == SCENE_SINCE_START || moment_before(state, screen, scene, drawn, &from);
    double seconds = cell->whole >= from ? (double)(cell->whole - from) / 1e9
                                         : -(double)(from - cell->whole) / 1e9;
    cell_text(cell, "%*.6f", width - 1, seconds);
    cell->text[is_known ? strlen(cell->text) : 0] = '\0';
}

static void row_draw(const struct table_state *state, const struct screen *screen,
                     const struct scene *scene, struct grid *grid, struct grid_area area,
                     size_t drawn)
{
    const size_t first = first_shown(state, screen, area.width);
    bool is_selected = drawn == state->row && state->list == 0;
    for (size_t turn = 0; turn < screen->column_count; turn++) {
        size_t i = column_of_turn(turn, first, screen->column_count);
        const struct screen_column *column = &screen->columns[i];
        if (!table_view_shows(state, screen, area.width, i)) {
            continue;
        }
        int x = area.x + column_place(state, screen, area.width, i);
        int width = column_width(state, screen, area.width, i);
        struct screen_cell cell = {.kind = CELL_NONE};
        screen->cell(scene, table_view_row(state, drawn), i, &cell);
        if (scene->times != SCENE_OF_DAY && cell.kind == CELL_TIME && is_moment(column)) {
            moment_turn(state, screen, scene, drawn, width, &cell);
        }
        grid_fill(grid, x, area.y, width + 1, GRID_PLAIN, ' ');
        cell_draw(column, &cell, grid, (struct grid_area){x, area.y, width, 1});
        if (is_selected) {
            bool is_cursor = state->column == (int)i && column->is_opened;
            grid_restyle(grid, x, area.y, width + 1, GRID_SELECTED);
            grid_restyle(grid, x, area.y, width, is_cursor ? GRID_CURSOR : GRID_SELECTED);
        }
    }
    if (is_selected) {
        int end = column_begin(state, screen, area.width, screen->column_count) - 1 - state->offset;
        grid_restyle(grid, area.x + end, area.y, area.width - end, GRID_SELECTED);
    }
}

void table_view_draw(struct table_state *state, const struct screen *screen,
                     const struct scene *scene, struct grid *grid, struct grid_area area)
{
    size_t rows = screen->rows(scene);
    state->height = area.height - 1;
    if (state->column > 0 && !table_view_shows(state, screen, area.width, (size_t)state->column)) {
        state->column = 0;
    }
    offset_limit(state, screen, area.width);
    heading_draw(state, screen, scene->times, grid,
                 (struct grid_area){area.x, area.y, area.width, 1});
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
