/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_EVENTS_H
#define XSW_ANALYZER_EVENTS_H

/*
 * What happened beside the packets, as a recording tells it: ports that went down, rules that were
 * set, what the kernel dropped. Kept in the order of the file; what explains a loss is looked for
 * among those just before it.
 *
 * What the kernel dropped behind a port comes as events of one or more packets each, and is summed
 * up beside the list.
 *
 * Bounds: EVENTS_MAX events and EVENTS_KERNEL_MAX sums; what comes later is counted.
 * Threads: one.
 */

#include <stddef.h>
#include <stdint.h>

#include "analyzer/table.h"
#include "formats/pcapng_items.h"

enum {
    EVENTS_MAX = 4096,
    EVENTS_KERNEL_MAX = 1024,
    EVENT_NAME_SIZE = 48,
    EVENT_MESSAGE_SIZE = 200
};

struct event {
    uint64_t wall_ns;
    uint8_t priority;           /* enum pcapng_priority */
    char source[16];            /* "xsw", "kernel", … or "" */
    char name[EVENT_NAME_SIZE]; /* "port-down", or "" */
    char message[EVENT_MESSAGE_SIZE];
};

struct event_kernel_key {
    char port[64];
    char reason[48]; /* as the kernel names it */
};

struct event_kernel {
    uint64_t packets;
    uint64_t first_ns, last_ns;
};

struct events {
    struct event *list;
    size_t count;
    uint64_t beyond;
    struct table kernel; /* struct event_kernel_key -> struct event_kernel */
    uint64_t
        kernel_gaps; /* times that the kernel's own buffer lost events: there were more drops */
};

void events_init(struct events *events);
void events_fini(struct events *events);
void events_add(struct events *events, const struct pcapng_event *event);
/* The latest event of at least this priority (the smaller number) in the span that ends with
 * `until_ns`, or null. That captures come and go changes nothing for packets: these are left out.
 */
const struct event *events_find_before(const struct events *events, uint64_t until_ns,
                                       uint64_t span_ns, uint8_t priority);

#endif
