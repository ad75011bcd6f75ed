/* SPDX-License-Identifier: Apache-2.0 */
/* See packet_view.h: which packets belong to the view. What happened to each: packet_steps.c. */
#include "analyzer/packet/packet_view.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/packet/packet_view_parts.h"

const char *view_what_name(enum view_what what)
{
    static const char *const names[] = {"received", "copied",    "passed",   "changed",
                                        "dropped",  "delivered", "replaced", "injected"};
    return names[what];
}

const char *view_copy_name(const struct view_step *step)
{
    if ((step->flags & META_MIRROR) != 0) {
        return "mirror";
    }
    return (step->flags & META_FLOOD) != 0 ? "flood" : "clone";
}

void packet_view_init(struct packet_view *view, uint64_t packet_id)
{
    *view = (struct packet_view){.asked = packet_id};
    table_init(&view->packets, sizeof(struct view_key), sizeof(struct view_packet),
               VIEW_PACKETS_MAX);
}

static void steps_free(struct view_packet *packet)
{
    for (size_t i = 0; i < packet->step_count; i++) {
        free(packet->steps[i].ranges);
        free(packet->steps[i].fields);
    }
    free(packet->end_bytes);
    packet->end_bytes = NULL;
    free(packet->steps);
    packet->steps = NULL;
    packet->step_count = 0;
    packet->steps_beyond = 0;
}

void packet_view_rewind(struct packet_view *view)
{
    view->has_grown = false;
    view->packets_beyond = 0;
    for (size_t i = 0; i < view->packets.count; i++) {
        struct view_packet *packet = table_value(&view->packets, i);
        steps_free(packet);
        packet->has_first = packet->has_last = false;
    }
}

void packet_view_fini(struct packet_view *view)
{
    packet_view_rewind(view);
    table_fini(&view->packets);
    change_walk_fini(&view->walk);
}

void packet_view_forget(struct packet_view *view)
{
    packet_view_rewind(view);
    table_clear(&view->packets);
}

bool packet_view_is_settled(const struct packet_view *view)
{
    return !view->has_grown;
}

bool packet_view_is_empty(const struct packet_view *view)
{
    for (size_t i = 0; i < view->packets.count; i++) {
        const struct view_packet *packet = table_value(&view->packets, i);
        if (packet->id == view->asked && packet->step_count != 0) {
            return false;
        }
    }
    return true;
}

const struct view_packet *packet_view_at(const struct packet_view *view, size_t place)
{
    return table_value(&view->packets, place);
}

struct view_packet *packet_view_find(const struct packet_view *view, uint64_t session, uint64_t id)
{
    struct view_key key = {id, session};
    return table_find(&view->packets, &key);
}

bool packet_view_has(const struct packet_view *view, uint32_t session, uint64_t packet_id)
{
    return packet_view_find(view, session, packet_id) != NULL;
}

static struct view_packet *packet_add(struct packet_view *view, uint64_t session, uint64_t id,
                                      bool is_ancestor)
{
    struct view_key key = {id, session};
    struct view_packet *packet = table_add(&view->packets, &key);
    if (packet == NULL) {
        view->packets_beyond++;
        return NULL;
    }
    packet->id = id;
    packet->session = (uint32_t)session;
    packet->is_ancestor = is_ancestor;
    return packet;
}

/* The packet of the record when it belongs to the view, else null. */
static struct view_packet *packet_of(struct packet_view *view, uint32_t session,
                                     const struct record *record)
{
    uint64_t parent_id = record_is_first(record) ? record->fixed.parent_id : 0;
    struct view_packet *packet = packet_view_find(view, session, record->packet_id);
    if (packet == NULL && record->packet_id == view->asked) {
        packet = packet_add(view, session, record->packet_id, false);
    }
    if (packet == NULL && parent_id != 0) {
        const struct view_packet *parent = packet_view_find(view, session, parent_id);
        if (parent == NULL && parent_id == view->asked) {
            parent = packet_add(view, session, parent_id, false);
        }
        if (parent == NULL || parent->is_ancestor) {
            return NULL;
        }
        packet = packet_add(view, session, record->packet_id, false);
        /* Copies of this copy may have passed by already. */
        view->has_grown = true;
    }
    if (packet == NULL || parent_id == 0) {
        return packet;
    }
    packet->parent_id = parent_id;
    bool is_upward = packet->is_ancestor || packet->id == view->asked;
    if (!is_upward || packet_view_find(view, session, parent_id) != NULL) {
        return packet;
    }
    (void)packet_add(view, session, parent_id, true);
    view->has_grown = true;
    /* Adding may have moved the entries. */
    return packet_view_find(view, session, record->packet_id);
}

void packet_view_offer(const struct analysis_session *session, const struct record *record,
                       void *context)
{
    struct packet_view *view = context;
    struct view_packet *packet = packet_of(view, session->number, record);
    if (packet != NULL) {
        packet_steps_take(view, session, packet, record);
    }
}

size_t packet_view_next_root(const struct packet_view *view, size_t from)
{
    for (size_t i = from; i < view->packets.count; i++) {
        const struct view_packet *packet = table_value(&view->packets, i);
        const struct view_packet *parent =
            packet_view_find(view, packet->session, packet->parent_id);
        if (packet->step_count != 0 && (parent == NULL || parent->step_count == 0)) {
            return i;
        }
    }
    return SIZE_MAX;
}

size_t packet_view_next_copy(const struct packet_view *view, const struct view_packet *parent,
                             size_t from)
{
    for (size_t i = from; i < view->packets.count; i++) {
        const struct view_packet *packet = table_value(&view->packets, i);
        if (packet->parent_id == parent->id && packet->session == parent->session &&
            packet->step_count != 0 && packet != parent) {
            return i;
        }
    }
    return SIZE_MAX;
}
