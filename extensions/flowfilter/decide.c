/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to a packet: its connection, the rules of its port, the rules of all ports, the
 * default, in this order. */
#include "extensions/flowfilter/filter.h"

enum { PROTOCOL_TCP = 6, TCP_FLAGS_AT = 13, TCP_FIN_OR_RST = 5, TCP_SYN = 2, TCP_ACK = 16 };

static const uint64_t second_ns = 1000000000;

struct question {
    const struct rule_table *table;
    enum xsw_direction direction;
    uint32_t worker;
    uint32_t now_seconds;
};

/* Only the worker writes its counts, so a load and a store make an addition. */
static void count_add(_Atomic uint64_t *count)
{
    uint64_t value = atomic_load_explicit(count, memory_order_relaxed);
    atomic_store_explicit(count, value + 1, memory_order_relaxed);
}

static struct rule_counts *counts_of(const struct flowfilter *filter, uint32_t worker,
                                     const struct rule *rule)
{
    return &filter->counts[(size_t)(worker % XSW_WORKERS_MAX) * RULES_MAX + rule->slot];
}

static int is_there(const struct rule *rule)
{
    return !atomic_load_explicit(&rule->has_gone, memory_order_relaxed);
}

static int flow_key(const struct question *question, const struct xsw_packet *packet,
                    struct xsw_flow_key *key)
{
    return xsw_flow_key_from_packet(key, packet,
                                    packet->vlan | (uint32_t)question->direction << 12);
}

/* The flags of a TCP header, 0 where there is none. */
static uint8_t tcp_flags(const struct xsw_packet *packet)
{
    uint32_t at = packet->l4_offset + (uint32_t)TCP_FLAGS_AT;
    int has_flags =
        packet->ip_protocol == PROTOCOL_TCP && packet->l4_offset != 0 && packet->length > at;
    return has_flags ? packet->data[at] : 0;
}

static uint32_t closing_flag(const struct xsw_packet *packet)
{
    return (tcp_flags(packet) & TCP_FIN_OR_RST) != 0 ? XSW_FLOW_CLOSING : 0;
}

/* Whether the packet opens anew what its ends have closed: that is for the rules to decide. */
static int is_reopened(const struct xsw_flow *flow, const struct xsw_packet *packet)
{
    return (flow->value.flags & XSW_FLOW_CLOSING) != 0 &&
           (tcp_flags(packet) & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

/* The rule that authorised the packet's connection; null when it has none. */
static const struct rule *find_connection(const struct flowfilter *filter,
                                          const struct question *question,
                                          const struct xsw_packet *packet)
{
    struct xsw_flow_key key;
    struct xsw_flow flow;
    if (!question->table->has_stateful || !flow_key(question, packet, &key) ||
        !xsw_flow_find(filter->connections, &key, question->now_seconds, &flow)) {
        return NULL;
    }
    const struct rule *rule = question->table->slots[flow.value.user % RULES_MAX];
    if (rule == NULL || rule->serial != flow.value.user || !is_there(rule) ||
        is_reopened(&flow, packet)) {
        return NULL;
    }
    (void)xsw_flow_touch(filter->connections, &flow, packet->length, closing_flag(packet),
                         question->now_seconds);
    return rule;
}

/* A packet of a connection that its rule authorises. When the table is full the packet passes all
 * the same, and the table counts. */
static void make_connection(const struct flowfilter *filter, const struct question *question,
                            const struct rule *rule, const struct xsw_packet *packet)
{
    struct xsw_flow_key key;
    struct xsw_flow flow;
    const struct xsw_flow_value value = {.rule = rule->id,
                                         .timeout_seconds = rule->stateful_seconds,
                                         .user = rule->serial,
                                         .flags = closing_flag(packet)};
    if (!flow_key(question, packet, &key)) {
        return;
    }
    if (xsw_flow_find(filter->connections, &key, question->now_seconds, &flow)) {
        /* It was closed, or authorised by a rule that is no longer there. */
        (void)xsw_flow_remove(filter->connections, &flow);
    }
    if (xsw_flow_insert(filter->connections, &key, &value, question->now_seconds, &flow) ==
        XSW_FLOW_MADE) {
        count_add(&counts_of(filter, question->worker, rule)->connections);
        (void)xsw_flow_touch(filter->connections, &flow, packet->length, 0, question->now_seconds);
    }
}

static const struct rule *find_match(const struct question *question, const struct rule_list *list,
                                     const struct xsw_packet *packet)
{
    for (uint32_t i = list->first; i < list->first + list->count; i++) {
        const struct rule *rule = question->table->rules[i];
        if ((rule->directions & question->direction) != 0 && is_there(rule) &&
            bpf_filter(rule->program.bf_insns, packet->data, packet->length, packet->length) != 0) {
            return rule;
        }
    }
    return NULL;
}

static void decide(const struct flowfilter *filter, const struct question *question,
                   const struct xsw_packet *packet, struct xsw_verdict *verdict)
{
    const struct rule_table *table = question->table;
    uint16_t port =
        question->direction == XSW_INGRESS ? packet->source_port : packet->destination_port;
    const struct rule_list *own = &table->lists[port % XSW_PORTS_MAX];
    const struct rule_list *all = &table->lists[XSW_PORT_NONE];
    if (packet->source_port == XSW_PORT_NONE) {
        return; /* trusted */
    }
    const struct rule *rule = find_connection(filter, question, packet);
    int is_authorised = rule != NULL;
    rule = is_authorised ? rule : find_match(question, own, packet);
    rule = rule == NULL ? find_match(question, all, packet) : rule;
    if (rule != NULL) {
        verdict->action = rule->action;
        verdict->reason = REASON_DENIED;
        verdict->rule = (uint32_t)rule->port << XSW_RULE_TABLE_SHIFT | rule->id;
        count_add(&counts_of(filter, question->worker, rule)->packets);
        if (rule->stateful_seconds != 0 && !is_authorised) {
            make_connection(filter, question, rule, packet);
        }
        return;
    }
    uint16_t directions = own->directions | all->directions;
    if (((directions == 0 ? XSW_INGRESS : directions) & question->direction) != 0) {
        verdict->action = filter->default_action;
        verdict->reason = REASON_DEFAULT;
    }
}

static struct question ask_about(const struct flowfilter *filter, enum xsw_direction direction,
                                 uint32_t worker, uint64_t now_ns)
{
    return (struct question){
        /* Pairs with the exchange in publish. */
        .table = atomic_load_explicit(&filter->table, memory_order_acquire),
        .direction = direction,
        .worker = worker,
        .now_seconds = (uint32_t)(now_ns / second_ns),
    };
}

void filter_ingress(void *state, struct xsw_batch *batch, struct xsw_verdict *verdicts)
{
    const struct flowfilter *filter = state;
    const struct question question = ask_about(filter, XSW_INGRESS, batch->worker, batch->now_ns);
    for (uint32_t i = 0; i < batch->count; i++) {
        decide(filter, &question, batch->packets[i], &verdicts[i]);
    }
}

void filter_egress(void *state, const struct xsw_const_batch *batch, struct xsw_verdict *verdicts)
{
    const struct flowfilter *filter = state;
    const struct question question = ask_about(filter, XSW_EGRESS, batch->worker, batch->now_ns);
    for (uint32_t i = 0; i < batch->count; i++) {
        decide(filter, &question, batch->packets[i], &verdicts[i]);
    }
}
