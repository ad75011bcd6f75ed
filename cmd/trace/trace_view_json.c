/* SPDX-License-Identifier: Apache-2.0 */
/* Events of a trace as JSON, an object a line. */
#include <stdio.h>

#include "cmd/trace/trace_view_parts.h"
#include "formats/json_write.h"

static void line_begin(struct json_writer *json)
{
    json_init_stream(json, stdout, 0);
    json_object_open(json, NULL);
    json_u64(json, "format", 1);
}

static void line_end(struct view *view, struct json_writer *json)
{
    struct xsw_error ignored;
    json_object_close(json);
    view->failed |= json_finish(json, &ignored) != XSW_OK;
    putchar('\n');
}

static void field_write(struct json_writer *json, const struct view_field *field)
{
    if (field->is_number && field->is_signed) {
        json_i64(json, field->name, (int64_t)field->number);
    } else if (field->is_number && field->number <= INT64_MAX) {
        json_u64(json, field->name, field->number);
    } else {
        /* JSON of ours is read by programs that take whole numbers of 63 bits. */
        json_text(json, field->name, field->text);
    }
}

void view_event_json(struct view *view, const struct view_event *event)
{
    struct json_writer json;
    line_begin(&json);
    json_text(&json, "event", event->name);
    json_text(&json, "host", event->host);
    json_i64(&json, "time_ns", event->time_ns);
    json_object_open(&json, "fields");
    for (size_t i = 0; i < event->field_count; i++) {
        field_write(&json, &event->fields[i]);
    }
    json_object_close(&json);
    line_end(view, &json);
}

void view_loss_json(struct view *view, const struct view_loss *loss)
{
    struct json_writer json;
    line_begin(&json);
    json_text(&json, "lost", loss->what);
    json_text(&json, "host", loss->host);
    json_text(&json, "known", loss->is_known ? "yes" : "no");
    json_u64(&json, "count", loss->count);
    line_end(view, &json);
}
