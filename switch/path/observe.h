/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_OBSERVE_H
#define XSW_SWITCH_OBSERVE_H

/*
 * Observers: how capture and trace look on without the switch knowing them.
 *
 * An observer decides once, when a packet comes in, whether it follows it: its bit in
 * packet->watch. The bit stays with the packet through every rewrite and goes to its copies. While
 * an observer is attached a worker keeps a timeline, one clock reading for each batch and stage; a
 * packet that passes a stage unchanged and undecided costs nothing more. What is particular to a
 * packet (a rule that let it pass in an extension, bytes that changed) is noted in packet->notes,
 * in the encoding that files use (formats/pcapng/stage_meta.h). At the end of a packet its
 * observers get the packet, its timeline and its notes, and make of them what they want.
 *
 * So the whole journey is known at one point, and a journey that nobody wants to keep was never
 * copied anywhere.
 *
 * Threads: the operations run on workers, several at a time on one observer; `worker` tells them
 * apart. They must not block, allocate, lock or log.
 */

#include <stdint.h>

#include "packet/packet.h"
#include "switch/path/byte_diff.h"
#include "switch/path/counters.h"
#include "switch/switch.h"

enum {
    OBSERVERS_MAX = 8,
    NOTES_BYTES = 4064, /* of one packet; more sets NOTES_INCOMPLETE */
    /* A batch, its flood copies, their mirror copies, and those that are held: all there are. */
    NOTES_OF_BATCH = 3 * XSW_BATCH_MAX,
    NOTES_OF_HELD = 4096,
    NOTES_COUNT = NOTES_OF_BATCH + NOTES_OF_HELD
};

enum {
    NOTES_INCOMPLETE = 1 /* something did not fit: the notes are not the whole truth */
};

/* TLVs META_TLV_CHANGE, META_TLV_DECISION and META_TLV_UNDECLARED in the order in which they
 * happened. */
struct packet_notes {
    uint16_t length;
    uint16_t flags;
    uint32_t reserved;
    uint8_t bytes[NOTES_BYTES];
};

struct timeline_hop {
    uint16_t stage;       /* id */
    uint16_t place;       /* in the pipeline */
    uint32_t since_rx_ns; /* when the batch had left the stage */
};

struct timeline {
    uint64_t rx_mono_ns;
    uint64_t generation;
    uint64_t batch; /* number of the batch on this worker */
    uint32_t count; /* hops stamped so far; places are 0 … count - 1 */
    struct timeline_hop hops[STAGES_MAX];
};

struct pipeline;

/* Packets that end together: all at the place of the last hop of the timeline. */
struct ended_batch {
    struct packet *const *packets;
    uint32_t count;
    const struct timeline *timeline;
    const struct pipeline *pipeline; /* the snapshot under which they ended */
    uint64_t watch_cycles; /* that this worker ever spent on keeping and comparing bytes for
                              observers */
};

struct observer_ops {
    /* The worker takes the observer up, or lays it down; between two batches. `counters` are the
     * worker's own, at rest. */
    void (*begin)(void *state, uint32_t worker, const struct worker_counters *counters);
    void (*end)(void *state, uint32_t worker, const struct worker_counters *counters);
    /* Sets `bit` in packet->watch of those to follow. Nothing but data and length is known yet. */
    void (*received)(void *state, uint32_t worker, struct packet *const *packets, uint32_t count,
                     uint8_t bit);
    /* Packets have ended, watched or not: dropped when drop_reason is set, else delivered. */
    void (*ended)(void *state, uint32_t worker, const struct ended_batch *batch, uint8_t bit);
};

struct observer {
    const struct observer_ops *ops;
    void *state;
    uint8_t bit;          /* given by the switch */
    uint32_t snap_length; /* bytes of a frame whose changes it wants to know */
    /* It is shown only what was dropped or replaced, and follows no packet: while there are only
     * such observers no timeline is kept but for its last hop, and a delivered packet costs a
     * branch a batch. */
    uint8_t drops_only;
    /* It may ask, as long as it is attached, what the id of a port meant under a generation of the
     * configuration, from `names_since` on: set when it is attached, raised by its owner. */
    uint8_t asks_names;
    uint64_t names_since;
    /* On the control thread, before the snapshot with a new port is published, whose id may have
     * been another port's: what was compiled of names must mean the new one from then on. Null:
     * there is nothing of that kind. */
    enum xsw_status (*port_comes)(void *owner, struct xsw_error *error);
    void *owner;
};

/* What a worker keeps for its observers. */
struct watcher;
struct worker;
struct stage;

enum xsw_status watcher_create(struct watcher **watcher, struct xsw_error *error) XSW_MUST_CHECK;
void watcher_destroy(struct watcher *watcher);
struct timeline *watcher_timeline(struct watcher *watcher);

/* Keeps the bytes of watched packets before a stage that may change them, and notes afterwards what
 * changed. Between the two, packets may go but not come. */
void watcher_remember(struct watcher *watcher, struct packet *const *packets, uint32_t count,
                      uint32_t snap_length);
void watcher_compare(struct watcher *watcher, struct packet *const *packets, uint32_t count,
                     uint16_t stage, int is_declared);
/* What a frame was before somebody might change it. */
struct remembered {
    const uint8_t *bytes;
    uint32_t length;      /* of the frame */
    uint32_t kept_length; /* bytes of it in `bytes` */
};
/* The second half of that for one packet whose bytes somebody else has kept. */
void watcher_compare_one(struct watcher *watcher, struct packet *packet,
                         const struct remembered *before, uint16_t stage, int is_declared);
/* Notes that a watched packet may have been changed in a way that nobody can tell. */
void watcher_note_incomplete(struct watcher *watcher, struct packet *packet);
/* Notes what a built-in stage changed, or which rule of an extension let a packet pass. Only for
 * watched packets. */
void watcher_note_change(struct watcher *watcher, struct packet *packet, uint16_t stage,
                         const struct byte_change *change);
void watcher_note_decision(struct watcher *watcher, struct packet *packet, uint16_t stage,
                           uint32_t rule);
/* Takes the notes back from packets that have ended. */
void watcher_forget(struct watcher *watcher, struct packet *const *packets, uint32_t count);

#endif
