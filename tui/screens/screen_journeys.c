/* SPDX-License-Identifier: Apache-2.0 */
/* The journeys that the filter lets through, the newest first. */
#include <stdio.h>
#include <string.h>

#include "analyzer/selection/selection.h"
#include "packet/describe.h"
#include "tui/screens/screen.h"

enum { LEAD_LETTER_END = 4 }; /* the mark for comparing, and one letter */

enum column { TIME, PACKET, FROM, TO, END, FLAGS, LATENCY, WHAT, AT, LENGTH };

static const struct screen_column columns[] = {
    [TIME] = {"time_ns", "time", 12, 0, false, false},
    [PACKET] = {"packet", "packet", 7, 0, true, false},
    [FROM] = {"in_port", "from", 7, 0, false, false},
    [TO] = {"out_port", "to", 7, 0, false, false},
    [END] = {"end", "end", 13, 0, false, false},
    [FLAGS] = {"flags", "", 2, 0, false, false},
    [LATENCY] = {"latency_ns", "took", 7, 90, true, false},
    [WHAT] = {"what", "what", 0, 0, false, false},
    [AT] = {"stage", "at", 20, 110, false, false},
    [LENGTH] = {"length", "bytes", 6, 120, true, false},
};

static const struct evidence_journey *journey_of(const struct scene *scene, size_t row)
{
    return evidence_number(scene->evidence, scene->derived->shown[row]);
}

static size_t journeys_rows(const struct scene *scene)
{
    return scene->derived->shown_count;
}

static void port_cell(const struct scene *scene, uint32_t port, struct screen_cell *cell)
{
    struct dictionary_name made;
    if (port == FACTS_PORT_UNKNOWN) {
        return;
    }
    cell_text(cell, "%s",
              dictionary_port(&scene->model->of->dictionary, selection_label(port), &made));
}

static void end_cell(const struct scene *scene, const struct evidence_journey *journey,
                     struct screen_cell *cell)
{
    struct dictionary_name made;
    switch (journey->story.facts.outcome) {
    case FACTS_DROPPED:
        cell_text(
            cell, "%s",
            dictionary_reason(&scene->model->of->dictionary, journey->story.facts.reason, &made));
        cell->style = GRID_BAD;
        break;
    case FACTS_DELIVERED:
        cell_text(cell, "delivered");
        cell->style = GRID_GOOD;
        break;
    case FACTS_REPLACED:
        cell_text(cell, "replaced");
        break;
    default:
        cell_text(cell, "not recorded");
        cell->style = GRID_WARN;
    }
}

/* One letter a state, so that it reads without colours: D dropped, C changed, c copy, H held,
 * ? records before it were lost, ! changed undeclared. */
static void flags_cell(const struct evidence_journey *journey, struct screen_cell *cell)
{
    uint8_t flags = journey->story.facts.flags;
    cell_text(cell, "%s%s%s%s%s", journey->story.facts.outcome == FACTS_DROPPED ? "D" : "",
              (flags & FACTS_UNDECLARED) != 0 ? "!"
              : (flags & FACTS_CHANGED) != 0  ? "C"
                                              : "",
              journey->story.facts.origin != FACTS_RECEIVED ? "c" : "",
              (flags & FACTS_HELD) != 0 ? "H" : "", journey->has_gap ? "?" : "");
    cell->style = journey->story.facts.outcome == FACTS_DROPPED ? GRID_BAD : GRID_ACCENT;
}

static void what_cell(const struct scene *scene, const struct evidence_journey *journey,
                      struct screen_cell *cell)
{
    uint64_t position = journey->first_record;
    struct record record;
    char text[DESCRIBE_TEXT_SIZE];
    if (evidence_record(scene->evidence, &position, &record)) {
        cell_text(cell, "%s",
                  describe_frame(record.bytes, record.captured_length, record.original_length, text,
                                 sizeof(text)));
    }
}

static void mark_show(const struct scene *scene, const struct evidence_journey *journey,
                      struct screen_cell *cell)
{
    for (int i = 0; i < scene->mark_count; i++) {
        if (scene->marks[i].id == journey->id && scene->marks[i].session == journey->session) {
            snprintf(cell->lead, sizeof(cell->lead), "●");
            cell->style = GRID_MARKED;
        }
    }
    for (int i = 0; i < SCENE_LETTERS && scene->letters_set >> i != 0; i++) {
        const struct scene_mark *mark = &scene->letters[i];
        if ((scene->letters_set >> i & 1) != 0 && mark->id == journey->id &&
            mark->session == journey->session && strlen(cell->lead) < LEAD_LETTER_END) {
            size_t used = strlen(cell->lead);
            snprintf(cell->lead + used, sizeof(cell->lead) - used, "%c",
                     i < 26 ? 'a' + i : 'A' + i - 26);
        }
    }
}

static void journeys_cell(const struct scene *scene, size_t row, size_t column,
                          struct screen_cell *cell)
{
    const struct evidence_journey *journey = journey_of(scene, row);
    struct dictionary_name made;
    if (journey == NULL) {
        return; /* it has gone since the list was made */
    }
    switch ((enum column)column) {
    case TIME:
        cell_time(cell, journey->first_ns);
        mark_show(scene, journey, cell);
        break;
    case PACKET:
        cell_id(cell, journey->id);
        break;
    case FROM:
        port_cell(scene, journey->story.facts.source_port, cell);
        break;
    case TO:
        port_cell(scene, journey->story.facts.destination_port, cell);
        break;
    case END:
        end_cell(scene, journey, cell);
        break;
    case FLAGS:
        flags_cell(journey, cell);
        break;
    case LATENCY:
        cell_ns(cell, journey->story.facts.latency_ns);
        break;
    case WHAT:
        what_cell(scene, journey, cell);
        break;
    case AT:
        if (journey->has_end) {
            cell_text(
                cell, "%s",
                dictionary_stage(&scene->model->of->dictionary, journey->story.facts.stage, &made));
        }
        break;
    case LENGTH:
        cell_count(cell, journey->story.facts.length);
        break;
    }
}

const struct screen screen_journeys = {
    .name = "journeys",
    .title = "Journeys",
    .empty = "no journey here matches; Esc takes the filter back",
    .columns = columns,
    .column_count = sizeof(columns) / sizeof(columns[0]),
    .rows = journeys_rows,
    .cell = journeys_cell,
};
