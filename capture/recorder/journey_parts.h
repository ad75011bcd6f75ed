/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CAPTURE_JOURNEY_PARTS_H
#define XSW_CAPTURE_JOURNEY_PARTS_H

/*
 * What the parts of a recording share: journey_file.c, which keeps the account, journey_record.c,
 * which makes a record of a step of a journey, and journey_repeat.c, which writes journeys that are
 * like one before them. Private to them.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/recorder/journey_file.h"
#include "capture/recorder/unfold.h"
#include "formats/pcapng/pcapng_write.h"
#include "switch/path/pipeline.h"

enum {
    JOURNEY_META_BYTES = 16 << 10,
    JOURNEY_COMMENT_BYTES = 512,
    JOURNEY_NO_INTERFACE = UINT32_MAX,
    JOURNEY_NOTES_MAX = 64, /* more than the writer has places for pieces */
    JOURNEY_PATTERNS_MAX = 8,
    JOURNEY_PATTERN_RECORDS = 2,
    JOURNEY_ROWS_OF_ID_MAX = 4 /* more than one, as workers change their generation in turn */
};

/* What ordinary journeys of one timeline must have in common to have the same records, but for what
 * struct pcapng_repeat has. */
struct pattern_key {
    uint64_t end; /* drop reason, destination if it is told in words, and what is known */
    uint32_t rule;
};

struct pattern_record {
    struct pcapng_template template;
    uint64_t since_rx_ns;
    uint32_t content_bytes; /* of it, by which pieces are measured, without the frame */
    uint16_t stage;
    bool at_destination; /* else at the source port */
};

/* The records of an ordinary journey. */
struct journey_pattern {
    struct pattern_key key;
    uint32_t record_count;
    struct pattern_record records[JOURNEY_PATTERN_RECORDS];
};

/* The tap points of what an id of a port means, or meant, and what was written there. */
struct journey_row {
    struct journey_row *older; /* what the id meant before, or where that was not told */
    uint64_t since;
    uint32_t interfaces[STAGES_MAX]; /* the writer's ids; JOURNEY_NO_INTERFACE: none yet */
    uint64_t records[STAGES_MAX];    /* written there */
    uint64_t told[STAGES_MAX];       /* of them, in statistics */
};

struct worker_place {                        /* where a worker's ring stands */
    struct journey_row *rows[XSW_PORTS_MAX]; /* under this generation; null: not asked yet */
    struct ring_hop hops[STAGES_MAX];
    uint32_t hop_count;
    uint64_t rx_mono_ns, generation;
    uint64_t stages;                       /* at which records are wanted; 0: at all */
    struct meta_gap gaps[META_LOSS_COUNT]; /* to be told with the next journey */
    uint64_t untold;                       /* journeys in them */
    /* Of this timeline; when there are more, the oldest goes. */
    uint32_t patterns_made;
    struct journey_pattern patterns[JOURNEY_PATTERNS_MAX];
};

/* What a worker's records in a piece tell, in case that it cannot be written. */
struct worker_note {
    struct meta_gap told[META_LOSS_COUNT]; /* the losses */
    struct meta_gap journeys;
};

struct piece_note {
    uint64_t first_piece, last_piece; /* of the writer; nearly always one */
    uint64_t journeys;
    struct worker_note workers[CONFIG_WORKERS_MAX];
};

struct journey_file {
    struct journey_file_options options;
    struct pcapng_writer *writer;
    struct journey_row *rows[XSW_PORTS_MAX]; /* by id, of this file */
    uint32_t interface_count;
    uint64_t lost_told; /* in the last statistics of this file */
    struct worker_place workers[CONFIG_WORKERS_MAX];
    struct journey_file_account account;
    /* Of the pieces that are on their way, in order, and of the one that is being filled. */
    struct piece_note notes[JOURNEY_NOTES_MAX];
    uint64_t notes_made, notes_settled;
    uint64_t unflushed_bytes;
    uint64_t content_bytes;
    struct unfold unfold; /* the journey that is being written */
    uint8_t meta[JOURNEY_META_BYTES];
    char comment[JOURNEY_COMMENT_BYTES];
};

static inline struct piece_note *journey_note(struct journey_file *file)
{
    return &file->notes[file->notes_made % JOURNEY_NOTES_MAX];
}

/* Both as one: more journeys over a longer time. */
void journey_gap_add(struct meta_gap *gap, const struct meta_gap *more);

/* What the port means in the worker's journeys now; null: no memory. */
struct journey_row *journey_row_get(struct journey_file *file, struct worker_place *place,
                                    uint16_t port);
/* When an id has had more ports than are remembered: the statistics of the oldest are written, and
 * its row is forgotten, unless it is the one that is needed now. A worker that is so far behind
 * that it comes to that port again gets another tap point of the same name. */
enum xsw_status journey_rows_cut(struct journey_file *file, uint16_t port,
                                 const struct journey_row *needed,
                                 struct xsw_error *error) XSW_MUST_CHECK;
/* For a new file, or the end. */
void journey_rows_forget(struct journey_file *file);
/* Statistics of the tap points: what is new since the last ones, or all. */
enum xsw_status journey_rows_statistics(struct journey_file *file, uint64_t lost, bool tells_all,
                                        struct xsw_error *error) XSW_MUST_CHECK;
/* How many tap points the file takes beside those that it has. */
uint32_t journey_points_left(const struct journey_file *file);
/* The interface of a tap point, of which there is none yet. XSW_LIMIT: the file takes no more. */
enum xsw_status journey_interface_make(struct journey_file *file, struct worker_place *place,
                                       uint16_t port, uint16_t stage,
                                       struct xsw_error *error) XSW_MUST_CHECK;
/* The interfaces that a step of a journey needs and that are not there yet. */
enum xsw_status journey_points_make(struct journey_file *file, struct worker_place *place,
                                    const struct unfold_step *step,
                                    struct xsw_error *error) XSW_MUST_CHECK;
/* Writes a step of the journey that is in file->unfold. `packet` is what was written; it points
 * into the file, until the next record. */
enum xsw_status journey_record_write(struct journey_file *file, uint32_t worker, uint64_t id,
                                     const struct unfold_step *step, struct pcapng_packet *packet,
                                     struct xsw_error *error) XSW_MUST_CHECK;

/* Nothing happened to it that is particular to it, but perhaps that it was dropped. */
bool journey_is_ordinary(const struct journey_file *file, const struct worker_place *place,
                         const struct ring_journey *journey);
/* Writes an ordinary journey by the pattern of one before it; false: there is none. */
bool journey_repeat(struct journey_file *file, uint32_t worker, const struct ring_journey *journey,
                    enum xsw_status *status, struct xsw_error *error);
/* An ordinary journey that is being written record by record becomes a pattern. Null: not one. */
struct journey_pattern *journey_pattern_begin(struct worker_place *place,
                                              const struct ring_journey *journey);
/* The next record of it. False: it is none after all, and is forgotten. */
bool journey_pattern_add(struct journey_pattern *pattern, const struct unfold_step *step,
                         const struct pcapng_packet *packet);
void journey_pattern_end(struct worker_place *place, struct journey_pattern *pattern);
/* For a new timeline. */
static inline void journey_patterns_forget(struct worker_place *place)
{
    place->patterns_made = 0;
}

#endif
