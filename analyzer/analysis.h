/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_ANALYSIS_H
#define XSW_ANALYZER_ANALYSIS_H

/*
 * The analysis of one or several recordings, read one after the other as streams. Recordings of one
 * switch instance (the same uuid) come together in one struct analysis_switch; each capture session
 * keeps an account of its own, since losses and the switch's counters belong to a session.
 *
 * Memory is bounded whatever the files hold: 34 MiB for packet ids (id_set.h), 37 MiB for 65536
 * open journeys (journey.h, trail.h; what is not open at once is not touched), and for each of at
 * most ANALYSIS_SWITCHES_MAX switches at most 20 MiB for drops, changes and names, 16 MiB for flows
 * and 8 MiB for latency, paths and addresses: 115 MiB for a recording of one switch. What goes
 * beyond a limit is counted and said, not kept.
 *
 * A live session is read like a file: analysis_stream_open(), and the items as they come.
 * Everything but the proofs may be looked at at any time between two items.
 *
 * Threads: one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xsw/error.h>

#include "analyzer/books/account.h"
#include "analyzer/books/changes.h"
#include "analyzer/books/drops.h"
#include "analyzer/books/flows.h"
#include "analyzer/books/id_set.h"
#include "analyzer/books/latency.h"
#include "analyzer/books/marks.h"
#include "analyzer/books/notes.h"
#include "analyzer/books/paths.h"
#include "analyzer/books/stations.h"
#include "analyzer/journey/dictionary.h"
#include "analyzer/journey/journey.h"
#include "analyzer/journey/trail.h"
#include "analyzer/proof/proof.h"
#include "analyzer/timeline/events.h"
#include "analyzer/timeline/sources.h"

enum {
    ANALYSIS_FILES_MAX = 4096,
    ANALYSIS_SWITCHES_MAX = 8,
    ANALYSIS_SESSIONS_MAX = 64,
    ANALYSIS_ORPHANS_MAX = 65536, /* copies seen before their parent, at any time */
    ANALYSIS_NAME_SIZE = 64,
    ANALYSIS_THREADS_MAX = 8
};

/* One file, in the order given. */
struct analysis_file {
    char *path;
    char writer[128];       /* shb_userappl of its first section, or "" */
    enum xsw_status status; /* XSW_END: read to its end */
    char problem[400];      /* why it was not */
    uint64_t packets;       /* all packet records */
    uint64_t foreign;       /* of them without metadata of ours */
    uint64_t unreadable;    /* of them with metadata that breaks its format */
    uint64_t left_out;      /* of them of a switch or a session for which there was no place */
    bool has_sections;      /* at least one of ours */
    bool is_trace;          /* no recording: CTF, or a trace of the kernel */
    uint16_t source;        /* its number in the analysis' sources */
};

struct analysis_session {
    struct analysis_switch *of; /* the switch that it was captured on */
    uint32_t number;            /* in this analysis, from 0: the journeys' session */
    uint64_t id;                /* the switch's number of it */
    char name[64];              /* or that number, when it has none; "": not told */
    char filter[256];
    char where[256]; /* metadata expression of the capture; "": none */
    uint64_t snap_length;
    int machine; /* that it was captured on, of the analysis' sources; -1: not told */
    bool has_clock;
    uint64_t clock_mono_ns, clock_wall_ns; /* the same moment */
    uint64_t stages_at_start;
    bool pipeline_was_changed;
    bool is_torn;        /* a file of it ends inside a block, or is damaged */
    char selection[256]; /* the files are a part of a recording, chosen by this; "": they are not */
    char missing[300];   /* why there is no account at the end, for the proof */
    struct account account;
    struct marks marks; /* what was configured meanwhile */
    struct proof proof; /* filled by analysis_finish */
};

struct analysis_switch {
    char id[ANALYSIS_NAME_SIZE];
    char name[ANALYSIS_NAME_SIZE];
    char host[ANALYSIS_NAME_SIZE];
    int machine;    /* of the analysis' sources; -1: not told */
    bool is_traced; /* only traces tell of it: there are no journeys */
    struct dictionary dictionary;
    struct account_file total;  /* over all sessions, each packet once */
    struct table receive_ports; /* struct dictionary_label -> u64 packets received at it */
    struct drops drops;
    struct changes changes;
    struct latency latency;
    struct paths paths;
    struct flows flows;
    struct stations stations;
};

struct record;
struct analysis_session;
struct pcapng_item;

/* Sees each readable record after it was counted. */
typedef void analysis_observer(const struct analysis_session *session, const struct record *record,
                               void *context);

/* Sees each item of a file after it was taken in; `session` is that of its section, or null. */
typedef void analysis_item_observer(const struct analysis_session *session,
                                    const struct pcapng_item *item, void *context);

/* Whether a journey is to be in the switches' totals, drops and changes. */
typedef bool analysis_wanted(uint32_t session, uint64_t packet_id, const void *context);

struct analysis_orphan {
    uint64_t session;
    uint64_t parent_id;
};

struct analysis {
    struct analysis_file *files;
    size_t file_count;
    struct analysis_switch *switches[ANALYSIS_SWITCHES_MAX];
    size_t switch_count;
    struct analysis_session *sessions[ANALYSIS_SESSIONS_MAX];
    size_t session_count;
    struct journey_joiner *joiner;
    struct trails *trails;
    struct events events; /* of all switches */
    struct sources sources;
    struct id_set ids;                     /* begun, by session */
    uint32_t open_max;                     /* journeys open at once */
    unsigned threads;                      /* that read runs; 0: none, item by item */
    size_t run_bytes;                      /* that one of them takes at a time; 0: as usual */
    struct index *index;                   /* owned; null: none is used */
    uint64_t runs_merged, runs_read_again; /* part.h */
    struct table orphans; /* struct analysis_orphan -> u64 copies, whose parent was not seen yet */
    struct notes notes;
    analysis_observer *observer;
    void *observer_context;
    analysis_item_observer *item_observer;
    void *item_context;
    analysis_wanted *wanted; /* null: all are */
    const void *wanted_context;
};

/* open_max: journeys open at once; 0 is JOURNEYS_OPEN_DEFAULT. */
enum xsw_status analysis_create(uint32_t open_max, struct analysis **analysis,
                                struct xsw_error *error) XSW_MUST_CHECK;
void analysis_destroy(struct analysis *analysis); /* accepts null */

/* Lets analysis_read() read in runs, with so many threads beside the caller's; 0, as at first: item
 * by item. The analysis is the same. With an observer or a restriction it reads item by item all
 * the same. `run_bytes`: how much each takes at a time, 0 as
 * usual. Before the first file. */
void analysis_use_threads(struct analysis *analysis, unsigned threads, size_t run_bytes);

/* Lets analysis_read() of the first file use the index of it (index.h), and write one; `is_forced`:
 * of a small file, too. It reads in runs then, and with an observer or a restriction does without.
 * Before the first file. False: memory ran out. */
bool analysis_use_index(struct analysis *analysis, bool is_forced);

/* At most one; before the first file. */
void analysis_observe(struct analysis *analysis, analysis_observer *observer, void *context);

/* The same for items. */
void analysis_observe_items(struct analysis *analysis, analysis_item_observer *observer,
                            void *context);

/* Leaves journeys out of what is told of switches, but not out of the books of the sessions, so
 * that the proof is of the whole recording. At most once; before the first file. */
void analysis_restrict(struct analysis *analysis, analysis_wanted *wanted, const void *context);

/* Told now and then while a file is read. `file_bytes` is 0 when it has no size. */
typedef void analysis_progress(const char *path, uint64_t read_bytes, uint64_t file_bytes,
                               void *context);

/*
 * Reads one file ("-" is standard input). A file that is torn, damaged or not ours is no failure of
 * this call: what could be read has been taken in, and the file's status and problem say the rest.
 * Fails with XSW_NO_MEMORY or XSW_LIMIT alone.
 */
enum xsw_status analysis_read(struct analysis *analysis, const char *path,
                              analysis_progress *progress, void *context,
                              struct xsw_error *error) XSW_MUST_CHECK;

/* The same piece by piece, for a stream that is read elsewhere: `name` is for messages. The items
 * are as the reader (formats/pcapng/pcapng_read.h) gives them; a failure is told by the file's
 * notes. */
struct analysis_stream;
enum xsw_status analysis_stream_open(struct analysis *analysis, const char *name,
                                     struct analysis_stream **stream,
                                     struct xsw_error *error) XSW_MUST_CHECK;
void analysis_stream_item(struct analysis_stream *stream, const struct pcapng_item *item);
/* `status` is XSW_END when all was read, else what went wrong, and `problem` says it. */
void analysis_stream_close(struct analysis_stream *stream, enum xsw_status status,
                           const char *problem);

/* A trace beside recordings, as another file: "ctf" or "trace.dat". Its events are told with the
 * number of its source, and it is closed as other streams are. */
enum xsw_status analysis_trace_open(struct analysis *analysis, const char *path, const char *kind,
                                    struct analysis_stream **stream, uint16_t *source,
                                    struct xsw_error *error) XSW_MUST_CHECK;
/* `has_mono`: mono_ns is CLOCK_MONOTONIC of the boot that it names. */
void analysis_trace_event(struct analysis *analysis, uint16_t source,
                          const struct pcapng_event *event, bool has_mono);

/* Closes the books behind the last file and builds the proofs. Once. */
enum xsw_status analysis_finish(struct analysis *analysis, struct xsw_error *error) XSW_MUST_CHECK;

/* The worst proof of all sessions; PROOF_HOLDS when there is none. */
enum proof_state analysis_state(const struct analysis *analysis);

/* How many capture sessions of a switch the files hold. */
size_t analysis_sessions_of(const struct analysis *analysis, const struct analysis_switch *of);

/* What is not known of a switch's packets: journeys that capture lost, and sessions without an
 * account at their end. While either is not 0, what is not in the records may have happened. */
struct analysis_unknown {
    uint64_t lost_journeys;
    uint64_t open_sessions;
};
struct analysis_unknown analysis_unknown(const struct analysis *analysis,
                                         const struct analysis_switch *of);

/* A time of the sessions' clock as wall time, 0 when the file does not tell. */
uint64_t analysis_wall_ns(const struct analysis_session *session, uint64_t mono_ns);

#endif
