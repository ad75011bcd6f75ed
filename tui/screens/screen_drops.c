/* SPDX-License-Identifier: Apache-2.0 */
/* Drops: for each stage and reason what the switch counts, and below it the rules and ports that
 * the evidence shows for it. The switch counts neither of these by itself, so their rate is the
 * share of the pair's that they have in the evidence, and marked as such. */
#include <stdio.h>
#include <string.h>

#include "tui/screens/screen.h"

enum column { REASON, STAGE, RULE, PORT, RATE, TOTAL, SEEN, SHARE, TREND, TEXT };

static const struct screen_column columns[] = {
    [REASON] = {"reason", "reason", 16, 0, false, false},
    [STAGE] = {"stage", "stage", 0, 0, false, false},
    [RULE] = {"rule", "rule", 6, 0, false, false},
    [PORT] = {"port", "port", 8, 0, false, false},
    [RATE] = {"per_second", "drop/s", 6, 0, true, true},
    [TOTAL] = {"total", "total", 9, 0, true, true},
    [SEEN] = {"in_evidence", "seen", 6, 0, true, true},
    [SHARE] = {"percent_of_evidence", "of seen", 7, 110, true, true},
    [TREND] = {"trend", "trend", 10, 96, false, false},
    [TEXT] = {"meaning", "meaning", 50, 140, false, false},
};

static const struct derived_drop *drop_of(const struct scene *scene, size_t row)
{
    return &scene->derived->drop_rows[row];
}

static size_t drops_count(const struct scene *scene)
{
    return scene->now != NULL ? scene->derived->drop_row_count : 0;
}

static uint64_t drop_counter(const struct model_sample *sample, size_t which)
{
    return sample->drops[which];
}

static void reason_cell(const struct scene *scene, const struct derived_drop *drop,
                        struct screen_cell *cell)
{
    struct dictionary_name made;
    const struct dictionary *names = &scene->model->of->dictionary;
    cell_text(cell, "%s", dictionary_reason(names, drop->reason, &made));
    if (drop->is_detail) {
        snprintf(cell->lead, sizeof(cell->lead), "└ ");
        cell->style = GRID_DIM;
    } else {
        cell->style = GRID_BOLD;
    }
}

static void rule_cell(const struct scene *scene, const struct derived_drop *drop,
                      struct screen_cell *cell)
{
    if (drop->rule == 0) {
        return;
    }
    struct dictionary_name made;
    const struct dictionary_rule_key key = dictionary_rule_of(drop->rule, drop->port, drop->stage);
    cell_text(cell, "%s", dictionary_rule_label(&scene->model->of->dictionary, &key, &made));
}

/* The text of the rule, or what the reason means. */
static void meaning_cell(const struct scene *scene, const struct derived_drop *drop,
                         struct screen_cell *cell)
{
    const struct dictionary *names = &scene->model->of->dictionary;
    const struct dictionary_rule_key key = dictionary_rule_of(drop->rule, drop->port, drop->stage);
    const char *rule = drop->rule != 0 ? dictionary_find_rule(names, &key) : NULL;
    const struct dictionary_reason *reason = dictionary_find_reason(names, drop->reason);
    if (rule != NULL) {
        cell_text(cell, "%s", rule);
    } else if (!drop->is_detail && reason != NULL) {
        cell_text(cell, "%s", reason->sentence);
    }
}

/* The pair that a row of the evidence belongs to stands above it. */
static const struct derived_drop *pair_of(const struct scene *scene, size_t row)
{
    while (row > 0 && drop_of(scene, row)->is_detail) {
        row--;
    }
    return drop_of(scene, row);
}

/* Of a pair among all drops that the evidence has, of a rule and port among those of the pair. */
static double share_of(const struct scene *scene, size_t row)
{
    const struct derived_drop *drop = drop_of(scene, row);
    uint64_t whole = drop->is_detail ? pair_of(scene, row)->seen : 0;
    for (size_t i = 0; !drop->is_detail && i < scene->derived->drop_row_count; i++) {
        whole += drop_of(scene, i)->is_detail ? 0 : drop_of(scene, i)->seen;
    }
    return whole == 0 ? 0 : (double)drop->seen / (double)whole;
}

static void detail_rate_cell(const struct scene *scene, size_t row, struct screen_cell *cell)
{
    size_t place = pair_of(scene, row)->place;
    if (place == SIZE_MAX) {
        return;
    }
    cell_rate(cell, share_of(scene, row) *
                        scene_rate(scene, scene->now->drops[place], scene->before->drops[place]));
    snprintf(cell->lead, sizeof(cell->lead), "~");
    cell->style = GRID_DIM;
}

static void number_cell(const struct scene *scene, const struct derived_drop *drop,
                        enum column column, struct screen_cell *cell)
{
    if (drop->place == SIZE_MAX) {
        return;
    }
    uint64_t now = scene->now->drops[drop->place];
    if (column == RATE) {
        cell_rate(cell, scene_rate(scene, now, scene->before->drops[drop->place]));
        cell->style = cell->number > 0 ? GRID_BAD : GRID_PLAIN;
    } else if (column == TOTAL) {
        cell_count(cell, now);
    } else {
        cell_trend(cell, scene, drop_counter, drop->place);
    }
}

static void drops_cell(const struct scene *scene, size_t row, size_t column,
                       struct screen_cell *cell)
{
    const struct derived_drop *drop = drop_of(scene, row);
    const struct dictionary *names = &scene->model->of->dictionary;
    struct dictionary_name made;
    switch ((enum column)column) {
    case REASON:
        reason_cell(scene, drop, cell);
        break;
    case STAGE:
        cell_text(cell, "%s", dictionary_stage(names, drop->stage, &made));
        break;
    case RULE:
        rule_cell(scene, drop, cell);
        break;
    case PORT:
        if (drop->is_detail) {
            cell_text(cell, "%s", dictionary_port(names, drop->port, &made));
        }
        break;
    case SEEN:
        cell_count(cell, drop->seen);
        break;
    case SHARE:
        cell->kind = CELL_PERCENT;
        cell->number = 100 * share_of(scene, row);
        break;
    case RATE:
        if (drop->is_detail) {
            detail_rate_cell(scene, row, cell);
        } else {
            number_cell(scene, drop, RATE, cell);
        }
        break;
    case TEXT:
        meaning_cell(scene, drop, cell);
        break;
    default:
        number_cell(scene, drop, (enum column)column, cell);
    }
}

/* The port of a row is where the packet came in, and behind forwarding, or of a copy that was made
 * for it, where it was to go. */
static void port_append(const struct scene *scene, const struct derived_drop *drop, char *text)
{
    const struct dictionary *names = &scene->model->of->dictionary;
    const struct dictionary_stage *stage = dictionary_find_stage(names, drop->stage);
    struct dictionary_name made, reason;
    const char *port = dictionary_port(names, drop->port, &made);
    size_t used = strlen(text);
    bool may_be_copy = strcmp(dictionary_reason(names, drop->reason, &reason), "no-buffer") == 0;
    if (stage != NULL && stage->egress) {
        snprintf(text + used, SCREEN_EXPRESSION_SIZE - used, " and out.port == %s", port);
    } else if (may_be_copy) {
        snprintf(text + used, SCREEN_EXPRESSION_SIZE - used,
                 " and (in.port == %s and not (flood or mirror) or out.port == %s and (flood or "
                 "mirror))",
                 port, port);
    } else {
        snprintf(text + used, SCREEN_EXPRESSION_SIZE - used, " and in.port == %s", port);
    }
}

static void drops_expression(const struct scene *scene, size_t row, size_t column, char *text)
{
    const struct derived_drop *drop = drop_of(scene, row);
    const struct dictionary *names = &scene->model->of->dictionary;
    struct dictionary_name reason, stage;
    (void)column;
    int used = snprintf(text, SCREEN_EXPRESSION_SIZE, "reason == %s and stage == %s",
                        dictionary_reason(names, drop->reason, &reason),
                        dictionary_stage(names, drop->stage, &stage));
    if (!drop->is_detail) {
        return;
    }
    snprintf(text + used, SCREEN_EXPRESSION_SIZE - (size_t)used, " and end.rule == %u",
             meta_rule_number(drop->stage, drop->rule));
    if (drop->port.id != 0) {
        port_append(scene, drop, text);
    }
}

const struct screen screen_drops = {
    .name = "drops",
    .title = "Drops",
    .empty = "nothing was dropped so far",
    .columns = columns,
    .column_count = sizeof(columns) / sizeof(columns[0]),
    .most = 40,
    .grows = TREND,
    .rows = drops_count,
    .cell = drops_cell,
    .expression = drops_expression,
};
