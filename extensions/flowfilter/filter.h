/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_FLOWFILTER_FILTER_H
#define XSW_FLOWFILTER_FILTER_H

/*
 * The state of an instance, and its operations: on workers (decide.c) and at changes (change.c).
 *
 * Threads: filter_ingress and filter_egress on workers, all else on the control thread.
 */

#include <stdatomic.h>
#include <stdint.h>

#include <xsw/extension.h>
#include <xsw/flow_table.h>

#include "extensions/flowfilter/rules.h"

enum filter_reason { REASON_DENIED, REASON_DEFAULT, REASON_COUNT };
enum filter_feature { FEATURE_RULES, FEATURE_RULE, FEATURE_COUNT };

/* What a worker counts for a rule. */
struct rule_counts {
    _Atomic uint64_t packets, connections;
};

struct flowfilter {
    const struct xsw_host *host;
    _Atomic(const struct rule_table *) table; /* written by the control thread */
    struct xsw_flow_table *connections;
    struct rule_counts *counts; /* RULES_MAX of each worker */
    uint16_t default_action;
    uint8_t is_published; /* workers may have the table */
    void *connections_memory;
    struct rule *prepared; /* in the register; asked for, and not done yet */
    struct rule_register rules;
};

void filter_ingress(void *state, struct xsw_batch *batch, struct xsw_verdict *verdicts);
void filter_egress(void *state, const struct xsw_const_batch *batch, struct xsw_verdict *verdicts);

enum xsw_status filter_ask(void *state, const struct xsw_change *change, struct xsw_error *refusal);
void filter_done(void *state, const struct xsw_change *change, enum xsw_status outcome);
void filter_told(void *state, const struct xsw_change *change);

/* Takes the rule into the register; it begins to count from zero. */
enum xsw_status filter_add_rule(struct flowfilter *filter, struct rule *rule,
                                struct xsw_error *error) XSW_MUST_CHECK;
/* Takes the rules of ports that were configured before this instance was there. */
void filter_take_existing(struct flowfilter *filter);
/* Publishes a table of the register; then what has gone from it is freed. Without memory the old
 * table stays, in which the rules that went have no effect. */
enum xsw_status filter_publish(struct flowfilter *filter) XSW_MUST_CHECK;
/* What all workers counted for the slot. */
uint64_t filter_packets(const struct flowfilter *filter, uint32_t slot);
uint64_t filter_connections(const struct flowfilter *filter, uint32_t slot);

#endif
