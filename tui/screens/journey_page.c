/* SPDX-License-Identifier: Apache-2.0 */
/* See journey_page.h: what a journey is made of. How it is drawn: journey_draw.c. */
#include "tui/screens/journey_page.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"

/* Gathering -------------------------------------------------------------------------------------
 */

/* Offers all records of the evidence, the oldest journey first. */
static void evidence_offer(struct packet_view *view, const struct model *model,
                           const struct evidence *evidence)
{
    struct analysis_session session = {.of = (struct analysis_switch *)(uintptr_t)model->of};
    for (size_t back = evidence_count(evidence); back > 0; back--) {
        const struct evidence_journey *journey = evidence_at(evidence, back - 1);
        uint64_t position = journey->first_record;
        struct record record;
        session.number = (uint32_t)journey->session;
        while (evidence_record(evidence, &position, &record)) {
            packet_view_offer(&session, &record, view);
        }
    }
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

static void frame_keep(struct journey_page *page, const struct evidence *evidence,
                       const struct evidence_journey *journey)
{
    uint64_t position = journey->first_record;
    struct record record;
    if (evidence_record(evidence, &position, &record)) {
        page->frame_length = record.captured_length;
        page->frame_wire_length = record.original_length;
        memcpy(page->frame, record.bytes, record.captured_length);
    }
}

enum xsw_status journey_page_open(struct journey_page *page, const struct model *model,
                                  const struct evidence *evidence, uint64_t session, uint64_t id,
                                  struct xsw_error *error)
{
    const struct evidence_journey *journey = evidence_find(evidence, session, id);
    journey_page_close(page);
    if (journey == NULL) {
        return error_set(error, XSW_NOT_FOUND,
                         "packet %llu is not among the journeys that are kept here",
                         (unsigned long long)id);
    }
    page->is_open = true;
    page->id = id;
    page->session = session;
    page->has_gap = journey->has_gap;
    frame_keep(page, evidence, journey);
    packet_view_init(&page->view, id);
    for (int pass = 0; pass < VIEW_PASSES_MAX; pass++) {
        packet_view_rewind(&page->view);
        evidence_offer(&page->view, model, evidence);
        if (packet_view_is_settled(&page->view)) {
            break;
        }
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

/* Moving ----------------------------------------------------------------------------------------
 */

void journey_page_move(struct journey_page *page, long step)
{
    long last = (long)page->line_count - 1;
    long row = (long)page->row + step;
    page->row = last < 0 || row < 0 ? 0 : row > last ? (size_t)last : (size_t)row;
}

static bool is_worth_a_stop(const struct journey_page *page, size_t row)
{
    const struct journey_line *line = &page->lines[row];
    const struct view_packet *packet = packet_view_at(&page->view, line->packet);
    if (line->step == JOURNEY_HEAD) {
        return false;
    }
    const struct view_step *step = &packet->steps[line->step];
    return step->what == VIEW_CHANGED || step->what == VIEW_DROPPED || step->what == VIEW_COPIED ||
           step->what == VIEW_CONSUMED || step->field_count > 0;
}

void journey_page_next(struct journey_page *page, int step)
{
    long row = (long)page->row + step;
    while (row >= 0 && row < (long)page->line_count && !is_worth_a_stop(page, (size_t)row)) {
        row += step;
    }
    if (row >= 0 && row < (long)page->line_count) {
        page->row = (size_t)row;
    }
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

/* JSON ------------------------------------------------------------------------------------------
 */

static void step_write(const struct model *model, const struct view_step *step,
                       struct json_writer *json)
{
    const struct dictionary *names = &model->of->dictionary;
    struct dictionary_name stage, port, reason;
    json_object_open(json, NULL);
    json_text(json, "stage", dictionary_stage(names, step->stage, &stage));
    json_text(json, "what", view_what_name(step->what));
    json_text(json, "port", dictionary_port(names, step->port, &port));
    json_u64(json, "since_rx_ns", step->since_rx_ns);
    json_u64(json, "held_ns", step->held_ns);
    if (step->what == VIEW_DROPPED) {
        json_text(json, "reason", dictionary_reason(names, step->reason, &reason));
    }
    if (step->rule != 0) {
        json_u64(json, "rule", meta_rule_number(step->stage, step->rule));
        json_u64(json, "generation", step->generation);
    }
    json_array_open(json, "fields");
    for (size_t i = 0; i < step->field_count; i++) {
        json_object_open(json, NULL);
        json_text(json, "name", step->fields[i].name);
        json_text(json, "old", step->fields[i].old_text);
        json_text(json, "new", step->fields[i].new_text);
        json_object_close(json);
    }
    json_array_close(json);
    json_object_close(json);
}

void journey_page_write_json(const struct journey_page *page, const struct model *model,
                             struct json_writer *json)
{
    json_text(json, "screen", "journey");
    json_u64(json, "packet", page->id);
    json_array_open(json, "packets");
    for (size_t i = 0; i < page->line_count; i++) {
        if (page->lines[i].step != JOURNEY_HEAD) {
            continue;
        }
        const struct view_packet *packet = packet_view_at(&page->view, page->lines[i].packet);
        json_object_open(json, NULL);
        json_u64(json, "packet", packet->id);
        json_u64(json, "parent", packet->parent_id);
        json_u64(json, "time_ns", packet->first_ns);
        json_u64(json, "length", packet->length);
        json_text(json, "what", packet->description);
        json_array_open(json, "steps");
        for (size_t step = 0; step < packet->step_count; step++) {
            step_write(model, &packet->steps[step], json);
        }
        json_array_close(json);
        json_object_close(json);
    }
    json_array_close(json);
}
