/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_SELECTION_H
#define XSW_ANALYZER_SELECTION_H

/*
 * The journeys of recordings that match a metadata expression (xsw-filter(7)). The files are read
 * three times: an expression uses names, which files tell up to their last block; whether a journey
 * matches is known at its end; and only then can a report leave the others out.
 *
 *   first pass   an analysis as always; selection_create() takes the names from it
 *   second pass  selection_offer() observes: it gathers the facts and keeps the ids that match
 *   third pass   analysis_restrict() with selection_has(), and selection_describe() observes
 *
 * Sessions are told apart by their number in an analysis, which is the same in each pass.
 *
 * Memory is bounded: 34 MiB for the ids, 24 MiB for open journeys, and SELECTION_LISTED_MAX
 * journeys that are listed.
 *
 * Threads: one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xsw/error.h>

#include "analyzer/analysis.h"
#include "analyzer/index/classes.h"
#include "formats/filter/journey_filter.h"
#include "packet/describe.h"

enum { SELECTION_LISTED_MAX = 10000 };

struct selected_key {
    uint64_t id;
    uint64_t session;
};

struct selected { /* one that matches */
    uint64_t first_ns;
    uint64_t latency_ns;
    uint64_t parent_id;
    uint32_t source_port, destination_port; /* as in the facts */
    uint32_t rule;                          /* of the last record, 0: none */
    uint16_t reason, stage;
    uint8_t outcome, origin, flags; /* as in struct journey_facts */
    char *description;              /* of its first frame; null: not read yet */
};

struct selection;

/* `known`: an analysis that was finished; it is not needed afterwards. A name that no switch of the
 * recordings knows is an error; `column` as journey_filter_compile(). */
enum xsw_status selection_create(const struct analysis *known, const char *text,
                                 struct selection **selection, size_t *column,
                                 struct xsw_error *error) XSW_MUST_CHECK;
void selection_destroy(struct selection *selection); /* accepts null */

/* Observers. */
void selection_offer(const struct analysis_session *session, const struct record *record,
                     void *selection);
void selection_describe(const struct analysis_session *session, const struct record *record,
                        void *selection);
/* Journeys that are in no record that is offered: none of them matches. */
void selection_skip(struct selection *selection, uint64_t journeys);
/* Whether a journey of the class within the span, on any switch, may match. */
bool selection_may_have(const struct selection *selection, const struct journey_class *class,
                        const struct class_span *span);
/* Behind the last record of the second pass: journeys without an end are judged, too. */
void selection_finish(struct selection *selection);

const char *selection_text(const struct selection *selection);
/* Journeys that match, and all of them. */
uint64_t selection_matched(const struct selection *selection);
uint64_t selection_total(const struct selection *selection);
bool selection_has(const struct selection *selection, uint32_t session, uint64_t packet_id);
/* struct selected_key -> struct selected, in the order of their ends. */
const struct table *selection_listed(const struct selection *selection);

/* A port as it stands in the facts. */
static inline struct dictionary_label selection_label(uint32_t port)
{
    return (struct dictionary_label){.id = (uint16_t)port, .name = (uint16_t)(port >> 16)};
}

#endif
