/* SPDX-License-Identifier: Apache-2.0 */
/* See packet_search.h. */
#include "analyzer/index/packet_search.h"

#include "analyzer/index/index.h"

struct search {
    const struct analysis *known;
    const char *path;
    struct packet_view *view;
    const struct index *index;
};

/* Whether a packet of the view, or one whose parent or copy it may be, has an id of the page. */
static bool page_is_wanted(const struct packet_view *view, uint64_t page)
{
    if (view->asked / ID_SET_PAGE_BITS == page) {
        return true;
    }
    for (size_t i = 0; i < view->packets.count; i++) {
        if (packet_view_at(view, i)->id / ID_SET_PAGE_BITS == page) {
            return true;
        }
    }
    return false;
}

static bool extent_is_wanted(const struct index *index, size_t place, void *context)
{
    const struct index_extent *extent = &index->extents[place];
    for (uint32_t i = 0; i < extent->page_count; i++) {
        if (page_is_wanted(context, index->pages[extent->pages + i])) {
            return true;
        }
    }
    return false;
}

static enum xsw_status pass_run(const struct search *search, struct xsw_error *error)
{
    struct analysis *scratch = NULL;
    enum xsw_status status = analysis_create(0, &scratch, error);
    if (status == XSW_OK) {
        analysis_observe(scratch, packet_view_offer, search->view);
        status = analysis_read_extents(scratch, search->path, search->index, extent_is_wanted,
                                       search->view, error);
    }
    analysis_destroy(scratch);
    return status;
}

/* Where an address was heard ------------------------------------------------------------------ */

/* Extents from `first` on, without `end`. */
struct span {
    size_t first, end;
};

static bool is_in_span(const struct index *index, size_t place, void *context)
{
    const struct span *span = context;
    (void)index;
    return place >= span->first && place < span->end;
}

static bool span_is_whole(const struct index *index, const struct span *span)
{
    for (size_t i = span->first; i < span->end; i++) {
        if (index->extents[i].kind == INDEX_TANGLED) {
            return false;
        }
    }
    return true;
}

/* The extent with the record at this place in the file; index->count: none. */
static size_t extent_at(const struct index *index, uint64_t offset)
{
    size_t place = 0;
    while (place < index->count &&
           index->extents[place].offset + index->extents[place].length <= offset) {
        place++;
    }
    return place;
}

/* The first extent that may have a packet; index->count: none. */
static size_t extent_of_packet(const struct index *index, uint64_t packet_id)
{
    for (size_t place = 0; place < index->count; place++) {
        const struct index_extent *extent = &index->extents[place];
        if (extent->kind == INDEX_TANGLED) {
            return place;
        }
        for (uint32_t i = 0; i < extent->page_count; i++) {
            if (index->pages[extent->pages + i] == packet_id / ID_SET_PAGE_BITS) {
                return place;
            }
        }
    }
    return index->count;
}

/* Looks for the address in a span, behind which the packet came. True: it was heard there. */
static bool span_search(const struct search *search, struct view_packet *packet, struct span *span,
                        enum xsw_status *status, struct xsw_error *error)
{
    struct analysis *scratch = NULL;
    bool is_found = false;
    *status = analysis_create(0, &scratch, error);
    if (*status == XSW_OK) {
        *status =
            analysis_read_extents(scratch, search->path, search->index, is_in_span, span, error);
    }
    if (*status == XSW_OK) {
        const struct analysis_switch *of = scratch->sessions[packet->session]->of;
        const struct station *station =
            stations_find(&of->stations, packet->destination_mac, packet->vlan);
        is_found = station != NULL;
        if (is_found) {
            packet->heard_port = station->port;
            packet->heard_packet = station->last_packet;
        }
    }
    analysis_destroy(scratch);
    return is_found;
}

/* Back from the packet in steps that double, to where the address was heard first. From the first
 * extent on all is as when the whole recording is read. */
static enum xsw_status heard_search(const struct search *search, struct view_packet *packet,
                                    struct xsw_error *error)
{
    const struct index *index = search->index;
    const struct analysis_switch *of = search->known->sessions[packet->session]->of;
    const struct station *station =
        stations_find(&of->stations, packet->destination_mac, packet->vlan);
    if (station == NULL) {
        return of->stations.beyond == 0 ? XSW_OK : XSW_AGAIN;
    }
    size_t begin = extent_of_packet(index, station->first_packet);
    struct span span = {.end = extent_at(index, packet->end_offset)};
    enum xsw_status status = XSW_OK;
    for (size_t step = 1; status == XSW_OK && span.end > begin; step *= 2) {
        span.first = span.end > begin + step ? span.end - step : begin;
        if (!span_is_whole(index, &span)) {
            span.first = 0; /* what is tangled is told from its beginning only */
        }
        if (span_search(search, packet, &span, &status, error)) {
            return XSW_OK;
        }
        span.end = span.first;
        begin = span.first == 0 ? 0 : begin;
    }
    return status;
}

/* Where a packet was seen, and what had been heard in the same extent, is known. */
static enum xsw_status all_heard_search(const struct search *search, struct xsw_error *error)
{
    enum xsw_status status = XSW_OK;
    for (size_t i = 0; status == XSW_OK && i < search->view->packets.count; i++) {
        struct view_packet *packet = table_value(&search->view->packets, i);
        if (packet->has_last && packet->heard_packet == 0) {
            status = heard_search(search, packet, error);
        }
    }
    return status;
}

enum xsw_status packet_search(const struct analysis *known, const char *path,
                              struct packet_view *view, struct xsw_error *error)
{
    const struct search search = {known, path, view, known->index};
    enum xsw_status status = XSW_OK;
    for (int pass = 0; pass < VIEW_PASSES_MAX && status == XSW_OK; pass++) {
        if (pass > 0) {
            packet_view_rewind(view);
        }
        status = pass_run(&search, error);
        if (packet_view_is_settled(view)) {
            break;
        }
    }
    if (status == XSW_OK) {
        status = all_heard_search(&search, error);
    }
    if (status == XSW_AGAIN) {
        packet_view_forget(view);
    }
    return status;
}
