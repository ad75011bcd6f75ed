/* SPDX-License-Identifier: Apache-2.0 */
/* The pipeline: its path from top to bottom, what goes through each stage and what stays there. */
#include <stdio.h>
#include <string.h>

#include "tui/panel.h"
#include "tui/screens/behind.h"

enum column {
    STAGE,
    FLAGS,
    IN,
    OUT,
    DROPPED,
    CHANGED,
    MEDIAN,
    SLOWEST,
    BALANCE,
    TREND,
    HELD,
    TOTAL
};

static const struct screen_column columns[] = {
    [STAGE] = {"stage", "stage", 0, 0, false, false},
    [FLAGS] = {"flags", "", 4, 0, false, false},
    [IN] = {"in_per_second", "in/s", 5, 0, true, true},
    [OUT] = {"out_per_second", "out/s", 5, 0, true, true},
    [DROPPED] = {"dropped_per_second", "drop/s", 6, 0, true, true},
    [CHANGED] = {"changed_per_second", "chg/s", 6, 0, true, true},
    [MEDIAN] = {"p50_ns", "p50", 7, 0, true, true},
    [SLOWEST] = {"p99_ns", "p99", 7, 0, true, true},
    [BALANCE] = {"residue", "balance", 7, 0, true, false},
    [TREND] = {"trend", "trend", 8, 0, false, false},
    [HELD] = {"held", "held", 8, 110, true, true},
    [TOTAL] = {"in_total", "in, total", 15, 130, true, true},
};

static uint16_t stage_of(const struct scene *scene, size_t row)
{
    return scene->model->stages[row];
}

static const struct model_stage *stage_now(const struct scene *scene, size_t row)
{
    return &scene->now->stages[stage_of(scene, row)];
}

static size_t pipeline_rows(const struct scene *scene)
{
    return scene->now != NULL ? scene->model->stage_count : 0;
}

/* Cells -----------------------------------------------------------------------------------------
 */

/* The share of packets that the stage changed: counted, or as the evidence shows it. */
static double changed_rate(const struct scene *scene, size_t row)
{
    uint16_t id = stage_of(scene, row);
    if (scene->model->changes_are_counted) {
        return scene_rate(scene, scene->now->stages[id].changed, scene->before->stages[id].changed);
    }
    uint64_t passed = scene->derived->passed_at[id];
    double share = passed == 0 ? 0 : (double)scene->derived->changed_at[id] / (double)passed;
    return share * scene_rate(scene, scene->now->stages[id].in, scene->before->stages[id].in);
}

static double dropped_rate(const struct scene *scene, size_t row)
{
    uint16_t id = stage_of(scene, row);
    return scene_rate(scene, scene->now->stages[id].dropped, scene->before->stages[id].dropped);
}

/* Packets are on their way while the counters are read: as many as a batch of each worker are no
 * fault while traffic flows, nor is any number that is another one at each look. */
static int64_t residue_of(const struct scene *scene, size_t row)
{
    enum { LOOKS = 3, BATCH = 256, WORKERS_MAX = 16 };
    uint16_t id = stage_of(scene, row);
    const struct model_stage *now = &scene->now->stages[id];
    bool is_quiet = true;
    for (size_t i = 1; i <= LOOKS && now->residue != 0; i++) {
        const struct model_sample *earlier = model_sample(scene->model, scene->back + i);
        if (earlier == NULL || earlier->stages[id].residue != now->residue) {
            return 0;
        }
        is_quiet &= earlier->stages[id].in == now->in && earlier->stages[id].made == now->made;
    }
    int64_t in_flight = is_quiet ? 0 : BATCH * WORKERS_MAX;
    return now->residue >= 0 && now->residue <= in_flight ? 0 : now->residue;
}

static void stage_cell(const struct scene *scene, size_t row, struct screen_cell *cell)
{
    size_t last = scene->model->stage_count - 1;
    struct dictionary_name made;
    const struct dictionary *names = &scene->model->of->dictionary;
    const char *name = dictionary_stage(names, stage_of(scene, row), &made);
    const char *extension = dictionary_stage_extension(names, stage_of(scene, row));
    snprintf(cell->lead, sizeof(cell->lead), "%s", row == 0 ? "┌" : row == last ? "└" : "├");
    if (scene->width < 100 && *extension != '\0') {
        const struct dictionary_stage *stage = dictionary_find_stage(names, stage_of(scene, row));
        cell_text(cell, "%.13s %s", extension, stage->egress ? "out" : "in");
    } else {
        cell_text(cell, "%s", name);
    }
    cell->style = *extension != '\0' ? GRID_BOLD : GRID_PLAIN;
}

static const struct histogram *hold_of(const struct scene *scene, size_t row)
{
    return latency_find(&scene->derived->latency, LATENCY_HOLD, stage_of(scene, row));
}

static void flags_cell(const struct scene *scene, size_t row, struct screen_cell *cell)
{
    bool drops = dropped_rate(scene, row) > 0;
    bool changes = changed_rate(scene, row) > 0;
    bool lies = residue_of(scene, row) != 0;
    cell_text(cell, "%s%s%s%s", lies ? "!" : "", drops ? "D" : "", changes ? "C" : "",
              hold_of(scene, row) != NULL ? "H" : "");
    cell->style = lies || drops ? GRID_BAD : GRID_ACCENT;
}

static void changed_cell(const struct scene *scene, size_t row, struct screen_cell *cell)
{
    cell_rate(cell, changed_rate(scene, row));
    if (cell->number > 0) {
        cell->style = GRID_ACCENT;
        snprintf(cell->lead, sizeof(cell->lead), "%s",
                 scene->model->changes_are_counted ? "" : "~");
    }
}

/* Of the time that packets spend at the stage: waiting, where it holds some, else its work. */
static const struct histogram *time_of(const struct scene *scene, size_t row)
{
    const struct histogram *hold = hold_of(scene, row);
    return hold != NULL
               ? hold
               : latency_find(&scene->derived->latency, LATENCY_WORK, stage_of(scene, row));
}

static void latency_cell(const struct scene *scene, size_t row, uint32_t per_million,
                         struct screen_cell *cell)
{
    const struct histogram *histogram = time_of(scene, row);
    if (histogram != NULL) {
        cell_ns(cell, histogram_percentile(histogram, per_million).value_ns);
        cell->style = hold_of(scene, row) != NULL ? GRID_WARN : GRID_PLAIN;
    }
}

static void balance_cell(const struct scene *scene, size_t row, struct screen_cell *cell)
{
    int64_t residue = residue_of(scene, row);
    cell->number = (double)residue;
    if (residue == 0) {
        cell_text(cell, "OK");
        cell->style = GRID_GOOD;
    } else {
        cell_text(cell, "%+lld", (long long)residue);
        cell->style = GRID_BAD;
    }
}

static uint64_t in_counter(const struct model_sample *sample, size_t which)
{
    return sample->stages[which].in;
}

static void pipeline_cell(const struct scene *scene, size_t row, size_t column,
                          struct screen_cell *cell)
{
    uint16_t id = stage_of(scene, row);
    const struct model_stage *now = stage_now(scene, row);
    const struct model_stage *before = &scene->before->stages[id];
    switch ((enum column)column) {
    case STAGE:
        stage_cell(scene, row, cell);
        break;
    case FLAGS:
        flags_cell(scene, row, cell);
        break;
    case IN:
        cell_rate(cell, scene_rate(scene, now->in, before->in));
        break;
    case OUT:
        cell_rate(cell, scene_rate(scene, now->out, before->out));
        break;
    case DROPPED:
        cell_rate(cell, dropped_rate(scene, row));
        cell->style = cell->number > 0 ? GRID_BAD : GRID_PLAIN;
        break;
    case CHANGED:
        changed_cell(scene, row, cell);
        break;
    case MEDIAN:
        latency_cell(scene, row, 500000, cell);
        break;
    case SLOWEST:
        latency_cell(scene, row, 990000, cell);
        break;
    case BALANCE:
        balance_cell(scene, row, cell);
        break;
    case TREND:
        cell_trend(cell, scene, in_counter, id);
        break;
    case HELD:
        cell_count(cell, now->held < 0 ? 0 : (uint64_t)now->held);
        break;
    case TOTAL:
        cell_count(cell, now->in);
        break;
    }
}

/* What is behind them ---------------------------------------------------------------------------
 */

static void example_expression(const struct scene *scene, size_t row, uint32_t per_million,
                               char *text)
{
    const struct histogram *histogram = time_of(scene, row);
    if (histogram != NULL) {
        snprintf(text, SCREEN_EXPRESSION_SIZE, "packet == %llu",
                 (unsigned long long)histogram_percentile(histogram, per_million).example_packet);
    }
}

static void pipeline_expression(const struct scene *scene, size_t row, size_t column, char *text)
{
    struct dictionary_name made;
    const struct dictionary *names = &scene->model->of->dictionary;
    const char *name = dictionary_stage(names, stage_of(scene, row), &made);
    switch ((enum column)column) {
    case DROPPED:
        snprintf(text, SCREEN_EXPRESSION_SIZE, "dropped and stage == %s", name);
        break;
    case CHANGED:
        snprintf(text, SCREEN_EXPRESSION_SIZE, "changed.at == %s", name);
        break;
    case HELD:
        /* The journeys of those that are there now are not over. */
        snprintf(text, SCREEN_EXPRESSION_SIZE, "held.at == %s", name);
        break;
    case MEDIAN:
        example_expression(scene, row, 500000, text);
        break;
    case SLOWEST:
        example_expression(scene, row, 990000, text);
        break;
    case OUT:
        if (row + 1 == scene->model->stage_count) {
            snprintf(text, SCREEN_EXPRESSION_SIZE, "delivered");
        } else {
            behind_coming_to(scene, (uint64_t)1 << (row + 1), text);
        }
        break;
    default:
        behind_coming_to(scene, (uint64_t)1 << row, text);
    }
}

const struct screen screen_pipeline = {
    .name = "pipeline",
    .title = "Pipeline",
    .empty = "no counters yet",
    .columns = columns,
    .column_count = sizeof(columns) / sizeof(columns[0]),
    .most = 32,
    .grows = TREND,
    .rows = pipeline_rows,
    .cell = pipeline_cell,
    .expression = pipeline_expression,
    .frame = panel_path,
    .lists = panel_lists,
    .list_count = PANEL_LISTS,
};
