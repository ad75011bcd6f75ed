/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_REPORT_TEXT_H
#define XSW_ANALYZER_REPORT_TEXT_H

/*
 * The report for a person: first what matters in plain words, then the tables, then the proof.
 * Writes to a stream of the caller, who checks it for errors. Threads: one at a time.
 */

#include <stdbool.h>
#include <stdio.h>

#include "analyzer/analysis.h"
#include "analyzer/report/page.h"

struct selection;

enum report_table {
    REPORT_WHOLE, /* all of them, the verdict and the proof */
    REPORT_FINDINGS,
    REPORT_DROPS,
    REPORT_CHANGES,
    REPORT_PATHS,
    REPORT_LATENCY,
    REPORT_FLOWS,
    REPORT_TABLES
};

/* "findings", "drops", …; REPORT_TABLES when there is no such table. */
enum report_table report_table_find(const char *name);

struct report_options {
    bool has_colours;
    enum report_table only;            /* only this table */
    const struct selection *selection; /* the journeys that it is about; null: all */
    bool is_full; /* every flow and value that was kept, not only the commonest */
};

/* After analysis_finish(). */
void report_text(FILE *out, const struct analysis *analysis, const struct report_options *options);

/* The parts, for one switch; each begins with its own heading. */
void report_verdict(const struct page *page, const struct analysis *analysis,
                    const struct analysis_switch *of, bool is_full);
void report_drops(const struct page *page, const struct analysis *analysis,
                  const struct analysis_switch *of, bool is_full);
void report_changes(const struct page *page, const struct analysis *analysis,
                    const struct analysis_switch *of, bool is_full);
void report_paths(const struct page *page, const struct analysis *analysis,
                  const struct analysis_switch *of, bool is_full);
void report_latency(const struct page *page, const struct analysis *analysis,
                    const struct analysis_switch *of, bool is_full);
void report_flows(const struct page *page, const struct analysis *analysis,
                  const struct analysis_switch *of, bool is_full);
void report_proof(const struct page *page, const struct analysis_session *session,
                  bool is_only_session);

#endif
