/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_BANDWIDTH_STATE_H
#define XSW_SWITCH_BANDWIDTH_STATE_H

/* What lies behind switch/policy/bandwidth.h: private to its sources. */

#include <stdatomic.h>
#include <stdint.h>

#include "switch/path/held.h"
#include "switch/policy/bandwidth.h"

enum { WAITING_NONE = UINT32_MAX };

/* A packet in a queue; places in bandwidth_worker.places. */
struct waiting {
    struct packet *packet;
    uint32_t next;
};

struct waiting_queue {
    uint32_t first, last; /* last is meaningful when there is a first */
};

/* The queues of a port on one worker. */
struct bandwidth_queues {
    struct waiting_queue limit;                  /* what it sends */
    struct waiting_queue sources[XSW_PORTS_MAX]; /* what it is sent, by who sends */
    struct xsw_port_set waiting;                 /* of sources */
} __attribute__((aligned(64)));

/* What a destination knows of a port that sends to it; shared by the workers. */
struct bandwidth_source {
    _Atomic uint64_t virtual_time;
    _Atomic uint64_t reservation; /* bucket */
    _Atomic uint64_t bytes;       /* that wait */
};

struct bandwidth_numbers {
    _Atomic uint64_t packets, bytes; /* that wait */
    _Atomic uint64_t dropped;        /* ever, of the id */
    uint64_t dropped_before;         /* by ports that had the id before; control thread */
};

struct bandwidth_state {
    _Atomic uint64_t limit_bucket, capacity_bucket;
    _Atomic uint64_t virtual_time; /* of the packet that was served last */
    struct bandwidth_numbers limit, capacity;
    struct bandwidth_source sources[XSW_PORTS_MAX];
    struct bandwidth_queues queues[]; /* by worker */
};

/* What one worker has in all its queues. */
struct bandwidth_worker {
    struct xsw_port_set limited;      /* ports with a limit queue that is not empty */
    struct xsw_port_set destinations; /* ports that something waits for */
    uint32_t free;                    /* first free place */
    uint32_t count;                   /* packets that wait */
    struct waiting places[HELD_MAX];
};

struct bandwidth {
    uint32_t worker_count;
    struct bandwidth_state *states[XSW_PORTS_MAX]; /* null: never needed */
    struct bandwidth_worker *workers[CONFIG_WORKERS_MAX];
};

#endif
