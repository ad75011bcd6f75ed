/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_ACCOUNT_H
#define XSW_ANALYZER_ACCOUNT_H

/*
 * The books of one capture session: what its files show, counted record by record, beside what the
 * switch and the recorder said at the end (the summary). proof.h holds one against the other.
 *
 * Bounds: ACCOUNT_ROWS_MAX stages, workers and pairs of stage and reason; ACCOUNT_GAPS_MAX gaps
 * with their times, later ones are only counted.
 *
 * Threads: one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/books/table.h"
#include "analyzer/journey/json_in.h"
#include "formats/pcapng/pcapng_items.h"
#include "formats/pcapng/stage_meta.h"

enum { ACCOUNT_ROWS_MAX = 8192, ACCOUNT_GAPS_MAX = 64 };

/* What the records in the files say. Journeys, where nothing else is named. */
struct account_file {
    uint64_t packets;           /* in its sections, in all; of a session's book alone */
    uint64_t foreign;           /* of them: without metadata of ours */
    uint64_t records;           /* of them: that were analyzed */
    uint64_t first_ns, last_ns; /* wall time; valid when records is not 0 */
    /* how journeys began */
    uint64_t received; /* at a port */
    uint64_t copies_flood, copies_mirror, copies_other;
    uint64_t injected; /* began behind rx and have no parent */
    /* how they ended */
    uint64_t delivered, dropped, consumed, punted;
    uint64_t changed; /* that had any byte changed on their way */
    /* what is not whole */
    uint64_t headless;          /* have no first record */
    uint64_t unfinished;        /* have no last record */
    uint64_t evicted;           /* were given up: more were open at once than the analyzer holds */
    uint64_t stray;             /* records of journeys that had ended or were given up */
    uint64_t duplicates;        /* journeys that began twice under one id */
    uint64_t repeats;           /* are in the account of another session of the switch too */
    uint64_t orphans;           /* copies whose parent is not in the files */
    uint64_t parents_unchecked; /* copies for which that could not be told in bounded memory */
    uint64_t broken;            /* records whose metadata breaks its format */
    /* losses told in band */
    uint64_t gap_journeys[META_LOSS_COUNT]; /* by cause; 0: a cause that we do not know */
    struct meta_gap gaps[ACCOUNT_GAPS_MAX];
    size_t gap_count;
    uint64_t gaps_beyond;
};

/* Journeys of a worker (key: u32), or those that ended at a stage. */
struct account_worker {
    uint64_t offered, filtered, written;
    uint64_t sampled;               /* other flows than those of the sample */
    uint64_t unwanted;              /* of `filtered`: by what is known at their end only */
    uint64_t lost[META_LOSS_COUNT]; /* 0: other causes */
};

struct account_stage { /* key: u16 */
    uint64_t in, clones, injected, out, consumed, held, released;
    uint64_t dropped; /* the sum over reasons */
    bool has_journeys;
    struct account_worker journeys; /* what became of those that ended there */
};

/* One file of a recording that was rotated over several: each has the account of its own part. */
struct account_segment { /* key: u32, from 1 */
    bool has_section, has_summary;
};

struct account_drop_key {
    uint16_t stage;
    uint16_t reason;
};

struct account_drop {
    uint64_t in_files;
    uint64_t by_switch;
};

struct account {
    struct account_file file;
    bool has_summary;
    bool has_recorder; /* the summary tells what the recorder did */
    bool is_limited;   /* of some journeys there are records at some stages only */
    char why[32];
    char error[200];
    uint64_t ended_mono_ns;
    uint64_t recorder_written;
    uint64_t recorder_lost[META_LOSS_COUNT]; /* by enum meta_loss; 0: causes that we do not know */
    uint64_t summaries;
    struct table segments; /* u32 -> struct account_segment; empty: the recording is one file */
    bool has_last_segment; /* it was told which file is the last */
    struct table workers;  /* u32 -> struct account_worker */
    struct table stages;   /* u16 -> struct account_stage */
    struct table drops;    /* struct account_drop_key -> struct account_drop */
    uint64_t drops_beyond; /* drops in the files of pairs that found no place */
};

void account_init(struct account *account);
void account_fini(struct account *account);

/* A file of number `segment` begins; 0: the recording is one file. */
void account_add_section(struct account *account, uint32_t segment);
/* The META_SUMMARY text. A second one replaces the first, but those of several files of one
 * recording are added up. */
void account_read_summary(struct account *account, const struct json_in *summary);
/* One of the recording's events: other rules may limit the records to some stages. */
void account_add_event(struct account *account, const struct pcapng_event *event);
void account_add_gap(struct account *account, const struct meta_gap *gap);
void account_add_drop(struct account *account, uint16_t stage, uint16_t reason);

/* Adds what the records of a part say, which came behind all those in `account`. */
void account_merge(struct account *account, const struct account *part);
void account_file_merge(struct account_file *file, const struct account_file *part);
void account_clear(struct account *part);

/* The files of one recording that were seen. */
struct account_span {
    uint32_t first, last; /* both 0: the recording is one file */
    bool has_hole;        /* one between them was not given */
    bool is_whole;        /* from the first of the recording to its last, without a hole */
    bool is_open;         /* one has no account at its end */
};
struct account_span account_span(const struct account *account);

/* Sums that stop at UINT64_MAX instead of wrapping: the numbers come from a file. */
uint64_t account_sum(uint64_t a, uint64_t b);
/* Over all workers. */
struct account_worker account_workers_sum(const struct account *account);
struct account_worker account_stages_sum(const struct account *account);
/* Over all causes. */
uint64_t account_worker_lost(const struct account_worker *worker);
/* What the recorder took from the rings and did not write, for any cause. */
uint64_t account_recorder_left_out(const struct account *account);
/* Journeys that the session lost, for any cause but the limit that it was given: by the gaps in the
 * records, by the summary, and the larger of both. */
uint64_t account_lost_in_band(const struct account *account);
uint64_t account_lost_at_end(const struct account *account);
uint64_t account_lost(const struct account *account);
/* Journeys that came when the recorder had as many as it was to record. */
uint64_t account_past_limit(const struct account *account);
/* Journeys that began, and that ended, in the files. */
uint64_t account_started(const struct account *account);
uint64_t account_ended(const struct account *account);

#endif
