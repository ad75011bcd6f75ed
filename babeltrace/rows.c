/* SPDX-License-Identifier: Apache-2.0 */
#include "babeltrace/rows.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/json_in.h"
#include "analyzer/record.h"
#include "base/error.h"
#include "base/text.h"

enum { ROWS_AT_FIRST = 4096 };

static void row_add(struct rows *rows, const struct row *row)
{
    if (rows->count == rows->room && rows->status == XSW_OK) {
        size_t room = rows->room == 0 ? ROWS_AT_FIRST : rows->room * 2;
        struct row *list =
            room <= ROWS_MAX ? realloc(rows->list, room * sizeof(*rows->list)) : NULL;
        if (list == NULL) {
            rows->status = room <= ROWS_MAX ? XSW_NO_MEMORY : XSW_LIMIT;
            return;
        }
        rows->list = list;
        rows->room = room;
    }
    if (rows->status == XSW_OK) {
        rows->list[rows->count] = *row;
        rows->list[rows->count].order = (uint32_t)rows->count;
        rows->count++;
    }
}

/* Packets ------------------------------------------------------------------------------------- */

static enum row_kind kind_of(const struct record *record)
{
    switch (record->fixed.kind) {
    case META_DROP:
        return ROW_DROPPED;
    case META_CHANGED:
        return ROW_CHANGED;
    case META_CLONE:
        return ROW_CLONED;
    case META_CONSUMED:
        return ROW_REPLACED;
    case META_INJECTED:
        return ROW_INJECTED;
    default:
        return record_is_last(record)    ? ROW_DELIVERED
               : record_is_first(record) ? ROW_RECEIVED
                                         : ROW_PASSED;
    }
}

static void gaps_add(struct rows *rows, const struct row *of, const struct record *record)
{
    struct meta_reader items = record->items;
    struct meta_item item;
    while (record_next_item(&items, &item)) {
        if (item.type == META_TLV_GAP) {
            struct row row = *of;
            row.kind = ROW_LOST;
            row.packet_id = item.gap.journeys;
            row.reason = item.gap.cause;
            row_add(rows, &row);
        }
    }
}

static void record_take(const struct analysis_session *session, const struct record *record,
                        void *context)
{
    struct rows *rows = context;
    const struct row row = {.time_ns = record->time_ns,
                            .packet_id = record->packet_id,
                            .parent_id = record->fixed.parent_id,
                            .session = session,
                            .rule = record->fixed.rule,
                            .length = record->original_length,
                            .captured_length = record->captured_length,
                            .port = record->port,
                            .reason = record->fixed.reason,
                            .stage = record->fixed.stage,
                            .kind = (uint8_t)kind_of(record)};
    if (record->has_gap) {
        gaps_add(rows, &row, record);
    }
    row_add(rows, &row);
}

/* Events -------------------------------------------------------------------------------------- */

static const char *field_of(const struct pcapng_event *event, const char *name)
{
    for (size_t i = 0; i < event->field_count; i++) {
        if (strcmp(event->fields[i].name, name) == 0) {
            return event->fields[i].value;
        }
    }
    return "";
}

/* "name=value name=value" */
static char *details_of(const struct pcapng_event *event)
{
    struct text text = {0};
    for (size_t i = 0; i < event->field_count; i++) {
        text_format(&text, "%s%s=%s", i > 0 ? " " : "", event->fields[i].name,
                    event->fields[i].value);
    }
    return text_take(&text);
}

static bool event_copy(struct row_event *copy, const struct pcapng_event *event)
{
    *copy = (struct row_event){.name = strdup(event->name != NULL ? event->name : "event"),
                               .message = strdup(event->message),
                               .source = strdup(event->source != NULL ? event->source : ""),
                               .details = details_of(event),
                               .port = strdup(field_of(event, "port")),
                               .reason = strdup(field_of(event, "reason")),
                               .packet_id = strtoull(field_of(event, "packet_id"), NULL, 10),
                               .priority = event->priority};
    return copy->name != NULL && copy->message != NULL && copy->source != NULL &&
           copy->details != NULL && copy->port != NULL && copy->reason != NULL;
}

static void event_take(struct rows *rows, const struct pcapng_event *event)
{
    if (rows->event_count == rows->event_room && rows->status == XSW_OK) {
        size_t room = rows->event_room == 0 ? 64 : rows->event_room * 2;
        struct row_event *events =
            room <= ROWS_MAX ? realloc(rows->events, room * sizeof(*events)) : NULL;
        if (events == NULL) {
            rows->status = room <= ROWS_MAX ? XSW_NO_MEMORY : XSW_LIMIT;
            return;
        }
        rows->events = events;
        rows->event_room = room;
    }
    if (rows->status != XSW_OK) {
        return;
    }
    const struct row row = {
        .time_ns = event->wall_ns, .packet_id = rows->event_count, .kind = ROW_EVENT};
    rows->status = event_copy(&rows->events[rows->event_count++], event) ? XSW_OK : XSW_NO_MEMORY;
    row_add(rows, &row);
}

static void section_take(struct rows *rows, const struct pcapng_json *json)
{
    struct notes notes = {0};
    struct json_in place;
    struct json_in clock;
    if (json->text == NULL || rows->boot_id[0] != '\0') {
        return;
    }
    if (json_in_open(&place, json->text, json->length, "section info", &notes)) {
        json_in_text(&place, "host", rows->host, sizeof(rows->host));
        json_in_text(&place, "boot_id", rows->boot_id, sizeof(rows->boot_id));
        json_in_child(&place, "clock", &clock);
        if (clock.object != NULL) {
            (void)json_in_optional(&clock, "mono_ns", UINT64_MAX / 2, &rows->mono_ns);
            (void)json_in_optional(&clock, "wall_ns", UINT64_MAX / 2, &rows->wall_ns);
        }
    }
    json_in_close(&place);
}

static void item_take(const struct analysis_session *session, const struct pcapng_item *item,
                      void *context)
{
    struct rows *rows = context;
    (void)session;
    if (item->kind == PCAPNG_SECTION) {
        section_take(rows, &item->section.json);
    } else if (item->kind == PCAPNG_INTERFACE) {
        section_take(rows, &item->interface.section);
    } else if (item->kind == PCAPNG_EVENT) {
        event_take(rows, &item->event);
    }
}

/* All ----------------------------------------------------------------------------------------- */

static int by_time(const void *a, const void *b)
{
    const struct row *left = a;
    const struct row *right = b;
    int order = (left->time_ns > right->time_ns) - (left->time_ns < right->time_ns);
    return order != 0 ? order : (left->order > right->order) - (left->order < right->order);
}

static enum xsw_status rows_judge(const struct rows *rows, const char *path,
                                  struct xsw_error *error)
{
    const struct analysis_file *file = &rows->analysis->files[0];
    if (rows->status == XSW_LIMIT) {
        return error_set(error, XSW_LIMIT,
                         "%s: more than %d records, which must be put in order in memory: make a "
                         "part of it with xsw analyze --where … --export",
                         path, ROWS_MAX);
    }
    if (rows->status != XSW_OK) {
        return error_set(error, rows->status, "%s: no memory for its records", path);
    }
    if (file->status < 0 && rows->count == 0) {
        return error_set(error, file->status, "%s", file->problem);
    }
    return XSW_OK;
}

enum xsw_status rows_read(struct rows *rows, const char *path, struct xsw_error *error)
{
    *rows = (struct rows){0};
    enum xsw_status status = analysis_create(0, &rows->analysis, error);
    if (status == XSW_OK) {
        analysis_observe(rows->analysis, record_take, rows);
        analysis_observe_items(rows->analysis, item_take, rows);
        status = analysis_read(rows->analysis, path, NULL, NULL, error);
    }
    if (status == XSW_OK) {
        status = rows_judge(rows, path, error);
    }
    if (status != XSW_OK) {
        rows_fini(rows);
        return status;
    }
    if (rows->count > 0) {
        qsort(rows->list, rows->count, sizeof(*rows->list), by_time);
    }
    return XSW_OK;
}

void rows_fini(struct rows *rows)
{
    for (size_t i = 0; i < rows->event_count; i++) {
        struct row_event *event = &rows->events[i];
        free(event->name);
        free(event->message);
        free(event->source);
        free(event->details);
        free(event->port);
        free(event->reason);
    }
    analysis_destroy(rows->analysis);
    free(rows->events);
    free(rows->list);
    *rows = (struct rows){0};
}
