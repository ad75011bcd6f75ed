/* SPDX-License-Identifier: Apache-2.0 */
/* See journey_page.h: what a journey is made of. How it is drawn: journey_draw.c. */
#include "tui/screens/journey_page.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"

/* Gathering -------------------------------------------------------------------------------------
 */

/* Offers all records of the evidence, the oldest journey first. */
static void evidence_offer(const struct model *model, const struct evidence *evidence,
                           analysis_observer *take, void *context)
{
    struct analysis_session session = {.of = (struct analysis_switch *)(uintptr_t)model->of};
    for (size_t back = evidence_count(evidence); back > 0; back--) {
        const struct evidence_journey *journey = evidence_at(evidence, back - 1);
        uint64_t position = journey->first_record;
        struct record record;
        session.number = (uint32_t)journey->session;
        while (evidence_record(evidence, &position, &record)) {
            take(&session, &record, context);
        }
    }
}

/* What the page itself keeps of the packet that was asked for: the frame as it began. */
static void record_keep(struct journey_page *page, const struct record *record)
{
    struct meta_reader items = record->items;
    struct meta_item item;
    while (record_next_item(&items, &item)) {
        page->has_gap |= item.type == META_TLV_GAP;
    }
    if (page->has_frame) {
        return;
    }
    page->has_frame = true;
    page->frame_wire_length = record->original_length;
    page->frame_length = record->captured_length < EVIDENCE_CAPTURED_MAX ? record->captured_length
                                                                         : EVIDENCE_CAPTURED_MAX;
    memcpy(page->frame, record->bytes, page->frame_length);
}

static void record_take(const struct analysis_session *session, const struct record *record,
                        void *context)
{
    struct journey_page *page = context;
    if (record->packet_id == page->id && page->session == JOURNEY_ANY_SESSION) {
        page->session = session->number;
    }
    if (record->packet_id == page->id && page->session == session->number) {
        record_keep(page, record);
    }
    packet_view_offer(session, record, &page->view);
}

/* As often as the journey grows: copies may stand before what ties them to it. */
static enum xsw_status records_read(struct journey_page *page, const struct model *model,
                                    const struct evidence *evidence, struct xsw_error *error)
{
    for (int pass = 0; pass < VIEW_PASSES_MAX; pass++) {
        enum xsw_status status = XSW_OK;
        packet_view_rewind(&page->view);
        if (model->records != NULL) {
            status = model->records(model->records_of, record_take, page, error);
        } else {
            evidence_offer(model, evidence, record_take, page);
        }
        if (status < 0 || packet_view_is_settled(&page->view)) {
            return status;
        }
    }
    return XSW_OK;
}

/* A packet and its copies, each a line with its name and one for each of its steps. */
static void lines_add(struct journey_page *page, size_t place, uint16_t depth)
{
    const struct view_packet *packet = packet_view_at(&page->view, place);
    size_t steps = packet->step_count + 1;
    if (page->line_count + steps > JOURNEY_LINES_MAX || depth > VIEW_PASSES_MAX) {
        return;
    }
    for (size_t i = 0; i < steps; i++) {
        page->lines[page->line_count++] =
            (struct journey_line){.packet = (uint16_t)place,
                                  .step = i == 0 ? JOURNEY_HEAD : (uint16_t)(i - 1),
                                  .depth = depth};
    }
    size_t copy = packet_view_next_copy(&page->view, packet, 0);
    while (copy != SIZE_MAX) {
        lines_add(page, copy, (uint16_t)(depth + 1));
        copy = packet_view_next_copy(&page->view, packet, copy + 1);
    }
}

/* Of a sample, copies are left out like any other journeys. */
static bool is_sample(const struct model *model)
{
    const struct model_sample *now = model_sample(model, 0);
    return !model->is_recording && now != NULL &&
           now->account.sampled + now->account.filtered + now->account.lost > 0;
}

enum xsw_status journey_page_open(struct journey_page *page, const struct model *model,
                                  const struct evidence *evidence, uint64_t session, uint64_t id,
                                  struct xsw_error *error)
{
    journey_page_close(page);
    page->is_open = true;
    page->id = id;
    page->session = session;
    page->is_of_sample = is_sample(model);
    packet_view_init(&page->view, id);
    enum xsw_status status = records_read(page, model, evidence, error);
    if (status >= 0 && !page->has_frame) {
        status = error_set(error, XSW_NOT_FOUND, "packet %llu is not %s", (unsigned long long)id,
                           model->is_recording ? "in the recording"
                                               : "among the journeys that are kept here");
    }
    if (status < 0) {
        journey_page_close(page);
        return status;
    }
    size_t root = packet_view_next_root(&page->view, 0);
    while (root != SIZE_MAX) {
        lines_add(page, root, 0);
        root = packet_view_next_root(&page->view, root + 1);
    }
    page->row = 0;
    journey_page_next(page, 1); /* to what happened first */
    return XSW_OK;
}

void journey_page_close(struct journey_page *page)
{
    if (page->is_open) {
        packet_view_fini(&page->view);
    }
    *page = (struct journey_page){.is_open = false};
}

const struct view_packet *journey_page_packet(const struct journey_page *page)
{
    struct view_key key = {page->id, page->session};
    return page->is_open ? table_find(&page->view.packets, &key) : NULL;
}

const struct view_step *journey_page_step(const struct journey_page *page)
{
    if (page->line_count == 0 || page->lines[page->row].step == JOURNEY_HEAD) {
        return NULL;
    }
    const struct journey_line *line = &page->lines[page->row];
    return &packet_view_at(&page->view, line->packet)->steps[line->step];
}

bool journey_step_has_change(const struct view_step *step)
{
    return step->what == VIEW_CHANGED || step->range_count > 0 || step->field_count > 0;
}

uint64_t journey_page_missing_parent(const struct journey_page *page)
{
    for (size_t i = 0; i < page->line_count; i++) {
        const struct view_packet *packet = packet_view_at(&page->view, page->lines[i].packet);
        if (page->lines[i].depth == 0 && packet->parent_id != 0) {
            return packet->parent_id;
        }
    }
    return 0;
}

/* Words -----------------------------------------------------------------------------------------
 */

void journey_step_text(const struct model *model, const struct view_step *step, char *text,
                       size_t size)
{
    const struct dictionary *names = &model->of->dictionary;
    struct dictionary_name made;
    const char *port = dictionary_port(names, step->port, &made);
    switch (step->what) {
    case VIEW_RECEIVED:
        snprintf(text, size, "came in at %s", port);
        break;
    case VIEW_COPIED:
        snprintf(text, size, "copied (%s) for %s", view_copy_name(step), port);
        break;
    case VIEW_CHANGED:
        snprintf(text, size, "CHANGED%s",
                 (step->flags & META_UNDECLARED) != 0 ? " without declaring it" : "");
        break;
    case VIEW_DROPPED: {
        struct dictionary_name reason;
        snprintf(text, size, "DROPPED %s at %s", dictionary_reason(names, step->reason, &reason),
                 port);
        break;
    }
    case VIEW_DELIVERED:
        snprintf(text, size, "delivered to %s", port);
        break;
    default:
        snprintf(text, size, "%s", view_what_name(step->what));
    }
}
