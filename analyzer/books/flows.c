/* SPDX-License-Identifier: Apache-2.0 */
/* See flows.h. What TCP makes of it is in flows_tcp.c. */
#include "analyzer/books/flows.h"

#include <stdlib.h>

#include "analyzer/books/flows_tcp.h"

void flows_init(struct flows *flows)
{
    *flows = (struct flows){0};
    table_init(&flows->rows, sizeof(struct flow_key), sizeof(struct flow), FLOWS_MAX);
}

void flows_fini(struct flows *flows)
{
    table_fini(&flows->rows);
    free(flows->symptoms);
    free(flows->segments);
    free(flows->tcp);
    flows->symptoms = NULL;
    flows->segments = NULL;
    flows->tcp = NULL;
    flows->tcp_count = flows->tcp_room = 0;
    flows->symptom_count = flows->segment_count = flows->segment_room = 0;
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

static void segment_keep(struct flows *flows, const struct flow *flow, const struct trail *trail)
{
    enum { FIRST_ROOM = 1024 };
    if (flows->segment_count == flows->segment_room) {
        size_t room = flows->segment_room == 0 ? FIRST_ROOM : flows->segment_room * 2;
        struct flow_segment *segments = realloc(flows->segments, room * sizeof(*segments));
        if (segments == NULL) {
            flows->is_crowded = true;
            return;
        }
        flows->segments = segments;
        flows->segment_room = room;
    }
    flows->segments[flows->segment_count++] =
        (struct flow_segment){.packet_id = trail->packet_id,
                              .first_ns = trail->first_ns,
                              .last_ns = trail->last_ns,
                              .tcp = trail->tcp,
                              .flow = (uint32_t)table_place(&flows->rows, flow),
                              .rule = trail->rule,
                              .source_port = trail->source_port,
                              .destination_port = trail->destination_port,
                              .end_stage = trail->end_stage,
                              .reason = trail->reason,
                              .outcome = trail->outcome,
                              .origin = trail->origin};
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
    flow->held += trail->hold_count != 0;
    seen_count(flow, trail);
    end_count(flow, trail);
    if (trail->tcp.is_there && flows->is_part) {
        segment_keep(flows, flow, trail);
    } else if (trail->tcp.is_there) {
        flows_tcp_follow(flows, flow, trail);
    }
}

/* Merging ------------------------------------------------------------------------------------ */

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Times are valid when something was counted that they are of. */
static void times_merge(struct flow *flow, const struct flow *behind)
{
    if (behind->packets != 0) {
        bool is_first = flow->packets == 0;
        flow->first_ns = is_first ? behind->first_ns : earlier(flow->first_ns, behind->first_ns);
        flow->last_ns = is_first ? behind->last_ns : later(flow->last_ns, behind->last_ns);
        flow->example_packet = is_first ? behind->example_packet : flow->example_packet;
    }
    if (behind->delivered != 0) {
        flow->first_delivered_ns =
            flow->delivered == 0 ? behind->first_delivered_ns
                                 : earlier(flow->first_delivered_ns, behind->first_delivered_ns);
        flow->last_delivered_ns = later(flow->last_delivered_ns, behind->last_delivered_ns);
    }
    if (behind->dropped + behind->copies_dropped != 0) {
        flow->first_dropped_ns = flow->dropped + flow->copies_dropped == 0
                                     ? behind->first_dropped_ns
                                     : earlier(flow->first_dropped_ns, behind->first_dropped_ns);
        flow->last_dropped_ns = later(flow->last_dropped_ns, behind->last_dropped_ns);
    }
    if (flow->dropped == 0) {
        flow->example_drop = behind->example_drop;
    }
}

static void flow_merge(struct flow *flow, const struct flow *behind)
{
    times_merge(flow, behind);
    flow->packets += behind->packets;
    flow->bytes += behind->bytes;
    flow->delivered += behind->delivered;
    flow->dropped += behind->dropped;
    flow->replaced += behind->replaced;
    flow->changed += behind->changed;
    flow->held += behind->held;
    flow->unfinished += behind->unfinished;
    flow->copies += behind->copies;
    flow->copies_dropped += behind->copies_dropped;
    flow->latency_sum_ns += behind->latency_sum_ns;
    flow->latency_max_ns = later(flow->latency_max_ns, behind->latency_max_ns);
    if (behind->source_port.id != 0) {
        flow->source_port = behind->source_port;
    }
    if (behind->destination_port.id != 0) {
        flow->destination_port = behind->destination_port;
    }
}

static void segment_follow(struct flows *flows, struct trail *trail,
                           const struct flow_segment *segment, const struct flow_key *key)
{
    struct flow *flow = table_find(&flows->rows, key);
    if (flow == NULL) {
        return;
    }
    trail->flow = *key;
    trail->packet_id = segment->packet_id;
    trail->first_ns = segment->first_ns;
    trail->last_ns = segment->last_ns;
    trail->tcp = segment->tcp;
    trail->rule = segment->rule;
    trail->source_port = segment->source_port;
    trail->destination_port = segment->destination_port;
    trail->end_stage = segment->end_stage;
    trail->reason = segment->reason;
    trail->outcome = segment->outcome;
    trail->origin = segment->origin;
    flows_tcp_follow(flows, flow, trail);
}

void flows_merge(struct flows *flows, const struct flows *part)
{
    enum { AHEAD = 8 };
    struct trail trail = {.has_first = true};
    for (size_t i = 0; i < part->rows.count; i++) {
        if (i + AHEAD < part->rows.count) {
            table_expect(&flows->rows, table_key(&part->rows, i + AHEAD));
        }
        const struct flow *more = table_value(&part->rows, i);
        struct flow *flow = table_add(&flows->rows, table_key(&part->rows, i));
        if (flow == NULL) {
            flows->beyond += more->packets + more->copies;
        } else {
            flow_merge(flow, more);
        }
    }
    for (size_t i = 0; i < part->segment_count; i++) {
        const struct flow_segment *segment = &part->segments[i];
        segment_follow(flows, &trail, segment, table_key(&part->rows, segment->flow));
    }
}

void flows_clear(struct flows *part)
{
    table_clear(&part->rows);
    part->beyond = 0;
    part->segment_count = 0;
    part->is_crowded = false;
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
