/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_SELECTION_FILE_H
#define XSW_ANALYZER_SELECTION_FILE_H

/*
 * Writes the journeys of a selection to a recording of their own, record by record as they stand in
 * the files, with all that names them. What was selected is told in the section info ("selection");
 * the account at the end is left out, since it is not that of these journeys, so that the analyzer
 * says of such a file that it is a part. Each capture session has a section of its own there.
 *
 * Threads: one.
 */

#include <stdint.h>

#include <xsw/error.h>

#include "analyzer/analysis.h"

struct selection_file;

/* Whether a journey is to be written. */
typedef bool selection_wanted(uint32_t session, uint64_t packet_id, const void *context);

/* What to write, and where. All of it is the caller's until the file is closed. */
struct selection_order {
    const char *path;             /* as in pcapng_writer_open() */
    const char *expression;       /* what was asked for, in words */
    const struct analysis *known; /* of the same files, finished: it knows names of their ends */
    selection_wanted *wanted;
    const void *context;
};

enum xsw_status selection_file_open(const struct selection_order *order,
                                    struct selection_file **file,
                                    struct xsw_error *error) XSW_MUST_CHECK;

/* An analysis_item_observer. What fails is told by selection_file_close(). */
void selection_file_offer(const struct analysis_session *session, const struct pcapng_item *item,
                          void *file);

/* Ends and frees it, whatever it returns. `records`: how many were written; may be null. Accepts a
 * null file. */
enum xsw_status selection_file_close(struct selection_file *file, uint64_t *records,
                                     struct xsw_error *error);

#endif
