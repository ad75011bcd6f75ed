/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_PART_H
#define XSW_ANALYZER_PART_H

/*
 * A run of packet records, counted by itself on any thread, and merged into the analysis in the
 * order of the file: the analysis is the same, to the last example and the last tie, as when it had
 * read the records one by one. What a part cannot know by itself makes it one that is not whole:
 * journeys that began before it or end behind it, ids that were used before, records that are
 * broken, and limits. Such a part is not merged; its records are read once more, in their place.
 * See docs/decisions/analyzer-index.md.
 *
 * Memory: at most about 6 MiB each, usually 3.
 *
 * Threads: one at a time for a part. While parts are read, their analysis may be merged into, but
 * may get no section, interface or summary: they look at its dictionary.
 */

#include <stdbool.h>
#include <stdint.h>

#include <xsw/error.h>

#include "analyzer/analysis.h"
#include "analyzer/index/classes.h"
#include "formats/pcapng/pcapng_run.h"

enum {
    PART_OPEN_MAX = 1024,
    PART_FLOWS_MAX = 16384,
    PART_DROP_FLOWS_MAX = 4096,
    PART_PAIRS_MAX = 4096,
    PART_LATENCY_MAX = 64,
    PART_PATHS_MAX = 1024,
    PART_STATIONS_MAX = 4096,
    PART_ID_PAGES_MAX = 1024,
    PART_ORPHANS_MAX = 4096,
    PART_CLASSES_MAX = 4096
};

struct part {
    struct pcapng_run run;
    const struct table *taps; /* u32 interface -> struct dictionary_label */
    struct analysis *books;   /* one switch, one session */
    struct class_gathering classes;
    bool is_indexed; /* gathers what an index says of it */
    bool is_whole;
};

enum xsw_status part_create(struct part **part, struct xsw_error *error) XSW_MUST_CHECK;
void part_destroy(struct part *part); /* accepts null */

/* Before its records are read, on the thread of the analysis. `session` is that of their section,
 * into which they will be merged. */
void part_prepare(struct part *part, const struct analysis_session *session,
                  const struct table *taps);
/* Counts the records of its run. */
void part_read(struct part *part);
/* False: it was not merged, and nothing was changed. */
bool part_merge(const struct part *part, struct analysis *analysis,
                struct analysis_session *session);

#endif
