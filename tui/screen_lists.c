/* SPDX-License-Identifier: Apache-2.0 */
/* Extensions, addresses, capture sessions and events. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tui/panel.h"
#include "tui/screen.h"

static void alarm_count(uint64_t number, struct screen_cell *cell)
{
    cell_count(cell, number);
    cell->style = number > 0 ? GRID_BAD : GRID_PLAIN;
}

/* Extensions ------------------------------------------------------------------------------------
 */

static const struct screen_column extension_columns[] = {
    {"name", "instance", 0, 0, false, false},
    {"kind", "kind", 8, 0, false, false},
    {"state", "state", 8, 0, false, false},
    {"packets", "packets", 11, 0, true, true},
    {"dropped", "dropped", 9, 0, true, true},
    {"silent", "silent", 8, 0, true, true},
    {"violations", "broke rules", 11, 0, true, false},
    {"extension", "is a", 16, 100, false, false},
    {"version", "version", 10, 100, false, false},
};

static size_t extensions_rows(const struct scene *scene)
{
    return scene->model->extension_count;
}

static void extensions_cell(const struct scene *scene, size_t row, size_t column,
                            struct screen_cell *cell)
{
    const struct model_extension *extension = &scene->model->extensions[row];
    switch (column) {
    case 0:
        cell_text(cell, "%s", extension->name);
        break;
    case 1:
        cell_text(cell, "%s", extension->kind);
        break;
    case 2:
        cell_text(cell, "%s", extension->is_enabled ? "enabled" : "disabled");
        cell->style = extension->is_enabled ? GRID_GOOD : GRID_WARN;
        break;
    case 3:
        cell_count(cell, extension->packets);
        break;
    case 4:
        alarm_count(extension->dropped, cell);
        break;
    case 5:
        alarm_count(extension->silent, cell);
        break;
    case 6:
        alarm_count(extension->violations, cell);
        break;
    case 7:
        cell_text(cell, "%s", extension->extension);
        break;
    default:
        cell_text(cell, "%s", extension->version);
    }
}

static void extensions_expression(const struct scene *scene, size_t row, size_t column, char *text)
{
    const struct model_extension *extension = &scene->model->extensions[row];
    const char *format = column == 4 ? "dropped and extension == %s"
                         : column == 5 && extension->silent > 0
                             ? "reason == silent-drop and extension == %s"
                             : "extension == %s";
    snprintf(text, SCREEN_EXPRESSION_SIZE, format, extension->name);
}

const struct screen screen_extensions = {
    .name = "extensions",
    .title = "Ext",
    .empty = "the switch has no extension",
    .columns = extension_columns,
    .column_count = sizeof(extension_columns) / sizeof(extension_columns[0]),
    .rows = extensions_rows,
    .cell = extensions_cell,
    .expression = extensions_expression,
};

/* Addresses -------------------------------------------------------------------------------------
 */

static const struct screen_column mac_columns[] = {
    {"mac", "address", 19, 0, false, false}, {"vlan", "VLAN", 6, 0, true, false},
    {"port", "port", 0, 0, false, false},    {"age_s", "last seen", 10, 0, true, false},
    {"moves", "moved", 6, 0, true, false},   {"packets", "packets", 12, 0, true, false},
};

static size_t macs_rows(const struct scene *scene)
{
    return scene->model->mac_count;
}

static void macs_cell(const struct scene *scene, size_t row, size_t column,
                      struct screen_cell *cell)
{
    const struct model_mac *mac = &scene->model->macs[row];
    switch (column) {
    case 0:
        cell_text(cell, "%s", mac->mac);
        break;
    case 1:
        cell_id(cell, mac->vlan);
        break;
    case 2:
        cell_text(cell, "%s", mac->port);
        break;
    case 3:
        if (!mac->has_moves) {
            cell_text(cell, "%" PRIu64 " s ago", mac->age_s);
            cell->number = (double)mac->age_s;
        }
        break;
    case 4:
        if (mac->has_moves) {
            alarm_count(mac->moves, cell);
        }
        break;
    default:
        if (mac->has_moves) {
            cell_count(cell, mac->packets);
        }
    }
}

static void macs_expression(const struct scene *scene, size_t row, size_t column, char *text)
{
    (void)column;
    snprintf(text, SCREEN_EXPRESSION_SIZE, "pcap \"ether host %s\"", scene->model->macs[row].mac);
}

const struct screen screen_macs = {
    .name = "macs",
    .title = "MACs",
    .empty = "no address is known",
    .columns = mac_columns,
    .column_count = sizeof(mac_columns) / sizeof(mac_columns[0]),
    .rows = macs_rows,
    .cell = macs_cell,
    .expression = macs_expression,
};

/* Sessions --------------------------------------------------------------------------------------
 */

static const struct screen_column session_columns[] = {
    {"session", "session", 19, 0, false, false},  {"filter", "filter", 0, 0, false, false},
    {"offered", "offered", 12, 0, true, false},   {"written", "written", 11, 0, true, false},
    {"filtered", "filtered", 11, 0, true, false}, {"lost", "lost", 9, 0, true, false},
    {"ring_bytes", "ring", 10, 100, true, false}, {"snap_length", "snap", 7, 100, true, false},
};

static size_t sessions_rows(const struct scene *scene)
{
    return scene->model->session_count;
}

static void sessions_cell(const struct scene *scene, size_t row, size_t column,
                          struct screen_cell *cell)
{
    const struct model_session *session = &scene->model->sessions[row];
    switch (column) {
    case 0:
        cell_text(cell, "%u %s%s", session->id, session->name, session->is_own ? " (ours)" : "");
        cell->number = session->id;
        break;
    case 1:
        cell_text(cell, "%s%s%s", session->filter,
                  session->filter[0] != '\0' && session->where[0] != '\0' ? "; " : "",
                  session->where[0] != '\0'    ? session->where
                  : session->filter[0] == '\0' ? "(all packets)"
                                               : "");
        break;
    case 2:
        cell_count(cell, session->account.offered);
        break;
    case 3:
        cell_count(cell, session->account.written);
        break;
    case 4:
        cell_count(cell, session->account.filtered);
        break;
    case 5:
        alarm_count(session->account.lost, cell);
        break;
    case 6:
        cell_count(cell, session->ring_bytes);
        break;
    default:
        cell_count(cell, session->snap_length);
    }
}

const struct screen screen_sessions = {
    .name = "sessions",
    .title = "Capture",
    .empty = "nobody captures",
    .columns = session_columns,
    .column_count = sizeof(session_columns) / sizeof(session_columns[0]),
    .rows = sessions_rows,
    .cell = sessions_cell,
};

/* Events ----------------------------------------------------------------------------------------
 */

static const struct screen_column event_columns[] = {
    {"time_ns", "time", 15, 0, false, false},
    {"severity", "", 1, 0, false, false},
    {"kind", "kind", 14, 0, false, false},
    {"text", "what happened", 0, 0, false, false},
};

/* Those up to the moment that is shown. */
static size_t events_behind(const struct scene *scene)
{
    size_t behind = 0;
    size_t count = model_event_count(scene->model);
    while (scene->back > 0 && scene->now != NULL && behind < count &&
           model_event_at(scene->model, behind)->wall_ns > scene->now->wall_ns) {
        behind++;
    }
    return behind;
}

static size_t events_rows(const struct scene *scene)
{
    return model_event_count(scene->model) - events_behind(scene);
}

static void events_cell(const struct scene *scene, size_t row, size_t column,
                        struct screen_cell *cell)
{
    static const char letters[] = {[MODEL_NOTE] = ' ', [MODEL_WARNING] = '!', [MODEL_ALARM] = 'X'};
    static const enum grid_style styles[] = {
        [MODEL_NOTE] = GRID_PLAIN, [MODEL_WARNING] = GRID_WARN, [MODEL_ALARM] = GRID_BAD};
    const struct model_event *event = model_event_at(scene->model, row + events_behind(scene));
    cell->style = column > 0 ? styles[event->severity] : GRID_PLAIN;
    if (column == 0) {
        cell_time(cell, event->wall_ns);
    } else if (column == 1) {
        cell_text(cell, "%c", letters[event->severity]);
    } else {
        cell_text(cell, "%s", column == 2 ? event->kind : event->text);
    }
}

static void events_expression(const struct scene *scene, size_t row, size_t column, char *text)
{
    (void)column;
    snprintf(text, SCREEN_EXPRESSION_SIZE, "%s",
             model_event_at(scene->model, row + events_behind(scene))->where);
}

const struct screen screen_events = {
    .name = "events",
    .title = "Events",
    .empty = "nothing has happened since we look",
    .columns = event_columns,
    .column_count = sizeof(event_columns) / sizeof(event_columns[0]),
    .rows = events_rows,
    .cell = events_cell,
    .expression = events_expression,
    .frame = panel_event,
};

/* All -------------------------------------------------------------------------------------------
 */

const struct screen *screen_get(enum screen_id id)
{
    static const struct screen *const screens[] = {
        [SCREEN_PIPELINE] = &screen_pipeline, [SCREEN_PORTS] = &screen_ports,
        [SCREEN_DROPS] = &screen_drops,       [SCREEN_JOURNEYS] = &screen_journeys,
        [SCREEN_FLOWS] = &screen_flows,       [SCREEN_EXTENSIONS] = &screen_extensions,
        [SCREEN_MACS] = &screen_macs,         [SCREEN_SESSIONS] = &screen_sessions,
        [SCREEN_EVENTS] = &screen_events,     [SCREEN_PATHS] = &screen_paths};
    return screens[id];
}
