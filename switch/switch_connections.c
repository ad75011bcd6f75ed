/* SPDX-License-Identifier: Apache-2.0 */
/* The connections of stateful access rules: making and emptying the table, and what people see of
 * it. */
#include <sys/random.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "switch/policy/connections.h"
#include "switch/state.h"

enum xsw_status connections_create(struct xsw_flow_table **table, struct xsw_error *error)
{
    void *memory = NULL;
    enum xsw_status status = memory_map(xsw_flow_table_size(CONNECTIONS_MAX), &memory, error);
    if (status != XSW_OK) {
        error_prefix(error, "table of %d connections", CONNECTIONS_MAX);
        return status;
    }
    uint64_t seed;
    if (getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed)) {
        seed = clock_wall_ns();
    }
    *table = xsw_flow_table_init(memory, CONNECTIONS_MAX, CONNECTIONS_CLOSING_SECONDS, seed);
    return XSW_OK;
}

void connections_destroy(struct xsw_flow_table *table)
{
    if (table != NULL) {
        memory_unmap(table, xsw_flow_table_size(table->capacity));
    }
}

void connections_forget(struct xsw_flow_table *table, uint16_t port, uint32_t rule)
{
    struct xsw_flow_record record;
    uint32_t cursor = 0;
    while (table != NULL && xsw_flow_next_any(table, &cursor, &record)) {
        if (connections_port(&record) == port && (rule == 0 || record.flow.value.rule == rule)) {
            (void)xsw_flow_remove(table, &record.flow);
        }
    }
}

static uint32_t seconds_since(uint32_t now, uint32_t then)
{
    /* A worker's clock may be a moment ahead. */
    return (int32_t)(now - then) > 0 ? now - then : 0;
}

static void info_fill(const struct xsw_flow_table *table, const struct xsw_flow_record *record,
                      uint32_t now_seconds, struct connection_info *info)
{
    const struct xsw_flow *flow = &record->flow;
    bool is_closing = (flow->value.flags & XSW_FLOW_CLOSING) != 0;
    *info = (struct connection_info){
        .port = connections_port(record),
        .vlan = connections_vlan(record),
        .rule = flow->value.rule,
        .direction = connections_list(flow),
        .parts = record->parts,
        .age_seconds = seconds_since(now_seconds, flow->made_seconds),
        .idle_seconds = seconds_since(now_seconds, flow->seen_seconds),
        .timeout_seconds = is_closing ? table->closing_seconds : flow->value.timeout_seconds,
        .is_closing = is_closing,
        .packets = {record->packets[0], record->packets[1]},
        .bytes = {record->bytes[0], record->bytes[1]},
    };
}

enum xsw_status vswitch_connections(struct vswitch *vswitch, const char *port,
                                    struct connection_info *connections, size_t capacity,
                                    size_t *count, struct xsw_error *error)
{
    const struct xsw_flow_table *table = vswitch->connections;
    uint32_t now_seconds = vswitch_now_seconds(vswitch);
    uint16_t id = port != NULL ? vswitch_port_id(vswitch, port) : XSW_PORT_NONE;
    if (port != NULL && id == XSW_PORT_NONE) {
        return error_set(error, XSW_NOT_FOUND, "there is no port \"%s\"", port);
    }
    struct xsw_flow_record record;
    uint32_t cursor = 0;
    *count = 0;
    while (table != NULL && xsw_flow_next(table, now_seconds, &cursor, &record)) {
        if ((id != XSW_PORT_NONE && connections_port(&record) != id) ||
            (record.flow.value.flags & CONNECTIONS_OF_FRAGMENTS) != 0) {
            continue;
        }
        if (*count < capacity) {
            info_fill(table, &record, now_seconds, &connections[*count]);
        }
        (*count)++;
    }
    return XSW_OK;
}

struct connection_counters vswitch_connection_counters(const struct vswitch *vswitch)
{
    const struct xsw_flow_table *table = vswitch->connections;
    struct connection_counters counters = {.limit = CONNECTIONS_MAX};
    if (table != NULL) {
        counters.live = xsw_flow_count(table);
        counters.refused = xsw_flow_refused(table);
    }
    return counters;
}
