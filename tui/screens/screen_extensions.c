/* SPDX-License-Identifier: Apache-2.0 */
/* Extensions: what each took, dropped, and lost without a reason. Packets are those of its stages,
 * as the samples have them, so that the past can be looked at. */
#include <stdio.h>
#include <string.h>

#include "tui/screens/behind.h"

enum column {
    NAME,
    KIND,
    STATE,
    RATE,
    DROP_RATE,
    DROPPED,
    SILENT,
    VIOLATIONS,
    PACKETS,
    EXTENSION,
    VERSION
};

static const struct screen_column columns[] = {
    [NAME] = {"name", "instance", 0, 0, false, false},
    [KIND] = {"kind", "kind", 8, 0, false, false},
    [STATE] = {"state", "state", 8, 0, false, false},
    [RATE] = {"in_per_second", "in/s", 5, 0, true, true},
    [DROP_RATE] = {"dropped_per_second", "drop/s", 6, 0, true, true},
    [DROPPED] = {"dropped", "dropped", 8, 0, true, true},
    [SILENT] = {"silent", "silent", 7, 0, true, true},
    [VIOLATIONS] = {"violations", "broke rules", 11, 0, true, false},
    [PACKETS] = {"packets", "packets", 12, 100, true, true},
    [EXTENSION] = {"extension", "is a", 16, 120, false, false},
    [VERSION] = {"version", "version", 10, 120, false, false},
};

struct counts {
    uint64_t packets, dropped, silent;
};

static struct counts counts_of(const struct scene *scene, const struct model_sample *sample,
                               const struct model_extension *extension)
{
    const struct dictionary *names = &scene->model->of->dictionary;
    struct counts counts = {0};
    for (uint16_t id = 0; sample != NULL && id < MODEL_STAGES_MAX; id++) {
        if (strcmp(dictionary_stage_extension(names, id), extension->name) == 0) {
            counts.packets += sample->stages[id].in;
            counts.dropped += sample->stages[id].dropped;
        }
    }
    for (size_t i = 0; sample != NULL && i < scene->model->drop_count; i++) {
        const struct model_drop_key *drop = &scene->model->drops[i];
        const struct dictionary_reason *reason = dictionary_find_reason(names, drop->reason);
        bool is_silent = reason != NULL && strcmp(reason->name, "silent-drop") == 0;
        if (is_silent &&
            strcmp(dictionary_stage_extension(names, drop->stage), extension->name) == 0) {
            counts.silent += sample->drops[i];
        }
    }
    return counts;
}

static size_t extensions_rows(const struct scene *scene)
{
    return scene->model->extension_count;
}

static void alarm_cell(uint64_t number, struct screen_cell *cell)
{
    cell_count(cell, number);
    cell->style = number > 0 ? GRID_BAD : GRID_PLAIN;
}

static void rate_cell(const struct scene *scene, uint64_t now, uint64_t before,
                      struct screen_cell *cell)
{
    if (scene->now != NULL) {
        cell_rate(cell, scene_rate(scene, now, before));
    }
}

static void words_cell(const struct model_extension *extension, enum column column,
                       struct screen_cell *cell)
{
    const char *text = column == NAME        ? extension->name
                       : column == KIND      ? extension->kind
                       : column == EXTENSION ? extension->extension
                       : column == VERSION   ? extension->version
                                             : (extension->is_enabled ? "enabled" : "disabled");
    cell_text(cell, "%s", text);
    if (column == STATE) {
        cell->style = extension->is_enabled ? GRID_GOOD : GRID_WARN;
    }
}

static void extensions_cell(const struct scene *scene, size_t row, size_t column,
                            struct screen_cell *cell)
{
    const struct model_extension *extension = &scene->model->extensions[row];
    const struct counts now = counts_of(scene, scene->now, extension);
    const struct counts before = counts_of(scene, scene->before, extension);
    switch ((enum column)column) {
    case RATE:
        rate_cell(scene, now.packets, before.packets, cell);
        break;
    case DROP_RATE:
        rate_cell(scene, now.dropped, before.dropped, cell);
        cell->style = cell->number > 0 ? GRID_BAD : GRID_PLAIN;
        break;
    case DROPPED:
        alarm_cell(now.dropped, cell);
        break;
    case SILENT:
        alarm_cell(now.silent, cell);
        break;
    case VIOLATIONS:
        alarm_cell(extension->violations, cell);
        break;
    case PACKETS:
        cell_count(cell, now.packets);
        break;
    default:
        words_cell(extension, (enum column)column, cell);
    }
}

/* What came to its stages, or was dropped there. A recording without a silent drop does not know
 * the name of that reason. */
static void extensions_expression(const struct scene *scene, size_t row, size_t column, char *text)
{
    const struct model_extension *extension = &scene->model->extensions[row];
    uint64_t places = behind_places_of(scene, extension->name);
    char stages[BEHIND_STAGES_SIZE];
    bool is_silent = column == SILENT && counts_of(scene, scene->now, extension).silent > 0;
    text[0] = '\0';
    if (column != SILENT && column != DROPPED && column != DROP_RATE) {
        behind_coming_to(scene, places, text);
    } else if ((column != SILENT || is_silent) &&
               behind_stages(scene, "stage", places, stages, sizeof(stages))) {
        snprintf(text, SCREEN_EXPRESSION_SIZE, "%s and %s",
                 is_silent ? "reason == silent-drop" : "dropped", stages);
    }
}

const struct screen screen_extensions = {
    .name = "extensions",
    .title = "Ext",
    .empty = "the switch has no extension",
    .columns = columns,
    .column_count = sizeof(columns) / sizeof(columns[0]),
    .most = 40,
    .rows = extensions_rows,
    .cell = extensions_cell,
    .expression = extensions_expression,
};
