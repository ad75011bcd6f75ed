/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_EVENTS_SUM_H
#define XSW_ANALYZER_EVENTS_SUM_H

/* The sums of drops that events tell of; part of events.c. Threads: one. */

#include "analyzer/timeline/events.h"

/* False: the event is no drop. */
bool events_sum_take(struct events *events, const struct pcapng_event *event, uint16_t source,
                     int machine);
void events_sums_place(struct events *events, const struct sources *sources);

#endif
