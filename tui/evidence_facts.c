/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/evidence_facts.h"

#include "analyzer/journey/journey_facts.h"

void evidence_facts_begin(struct evidence_journey *journey, const struct record *record)
{
    journey_facts_begin(&journey->facts, record);
    journey->has_first = record_is_first(record);
}

static void item_take(struct evidence_journey *journey, const struct meta_item *item)
{
    struct journey_facts *facts = &journey->facts;
    switch (item->type) {
    case META_TLV_CHANGE:
        facts->flags |= FACTS_CHANGED;
        facts_add_stage(facts, item->change.stage);
        break;
    case META_TLV_DECISION:
        facts_add_rule(facts, meta_rule_number(item->decision.stage, item->decision.rule));
        facts_add_stage(facts, item->decision.stage);
        break;
    case META_TLV_VLAN:
        facts->vlan = item->vlan;
        break;
    case META_TLV_HELD:
        facts->flags |= FACTS_HELD;
        journey->held_ns += item->held.held_ns;
        break;
    case META_TLV_STAGE_TIME:
        facts->latency_ns = item->since_rx_ns;
        break;
    case META_TLV_GAP:
        journey->has_gap = true;
        break;
    default:
        break;
    }
}

static void end_take(struct evidence_journey *journey, const struct record *record,
                     const struct dictionary *dictionary)
{
    struct journey_facts *facts = &journey->facts;
    const struct dictionary_stage *stage = dictionary_find_stage(dictionary, record->fixed.stage);
    uint64_t passed_ns = journey->last_ns - journey->first_ns;
    facts->outcome = record->fixed.kind == META_DROP ? FACTS_DROPPED
                     : record->fixed.kind == META_CONSUMED || record->fixed.kind == META_PUNT
                         ? FACTS_REPLACED
                         : FACTS_DELIVERED;
    facts->reason = record->fixed.reason;
    facts->stage = record->fixed.stage;
    facts_add_stage(facts, record->fixed.stage);
    /* The time since it came in has 32 bits; one that was held may have taken longer. */
    facts->latency_ns = passed_ns > facts->latency_ns ? passed_ns : facts->latency_ns;
    facts->latency_ns = journey->held_ns > facts->latency_ns ? journey->held_ns : facts->latency_ns;
    if (facts->outcome == FACTS_DELIVERED || (stage != NULL && stage->egress)) {
        facts->destination_port = journey_facts_port(record->port);
    }
    journey->rule = meta_rule_number(record->fixed.stage, record->fixed.rule);
    journey->has_end = true;
}

void evidence_facts_add(struct evidence_journey *journey, const struct record *record,
                        const struct dictionary *dictionary)
{
    struct journey_facts *facts = &journey->facts;
    struct meta_reader items = record->items;
    struct meta_item item;
    uint8_t flags = record->fixed.flags;
    bool is_change = record->fixed.kind == META_CHANGED || (flags & META_CHANGES_INCOMPLETE) != 0;
    facts->flags |= is_change ? FACTS_CHANGED : 0;
    facts->flags |= (flags & META_UNDECLARED) != 0 ? FACTS_UNDECLARED : 0;
    facts_add_rule(facts, meta_rule_number(record->fixed.stage, record->fixed.rule));
    if (record->fixed.kind == META_CHANGED || record->fixed.rule != 0) {
        facts_add_stage(facts, record->fixed.stage);
    }
    while (record_next_item(&items, &item)) {
        item_take(journey, &item);
    }
    if (record->time_ns > journey->last_ns) {
        journey->last_ns = record->time_ns;
    }
    if (record_is_last(record)) {
        end_take(journey, record, dictionary);
    }
}
