/* SPDX-License-Identifier: Apache-2.0 */
/* Path classes: journeys of the evidence that passed the same stages, were changed at the same ones
 * and ended alike. A switch has few of them, so that one that does not belong is easily seen. */
#include <stdio.h>

#include "tui/screens/screen.h"

enum column { END, PATH, SHARE, PACKETS, MEAN, SLOWEST, FIRST };

static const struct screen_column columns[] = {
    [END] = {"end", "end", 22, 0, false, false},
    [PATH] = {"path", "path", 0, 0, false, false},
    [SHARE] = {"percent", "share", 6, 0, true, true},
    [PACKETS] = {"packets", "packets", 7, 0, true, true},
    [MEAN] = {"latency_mean_ns", "mean", 7, 100, true, true},
    [SLOWEST] = {"latency_max_ns", "slowest", 7, 100, true, true},
    [FIRST] = {"first_ns", "since", 12, 120, false, false},
};

static const struct path_key *key_of(const struct scene *scene, size_t row)
{
    return table_key(&scene->derived->paths.rows, scene->derived->path_order[row]);
}

static const struct path *path_of(const struct scene *scene, size_t row)
{
    return table_value(&scene->derived->paths.rows, scene->derived->path_order[row]);
}

static size_t paths_rows(const struct scene *scene)
{
    return scene->derived->path_order != NULL ? scene->derived->paths.rows.count : 0;
}

static void words_cell(const struct scene *scene, size_t row, enum column column,
                       struct screen_cell *cell)
{
    const struct path_key *key = key_of(scene, row);
    struct text text = {0};
    if (column == END) {
        path_end_text(&text, &scene->model->of->dictionary, key);
        cell->style = key->outcome == FACTS_DROPPED     ? GRID_BAD
                      : key->outcome == FACTS_DELIVERED ? GRID_GOOD
                                                        : GRID_PLAIN;
    } else {
        if (key->origin != FACTS_RECEIVED) {
            text_format(&text, "(%s) ", path_origin_name(key->origin));
        }
        path_stages_text(&text, &scene->model->of->dictionary, key);
    }
    cell_text(cell, "%s", text_string(&text));
    text_fini(&text);
}

static void share_cell(const struct scene *scene, size_t row, struct screen_cell *cell)
{
    uint64_t total = 0;
    for (size_t i = 0; i < scene->derived->paths.rows.count; i++) {
        total += ((const struct path *)table_value(&scene->derived->paths.rows, i))->packets;
    }
    cell->kind = CELL_PERCENT;
    cell->number = total == 0 ? 0 : 100.0 * (double)path_of(scene, row)->packets / (double)total;
}

static void paths_cell(const struct scene *scene, size_t row, size_t column,
                       struct screen_cell *cell)
{
    const struct path *path = path_of(scene, row);
    switch ((enum column)column) {
    case SHARE:
        share_cell(scene, row, cell);
        break;
    case PACKETS:
        cell_count(cell, path->packets);
        break;
    case MEAN:
        cell_ns(cell, path->latency_sum_ns / path->packets);
        break;
    case SLOWEST:
        cell_ns(cell, path->latency_max_ns);
        break;
    case FIRST:
        cell_time(cell, path->first_ns);
        break;
    default:
        words_cell(scene, row, (enum column)column, cell);
    }
}

/* No expression says "this way and no other", so that packets are named: the newest ones, as many
 * as there is room for. */
static void paths_expression(const struct scene *scene, size_t row, size_t column, char *text)
{
    const struct derived *derived = scene->derived;
    (void)column;
    for (size_t i = 0; i < derived->shown_count; i++) {
        const struct evidence_journey *journey =
            evidence_number(scene->evidence, derived->shown[i]);
        if (derived->classes[i] == derived->path_order[row] && journey != NULL &&
            !expression_add_packet(text, journey->id)) {
            return;
        }
    }
}

const struct screen screen_paths = {
    .name = "paths",
    .title = "Paths",
    .empty = "no journey was captured",
    .columns = columns,
    .column_count = sizeof(columns) / sizeof(columns[0]),
    .rows = paths_rows,
    .cell = paths_cell,
    .expression = paths_expression,
};
