/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_TIMELINE_H
#define XSW_ANALYZER_TIMELINE_H

/*
 * One timeline of all that several sources tell: events of recordings, of LTTng traces and of the
 * kernel, and the drops of recorded packets; see sources.h for their machines and clocks. What
 * happens again and again (drops for one reason at one place, addresses that are learned) becomes
 * an episode: its begin, its end, its rate, and when the first packet of a flow that it hit was
 * delivered again. What several sources of a machine tell of the same time is told once.
 *
 * Drops of the kernel are put to the packets that they were, in a second reading (timeline_join_*),
 * so that the order of the sources does not matter.
 *
 * Memory is bounded by the limits below; what is beyond them is counted and said.
 *
 * Threads: one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xsw/error.h>

#include "analyzer/analysis.h"
#include "analyzer/journey/record.h"
#include "analyzer/timeline/losses.h"
#include "analyzer/timeline/sources.h"
#include "formats/pcapng/pcapng_items.h"

enum {
    TIMELINE_ENTRIES_MAX = 1 << 16,
    TIMELINE_EPISODES_MAX = 4096,
    TIMELINE_JOINS_MAX = 1 << 16,
    TIMELINE_TEXT_SIZE = 400
};

static const uint64_t TIMELINE_PAUSE_NS = 1000000000; /* as long a pause ends an episode */

enum timeline_kind {
    TIMELINE_EVENT,
    TIMELINE_BEGIN, /* of an episode */
    TIMELINE_END,
    TIMELINE_RECOVERY,
    TIMELINE_UNKNOWN /* something is missing here */
};

struct timeline_entry {
    uint64_t wall_ns, mono_ns; /* mono_ns 0: not known */
    uint64_t place_ns;         /* on the reference's wall clock: the order */
    uint64_t count, span_ns;   /* of an episode, or of what is unknown */
    uint64_t packet_id;        /* one to look at; 0: none */
    uint32_t alike;            /* so many packets may be it; 0: it is that one */
    uint16_t source;
    int16_t machine; /* -1: not known */
    int32_t episode; /* -1: none */
    uint8_t kind;
    uint8_t priority;
    bool is_up_to; /* of TIMELINE_UNKNOWN: it stands at its end, and its begin is not known */
    bool is_open;  /* its end is not known */
    char name[48];
    char text[TIMELINE_TEXT_SIZE];
};

/* A drop of the kernel, and the packet that it was. */
enum timeline_join_by { TIMELINE_JOIN_NONE, TIMELINE_JOIN_BYTES, TIMELINE_JOIN_TIME };

struct timeline_join {
    uint64_t place_ns;  /* on the reference's wall clock */
    uint64_t packets;   /* with these bytes */
    uint64_t packet_id; /* 0: none that is recorded, or several might be it, by port and time */
    uint32_t session;   /* of that packet */
    uint32_t alike;     /* by bytes, so many packets may be it, of which this is the nearest; 8 may
                           be more. 0: it is that one */
    int32_t episode;
    uint8_t by; /* enum timeline_join_by: what made it known */
};

struct timeline;

enum xsw_status timeline_create(struct timeline **timeline, struct xsw_error *error) XSW_MUST_CHECK;
void timeline_destroy(struct timeline *timeline); /* accepts null */

/* What is told from here on comes from this file. */
void timeline_source_begin(struct timeline *timeline, const char *path, const char *kind);
/* Where it was made: see sources_origin. */
void timeline_origin(struct timeline *timeline, const char *host, const char *system);
/* Which machine a recording's session is of, and its clocks. Texts may be null, times 0. */
void timeline_clock(struct timeline *timeline, uint32_t session, const char *host,
                    const char *boot_id, uint64_t mono_ns, uint64_t wall_ns);
/* An event of a recording, or of a trace. `has_mono`: mono_ns is of the boot that it names. */
void timeline_event(struct timeline *timeline, const struct pcapng_event *event, bool has_mono);
/* Behind the last file: a change from the log that a recording of this session has of its switch.
 * Is left out where events of some source tell of that switch's changes at that time. */
void timeline_change(struct timeline *timeline, const struct analysis_session *session,
                     const struct pcapng_event *event);
/* A record of a packet, in the order of the file. */
void timeline_record(struct timeline *timeline, const struct analysis_session *session,
                     const struct record *record);

/* The second reading, when the first one found drops of the kernel: all records once more. */
bool timeline_join_is_wanted(const struct timeline *timeline);
void timeline_join_record(struct timeline *timeline, const struct analysis_session *session,
                          const struct record *record);

/* Puts all in order. Once, behind the last. */
enum xsw_status timeline_finish(struct timeline *timeline, struct xsw_error *error) XSW_MUST_CHECK;

/* What came of it, behind timeline_finish. */
size_t timeline_entries(const struct timeline *timeline, const struct timeline_entry **entries);
const struct sources *timeline_sources(const struct timeline *timeline);
/* In the order of time. */
size_t timeline_joins(const struct timeline *timeline, const struct timeline_join **joins);
/* Entries, episodes and joins that found no room. */
uint64_t timeline_beyond(const struct timeline *timeline);

#endif
