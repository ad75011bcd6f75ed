/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses, capture sessions and events. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "tui/panel.h"
#include "tui/screens/behind.h"

static void alarm_count(uint64_t number, struct screen_cell *cell)
{
    cell_count(cell, number);
    cell->style = number > 0 ? GRID_BAD : GRID_PLAIN;
}

/* Addresses -------------------------------------------------------------------------------------
 */

enum mac_column { MAC, MAC_VLAN, MAC_PORT, MAC_AGE, MAC_MOVES, MAC_PACKETS };

static const struct screen_column mac_columns[] = {
    [MAC] = {"mac", "address", 19, 0, false, false},
    [MAC_VLAN] = {"vlan", "VLAN", 6, 0, true, false},
    [MAC_PORT] = {"port", "port", 0, 0, false, false},
    [MAC_AGE] = {"age_ns", "last seen", 10, 0, true, true},
    [MAC_MOVES] = {"moves", "moved", 6, 0, true, true},
    [MAC_PACKETS] = {"packets", "packets", 12, 0, true, true},
};

/* A moment of a recording is made of its evidence; the whole of it has been counted. */
static bool is_of_moment(const struct scene *scene)
{
    return scene->model->is_recording && (scene->back > 0 || scene->window_ns != UINT64_MAX);
}

static size_t macs_rows(const struct scene *scene)
{
    return is_of_moment(scene) ? scene->derived->stations.rows.count : scene->model->mac_count;
}

static void mac_get(const struct scene *scene, size_t row, struct model_mac *mac)
{
    if (!is_of_moment(scene)) {
        *mac = scene->model->macs[row];
        return;
    }
    const struct station_key *key = table_key(&scene->derived->stations.rows, row);
    const struct station *station = table_value(&scene->derived->stations.rows, row);
    struct dictionary_name made;
    *mac = (struct model_mac){.vlan = key->vlan,
                              .has_moves = true,
                              .moves = station->moves,
                              .moved_by = station->example_packet,
                              .packets = station->packets};
    snprintf(mac->mac, sizeof(mac->mac), "%02x:%02x:%02x:%02x:%02x:%02x", key->mac[0], key->mac[1],
             key->mac[2], key->mac[3], key->mac[4], key->mac[5]);
    snprintf(mac->port, sizeof(mac->port), "%s",
             dictionary_port(&scene->model->of->dictionary, station->port, &made));
}

static void macs_cell(const struct scene *scene, size_t row, size_t column,
                      struct screen_cell *cell)
{
    struct model_mac mac;
    mac_get(scene, row, &mac);
    switch ((enum mac_column)column) {
    case MAC:
        cell_text(cell, "%s", mac.mac);
        break;
    case MAC_VLAN:
        cell_id(cell, mac.vlan);
        break;
    case MAC_PORT:
        cell_text(cell, "%s", mac.port);
        break;
    case MAC_AGE:
        if (!mac.has_moves) {
            cell_ns(cell, mac.age_s * NS_PER_SECOND);
        }
        break;
    case MAC_MOVES:
        if (mac.has_moves) {
            alarm_count(mac.moves, cell);
        }
        break;
    case MAC_PACKETS:
        if (mac.has_moves) {
            cell_count(cell, mac.packets);
        }
    }
}

static uint64_t places_before_forward(const struct scene *scene)
{
    uint64_t places = 0;
    for (size_t i = 0; i < scene->model->stage_count; i++) {
        const struct dictionary_stage *stage =
            dictionary_find_stage(&scene->model->of->dictionary, scene->model->stages[i]);
        bool is_before = stage != NULL && !stage->egress && strcmp(stage->name, "forward") != 0;
        places |= (uint64_t)is_before << i;
    }
    return places;
}

static void macs_expression(const struct scene *scene, size_t row, size_t column, char *text)
{
    struct model_mac mac;
    mac_get(scene, row, &mac);
    if (column == MAC_MOVES) {
        if (mac.moves > 0) {
            (void)expression_add_packet(text, mac.moved_by);
        }
        return;
    }
    int used = snprintf(text, SCREEN_EXPRESSION_SIZE,
                        "pcap \"ether src %s\" and vlan == %u and not clone", mac.mac, mac.vlan);
    size_t size = SCREEN_EXPRESSION_SIZE - (size_t)used;
    char refused[BEHIND_STAGES_SIZE];
    /* What ingress refuses teaches nothing; behind it nothing but forwarding does. */
    if (behind_stages(scene, "stage", places_before_forward(scene), refused, sizeof(refused))) {
        snprintf(text + used, size, " and not (dropped and %s)", refused);
    }
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
    .is_of_now = true,
};

/* Sessions --------------------------------------------------------------------------------------
 */

enum session_column {
    SESSION,
    SESSION_FILTER,
    SESSION_OFFERED,
    SESSION_WRITTEN,
    SESSION_FILTERED,
    SESSION_SAMPLED,
    SESSION_LOST,
    SESSION_RING,
    SESSION_SNAP
};

static const struct screen_column session_columns[] = {
    [SESSION] = {"session", "session", 17, 0, false, false},
    [SESSION_FILTER] = {"filter", "filter", 0, 0, false, false},
    [SESSION_OFFERED] = {"offered", "offered", 10, 0, true, true},
    [SESSION_WRITTEN] = {"written", "written", 9, 0, true, true},
    [SESSION_FILTERED] = {"filtered", "filtered", 9, 0, true, true},
    [SESSION_SAMPLED] = {"sampled", "left out", 8, 0, true, true},
    [SESSION_LOST] = {"lost", "lost", 6, 0, true, true},
    [SESSION_RING] = {"ring_bytes", "ring", 10, 100, true, false},
    [SESSION_SNAP] = {"snap_length", "snap", 7, 100, true, false},
};

static size_t sessions_rows(const struct scene *scene)
{
    return scene->model->session_count;
}

static void sessions_cell(const struct scene *scene, size_t row, size_t column,
                          struct screen_cell *cell)
{
    const struct model_session *session = &scene->model->sessions[row];
    switch ((enum session_column)column) {
    case SESSION:
        cell_text(cell, "%u %s%s", session->id, session->name, session->is_own ? " (ours)" : "");
        cell->number = session->id;
        break;
    case SESSION_FILTER:
        cell_text(cell, "%s%s%s", session->filter,
                  session->filter[0] != '\0' && session->where[0] != '\0' ? "; " : "",
                  session->where[0] != '\0'    ? session->where
                  : session->filter[0] == '\0' ? "(all packets)"
                                               : "");
        break;
    case SESSION_OFFERED:
        cell_count(cell, session->account.offered);
        break;
    case SESSION_WRITTEN:
        cell_count(cell, session->account.written);
        break;
    case SESSION_FILTERED:
        cell_count(cell, session->account.filtered);
        break;
    case SESSION_SAMPLED:
        cell_count(cell, session->account.sampled);
        break;
    case SESSION_LOST:
        alarm_count(session->account.lost, cell);
        break;
    case SESSION_RING:
        cell_count(cell, session->ring_bytes);
        break;
    case SESSION_SNAP:
        cell_count(cell, session->snap_length);
    }
}

/* What it keeps of the evidence, by its expression and its filter of bytes, or what it leaves out
 * of it. What was lost is nowhere. */
static void sessions_expression(const struct scene *scene, size_t row, size_t column, char *text)
{
    const struct model_session *session = &scene->model->sessions[row];
    bool is_left_out = column == SESSION_FILTERED;
    if (column == SESSION_OFFERED) {
        snprintf(text, SCREEN_EXPRESSION_SIZE, "packet > 0");
        return;
    }
    bool has_both = session->filter[0] != '\0' && session->where[0] != '\0';
    char filter[2 * MODEL_TEXT_SIZE] = "";
    if (session->filter[0] != '\0') {
        expression_name(filter, sizeof(filter), session->filter);
    }
    int length = -1;
    if (session->filter[0] != '\0' || session->where[0] != '\0') {
        length =
            snprintf(text, SCREEN_EXPRESSION_SIZE, "%s%s%s%s%s%s%s%s", is_left_out ? "not (" : "",
                     session->where[0] != '\0' ? "(" : "", session->where,
                     session->where[0] != '\0' ? ")" : "", has_both ? " and " : "",
                     filter[0] != '\0' ? "pcap " : "", filter, is_left_out ? ")" : "");
    } else if (!is_left_out) {
        length = snprintf(text, SCREEN_EXPRESSION_SIZE, "packet > 0");
    }
    if (length < 0 || length >= SCREEN_EXPRESSION_SIZE || column == SESSION_LOST ||
        column == SESSION_SAMPLED) {
        text[0] = '\0';
    }
}

static const char *sessions_nothing(const struct scene *scene, size_t row, size_t column)
{
    const struct model_account *account = &scene->model->sessions[row].account;
    if (column == SESSION_LOST && account->lost > 0) {
        return "what was lost was recorded nowhere; journeys behind such a gap are marked with ?";
    }
    if (column == SESSION_SAMPLED && account->sampled > 0) {
        return "what the sample left out was recorded nowhere; xsw capture without one keeps all";
    }
    return NULL;
}

const struct screen screen_sessions = {
    .name = "sessions",
    .title = "Capture",
    .empty = "nobody captures",
    .columns = session_columns,
    .column_count = sizeof(session_columns) / sizeof(session_columns[0]),
    .rows = sessions_rows,
    .cell = sessions_cell,
    .expression = sessions_expression,
    .nothing = sessions_nothing,
    .is_of_now = true,
};

/* Events ----------------------------------------------------------------------------------------
 */

enum event_column { EVENT_TIME, EVENT_SEVERITY, EVENT_KIND, EVENT_TEXT };

static const struct screen_column event_columns[] = {
    [EVENT_TIME] = {"time_ns", "time", 15, 0, false, false},
    [EVENT_SEVERITY] = {"severity", "", 1, 0, false, false},
    [EVENT_KIND] = {"kind", "kind", 14, 0, false, false},
    [EVENT_TEXT] = {"text", "what happened", 0, 0, false, false},
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
