/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_ANALYSIS_TRACE_H
#define XSW_ANALYZER_ANALYSIS_TRACE_H

/* Events of recordings, and all of traces: part of analysis.c, apart for its size. Threads: one. */

#include "analyzer/analysis.h"

/* `session` is of the event's section, or null. */
void analysis_event(struct analysis *analysis, const struct analysis_session *session,
                    const struct analysis_file *file, const struct pcapng_event *event);
/* Behind the last source: one order of time, and a switch for each of which only traces tell. */
void analysis_traces_close(struct analysis *analysis);

#endif
