/* SPDX-License-Identifier: Apache-2.0 */
/* Ports: what comes in and goes out at each, and what is dropped in its name. */
#include <stdio.h>

#include "tui/screens/behind.h"

enum column {
    PORT,
    STATE,
    IN,
    IN_BITS,
    OUT,
    OUT_BITS,
    DROPPED_IN,
    DROPPED_OUT,
    TREND,
    KIND,
    VLAN,
    TOTAL_IN,
    TOTAL_OUT
};

static const struct screen_column columns[] = {
    [PORT] = {"port", "port", 0, 0, false, false},
    [STATE] = {"state", "state", 5, 0, false, false},
    [IN] = {"in_per_second", "in/s", 6, 0, true, true},
    [IN_BITS] = {"in_bits_per_second", "in bit/s", 8, 0, true, true},
    [OUT] = {"out_per_second", "out/s", 6, 0, true, true},
    [OUT_BITS] = {"out_bits_per_second", "out bit/s", 9, 0, true, true},
    [DROPPED_IN] = {"dropped_in_per_second", "drop in", 7, 0, true, true},
    [DROPPED_OUT] = {"dropped_out_per_second", "drop out", 8, 0, true, true},
    [TREND] = {"trend", "trend", 10, 0, false, false},
    [KIND] = {"kind", "kind", 6, 100, false, false},
    [VLAN] = {"vlan", "VLAN", 12, 100, false, false},
    [TOTAL_IN] = {"in_total", "in, total", 14, 130, true, true},
    [TOTAL_OUT] = {"out_total", "out, total", 14, 130, true, true},
};

/* The id of the port in a row: those that are there, by id. */
static uint16_t port_of(const struct scene *scene, size_t row)
{
    for (uint16_t id = 0; id < MODEL_PORTS_MAX; id++) {
        if (scene->model->ports[id].is_there && row-- == 0) {
            return id;
        }
    }
    return 0;
}

static size_t ports_rows(const struct scene *scene)
{
    size_t rows = 0;
    for (uint16_t id = 0; scene->now != NULL && id < MODEL_PORTS_MAX; id++) {
        rows += scene->model->ports[id].is_there;
    }
    return rows;
}

/* Counters of a moment, when another port had the id, are none of the port. */
static struct model_port counters_at(const struct model_sample *sample, uint16_t id, uint8_t owner)
{
    bool is_same = sample->owners[id] == owner;
    return is_same ? sample->ports[id] : (struct model_port){.rx_packets = 0};
}

/* `which`: the id, and above it the number of its owner. */
static uint64_t traffic_counter(const struct model_sample *sample, size_t which)
{
    struct model_port port = counters_at(sample, (uint16_t)(which % MODEL_PORTS_MAX),
                                         (uint8_t)(which / MODEL_PORTS_MAX));
    return port.rx_packets + port.tx_packets;
}

static void dropped_cell(const struct scene *scene, uint64_t now, uint64_t before,
                         struct screen_cell *cell)
{
    cell_rate(cell, scene_rate(scene, now, before));
    cell->style = cell->number > 0 ? GRID_BAD : GRID_PLAIN;
}

static void words_cell(const struct model_port_info *port, enum column column,
                       struct screen_cell *cell)
{
    const char *text = column == PORT    ? port->name
                       : column == STATE ? port->state
                       : column == KIND  ? port->kind
                                         : port->vlan;
    cell_text(cell, "%s", text);
    if (column == STATE && text[0] != '\0') {
        cell->style = text[0] == 'u' ? GRID_GOOD : GRID_BAD; /* up, or down, vanished, no-nic */
    }
}

static void ports_cell(const struct scene *scene, size_t row, size_t column,
                       struct screen_cell *cell)
{
    uint16_t id = port_of(scene, row);
    uint8_t owner = scene->model->ports[id].owner;
    const struct model_port counted_now = counters_at(scene->now, id, owner);
    const struct model_port counted_before = counters_at(scene->before, id, owner);
    const struct model_port *now = &counted_now;
    const struct model_port *before = &counted_before;
    switch ((enum column)column) {
    case IN:
        cell_rate(cell, scene_rate(scene, now->rx_packets, before->rx_packets));
        break;
    case IN_BITS:
        cell_bits(cell, 8 * scene_rate(scene, now->rx_bytes, before->rx_bytes));
        break;
    case OUT:
        cell_rate(cell, scene_rate(scene, now->tx_packets, before->tx_packets));
        break;
    case OUT_BITS:
        cell_bits(cell, 8 * scene_rate(scene, now->tx_bytes, before->tx_bytes));
        break;
    case DROPPED_IN:
        dropped_cell(scene, now->dropped_in, before->dropped_in, cell);
        break;
    case DROPPED_OUT:
        dropped_cell(scene, now->dropped_out, before->dropped_out, cell);
        break;
    case TREND:
        cell_trend(cell, scene, traffic_counter, (size_t)owner * MODEL_PORTS_MAX + id);
        break;
    case TOTAL_IN:
        cell_count(cell, now->rx_packets);
        break;
    case TOTAL_OUT:
        cell_count(cell, now->tx_packets);
        break;
    default:
        words_cell(&scene->model->ports[id], (enum column)column, cell);
    }
}

static void ports_expression(const struct scene *scene, size_t row, size_t column, char *text)
{
    const char *name = scene->model->ports[port_of(scene, row)].name;
    const char *format = "port == %s";
    switch ((enum column)column) {
    case IN:
    case IN_BITS:
    case TOTAL_IN:
        format = "in.port == %s and not clone"; /* copies did not come in */
        break;
    case OUT:
    case OUT_BITS:
    case TOTAL_OUT:
        format = "delivered and out.port == %s";
        break;
    case DROPPED_IN:
    case DROPPED_OUT:
        behind_dropped_at(scene, name, column == DROPPED_OUT, text);
        return;
    default:
        break;
    }
    snprintf(text, SCREEN_EXPRESSION_SIZE, format, name);
}

const struct screen screen_ports = {
    .name = "ports",
    .title = "Ports",
    .empty = "the switch has no port",
    .columns = columns,
    .column_count = sizeof(columns) / sizeof(columns[0]),
    .most = 24,
    .grows = TREND,
    .rows = ports_rows,
    .cell = ports_cell,
    .expression = ports_expression,
};
