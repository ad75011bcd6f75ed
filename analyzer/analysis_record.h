/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_ANALYSIS_RECORD_H
#define XSW_ANALYZER_ANALYSIS_RECORD_H

/* What one record means for the books. Part of analysis.c, apart for its size. Threads: one. */

#include "analyzer/analysis.h"
#include "analyzer/journey/record.h"

void analysis_record(struct analysis *analysis, struct analysis_session *session,
                     const struct record *record);
/* Behind the last record: journeys without an end, and copies without their parent. */
void analysis_records_close(struct analysis *analysis);

#endif
