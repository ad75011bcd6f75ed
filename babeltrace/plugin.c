/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The component class source.xsw.pcapng of babeltrace2: the journeys and events of a recording as a
 * trace, beside any other. man/xsw-babeltrace.7 has the events. Its clock is that of LTTng's traces
 * of the same boot: CLOCK_MONOTONIC, whose UUID is the boot id.
 */
#include <stdlib.h>
#include <string.h>

#include <babeltrace2/babeltrace.h>

#include "babeltrace/fields.h"
#include "babeltrace/pieces.h"
#include "babeltrace/rows.h"
#include "formats/pcapng/pcapng_read.h"

enum { UUID_SIZE = 16, NS_PER_SECOND = 1000000000 };

/* The component ------------------------------------------------------------------------------- */

struct pcapng_source {
    struct rows rows;
    struct pieces pieces;
    struct fields fields;
    bt_stream *stream;
    uint64_t offset_ns; /* wall time - the clock's value */
};

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

static bt_clock_class *clock_make(struct pcapng_source *source, bt_self_component *component)
{
    const struct rows *rows = &source->rows;
    uint8_t uuid[UUID_SIZE];
    bt_clock_class *clock = bt_clock_class_create(component);
    if (clock == NULL) {
        return NULL;
    }
    bt_clock_class_set_frequency(clock, NS_PER_SECOND);
    if (rows->mono_ns == 0 || rows->wall_ns < rows->mono_ns || rows->is_of_several) {
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

/* Packets with times at both ends, and losses between them: as the CTF sink and Trace Compass want
 * it. */
static bool stream_class_set(bt_stream_class *stream_class, bt_clock_class *clock)
{
    bool is_good = bt_stream_class_set_default_clock_class(stream_class, clock) ==
                   BT_STREAM_CLASS_SET_DEFAULT_CLOCK_CLASS_STATUS_OK;
    if (is_good) {
        bt_stream_class_set_supports_packets(stream_class, BT_TRUE, BT_TRUE, BT_TRUE);
        bt_stream_class_set_supports_discarded_events(stream_class, BT_TRUE, BT_TRUE);
    }
    return is_good;
}

/* What tells of losses by events of its own need not be read twice: xsw_losses says so. */
static bool trace_set(bt_trace *trace, const struct rows *rows, const char *path)
{
    const char *name = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
    return bt_trace_set_name(trace, name) == BT_TRACE_SET_NAME_STATUS_OK &&
           bt_trace_set_environment_entry_string(trace, "xsw_losses", "events") ==
               BT_TRACE_SET_ENVIRONMENT_ENTRY_STATUS_OK &&
           (rows->is_of_several ||
            bt_trace_set_environment_entry_string(trace, "hostname", rows->host) ==
                BT_TRACE_SET_ENVIRONMENT_ENTRY_STATUS_OK);
}

static bool stream_make(struct pcapng_source *source, bt_self_component *component,
                        const char *path)
{
    bt_trace_class *trace_class = bt_trace_class_create(component);
    bt_stream_class *stream_class =
        trace_class != NULL ? bt_stream_class_create(trace_class) : NULL;
    bt_clock_class *clock = clock_make(source, component);
    bt_trace *trace = trace_class != NULL ? bt_trace_create(trace_class) : NULL;
    bool is_good = stream_class != NULL && clock != NULL && trace != NULL &&
                   stream_class_set(stream_class, clock) && trace_set(trace, &source->rows, path) &&
                   fields_make(&source->fields, &source->rows, trace_class, stream_class) &&
                   (source->stream = bt_stream_create(stream_class, trace)) != NULL;
    bt_trace_put_ref(trace);
    bt_clock_class_put_ref(clock);
    bt_stream_class_put_ref(stream_class);
    bt_trace_class_put_ref(trace_class);
    return is_good;
}

static void source_free(struct pcapng_source *source)
{
    if (source == NULL) {
        return;
    }
    bt_stream_put_ref(source->stream);
    fields_fini(&source->fields);
    pieces_fini(&source->pieces);
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
    struct pcapng_source *source = calloc(1, sizeof(*source));
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
    if (pieces_make(&source->pieces, &source->rows) != XSW_OK ||
        !stream_make(source, component, path) ||
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

enum step {
    STEP_BEGIN,
    STEP_LOSS,
    STEP_OPEN,
    STEP_ROWS,
    STEP_CLOSE,
    STEP_TORN,
    STEP_END,
    STEP_DONE
};

struct iterator {
    struct pcapng_source *source;
    size_t piece; /* the one that is told */
    size_t told;  /* of its rows */
    enum step step;
    bt_packet *packet;
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
    struct iterator *iterator = bt_self_message_iterator_get_data(self);
    bt_packet_put_ref(iterator->packet);
    free(iterator);
}

static uint64_t clock_of(const struct pcapng_source *source, uint64_t wall_ns)
{
    return wall_ns > source->offset_ns ? wall_ns - source->offset_ns : 0;
}

static bt_message *row_message(bt_self_message_iterator *self, const struct iterator *iterator,
                               const struct row *row)
{
    const struct pcapng_source *source = iterator->source;
    bt_message *message = bt_message_event_create_with_packet_and_default_clock_snapshot(
        self, fields_class(&source->fields, &source->rows, row), iterator->packet,
        clock_of(source, row->time_ns));
    if (message != NULL &&
        !fields_fill(bt_event_borrow_payload_field(bt_message_event_borrow_event(message)),
                     &source->rows, row)) {
        bt_message_put_ref(message);
        return NULL;
    }
    return message;
}

/* That the recording ends too early, in a packet of its own behind all that is whole. */
static bt_message *torn_message(bt_self_message_iterator *self, const struct iterator *iterator)
{
    const struct pcapng_source *source = iterator->source;
    const struct pieces *pieces = &source->pieces;
    bt_message *message = bt_message_event_create_with_packet_and_default_clock_snapshot(
        self, source->fields.torn, iterator->packet,
        clock_of(source, pieces->list[pieces->count - 1].end_ns));
    if (message != NULL &&
        !fields_fill_torn(bt_event_borrow_payload_field(bt_message_event_borrow_event(message)),
                          source->rows.problem)) {
        bt_message_put_ref(message);
        return NULL;
    }
    return message;
}

static bt_message *loss_message(bt_self_message_iterator *self, const struct pcapng_source *source,
                                const struct piece *piece)
{
    bt_message *message = bt_message_discarded_events_create_with_default_clock_snapshots(
        self, source->stream, clock_of(source, piece->begin_ns), clock_of(source, piece->end_ns));
    if (message != NULL && !piece->is_uncounted) {
        bt_message_discarded_events_set_count(message, piece->lost);
    }
    return message;
}

static bt_message *open_message(bt_self_message_iterator *self, struct iterator *iterator,
                                const struct piece *piece)
{
    bt_packet_put_ref(iterator->packet);
    iterator->told = 0;
    iterator->packet = bt_packet_create(iterator->source->stream);
    return iterator->packet != NULL
               ? bt_message_packet_beginning_create_with_default_clock_snapshot(
                     self, iterator->packet, clock_of(iterator->source, piece->begin_ns))
               : NULL;
}

/* Where to go on: with the next piece, or the end. */
static enum step next_piece(const struct iterator *iterator)
{
    const struct pieces *pieces = &iterator->source->pieces;
    if (iterator->piece == pieces->count) {
        return STEP_END;
    }
    const struct piece *piece = &pieces->list[iterator->piece];
    return piece->lost > 0 || piece->is_uncounted ? STEP_LOSS : STEP_OPEN;
}

static enum step next_row(const struct iterator *iterator, const struct piece *piece)
{
    const struct pcapng_source *source = iterator->source;
    if (iterator->told < piece->row_count) {
        return STEP_ROWS;
    }
    bool is_last = iterator->piece + 1 == source->pieces.count;
    return is_last && source->rows.is_torn && iterator->step != STEP_TORN ? STEP_TORN : STEP_CLOSE;
}

/* The message of this step, and on to the next one. */
static bt_message *message_make(bt_self_message_iterator *self, struct iterator *iterator)
{
    struct pcapng_source *source = iterator->source;
    const struct piece *piece =
        iterator->piece < source->pieces.count ? &source->pieces.list[iterator->piece] : NULL;
    bt_message *message;
    switch (iterator->step) {
    case STEP_BEGIN:
        iterator->step = next_piece(iterator);
        return bt_message_stream_beginning_create(self, source->stream);
    case STEP_LOSS:
        iterator->step = STEP_OPEN;
        return loss_message(self, source, piece);
    case STEP_OPEN:
        message = open_message(self, iterator, piece);
        iterator->step = next_row(iterator, piece);
        return message;
    case STEP_ROWS:
        message =
            row_message(self, iterator, &source->rows.list[piece->first_row + iterator->told++]);
        iterator->step = next_row(iterator, piece);
        return message;
    case STEP_TORN:
        iterator->step = STEP_CLOSE;
        return torn_message(self, iterator);
    case STEP_CLOSE:
        iterator->piece++;
        iterator->step = next_piece(iterator);
        return bt_message_packet_end_create_with_default_clock_snapshot(
            self, iterator->packet, clock_of(source, piece->end_ns));
    default:
        iterator->step = STEP_DONE;
        return bt_message_stream_end_create(self, source->stream);
    }
}

/* All that is whole has been given: now what is not is an error of the reader's. */
static bt_message_iterator_class_next_method_status iterator_end(bt_self_message_iterator *self,
                                                                 const struct iterator *iterator)
{
    if (!iterator->source->rows.is_torn) {
        return BT_MESSAGE_ITERATOR_CLASS_NEXT_METHOD_STATUS_END;
    }
    BT_CURRENT_THREAD_ERROR_APPEND_CAUSE_FROM_MESSAGE_ITERATOR(
        self, "%s; all records before that have been read", iterator->source->rows.problem);
    return BT_MESSAGE_ITERATOR_CLASS_NEXT_METHOD_STATUS_ERROR;
}

static bt_message_iterator_class_next_method_status iterator_next(bt_self_message_iterator *self,
                                                                  bt_message_array_const messages,
                                                                  uint64_t capacity,
                                                                  uint64_t *count)
{
    struct iterator *iterator = bt_self_message_iterator_get_data(self);
    uint64_t made = 0;
    if (iterator->step == STEP_DONE) {
        return iterator_end(self, iterator);
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
