/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_BANDWIDTH_QUEUE_H
#define XSW_SWITCH_BANDWIDTH_QUEUE_H

/*
 * The queues in which packets wait for bandwidth, and what they count.
 *
 * Threads: a queue belongs to one worker; the numbers are shared.
 */

#include "switch/policy/bandwidth_bucket.h"
#include "switch/policy/bandwidth_state.h"

static inline void add_relaxed(_Atomic uint64_t *value, uint64_t amount)
{
    atomic_fetch_add_explicit(value, amount, memory_order_relaxed);
}

static inline void subtract_relaxed(_Atomic uint64_t *value, uint64_t amount)
{
    atomic_fetch_sub_explicit(value, amount, memory_order_relaxed);
}

static inline int queue_is_empty(const struct waiting_queue *queue)
{
    return queue->first == WAITING_NONE;
}

static inline void queue_put(struct bandwidth_worker *own, struct waiting_queue *queue,
                             struct packet *packet)
{
    uint32_t place = own->free;
    struct waiting *waiting = &own->places[place];
    own->free = waiting->next;
    own->count++;
    *waiting = (struct waiting){.packet = packet, .next = WAITING_NONE};
    if (queue_is_empty(queue)) {
        queue->first = place;
    } else {
        own->places[queue->last].next = place;
    }
    queue->last = place;
}

static inline struct packet *queue_head(const struct bandwidth_worker *own,
                                        const struct waiting_queue *queue)
{
    return own->places[queue->first].packet;
}

static inline void queue_drop_head(struct bandwidth_worker *own, struct waiting_queue *queue)
{
    uint32_t place = queue->first;
    queue->first = own->places[place].next;
    own->places[place].next = own->free;
    own->free = place;
    own->count--;
}

static inline int numbers_admit(struct bandwidth_numbers *numbers,
                                const struct bandwidth_rate *rate, uint64_t others_bytes,
                                uint32_t bytes)
{
    if (rate->rate != 0 && others_bytes != 0 && others_bytes + bytes > rate->queue_bytes) {
        add_relaxed(&numbers->dropped, 1);
        return 0;
    }
    add_relaxed(&numbers->packets, 1);
    add_relaxed(&numbers->bytes, bytes);
    return 1;
}

static inline void numbers_leave(struct bandwidth_numbers *numbers, uint32_t bytes)
{
    subtract_relaxed(&numbers->packets, 1);
    subtract_relaxed(&numbers->bytes, bytes);
}

#endif
