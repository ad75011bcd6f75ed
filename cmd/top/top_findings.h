/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_TOP_FINDINGS_H
#define XSW_CMD_TOP_FINDINGS_H

/* What the analyzer knows of a recording as a whole, put into the lists of the viewer: findings and
 * events in the order of time, ports, extensions, addresses, sessions. Threads: one. */

#include "analyzer/analysis.h"
#include "tui/model.h"

/* After analysis_finish(). */
void top_findings_fill(struct model *model, const struct analysis *analysis);

#endif
