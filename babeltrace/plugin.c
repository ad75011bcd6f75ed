/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The component class source.xsw.pcapng of babeltrace2: the journeys and events of a recording as a
 * trace, beside any other. man/xsw-babeltrace.7 has the events. Its clock is that of LTTng's traces
 * of the same boot: CLOCK_MONOTONIC, whose UUID is the boot id.
 */
#include <stdlib.h>
#include <string.h>

#include <babeltrace2/babeltrace.h>

#include "babeltrace/rows.h"
#include "formats/pcapng_read.h"
#include "formats/stage_meta.h"

enum { UUID_SIZE = 16, NS_PER_SECOND = 1000000000 };

/* The component ------------------------------------------------------------------------------- */

struct source {
    struct rows rows;
    bt_stream *stream;
    bt_event_class *classes[ROW_EVENT]; /* of packets */
    bt_event_class **of_events;         /* by index of rows.events */
    uint64_t offset_ns;                 /* wall time - the clock's value */
};

static const char *const class_names[] = {
    [ROW_RECEIVED] = "packet_received",   [ROW_PASSED] = "packet_passed",
    [ROW_DELIVERED] = "packet_delivered", [ROW_DROPPED] = "packet_dropped",
    [ROW_CHANGED] = "packet_changed",     [ROW_CLONED] = "packet_cloned",
    [ROW_REPLACED] = "packet_replaced",   [ROW_INJECTED] = "packet_injected",
    [ROW_LOST] = "capture_lost"};

/* The fields of a packet's event, in this order. */
enum packet_field {
    FIELD_PACKET_ID,
    FIELD_PARENT_ID,
    FIELD_PORT,
    FIELD_STAGE,
    FIELD_REASON,
    FIELD_RULE,
    FIELD_LENGTH,
    FIELD_CAPTURED,
    FIELD_SWITCH,
    PACKET_FIELDS
};
static const struct {
    const char *name;
    bool is_text;
} packet_fields[PACKET_FIELDS] = {
    [FIELD_PACKET_ID] = {"packet_id", false},
    [FIELD_PARENT_ID] = {"parent_id", false},
    [FIELD_PORT] = {"port", true},
    [FIELD_STAGE] = {"stage", true},
    [FIELD_REASON] = {"reason", true},
    [FIELD_RULE] = {"rule", false},
    [FIELD_LENGTH] = {"length", false},
    [FIELD_CAPTURED] = {"captured_length", false},
    [FIELD_SWITCH] = {"switch_name", true},
};

enum event_field {
    FIELD_MESSAGE,
    FIELD_SOURCE,
    FIELD_PRIORITY,
    FIELD_EVENT_PORT,
    FIELD_EVENT_REASON,
    FIELD_EVENT_PACKET,
    FIELD_DETAILS,
    EVENT_FIELDS
};
static const struct {
    const char *name;
    bool is_text;
} event_fields[EVENT_FIELDS] = {
    [FIELD_MESSAGE] = {"message", true},     [FIELD_SOURCE] = {"source", true},
    [FIELD_PRIORITY] = {"priority", false},  [FIELD_EVENT_PORT] = {"port", true},
    [FIELD_EVENT_REASON] = {"reason", true}, [FIELD_EVENT_PACKET] = {"packet_id", false},
    [FIELD_DETAILS] = {"details", true},
};

static bool member_add(bt_trace_class *trace_class, bt_field_class *structure, const char *name,
                       bool is_text)
{
    bt_field_class *member = is_text ? bt_field_class_string_create(trace_class)
                                     : bt_field_class_integer_unsigned_create(trace_class);
    bool is_good =
        member != NULL && bt_field_class_structure_append_member(structure, name, member) ==
                              BT_FIELD_CLASS_STRUCTURE_APPEND_MEMBER_STATUS_OK;
    bt_field_class_put_ref(member);
    return is_good;
}

/* An event class; its payload has the fields of packets, or those of events. Null: no memory. */
static bt_event_class *class_make(bt_trace_class *trace_class, bt_stream_class *stream_class,
                                  const char *name, bool is_packet)
{
    bt_event_class *made = bt_event_class_create(stream_class);
    bt_field_class *payload = bt_field_class_structure_create(trace_class);
    bool is_good = made != NULL && payload != NULL &&
                   bt_event_class_set_name(made, name) == BT_EVENT_CLASS_SET_NAME_STATUS_OK;
    size_t count = is_packet ? (size_t)PACKET_FIELDS : (size_t)EVENT_FIELDS;
    for (size_t i = 0; i < count && is_good; i++) {
        is_good = member_add(trace_class, payload,
                             is_packet ? packet_fields[i].name : event_fields[i].name,
                             is_packet ? packet_fields[i].is_text : event_fields[i].is_text);
    }
    is_good = is_good && bt_event_class_set_payload_field_class(made, payload) ==
                             BT_EVENT_CLASS_SET_FIELD_CLASS_STATUS_OK;
    bt_field_class_put_ref(payload);
    if (!is_good) {
        bt_event_class_put_ref(made);
        return NULL;
    }
    return made;
}

/* One class for each name of an event. */
static bt_event_class *event_class_find(struct source *source, size_t index,
                                        bt_trace_class *trace_class, bt_stream_class *stream_class)
{
    const char *name = source->rows.events[index].name;
    for (size_t i = 0; i < index; i++) {
        if (strcmp(source->rows.events[i].name, name) == 0) {
            bt_event_class_get_ref(source->of_events[i]);
            return source->of_events[i];
        }
    }
    return class_make(trace_class, stream_class, name, false);
}

static bool classes_make(struct source *source, bt_trace_class *trace_class,
                         bt_stream_class *stream_class)
{
    for (unsigned kind = 0; kind < ROW_EVENT; kind++) {
        source->classes[kind] = class_make(trace_class, stream_class, class_names[kind], true);
        if (source->classes[kind] == NULL) {
            return false;
        }
    }
    source->of_events = calloc(source->rows.event_count + 1, sizeof(bt_event_class *));
    for (size_t i = 0; source->of_events != NULL && i < source->rows.event_count; i++) {
        source->of_events[i] = event_class_find(source, i, trace_class, stream_class);
        if (source->of_events[i] == NULL) {
            return false;
        }
    }
    return source->of_events != NULL;
}

/* "403787e6-036e-…" as 16 bytes. */
static bool uuid_read(uint8_t uuid[UUID_SIZE], const char *text)
{
    static const char digits[] = "0123456789abcdef";
    size_t count = 0;
    for (; *text != '\0' && count < 2 * (size_t)UUID_SIZE; text++) {
        const char *digit = strchr(digits, *text);
        if (*text == '-') {
            continue;
        }
        if (digit == NULL) {
            return false;
        }
        uint8_t value = (uint8_t)(digit - digits);
        uuid[count / 2] =
            count % 2 == 0 ? (uint8_t)(value << 4) : (uint8_t)(uuid[count / 2] | value);
        count++;
    }
    return count == 2 * (size_t)UUID_SIZE;
}

static bt_clock_class *clock_make(struct source *source, bt_self_component *component)
{
    const struct rows *rows = &source->rows;
    uint8_t uuid[UUID_SIZE];
    bt_clock_class *clock = bt_clock_class_create(component);
    if (clock == NULL) {
        return NULL;
    }
    bt_clock_class_set_frequency(clock, NS_PER_SECOND);
    if (rows->mono_ns == 0 || rows->wall_ns < rows->mono_ns) {
        (void)bt_clock_class_set_name(clock, "realtime");
        return clock;
    }
    source->offset_ns = rows->wall_ns - rows->mono_ns;
    (void)bt_clock_class_set_name(clock, "monotonic");
    bt_clock_class_set_offset(clock, (int64_t)(source->offset_ns / NS_PER_SECOND),
                              source->offset_ns % NS_PER_SECOND);
    if (uuid_read(uuid, rows->boot_id)) {
        bt_clock_class_set_uuid(clock, uuid);
    }
    return clock;
}

static bool stream_make(struct source *source, bt_self_component *component, const char *path)
{
    bt_trace_class *trace_class = bt_trace_class_create(component);
    bt_stream_class *stream_class =
        trace_class != NULL ? bt_stream_class_create(trace_class) : NULL;
    bt_clock_class *clock = clock_make(source, component);
    bt_trace *trace = trace_class != NULL ? bt_trace_create(trace_class) : NULL;
    const char *name = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
    bool is_good = stream_class != NULL && clock != NULL && trace != NULL &&
                   bt_stream_class_set_default_clock_class(stream_class, clock) ==
                       BT_STREAM_CLASS_SET_DEFAULT_CLOCK_CLASS_STATUS_OK &&
                   bt_trace_set_name(trace, name) == BT_TRACE_SET_NAME_STATUS_OK &&
                   bt_trace_set_environment_entry_string(trace, "hostname", source->rows.host) ==
                       BT_TRACE_SET_ENVIRONMENT_ENTRY_STATUS_OK &&
                   classes_make(source, trace_class, stream_class) &&
                   (source->stream = bt_stream_create(stream_class, trace)) != NULL;
    bt_trace_put_ref(trace);
    bt_clock_class_put_ref(clock);
    bt_stream_class_put_ref(stream_class);
    bt_trace_class_put_ref(trace_class);
    return is_good;
}

static void source_free(struct source *source)
{
    if (source == NULL) {
        return;
    }
    bt_stream_put_ref(source->stream);
    for (unsigned kind = 0; kind < ROW_EVENT; kind++) {
        bt_event_class_put_ref(source->classes[kind]);
    }
    for (size_t i = 0; source->of_events != NULL && i < source->rows.event_count; i++) {
        bt_event_class_put_ref(source->of_events[i]);
    }
    free(source->of_events);
    rows_fini(&source->rows);
    free(source);
}

/* The parameter `inputs`: an array with one path, as the command line makes it. */
static const char *path_of(const bt_value *parameters)
{
    const bt_value *inputs = bt_value_map_borrow_entry_value_const(parameters, "inputs");
    if (inputs == NULL || !bt_value_is_array(inputs) || bt_value_array_get_length(inputs) != 1) {
        return NULL;
    }
    const bt_value *path = bt_value_array_borrow_element_by_index_const(inputs, 0);
    return bt_value_is_string(path) ? bt_value_string_get(path) : NULL;
}

static bt_component_class_initialize_method_status
source_initialize(bt_self_component_source *self, bt_self_component_source_configuration *unused,
                  const bt_value *parameters, void *data)
{
    bt_self_component *component = bt_self_component_source_as_self_component(self);
    const char *path = path_of(parameters);
    struct xsw_error error = {0};
    (void)unused;
    (void)data;
    struct source *source = calloc(1, sizeof(*source));
    if (source == NULL) {
        return BT_COMPONENT_CLASS_INITIALIZE_METHOD_STATUS_MEMORY_ERROR;
    }
    if (path == NULL || rows_read(&source->rows, path, &error) != XSW_OK) {
        BT_CURRENT_THREAD_ERROR_APPEND_CAUSE_FROM_COMPONENT(
            component, "%s",
            path != NULL ? error.text : "expected the parameter inputs: one path of a recording");
        free(source);
        return BT_COMPONENT_CLASS_INITIALIZE_METHOD_STATUS_ERROR;
    }
    if (!stream_make(source, component, path) ||
        bt_self_component_source_add_output_port(self, "out", NULL, NULL) !=
            BT_SELF_COMPONENT_ADD_PORT_STATUS_OK) {
        source_free(source);
        return BT_COMPONENT_CLASS_INITIALIZE_METHOD_STATUS_MEMORY_ERROR;
    }
    bt_self_component_set_data(component, source);
    return BT_COMPONENT_CLASS_INITIALIZE_METHOD_STATUS_OK;
}

static void source_finalize(bt_self_component_source *self)
{
    source_free(bt_self_component_get_data(bt_self_component_source_as_self_component(self)));
}

/* Whether a path on the command line of babeltrace2 is one for us. */
static bt_component_class_query_method_status
source_query(bt_self_component_class_source *self, bt_private_query_executor *executor,
             const char *object, const bt_value *parameters, void *data, const bt_value **result)
{
    (void)self;
    (void)executor;
    (void)data;
    if (strcmp(object, "babeltrace.support-info") != 0) {
        return BT_COMPONENT_CLASS_QUERY_METHOD_STATUS_UNKNOWN_OBJECT;
    }
    const bt_value *type = bt_value_map_borrow_entry_value_const(parameters, "type");
    const bt_value *input = bt_value_map_borrow_entry_value_const(parameters, "input");
    double weight = 0;
    struct pcapng_reader *reader;
    if (type != NULL && input != NULL && strcmp(bt_value_string_get(type), "file") == 0 &&
        pcapng_reader_open(bt_value_string_get(input), &reader, NULL) == XSW_OK) {
        weight = 0.75;
        pcapng_reader_close(reader);
    }
    *result = bt_value_real_create_init(weight);
    return *result != NULL ? BT_COMPONENT_CLASS_QUERY_METHOD_STATUS_OK
                           : BT_COMPONENT_CLASS_QUERY_METHOD_STATUS_MEMORY_ERROR;
}

/* Messages ------------------------------------------------------------------------------------ */

enum step { STEP_BEGIN, STEP_ROWS, STEP_END, STEP_DONE };

struct iterator {
    struct source *source;
    size_t next;
    enum step step;
};

static bt_message_iterator_class_initialize_method_status
iterator_initialize(bt_self_message_iterator *self,
                    bt_self_message_iterator_configuration *configuration,
                    bt_self_component_port_output *port)
{
    (void)configuration;
    (void)port;
    struct iterator *iterator = calloc(1, sizeof(*iterator));
    if (iterator == NULL) {
        return BT_MESSAGE_ITERATOR_CLASS_INITIALIZE_METHOD_STATUS_MEMORY_ERROR;
    }
    iterator->source = bt_self_component_get_data(bt_self_message_iterator_borrow_component(self));
    bt_self_message_iterator_set_data(self, iterator);
    return BT_MESSAGE_ITERATOR_CLASS_INITIALIZE_METHOD_STATUS_OK;
}

static void iterator_finalize(bt_self_message_iterator *self)
{
    free(bt_self_message_iterator_get_data(self));
}

static void number_put(bt_field *payload, uint64_t field, uint64_t value)
{
    bt_field_integer_unsigned_set_value(
        bt_field_structure_borrow_member_field_by_index(payload, field), value);
}

static bool text_put(bt_field *payload, uint64_t field, const char *text)
{
    return bt_field_string_set_value(
               bt_field_structure_borrow_member_field_by_index(payload, field), text) ==
           BT_FIELD_STRING_SET_VALUE_STATUS_OK;
}

static bool packet_fill(bt_field *payload, const struct row *row)
{
    const struct dictionary *names = &row->session->of->dictionary;
    struct dictionary_name port, stage, reason;
    const char *why = row->kind == ROW_LOST ? meta_loss_name(row->reason)
                      : row->reason != 0    ? dictionary_reason(names, row->reason, &reason)
                                            : "";
    number_put(payload, FIELD_PACKET_ID, row->packet_id);
    number_put(payload, FIELD_PARENT_ID, row->parent_id);
    number_put(payload, FIELD_RULE, row->rule & 0xffffff);
    number_put(payload, FIELD_LENGTH, row->length);
    number_put(payload, FIELD_CAPTURED, row->captured_length);
    return text_put(payload, FIELD_PORT, dictionary_port(names, row->port, &port)) &&
           text_put(payload, FIELD_STAGE, dictionary_stage(names, row->stage, &stage)) &&
           text_put(payload, FIELD_REASON, why) &&
           text_put(payload, FIELD_SWITCH, row->session->of->name);
}

static bool event_fill(bt_field *payload, const struct row_event *event)
{
    number_put(payload, FIELD_PRIORITY, event->priority);
    number_put(payload, FIELD_EVENT_PACKET, event->packet_id);
    return text_put(payload, FIELD_MESSAGE, event->message) &&
           text_put(payload, FIELD_SOURCE, event->source) &&
           text_put(payload, FIELD_EVENT_PORT, event->port) &&
           text_put(payload, FIELD_EVENT_REASON, event->reason) &&
           text_put(payload, FIELD_DETAILS, event->details);
}

static bt_message *row_message(bt_self_message_iterator *self, const struct source *source,
                               const struct row *row)
{
    bool is_event = row->kind == ROW_EVENT;
    const bt_event_class *class =
        is_event ? source->of_events[row->packet_id] : source->classes[row->kind];
    uint64_t time = row->time_ns > source->offset_ns ? row->time_ns - source->offset_ns : 0;
    bt_message *message =
        bt_message_event_create_with_default_clock_snapshot(self, class, source->stream, time);
    if (message == NULL) {
        return NULL;
    }
    bt_field *payload = bt_event_borrow_payload_field(bt_message_event_borrow_event(message));
    bool is_good = is_event ? event_fill(payload, &source->rows.events[row->packet_id])
                            : packet_fill(payload, row);
    if (!is_good) {
        bt_message_put_ref(message);
        return NULL;
    }
    return message;
}

/* The message of this step, and on to the next one. */
static bt_message *message_make(bt_self_message_iterator *self, struct iterator *iterator)
{
    struct source *source = iterator->source;
    switch (iterator->step) {
    case STEP_BEGIN:
        iterator->step = source->rows.count > 0 ? STEP_ROWS : STEP_END;
        return bt_message_stream_beginning_create(self, source->stream);
    case STEP_ROWS: {
        const struct row *row = &source->rows.list[iterator->next++];
        iterator->step = iterator->next < source->rows.count ? STEP_ROWS : STEP_END;
        return row_message(self, source, row);
    }
    default:
        iterator->step = STEP_DONE;
        return bt_message_stream_end_create(self, source->stream);
    }
}

static bt_message_iterator_class_next_method_status iterator_next(bt_self_message_iterator *self,
                                                                  bt_message_array_const messages,
                                                                  uint64_t capacity,
                                                                  uint64_t *count)
{
    struct iterator *iterator = bt_self_message_iterator_get_data(self);
    uint64_t made = 0;
    if (iterator->step == STEP_DONE) {
        return BT_MESSAGE_ITERATOR_CLASS_NEXT_METHOD_STATUS_END;
    }
    while (made < capacity && iterator->step != STEP_DONE) {
        messages[made] = message_make(self, iterator);
        if (messages[made] == NULL) {
            while (made > 0) {
                bt_message_put_ref(messages[--made]);
            }
            return BT_MESSAGE_ITERATOR_CLASS_NEXT_METHOD_STATUS_MEMORY_ERROR;
        }
        made++;
    }
    *count = made;
    return BT_MESSAGE_ITERATOR_CLASS_NEXT_METHOD_STATUS_OK;
}

/* The plugin ---------------------------------------------------------------------------------- */

BT_PLUGIN_MODULE();
BT_PLUGIN(xsw);
BT_PLUGIN_DESCRIPTION("Recordings of xsw, a virtual switch");
BT_PLUGIN_LICENSE("Apache-2.0");
BT_PLUGIN_SOURCE_COMPONENT_CLASS(pcapng, iterator_next);
BT_PLUGIN_SOURCE_COMPONENT_CLASS_DESCRIPTION(pcapng, "Journeys of packets from a pcapng recording");
BT_PLUGIN_SOURCE_COMPONENT_CLASS_INITIALIZE_METHOD(pcapng, source_initialize);
BT_PLUGIN_SOURCE_COMPONENT_CLASS_FINALIZE_METHOD(pcapng, source_finalize);
BT_PLUGIN_SOURCE_COMPONENT_CLASS_QUERY_METHOD(pcapng, source_query);
BT_PLUGIN_SOURCE_COMPONENT_CLASS_MESSAGE_ITERATOR_CLASS_INITIALIZE_METHOD(pcapng,
                                                                          iterator_initialize);
BT_PLUGIN_SOURCE_COMPONENT_CLASS_MESSAGE_ITERATOR_CLASS_FINALIZE_METHOD(pcapng, iterator_finalize);
