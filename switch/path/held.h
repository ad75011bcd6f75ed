/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_HELD_H
#define XSW_SWITCH_HELD_H

/*
 * Packets that somebody keeps for a while: an extension (XSW_HOLD) or a bandwidth queue. A packet
 * that is held is in no batch; the worker knows where it was and since when, so that it goes on
 * where it stopped, its journey stays one, and what the holder forgets is found when it goes.
 *
 * Threads: all of it belongs to one worker.
 */

#include <stdint.h>

#include <xsw/error.h>

#include "switch/path/observe.h"
#include "switch/switch.h"

struct packet;
struct worker;
struct pipeline;
struct extension_instance;

enum { HELD_MAX = 4096 }; /* of a worker, and never more than half of its small packets */

enum { HELD_BEFORE_BYTES = 2176 }; /* kept of a watched frame whose holder may change it */

enum { HOLDS_MAX = 4 }; /* of a packet, that are told apart; more count with the last one */

struct hold_time {
    uint16_t stage;
    uint64_t held_ns;
};

/* Stays with the packet from the first hold to its end. */
struct held_packet {
    struct packet *packet;
    struct held_packet *previous, *next;     /* of those that are held now, oldest first */
    const struct extension_instance *holder; /* null: the switch itself */
    uint64_t rx_mono_ns;                     /* when it came in */
    uint64_t since_ns;                       /* of the running hold, or of the last one */
    struct hold_time holds[HOLDS_MAX];       /* those that have ended */
    uint32_t hold_count;
    uint16_t stage; /* id of the one that holds it, or held it last */
    uint16_t doom;  /* the reason for which it will be dropped when it is released, 0 for none */
    uint8_t is_held;
    uint8_t may_change;                  /* the stage that holds it is one that may change bytes */
    uint32_t before_length, before_kept; /* of the frame when the hold began, and what was kept */
    uint32_t hop_count;                  /* stages passed before the last hold, when observed */
    struct timeline_hop hops[STAGES_MAX];
};

struct held_pool;

enum xsw_status held_pool_create(uint32_t small_buffers, struct held_pool **pool,
                                 struct xsw_error *error) XSW_MUST_CHECK;
void held_pool_destroy(struct held_pool *pool); /* accepts null */
/* Packets that are held now. */
uint32_t held_pool_count(const struct held_pool *pool);
/* Packets that can be held beside these. */
uint32_t held_pool_room(const struct held_pool *pool);
/* Whether any packet has a history. */
int held_pool_is_used(const struct held_pool *pool);
/* The observer with this bit has gone: it follows none of those that are held any more. */
void held_unwatch(struct held_pool *pool, uint8_t bit);
/* Packets that have ended: what was known of those that had been held is forgotten. */
void held_forget(struct held_pool *pool, struct packet *const *packets, uint32_t count);

/* Before the worker takes up `to`: what an extension holds that is no longer there goes on or is
 * dropped; what waits for a port that is gone will be dropped when it is released. Returns how many
 * were let go. */
uint32_t held_adopt(struct worker *worker, const struct pipeline *from, const struct pipeline *to);
/* Between batches, when all other packets have ended: the ports at which those came in that are
 * held, or wait to be asked about again, and those where they are to go. */
void held_ports_read(const struct worker *worker, struct xsw_port_set *ports);

#endif
