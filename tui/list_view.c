/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/list_view.h"

enum {
    LINES_MAX = 12,       /* of a list */
    LINES_MIN = 2,        /* otherwise it is left out */
    ROWS_OF_TABLE_MIN = 4 /* with its heading: lists take no more than what is left */
};

static void heading_draw(struct grid *grid, struct grid_area area, const char *title)
{
    grid_fill(grid, area.x, area.y, area.width, GRID_DIM, 0x2500);
    grid_print(grid, area.x + 1, area.y, area.width - 2, GRID_HEADING, " %s ", title);
}

static void list_draw(struct table_state *state, const struct screen *screen,
                      const struct scene *scene, struct grid *grid, int place)
{
    const struct screen_list *list = &screen->lists[place];
    struct list_place *here = &state->lists[place];
    const struct grid_area area = here->area;
    size_t count = list->lines(scene);
    heading_draw(grid, (struct grid_area){area.x, area.y - 1, area.width, 1}, list->title);
    here->line_count = count < (size_t)area.height ? count : (size_t)area.height;
    if (count == 0) {
        grid_put(grid, area.x + 1, area.y, area.width - 1, GRID_DIM, list->empty);
    }
    if (state->list == place + 1 && state->line >= here->line_count) {
        state->line = here->line_count > 0 ? here->line_count - 1 : 0;
        state->list = here->line_count > 0 ? state->list : 0;
    }
    for (size_t line = 0; line < here->line_count; line++) {
        int y = area.y + (int)line;
        list->draw(scene, line, grid, (struct grid_area){area.x, y, area.width - 1, 1});
        if (state->list == place + 1 && state->line == line) {
            grid_restyle(grid, area.x, y, area.width - 1, GRID_CURSOR);
        }
    }
}

void list_view_draw(struct table_state *state, const struct screen *screen,
                    const struct scene *scene, struct grid *grid, struct grid_area *area)
{
    int table = (int)screen->rows(scene) + 1;
    table = table < ROWS_OF_TABLE_MIN ? ROWS_OF_TABLE_MIN : table;
    int room = area->height - table;
    size_t bands = (screen->list_count + 1) / 2;
    while (bands > 1 && room / (int)bands < 2 * (LINES_MIN + 1)) {
        bands--;
    }
    int height = bands == 0 ? 0 : room / (int)bands;
    height = height > LINES_MAX + 1 ? LINES_MAX + 1 : height;
    state->list_count = 0;
    if (height <= LINES_MIN || scene->now == NULL) {
        state->list = 0;
        return;
    }
    area->height -= (int)bands * height;
    int half = area->width / 2;
    for (size_t i = 0; i < 2 * bands && i < screen->list_count; i++) {
        bool is_right = i % 2 == 1;
        state->lists[i].area =
            (struct grid_area){.x = area->x + (is_right ? half : 0),
                               .y = area->y + area->height + (int)(i / 2) * height + 1,
                               .width = is_right ? area->width - half : half,
                               .height = height - 1};
        state->list_count++;
        list_draw(state, screen, scene, grid, (int)i);
    }
    state->list = state->list > state->list_count ? 0 : state->list;
}

/* The first list of the band that has lines, the wanted one before its neighbour; 0: none. */
static int list_of_band(const struct table_state *state, int wanted)
{
    int other = ((wanted - 1) ^ 1) + 1;
    for (int i = 0; i < 2; i++) {
        int list = i == 0 ? wanted : other;
        if (list >= 1 && list <= state->list_count && state->lists[list - 1].line_count > 0) {
            return list;
        }
    }
    return 0;
}

static bool list_enter(struct table_state *state, int wanted, bool at_end)
{
    int list = list_of_band(state, wanted);
    if (list == 0) {
        return false;
    }
    state->list = list;
    state->line = at_end ? state->lists[list - 1].line_count - 1 : 0;
    return true;
}

bool list_view_move(struct table_state *state, size_t table_rows, int step)
{
    if (state->list == 0) {
        bool is_at_end = table_rows == 0 || state->row + 1 >= table_rows;
        return step > 0 && is_at_end &&
               (list_enter(state, 1, false) || list_enter(state, 3, false));
    }
    const struct list_place *here = &state->lists[state->list - 1];
    if (step > 0 && state->line + 1 >= here->line_count) {
        (void)list_enter(state, state->list + 2, false);
    } else if (step < 0 && state->line == 0) {
        if (state->list <= 2 || !list_enter(state, state->list - 2, true)) {
            state->list = 0;
        }
    } else {
        state->line = step > 0 ? state->line + 1 : state->line - 1;
    }
    return true;
}

bool list_view_turn(struct table_state *state, int step)
{
    if (state->list == 0) {
        return false;
    }
    bool is_left = state->list % 2 == 1;
    int other = state->list + step;
    bool is_there = (step > 0) == is_left && other <= state->list_count &&
                    state->lists[other - 1].line_count > 0;
    if (is_there) {
        size_t last = state->lists[other - 1].line_count - 1;
        state->list = other;
        state->line = state->line > last ? last : state->line;
    }
    return true;
}

bool list_view_click(struct table_state *state, int x, int y)
{
    for (int i = 0; i < state->list_count; i++) {
        const struct list_place *here = &state->lists[i];
        int line = y - here->area.y;
        bool is_in = x >= here->area.x && x < here->area.x + here->area.width;
        if (is_in && line >= 0 && (size_t)line < here->line_count) {
            state->list = i + 1;
            state->line = (size_t)line;
            return true;
        }
    }
    return false;
}
