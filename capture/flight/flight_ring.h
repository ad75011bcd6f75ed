/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CAPTURE_FLIGHT_RING_H
#define XSW_CAPTURE_FLIGHT_RING_H

/*
 * The flight recorder's memory: one named file on tmpfs with a ring of blocks for each worker. The
 * worker writes and never waits: when the ring is full it takes the oldest block again. The file
 * outlives the switch, so that its last journeys can be read back when it was killed; the readers
 * (capture/flight/flight_reader.h) are other processes that only look.
 *
 * A block holds whole records of capture/ring.h and can be read alone: its first journey has a
 * timeline before it. What a reader has missed it knows exactly, since a block says how many
 * journeys were written before it.
 *
 * In the file: the header, two slots for the dictionary, one struct flight_worker for each worker,
 * the blocks of worker 0, those of worker 1, and so on; flight_layout_of() has the places. All of
 * it is of one machine and one build of xsw: in its own byte order, checked by FLIGHT_VERSION and
 * the sizes in the header.
 *
 * How a worker writes, instead of ring_reserve and ring_publish:
 *   timeline: flight_reserve(p, size, RING_TIMELINE), fill it, flight_keep_timeline(p, timeline)
 *   journeys: flight_reserve(p, size, RING_JOURNEY), fill it; null: larger than a block takes
 *   at the end of the batch: its account into flight_producer_stages(p), then flight_publish(p)
 *
 * Pairing: `committed` of a block is published with release and read with acquire. `sequence` is 0
 * while the block is re-used, is published with release when it begins, and is read before and
 * after a copy: a copy between two equal numbers is whole.
 *
 * Threads: a producer belongs to its worker while the session is attached; all else is the control
 * thread's.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xsw/error.h>

#include "capture/ring.h"
#include "switch/config/config.h"
#include "switch/switch.h"

enum {
    FLIGHT_VERSION = 3,
    FLIGHT_BLOCK_SIZE = 256 << 10, /* by default; a power of two */
    FLIGHT_BLOCK_SIZE_MIN = 8 << 10,
    FLIGHT_BLOCK_SIZE_MAX = 8 << 20,
    FLIGHT_BLOCKS_MIN = 4,
    FLIGHT_BLOCKS_MAX = 1 << 16,
    FLIGHT_MEMORY_DEFAULT = 64 << 20, /* a worker */
    FLIGHT_DICTIONARY_SIZE = 512 << 10,
    FLIGHT_TRIGGERS_MAX = 16,
    FLIGHT_PAGE = 4096
};

/* What a trigger saw; one writer: a worker, or the control thread. Each match that fires, or comes
 * so soon after one that did that it only counts, is a hit. */
struct flight_trigger_slot {
    _Atomic uint64_t matches;
    _Atomic uint64_t early; /* hits that did not fire */
    _Atomic uint64_t fires; /* published with release, after the two below */
    _Atomic uint64_t fire_mono_ns;
    _Atomic uint64_t fire_packet_id; /* 0: it is about none */
};

/* What the triggers are; written by the control thread. */
struct flight_trigger_info {
    char name[CONFIG_NAME_SIZE];
    char text[128]; /* "match dropped and reason = acl-denied", cut */
    uint64_t rearm_ns;
};

enum flight_state { FLIGHT_STATE_NEW = 0, FLIGHT_STATE_RUNNING = 1, FLIGHT_STATE_STOPPED = 2 };

/* What was taken away of packets: see capture/privacy/privacy.h. */
enum flight_privacy { FLIGHT_HEADERS_ONLY = 1, FLIGHT_MASK_PAYLOAD = 2, FLIGHT_PSEUDONYMS = 4 };

struct flight_dictionary_slot {
    _Atomic uint64_t number; /* 0: empty or being written; the higher one is the newer */
    _Atomic uint64_t length;
};

struct flight_header {
    char magic[8]; /* "XSWFLGT" */
    uint32_t version;
    uint32_t header_size, worker_size, block_header_size; /* of the structs of this build */
    uint32_t worker_count;
    uint32_t block_size, block_count; /* of a worker */
    uint32_t snap_length;
    uint32_t pid;
    _Atomic uint32_t state;   /* enum flight_state */
    uint32_t privacy;         /* enum flight_privacy, of the bytes */
    uint64_t wall_offset_ns;  /* wall_ns - mono_ns */
    uint64_t started_mono_ns; /* of the session */
    char switch_name[CONFIG_NAME_SIZE];
    char switch_uuid[40];
    char name[CONFIG_NAME_SIZE]; /* of the session; may be empty */
    char host[72];
    char filter[1024], where[1024]; /* cut */
    struct flight_dictionary_slot dictionaries[2];
    /* Triggers. The number is odd while they are being changed. */
    _Atomic uint64_t trigger_number;
    uint32_t trigger_count;
    struct flight_trigger_info triggers[FLIGHT_TRIGGERS_MAX];
    struct flight_trigger_slot control[FLIGHT_TRIGGERS_MAX]; /* of the control thread */
};

struct flight_worker {
    _Alignas(64) _Atomic uint64_t newest; /* sequence of the block that is being written */
    _Atomic uint64_t opening; /* the same, or that of the next one while it is made ready */
    /* by the stage at which the journeys ended */
    _Alignas(64) struct ring_account stages[STAGES_MAX];
    _Alignas(64) struct flight_trigger_slot triggers[FLIGHT_TRIGGERS_MAX];
};

/* The beginning of a block; its records stand behind it. */
struct flight_block {
    _Atomic uint64_t sequence;     /* from 1, of this worker; 0: empty or being re-used */
    _Atomic uint64_t committed;    /* bytes of records that are whole */
    _Atomic uint64_t last_mono_ns; /* of the last of them */
    uint64_t first_mono_ns;
    uint64_t journeys_before; /* that this worker wrote in earlier blocks */
    uint32_t worker;
    uint32_t reserved;
    _Atomic uint64_t generation; /* of the configuration, of its first journey or an earlier one */
    struct capture_account account; /* as of the last batch that ended before the block began */
    _Alignas(64) uint8_t records[];
};

struct flight_layout {
    uint64_t dictionaries, workers, blocks, size; /* bytes from the beginning of the file */
    uint64_t worker_bytes;                        /* of the blocks of one worker */
};

/* Sizes that flight_ring_create would take, or that a header that is to be believed may have. */
bool flight_geometry_is_sane(uint32_t workers, uint64_t block_size, uint64_t block_count);
struct flight_layout flight_layout_of(uint32_t workers, uint64_t block_size, uint64_t block_count);

/* The producer ------------------------------------------------------------------------------- */

enum { FLIGHT_TIMELINE_MAX = sizeof(struct ring_timeline) + STAGES_MAX * sizeof(struct ring_hop) };

struct flight_producer {
    uint8_t *next; /* where the next record goes */
    uint8_t *end;  /* of the room for records */
    struct flight_block *block;
    struct flight_worker *shared;
    uint8_t *blocks; /* of this worker */
    uint64_t sequence;
    uint64_t journeys; /* reserved, ever */
    uint64_t first_mono_ns, last_mono_ns;
    uint32_t block_size, block_count;
    uint32_t worker;
    uint32_t timeline_size; /* 0: none is kept */
    _Alignas(8) uint8_t timeline[FLIGHT_TIMELINE_MAX];
} __attribute__((aligned(64)));

/* Goes on in the oldest block, when a record of this size fits into one. */
bool flight_block_begin(struct flight_producer *producer, uint32_t size, enum ring_type type);

/* Room for a record of `size` bytes, a multiple of 8, and RING_SLACK behind it; null: it is larger
 * than a block takes. */
static inline void *flight_reserve(struct flight_producer *producer, uint32_t size,
                                   enum ring_type type)
{
    if (__builtin_expect(size > (size_t)(producer->end - producer->next), 0) &&
        !flight_block_begin(producer, size, type)) {
        return NULL;
    }
    uint8_t *record = producer->next;
    producer->next += size;
    producer->journeys += type == RING_JOURNEY;
    return record;
}

/* The timeline that is in force from here on, once it has been filled in: blocks that begin among
 * its journeys begin with it. */
static inline void flight_keep_timeline(struct flight_producer *producer,
                                        const struct ring_timeline *timeline)
{
    uint32_t size = timeline->record.size;
    uint32_t count = timeline->record.count;
    if (size > FLIGHT_TIMELINE_MAX || count == 0) {
        producer->timeline_size = 0;
        return;
    }
    __builtin_memcpy(producer->timeline, timeline, size);
    producer->timeline_size = size;
    producer->first_mono_ns = timeline->rx_mono_ns;
    producer->last_mono_ns = timeline->rx_mono_ns + timeline->hops[count - 1].since_rx_ns;
}

/* All records so far can be read. The word behind them is 0 until the next one is written: so it is
 * known of a switch that was killed whether it was just writing. */
static inline void flight_publish(struct flight_producer *producer)
{
    struct flight_block *block = producer->block;
    if ((size_t)(producer->end - producer->next) >= sizeof(uint64_t)) {
        *(uint64_t *)(void *)producer->next = 0;
    }
    atomic_store_explicit(&block->last_mono_ns, producer->last_mono_ns, memory_order_relaxed);
    atomic_store_explicit(&block->committed, (uint64_t)(producer->next - block->records),
                          memory_order_release);
}

/* Where the worker counts: as in struct ring_header. */
static inline struct ring_account *flight_producer_stages(struct flight_producer *producer)
{
    return producer->shared->stages;
}

/* The file ----------------------------------------------------------------------------------- */

struct flight_ring;

struct flight_ring_options {
    const char *path; /* an older file of that name has been moved away */
    uint32_t worker_count;
    uint64_t memory_bytes; /* a worker; rounded up to whole blocks; 0: FLIGHT_MEMORY_DEFAULT */
    uint32_t block_size;   /* 0: FLIGHT_BLOCK_SIZE */
    uint32_t snap_length;
    uint32_t privacy;        /* enum flight_privacy */
    uint64_t wall_offset_ns; /* wall_ns - mono_ns */
    uint64_t started_mono_ns;
    const char *switch_name, *switch_uuid, *name, *host, *filter, *where;
};

/* Makes the file with mode 0640, takes all of its memory and touches it. The file is locked as long
 * as the ring is there: see flight_reader.h on how readers know that the switch lives. */
enum xsw_status flight_ring_create(const struct flight_ring_options *options,
                                   struct flight_ring **ring,
                                   struct xsw_error *error) XSW_MUST_CHECK;
/* Says in the file that it was ended in order, and removes it. The workers must have let go of it.
 * Accepts null. */
void flight_ring_destroy(struct flight_ring *ring);

/* Of a worker; it lives as long as the ring. */
struct flight_producer *flight_ring_producer(struct flight_ring *ring, uint32_t worker);
struct flight_header *flight_ring_header(struct flight_ring *ring);
const char *flight_ring_path(const struct flight_ring *ring);
uint64_t flight_ring_memory(const struct flight_ring *ring); /* a worker */
/* Of the configuration, of the oldest journey that is still there, or an earlier one. */
uint64_t flight_ring_oldest_generation(const struct flight_ring *ring);

/* Another dictionary, JSON; readers find either this or the one before, whole. XSW_LIMIT: it is
 * larger than FLIGHT_DICTIONARY_SIZE, and the one before stays. */
enum xsw_status flight_ring_set_dictionary(struct flight_ring *ring, const char *json,
                                           size_t length, struct xsw_error *error) XSW_MUST_CHECK;
/* Other triggers; all slots begin at 0. `count` up to FLIGHT_TRIGGERS_MAX. The workers must not use
 * the slots meanwhile. */
void flight_ring_set_triggers(struct flight_ring *ring, const struct flight_trigger_info *triggers,
                              uint32_t count);

#endif
