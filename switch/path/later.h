/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_LATER_H
#define XSW_SWITCH_LATER_H

/*
 * Packets that enter the pipeline other than by a port: released from a hold, or made by an
 * extension. They wait in one queue until the running batch has ended, and then run in batches of
 * those that enter at the same place in the same way, in the order in which they came.
 *
 * Threads: all of it belongs to one worker.
 */

#include <stdint.h>

#include <xsw/error.h>

#include "switch/path/held.h"

enum {
    LATER_INJECTED_MAX = 1024, /* packets of extensions that wait at a time */
    LATER_MAX = 8192           /* a power of two; room for these and for all that can be held */
};

enum later_kind {
    LATER_RELEASED,   /* goes on behind the stage that held it */
    LATER_ORIGINATED, /* is made at its stage and goes on behind it */
    LATER_CLONED      /* the same; followed by the observers of its original */
}; /* At stages ingress-policy and forward they do not go on behind it, but enter it. */

struct later_packet {
    struct packet *packet;
    uint16_t stage; /* id */
    uint8_t kind;   /* enum later_kind */
    uint8_t reserved;
    uint16_t reason; /* dropped at the stage, REASON_NONE: not */
};

struct later_queue {
    uint32_t head, tail; /* of `packets`, modulo LATER_MAX */
    uint32_t injected;   /* of those that wait */
    /* What a forwarder let go, and is to be asked about again, while the queue runs or a new
     * snapshot is taken up: it waits until that is over, so that one that never decides keeps
     * nobody for ever, and one that goes is not asked again. */
    uint8_t is_busy;
    struct held_packet *again_first, *again_last;
    struct later_packet packets[LATER_MAX];
};

static inline uint32_t later_count(const struct later_queue *queue)
{
    return queue->tail - queue->head;
}

static inline void later_add(struct later_queue *queue, const struct later_packet *packet)
{
    queue->packets[queue->tail++ % LATER_MAX] = *packet;
    queue->injected += packet->kind != LATER_RELEASED;
}

static inline int later_is_due(const struct later_queue *queue)
{
    return later_count(queue) > 0 || queue->again_first != NULL;
}

/* Its hold has ended; slot->doom is the reason for which it is dropped, or REASON_NONE. */
void later_release(struct later_queue *queue, struct held_packet *slot);
/* What was to be asked about again is due now. */
void later_resume(struct later_queue *queue);

/* Runs all that waits, and what comes of it. Between batches. Returns how many. */
uint32_t later_run(struct worker *worker);

#endif
