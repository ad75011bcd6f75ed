/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_PACKET_SEARCH_H
#define XSW_ANALYZER_PACKET_SEARCH_H

/*
 * The records that packet_view.h asks for, with an index: of a recording only the extents are read
 * that may have a packet of the view. The view is the same as when all was read.
 *
 * Threads: one.
 */

#include "analyzer/packet/packet_view.h"

/* `known`: an analysis of this file alone, finished, with an index. XSW_AGAIN: the index does not
 * do for this view, all is to be read; the view was rewound. */
enum xsw_status packet_search(const struct analysis *known, const char *path,
                              struct packet_view *view, struct xsw_error *error) XSW_MUST_CHECK;

#endif
