/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TUI_DERIVED_H
#define XSW_TUI_DERIVED_H

/*
 * What follows from the evidence: which journeys the filter lets through, and their latencies,
 * paths, flows and drops, counted by the analyzer's own engines. It is made anew when the evidence,
 * the filter or the time that is looked at has changed.
 *
 * Memory is bounded by the evidence, and by the engines' own limits.
 *
 * Threads: one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xsw/error.h>

#include "analyzer/books/drops.h"
#include "analyzer/books/flows.h"
#include "analyzer/books/latency.h"
#include "analyzer/books/paths.h"
#include "analyzer/books/stations.h"
#include "tui/evidence.h"
#include "tui/model.h"

/* A row of the drops screen: a pair of stage and reason, as the switch counts it, then those of its
 * rules and ports that the evidence shows. */
struct derived_drop {
    uint16_t stage, reason;
    bool is_detail;
    uint32_t rule;
    struct dictionary_label port;
    uint64_t seen;    /* among the evidence */
    size_t place;     /* of the pair in a sample's `drops`; SIZE_MAX: none */
    uint64_t example; /* packet */
};

enum { DERIVED_DROPS_MAX = 1024, DERIVED_NO_CLASS = UINT16_MAX };

struct derived {
    uint64_t number;   /* grows each time that it is made */
    uint64_t *shown;   /* for evidence_number(), newest first */
    uint16_t *classes; /* of each shown one: its place in paths.rows; DERIVED_NO_CLASS: none */
    size_t shown_count, shown_max;
    uint64_t dropped, changed, gaps;                                    /* among them */
    uint64_t changed_at[MODEL_STAGES_MAX], passed_at[MODEL_STAGES_MAX]; /* by stage id */
    struct latency latency;
    struct paths paths;
    size_t *path_order;
    struct flows flows;
    size_t *flow_order;
    struct stations stations;
    struct drops drops;
    struct derived_drop drop_rows[DERIVED_DROPS_MAX];
    size_t drop_row_count;
    struct trails *trails; /* one slot: of the journey that is being counted */
    bool has_failed;       /* memory ran out: something is missing */
};

enum xsw_status derived_create(size_t journeys, struct derived **derived,
                               struct xsw_error *error) XSW_MUST_CHECK;
void derived_destroy(struct derived *derived); /* accepts null */

/* `filter`: null for all. Journeys that began from `from_ns` to `to_ns`, both included. `sample`:
 * its drops make the rows of pairs; may be null. */
struct derived_limits {
    const struct journey_filter *filter;
    uint64_t from_ns, to_ns;
    const struct model_sample *sample;
};
void derived_make(struct derived *derived, const struct model *model,
                  const struct evidence *evidence, const struct derived_limits *limits);

/* Whether a filter lets a journey through. */
bool derived_matches(const struct journey_filter *filter, const struct evidence *evidence,
                     const struct evidence_journey *journey);

#endif
