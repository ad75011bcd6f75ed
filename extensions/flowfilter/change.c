/* SPDX-License-Identifier: Apache-2.0 */
/* How rules come and go while packets pass. */
#include "extensions/flowfilter/filter.h"

#include <stdlib.h>

static uint64_t sum_counts(const struct flowfilter *filter, uint32_t slot, int is_connections)
{
    uint64_t sum = 0;
    for (uint32_t worker = 0; worker < XSW_WORKERS_MAX; worker++) {
        const struct rule_counts *counts = &filter->counts[(size_t)worker * RULES_MAX + slot];
        sum += atomic_load_explicit(is_connections ? &counts->connections : &counts->packets,
                                    memory_order_relaxed);
    }
    return sum;
}

uint64_t filter_packets(const struct flowfilter *filter, uint32_t slot)
{
    return sum_counts(filter, slot, 0);
}

uint64_t filter_connections(const struct flowfilter *filter, uint32_t slot)
{
    return sum_counts(filter, slot, 1);
}

enum xsw_status filter_add_rule(struct flowfilter *filter, struct rule *rule,
                                struct xsw_error *error)
{
    enum xsw_status status = rule_register_add(&filter->rules, rule, error);
    if (status == XSW_OK) {
        rule->packets_before = filter_packets(filter, rule->slot);
        rule->connections_before = filter_connections(filter, rule->slot);
    }
    return status;
}

enum xsw_status filter_publish(struct flowfilter *filter)
{
    struct rule_table *table = rule_register_table(&filter->rules);
    if (table == NULL) {
        return XSW_NO_MEMORY;
    }
    const struct rule_table *old =
        atomic_exchange_explicit(&filter->table, table, memory_order_acq_rel);
    if (filter->is_published) {
        filter->host->control->synchronize(filter->host);
    }
    filter->is_published = 1;
    free((void *)(uintptr_t)old);
    rule_register_sweep(&filter->rules);
    return XSW_OK;
}

/* For a change that cannot be refused any more. */
static void publish(struct flowfilter *filter)
{
    if (filter_publish(filter) != XSW_OK) {
        filter->host->log(filter->host, "flowfilter: no memory to take up a change of the rules");
    }
}

static void rule_go(struct rule *rule)
{
    if (rule != NULL) {
        atomic_store_explicit(&rule->has_gone, 1, memory_order_relaxed);
    }
}

static void forget_prepared(struct flowfilter *filter)
{
    if (filter->prepared != NULL) {
        rule_register_drop(&filter->rules, filter->prepared);
        filter->prepared = NULL;
    }
}

static int is_rule(const struct xsw_change *change)
{
    return change->property != NULL && change->property->own == FEATURE_RULE;
}

/* The entry that was asked for becomes a rule that no table has yet. */
static enum xsw_status prepare(struct flowfilter *filter, const struct xsw_change *change,
                               struct xsw_error *refusal)
{
    struct rule *rule = NULL;
    const struct xsw_property *property = change->property;
    enum xsw_status status =
        rule_make(property->values, property->id, change->port, &rule, refusal);
    if (status != XSW_OK) {
        return status;
    }
    if (change->info != NULL && change->info->is_validation) {
        rule_destroy(rule); /* it could be; nothing will ever pass there */
        return XSW_OK;
    }
    rule_go(rule);
    forget_prepared(filter);
    status = rule_register_reserve(&filter->rules, refusal);
    if (status == XSW_OK) {
        status = filter_add_rule(filter, rule, refusal);
    }
    if (status != XSW_OK) {
        rule_destroy(rule);
        return status;
    }
    rule->is_prepared = 1;
    filter->prepared = rule;
    return XSW_OK;
}

enum xsw_status filter_ask(void *state, const struct xsw_change *change, struct xsw_error *refusal)
{
    int is_new = change->operation == XSW_OP_PORT_PROPERTY_ADD ||
                 change->operation == XSW_OP_PORT_PROPERTY_UPDATE;
    return is_new && is_rule(change) ? prepare(state, change, refusal) : XSW_OK;
}

/* Puts the prepared rule in the place of one with the same id, if there is one. */
static void install(struct flowfilter *filter)
{
    struct rule *rule = filter->prepared;
    filter->prepared = NULL;
    rule->is_prepared = 0;
    rule_go(rule_register_find(&filter->rules, rule->port, rule->id));
    atomic_store_explicit(&rule->has_gone, 0, memory_order_relaxed);
    publish(filter);
}

void filter_done(void *state, const struct xsw_change *change, enum xsw_status outcome)
{
    struct flowfilter *filter = state;
    if (!is_rule(change) || filter->prepared == NULL) {
        return;
    }
    if (outcome == XSW_OK) {
        install(filter);
    } else {
        forget_prepared(filter);
    }
}

static void remove_of_port(struct flowfilter *filter, uint16_t port)
{
    int has_any = 0;
    for (uint32_t slot = 0; slot < RULES_MAX; slot++) {
        struct rule *rule = filter->rules.slots[slot];
        if (rule != NULL && rule->port == port) {
            rule_go(rule);
            has_any = 1;
        }
    }
    if (has_any) {
        publish(filter);
    }
}

struct enumeration {
    struct flowfilter *filter;
    uint16_t port;
};

static void take_property(void *context, const struct xsw_property *property)
{
    struct enumeration *enumeration = context;
    struct flowfilter *filter = enumeration->filter;
    struct xsw_error error;
    struct rule *rule = NULL;
    if (property->own != FEATURE_RULE ||
        rule_register_find(&filter->rules, enumeration->port, property->id) != NULL) {
        return;
    }
    enum xsw_status status =
        rule_make(property->values, property->id, enumeration->port, &rule, &error);
    if (status == XSW_OK) {
        status = filter_add_rule(filter, rule, &error);
    }
    if (status != XSW_OK) {
        rule_destroy(rule);
        filter->host->log(filter->host, error.text);
    }
}

static void take_port(void *context, const struct xsw_port_info *port)
{
    struct enumeration enumeration = {context, port->id};
    const struct xsw_host *host = enumeration.filter->host;
    (void)!host->control->properties(host, port->id, take_property, &enumeration);
}

/* A switch that is not active yet will tell. */
void filter_take_existing(struct flowfilter *filter)
{
    const struct xsw_host *host = filter->host;
    if (XSW_HAS(host, struct xsw_host, control) && host->control != NULL) {
        (void)!host->control->ports(host, take_port, filter);
    }
}

void filter_told(void *state, const struct xsw_change *change)
{
    struct flowfilter *filter = state;
    if (change->operation == XSW_OP_PORT_DELETE) {
        remove_of_port(filter, change->port);
    } else if (change->operation == XSW_OP_PORT_PROPERTY_DELETE && is_rule(change)) {
        rule_go(rule_register_find(&filter->rules, change->port, change->property->id));
        publish(filter);
    } else if (change->operation == XSW_OP_SWITCH_ACTIVATE) {
        filter_take_existing(filter);
        publish(filter);
    }
}
