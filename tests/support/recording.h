/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TEST_RECORDING_H
#define XSW_TEST_RECORDING_H

/*
 * Makes recordings as a switch would write them, with books that balance, so that a test can spoil
 * one number and see whether the analyzer notices. Times count from a fixed moment; nothing is
 * random.
 *
 * The pipeline: rx, ingress-filter.rewrite, ingress-policy, forward, egress-policy,
 * egress-filter.flowfilter, tx. The ports: alice 1, bob 2, carol 3.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "formats/pcapng/pcapng_write.h"
#include "formats/pcapng/stage_meta.h"

enum {
    STAGE_RX = 1,
    STAGE_REWRITE,
    STAGE_INGRESS_POLICY,
    STAGE_FORWARD,
    STAGE_EGRESS_POLICY,
    STAGE_FLOWFILTER,
    STAGE_TX,
    STAGE_COUNT
};

enum { PORT_ALICE = 1, PORT_BOB, PORT_CAROL };

enum { REASON_ACL_DENIED = 4, REASON_SPOOFED = 5, REASON_FLOW_DENIED = 40, REASON_COUNT };

/* What became of journeys that ended at a stage. */
struct recording_journeys {
    uint64_t offered, written, filtered, sampled, lost_ring_full, lost_budget;
};

struct recording_stage {
    uint64_t in, clones, injected, out, held;
    uint64_t dropped[REASON_COUNT];
    struct recording_journeys journeys;
};

struct recording {
    struct pcapng_writer *writer;
    int32_t interfaces[4][STAGE_COUNT]; /* 0: none yet, else id + 1 */
    uint64_t now_ns;                    /* CLOCK_MONOTONIC */
    /* the books, which recording_end writes; spoil them before */
    struct recording_stage stages[STAGE_COUNT];
    uint64_t offered, filtered, written, lost_ring_full;
    uint64_t sampled, lost_budget;
    bool tells_journeys; /* the stages tell what became of the journeys that ended there */
    uint64_t recorder_written, lost_disk, past_limit;
    const char *why;
    const char *stages_at_end; /* JSON array for stages_info, or null */
    /* for the next journey */
    struct meta_gap gap; /* journeys != 0: written with its first record */
};

/* One journey. Zeroes are sensible: a UDP packet from port 10 to port 20, received, delivered. */
struct trip {
    uint64_t id;
    uint64_t parent; /* a copy, made at forward */
    uint8_t copy_flags;
    uint16_t from, to;        /* ports */
    uint16_t udp_destination; /* its destination port; the flow */
    uint16_t drop_at;         /* stage; 0: delivered */
    uint16_t reason;
    uint32_t rule;
    uint8_t dscp;         /* not 0: rewritten to this at ingress-filter.rewrite */
    uint8_t change_flags; /* META_UNDECLARED … */
    bool keeps_checksum;  /* the change leaves the IPv4 checksum as it was: wrong */
    bool without_first, without_last;
};

/* A section of ours. `session`: the switch's number of the capture session. */
void recording_begin(struct recording *recording, const char *path, const char *switch_id,
                     uint64_t session);
/* The same with any text as section info. */
void recording_begin_text(struct recording *recording, const char *path, const char *json);
void recording_trip(struct recording *recording, const struct trip *trip);
/* A record of which everything is up to the test. */
void recording_raw(struct recording *recording, uint64_t id, const struct meta_fixed *fixed,
                   const void *meta, size_t meta_length);
/* The summary from the books, and the end. */
void recording_end(struct recording *recording);
/* The end without a summary. */
void recording_end_torn(struct recording *recording);
/* The end with any text as summary. */
void recording_end_text(struct recording *recording, const char *json);

/* The standard one: traffic with every kind of fate, all in balance. */
void recording_demo(const char *path, uint64_t session);
void recording_demo_trips(struct recording *recording);
/* A path in a folder of this process that recording_cleanup() removes. */
const char *recording_path(const char *name);
void recording_cleanup(void);

#endif
