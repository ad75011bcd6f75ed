/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CAPTURE_TAP_H
#define XSW_CAPTURE_TAP_H

/*
 * The part of a capture session that runs on the workers: the filter at rx, and at a packet's end
 * its journey into the worker's ring. See switch/observe.h for when it is called.
 *
 * Threads: `workers[n]` belongs to worker n while the tap is attached; begin, end and the accounts
 * are read by the control thread when it is not, or relaxed.
 */

#include <pcap/pcap.h>
#include <stdint.h>

#include "capture/ring.h"
#include "capture/session.h"
#include "capture/where.h"
#include "formats/stage_meta.h"
#include "switch/observe.h"

struct tap_gap {
    uint64_t journeys;
    uint64_t from_mono_ns, to_mono_ns;
};

struct tap_worker {
    struct ring_producer ring;
    struct tap_gap
        gaps[META_LOSS_COUNT]; /* lost since the last journey that was written, by cause */
    counter offered, filtered, written, lost_ring_full, lost_too_big;
    counter unwanted; /* of `filtered` */
    struct worker_counters begin, end;
} __attribute__((aligned(64)));

struct tap {
    struct bpf_program program; /* without instructions: everything matches */
    struct where *where;        /* null: every journey is wanted */
    uint32_t snap_length;
    uint32_t worker_count;
    struct tap_worker *workers;
};

extern const struct observer_ops tap_observer_ops;

struct capture_account tap_account(const struct tap *tap, uint32_t worker);

#endif
