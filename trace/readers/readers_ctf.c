/* SPDX-License-Identifier: Apache-2.0 */
/* What babeltrace2 reads, as events. How it is made to read is in readers_ctf_graph.c. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <babeltrace2/babeltrace.h>

#include "base/error.h"
#include "trace/readers/readers_ctf_graph.h"
#include "trace/readers/readers_parts.h"

enum { UUID_SIZE = 16, NESTING_MAX = 3 };

struct reading {
    trace_observer *observer;
    void *context;
    struct read_event read;
    char boot_id[2 * UUID_SIZE + 1];
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

/* Who writes CTF for babeltrace 2.0, which shows an empty text as the one before it, has "-" for
 * nothing. */
static void text_take(struct read_event *read, const char *name, const bt_field *field)
{
    const char *text =
        bt_field_string_get_length(field) > 0 ? bt_field_string_get_value(field) : "";
    read_event_field(read, name, strcmp(text, "-") == 0 ? "" : text);
}

static void field_take(struct read_event *read, const char *name, const bt_field *field,
                       int nesting)
{
    bt_field_class_type type = bt_field_get_class_type(field);
    if (bt_field_class_type_is(type, BT_FIELD_CLASS_TYPE_INTEGER)) {
        number_take(read, name, field, type);
    } else if (type == BT_FIELD_CLASS_TYPE_STRING) {
        text_take(read, name, field);
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

static void happened_take(struct read_event *read, uint64_t mono_ns)
{
    uint64_t earlier_ns = read->event.mono_ns - mono_ns;
    if (mono_ns != 0 && mono_ns <= read->event.mono_ns && earlier_ns < read->event.wall_ns) {
        read->event.mono_ns = mono_ns;
        read->event.wall_ns -= earlier_ns;
    }
}

/* A recording that was converted, see babeltrace/plugin.c: its events tell of each loss, so that a
 * message says it a second time. */
static bool is_converted(const bt_stream *stream)
{
    const bt_value *value = bt_trace_borrow_environment_entry_value_by_name_const(
        bt_stream_borrow_trace_const(stream), "xsw_losses");
    return value != NULL && bt_value_is_string(value) &&
           strcmp(bt_value_string_get(value), "events") == 0;
}

/* A recording of several boots has no clock but the wall's in CTF: its events name their own. */
static void boot_take(struct read_event *read, const struct pcapng_event_field *field,
                      struct trace_about *about)
{
    if (field->value[0] == '\0') {
        return;
    }
    if (strcmp(field->name, "host") == 0) {
        read->event.host = about->host = field->value;
    } else if (strcmp(field->name, "boot_id") == 0) {
        read->event.boot_id = about->boot_id = field->value;
    } else if (strcmp(field->name, "mono_ns") == 0) {
        read->event.mono_ns = strtoull(field->value, NULL, 10);
        about->has_mono = read->event.mono_ns != 0;
    }
}

/* The time of an LTTng event is when it was told; ours also say when it happened, which is the time
 * that recordings have. A recording that was converted to CTF has the sentence and the priority of
 * its events as fields. */
static void own_take(struct read_event *read, struct trace_about *about, bool has_boots)
{
    for (size_t i = 0; i < read->event.field_count; i++) {
        const struct pcapng_event_field *field = &read->fields[i];
        if (strcmp(field->name, "message") == 0 && field->value[0] != '\0') {
            read->event.message = field->value;
        } else if (strcmp(field->name, "priority") == 0 && field->value[0] >= '0' &&
                   field->value[0] <= '7' && field->value[1] == '\0') {
            read->event.priority = (uint8_t)(field->value[0] - '0');
        } else if (strcmp(field->name, "at_mono_ns") == 0) {
            happened_take(read, strtoull(field->value, NULL, 10));
        } else if (has_boots) {
            boot_take(read, field, about);
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
    own_take(&reading->read, &about, about.boot_id == NULL && is_converted(stream));
    reading->observer(&reading->read.event, &about, reading->context);
}

/* What the tracer lost: how much, and from when to when. */
struct lost {
    const char *name, *unit;
    const bt_stream *stream;
    const bt_clock_snapshot *from, *to; /* null: the trace does not tell */
    bool is_counted;
    uint64_t count;
};

static void number_field(struct read_event *read, const char *name, uint64_t number)
{
    char text[24];
    snprintf(text, sizeof(text), "%" PRIu64, number);
    read_event_field(read, name, text);
}

/* The event stands where the loss ends: only then it is known. */
static void lost_tell(struct reading *reading, const struct lost *lost)
{
    struct trace_about about = about_make(reading, lost->stream);
    struct read_event *read = &reading->read;
    uint64_t from_mono_ns = 0;
    uint64_t from_wall_ns = 0;
    read_event_begin(read, lost->name, "trace");
    read->event.priority = PCAPNG_PRIORITY_WARNING;
    read->event.host = about.host;
    read->event.boot_id = about.boot_id;
    if (lost->from != NULL) {
        times_take(read, lost->from, about.has_mono);
        from_mono_ns = read->event.mono_ns;
        from_wall_ns = read->event.wall_ns;
    }
    if (lost->to != NULL) {
        times_take(read, lost->to, about.has_mono);
    }
    if (lost->is_counted) {
        number_field(read, lost->unit, lost->count);
    } else {
        read_event_field(read, lost->unit, "unknown");
    }
    const struct {
        const char *name;
        uint64_t time_ns;
    } times[] = {{"from_mono_ns", from_mono_ns},
                 {"to_mono_ns", lost->to != NULL ? read->event.mono_ns : 0},
                 {"from_wall_ns", from_wall_ns},
                 {"to_wall_ns", lost->to != NULL ? read->event.wall_ns : 0}};
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        if (times[i].time_ns != 0) {
            number_field(read, times[i].name, times[i].time_ns);
        }
    }
    reading->observer(&read->event, &about, reading->context);
}

static void lost_events_take(struct reading *reading, const bt_message *message)
{
    struct lost lost = {.name = "events_lost",
                        .unit = "events",
                        .stream = bt_message_discarded_events_borrow_stream_const(message)};
    if (is_converted(lost.stream)) {
        return;
    }
    lost.is_counted = bt_message_discarded_events_get_count(message, &lost.count) ==
                      BT_PROPERTY_AVAILABILITY_AVAILABLE;
    if (bt_stream_class_discarded_events_have_default_clock_snapshots(
            bt_stream_borrow_class_const(lost.stream))) {
        lost.from =
            bt_message_discarded_events_borrow_beginning_default_clock_snapshot_const(message);
        lost.to = bt_message_discarded_events_borrow_end_default_clock_snapshot_const(message);
    }
    lost_tell(reading, &lost);
}

static void lost_packets_take(struct reading *reading, const bt_message *message)
{
    struct lost lost = {.name = "trace_packets_lost",
                        .unit = "packets_of_trace",
                        .stream = bt_message_discarded_packets_borrow_stream_const(message)};
    lost.is_counted = bt_message_discarded_packets_get_count(message, &lost.count) ==
                      BT_PROPERTY_AVAILABILITY_AVAILABLE;
    if (bt_stream_class_discarded_packets_have_default_clock_snapshots(
            bt_stream_borrow_class_const(lost.stream))) {
        lost.from =
            bt_message_discarded_packets_borrow_beginning_default_clock_snapshot_const(message);
        lost.to = bt_message_discarded_packets_borrow_end_default_clock_snapshot_const(message);
    }
    lost_tell(reading, &lost);
}

static void message_take(const bt_message *message, void *context)
{
    struct reading *reading = context;
    switch (bt_message_get_type(message)) {
    case BT_MESSAGE_TYPE_EVENT:
        event_take(reading, message);
        break;
    case BT_MESSAGE_TYPE_DISCARDED_EVENTS:
        lost_events_take(reading, message);
        break;
    case BT_MESSAGE_TYPE_DISCARDED_PACKETS:
        lost_packets_take(reading, message);
        break;
    default:
        break; /* beginnings, ends and times of streams tell nothing of their own */
    }
}

enum xsw_status ctf_read(const char *path, trace_observer *observer, void *context,
                         struct xsw_error *error)
{
    struct reading *reading = calloc(1, sizeof(*reading));
    if (reading == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory to read %s", path);
    }
    reading->observer = observer;
    reading->context = context;
    enum xsw_status status = ctf_graph_read(path, message_take, reading, error);
    free(reading);
    return status;
}
