/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_SELECTION_SEARCH_H
#define XSW_ANALYZER_SELECTION_SEARCH_H

/*
 * The second and third pass of selection.h, with an index: of a recording only the extents are read
 * that may have journeys which match. The selection and the books are the same as when all was
 * read.
 *
 * Threads: one.
 */

#include "analyzer/selection/selection.h"

/* The extents that have journeys of a selection. */
struct selection_extents {
    const struct index *index; /* null: not known */
    bool *have;                /* by place */
};

void selection_extents_fini(struct selection_extents *extents);
/* An index_wanted, of a struct selection_extents. */
bool selection_extent_has(const struct index *index, size_t place, void *extents);

/* `known`: an analysis of this file alone, finished, whose index_has_extents(). Its switches have
 * the selected journeys alone afterwards. */
enum xsw_status selection_search(struct analysis *known, const char *path,
                                 struct selection *selection, struct selection_extents *extents,
                                 struct xsw_error *error) XSW_MUST_CHECK;

#endif
