/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_ARCHIVE_BOOKS_H
#define XSW_ANALYZER_ARCHIVE_BOOKS_H

/*
 * A whole analysis of one file, as it stands between two items, to an archive and back: nothing of
 * it is left out that a later record or report would look at.
 *
 * Threads: one.
 */

#include "analyzer/analysis_stream.h"
#include "analyzer/index/archive.h"

/* When reading, `stream` is the one that analysis_stream_open() gave for the first file of a new
 * analysis. False: the archive has failed; an analysis that was read is to be thrown away then. */
bool archive_books(struct archive *archive, struct analysis_stream *stream);

#endif
