/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_TRAIL_H
#define XSW_ANALYZER_TRAIL_H

/*
 * A whole journey in few bytes: the stages that it passed with their times, what changed it, how it
 * began and ended. Gathered from the records of the journey as they stream by, of a file or of a
 * live session; what counts journeys (latency.h, paths.h, flows.h, stations.h) takes it at the end.
 *
 * Memory is bounded: one trail for each journey that may be open at once, in the slot that the
 * joiner (journey.h) gave it.
 *
 * Threads: one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xsw/error.h>

#include "analyzer/journey/dictionary.h"
#include "analyzer/journey/journey.h"
#include "analyzer/journey/record.h"
#include "formats/filter/journey_filter.h"
#include "packet/flow_key.h"

enum { TRAIL_STEPS_MAX = 32, TRAIL_FIELDS_MAX = 12, TRAIL_HOLDS_MAX = 4 };

struct trail_step {
    uint16_t stage;
    uint16_t is_changed;  /* 1: it changed the frame */
    uint32_t since_rx_ns; /* when it was done with the packet; stops at UINT32_MAX */
};

struct trail_hold {
    uint16_t stage;
    uint64_t held_ns;
};

/* Of the frame as the journey began; all zero when it is not TCP or was cut before its header. */
struct trail_tcp {
    bool is_there;
    uint8_t flags; /* as in the header: TRAIL_TCP_* */
    uint16_t window;
    uint32_t sequence;
    uint32_t acknowledged;
    uint32_t length; /* of the data, SYN and FIN count one each */
};

enum { TRAIL_TCP_FIN = 0x01, TRAIL_TCP_SYN = 0x02, TRAIL_TCP_RST = 0x04, TRAIL_TCP_ACK = 0x10 };

/* struct trail.flags, beyond FACTS_CHANGED, FACTS_UNDECLARED and FACTS_HELD */
enum {
    TRAIL_STEPS_BEYOND = 8,  /* passed more stages than are kept */
    TRAIL_FIELDS_BEYOND = 16 /* had more fields changed than are kept */
};

struct trail {
    uint64_t packet_id;
    uint64_t parent_id;   /* 0: none */
    uint64_t first_ns;    /* of its first record, since 1970 */
    uint64_t rx_ns;       /* when it, or what it was copied from, came in */
    uint64_t last_ns;     /* of its last record */
    uint64_t generation;  /* of the configuration at its end; 0: not told */
    struct flow_key flow; /* of the frame as the journey began */
    struct trail_tcp tcp;
    uint8_t destination_mac[6], source_mac[6];
    uint32_t length;                                       /* of the frame as it began */
    uint32_t rule;                                         /* that dropped it, 0: none */
    struct dictionary_label source_port, destination_port; /* id 0: none, or not told */
    uint16_t reason;
    uint16_t end_stage; /* where it ended */
    uint16_t vlan;      /* that the ingress policy assigned, 0: none */
    uint16_t tag;       /* VLAN id of the frame's outermost tag as it began, 0: none */
    uint8_t outcome;    /* enum facts_outcome */
    uint8_t origin;     /* enum facts_origin */
    uint8_t flags;
    uint8_t step_count, field_count, hold_count;
    bool has_first;
    struct trail_step steps[TRAIL_STEPS_MAX];
    struct trail_hold holds[TRAIL_HOLDS_MAX];
    uint16_t fields[TRAIL_FIELDS_MAX]; /* places in changes.fields, ascending */
};

struct trails;

enum xsw_status trails_create(uint32_t capacity, struct trails **trails,
                              struct xsw_error *error) XSW_MUST_CHECK;
void trails_destroy(struct trails *trails); /* accepts null */

/* Takes a record of a journey; `journey` and `events` are what journey_join() told of it. The trail
 * is whole when the journey has ended; it is the trails' until the slot is used again. */
struct trail *trails_take(struct trails *trails, const struct dictionary *dictionary,
                          const struct record *record, const struct journey *journey,
                          unsigned events);
/* The trail of a journey that journey_joiner_drain() gave up. */
const struct trail *trails_at(const struct trails *trails, uint32_t slot);

/* What trails_at() gave of another analysis, into a slot that the joiner gave. */
void trails_restore(struct trails *trails, uint32_t slot, const struct trail *trail);

/* A field that was changed, by its place in changes.fields. */
void trail_add_field(struct trail *trail, size_t field);
/* From when it came in to its end; with holds, whose time may not fit into the steps. */
uint64_t trail_latency_ns(const struct trail *trail);
/* How long a stage held it. */
uint64_t trail_held_ns(const struct trail *trail, uint16_t stage);

#endif
