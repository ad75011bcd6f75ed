/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_REPORT_SELECTION_H
#define XSW_ANALYZER_REPORT_SELECTION_H

/*
 * Which journeys match a metadata expression, for a person and for programs. The analysis is that
 * of the third pass (selection.h), after analysis_finish(). Threads: one at a time.
 */

#include "analyzer/report/page.h"
#include "analyzer/selection/selection.h"
#include "formats/json_write.h"

/* How many match, and that the rest of the report is about them. */
void report_selection_head(const struct page *page, const struct selection *selection);
/* A line for each; `is_full`: for all that were kept, else for the first. */
void report_selection_list(const struct page *page, const struct analysis *analysis,
                           const struct selection *selection, bool is_full);
/* The member "where". */
void report_json_selection(struct json_writer *json, const struct analysis *analysis,
                           const struct selection *selection);

#endif
