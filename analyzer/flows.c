/* SPDX-License-Identifier: Apache-2.0 */
/* See flows.h. What TCP makes of it is in flows_tcp.c. */
#include "analyzer/flows.h"

#include <stdlib.h>

#include "analyzer/flows_tcp.h"

void flows_init(struct flows *flows)
{
    *flows = (struct flows){0};
    table_init(&flows->rows, sizeof(struct flow_key), sizeof(struct flow), FLOWS_MAX);
}

void flows_fini(struct flows *flows)
{
    table_fini(&flows->rows);
    free(flows->symptoms);
    flows->symptoms = NULL;
    flows->symptom_count = 0;
}

static void drop_time(struct flow *flow, const struct trail *trail)
{
    if (flow->dropped + flow->copies_dropped == 0 || trail->first_ns < flow->first_dropped_ns) {
        flow->first_dropped_ns = trail->first_ns;
    }
    if (trail->first_ns > flow->last_dropped_ns) {
        flow->last_dropped_ns = trail->first_ns;
    }
}

static void end_count(struct flow *flow, const struct trail *trail)
{
    uint64_t latency_ns = trail_latency_ns(trail);
    switch (trail->outcome) {
    case FACTS_DELIVERED:
        if (flow->delivered++ == 0 || trail->first_ns < flow->first_delivered_ns) {
            flow->first_delivered_ns = trail->first_ns;
        }
        if (trail->first_ns > flow->last_delivered_ns) {
            flow->last_delivered_ns = trail->first_ns;
        }
        flow->latency_sum_ns += latency_ns;
        if (latency_ns > flow->latency_max_ns) {
            flow->latency_max_ns = latency_ns;
        }
        break;
    case FACTS_DROPPED:
        if (flow->dropped++ == 0) {
            flow->example_drop = trail->packet_id;
        }
        break;
    case FACTS_REPLACED:
        flow->replaced++;
        break;
    default:
        flow->unfinished++;
        break;
    }
    flow->changed += (trail->flags & FACTS_CHANGED) != 0;
}

static void seen_count(struct flow *flow, const struct trail *trail)
{
    if (flow->packets == 0) {
        flow->example_packet = trail->packet_id;
        flow->first_ns = flow->last_ns = trail->first_ns;
    }
    flow->packets++;
    flow->bytes += trail->length;
    if (trail->first_ns < flow->first_ns) {
        flow->first_ns = trail->first_ns;
    }
    if (trail->first_ns > flow->last_ns) {
        flow->last_ns = trail->first_ns;
    }
    if (trail->source_port.id != 0) {
        flow->source_port = trail->source_port;
    }
    if (trail->destination_port.id != 0) {
        flow->destination_port = trail->destination_port;
    }
}

void flows_add(struct flows *flows, const struct trail *trail)
{
    if (!trail->has_first) {
        return;
    }
    struct flow *flow = table_add(&flows->rows, &trail->flow);
    if (flow == NULL) {
        flows->beyond++;
        return;
    }
    if (trail->outcome == FACTS_DROPPED) {
        drop_time(flow, trail);
    }
    if (trail->origin == FACTS_FLOOD || trail->origin == FACTS_MIRROR) {
        flow->copies++;
        flow->copies_dropped += trail->outcome == FACTS_DROPPED;
        return;
    }
    seen_count(flow, trail);
    end_count(flow, trail);
    if (trail->tcp.is_there) {
        flows_tcp_follow(flows, flow, trail);
    }
}

const struct flow *flows_find(const struct flows *flows, const struct flow_key *key)
{
    return table_find(&flows->rows, key);
}

static int flow_compare(const void *key_a, const void *value_a, const void *key_b,
                        const void *value_b)
{
    const struct flow *a = value_a;
    const struct flow *b = value_b;
    (void)key_a;
    (void)key_b;
    if (a->dropped != b->dropped) {
        return a->dropped > b->dropped ? -1 : 1;
    }
    return a->packets > b->packets ? -1 : a->packets < b->packets;
}

size_t *flows_sorted(const struct flows *flows)
{
    return table_sorted(&flows->rows, flow_compare);
}

const char *flow_symptom_name(enum flow_symptom_kind kind)
{
    static const char *const names[] = {"retransmission", "late", "reset", "zero-window"};
    return names[kind];
}
