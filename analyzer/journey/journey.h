/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_JOURNEY_H
#define XSW_ANALYZER_JOURNEY_H

/*
 * Joins records to journeys by packet id, as they stream by. What is kept of a journey between its
 * first and its last record is 80 bytes; packets are not kept. Memory is bounded: at most
 * `capacity` journeys are open at once, JOURNEYS_OPEN_DEFAULT of them take 6 MiB. When one more
 * begins, the one that began first is given up and handed to the caller, who counts it.
 *
 * Threads: one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xsw/error.h>

#include "analyzer/journey/record.h"

enum { JOURNEYS_OPEN_DEFAULT = 65536 };

struct journey {
    uint64_t packet_id;
    uint64_t parent_id; /* 0: none */
    uint64_t first_ns;
    uint64_t last_ns;
    uint32_t session; /* the caller's number of the capture session: ids are unique in it */
    uint32_t record_count;
    bool has_first;
    bool is_changed;
    uint32_t slot; /* of those that the joiner has, below its capacity: its own while it is open */
    bool is_unwanted; /* the caller's, not kept: left out of reports */
    /* the caller's marks */
    bool is_repeat; /* another session has recorded it too */
    bool is_extra;  /* its id was used before: it is counted as that and as nothing else */
    /* private */
    bool is_open;
    uint32_t chain;        /* next in the same bucket, + 1 */
    uint32_t older, newer; /* in the order of their begin, + 1 */
};

/* What a record meant for its journey; a set of these. */
enum journey_event {
    JOURNEY_STARTED = 1,   /* its META_FIRST */
    JOURNEY_ENDED = 2,     /* its META_LAST */
    JOURNEY_HEADLESS = 4,  /* the first record that was seen of it, and no META_FIRST */
    JOURNEY_RESTARTED = 8, /* META_FIRST of a journey that is open: an id used twice */
    JOURNEY_EVICTED = 16   /* another one had to go: `evicted` was filled */
};

struct journey_joiner;

enum xsw_status journey_joiner_create(uint32_t capacity, struct journey_joiner **joiner,
                                      struct xsw_error *error) XSW_MUST_CHECK;
void journey_joiner_destroy(struct journey_joiner *joiner); /* accepts null */

/* Takes the record into the journey of (session, packet id). `journey` is a copy of its state
 * after the record, or the last state when it has ended. Returns JOURNEY_* events. */
unsigned journey_join(struct journey_joiner *joiner, uint32_t session, const struct record *record,
                      struct journey *journey, struct journey *evicted);

/* Takes the caller's marks of `journey` over into the open journey; does nothing when it has ended.
 */
void journey_mark(struct journey_joiner *joiner, const struct journey *journey);

/* How many are open, and whether a record may belong to one of them by its id alone: when one was
 * begun by another record than its first. */
uint32_t journey_joiner_open_count(const struct journey_joiner *joiner);
bool journey_joiner_has_headless(const struct journey_joiner *joiner);
/* Opens a journey again that journey_joiner_each() told, in the order of their begin. Returns its
 * slot; UINT32_MAX when there is no room. */
uint32_t journey_joiner_restore(struct journey_joiner *joiner, const struct journey *journey);
/* The open ones, in the order of their begin. */
typedef void journey_visit(const struct journey *journey, void *context);
void journey_joiner_each(const struct journey_joiner *joiner, journey_visit *visit, void *context);

/* Gives up the journey that began first: those that no record has ended. False when there are none.
 */
bool journey_joiner_drain(struct journey_joiner *joiner, struct journey *journey);

#endif
