/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/panel.h"

#include <stdio.h>
#include <string.h>

#include "tui/screen.h"

enum {
    PANEL_ROWS_MAX = 8,
    ROWS_OF_TABLE_MIN = 4,
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

/* The drops that are most, as the switch counts them. */
static void drops_draw(const struct scene *scene, struct grid *grid, struct grid_area area)
{
    const struct dictionary *names = &scene->model->of->dictionary;
    int line = 0;
    for (size_t i = 0; i < scene->derived->drop_row_count && line < area.height; i++) {
        const struct derived_drop *row = &scene->derived->drop_rows[i];
        struct dictionary_name stage, reason;
        char rate[SCREEN_TEXT_SIZE];
        if (row->is_detail || row->place == SIZE_MAX) {
            continue;
        }
        uint64_t now = scene->now->drops[row->place];
        double per_second = scene_rate(scene, now, scene->before->drops[row->place]);
        int y = area.y + line++;
        grid_put_right(grid, area.x, y, 6, per_second > 0 ? GRID_BAD : GRID_DIM,
                       rate_text(per_second, rate));
        grid_print(grid, area.x + 6, y, area.width - 6, per_second > 0 ? GRID_PLAIN : GRID_DIM,
                   "/s %s at %s", dictionary_reason(names, row->reason, &reason),
                   dictionary_stage(names, row->stage, &stage));
    }
    if (line == 0) {
        grid_put(grid, area.x + 1, area.y, area.width - 1, GRID_GOOD, "none so far");
    }
}

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

static void paths_draw(const struct scene *scene, struct grid *grid, struct grid_area area)
{
    const struct derived *derived = scene->derived;
    uint64_t total = 0;
    for (size_t i = 0; i < derived->paths.rows.count; i++) {
        total += ((const struct path *)table_value(&derived->paths.rows, i))->packets;
    }
    for (size_t i = 0;
         derived->path_order != NULL && i < derived->paths.rows.count && i < (size_t)area.height;
         i++) {
        const struct path_key *key = table_key(&derived->paths.rows, derived->path_order[i]);
        const struct path *path = table_value(&derived->paths.rows, derived->path_order[i]);
        struct text text = {0};
        path_text(scene, key, area.width, &text);
        int y = area.y + (int)i;
        bool is_drop = key->outcome == FACTS_DROPPED;
        grid_print(grid, area.x, y, 6, is_drop ? GRID_BAD : GRID_PLAIN, "%5.1f%%",
                   100.0 * (double)path->packets / (double)total);
        grid_put(grid, area.x + 7, y, area.width - 7, is_drop ? GRID_BAD : GRID_PLAIN,
                 text_string(&text));
        text_fini(&text);
    }
    if (derived->paths.rows.count == 0) {
        grid_put(grid, area.x + 1, area.y, area.width - 1, GRID_DIM, "no journeys captured yet");
    }
}

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

void panel_pipeline(const struct scene *scene, struct grid *grid, struct grid_area *area)
{
    if (scene->now == NULL) {
        return;
    }
    if (area->width >= PATH_FROM_WIDTH && area->height > 24) {
        path_draw(scene, grid, area);
    }
    int table = (int)scene->model->stage_count + 1;
    int rows = area->height - table - 1;
    if (rows < 2 || area->height - rows - 1 < ROWS_OF_TABLE_MIN) {
        return;
    }
    area->height -= rows + 1;
    int y = area->y + area->height;
    int half = area->width / 2;
    rule_line(grid, area->x, y, half, "TOP DROPS");
    rule_line(grid, area->x + half, y, area->width - half, "PATHS IN THE EVIDENCE");
    drops_draw(scene, grid, (struct grid_area){area->x, y + 1, half - 1, rows});
    paths_draw(scene, grid, (struct grid_area){area->x + half, y + 1, area->width - half, rows});
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
