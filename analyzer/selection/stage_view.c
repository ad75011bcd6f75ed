/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/selection/stage_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/books/notes.h"
#include "analyzer/books/table.h"
#include "analyzer/journey/dictionary.h"
#include "analyzer/journey/json_in.h"
#include "analyzer/journey/record.h"
#include "base/error.h"

enum { TAP_SIZE = 2 * DICTIONARY_NAME_SIZE, BYTES_MAX = 262144 };

/* What the record before said of the journey that is being read. Records of a journey stand
 * together. */
struct record_before {
    bool is_there;
    uint64_t packet_id;
    struct dictionary_label port;
    uint32_t captured_length, original_length;
    uint8_t bytes[BYTES_MAX];
};

struct stage_view {
    char tap[TAP_SIZE];
    stage_view_visit *visit;
    void *context;
    struct dictionary dictionary;
    struct notes notes;
    struct table taps; /* u32 interface -> struct dictionary_label */
    bool was_met;
    uint64_t unknown;
    struct record_before before;
};

enum xsw_status stage_view_open(const char *tap, stage_view_visit *visit, void *context,
                                struct stage_view **view, struct xsw_error *error)
{
    const char *dot = strchr(tap, '.');
    if (dot == NULL || dot == tap || dot[1] == '\0' || strlen(tap) >= TAP_SIZE) {
        return error_set(error, XSW_INVALID,
                         "\"%.80s\": expected PORT.STAGE, such as alice.rx or bob.tx", tap);
    }
    struct stage_view *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for the packets of a stage");
    }
    snprintf(made->tap, sizeof(made->tap), "%s", tap);
    made->visit = visit;
    made->context = context;
    dictionary_init(&made->dictionary);
    table_init(&made->taps, sizeof(uint32_t), sizeof(struct dictionary_label), DICTIONARY_MAX);
    *view = made;
    return XSW_OK;
}

void stage_view_close(struct stage_view *view)
{
    if (view != NULL) {
        dictionary_fini(&view->dictionary);
        table_fini(&view->taps);
        free(view);
    }
}

bool stage_view_was_met(const struct stage_view *view)
{
    return view->was_met;
}

uint64_t stage_view_unknown(const struct stage_view *view)
{
    return view->unknown;
}

/* Texts -------------------------------------------------------------------------------------- */

static void section_take(struct stage_view *view, const struct pcapng_json *json)
{
    struct json_in section = {.notes = &view->notes};
    /* Interfaces are numbered anew in each section. */
    table_fini(&view->taps);
    table_init(&view->taps, sizeof(uint32_t), sizeof(struct dictionary_label), DICTIONARY_MAX);
    view->before.is_there = false;
    if (json->text != NULL &&
        json_in_open(&section, json->text, json->length, "section info", &view->notes)) {
        dictionary_add_section(&view->dictionary, &section);
    }
    json_in_close(&section);
}

static void interface_take(struct stage_view *view, const struct pcapng_interface *interface)
{
    struct json_in tap = {.notes = &view->notes};
    if (interface->json.text != NULL &&
        json_in_open(&tap, interface->json.text, interface->json.length, "tap point",
                     &view->notes)) {
        struct dictionary_label port = dictionary_add_tap(&view->dictionary, &tap);
        struct dictionary_label *entry = table_add(&view->taps, &interface->index);
        if (entry != NULL) {
            *entry = port;
        }
    }
    json_in_close(&tap);
}

/* Packets ------------------------------------------------------------------------------------ */

static bool is_tap(struct stage_view *view, struct dictionary_label port, uint16_t stage)
{
    struct dictionary_name port_name;
    struct dictionary_name stage_name;
    char tap[TAP_SIZE];
    snprintf(tap, sizeof(tap), "%s.%s", dictionary_port(&view->dictionary, port, &port_name),
             dictionary_stage(&view->dictionary, stage, &stage_name));
    bool is_same = strcmp(tap, view->tap) == 0;
    view->was_met = view->was_met || is_same;
    return is_same;
}

/* A stage behind forwarding was passed on the way to the port of the record that tells of it, one
 * before forwarding at the port of the record before. */
static enum xsw_status hop_take(struct stage_view *view, const struct record *record,
                                const struct meta_hop *hop, uint64_t rx_ns, struct xsw_error *error)
{
    const struct record_before *before = &view->before;
    const struct dictionary_stage *stage = dictionary_find_stage(&view->dictionary, hop->stage);
    bool is_known = before->is_there && before->packet_id == record->packet_id;
    bool is_egress = stage != NULL && stage->egress;
    struct dictionary_label port = is_egress || !is_known ? record->port : before->port;
    if (!is_tap(view, port, hop->stage)) {
        return XSW_OK;
    }
    if (!is_known) {
        view->unknown++;
        return XSW_OK;
    }
    const struct stage_packet packet = {.packet_id = record->packet_id,
                                        .time_ns = rx_ns + hop->since_rx_ns,
                                        .bytes = before->bytes,
                                        .captured_length = before->captured_length,
                                        .original_length = before->original_length};
    return view->visit(&packet, view->context, error);
}

static uint64_t since_rx(const struct record *record)
{
    struct meta_reader items = record->items;
    struct meta_item item;
    while (record_next_item(&items, &item)) {
        if (item.type == META_TLV_STAGE_TIME) {
            return item.since_rx_ns;
        }
    }
    return 0;
}

static enum xsw_status hops_take(struct stage_view *view, const struct record *record,
                                 struct xsw_error *error)
{
    uint64_t rx_ns = record->time_ns - since_rx(record);
    struct meta_reader items = record->items;
    struct meta_item item;
    enum xsw_status status = XSW_OK;
    while (status == XSW_OK && record_next_item(&items, &item)) {
        for (size_t i = 0; item.type == META_TLV_HOPS && status == XSW_OK && i < item.hop_count;
             i++) {
            struct meta_hop hop = meta_hop_at(&item, i);
            status = hop_take(view, record, &hop, rx_ns, error);
        }
    }
    return status;
}

static void remember(struct record_before *before, const struct record *record)
{
    before->is_there = !record_is_last(record) && record->captured_length <= BYTES_MAX;
    if (!before->is_there) {
        return;
    }
    before->packet_id = record->packet_id;
    before->port = record->port;
    before->captured_length = record->captured_length;
    before->original_length = record->original_length;
    if (record->captured_length > 0) {
        memcpy(before->bytes, record->bytes, record->captured_length);
    }
}

static enum xsw_status packet_take(struct stage_view *view, const struct pcapng_item *item,
                                   struct xsw_error *error)
{
    struct record record;
    if (record_read(&record, item, NULL) != XSW_OK) {
        return XSW_OK; /* xsw analyze tells of what cannot be read */
    }
    const struct dictionary_label *tap = table_find(&view->taps, &item->packet.interface);
    if (tap != NULL && tap->id == record.port.id) {
        record.port = *tap;
    }
    enum xsw_status status = hops_take(view, &record, error);
    bool has_ended = record.fixed.kind == META_DROP || record.fixed.kind == META_CONSUMED;
    bool has_come_in = record_is_first(&record) && record.fixed.kind != META_CLONE &&
                       record.fixed.kind != META_INJECTED;
    if (status == XSW_OK && is_tap(view, record.port, record.fixed.stage) &&
        (!has_ended || has_come_in)) {
        const struct stage_packet packet = {
            .packet_id = record.packet_id,
            .time_ns = has_come_in ? record.time_ns - since_rx(&record) : record.time_ns,
            .bytes = record.bytes,
            .captured_length = record.captured_length,
            .original_length = record.original_length};
        status = view->visit(&packet, view->context, error);
    }
    remember(&view->before, &record);
    return status;
}

enum xsw_status stage_view_offer(struct stage_view *view, const struct pcapng_item *item,
                                 struct xsw_error *error)
{
    switch (item->kind) {
    case PCAPNG_SECTION:
        section_take(view, &item->section.json);
        return XSW_OK;
    case PCAPNG_INTERFACE:
        interface_take(view, &item->interface);
        return XSW_OK;
    case PCAPNG_PACKET:
        return packet_take(view, item, error);
    default:
        return XSW_OK;
    }
}
