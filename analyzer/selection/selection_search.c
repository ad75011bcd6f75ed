/* SPDX-License-Identifier: Apache-2.0 */
/* See selection_search.h. */
#include "analyzer/selection/selection_search.h"

#include <stdlib.h>

#include "analyzer/analysis_record.h"
#include "analyzer/index/index.h"
#include "base/error.h"

void selection_extents_fini(struct selection_extents *extents)
{
    free(extents->have);
    *extents = (struct selection_extents){0};
}

bool selection_extent_has(const struct index *index, size_t place, void *context)
{
    const struct selection_extents *extents = context;
    (void)index;
    return extents->have[place];
}

/* The second pass ------------------------------------------------------------------------------ */

struct offering {
    struct selection *selection;
    struct selection_extents *extents;
    bool *classes;    /* by place in index->classes: one of these may match */
    size_t read;      /* the extent that is read, SIZE_MAX: none */
    uint64_t matched; /* when it was begun */
};

/* The extent before was read: whether journeys of it match. */
static void read_note(struct offering *offering)
{
    if (offering->read != SIZE_MAX) {
        offering->extents->have[offering->read] =
            selection_matched(offering->selection) != offering->matched;
    }
    offering->read = SIZE_MAX;
}

/* First what is true of a class wherever it occurs, then of those in the extent. */
static bool extent_may_have(const struct index *index, const struct index_extent *extent,
                            const struct offering *offering)
{
    if (extent->class_count == INDEX_ANY_CLASS) {
        return true;
    }
    for (uint32_t i = 0; i < extent->class_count; i++) {
        uint32_t class = index->class_list[extent->classes + i];
        if (offering->classes[class] &&
            selection_may_have(offering->selection, table_key(&index->classes, class),
                               &extent->span)) {
            return true;
        }
    }
    return false;
}

static bool is_offered(const struct index *index, size_t place, void *context)
{
    struct offering *offering = context;
    const struct index_extent *extent = &index->extents[place];
    read_note(offering);
    if (!extent_may_have(index, extent, offering)) {
        selection_skip(offering->selection, extent->journeys);
        return false;
    }
    offering->read = place;
    offering->matched = selection_matched(offering->selection);
    return true;
}

static enum xsw_status offer(const struct index *index, const char *path, struct offering *offering,
                             struct xsw_error *error)
{
    struct analysis *scratch = NULL;
    const struct class_span all = {0, UINT64_MAX, 0, UINT64_MAX, 0, UINT64_MAX, 0, UINT32_MAX};
    for (size_t i = 0; i < index->classes.count; i++) {
        offering->classes[i] =
            selection_may_have(offering->selection, table_key(&index->classes, i), &all);
    }
    enum xsw_status status = analysis_create(0, &scratch, error);
    if (status == XSW_OK) {
        analysis_observe(scratch, selection_offer, offering->selection);
        status = analysis_read_extents(scratch, path, index, is_offered, offering, error);
        read_note(offering);
    }
    selection_finish(offering->selection);
    analysis_destroy(scratch);
    return status;
}

/* The third ------------------------------------------------------------------------------------ */

static bool is_selected(uint32_t session, uint64_t packet_id, const void *selection)
{
    return selection_has(selection, session, packet_id);
}

/* What is told of switches, but for names. */
static void books_swap(struct analysis_switch *a, struct analysis_switch *b)
{
    struct analysis_switch old = *a;
    a->total = b->total;
    a->receive_ports = b->receive_ports;
    a->drops = b->drops;
    a->changes = b->changes;
    a->latency = b->latency;
    a->paths = b->paths;
    a->flows = b->flows;
    a->stations = b->stations;
    b->total = old.total;
    b->receive_ports = old.receive_ports;
    b->drops = old.drops;
    b->changes = old.changes;
    b->latency = old.latency;
    b->paths = old.paths;
    b->flows = old.flows;
    b->stations = old.stations;
}

static enum xsw_status restrict_to(struct analysis *known, const char *path,
                                   struct selection *selection, struct selection_extents *extents,
                                   struct xsw_error *error)
{
    struct analysis *scratch = NULL;
    enum xsw_status status = analysis_create(0, &scratch, error);
    if (status == XSW_OK) {
        analysis_observe(scratch, selection_describe, selection);
        analysis_restrict(scratch, is_selected, selection);
        status = analysis_read_extents(scratch, path, extents->index, selection_extent_has, extents,
                                       error);
    }
    if (status == XSW_OK && scratch->switch_count != known->switch_count) {
        status = error_set(error, XSW_CORRUPT, "%s: was changed while it was read", path);
    }
    if (status == XSW_OK) {
        analysis_records_close(scratch);
        for (size_t i = 0; i < known->switch_count; i++) {
            books_swap(known->switches[i], scratch->switches[i]);
        }
        analysis_restrict(known, is_selected, selection);
    }
    analysis_destroy(scratch);
    return status;
}

enum xsw_status selection_search(struct analysis *known, const char *path,
                                 struct selection *selection, struct selection_extents *extents,
                                 struct xsw_error *error)
{
    const struct index *index = known->index;
    struct offering offering = {.selection = selection, .extents = extents, .read = SIZE_MAX};
    *extents = (struct selection_extents){index, calloc(index->count, sizeof(bool))};
    offering.classes = calloc(index->classes.count + 1, sizeof(bool));
    enum xsw_status status = XSW_OK;
    if (extents->have == NULL || offering.classes == NULL) {
        status = error_set(error, XSW_NO_MEMORY, "no memory for an expression");
    }
    if (status == XSW_OK) {
        status = offer(index, path, &offering, error);
    }
    if (status == XSW_OK) {
        status = restrict_to(known, path, selection, extents, error);
    }
    free(offering.classes);
    return status;
}
