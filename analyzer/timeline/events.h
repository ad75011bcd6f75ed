/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_EVENTS_H
#define XSW_ANALYZER_EVENTS_H

/*
 * What happened beside the packets, as recordings and traces tell it: ports that went down, rules
 * that were set, what the kernel dropped. Kept in the order in which they come; what explains a
 * loss is looked for among those just before it.
 *
 * What happens again and again at one place is one entry with a number, as long as there is no
 * pause of a second. Drops, of the kernel behind a port and of switches of which a trace tells,
 * come as events of one or more packets each, and are summed up beside the list, for each source:
 * what two sources tell of the same time are the same drops (events_sum_whole).
 *
 * Bounds: EVENTS_MAX events, EVENTS_SUMS_MAX sums and LOSSES_MAX losses; what comes later is
 * counted. All plain values but the list and the tables. Threads: one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/books/table.h"
#include "analyzer/timeline/losses.h"
#include "analyzer/timeline/sources.h"
#include "formats/pcapng/pcapng_items.h"

enum {
    EVENTS_MAX = 4096,
    EVENTS_SUMS_MAX = 1024,
    EVENT_NAME_SIZE = 48,
    EVENT_PLACE_SIZE = 64, /* of a switch, port or stage */
    EVENT_MESSAGE_SIZE = 200,
    EVENTS_OF_SESSIONS = SOURCES_MAX /* behind the numbers of sources: those of capture sessions */
};

struct event {
    uint64_t wall_ns;
    uint64_t mono_ns;           /* 0: not known */
    uint64_t count;             /* how often it happened at once */
    uint64_t last_ns;           /* the last of these, by the wall clock */
    uint64_t alike;             /* event_alike_hash */
    uint64_t of;                /* event_switch_hash */
    int16_t machine;            /* of struct sources; -1: not known */
    uint16_t from;              /* who tells it: see events_add_from */
    uint8_t priority;           /* enum pcapng_priority */
    bool is_drop;               /* what it tells is in the sums */
    char source[16];            /* "xsw", "kernel", … or "" */
    char name[EVENT_NAME_SIZE]; /* "port-down", or "" */
    char message[EVENT_MESSAGE_SIZE];
};

/* Drops that are alike, of one source. Zeroed before it is filled: all bytes are compared. */
struct event_sum_key {
    char kind[EVENT_NAME_SIZE]; /* "kernel_drop", "packet_dropped", … */
    char switch_name[EVENT_PLACE_SIZE];
    char port[EVENT_PLACE_SIZE];
    char device[EVENT_PLACE_SIZE]; /* of a drop of the kernel behind an unknown port */
    char stage[EVENT_PLACE_SIZE];
    char reason[EVENT_NAME_SIZE]; /* as the kernel or the switch names it; of XDP, the action */
    char why[EVENT_NAME_SIZE];    /* of XDP the error; of the switch the rule */
    int16_t machine;
    uint16_t from; /* who tells it */
    uint32_t reserved;
};

struct event_sum {
    uint64_t packets;
    uint64_t first_ns, last_ns; /* by the wall clock */
    uint64_t first_mono_ns, last_mono_ns;
    uint64_t packet_id; /* one of them; 0: not known */
};

struct events {
    struct event *list;
    size_t count;
    uint64_t beyond;
    struct table recent; /* u64 hash of what and where -> u32 place in the list + 1 */
    struct table sums;   /* struct event_sum_key -> struct event_sum */
    struct losses losses;
};

void events_init(struct events *events);
void events_fini(struct events *events);
/* `from` is who tells it: the number of a source, or EVENTS_OF_SESSIONS and the number of a capture
 * session, whose files are one. `machine` may be -1. */
void events_add_from(struct events *events, const struct pcapng_event *event, uint16_t from,
                     int machine);
/* Behind the last event: what traces tell gets the times of the recordings of its machine, and what
 * two sources tell is kept once. */
void events_place(struct events *events, const struct sources *sources);
/* The latest event of at least this priority (the smaller number) in the span that ends with
 * `until_ns`, or null. One of this machine goes before those of others; -1 is any. That captures
 * come and go changes nothing for packets, and drops are no causes: these are left out. */
const struct event *events_find_before(const struct events *events, int machine, uint64_t until_ns,
                                       uint64_t span_ns, uint8_t priority);
/* Drops as all sources together tell of them: what several tell of the same time is counted once.
 * False: the sum at this place belongs to one that stands before it. */
bool events_sum_whole(const struct events *events, size_t place, struct event_sum *whole);

/* Whether it happens for each of many packets, or so often that it is told as an episode. */
bool event_is_frequent(const char *name);
/* The same for all events that are told as one when they come again and again, whoever tells them;
 * but for their switch, of which not all tell. Nor does LTTng tell of the worker. */
uint64_t event_alike_hash(const struct pcapng_event *event);
/* 0: it is not told. */
uint64_t event_switch_hash(const struct pcapng_event *event);
/* Whether it tells of a change of what is configured, or of a port or extension that came or went.
 */
bool event_is_change(const char *name);
/* Whether packets that nothing happened to make it, or clocks. */
bool event_is_dull(const char *name);
/* What a drop is of, so that all sources call it the same; false: the event is no drop. */
bool event_sum_key_make(struct event_sum_key *key, const struct pcapng_event *event);

#endif
