/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/journey_facts.h"

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
        facts_add_stage(facts, record->fixed.stage);
    }
    if (facts->origin == FACTS_FLOOD || facts->origin == FACTS_MIRROR) {
        facts->destination_port = journey_facts_port(record->port);
    }
    while (record_next_item(&items, &item)) {
        if (item.type == META_TLV_SOURCE) {
            facts->source_port = item.port;
        }
    }
}
