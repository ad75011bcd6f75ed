/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_JOURNEY_FACTS_H
#define XSW_ANALYZER_JOURNEY_FACTS_H

/*
 * What the records of a journey say to a metadata expression (formats/filter/journey_filter.h): the
 * same for a selection of files and for the viewer. capture/facts.c is the same for a packet on the
 * switch.
 *
 * Threads: any.
 */

#include "analyzer/journey/record.h"
#include "formats/filter/journey_filter.h"

/* A port as it stands in the facts: the inverse of selection_label(). */
uint32_t journey_facts_port(struct dictionary_label label);
/* What the first record of a journey tells: origin, parent, length, and the ports that are known
 * then. */
void journey_facts_begin(struct journey_facts *facts, const struct record *record);

/* A journey as its records tell it, one by one: opened, then journey_facts_begin() with the first,
 * journey_story_take() with each, and journey_story_end() with the last. */
struct journey_story {
    struct journey_facts facts;
    uint64_t held_ns;
    uint32_t rule; /* of the last record */
};

void journey_story_open(struct journey_story *story, uint64_t packet_id);
void journey_story_take(struct journey_story *story, const struct record *record);
/* `passed_ns`: from its first record to this one. */
void journey_story_end(struct journey_story *story, const struct dictionary *dictionary,
                       const struct record *record, uint64_t passed_ns);

#endif
