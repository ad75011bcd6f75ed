/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/journey/journey_facts.h"

uint32_t journey_facts_port(struct dictionary_label label)
{
    return label.id | (uint32_t)label.name << 16;
}

static uint8_t origin_of(const struct record *record)
{
    if (record->fixed.kind == META_INJECTED) {
        return FACTS_INJECTED;
    }
    if (record->fixed.kind != META_CLONE && record->fixed.parent_id == 0) {
        return FACTS_RECEIVED;
    }
    return (record->fixed.flags & META_FLOOD) != 0    ? FACTS_FLOOD
           : (record->fixed.flags & META_MIRROR) != 0 ? FACTS_MIRROR
                                                      : FACTS_CLONE;
}

void journey_facts_begin(struct journey_facts *facts, const struct record *record)
{
    struct meta_reader items = record->items;
    struct meta_item item;
    facts->parent_id = record->fixed.parent_id;
    facts->length = record->original_length;
    facts->origin = origin_of(record);
    if (facts->origin == FACTS_RECEIVED) {
        facts->source_port = journey_facts_port(record->port);
    } else {
        facts_add_stage(facts, record->fixed.stage, FACTS_DID_MAKE);
    }
    if (facts->origin == FACTS_FLOOD || facts->origin == FACTS_MIRROR) {
        facts->destination_port = journey_facts_port(record->port);
    }
    while (record_next_item(&items, &item)) {
        if (item.type == META_TLV_SOURCE) {
            facts->source_port = journey_facts_port(record->source);
        }
    }
}

void journey_story_open(struct journey_story *story, uint64_t packet_id)
{
    *story = (struct journey_story){.facts = {.packet_id = packet_id,
                                              .source_port = FACTS_PORT_UNKNOWN,
                                              .destination_port = FACTS_PORT_UNKNOWN}};
}

void journey_story_take(struct journey_story *story, const struct record *record)
{
    struct journey_facts *facts = &story->facts;
    struct meta_reader items = record->items;
    struct meta_item item;
    uint8_t flags = record->fixed.flags;
    bool is_change = record->fixed.kind == META_CHANGED || (flags & META_CHANGES_INCOMPLETE) != 0;
    facts->flags |= is_change ? FACTS_CHANGED : 0;
    facts->flags |= (flags & META_UNDECLARED) != 0 ? FACTS_UNDECLARED : 0;
    story->rule = meta_rule_number(record->fixed.stage, record->fixed.rule);
    facts_add_rule(facts, story->rule);
    if (record->fixed.kind == META_CHANGED || record->fixed.rule != 0) {
        facts_add_stage(facts, record->fixed.stage,
                        record->fixed.kind == META_CHANGED ? FACTS_DID_CHANGE : 0);
    }
    while (record_next_item(&items, &item)) {
        if (item.type == META_TLV_CHANGE) {
            facts->flags |= FACTS_CHANGED;
            facts_add_stage(facts, item.change.stage, FACTS_DID_CHANGE);
        } else if (item.type == META_TLV_DECISION) {
            facts_add_rule(facts, meta_rule_number(item.decision.stage, item.decision.rule));
            facts_add_stage(facts, item.decision.stage, 0);
        } else if (item.type == META_TLV_VLAN) {
            facts->vlan = item.vlan;
        } else if (item.type == META_TLV_HELD) {
            facts->flags |= FACTS_HELD;
            facts_add_stage(facts, item.held.stage, FACTS_DID_HOLD);
            story->held_ns += item.held.held_ns;
        } else if (item.type == META_TLV_STAGE_TIME) {
            facts->latency_ns = item.since_rx_ns;
        }
    }
}

void journey_story_end(struct journey_story *story, const struct dictionary *dictionary,
                       const struct record *record, uint64_t passed_ns)
{
    struct journey_facts *facts = &story->facts;
    const struct dictionary_stage *stage = dictionary_find_stage(dictionary, record->fixed.stage);
    facts->outcome = record->fixed.kind == META_DROP ? FACTS_DROPPED
                     : record->fixed.kind == META_CONSUMED || record->fixed.kind == META_PUNT
                         ? FACTS_REPLACED
                         : FACTS_DELIVERED;
    facts->reason = record->fixed.reason;
    facts->end_rule = meta_rule_number(record->fixed.stage, record->fixed.rule);
    facts->stage = record->fixed.stage;
    facts_add_stage(facts, record->fixed.stage, 0);
    /* The time since it came in has 32 bits; one that was held may have taken longer. */
    if (passed_ns > facts->latency_ns) {
        facts->latency_ns = passed_ns;
    }
    if (story->held_ns > facts->latency_ns) {
        facts->latency_ns = story->held_ns;
    }
    if (facts->outcome == FACTS_DELIVERED || (stage != NULL && stage->egress)) {
        facts->destination_port = journey_facts_port(record->port);
    }
}
