/* SPDX-License-Identifier: Apache-2.0 */
/* Flows: who talks to whom among the evidence, what was lost, and what the hosts felt of it. */
#include <stdio.h>
#include <string.h>

#include "tui/screens/screen.h"

enum column {
    FLOW,
    PACKETS,
    BYTES,
    DROPPED,
    CHANGED,
    AGAIN,
    RESETS,
    ZERO,
    LATENCY,
    SLOWEST,
    FROM,
    TO
};

static const struct screen_column columns[] = {
    [FLOW] = {"flow", "flow", 0, 0, false, false},
    [PACKETS] = {"packets", "packets", 7, 0, true, true},
    [BYTES] = {"bytes", "bytes", 7, 0, true, true},
    [DROPPED] = {"dropped", "dropped", 7, 0, true, true},
    [CHANGED] = {"changed", "changed", 7, 0, true, true},
    [AGAIN] = {"retransmissions", "again", 5, 0, true, true},
    [RESETS] = {"resets", "reset", 5, 0, true, true},
    [ZERO] = {"zero_windows", "zero w", 6, 110, true, true},
    [LATENCY] = {"latency_mean_ns", "mean", 7, 100, true, true},
    [SLOWEST] = {"latency_max_ns", "slowest", 7, 100, true, true},
    [FROM] = {"in_port", "from", 10, 120, false, false},
    [TO] = {"out_port", "to", 10, 120, false, false},
};

static size_t flows_rows(const struct scene *scene)
{
    return scene->derived->flow_order != NULL ? scene->derived->flows.rows.count : 0;
}

static const struct flow_key *key_of(const struct scene *scene, size_t row)
{
    return table_key(&scene->derived->flows.rows, scene->derived->flow_order[row]);
}

static void lost_cell(uint64_t number, struct screen_cell *cell)
{
    cell_count(cell, number);
    cell->style = number > 0 ? GRID_BAD : GRID_PLAIN;
}

static void where_cell(const struct scene *scene, struct dictionary_label port,
                       struct screen_cell *cell)
{
    struct dictionary_name made;
    if (port.id != 0) {
        cell_text(cell, "%s", dictionary_port(&scene->model->of->dictionary, port, &made));
    }
}

static void flows_cell(const struct scene *scene, size_t row, size_t column,
                       struct screen_cell *cell)
{
    const struct flow *flow =
        table_value(&scene->derived->flows.rows, scene->derived->flow_order[row]);
    char text[FLOW_TEXT_SIZE];
    switch ((enum column)column) {
    case FLOW:
        cell_text(cell, "%s", flow_key_text(key_of(scene, row), text, sizeof(text)));
        break;
    case PACKETS:
        cell_count(cell, flow->packets);
        break;
    case BYTES:
        cell_count(cell, flow->bytes);
        break;
    case DROPPED:
        lost_cell(flow->dropped, cell);
        break;
    case CHANGED:
        cell_count(cell, flow->changed);
        cell->style = flow->changed > 0 ? GRID_ACCENT : GRID_PLAIN;
        break;
    case AGAIN:
        lost_cell(flow->retransmissions, cell);
        break;
    case RESETS:
        lost_cell(flow->resets, cell);
        break;
    case ZERO:
        lost_cell(flow->zero_windows, cell);
        break;
    case LATENCY:
        if (flow->delivered > 0) {
            cell_ns(cell, flow->latency_sum_ns / flow->delivered);
        }
        break;
    case SLOWEST:
        if (flow->delivered > 0) {
            cell_ns(cell, flow->latency_max_ns);
        }
        break;
    case FROM:
        where_cell(scene, flow->source_port, cell);
        break;
    case TO:
        where_cell(scene, flow->destination_port, cell);
        break;
    }
}

/* The flow as a filter of pcap-filter(7). */
static void ip_filter(const struct flow_key *key, char *text, size_t size)
{
    char flow[FLOW_TEXT_SIZE];
    flow_key_text(key, flow, sizeof(flow));
    /* "10.0.0.1:5000 > 10.0.0.2:80 tcp": the addresses stand before the blank, without the port. */
    char *to = strstr(flow, " > ");
    if (to == NULL) {
        text[0] = '\0';
        return;
    }
    *to = '\0';
    to += 3;
    to[strcspn(to, " ")] = '\0';
    char *ends[2] = {flow, to};
    for (int i = 0; i < 2; i++) {
        bool has_port = key->source_port != 0 || key->destination_port != 0;
        char *colon = strrchr(ends[i], ':');
        if (has_port && colon != NULL) {
            *colon = '\0';
        }
        if (ends[i][0] == '[') {
            ends[i]++;
            ends[i][strcspn(ends[i], "]")] = '\0';
        }
    }
    int used = snprintf(text, size, "src host %s and dst host %s and %s proto %u", ends[0], ends[1],
                        key->family == FLOW_IPV4 ? "ip" : "ip6", key->protocol);
    if (key->source_port != 0 || key->destination_port != 0) {
        snprintf(text + used, size - (size_t)used, " and src port %u and dst port %u",
                 key->source_port, key->destination_port);
    }
}

static void ethernet_filter(const struct flow_key *key, char *text, size_t size)
{
    const uint8_t *s = key->source;
    const uint8_t *d = key->destination;
    snprintf(text, size,
             "ether src %02x:%02x:%02x:%02x:%02x:%02x and ether dst %02x:%02x:%02x:%02x:%02x:%02x",
             s[0], s[1], s[2], s[3], s[4], s[5], d[0], d[1], d[2], d[3], d[4], d[5]);
}

/* The packets in which a host showed that something was lost. */
static void symptom_expression(const struct scene *scene, const struct flow_key *key,
                               enum flow_symptom_kind kind, char *text)
{
    const struct flows *flows = &scene->derived->flows;
    for (size_t i = flows->symptom_count; i > 0; i--) {
        const struct flow_symptom *symptom = &flows->symptoms[i - 1];
        if (symptom->kind == kind && memcmp(&symptom->flow, key, sizeof(*key)) == 0 &&
            !expression_add_packet(text, symptom->packet_id)) {
            return;
        }
    }
}

static void flows_expression(const struct scene *scene, size_t row, size_t column, char *text)
{
    const struct flow_key *key = key_of(scene, row);
    /* Numbers are those of packets; the row as a whole has their copies, too. */
    const char *only = column == DROPPED   ? "dropped and not flood and not mirror and "
                       : column == CHANGED ? "changed and not flood and not mirror and "
                       : column == LATENCY || column == SLOWEST
                           ? "delivered and not flood and not mirror and "
                       : column == PACKETS || column == BYTES ? "not flood and not mirror and "
                                                              : "";
    if (column == AGAIN || column == RESETS || column == ZERO) {
        symptom_expression(scene, key,
                           column == AGAIN    ? FLOW_RETRANSMISSION
                           : column == RESETS ? FLOW_RESET
                                              : FLOW_ZERO_WINDOW,
                           text);
        return;
    }
    char filter[200] = "";
    if (key->family == FLOW_ETHERNET) {
        ethernet_filter(key, filter, sizeof(filter));
        snprintf(text, SCREEN_EXPRESSION_SIZE, "%spcap \"%s\"", only, filter);
    } else if (key->family != FLOW_NONE) {
        ip_filter(key, filter, sizeof(filter));
        snprintf(text, SCREEN_EXPRESSION_SIZE, "%s(pcap \"%s\" or pcap \"vlan and %s\")", only,
                 filter, filter);
    }
}

const struct screen screen_flows = {
    .name = "flows",
    .title = "Flows",
    .empty = "no flow among the journeys that were captured",
    .columns = columns,
    .column_count = sizeof(columns) / sizeof(columns[0]),
    .rows = flows_rows,
    .cell = flows_cell,
    .expression = flows_expression,
};
