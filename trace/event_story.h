/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TRACE_EVENT_STORY_H
#define XSW_TRACE_EVENT_STORY_H

/*
 * An event of the switch as an event of a recording: the names of switch/events.def, the members as
 * fields, and a sentence for people.
 *
 * Threads: any.
 */

#include <stdint.h>

#include "formats/pcapng/pcapng_items.h"
#include "trace/event_ring.h"

enum { EVENT_STORY_FIELDS = 14, EVENT_STORY_SIZE = 480 };

/* The event and all texts that it points to; do not copy it. It borrows the record's. */
struct event_story {
    struct pcapng_event event;
    struct pcapng_event_field fields[EVENT_STORY_FIELDS];
    char message[EVENT_STORY_SIZE];
    char numbers[EVENT_STORY_FIELDS][24];
};

/* `wall_offset_ns` is wall_ns - mono_ns. Host and boot id are the caller's to set. An unknown kind
 * is "event_17". */
void event_story_tell(struct event_story *story, const struct event_record *record,
                      uint64_t wall_offset_ns);

#endif
