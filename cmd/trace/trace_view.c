/* SPDX-License-Identifier: Apache-2.0 */
/* What is read of a trace, and what of it is shown; how is in trace_view_text.c and _json.c. */
#include "cmd/trace/trace_view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cmd/trace/trace_view_parts.h"

static const char nothing[] = "-"; /* how the provider writes an empty text */

/* Which fields a word of the command line looks at. */
static const struct {
    const char *word;
    const char *fields[3];
} words[] = {
    {"port", {"port_name", "source_name", "destination_name"}},
    {"stage", {"stage_name", "stage"}},
    {"reason", {"reason_name", "reason"}},
    {"extension", {"extension"}},
    {"packet", {"packet_id", "parent_id"}},
    {"rule", {"rule"}},
    {"switch", {"switch_name"}},
    {"subject", {"subject"}},
};

enum { WORD_COUNT = sizeof(words) / sizeof(words[0]) };

bool view_word_is_known(const char *word)
{
    for (size_t i = 0; i < WORD_COUNT; i++) {
        if (strcmp(words[i].word, word) == 0) {
            return true;
        }
    }
    return strcmp(word, "event") == 0;
}

/* Reading ------------------------------------------------------------------------------------ */

/* The label of an enumeration's value; null when it has none. */
static const char *label_of(const bt_field *field, bool is_signed)
{
    bt_field_class_enumeration_mapping_label_array labels = NULL;
    uint64_t count = 0;
    if (is_signed) {
        (void)bt_field_enumeration_signed_get_mapping_labels(field, &labels, &count);
    } else {
        (void)bt_field_enumeration_unsigned_get_mapping_labels(field, &labels, &count);
    }
    return count > 0 ? labels[0] : NULL;
}

static void number_read(const bt_field *field, bt_field_class_type type, struct view_field *to)
{
    bool is_hex =
        bt_field_class_integer_get_preferred_display_base(bt_field_borrow_class_const(field)) ==
        BT_FIELD_CLASS_INTEGER_PREFERRED_DISPLAY_BASE_HEXADECIMAL;
    to->is_number = true;
    to->is_signed = bt_field_class_type_is(type, BT_FIELD_CLASS_TYPE_SIGNED_INTEGER);
    if (to->is_signed) {
        int64_t value = bt_field_integer_signed_get_value(field);
        to->number = (uint64_t)value;
        snprintf(to->own, sizeof(to->own), "%" PRId64, value);
    } else {
        to->number = bt_field_integer_unsigned_get_value(field);
        snprintf(to->own, sizeof(to->own), is_hex ? "0x%" PRIx64 : "%" PRIu64, to->number);
    }
    to->text = to->own;
    if (bt_field_class_type_is(type, BT_FIELD_CLASS_TYPE_ENUMERATION)) {
        const char *label = label_of(field, to->is_signed);
        to->text = label != NULL ? label : to->own;
        to->is_number = label == NULL;
    }
}

/* Numbers and texts; what is nested is not ours, and is left out. */
static void field_read(struct view_event *event, const char *name, const bt_field *field)
{
    struct view_field *to = &event->fields[event->field_count];
    bt_field_class_type type = bt_field_get_class_type(field);
    *to = (struct view_field){.name = name};
    if (bt_field_class_type_is(type, BT_FIELD_CLASS_TYPE_INTEGER)) {
        number_read(field, type, to);
    } else if (type == BT_FIELD_CLASS_TYPE_STRING) {
        /* The value of an empty one is not to be trusted in babeltrace 2.0. */
        to->text = bt_field_string_get_length(field) > 0 ? bt_field_string_get_value(field) : "";
    } else {
        return;
    }
    event->field_count++;
}

static void fields_read(struct view_event *event, const bt_field *payload)
{
    if (payload == NULL || bt_field_get_class_type(payload) != BT_FIELD_CLASS_TYPE_STRUCTURE) {
        return;
    }
    const bt_field_class *class = bt_field_borrow_class_const(payload);
    uint64_t count = bt_field_class_structure_get_member_count(class);
    for (uint64_t i = 0; i < count && event->field_count < VIEW_FIELDS_MAX; i++) {
        const bt_field_class_structure_member *member =
            bt_field_class_structure_borrow_member_by_index_const(class, i);
        field_read(event, bt_field_class_structure_member_get_name(member),
                   bt_field_structure_borrow_member_field_by_index_const(payload, i));
    }
}

static const char *host_of(const bt_trace *trace)
{
    const bt_value *value =
        bt_trace_borrow_environment_entry_value_by_name_const(trace, "hostname");
    return value != NULL && bt_value_is_string(value) ? bt_value_string_get(value) : "";
}

static void event_read(const bt_message *message, struct view_event *view)
{
    const bt_event *event = bt_message_event_borrow_event_const(message);
    const bt_event_class *class = bt_event_borrow_class_const(event);
    const char *name = bt_event_class_get_name(class);
    bt_event_class_log_level level;
    *view = (struct view_event){.name = name != NULL ? name : "?", .level = -1};
    view->name += strncmp(view->name, "xsw:", 4) == 0 ? 4 : 0;
    view->host = host_of(bt_stream_borrow_trace_const(bt_event_borrow_stream_const(event)));
    if (bt_event_class_get_log_level(class, &level) == BT_PROPERTY_AVAILABILITY_AVAILABLE) {
        view->level = (int)level;
    }
    if (bt_stream_class_borrow_default_clock_class_const(
            bt_event_class_borrow_stream_class_const(class)) != NULL) {
        (void)bt_clock_snapshot_get_ns_from_origin(
            bt_message_event_borrow_default_clock_snapshot_const(message), &view->time_ns);
    }
    fields_read(view, bt_event_borrow_payload_field_const(event));
}

const struct view_field *view_field_find(const struct view_event *event, const char *name)
{
    for (size_t i = 0; i < event->field_count; i++) {
        if (strcmp(event->fields[i].name, name) == 0) {
            return &event->fields[i];
        }
    }
    return NULL;
}

const char *view_text_of(const struct view_event *event, const char *name)
{
    const struct view_field *field = view_field_find(event, name);
    bool is_there = field != NULL && field->text[0] != '\0' && strcmp(field->text, nothing) != 0;
    return is_there ? field->text : NULL;
}

/* Selecting ---------------------------------------------------------------------------------- */

static bool list_has(const char *list, const char *text)
{
    size_t length = strlen(text);
    for (const char *at = list; *at != '\0';) {
        size_t part = strcspn(at, ",");
        if (part == length && strncmp(at, text, length) == 0) {
            return true;
        }
        at += part + (at[part] == ',');
    }
    return false;
}

static bool match_holds(const struct view_event *event, const struct view_match *match)
{
    if (strcmp(match->word, "event") == 0) {
        return list_has(match->value, event->name);
    }
    for (size_t i = 0; i < WORD_COUNT; i++) {
        for (size_t k = 0; k < 3 && strcmp(words[i].word, match->word) == 0; k++) {
            const char *name = words[i].fields[k];
            const char *text = name != NULL ? view_text_of(event, name) : NULL;
            if (text != NULL && list_has(match->value, text)) {
                return true;
            }
        }
    }
    return false;
}

/* That something is missing is shown to whoever looks, whatever for: it may be among it. */
static bool is_loss(const struct view_event *event)
{
    size_t length = strlen(event->name);
    return length > 5 && strcmp(event->name + length - 5, "_lost") == 0;
}

static bool is_wanted(const struct view *view, const struct view_event *event)
{
    if (is_loss(event)) {
        return true;
    }
    for (size_t i = 0; i < view->match_count; i++) {
        if (!match_holds(event, &view->matches[i])) {
            return false;
        }
    }
    return true;
}

/* Showing ------------------------------------------------------------------------------------ */

static void lost_show(struct view *view, const bt_message *message, bool are_events)
{
    struct view_loss loss = {.what = are_events ? "events" : "buffers"};
    const bt_stream *stream = are_events
                                  ? bt_message_discarded_events_borrow_stream_const(message)
                                  : bt_message_discarded_packets_borrow_stream_const(message);
    loss.is_known = (are_events ? bt_message_discarded_events_get_count(message, &loss.count)
                                : bt_message_discarded_packets_get_count(message, &loss.count)) ==
                    BT_PROPERTY_AVAILABILITY_AVAILABLE;
    loss.host = host_of(bt_stream_borrow_trace_const(stream));
    view->lost += loss.is_known ? loss.count : 1;
    if (view->json) {
        view_loss_json(view, &loss);
    } else {
        view_loss_print(view, &loss);
    }
}

void view_message(struct view *view, const bt_message *message)
{
    struct view_event event;
    switch (bt_message_get_type(message)) {
    case BT_MESSAGE_TYPE_EVENT:
        event_read(message, &event);
        if (is_wanted(view, &event)) {
            view->shown++;
            if (view->json) {
                view_event_json(view, &event);
            } else {
                view_event_print(view, &event);
            }
        }
        break;
    case BT_MESSAGE_TYPE_DISCARDED_EVENTS:
        lost_show(view, message, true);
        break;
    case BT_MESSAGE_TYPE_DISCARDED_PACKETS:
        lost_show(view, message, false);
        break;
    default:
        break;
    }
    view->failed |= ferror(stdout) != 0;
}
