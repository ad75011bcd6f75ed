/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CAPTURE_RING_SET_H
#define XSW_CAPTURE_RING_SET_H

/*
 * The rings of a session on the recorder's side. Room in a ring is given back to the switch not
 * when a journey was taken out, but when it has been written or was counted as lost: what a
 * recorder that is killed had taken and not written is still in the ring, for who comes after it.
 *
 * Threads: one at a time.
 */

#include <stdbool.h>
#include <stdint.h>

#include <xsw/error.h>

#include "capture/ring.h"
#include "switch/config/config.h"

struct journey_file;

enum { RING_SET_MARKS = 64 }; /* more than pieces can be on their way */

struct ring_set {
    struct ring_consumer rings[CONFIG_WORKERS_MAX];
    uint32_t count;
    uint32_t unreadable;                        /* bit n: ring n made no sense */
    uint64_t journeys[CONFIG_WORKERS_MAX];      /* taken from each */
    uint64_t handed_on[CONFIG_WORKERS_MAX];     /* place in each, when a piece was last handed on */
    uint64_t settled, last_mark;                /* of the file, as last seen */
    struct ring_resume now[CONFIG_WORKERS_MAX]; /* the timeline that holds where each stands */
    uint32_t has_resumed;                       /* bit n: it was left by a recorder before us */
    struct ring_resume places[RING_SET_MARKS][CONFIG_WORKERS_MAX]; /* how far a mark reaches */
};

/* False: enough for now. It should say so when the file's mark has grown, so that places are known
 * exactly. */
typedef bool ring_set_take_fn(void *context, uint32_t worker, const struct ring_record *record);

/* The descriptor stays the caller's. */
enum xsw_status ring_set_add(struct ring_set *set, int fd, struct xsw_error *error) XSW_MUST_CHECK;
/* Up to `most` records of the ring of `worker`, each to `take`; before the first of a ring that
 * another recorder has begun to read the timeline that holds there. Returns how many. XSW_CORRUPT
 * in error->status: the ring makes no sense, and nothing more is taken from it. */
uint32_t ring_set_take(struct ring_set *set, uint32_t worker, uint32_t most, ring_set_take_fn *take,
                       void *context, struct xsw_error *error);
/* What was taken so far has been put to the file: remembers that, gives back the room of all that
 * is settled, and tells the file how much there is to come. */
void ring_set_release(struct ring_set *set, struct journey_file *file);
/* So much of a ring has been taken since a piece was handed on that it should be now. */
bool ring_set_is_due(const struct ring_set *set);
void ring_set_handed_on(struct ring_set *set); /* it was */
/* A ring is more than half full of what is on its way to the disk. */
bool ring_set_is_waiting(const struct ring_set *set);
void ring_set_fini(struct ring_set *set);

#endif
