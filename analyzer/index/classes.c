/* SPDX-License-Identifier: Apache-2.0 */
/* See classes.h. */
#include "analyzer/index/classes.h"

#include <string.h>

_Static_assert(sizeof(struct journey_class) == 80, "the key of a class has no padding");

void class_gathering_init(struct class_gathering *gathering, size_t limit)
{
    *gathering = (struct class_gathering){0};
    table_init(&gathering->rows, sizeof(struct journey_class), sizeof(uint32_t), limit);
}

void class_gathering_fini(struct class_gathering *gathering)
{
    table_fini(&gathering->rows);
}

void class_gathering_clear(struct class_gathering *gathering)
{
    table_clear(&gathering->rows);
    gathering->is_open = gathering->is_unsure = false;
}

static void class_make(struct journey_class *class, const struct journey_facts *facts)
{
    *class = (struct journey_class){.source_port = facts->source_port,
                                    .destination_port = facts->destination_port,
                                    .end_rule = facts->end_rule,
                                    .reason = facts->reason,
                                    .stage = facts->stage,
                                    .vlan = facts->vlan,
                                    .outcome = facts->outcome,
                                    .origin = facts->origin,
                                    .flags = facts->flags,
                                    .rule_count = (uint8_t)facts->rule_count,
                                    .stage_count = (uint8_t)facts->stage_count};
    memcpy(class->rules, facts->rules, facts->rule_count * sizeof(class->rules[0]));
    memcpy(class->stages, facts->stages, facts->stage_count * sizeof(class->stages[0]));
    memcpy(class->stage_deeds, facts->stage_deeds, facts->stage_count);
}

void journey_class_range(const struct journey_class *class, const struct class_span *span,
                         struct journey_range *range)
{
    struct journey_facts *low = &range->low;
    *low = (struct journey_facts){.packet_id = span->packet_min,
                                  .parent_id = span->parent_min,
                                  .latency_ns = span->latency_min_ns,
                                  .length = span->length_min,
                                  .source_port = class->source_port,
                                  .destination_port = class->destination_port,
                                  .end_rule = class->end_rule,
                                  .reason = class->reason,
                                  .stage = class->stage,
                                  .vlan = class->vlan,
                                  .outcome = class->outcome,
                                  .origin = class->origin,
                                  .flags = class->flags,
                                  .rule_count = class->rule_count,
                                  .stage_count = class->stage_count};
    memcpy(low->rules, class->rules, sizeof(class->rules));
    memcpy(low->stages, class->stages, sizeof(class->stages));
    memcpy(low->stage_deeds, class->stage_deeds, sizeof(class->stage_deeds));
    range->high = *low;
    range->high.packet_id = span->packet_max;
    range->high.parent_id = span->parent_max;
    range->high.latency_ns = span->latency_max_ns;
    range->high.length = span->length_max;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static void span_add(struct class_gathering *gathering)
{
    const struct journey_facts *facts = &gathering->story.facts;
    struct class_span *span = &gathering->span;
    if (gathering->rows.count == 0) {
        *span = (struct class_span){facts->packet_id, facts->packet_id,  facts->parent_id,
                                    facts->parent_id, facts->latency_ns, facts->latency_ns,
                                    facts->length,    facts->length};
        return;
    }
    span->packet_min = smaller(span->packet_min, facts->packet_id);
    span->packet_max = larger(span->packet_max, facts->packet_id);
    span->parent_min = smaller(span->parent_min, facts->parent_id);
    span->parent_max = larger(span->parent_max, facts->parent_id);
    span->latency_min_ns = smaller(span->latency_min_ns, facts->latency_ns);
    span->latency_max_ns = larger(span->latency_max_ns, facts->latency_ns);
    span->length_min = (uint32_t)smaller(span->length_min, facts->length);
    span->length_max = (uint32_t)larger(span->length_max, facts->length);
}

static void class_add(struct class_gathering *gathering)
{
    struct journey_class class;
    const struct journey_facts *facts = &gathering->story.facts;
    if (facts->rule_count > CLASS_RULES_MAX || facts->stage_count > CLASS_STAGES_MAX) {
        gathering->is_unsure = true;
        return;
    }
    class_make(&class, facts);
    span_add(gathering);
    if (gathering->rows.count != 0 && memcmp(&class, &gathering->last, sizeof(class)) == 0) {
        return;
    }
    gathering->is_unsure |= table_add(&gathering->rows, &class) == NULL;
    gathering->last = class;
}

void class_gathering_take(struct class_gathering *gathering, const struct dictionary *dictionary,
                          const struct record *record)
{
    struct journey_story *story = &gathering->story;
    if (record_is_first(record)) {
        gathering->is_unsure |= gathering->is_open;
        gathering->is_open = true;
        journey_story_open(story, record->packet_id);
        journey_facts_begin(&story->facts, record);
        gathering->story_began_ns = record->time_ns;
    }
    if (!gathering->is_open || story->facts.packet_id != record->packet_id) {
        gathering->is_unsure = true;
        return;
    }
    journey_story_take(story, record);
    if (record_is_last(record)) {
        uint64_t began_ns = gathering->story_began_ns;
        journey_story_end(story, dictionary, record,
                          record->time_ns > began_ns ? record->time_ns - began_ns : 0);
        class_add(gathering);
        gathering->is_open = false;
    }
}

bool class_gathering_is_whole(const struct class_gathering *gathering)
{
    return !gathering->is_open && !gathering->is_unsure;
}
