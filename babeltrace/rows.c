/* SPDX-License-Identifier: Apache-2.0 */
#include "babeltrace/rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/journey/json_in.h"
#include "analyzer/journey/record.h"
#include "base/error.h"

/* Room for one more element; null when there is no memory, or more would be too much. */
static void *grown(void *list, size_t *room, size_t need, size_t size, size_t most)
{
    size_t wanted = *room == 0 ? 4096 / size + 1 : *room * 2;
    while (wanted < need) {
        wanted *= 2;
    }
    void *bigger = need <= most ? realloc(list, wanted * size) : NULL;
    if (bigger != NULL) {
        *room = wanted;
    }
    return bigger;
}

static void row_add(struct rows *rows, const struct row *row)
{
    if (rows->count == rows->room && rows->status == XSW_OK) {
        struct row *list =
            grown(rows->list, &rows->room, rows->count + 1, sizeof(*rows->list), ROWS_MAX);
        if (list == NULL) {
            rows->status = rows->count < ROWS_MAX ? XSW_NO_MEMORY : XSW_LIMIT;
            return;
        }
        rows->list = list;
    }
    if (rows->status == XSW_OK) {
        rows->list[rows->count] = *row;
        rows->list[rows->count].order = (uint32_t)rows->count;
        rows->count++;
    }
}

static void loss_add(struct rows *rows, const struct row_loss *loss)
{
    if (rows->loss_count == rows->loss_room) {
        struct row_loss *losses = grown(rows->losses, &rows->loss_room, rows->loss_count + 1,
                                        sizeof(*losses), (size_t)ROWS_MAX);
        if (losses == NULL) {
            rows->status = rows->loss_count < ROWS_MAX ? XSW_NO_MEMORY : XSW_LIMIT;
            return;
        }
        rows->losses = losses;
    }
    rows->losses[rows->loss_count++] = *loss;
}

/* Whether nothing more is taken: what has a time that is none may be anything, and so may what
 * follows it. */
static bool is_over(struct rows *rows, uint64_t time_ns, uint64_t offset)
{
    if (time_ns > ROW_TIME_MAX_NS && !rows->is_cut) {
        rows->is_cut = true;
        rows->cut_offset = offset;
    }
    return rows->is_cut || rows->status != XSW_OK;
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

/* A loss has been when the record came that tells of it; a span that makes no sense is a moment. */
static void gaps_add(struct rows *rows, const struct row *of, const struct record *record)
{
    struct meta_reader items = record->items;
    struct meta_item item;
    while (record_next_item(&items, &item)) {
        if (item.type != META_TLV_GAP) {
            continue;
        }
        uint64_t from_ns = analysis_wall_ns(of->session, item.gap.from_mono_ns);
        uint64_t to_ns = analysis_wall_ns(of->session, item.gap.to_mono_ns);
        struct row row = *of;
        struct row_loss loss = {
            .count = item.gap.journeys, .cause = item.gap.cause, .worker = item.gap.worker};
        loss.to_ns = to_ns != 0 && to_ns < of->time_ns ? to_ns : of->time_ns;
        loss.from_ns = from_ns != 0 && from_ns < loss.to_ns ? from_ns : loss.to_ns;
        row.kind = ROW_LOST;
        row.of_event = rows->loss_count;
        row.time_ns = loss.to_ns;
        loss_add(rows, &loss);
        row_add(rows, &row);
    }
}

/* The metadata behind the fixed part, and the head of the packet. */
static bool keep(struct rows *rows, struct row *row, const struct record *record)
{
    size_t length = (size_t)(record->items.end - record->items.next);
    size_t need = rows->kept_length + length + ROW_HEAD_MAX;
    if (need > rows->kept_room) {
        uint8_t *kept = grown(rows->kept, &rows->kept_room, need, 1, SIZE_MAX / 4);
        if (kept == NULL) {
            rows->status = XSW_NO_MEMORY;
            return false;
        }
        rows->kept = kept;
    }
    row->kept_offset = rows->kept_length;
    row->meta_length = (uint32_t)length;
    row->head_length =
        (uint8_t)(record->captured_length < ROW_HEAD_MAX ? record->captured_length : ROW_HEAD_MAX);
    if (length > 0) {
        memcpy(rows->kept + rows->kept_length, record->items.next, length);
    }
    if (row->head_length > 0) {
        memcpy(rows->kept + rows->kept_length + length, record->bytes, row->head_length);
    }
    rows->kept_length += length + row->head_length;
    return true;
}

static void record_take(const struct analysis_session *session, const struct record *record,
                        void *context)
{
    struct rows *rows = context;
    struct row row = {.time_ns = record->time_ns,
                      .packet_id = record->packet_id,
                      .parent_id = record->fixed.parent_id,
                      .session = session,
                      .rule = record->fixed.rule,
                      .flow_hash = record->fixed.flow_hash,
                      .length = record->original_length,
                      .captured_length = record->captured_length,
                      .port = record->port,
                      .reason = record->fixed.reason,
                      .stage = record->fixed.stage,
                      .flags = record->fixed.flags,
                      .kind = (uint8_t)kind_of(record)};
    if (is_over(rows, record->time_ns, record->offset)) {
        return;
    }
    if (record->has_gap) {
        gaps_add(rows, &row, record);
    }
    if (keep(rows, &row, record)) {
        row_add(rows, &row);
    }
}

struct meta_reader row_meta(const struct rows *rows, const struct row *row)
{
    const uint8_t *from = rows->kept + row->kept_offset;
    return (struct meta_reader){.next = from, .end = from + row->meta_length};
}

const uint8_t *row_head(const struct rows *rows, const struct row *row)
{
    return rows->kept + row->kept_offset + row->meta_length;
}

/* Events -------------------------------------------------------------------------------------- */

/* False: the event does not tell it. */
static bool number_of(const struct pcapng_event *event, const char *name, uint64_t *number)
{
    *number = 0;
    for (size_t i = 0; i < event->field_count; i++) {
        const char *value = event->fields[i].value;
        if (strcmp(event->fields[i].name, name) == 0 && value[0] >= '0' && value[0] <= '9') {
            *number = strtoull(value, NULL, 10);
            return true;
        }
    }
    return false;
}

static char *copy_of(const char *text)
{
    return strdup(text != NULL ? text : "");
}

static bool event_copy(struct row_event *copy, const struct pcapng_event *event, uint32_t shape)
{
    *copy = (struct row_event){.message = copy_of(event->message),
                               .source = copy_of(event->source),
                               .host = copy_of(event->host),
                               .boot_id = copy_of(event->boot_id),
                               .values = calloc(event->field_count + 1, sizeof(char *)),
                               .shape = shape,
                               .mono_ns = event->mono_ns,
                               .priority = event->priority};
    bool is_good = copy->message != NULL && copy->source != NULL && copy->host != NULL &&
                   copy->boot_id != NULL && copy->values != NULL;
    for (size_t i = 0; i < event->field_count && is_good; i++) {
        copy->values[copy->value_count++] = copy_of(event->fields[i].value);
        is_good = copy->values[i] != NULL;
    }
    return is_good;
}

/* What a recording tells of events that nobody has told it. */
static void lost_events_take(struct rows *rows, const struct pcapng_event *event)
{
    const char *name = event->name != NULL ? event->name : "";
    if (strcmp(name, "events_lost") != 0 && strcmp(name, "kernel_lost") != 0) {
        return;
    }
    uint64_t from_ns;
    struct row_loss loss = {.from_ns = event->wall_ns, .to_ns = event->wall_ns};
    loss.is_uncounted = !number_of(event, "events", &loss.count) || loss.count == 0;
    if (number_of(event, "from_mono_ns", &from_ns) && from_ns != 0 && from_ns < event->mono_ns &&
        event->mono_ns - from_ns < event->wall_ns) {
        loss.from_ns = event->wall_ns - (event->mono_ns - from_ns);
    }
    loss_add(rows, &loss);
}

static void event_take(struct rows *rows, const struct pcapng_event *event)
{
    uint32_t shape;
    if (rows->status == XSW_OK && rows->event_count == rows->event_room) {
        struct row_event *events = grown(rows->events, &rows->event_room, rows->event_count + 1,
                                         sizeof(*events), ROWS_MAX);
        rows->status = events != NULL                 ? XSW_OK
                       : rows->event_count < ROWS_MAX ? XSW_NO_MEMORY
                                                      : XSW_LIMIT;
        rows->events = events != NULL ? events : rows->events;
    }
    if (rows->status == XSW_OK) {
        rows->status = shapes_take(&rows->shapes, event, &shape);
    }
    if (rows->status != XSW_OK) {
        return;
    }
    const struct row row = {
        .time_ns = event->wall_ns, .of_event = rows->event_count, .kind = ROW_EVENT};
    rows->status =
        event_copy(&rows->events[rows->event_count++], event, shape) ? XSW_OK : XSW_NO_MEMORY;
    lost_events_take(rows, event);
    row_add(rows, &row);
}

/* The first section says which clock it is; another boot has another one. */
static void section_take(struct rows *rows, const struct pcapng_json *json)
{
    struct notes notes = {0};
    struct json_in place;
    struct json_in clock;
    char boot_id[sizeof(rows->boot_id)] = "";
    if (json->text == NULL) {
        return;
    }
    if (json_in_open(&place, json->text, json->length, "section info", &notes)) {
        json_in_text(&place, "boot_id", boot_id, sizeof(boot_id));
        json_in_child(&place, "clock", &clock);
        if (rows->boot_id[0] != '\0') {
            rows->is_of_several |= strcmp(rows->boot_id, boot_id) != 0;
        } else if (clock.object != NULL) {
            memcpy(rows->boot_id, boot_id, sizeof(boot_id));
            json_in_text(&place, "host", rows->host, sizeof(rows->host));
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
    } else if (item->kind == PCAPNG_EVENT && !is_over(rows, item->event.wall_ns, item->offset)) {
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

static enum xsw_status rows_judge(struct rows *rows, const char *path, struct xsw_error *error)
{
    const struct analysis_file *file = &rows->analysis->files[0];
    if (rows->status == XSW_LIMIT) {
        return error_set(error, XSW_LIMIT,
                         "%s: more than %d records, which must be put in order in memory, or %d "
                         "kinds of events: make a part of it with xsw analyze --where … --export",
                         path, ROWS_MAX, SHAPES_MAX);
    }
    if (rows->status != XSW_OK) {
        return error_set(error, rows->status, "%s: no memory for its records", path);
    }
    if (file->status < 0 && rows->count == 0 && !rows->is_cut) {
        return error_set(error, file->status, "%s", file->problem);
    }
    rows->is_torn = rows->is_cut || file->status != XSW_END;
    snprintf(rows->problem, sizeof(rows->problem), "%s", file->problem);
    if (rows->is_cut) {
        snprintf(rows->problem, sizeof(rows->problem),
                 "%s: byte %" PRIu64 ": a time behind the year 2262; expected nanoseconds since "
                 "1970 that babeltrace can hold",
                 path, rows->cut_offset);
    }
    return XSW_OK;
}

/* Of which cause the records tell least. */
static uint16_t untold_cause(const struct account *account)
{
    const struct account_worker workers = account_workers_sum(account);
    uint64_t most = 0;
    uint16_t found = 0;
    for (uint16_t cause = 0; cause < META_LOSS_COUNT; cause++) {
        uint64_t lost = account_sum(workers.lost[cause], account->recorder_lost[cause]);
        uint64_t told = account->file.gap_journeys[cause];
        if (cause != META_LOSS_PAST_LIMIT && lost > told && lost - told > most) {
            most = lost - told;
            found = cause;
        }
    }
    return found;
}

static void late_loss_add(struct rows *rows, const struct analysis_session *session, uint64_t count)
{
    const struct account *account = &session->account;
    uint64_t last_ns = rows->list[rows->count - 1].time_ns;
    uint64_t from_ns = account->file.records > 0 ? account->file.last_ns : rows->list[0].time_ns;
    const struct row_loss loss = {.from_ns = from_ns < last_ns ? from_ns : last_ns,
                                  .to_ns = last_ns,
                                  .count = count,
                                  .cause = untold_cause(account)};
    const struct row row = {
        .time_ns = last_ns, .session = session, .of_event = rows->loss_count, .kind = ROW_LOST};
    loss_add(rows, &loss);
    row_add(rows, &row);
}

/* What was lost behind the last record that could have told of it: the accounts at the end know.
 * The rows are in order. */
static void late_losses_add(struct rows *rows)
{
    for (size_t i = 0; i < rows->analysis->session_count && !rows->is_cut; i++) {
        const struct analysis_session *session = rows->analysis->sessions[i];
        uint64_t told = account_lost_in_band(&session->account);
        uint64_t lost = account_lost(&session->account);
        if (lost > told && rows->status == XSW_OK) {
            late_loss_add(rows, session, lost - told);
        }
    }
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
    if (status == XSW_OK && rows->count > 0) {
        qsort(rows->list, rows->count, sizeof(*rows->list), by_time);
        late_losses_add(rows);
    }
    if (status == XSW_OK) {
        status = rows_judge(rows, path, error);
    }
    if (status != XSW_OK) {
        rows_fini(rows);
    }
    return status;
}

static void event_fini(struct row_event *event)
{
    for (size_t i = 0; i < event->value_count; i++) {
        free(event->values[i]);
    }
    free(event->values);
    free(event->message);
    free(event->source);
    free(event->host);
    free(event->boot_id);
}

void rows_fini(struct rows *rows)
{
    for (size_t i = 0; i < rows->event_count; i++) {
        event_fini(&rows->events[i]);
    }
    shapes_fini(&rows->shapes);
    analysis_destroy(rows->analysis);
    free(rows->events);
    free(rows->losses);
    free(rows->kept);
    free(rows->list);
    *rows = (struct rows){0};
}
