/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_WORKER_H
#define XSW_SWITCH_WORKER_H

/*
 * A worker: one thread that receives from its queues, runs each batch to completion and sleeps in
 * the kernel when there is nothing to do. Everything in here has one writer, the worker itself,
 * except the few members marked otherwise.
 */

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "packet/packet.h"
#include "switch/extension/extension_call.h"
#include "switch/path/counters.h"
#include "switch/path/later.h"
#include "switch/path/pipeline.h"

enum {
    WORKER_BURST = 64,           /* packets taken from one queue in a turn */
    WORKER_SMALL_BUFFERS = 8192, /* default of a worker */
    WORKER_LARGE_BUFFERS = 256,
    WORKER_IDLE_TURNS = 4 /* turns without a packet before it goes to sleep */
};

struct worker {
    uint32_t index;
    int wake_fd; /* an eventfd: written by control to end a sleep */
    int epoll_fd;
    pthread_t thread;
    _Atomic int must_stop;                       /* written by control */
    _Atomic(const struct pipeline *) *published; /* the switch's current snapshot */
    _Atomic(const struct pipeline *) adopted;    /* what this worker uses; read by control */
    _Atomic uint32_t quiet_asked;                /* written by control: see worker_quiet_ask */
    _Atomic uint32_t quiet_passed;               /* the last one that was seen between batches */
    /* Ports of the packets that it held when it took up its snapshot, a bit each; read by control.
     * Of a port that the snapshot does not have, no others come. */
    _Atomic uint64_t held_ports[XSW_PORTS_MAX / 64];
    const struct pipeline *pipeline; /* the same, for itself */
    struct packet_pool *pool;
    struct worker_counters *counters;
    struct watcher *watcher;
    uint64_t next_id; /* of this worker alone: workers count in steps of how many they are */
    uint32_t id_step;
    uint64_t now_ns; /* the switch's clock in this batch */
    uint32_t now_seconds;
    uint64_t watch_cycles; /* spent on keeping and comparing bytes for observers */
    uint32_t turns_idle;
    uint32_t stage_place;             /* of the stage that is running */
    uint8_t is_observed;              /* the snapshot has observers that follow packets */
    uint8_t is_shown;                 /* it has observers, if only of drops */
    uint32_t mac_limit_told;          /* the second in which the event was last told */
    uint64_t (*clock)(void *context); /* the switch's clock; injected by tests */
    void *clock_context;
    uint64_t batches;
    uint16_t queue_ports[XSW_PORTS_MAX]; /* ports that this worker receives from */
    uint32_t queue_count;
    uint32_t next_queue; /* where the next turn begins */
    struct batch batch;
    struct batch dropped;       /* of the running stage */
    struct batch flood_copies;  /* made by forwarding, not yet run */
    struct batch mirror_copies; /* made by mirroring, not yet run */
    struct held_pool *held;
    struct later_queue *later; /* what enters the pipeline when the batch has ended */
    struct batch later_batch;
    uint32_t depth; /* of the running batch: packets that extensions make get one more */
    struct extension_call call;               /* the operation of an extension that is running */
    uint64_t tick_due[CONFIG_EXTENSIONS_MAX]; /* by place in pipeline->tickers */
    uint64_t bandwidth_due;
    /* For calls of extensions: one set before forwarding and one behind it, as a forwarder's copies
     * may run through the egress stages while its own verdicts are still being read. */
    struct xsw_verdict verdicts[2][XSW_BATCH_MAX];
    struct xsw_packet *seen[2][XSW_BATCH_MAX];
    struct xsw_port_set destinations[XSW_BATCH_MAX];
    uint16_t touched[XSW_PORTS_MAX]; /* ports that the running batch is sent to */
    struct batch *queues;            /* XSW_PORTS_MAX of them, by destination port */
};

/* Worker `index` of `count`. */
enum xsw_status worker_create(uint32_t index, uint32_t count, uint32_t small_buffers,
                              _Atomic(const struct pipeline *) *published, struct worker **worker,
                              struct xsw_error *error) XSW_MUST_CHECK;
void worker_destroy(struct worker *worker); /* accepts null; the thread must have ended */
enum xsw_status worker_start(struct worker *worker, struct xsw_error *error) XSW_MUST_CHECK;
void worker_stop(struct worker *worker); /* ends the thread and waits for it */
void worker_wake(struct worker *worker);

/* One turn on the calling thread: takes up a new snapshot, receives, runs. Returns how many packets
 * came in. For the thread's loop, and for tests and benchmarks without a thread. */
uint32_t worker_turn(struct worker *worker);
/* What is due between batches: ticks, bandwidth queues, packets that extensions made or released.
 * Returns how many packets came of it. */
uint32_t worker_chores(struct worker *worker);
/* When worker_chores wants to be called next, on the switch's clock; UINT64_MAX: not by time. */
uint64_t worker_chores_due(const struct worker *worker);
/* Takes up the published snapshot if it is a new one. */
void worker_adopt(struct worker *worker);

/* For the control thread: asks the worker to tell when it has ended the batch that it is in, and
 * wakes it for that. What was stored before is seen by all of its later batches. */
void worker_quiet_ask(struct worker *worker);
int worker_quiet_is_passed(const struct worker *worker);

/* For the stages ---------------------------------------------------------------------------- */

/* Marks the packet as dropped by the running stage; the stage leaves it out of its batch. */
static inline void worker_drop(struct worker *worker, struct packet *packet, uint16_t reason,
                               uint32_t rule)
{
    packet->drop_reason = reason;
    packet->drop_rule = rule;
    worker->dropped.packets[worker->dropped.count++] = packet;
}

/* Accounts for the dropped packets of a stage, shows them to the observers, frees them. */
void worker_bury(struct worker *worker, const struct stage *stage);
/* The end of packets that were given to their ports: shown to the observers and freed. */
void worker_deliver(struct worker *worker, const struct batch *batch);
/* Stamps the timeline with the stage at `place`; only when observed. */
void worker_stamp(struct worker *worker, const struct stage *stage, uint32_t place);
/* A copy of the packet for `destination`, queued in `copies`, which is run from the stage behind
 * the running one when it is full. Out of buffers: counted as a drop of the copy that was to be. */
void worker_copy(struct worker *worker, const struct stage *stage, struct batch *copies,
                 struct packet *original, uint16_t destination, uint8_t flag);
/* Runs what is in `copies`. */
void worker_run_copies(struct worker *worker, const struct stage *stage, struct batch *copies);

/* Events: each only when worker_event_is_wanted says so. */
static inline int worker_event_is_wanted(const struct worker *worker, enum switch_event_kind kind)
{
    return __builtin_expect((worker->pipeline->events_wanted & switch_event_bit(kind)) != 0, 0);
}
/* MAC_LEARNED, MAC_MOVED, or MAC_LIMIT, which is told at most once a second. `key` as in the MAC
 * table; for `before` see events.def. */
void worker_event_mac(struct worker *worker, enum switch_event_kind kind,
                      const struct packet *packet, uint64_t key, uint64_t before);
/* One for each such packet among the dropped ones of the stage. */
void worker_event_silent_drops(const struct worker *worker, const struct stage *stage);
/* WORKER_OVER_BUDGET, if the turn that has just ended was longer than it may be. */
void worker_event_turn(const struct worker *worker, uint32_t packets);

/* Keeps the packet at the running stage, which leaves it out of its batch: a bandwidth queue or an
 * extension holds it. False when no more can be held; the packet is then still the caller's. */
int worker_hold(struct worker *worker, const struct stage *stage,
                struct packet *packet) XSW_MUST_CHECK;
/* Ends the hold: REASON_NONE sends the packet on behind the stage that held it, with the others
 * that are released in this turn and in that order; else it is dropped there. */
void worker_release(struct worker *worker, struct packet *packet, uint16_t reason, uint32_t rule);

static inline uint64_t worker_new_id(struct worker *worker)
{
    uint64_t id = worker->next_id;
    worker->next_id += worker->id_step;
    return id;
}

#endif
