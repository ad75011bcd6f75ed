/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_ANALYZE_TRACES_H
#define XSW_CMD_ANALYZE_TRACES_H

/* Traces beside recordings, for the report. Threads: main only. */

#include <xsw/error.h>

#include "analyzer/analysis.h"

/* Reads the path into the analysis when it is a folder with CTF or a trace.dat; XSW_NOT_FOUND: it
 * is neither, and nothing was done. What is wrong in the trace itself is told by the file's status.
 */
enum xsw_status traces_take(struct analysis *analysis, const char *path,
                            struct xsw_error *error) XSW_MUST_CHECK;

#endif
