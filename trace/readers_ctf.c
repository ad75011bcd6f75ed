/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A graph of libbabeltrace2: a source for each trace folder below the path, a muxer that puts their
 * events in the order of time, and we are the sink. Logging is off: its messages are for people who
 * debug babeltrace, and at level 0, TRACE, it is 90 times slower.
 */
#include <fts.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <babeltrace2/babeltrace.h>

#include "base/error.h"
#include "trace/readers_parts.h"

enum { TRACES_MAX = 256, DEPTH_MAX = 12, UUID_SIZE = 16, NESTING_MAX = 3 };

struct reading {
    trace_observer *observer;
    void *context;
    bt_message_iterator *iterator;
    struct read_event read;
    char boot_id[2 * UUID_SIZE + 1];
    uint64_t events;
};

/* Fields -------------------------------------------------------------------------------------- */

static void field_take(struct read_event *read, const char *name, const bt_field *field,
                       int nesting);

static void structure_take(struct read_event *read, const bt_field *structure, int nesting)
{
    const bt_field_class *class = bt_field_borrow_class_const(structure);
    uint64_t count = bt_field_class_structure_get_member_count(class);
    for (uint64_t i = 0; i < count; i++) {
        const bt_field_class_structure_member *member =
            bt_field_class_structure_borrow_member_by_index_const(class, i);
        field_take(read, bt_field_class_structure_member_get_name(member),
                   bt_field_structure_borrow_member_field_by_index_const(structure, i), nesting);
    }
}

/* The name of an enumeration's value, if it has one. */
static const char *label_find(const bt_field *field, bool is_signed)
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

static void number_take(struct read_event *read, const char *name, const bt_field *field,
                        bt_field_class_type type)
{
    char text[24];
    bool is_signed = bt_field_class_type_is(type, BT_FIELD_CLASS_TYPE_SIGNED_INTEGER);
    const char *label = bt_field_class_type_is(type, BT_FIELD_CLASS_TYPE_ENUMERATION)
                            ? label_find(field, is_signed)
                            : NULL;
    if (is_signed) {
        snprintf(text, sizeof(text), "%" PRId64, bt_field_integer_signed_get_value(field));
    } else {
        snprintf(text, sizeof(text), "%" PRIu64, bt_field_integer_unsigned_get_value(field));
    }
    read_event_field(read, name, label != NULL ? label : text);
}

static void field_take(struct read_event *read, const char *name, const bt_field *field,
                       int nesting)
{
    bt_field_class_type type = bt_field_get_class_type(field);
    if (bt_field_class_type_is(type, BT_FIELD_CLASS_TYPE_INTEGER)) {
        number_take(read, name, field, type);
    } else if (type == BT_FIELD_CLASS_TYPE_STRING) {
        read_event_field(read, name,
                         bt_field_string_get_length(field) > 0 ? bt_field_string_get_value(field)
                                                               : "");
    } else if (type == BT_FIELD_CLASS_TYPE_BOOL) {
        read_event_field(read, name, bt_field_bool_get_value(field) ? "true" : "false");
    } else if (type == BT_FIELD_CLASS_TYPE_STRUCTURE && nesting < NESTING_MAX) {
        structure_take(read, field, nesting + 1);
    }
}

/* Events -------------------------------------------------------------------------------------- */

/* LTTng gives its clock the boot id of the machine as a UUID. */
static const char *boot_id_of(struct reading *reading, const bt_clock_class *clock)
{
    bt_uuid uuid = clock != NULL ? bt_clock_class_get_uuid(clock) : NULL;
    if (uuid == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < UUID_SIZE; i++) {
        snprintf(reading->boot_id + 2 * i, 3, "%02x", uuid[i]);
    }
    return reading->boot_id;
}

static struct trace_about about_make(struct reading *reading, const bt_stream *stream)
{
    const bt_clock_class *clock =
        bt_stream_class_borrow_default_clock_class_const(bt_stream_borrow_class_const(stream));
    const bt_value *host = bt_trace_borrow_environment_entry_value_by_name_const(
        bt_stream_borrow_trace_const(stream), "hostname");
    const char *name = clock != NULL ? bt_clock_class_get_name(clock) : NULL;
    return (struct trace_about){
        .host = host != NULL && bt_value_is_string(host) ? bt_value_string_get(host) : NULL,
        .boot_id = boot_id_of(reading, clock),
        .has_mono = name != NULL && strcmp(name, "monotonic") == 0};
}

static void times_take(struct read_event *read, const bt_clock_snapshot *snapshot, bool has_mono)
{
    int64_t wall_ns = 0;
    const bt_clock_class *clock = bt_clock_snapshot_borrow_clock_class_const(snapshot);
    if (bt_clock_snapshot_get_ns_from_origin(snapshot, &wall_ns) ==
            BT_CLOCK_SNAPSHOT_GET_NS_FROM_ORIGIN_STATUS_OK &&
        wall_ns > 0) {
        read->event.wall_ns = (uint64_t)wall_ns;
    }
    if (has_mono && bt_clock_class_get_frequency(clock) == 1000000000) {
        read->event.mono_ns = bt_clock_snapshot_get_value(snapshot);
    }
}

static uint8_t priority_of(const bt_event_class *class)
{
    bt_event_class_log_level level;
    if (bt_event_class_get_log_level(class, &level) != BT_PROPERTY_AVAILABILITY_AVAILABLE) {
        return PCAPNG_PRIORITY_INFO;
    }
    /* The first eight are those of syslog(3), and in its order. */
    return level <= BT_EVENT_CLASS_LOG_LEVEL_INFO ? (uint8_t)level : PCAPNG_PRIORITY_DEBUG;
}

/* A recording that was converted to CTF has the sentence and the priority of its events as fields.
 */
static void own_take(struct read_event *read)
{
    for (size_t i = 0; i < read->event.field_count; i++) {
        const struct pcapng_event_field *field = &read->fields[i];
        if (strcmp(field->name, "message") == 0 && field->value[0] != '\0') {
            read->event.message = field->value;
        } else if (strcmp(field->name, "priority") == 0 && field->value[0] >= '0' &&
                   field->value[0] <= '7' && field->value[1] == '\0') {
            read->event.priority = (uint8_t)(field->value[0] - '0');
        }
    }
}

static void event_take(struct reading *reading, const bt_message *message)
{
    const bt_event *event = bt_message_event_borrow_event_const(message);
    const bt_event_class *class = bt_event_borrow_class_const(event);
    const bt_stream *stream = bt_event_borrow_stream_const(event);
    const bt_field *payload = bt_event_borrow_payload_field_const(event);
    struct trace_about about = about_make(reading, stream);
    const char *name = bt_event_class_get_name(class);
    bool is_ours = name != NULL && strncmp(name, "xsw:", 4) == 0;
    read_event_begin(&reading->read,
                     is_ours        ? name + 4
                     : name != NULL ? name
                                    : "event",
                     is_ours ? "xsw" : "trace");
    reading->read.event.host = about.host;
    reading->read.event.boot_id = about.boot_id;
    reading->read.event.priority = priority_of(class);
    if (bt_stream_class_borrow_default_clock_class_const(bt_stream_borrow_class_const(stream)) !=
        NULL) {
        times_take(&reading->read, bt_message_event_borrow_default_clock_snapshot_const(message),
                   about.has_mono);
    }
    if (payload != NULL) {
        field_take(&reading->read, "", payload, 0);
    }
    own_take(&reading->read);
    reading->events++;
    reading->observer(&reading->read.event, &about, reading->context);
}

static void lost_take(struct reading *reading, const bt_message *message)
{
    uint64_t count = 0;
    char text[24];
    bool is_known = bt_message_discarded_events_get_count(message, &count) ==
                    BT_PROPERTY_AVAILABILITY_AVAILABLE;
    const bt_stream *stream = bt_message_discarded_events_borrow_stream_const(message);
    struct trace_about about = about_make(reading, stream);
    read_event_begin(&reading->read, "events_lost", "trace");
    reading->read.event.priority = PCAPNG_PRIORITY_WARNING;
    reading->read.event.host = about.host;
    reading->read.event.boot_id = about.boot_id;
    if (bt_stream_class_discarded_events_have_default_clock_snapshots(
            bt_stream_borrow_class_const(stream))) {
        times_take(
            &reading->read,
            bt_message_discarded_events_borrow_beginning_default_clock_snapshot_const(message),
            about.has_mono);
    }
    snprintf(text, sizeof(text), "%" PRIu64, count);
    read_event_field(&reading->read, "events", is_known ? text : "unknown");
    reading->observer(&reading->read.event, &about, reading->context);
}

static bt_graph_simple_sink_component_consume_func_status consume(bt_message_iterator *iterator,
                                                                  void *data)
{
    struct reading *reading = data;
    bt_message_array_const messages;
    uint64_t count;
    switch (bt_message_iterator_next(iterator, &messages, &count)) {
    case BT_MESSAGE_ITERATOR_NEXT_STATUS_OK:
        break;
    case BT_MESSAGE_ITERATOR_NEXT_STATUS_END:
        return BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_END;
    case BT_MESSAGE_ITERATOR_NEXT_STATUS_AGAIN:
        return BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_AGAIN;
    default:
        return BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_ERROR;
    }
    for (uint64_t i = 0; i < count; i++) {
        if (bt_message_get_type(messages[i]) == BT_MESSAGE_TYPE_EVENT) {
            event_take(reading, messages[i]);
        } else if (bt_message_get_type(messages[i]) == BT_MESSAGE_TYPE_DISCARDED_EVENTS) {
            lost_take(reading, messages[i]);
        }
        bt_message_put_ref(messages[i]);
    }
    return BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_OK;
}

/* The graph ----------------------------------------------------------------------------------- */

struct graph {
    const bt_plugin *ctf, *utils;
    bt_graph *graph;
    const bt_component_filter *muxer;
    uint64_t muxed; /* inputs of the muxer that are connected */
};

static bool graph_begin(struct graph *graph)
{
    graph->graph = bt_graph_create(0);
    if (graph->graph == NULL ||
        bt_plugin_find("ctf", BT_TRUE, BT_FALSE, BT_TRUE, BT_FALSE, BT_TRUE, &graph->ctf) !=
            BT_PLUGIN_FIND_STATUS_OK ||
        bt_plugin_find("utils", BT_TRUE, BT_FALSE, BT_TRUE, BT_FALSE, BT_TRUE, &graph->utils) !=
            BT_PLUGIN_FIND_STATUS_OK) {
        return false;
    }
    const bt_component_class_filter *muxer =
        bt_plugin_borrow_filter_component_class_by_name_const(graph->utils, "muxer");
    return muxer != NULL &&
           bt_graph_add_filter_component(graph->graph, muxer, "muxer", NULL, BT_LOGGING_LEVEL_NONE,
                                         &graph->muxer) == BT_GRAPH_ADD_COMPONENT_STATUS_OK;
}

static bool source_add(struct graph *graph, const char *folder, unsigned number)
{
    char name[24];
    const bt_component_source *source;
    const bt_component_class_source *class =
        bt_plugin_borrow_source_component_class_by_name_const(graph->ctf, "fs");
    bt_value *parameters = bt_value_map_create();
    bt_value *inputs = NULL;
    snprintf(name, sizeof(name), "ctf%u", number);
    bool is_good =
        class != NULL && parameters != NULL &&
        bt_value_map_insert_empty_array_entry(parameters, "inputs", &inputs) ==
            BT_VALUE_MAP_INSERT_ENTRY_STATUS_OK &&
        bt_value_array_append_string_element(inputs, folder) ==
            BT_VALUE_ARRAY_APPEND_ELEMENT_STATUS_OK &&
        bt_graph_add_source_component(graph->graph, class, name, parameters, BT_LOGGING_LEVEL_NONE,
                                      &source) == BT_GRAPH_ADD_COMPONENT_STATUS_OK;
    uint64_t ports = is_good ? bt_component_source_get_output_port_count(source) : 0;
    for (uint64_t i = 0; is_good && i < ports; i++) {
        is_good =
            bt_graph_connect_ports(
                graph->graph, bt_component_source_borrow_output_port_by_index_const(source, i),
                bt_component_filter_borrow_input_port_by_index_const(graph->muxer, graph->muxed++),
                NULL) == BT_GRAPH_CONNECT_PORTS_STATUS_OK;
    }
    bt_value_put_ref(parameters);
    return is_good;
}

/* Every folder at or below the path that has a metadata file of its own. */
static unsigned sources_add(struct graph *graph, const char *path, bool *has_failed)
{
    char copy[4096];
    snprintf(copy, sizeof(copy), "%s", path);
    char *const roots[] = {copy, NULL};
    FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_NOSTAT, NULL);
    unsigned count = 0;
    FTSENT *entry;
    while (walk != NULL && !*has_failed && count < TRACES_MAX && (entry = fts_read(walk)) != NULL) {
        if (entry->fts_level > DEPTH_MAX) {
            fts_set(walk, entry, FTS_SKIP);
        }
        bool is_one = entry->fts_info != FTS_D && entry->fts_info != FTS_DP &&
                      strcmp(entry->fts_name, "metadata") == 0;
        if (is_one) {
            char folder[4096];
            snprintf(folder, sizeof(folder), "%.*s",
                     (int)(entry->fts_pathlen - strlen("/metadata")), entry->fts_path);
            *has_failed = !source_add(graph, folder, count++);
        }
    }
    if (walk != NULL) {
        fts_close(walk);
    }
    return count;
}

/* What babeltrace says is wrong, the cause first. */
static enum xsw_status fail(const char *path, struct xsw_error *error)
{
    const bt_error *problem = bt_current_thread_take_error();
    char text[256] = "babeltrace cannot read it";
    if (problem != NULL && bt_error_get_cause_count(problem) > 0) {
        const bt_error_cause *cause = bt_error_borrow_cause_by_index(problem, 0);
        snprintf(text, sizeof(text), "%s", bt_error_cause_get_message(cause));
    }
    if (problem != NULL) {
        bt_error_release(problem);
    }
    return error_set(error, XSW_CORRUPT, "%s: %s", path, text);
}

static bool graph_run(struct graph *graph, struct reading *reading)
{
    const bt_component_sink *sink;
    if (bt_graph_add_simple_sink_component(graph->graph, "sink", NULL, consume, NULL, reading,
                                           &sink) != BT_GRAPH_ADD_COMPONENT_STATUS_OK ||
        bt_graph_connect_ports(
            graph->graph, bt_component_filter_borrow_output_port_by_index_const(graph->muxer, 0),
            bt_component_sink_borrow_input_port_by_index_const(sink, 0),
            NULL) != BT_GRAPH_CONNECT_PORTS_STATUS_OK) {
        return false;
    }
    bt_graph_run_status status;
    do {
        status = bt_graph_run(graph->graph);
    } while (status == BT_GRAPH_RUN_STATUS_AGAIN);
    return status == BT_GRAPH_RUN_STATUS_OK;
}

enum xsw_status ctf_read(const char *path, trace_observer *observer, void *context,
                         struct xsw_error *error)
{
    struct graph graph = {0};
    struct reading *reading = calloc(1, sizeof(*reading));
    if (reading == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory to read %s", path);
    }
    reading->observer = observer;
    reading->context = context;
    bool has_failed = !graph_begin(&graph);
    unsigned count = has_failed ? 0 : sources_add(&graph, path, &has_failed);
    enum xsw_status status = XSW_OK;
    if (!has_failed && count == 0) {
        status = error_set(error, XSW_NOT_FOUND, "%s: there is no CTF trace in it", path);
    } else if (has_failed || !graph_run(&graph, reading)) {
        status = fail(path, error);
    }
    bt_graph_put_ref(graph.graph);
    bt_plugin_put_ref(graph.ctf);
    bt_plugin_put_ref(graph.utils);
    free(reading);
    return status;
}
