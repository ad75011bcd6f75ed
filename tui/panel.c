/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/panel.h"

#include <stdio.h>
#include <string.h>

enum {
    ROWS_OF_TABLE_MIN = 4,
    PATHS_SHARE_COLUMN = 2,
    PATH_FROM_WIDTH = 120,
    PATH_LINES_MAX = 3,
    WHOLE_PATH_WIDTH = 60
};

static void rule_line(struct grid *grid, int x, int y, int width, const char *title)
{
    grid_fill(grid, x, y, width, GRID_DIM, 0x2500);
    grid_print(grid, x + 1, y, width - 2, GRID_HEADING, " %s ", title);
}

static const char *rate_text(double rate, char *text)
{
    struct screen_cell cell = {.kind = CELL_RATE, .number = rate};
    cell_format(&cell, 6, text);
    return text;
}

/* Drops -----------------------------------------------------------------------------------------
 */

static bool is_counted(const struct derived_drop *row)
{
    return !row->is_detail && row->place != SIZE_MAX;
}

static size_t drops_lines(const struct scene *scene)
{
    size_t lines = 0;
    for (size_t i = 0; i < scene->derived->drop_row_count; i++) {
        lines += is_counted(&scene->derived->drop_rows[i]);
    }
    return lines;
}

/* The row of the screen of drops. */
static size_t drops_row(const struct scene *scene, size_t line)
{
    size_t row = 0;
    while (!is_counted(&scene->derived->drop_rows[row]) || line-- > 0) {
        row++;
    }
    return row;
}

static void drops_draw(const struct scene *scene, size_t line, struct grid *grid,
                       struct grid_area area)
{
    const struct dictionary *names = &scene->model->of->dictionary;
    const struct derived_drop *row = &scene->derived->drop_rows[drops_row(scene, line)];
    struct dictionary_name stage, reason;
    char rate[SCREEN_TEXT_SIZE];
    uint64_t now = scene->now->drops[row->place];
    double per_second = scene_rate(scene, now, scene->before->drops[row->place]);
    grid_put_right(grid, area.x, area.y, 6, per_second > 0 ? GRID_BAD : GRID_DIM,
                   rate_text(per_second, rate));
    grid_print(grid, area.x + 6, area.y, area.width - 6, per_second > 0 ? GRID_PLAIN : GRID_DIM,
               "/s %s at %s", dictionary_reason(names, row->reason, &reason),
               dictionary_stage(names, row->stage, &stage));
}

static void drops_expression(const struct scene *scene, size_t line, char *text)
{
    screen_drops.expression(scene, drops_row(scene, line), 0, text);
}

/* Paths -----------------------------------------------------------------------------------------
 */

/* How it ended, and where it went; in few columns only where it ended. */
static void path_text(const struct scene *scene, const struct path_key *key, int width,
                      struct text *text)
{
    struct dictionary_name made;
    const struct dictionary *names = &scene->model->of->dictionary;
    path_end_text(text, names, key);
    if (width >= WHOLE_PATH_WIDTH) {
        text_append_string(text, ": ");
        path_stages_text(text, names, key);
    } else if (key->outcome == FACTS_DELIVERED) {
        text_format(text, "%s%s", key->changed != 0 ? " CHANGED" : "",
                    key->origin == FACTS_RECEIVED ? "" : ", a copy");
    } else if (key->stage_count > 0) {
        text_format(text, " at %s",
                    dictionary_stage(names, key->stages[key->stage_count - 1], &made));
    }
}

static size_t paths_lines(const struct scene *scene)
{
    return screen_paths.rows(scene);
}

static void paths_draw(const struct scene *scene, size_t line, struct grid *grid,
                       struct grid_area area)
{
    const struct derived *derived = scene->derived;
    const struct path_key *key = table_key(&derived->paths.rows, derived->path_order[line]);
    enum grid_style style = key->outcome == FACTS_DROPPED ? GRID_BAD : GRID_PLAIN;
    struct screen_cell share = {.kind = CELL_NONE};
    char percent[SCREEN_TEXT_SIZE];
    struct text text = {0};
    screen_paths.cell(scene, line, PATHS_SHARE_COLUMN, &share);
    cell_format(&share, 6, percent);
    path_text(scene, key, area.width, &text);
    grid_put_right(grid, area.x, area.y, 6, style, percent);
    grid_put(grid, area.x + 7, area.y, area.width - 7, style, text_string(&text));
    text_fini(&text);
}

static void paths_expression(const struct scene *scene, size_t line, char *text)
{
    screen_paths.expression(scene, line, 0, text);
}

/* Flows and events, as on their own screens -----------------------------------------------------
 */

static size_t flows_lines(const struct scene *scene)
{
    return screen_flows.rows(scene);
}

/* The flow, and what of it was dropped. */
static void flows_draw(const struct scene *scene, size_t line, struct grid *grid,
                       struct grid_area area)
{
    enum { FLOW, PACKETS, BYTES, DROPPED, DROPPED_WIDTH = 14 };
    struct screen_cell flow = {.kind = CELL_NONE};
    struct screen_cell packets = {.kind = CELL_NONE};
    struct screen_cell dropped = {.kind = CELL_NONE};
    char count[SCREEN_TEXT_SIZE];
    screen_flows.cell(scene, line, FLOW, &flow);
    screen_flows.cell(scene, line, PACKETS, &packets);
    screen_flows.cell(scene, line, DROPPED, &dropped);
    cell_format(&packets, 6, count);
    grid_put_right(grid, area.x, area.y, 6, GRID_PLAIN, count);
    int room = area.width - 7 - (dropped.whole > 0 ? DROPPED_WIDTH : 0);
    grid_put(grid, area.x + 7, area.y, room, GRID_PLAIN, flow.text);
    if (dropped.whole > 0) {
        char text[SCREEN_TEXT_SIZE];
        snprintf(text, sizeof(text), "%.10s dropped", (cell_format(&dropped, 5, count), count));
        grid_put_right(grid, area.x + area.width - DROPPED_WIDTH, area.y, DROPPED_WIDTH, GRID_BAD,
                       text);
    }
}

static void flows_expression(const struct scene *scene, size_t line, char *text)
{
    screen_flows.expression(scene, line, 0, text);
}

static size_t events_lines(const struct scene *scene)
{
    return screen_events.rows(scene);
}

static void events_draw(const struct scene *scene, size_t line, struct grid *grid,
                        struct grid_area area)
{
    enum { TIME, SEVERITY, KIND, WORDS, TIME_WIDTH = 8 };
    struct screen_cell time = {.kind = CELL_NONE};
    struct screen_cell words = {.kind = CELL_NONE};
    char when[SCREEN_TEXT_SIZE];
    screen_events.cell(scene, line, TIME, &time);
    screen_events.cell(scene, line, WORDS, &words);
    cell_format(&time, TIME_WIDTH, when);
    grid_put(grid, area.x + 1, area.y, TIME_WIDTH, GRID_DIM, when);
    grid_put(grid, area.x + TIME_WIDTH + 2, area.y, area.width - TIME_WIDTH - 2, words.style,
             words.text);
}

static void events_expression(const struct scene *scene, size_t line, char *text)
{
    screen_events.expression(scene, line, 0, text);
}

const struct screen_list panel_lists[PANEL_LISTS] = {
    {.title = "TOP DROPS",
     .empty = "none so far",
     .lines = drops_lines,
     .draw = drops_draw,
     .expression = drops_expression},
    {.title = "PATHS IN THE EVIDENCE",
     .empty = "no journeys captured yet",
     .lines = paths_lines,
     .draw = paths_draw,
     .expression = paths_expression},
    {.title = "FLOWS IN THE EVIDENCE",
     .empty = "no journeys captured yet",
     .lines = flows_lines,
     .draw = flows_draw,
     .expression = flows_expression},
    {.title = "LATEST EVENTS",
     .empty = "nothing has happened since we look",
     .lines = events_lines,
     .draw = events_draw,
     .expression = events_expression},
};

/* Above -----------------------------------------------------------------------------------------
 */

/* The path as a line: stages, and on each edge what passes there. */
static void path_draw(const struct scene *scene, struct grid *grid, struct grid_area *area)
{
    const struct model *model = scene->model;
    int x = area->x + 1;
    int line = 0;
    for (size_t i = 0; i < model->stage_count; i++) {
        struct dictionary_name made;
        char edge[SCREEN_TEXT_SIZE + 32] = "";
        char rate[SCREEN_TEXT_SIZE];
        uint16_t id = model->stages[i];
        const char *name = dictionary_stage(&model->of->dictionary, id, &made);
        double dropped =
            scene_rate(scene, scene->now->stages[id].dropped, scene->before->stages[id].dropped);
        if (i + 1 < model->stage_count) {
            double out =
                scene_rate(scene, scene->now->stages[id].out, scene->before->stages[id].out);
            snprintf(edge, sizeof(edge), " ──%s──▶ ", rate_text(out, rate));
        }
        int needed = grid_text_width(name) + grid_text_width(edge);
        if (x + needed > area->x + area->width && x > area->x + 1) {
            x = area->x + 1;
            line++;
        }
        if (line == PATH_LINES_MAX) {
            break;
        }
        x = grid_put(grid, x, area->y + line, area->width, dropped > 0 ? GRID_BAD : GRID_BOLD,
                     name);
        x = grid_put(grid, x, area->y + line, area->width, GRID_DIM, edge);
    }
    int used = line + 2 > PATH_LINES_MAX + 1 ? PATH_LINES_MAX + 1 : line + 2;
    area->y += used;
    area->height -= used;
}

void panel_path(const struct scene *scene, struct grid *grid, struct grid_area *area)
{
    if (scene->now != NULL && area->width >= PATH_FROM_WIDTH && area->height > 24) {
        path_draw(scene, grid, area);
    }
}

/* A text over several lines, broken at blanks. */
static void wrapped_draw(struct grid *grid, struct grid_area area, const char *text)
{
    for (int line = 0; line < area.height && *text != '\0'; line++) {
        size_t length = 0;
        size_t fits = 0;
        while (text[length] != '\0' && length < (size_t)area.width) {
            length++;
            if (text[length] == ' ' || text[length] == '\0') {
                fits = length;
            }
        }
        fits = fits == 0 ? length : fits;
        grid_print(grid, area.x, area.y + line, area.width, GRID_PLAIN, "%.*s", (int)fits, text);
        text += fits;
        text += strspn(text, " ");
    }
}

void panel_event(const struct scene *scene, struct grid *grid, struct grid_area *area)
{
    enum { LINES = 6, WORDS_COLUMN = 3 };
    struct screen_cell cell = {.kind = CELL_NONE};
    if (area->height < LINES + ROWS_OF_TABLE_MIN || scene->selected >= screen_events.rows(scene)) {
        return;
    }
    screen_events.cell(scene, scene->selected, WORDS_COLUMN, &cell);
    area->height -= LINES;
    rule_line(grid, area->x, area->y + area->height, area->width, "IN FULL");
    wrapped_draw(
        grid,
        (struct grid_area){area->x + 1, area->y + area->height + 1, area->width - 2, LINES - 1},
        cell.text);
}
