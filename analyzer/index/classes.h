/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_CLASSES_H
#define XSW_ANALYZER_CLASSES_H

/*
 * Journeys that a metadata expression cannot tell apart, but by their ids, latency, length and
 * bytes: a recording has few such classes, and an index says where each occurs.
 *
 * Threads: one at a time.
 */

#include <stdbool.h>
#include <stdint.h>

#include "analyzer/books/table.h"
#include "analyzer/journey/journey_facts.h"

/* Of one journey that are told apart; those with more have no class. */
enum { CLASS_RULES_MAX = 6, CLASS_STAGES_MAX = 10 };

/* As in struct journey_facts. No padding: a key of tables. */
struct journey_class {
    uint32_t source_port, destination_port;
    uint32_t end_rule;
    uint32_t rules[CLASS_RULES_MAX];
    uint16_t stages[CLASS_STAGES_MAX];
    uint16_t reason, stage, vlan;
    uint8_t outcome, origin, flags;
    uint8_t rule_count, stage_count;
    uint8_t stage_deeds[CLASS_STAGES_MAX];
    uint8_t zero[3];
};

/* Between which numbers the others are. */
struct class_span {
    uint64_t packet_min, packet_max;
    uint64_t parent_min, parent_max;
    uint64_t latency_min_ns, latency_max_ns;
    uint32_t length_min, length_max;
};

/* Gathers the classes of records that come one journey after the other. */
struct class_gathering {
    struct table rows; /* struct journey_class -> u32, the caller's */
    struct journey_story story;
    struct journey_class last; /* most are of the class of the one before */
    uint64_t story_began_ns;
    struct class_span span; /* of all journeys; valid when there are rows */
    bool is_open;
    bool is_unsure; /* journeys lay across each other, or had no class */
};

void class_gathering_init(struct class_gathering *gathering, size_t limit);
void class_gathering_fini(struct class_gathering *gathering);
void class_gathering_clear(struct class_gathering *gathering);
void class_gathering_take(struct class_gathering *gathering, const struct dictionary *dictionary,
                          const struct record *record);
/* Whether all classes were gathered. */
bool class_gathering_is_whole(const struct class_gathering *gathering);

/* Journeys of the class, within the span. */
void journey_class_range(const struct journey_class *class, const struct class_span *span,
                         struct journey_range *range);

#endif
