/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CAPTURE_RING_H
#define XSW_CAPTURE_RING_H

/*
 * The ring between one worker and one recorder: shared memory (a sealed memfd), one producer, one
 * consumer, variable records, never waited for.
 *
 * A whole journey is one record, written at the packet's end. The hops that all packets of a batch
 * have in common are in a timeline record before them, so that a packet that nothing particular
 * happened to costs its header, its bytes and nothing more. Whatever cannot be written is counted
 * by cause, and a gap record before the next journey tells how many are missing and since when.
 *
 * Trust: the two sides map the same memory and believe nothing in it that they could be harmed by.
 * The producer keeps its own head and account and takes the consumer's tail only when it makes
 * sense; the consumer checks every length. The seals keep either from shrinking the memory under
 * the other.
 *
 * Pairing: head is published by the producer with release and read with acquire by the consumer;
 * tail the other way round.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xsw/error.h>

#include "formats/pcapng/stage_meta.h"
#include "switch/config/config.h"
#include "switch/switch.h"

enum {
    RING_VERSION = 3,
    RING_HEADER_SIZE = 12288,
    RING_SLACK = 64,          /* bytes behind the data that a copy in whole chunks may write to */
    RING_PREFETCH_AHEAD = 512 /* bytes: lines that the consumer has read must be fetched back */
};

/* Journeys that ended, and what became of them:
 * offered = filtered + sampled + written + the sum of lost. */
struct ring_account {
    _Atomic uint64_t offered;
    _Atomic uint64_t filtered; /* did not match */
    _Atomic uint64_t unwanted; /* of `filtered`: by what is known at their end only */
    _Atomic uint64_t sampled;  /* matched, and are not in the sample */
    _Atomic uint64_t written;  /* are in the ring */
    _Atomic uint64_t lost[META_LOSS_COUNT];
};

/* The same, read. */
struct capture_account {
    uint64_t offered, filtered, unwanted, sampled, written;
    uint64_t lost[META_LOSS_COUNT];
};

struct ring_hop {
    uint16_t stage;
    uint16_t reserved;
    uint32_t since_rx_ns;
};

/* A place to which room was given back, and the timeline of the journeys behind it: who reads on
 * there after a recorder that died would not know it otherwise. */
struct ring_resume {
    uint64_t place;
    uint64_t rx_mono_ns, generation;
    uint64_t hop_count;
    struct ring_hop hops[STAGES_MAX];
};

struct ring_header {
    char magic[8]; /* "XSWRING" */
    uint32_t version;
    uint32_t worker;
    uint64_t data_size; /* bytes behind the header; a power of two */
    uint32_t snap_length;
    uint32_t reserved;
    /* the producer's line */
    _Alignas(64) _Atomic uint64_t head; /* bytes ever written */
    _Atomic uint32_t is_stopped;        /* the session has been detached */
    /* the consumer's line */
    _Alignas(64) _Atomic uint64_t tail; /* bytes ever read */
    struct ring_resume resumes[2];      /* the one whose place is the tail holds */
    /* by the stage at which the journeys ended */
    _Alignas(64) struct ring_account stages[STAGES_MAX];
};

enum ring_type {
    RING_PAD = 1, /* the rest of the way to the end of the data */
    RING_TIMELINE = 2,
    RING_JOURNEY = 3,
    RING_GAP = 4,
    RING_EVENT = 5
};

/* Every record begins so, at a multiple of 8. */
struct ring_record {
    uint32_t size; /* bytes, this included; a multiple of 8 */
    uint16_t type; /* enum ring_type */
    uint16_t count;
};

/* `count` hops, for the journeys up to the next timeline. */
struct ring_timeline {
    struct ring_record record;
    uint64_t rx_mono_ns;
    uint64_t generation;
    struct ring_hop hops[];
};

/* struct ring_journey.flags */
enum {
    RING_JOURNEY_NOTES_INCOMPLETE = 1,
    RING_JOURNEY_REPLACED = 2, /* it ended because a clone goes on in its place */
    RING_JOURNEY_HELD = 4      /* it was held on the way: before its first_hop stand the hops that
                                  are among its TLVs */
};

/* The bytes are those at the end of the journey; the changes in the notes lead back to those at its
 * beginning. Behind the frame's bytes, which are padded to 8, stand `count` bytes of TLVs
 * (formats/pcapng/stage_meta.h): what was noted on the way, decisions of access lists, offload. The
 * journey passed the timeline's hops from first_hop to the last one. */
struct ring_journey {
    struct ring_record record;
    uint64_t id, parent_id;
    uint32_t length;          /* of the frame at the end */
    uint32_t captured_length; /* bytes that follow */
    uint32_t rx_length;       /* of the frame at the beginning */
    uint16_t source_port, destination_port, vlan;
    uint16_t drop_reason; /* 0: delivered */
    uint8_t first_hop;
    uint8_t packet_flags;  /* XSW_PACKET_* */
    uint8_t flags;         /* RING_JOURNEY_* */
    uint8_t has_drop_rule; /* the last TLV is a decision: the rule that dropped it */
    uint8_t data[];
};

struct ring_gap {
    struct ring_record record; /* count: enum meta_loss */
    uint64_t journeys;
    uint64_t from_mono_ns, to_mono_ns;
};

/* What happened to the session itself, or to what the numbers in its journeys mean, between two
 * journeys. */
enum ring_event_kind {
    RING_EVENT_BUDGET = 1, /* values: level now (enum budget_level), level before, share of the
                              worker's time that it took, and that it may take, in millionths */
    RING_EVENT_RULES = 2,  /* values: number of the rules that hold from here on, from 1, and the
                              stages whose records are wanted, bit n for stage n, 0: all */
    RING_EVENT_PORT = 3 /* struct ring_port; values: id, and the generation from which on it means
                           this port, enum port_kind */
};

struct ring_event {
    struct ring_record record; /* count: enum ring_event_kind */
    uint64_t mono_ns;
    uint64_t values[4];
};

/* A port that came while the session runs: it stands before the first journey under a configuration
 * that has it. Ids are given again; in a journey one means the port that came last of those whose
 * generation is not above the one of the journey's timeline. */
struct ring_port {
    struct ring_event event;
    char name[CONFIG_NAME_SIZE];
};

/* Accounts ----------------------------------------------------------------------------------- */

void ring_account_read(const struct ring_account *account, struct capture_account *read);
void capture_account_add(struct capture_account *sum, const struct capture_account *account);
/* Over all causes. */
uint64_t capture_account_lost(const struct capture_account *account);
/* Over all stages. */
struct capture_account ring_header_account(const struct ring_header *header);

/* The producer ------------------------------------------------------------------------------- */

struct ring_producer {
    struct ring_header *header;
    uint8_t *data;
    uint64_t mask;
    uint64_t head; /* with what is not yet published */
    uint64_t tail; /* as last seen */
    size_t map_size;
    int fd;
};

/* Makes the memory, maps and touches it. data_size: a power of two from 64 KiB to 1 GiB. */
enum xsw_status ring_create(struct ring_producer *ring, uint32_t worker, uint64_t data_size,
                            uint32_t snap_length, struct xsw_error *error) XSW_MUST_CHECK;
/* Gives the memory of a ring's records back, however many still have its descriptor; from then on
 * nobody finds a record in it. Best effort. */
void ring_punch(int fd);
void ring_destroy(struct ring_producer *ring); /* the mapping and the descriptor; not the memory */

/* Looks at the consumer's tail; one that makes no sense is not believed. */
static inline void ring_refresh(struct ring_producer *ring)
{
    uint64_t tail = atomic_load_explicit(&ring->header->tail, memory_order_acquire);
    if (tail - ring->tail <= ring->head - ring->tail) {
        ring->tail = tail; /* forward, and not beyond what was written */
    }
}

static inline int ring_has_room(struct ring_producer *ring, uint64_t needed)
{
    if (ring->head + needed - ring->tail <= ring->mask + 1) {
        return 1;
    }
    ring_refresh(ring);
    return ring->head + needed - ring->tail <= ring->mask + 1;
}

/* Room for a record of `size` bytes (a multiple of 8), contiguous; null: the ring is full. The
 * record is the consumer's after ring_publish. */
static inline void *ring_reserve(struct ring_producer *ring, uint32_t size)
{
    uint64_t at = ring->head & ring->mask;
    uint64_t to_end = ring->mask + 1 - at;
    uint64_t needed = size + RING_SLACK + (to_end < size ? to_end : 0);
    if (__builtin_expect(!ring_has_room(ring, needed), 0)) {
        return NULL;
    }
    if (__builtin_expect(to_end < size, 0)) {
        struct ring_record *pad = (struct ring_record *)(void *)(ring->data + at);
        *pad = (struct ring_record){.size = (uint32_t)to_end, .type = RING_PAD};
        ring->head += to_end;
        at = 0;
    }
    ring->head += size;
    for (uint32_t line = 0; line < 128; line += 64) {
        __builtin_prefetch(ring->data + ((ring->head + RING_PREFETCH_AHEAD + line) & ring->mask),
                           1);
    }
    return ring->data + at;
}

static inline void ring_publish(struct ring_producer *ring)
{
    atomic_store_explicit(&ring->header->head, ring->head, memory_order_release);
}

/* The consumer ------------------------------------------------------------------------------- */

/* Whether a record can be read that has `room` bytes from its beginning: its size, and those of its
 * parts, are within it. */
int ring_record_is_sane(const struct ring_record *record, uint64_t room);

struct ring_consumer {
    struct ring_header *header;
    const uint8_t *data;
    uint64_t mask;
    uint64_t head; /* as last seen */
    uint64_t next; /* of the record after the one last given */
    size_t map_size;
};

/* Maps the memory of a descriptor after checking that it is a ring. The descriptor may be closed.
 */
enum xsw_status ring_attach(struct ring_consumer *ring, int fd,
                            struct xsw_error *error) XSW_MUST_CHECK;
void ring_detach(struct ring_consumer *ring);
/*
 * The next timeline, journey or gap. XSW_AGAIN: none now. XSW_CORRUPT: the memory makes no sense,
 * and nothing more can be read from it. A record stays valid until ring_release.
 */
enum xsw_status ring_next(struct ring_consumer *ring, const struct ring_record **record,
                          struct xsw_error *error) XSW_MUST_CHECK;
/* Gives the room of all records given so far back to the producer. */
void ring_release(struct ring_consumer *ring);
/* Gives back the room up to resume->place, which is that of the end of a record, and leaves the
 * timeline there for who comes after us. */
void ring_release_to(struct ring_consumer *ring, const struct ring_resume *resume);
/* What was left so where the ring begins to be read; false: nothing. */
bool ring_resume_read(const struct ring_consumer *ring, struct ring_resume *resume);

#endif
