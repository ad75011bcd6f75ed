/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_TIMELINE_H
#define XSW_ANALYZER_TIMELINE_H

/*
 * One timeline of all that several sources tell: events of recordings, of LTTng traces and of the
 * kernel, and the drops of recorded packets. What happens again and again (drops for one reason at
 * one place) becomes an episode: its begin, its end, its rate, and when the first packet of a flow
 * that it hit was delivered again.
 *
 * Times. Sources of one boot of one machine share CLOCK_MONOTONIC and are in order to the
 * nanosecond. Machines are laid side by side by their wall clocks; how far these may be apart is
 * stated from what their time services said, and is unknown without.
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
#include "analyzer/record.h"
#include "formats/pcapng_items.h"

enum {
    TIMELINE_MACHINES_MAX = 64,
    TIMELINE_SOURCES_MAX = 256,
    TIMELINE_ENTRIES_MAX = 1 << 16,
    TIMELINE_EPISODES_MAX = 4096,
    TIMELINE_TEXT_SIZE = 400,
    TIMELINE_NAME_SIZE = 64
};

static const uint64_t TIMELINE_PAUSE_NS = 1000000000; /* as long a pause ends an episode */

/* A boot of a machine; or, without a boot id, whatever a source that has none tells of. */
struct timeline_machine {
    char boot_id[33]; /* without hyphens; "": not told */
    char host[TIMELINE_NAME_SIZE];
    bool has_clock;
    uint64_t offset_ns; /* wall_ns - mono_ns, as first told */
    uint64_t spread_ns; /* how much other sources' differ: the wall clock was moved */
    bool is_kept;       /* a time service keeps the clock */
    uint64_t error_ns;  /* by its estimate at most so far from true time */
};

struct timeline_source {
    char path[200];
    char kind[16]; /* "pcapng", "ctf", "trace.dat" */
    int machine;   /* -1: not known yet */
    bool is_guess; /* the source does not tell: it is taken for the only machine */
    uint64_t events;
};

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
    uint64_t count, span_ns;   /* of an episode's end */
    uint64_t packet_id;        /* one to look at; 0: none */
    uint32_t source;
    int32_t episode; /* -1: none */
    uint8_t kind;
    uint8_t priority;
    char name[48];
    char text[TIMELINE_TEXT_SIZE];
};

struct timeline;

enum xsw_status timeline_create(struct timeline **timeline, struct xsw_error *error) XSW_MUST_CHECK;
void timeline_destroy(struct timeline *timeline); /* accepts null */

/* What is told from here on comes from this file. XSW_LIMIT: there are too many. */
enum xsw_status timeline_source_begin(struct timeline *timeline, const char *path, const char *kind,
                                      struct xsw_error *error) XSW_MUST_CHECK;
/* Which machine the source, and for recordings the session, is of. Texts may be null, times 0. */
void timeline_clock(struct timeline *timeline, uint32_t session, const char *host,
                    const char *boot_id, uint64_t mono_ns, uint64_t wall_ns);
/* An event of a recording or of a reader of traces. */
void timeline_event(struct timeline *timeline, const struct pcapng_event *event);
/* A record of a packet, in the order of the file. */
void timeline_record(struct timeline *timeline, const struct analysis_session *session,
                     const struct record *record);
/* Puts all in order. Once, behind the last. */
enum xsw_status timeline_finish(struct timeline *timeline, struct xsw_error *error) XSW_MUST_CHECK;

/* What came of it, behind timeline_finish. */
size_t timeline_entries(const struct timeline *timeline, const struct timeline_entry **entries);
size_t timeline_sources(const struct timeline *timeline, const struct timeline_source **sources);
size_t timeline_machines(const struct timeline *timeline, const struct timeline_machine **machines);
/* The machine whose wall clock the times are on; -1: there is none. */
int timeline_reference(const struct timeline *timeline);
/* How far the times of a machine may be off on the reference's clock. False: that is unknown. */
bool timeline_uncertainty(const struct timeline *timeline, int machine, uint64_t *error_ns);
/* Entries and episodes that found no room. */
uint64_t timeline_beyond(const struct timeline *timeline);

#endif
