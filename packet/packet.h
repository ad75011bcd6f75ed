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

struct packet_notes;

struct packet {
    struct xsw_packet seen; /* what extensions see; first member */
    /* of the memory, for ever */
    uint8_t *buffer;   /* start of the headroom */
    uint32_t capacity; /* bytes of frame that fit behind the headroom */
    uint8_t is_large;
    uint8_t reserved[3];
    /* of the packet, zero at first: from `notes` to the end */
    struct packet_notes *notes; /* what happened to it, for observers; null: nothing noted */
    uint64_t id;
    uint32_t rx_length;    /* of the frame when the packet began */
    uint32_t ingress_rule; /* the port ACL rules that let it pass, 0 for none */
    uint32_t egress_rule;
    uint32_t drop_rule;
    uint16_t drop_reason;
    uint16_t source_port; /* as in `seen`, where an extension might write to it */
    uint8_t watch;        /* bit n: observer n follows this packet */
    uint8_t first_hop;    /* place in the pipeline where it began */
    uint8_t is_flooded;   /* all ports of its VLAN get it, in this packet or in a copy */
    uint8_t reserved2[9];
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

/* Whether data and length still lie where an extension may have moved them: in the buffer, and not
 * into the part of the headroom that is kept for tags. */
static inline int packet_is_sane(const struct packet *packet)
{
    size_t start = (size_t)(packet->seen.data - packet->buffer);
    size_t end = (size_t)PACKET_HEADROOM + packet->capacity;
    return start >= PACKET_HEADROOM - PACKET_HEADROOM_EXTENSIONS && start <= end &&
           packet->seen.length <= end - start;
}

#endif
