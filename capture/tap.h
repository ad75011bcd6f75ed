/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CAPTURE_TAP_H
#define XSW_CAPTURE_TAP_H

/*
 * The part of a capture session that runs on the workers: which packets are followed (tap.c), and
 * at a packet's end its journey into the worker's ring (tap_record.c). See switch/path/observe.h
 * for when it is called.
 *
 * Threads: `workers[n]` belongs to worker n while the tap is attached; begin, end and the accounts
 * are read by the control thread when it is not, or relaxed. `rules` is published by the control
 * thread, which frees the ones before when every worker has begun a batch since.
 */

#include <stdatomic.h>
#include <stdint.h>

#include "capture/budget.h"
#include "capture/flight/flight_ring.h"
#include "capture/privacy/privacy.h"
#include "capture/ring.h"
#include "capture/rules.h"
#include "formats/pcapng/stage_meta.h"
#include "switch/path/observe.h"

struct pipeline_names;

struct tap_gap {
    uint64_t journeys;
    uint64_t from_mono_ns, to_mono_ns;
};

struct tap_worker {
    struct ring_producer ring;
    struct flight_producer *flight; /* in the place of the ring; borrowed; null: it is the ring */
    struct tap_gap
        gaps[META_LOSS_COUNT]; /* lost since the last journey that was written, by cause */
    struct budget budget;
    uint32_t budget_begun; /* what was allowed when the levels began */
    uint64_t watch_cycles; /* of the switch, as of the batch before */
    uint8_t has_watch_cycles;
    _Atomic uint32_t shown_level, shown_share; /* of the budget, for others */
    uint32_t rules_begun;                      /* number of those that the budget is about */
    uint32_t rules_told; /* number of the rules of the last RING_EVENT_RULES */
    uint8_t level_told;  /* the level of the last RING_EVENT_BUDGET */
    uint64_t ports_told; /* generation up to which ports have been told, by RING_EVENT_PORT */
    /* Where the room ran out while ports up to that generation were told. */
    uint64_t ports_telling;
    uint16_t next_port;
    uint8_t hides_names; /* that tell addresses: a session with pseudonyms */
    /* Packets may be marked as sampled out, or over the budget. Once set it stays: an extension may
     * hold such a packet, or copies of it, for any time, and nobody counts these. Where to look is
     * beside packet->watch, which is read of each packet anyway. */
    uint8_t has_left_out;
    struct ring_account stages[STAGES_MAX]; /* by the stage at which journeys ended */
    struct worker_counters begin, end;
} __attribute__((aligned(64)));

struct tap {
    _Atomic(struct rules *) rules; /* released when set, acquired by workers */
    _Atomic uint64_t rate_bucket;  /* of all workers; see switch/policy/bandwidth_bucket.h */
    struct privacy *privacy;       /* null: all bytes may be seen */
    uint32_t worker_count;
    struct tap_worker *workers;
};

extern const struct observer_ops tap_observer_ops;

/* For tap.c: into the ring ----------------------------------------------------------------------
 */

/* What a batch needs to be written. */
struct tap_record {
    struct tap_worker *worker;
    struct privacy *privacy;
    uint32_t worker_index;
    const struct timeline *timeline;
    uint32_t snap_length;
    int has_timeline; /* the ring has it, and nothing else came behind it but its journeys */
};

/* enum meta_loss, or 0 when the journey is in the ring. */
uint16_t tap_record_journey(struct tap_record *record, const struct packet *packet);
/* Journeys that ended now and are lost; the next journey in the ring will tell. */
void tap_record_lose(struct tap_record *record, uint16_t cause, uint64_t journeys);
/* False: there is no room; it is to be tried again. */
int tap_record_event(struct tap_worker *worker, const struct ring_event *event);
/* The ports that came since the last one that was told; false: not all of them, for want of room.
 */
int tap_record_ports(struct tap_worker *worker, const struct pipeline_names *names,
                     uint64_t now_ns);
/* Tells what was lost, if there is room. */
int tap_record_gaps(struct tap_worker *worker);
/* What was written so far, and the account of journeys that end at `stage`, can be read. */
void tap_record_publish(struct tap_worker *worker);
void tap_record_account(struct tap_worker *worker, uint16_t stage);

#endif
