/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_TOP_RECORDING_H
#define XSW_CMD_TOP_RECORDING_H

/*
 * Feeds the viewer from recordings. They are read once from front to back: every record is counted
 * into the model's samples, journeys go to the evidence as far as there is room. When not all found
 * room, the files are read again for the journeys of another time, or of another filter.
 *
 * Threads: one.
 */

#include <stdint.h>

#include <xsw/error.h>

#include "analyzer/analysis.h"
#include "tui/derived.h"
#include "tui/evidence.h"
#include "tui/model.h"

struct top_recording;

/* Model and evidence are borrowed; the names in the model belong to the recording. Fails when no
 * file holds packets of ours. */
enum xsw_status top_recording_open(char *const *paths, int count, struct model *model,
                                   struct evidence *evidence, struct top_recording **recording,
                                   struct xsw_error *error) XSW_MUST_CHECK;
void top_recording_close(struct top_recording *recording); /* accepts null */
/* Whether journeys are missing from the evidence. */
bool top_recording_is_partial(const struct top_recording *recording);
/* Reads again for journeys that began in this time and that the filter (null: any) lets through. */
enum xsw_status top_recording_fill(struct top_recording *recording, uint64_t from_ns,
                                   uint64_t to_ns, const struct journey_filter *filter,
                                   struct xsw_error *error) XSW_MUST_CHECK;

#endif
