/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CAPTURE_UNFOLD_H
#define XSW_CAPTURE_UNFOLD_H

/*
 * One journey of a ring, unfolded to the records of a file: what came in, each change with the
 * bytes after it, and the end. A ring keeps the bytes as they were at the end; the changes, undone
 * in reverse order, give those at the beginning.
 *
 * Threads: one at a time. Steps point into the unfold and into the ring.
 */

#include <stdbool.h>
#include <stdint.h>

#include <xsw/error.h>

#include "capture/ring.h"
#include "formats/pcapng/stage_meta.h"
#include "packet/packet.h"
#include "switch/switch.h"

enum {
    /* The largest packet, a tag or so more, and what its changes took out of it. */
    UNFOLD_CAPTURED_MAX = PACKET_LARGE_BYTES + PACKET_HEADROOM,
    UNFOLD_BYTES = UNFOLD_CAPTURED_MAX + 4096,
    UNFOLD_CHANGES_MAX = 1024,
    UNFOLD_DECISIONS_MAX = 32
};

enum { UNFOLD_HOPS_MAX = 2 * STAGES_MAX, UNFOLD_HOLDS_MAX = 8 };

/* What the journeys of a batch have in common. */
struct unfold_timeline {
    const struct ring_hop *hops;
    uint32_t hop_count;
    uint64_t rx_mono_ns;
};

struct unfold_step {
    struct meta_fixed fixed;
    uint32_t since_rx_ns; /* when it was so; 0 for what came in */
    const uint8_t *bytes;
    uint32_t captured_length, length;
    const struct meta_hop *hops; /* stages passed since the step before */
    size_t hop_count;
    const struct meta_decision *decisions;
    size_t decision_count;
    const struct meta_change *changes;
    size_t change_count;
    const struct meta_held *holds; /* with the last step */
    size_t hold_count;
    uint16_t vlan;        /* 0: not told */
    uint16_t source_port; /* with has_source */
    bool has_source;      /* with the first step of what was copied or made */
    bool at_destination;  /* fixed.port is the journey's destination, else its source */
    bool has_offload;
    struct meta_offload offload;
};

struct unfold {
    uint64_t stages; /* set by the caller, and kept: records at these only, and at each of them; bit
                        n for stage n; 0: as every_stage says */
    const struct ring_journey *journey;
    uint64_t rx_mono_ns; /* to which the times of the steps refer */
    const struct ring_hop *hops;
    uint32_t hop_count;
    uint32_t first_hop;
    uint8_t flags; /* RING_JOURNEY_* */
    bool every_stage;
    uint32_t place; /* of the next hop to tell */
    bool has_begun, has_ended;
    uint16_t forward_place; /* first place whose packets have a destination */
    uint32_t flow_hash;
    uint32_t length, captured_length; /* of `bytes` */
    size_t change_next;
    size_t change_count, decision_count;
    uint64_t undeclared_stages; /* bit n: the extension at stage n did not declare its changes */
    bool has_offload;
    uint32_t drop_rule;
    struct meta_offload offload;
    struct meta_change changes[UNFOLD_CHANGES_MAX];
    struct meta_decision decisions[UNFOLD_DECISIONS_MAX];
    struct meta_decision told[UNFOLD_DECISIONS_MAX]; /* with the next step */
    size_t told_count;
    struct ring_hop whole[UNFOLD_HOPS_MAX]; /* the hops of one that was held on the way */
    uint32_t history_count;                 /* of these, from before it was held */
    struct meta_held holds[UNFOLD_HOLDS_MAX];
    size_t hold_count;
    struct meta_hop folded[UNFOLD_HOPS_MAX];
    size_t folded_count;
    uint8_t bytes[UNFOLD_BYTES];
};

/* XSW_CORRUPT when the journey contradicts itself. */
enum xsw_status unfold_begin(struct unfold *unfold, const struct ring_journey *journey,
                             const struct unfold_timeline *timeline, bool every_stage,
                             struct xsw_error *error) XSW_MUST_CHECK;
/* The next record; false when there is none. What one that is left out would have told of the way
 * of the packet, the next one does; not what it would have told of changes. */
bool unfold_next(struct unfold *unfold, struct unfold_step *step);

#endif
