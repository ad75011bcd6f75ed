/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TUI_EVIDENCE_H
#define XSW_TUI_EVIDENCE_H

/*
 * The journeys beneath the numbers: the newest ones that were captured, or those of a recording
 * around the cursor, with all of their records. Rates never come from here, since it may be a
 * sample; what is here can be opened, filtered, compared.
 *
 * Memory is fixed: `journeys` entries of half a KiB, and `bytes` for their records. The oldest
 * journey goes when either is used up, and is counted.
 *
 * Threads: one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xsw/error.h>

#include "analyzer/journey/journey_facts.h"

struct evidence_journey {
    uint64_t id;
    uint64_t session;           /* ids are unique in it */
    uint64_t first_ns, last_ns; /* wall time */
    struct journey_story story;
    uint32_t record_count;
    bool has_first, has_end, has_gap; /* gap: journeys before it were lost */
    /* private */
    uint64_t first_record, last_record; /* positions in the arena */
    uint64_t next_in_bucket;            /* number + 1 */
};

struct evidence {
    struct evidence_journey *journeys; /* a ring: number n lies at n % journey_max */
    size_t journey_max;
    uint64_t journey_first, journey_next; /* numbers of the oldest and behind the newest */
    uint8_t *arena;
    uint64_t arena_size, arena_head;
    uint64_t *buckets; /* number + 1 of the newest of each; 0: none */
    size_t bucket_count;
    uint64_t taken;   /* journeys that were ever put in */
    uint64_t evicted; /* of them, no longer there */
    uint64_t too_big; /* records that did not fit at all */
    uint64_t version; /* grows with every change */
};

enum { EVIDENCE_CAPTURED_MAX = 2048 }; /* bytes kept of a frame; further ones are not stored */

enum xsw_status evidence_create(size_t journeys, uint64_t bytes, struct evidence **evidence,
                                struct xsw_error *error) XSW_MUST_CHECK;
void evidence_destroy(struct evidence *evidence); /* accepts null */
void evidence_clear(struct evidence *evidence);

/* A record of the capture session `session`. Records of a journey come in their order, but others
 * may stand between them. A journey that is there as a whole already is not taken again. */
void evidence_add(struct evidence *evidence, uint64_t session, const struct record *record,
                  const struct dictionary *dictionary);

size_t evidence_count(const struct evidence *evidence);
/* By its number, for life: null when it has gone. */
const struct evidence_journey *evidence_number(const struct evidence *evidence, uint64_t number);
/* Number `back` before the newest. */
const struct evidence_journey *evidence_at(const struct evidence *evidence, size_t back);
const struct evidence_journey *evidence_find(const struct evidence *evidence, uint64_t session,
                                             uint64_t id);

/* The records of a journey, in order: `position` begins with first_record, and is set to the next
 * one; UINT64_MAX behind the last. False when the record is no longer there. The record points into
 * the evidence and is good until the next evidence_add(). */
bool evidence_record(const struct evidence *evidence, uint64_t *position, struct record *record);

#endif
