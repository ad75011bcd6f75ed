/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_FLOWS_H
#define XSW_ANALYZER_FLOWS_H

/*
 * Who talks to whom, one direction a row, and what became of it. For TCP the symptoms that an
 * operator sees at the hosts, each with the packet of this switch that caused it, where there is
 * one:
 *
 *   retransmission  bytes that this switch had seen before; caused by the dropped segment that had
 *                   them, or by a dropped acknowledgement of the other direction
 *   late            bytes that had been left out before and were not seen yet: lost or overtaken
 *                   before they came to this switch
 *   reset           a RST; caused by the segment of the connection that was dropped before it
 *   zero window     the receiver has no room; when the segment that ended it was dropped, that one
 *
 * A cause is a packet that was dropped for certain; that there is none is only certain when capture
 * lost nothing.
 *
 * Copies for floods and mirrors are counted apart: a flow has as many packets as came in or were
 * made. Bounds: FLOWS_MAX rows, FLOW_SYMPTOMS_MAX symptoms in the list; for each flow the last
 * FLOW_DROPS_KEPT dropped segments and FLOW_HOLES_KEPT holes. What finds no place is counted.
 *
 * Threads: one.
 */

#include <stdbool.h>
#include <stdint.h>

#include "analyzer/books/table.h"
#include "analyzer/journey/dictionary.h"
#include "analyzer/journey/trail.h"
#include "packet/flow_key.h"

enum {
    FLOWS_MAX = 16384,
    FLOW_SYMPTOMS_MAX = 4096,
    FLOW_DROPS_KEPT = 4,
    FLOW_HOLES_KEPT = 4,
    FLOW_ADVANCES_KEPT = 16
};

/* A segment that this switch dropped. */
struct flow_drop {
    uint64_t packet_id;
    uint64_t time_ns;
    uint32_t sequence, end; /* end is behind the last byte */
    uint32_t acknowledged;
    uint32_t rule;
    uint16_t stage, reason;
    struct dictionary_label port;
    uint16_t window;
    uint8_t flags; /* TRAIL_TCP_* */
};

/* When a segment came in. Those of one batch have one time, and ids in their order. */
struct flow_moment {
    uint64_t time_ns, packet_id;
};

struct flow_hole {
    uint32_t sequence, end;
    struct flow_moment since; /* of the segment that left it out */
};

struct flow_advance {
    uint32_t end; /* all bytes before it were seen or left out */
    struct flow_moment since;
};

struct flow_tcp { /* what is needed to follow one direction; private */
    bool has_begun;
    bool is_closed_window;
    uint8_t drop_count, hole_count, advance_count;
    uint32_t next;                                    /* behind the last byte that was seen */
    struct flow_advance advances[FLOW_ADVANCES_KEPT]; /* the last ones, the oldest first */
    struct flow_drop drops[FLOW_DROPS_KEPT];
    struct flow_hole holes[FLOW_HOLES_KEPT];
};

struct flow {
    uint64_t packets, bytes; /* that came in or were made, and the clones that replace them */
    uint64_t delivered, dropped, replaced, changed, unfinished;
    uint64_t held;                   /* of them by an extension, or in a queue */
    uint64_t copies, copies_dropped; /* for floods and mirrors */
    uint64_t first_ns, last_ns;
    uint64_t first_delivered_ns, last_delivered_ns; /* their first records; valid when one was */
    uint64_t first_dropped_ns, last_dropped_ns;     /* the same; of copies, too */
    uint64_t example_packet;                        /* the first */
    uint64_t example_drop;                          /* the first that was dropped, 0: none */
    uint64_t latency_sum_ns, latency_max_ns;        /* of those that were delivered */
    struct dictionary_label source_port, destination_port; /* last seen */
    uint64_t retransmissions, retransmissions_by_drop;     /* the latter: with a cause */
    uint64_t late;
    uint64_t resets, resets_by_drop;
    uint64_t zero_windows, zero_windows_by_drop;
    uint32_t tcp; /* place + 1 in struct flows.tcp; 0: no segment was followed */
};

enum flow_symptom_kind {
    FLOW_RETRANSMISSION,
    FLOW_LATE,
    FLOW_RESET,
    FLOW_ZERO_WINDOW,
    FLOW_SYMPTOM_KINDS
};

struct flow_symptom {
    uint64_t packet_id, time_ns;
    struct flow_key flow; /* of that packet */
    uint8_t kind;         /* enum flow_symptom_kind */
    bool has_cause;
    bool is_cause_reverse;  /* the cause went the other way */
    struct flow_drop cause; /* valid with has_cause */
};

/* A TCP segment, as much of its trail as following it needs. */
struct flow_segment {
    uint64_t packet_id, first_ns, last_ns;
    struct trail_tcp tcp;
    uint32_t flow; /* place in `rows` */
    uint32_t rule;
    struct dictionary_label source_port, destination_port;
    uint16_t end_stage, reason;
    uint8_t outcome, origin;
};

struct flows {
    struct table rows;    /* struct flow_key -> struct flow */
    uint64_t beyond;      /* packets of flows without a place */
    struct flow_tcp *tcp; /* of the flows that have segments */
    size_t tcp_count, tcp_room;
    struct flow_symptom *symptoms;
    size_t symptom_count;
    uint64_t symptoms_beyond;
    uint64_t counts[FLOW_SYMPTOM_KINDS];
    uint64_t counts_by_drop[FLOW_SYMPTOM_KINDS];
    /* of a part, whose segments are followed when it is merged */
    bool is_part, is_crowded;
    struct flow_segment *segments;
    size_t segment_count, segment_room;
};

void flows_init(struct flows *flows);
void flows_fini(struct flows *flows);
/* A journey that has ended, or was given up (`trail->outcome` is FACTS_UNFINISHED). */
void flows_add(struct flows *flows, const struct trail *trail);

/* Adds journeys that ended behind all those in `flows`, from a part that has `is_part` set since it
 * was made and is not crowded, and in which all found a place. */
void flows_merge(struct flows *flows, const struct flows *part);
void flows_clear(struct flows *part);

const struct flow *flows_find(const struct flows *flows, const struct flow_key *key);
/* Places in `rows`: most dropped first, then most packets. The caller frees. */
size_t *flows_sorted(const struct flows *flows);
/* "retransmission", "late", "reset", "zero-window" */
const char *flow_symptom_name(enum flow_symptom_kind kind);

#endif
