/* SPDX-License-Identifier: Apache-2.0 */
/* The order of a table's rows. See table_view.h. */
#include <stdlib.h>
#include <string.h>

#include "tui/table_view.h"

enum { NO_ORDER = -1 };

void table_state_fini(struct table_state *state)
{
    free(state->order);
    state->order = NULL;
}

void table_view_sort(struct table_state *state, const struct screen *screen, int width, int step)
{
    int next = state->sort + step;
    while (next >= 0 && next < (int)screen->column_count &&
           !table_view_shows(state, screen, width, (size_t)next)) {
        next += step;
    }
    state->sort = next < -1                           ? (int)screen->column_count - 1
                  : next >= (int)screen->column_count ? NO_ORDER
                                                      : next;
    while (state->sort > 0 && !table_view_shows(state, screen, width, (size_t)state->sort)) {
        state->sort--;
    }
    state->order_number = 0;
}

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
