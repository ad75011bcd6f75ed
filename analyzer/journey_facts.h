/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_JOURNEY_FACTS_H
#define XSW_ANALYZER_JOURNEY_FACTS_H

/*
 * What the records of a journey say to a metadata expression (formats/journey_filter.h): the same
 * for a selection of files and for the viewer. capture/facts.c is the same for a packet on the
 * switch.
 *
 * Threads: any.
 */

#include "analyzer/record.h"
#include "formats/journey_filter.h"

/* A port as it stands in the facts: the inverse of selection_label(). */
uint32_t journey_facts_port(struct dictionary_label label);
/* What the first record of a journey tells: origin, parent, length, and the ports that are known
 * then. */
void journey_facts_begin(struct journey_facts *facts, const struct record *record);

#endif
