/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_EXPLAIN_H
#define XSW_ANALYZER_EXPLAIN_H

/*
 * The verdict on one switch: findings in plain words, the most important first. Each names what
 * happened to how many packets, where, by what, whom it hit, since when, what had changed before,
 * and a packet to look at; nothing is said that the records do not show. What tables hold in full
 * (drops.h, changes.h, latency.h, paths.h, flows.h, stations.h) is only pointed at here.
 *
 * Threads: one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xsw/error.h>

#include "analyzer/analysis.h"

enum finding_kind {
    FINDING_BOOKS,         /* an equation of the proof fails */
    FINDING_DROPS,         /* packets were dropped: a row of drops.h */
    FINDING_KERNEL,        /* the kernel dropped packets behind a port */
    FINDING_LOST,          /* capture lost journeys: nothing is known of them */
    FINDING_CHECKSUM,      /* a stage left a wrong checksum */
    FINDING_UNDECLARED,    /* an extension changed what it did not declare */
    FINDING_MOVES,         /* an address goes forth and back between ports */
    FINDING_TCP,           /* retransmissions and resets, with their causes */
    FINDING_LATENCY,       /* one stage takes most of the time */
    FINDING_NEW_PATHS,     /* path classes that the baseline does not have */
    FINDING_CHANGED,       /* a stage changed packets, as it declares */
    FINDING_CONFIGURATION, /* what was configured while it was recorded */
    FINDING_OPEN,          /* no account at the end: torn, a selection */
    FINDING_ENDED,         /* the recording ended by an error */
    FINDING_KINDS
};

enum finding_weight { FINDING_BAD, FINDING_UNKNOWN, FINDING_NOTICE };

enum { FINDINGS_MAX = 64, FINDING_TEXT_SIZE = 1400, FINDING_EXAMPLES = 4 };

struct finding {
    enum finding_kind kind;
    enum finding_weight weight;
    uint64_t packets;           /* that it hit; journeys with FINDING_LOST */
    uint64_t first_ns, last_ns; /* 0: not told */
    bool has_stage;
    uint16_t stage;
    uint16_t reason;                     /* 0: none */
    struct dictionary_label port;        /* id 0: none */
    uint32_t rule;                       /* 0: none */
    uint64_t generation;                 /* of the configuration at its beginning; 0: not told */
    uint64_t examples[FINDING_EXAMPLES]; /* packets; 0 ends them */
    char text[FINDING_TEXT_SIZE];
};

struct explain {
    enum proof_state state; /* the worst proof of the switch's sessions */
    bool is_clean;          /* nothing bad and nothing unknown */
    char headline[400];     /* one sentence or two */
    struct finding findings[FINDINGS_MAX];
    size_t count;
    size_t beyond; /* that found no place */
};

/* After analysis_finish(), or at any time on a live session. */
enum xsw_status explain_create(const struct analysis *analysis, const struct analysis_switch *of,
                               struct explain **explain, struct xsw_error *error) XSW_MUST_CHECK;
void explain_destroy(struct explain *explain); /* accepts null */
/* "drops", "capture-loss", "wrong-checksum", … for programs; "DROPPED", … for people. */
const char *finding_kind_name(enum finding_kind kind);
const char *finding_kind_label(enum finding_kind kind);
const char *finding_weight_name(enum finding_weight weight); /* "bad", "unknown", "notice" */

#endif
