/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_LATENCY_H
#define XSW_ANALYZER_LATENCY_H

/*
 * Where the time goes: one histogram for whole journeys that were delivered, and for each stage up
 * to three: work (from the stage before to this one, without what follows), queue (kept by the
 * switch for want of bandwidth) and hold (kept by an extension). A packet works as long as its
 * batch, with which it goes from stage to stage.
 *
 * Bound: LATENCY_ROWS_MAX histograms of 19 KiB; what finds no place is counted in `beyond`.
 * Threads: one.
 */

#include <stdint.h>

#include "analyzer/books/histogram.h"
#include "analyzer/books/table.h"
#include "analyzer/journey/dictionary.h"
#include "analyzer/journey/trail.h"

enum { LATENCY_ROWS_MAX = 256, LATENCY_STAGES_NEAR = 64 };

enum latency_kind { LATENCY_WHOLE, LATENCY_WORK, LATENCY_QUEUE, LATENCY_HOLD, LATENCY_KINDS };

struct latency_key {
    uint16_t stage; /* 0 with LATENCY_WHOLE */
    uint16_t kind;  /* enum latency_kind */
};

struct latency {
    struct table rows; /* struct latency_key -> struct histogram */
    uint64_t beyond;
    /* place + 1 of the row of a kind and stage, for the stages that every packet passes */
    uint32_t near[LATENCY_KINDS][LATENCY_STAGES_NEAR];
};

void latency_init(struct latency *latency);
void latency_fini(struct latency *latency);
/* A journey that has ended. */
void latency_add(struct latency *latency, const struct dictionary *dictionary,
                 const struct trail *trail);
/* Adds journeys that ended behind all those in `latency`. `behind` has none without a place. */
void latency_merge(struct latency *latency, const struct latency *behind);
void latency_clear(struct latency *latency);
/* Null when nothing was counted there. */
const struct histogram *latency_find(const struct latency *latency, enum latency_kind kind,
                                     uint16_t stage);
/* Places in `rows`: whole journeys first, then by the order of the stages. The caller frees; null
 * when there are none or memory could not be had. */
size_t *latency_rows_sorted(const struct latency *latency, const struct dictionary *dictionary);
const char *latency_kind_name(enum latency_kind kind); /* "whole", "work", "queue", "hold" */

#endif
