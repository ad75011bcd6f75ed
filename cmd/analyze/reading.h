/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_ANALYZE_READING_H
#define XSW_CMD_ANALYZE_READING_H

/* How xsw analyze reads its files: on all cores, with an index where that helps, and on a terminal
 * with how far it is and how long it will take. Threads: one. */

#include "analyzer/analysis.h"
#include "cmd/analyze/analyze_options.h"

/* Whether there is, or will be, an index: of one file that is not standard input, large enough. */
bool reading_may_index(const struct analyze_options *options);
/* All files of the command line, and closes the books. */
enum xsw_status reading_run(struct analysis *analysis, const struct analyze_options *options,
                            struct xsw_error *error) XSW_MUST_CHECK;
/* One recording beside them: the same. */
enum xsw_status reading_run_baseline(struct analysis *analysis, const char *path,
                                     const struct analyze_options *options,
                                     struct xsw_error *error) XSW_MUST_CHECK;

#endif
