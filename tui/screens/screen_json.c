/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/screens/screen_json.h"

#include <string.h>

static void trend_write(struct json_writer *json, const char *name, const struct screen_cell *cell)
{
    json_array_open(json, name);
    for (int i = 0; i < cell->point_count; i++) {
        json_double(json, NULL, cell->points[i]);
    }
    json_array_close(json);
}

static void cell_write(struct json_writer *json, const char *name, const struct screen_cell *cell)
{
    switch (cell->kind) {
    case CELL_TEXT:
        json_text(json, name, cell->text);
        break;
    case CELL_COUNT:
    case CELL_NS:
    case CELL_TIME:
    case CELL_ID:
        json_u64(json, name, cell->whole);
        break;
    case CELL_RATE:
    case CELL_BITS:
    case CELL_PERCENT:
        json_double(json, name, cell->number);
        break;
    case CELL_TREND:
        trend_write(json, name, cell);
        break;
    default:
        json_none(json, name);
    }
}

static void rows_write(struct json_writer *json, const struct screen *screen,
                       const struct scene *scene)
{
    size_t rows = screen->rows(scene);
    json_array_open(json, "rows");
    for (size_t row = 0; row < rows; row++) {
        json_object_open(json, NULL);
        for (size_t column = 0; column < screen->column_count; column++) {
            struct screen_cell cell = {.kind = CELL_NONE};
            screen->cell(scene, row, column, &cell);
            cell_write(json, screen->columns[column].name, &cell);
        }
        if (screen->expression != NULL) {
            char expression[SCREEN_EXPRESSION_SIZE] = "";
            screen->expression(scene, row, 0, expression);
            json_text(json, "where", expression);
        }
        json_object_close(json);
    }
    json_array_close(json);
}

void screen_write_json(struct json_writer *json, const struct screen *screen,
                       const struct scene *scene, const char *filter)
{
    json_text(json, "screen", screen->name);
    json_text(json, "source", scene->model->source);
    json_text(json, "switch", scene->model->of->name);
    json_bool(json, "recording", scene->model->is_recording);
    json_text(json, "filter", filter);
    json_u64(json, "time_ns", scene->now != NULL ? scene->now->wall_ns : 0);
    json_u64(json, "window_ns",
             scene->now != NULL ? scene->now->wall_ns - scene->before->wall_ns : 0);
    json_object_open(json, "evidence");
    if (scene->now != NULL) {
        json_u64(json, "offered", scene->now->account.offered);
        json_u64(json, "written", scene->now->account.written);
        json_u64(json, "filtered", scene->now->account.filtered);
        json_u64(json, "sampled", scene->now->account.sampled);
        json_u64(json, "lost", scene->now->account.lost);
        json_u64(json, "lost_drops", scene->now->account.lost_drops);
    }
    json_u64(json, "kept", evidence_count(scene->evidence));
    json_u64(json, "shown", scene->derived->shown_count);
    json_object_close(json);
    rows_write(json, screen, scene);
}
