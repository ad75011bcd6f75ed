/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_PACKET_PACKET_H
#define XSW_PACKET_PACKET_H

/*
 * Packet memory. A packet is a descriptor of two cache lines (the public one, and one that only the
 * switch sees) and a buffer of its own with headroom. A copy owns its bytes, so that whoever
 * changes one packet changes no other.
 *
 * A pool belongs to one worker and is touched by that worker alone. It never grows: an empty pool
 * gives null, and the caller counts that.
 */

#include <stddef.h>
#include <stdint.h>

#include <xsw/error.h>
#include <xsw/packet.h>

enum {
    PACKET_HEADROOM = 128,
    PACKET_HEADROOM_EXTENSIONS = 64, /* of it, what ingress filters may use; the rest is for tags */
    PACKET_SMALL_BYTES = 2112,       /* of frame behind the headroom */
    PACKET_LARGE_BYTES = 65536 + 128,
    PACKET_LARGE_RESERVE = 16, /* large packets that are for copies only */
    /* An odd number of cache lines from buffer to buffer, so that the heads of a batch spread over
     * all sets of the first-level cache. */
    PACKET_SMALL_STRIDE = PACKET_HEADROOM + PACKET_SMALL_BYTES, /* 35 lines */
    PACKET_LARGE_STRIDE = PACKET_HEADROOM + PACKET_LARGE_BYTES + 64
};

/* struct packet.mirrors_served */
enum { PACKET_MIRROR_OF_SOURCE = 1, PACKET_MIRROR_OF_DESTINATION = 2 };

struct packet_notes;
struct held_packet;

struct packet {
    struct xsw_packet seen; /* what extensions see; first member */
    uint8_t *buffer;        /* start of the headroom; of the memory, for ever */
    uint8_t is_large : 1;   /* of the memory, for ever */
    /* of the packet, zero at first: from here to the end */
    uint8_t clone_depth : 5;    /* how many extensions' packets it descends from */
    uint8_t mirrors_served : 2; /* PACKET_MIRROR_* that need no copy of it */
    uint8_t watch;              /* bit n: observer n follows this packet */
    uint8_t sampled_out;        /* bit n: it would, but takes a sample only */
    uint8_t first_hop;          /* place in the pipeline where it began */
    uint16_t drop_reason;
    uint16_t source_port;       /* as in `seen`, where an extension might write to it */
    struct packet_notes *notes; /* what happened to it, for observers; null: nothing noted */
    struct held_packet *held;   /* where it was before somebody held it; null: nobody did */
    uint64_t id;
    uint64_t parent_id;
    uint32_t rx_length : 24;  /* of the frame when the packet began */
    uint32_t over_budget : 8; /* bit n: observer n would follow it, and has no time for it */
    uint32_t ingress_rule;    /* the port ACL rules that let it pass, 0 for none */
    uint32_t egress_rule;
    uint32_t drop_rule;
} __attribute__((aligned(64)));

struct packet_pool;

/* `small` and `large`: how many packets of each size. */
enum xsw_status packet_pool_create(uint32_t small, uint32_t large, struct packet_pool **pool,
                                   struct xsw_error *error) XSW_MUST_CHECK;
void packet_pool_destroy(struct packet_pool *pool); /* accepts null */

/* A packet for a frame of `length` bytes: empty, data behind the headroom, all else zero. Null when
 * there is none left or none is that large. */
struct packet *packet_alloc(struct packet_pool *pool, uint32_t length);
/* The same for a frame that comes in: a few large ones are kept back, so that a burst of segments
 * does not leave its copies without. */
struct packet *packet_alloc_received(struct packet_pool *pool, uint32_t length);
/* At most `count` small ones; returns how many. */
uint32_t packet_alloc_small(struct packet_pool *pool, struct packet **packets, uint32_t count);
void packet_free(struct packet_pool *pool, struct packet *const *packets, uint32_t count);
/* Bytes and metadata as in `original`; no id, notes or drop of its own yet. Null as packet_alloc.
 */
struct packet *packet_copy(struct packet_pool *pool, const struct packet *original);
/* Whether packet_alloc_received would give one for a frame of any length. */
int packet_pool_can_receive(const struct packet_pool *pool);
/* Packets that are out of the pool. */
uint32_t packet_pool_in_use(const struct packet_pool *pool);

/* Whether the pointer is one of the pool's packets. */
int packet_pool_owns(const struct packet_pool *pool, const struct packet *packet);

/* Bytes of frame that fit behind the headroom. */
static inline uint32_t packet_capacity(const struct packet *packet)
{
    return packet->is_large ? PACKET_LARGE_BYTES : PACKET_SMALL_BYTES;
}

/* Whether data and length still lie where an extension may have moved them: in the buffer, and not
 * into the part of the headroom that is kept for tags. */
static inline int packet_is_sane(const struct packet *packet)
{
    size_t start = (size_t)(packet->seen.data - packet->buffer);
    size_t end = (size_t)PACKET_HEADROOM + packet_capacity(packet);
    return start >= PACKET_HEADROOM - PACKET_HEADROOM_EXTENSIONS && start <= end &&
           packet->seen.length <= end - start;
}

#endif
