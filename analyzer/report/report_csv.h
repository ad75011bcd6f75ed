/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_REPORT_CSV_H
#define XSW_ANALYZER_REPORT_CSV_H

/*
 * One table of the report as comma-separated values (RFC 4180, lines end with a line feed): a line
 * of names, then a line for each row of each switch. Columns may be added at the end. Times are
 * nanoseconds since 1970. Threads: one at a time.
 */

#include <stdio.h>

#include "analyzer/analysis.h"
#include "analyzer/report/report_text.h"

/* After analysis_finish(). `table`: any but REPORT_WHOLE. The caller checks the stream. */
void report_csv(FILE *out, const struct analysis *analysis, enum report_table table);

#endif
