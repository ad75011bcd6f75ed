/* SPDX-License-Identifier: Apache-2.0 */
#include "babeltrace/fields.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "babeltrace/stories.h"
#include "base/text.h"

enum field_type { FIELD_TEXT, FIELD_NUMBER, FIELD_SIGNED };

struct field_info {
    const char *name;
    enum field_type type;
};

static const char *const packet_names[ROW_LOST] = {
    [ROW_RECEIVED] = "packet_received",   [ROW_PASSED] = "packet_passed",
    [ROW_DELIVERED] = "packet_delivered", [ROW_DROPPED] = "packet_dropped",
    [ROW_CHANGED] = "packet_changed",     [ROW_CLONED] = "packet_cloned",
    [ROW_REPLACED] = "packet_replaced",   [ROW_INJECTED] = "packet_injected"};

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
    FIELD_RULE_PORT,
    FIELD_PORT_ID,
    FIELD_SOURCE,
    FIELD_EXTENSION,
    FIELD_SESSION,
    FIELD_FLAGS,
    FIELD_FLOW_HASH,
    FIELD_VLAN,
    FIELD_GENERATION,
    FIELD_SINCE_RX,
    FIELD_HOPS,
    FIELD_DECISIONS,
    FIELD_CHANGES,
    FIELD_HELD,
    FIELD_OFFLOAD,
    FIELD_HEAD,
    PACKET_FIELDS
};
static const struct field_info packet_fields[PACKET_FIELDS] = {
    [FIELD_PACKET_ID] = {"packet_id", FIELD_NUMBER},
    [FIELD_PARENT_ID] = {"parent_id", FIELD_NUMBER},
    [FIELD_PORT] = {"port", FIELD_TEXT},
    [FIELD_STAGE] = {"stage", FIELD_TEXT},
    [FIELD_REASON] = {"reason", FIELD_TEXT},
    [FIELD_RULE] = {"rule", FIELD_NUMBER},
    [FIELD_LENGTH] = {"length", FIELD_NUMBER},
    [FIELD_CAPTURED] = {"captured_length", FIELD_NUMBER},
    [FIELD_SWITCH] = {"switch_name", FIELD_TEXT},
    [FIELD_RULE_PORT] = {"rule_port", FIELD_TEXT},
    [FIELD_PORT_ID] = {"port_id", FIELD_NUMBER},
    [FIELD_SOURCE] = {"source", FIELD_TEXT},
    [FIELD_EXTENSION] = {"extension", FIELD_TEXT},
    [FIELD_SESSION] = {"session", FIELD_NUMBER},
    [FIELD_FLAGS] = {"flags", FIELD_TEXT},
    [FIELD_FLOW_HASH] = {"flow_hash", FIELD_NUMBER},
    [FIELD_VLAN] = {"vlan", FIELD_NUMBER},
    [FIELD_GENERATION] = {"generation", FIELD_NUMBER},
    [FIELD_SINCE_RX] = {"since_rx_ns", FIELD_NUMBER},
    [FIELD_HOPS] = {"hops", FIELD_TEXT},
    [FIELD_DECISIONS] = {"decisions", FIELD_TEXT},
    [FIELD_CHANGES] = {"changes", FIELD_TEXT},
    [FIELD_HELD] = {"held", FIELD_TEXT},
    [FIELD_OFFLOAD] = {"offload", FIELD_TEXT},
    [FIELD_HEAD] = {"head", FIELD_TEXT},
};

enum lost_field {
    LOST_JOURNEYS,
    LOST_REASON,
    LOST_WORKER,
    LOST_FROM,
    LOST_TO,
    LOST_PACKET,
    LOST_SWITCH,
    LOST_SESSION,
    LOST_FIELDS
};
static const struct field_info lost_fields[LOST_FIELDS] = {
    [LOST_JOURNEYS] = {"journeys", FIELD_NUMBER}, [LOST_REASON] = {"reason", FIELD_TEXT},
    [LOST_WORKER] = {"worker", FIELD_NUMBER},     [LOST_FROM] = {"from_wall_ns", FIELD_NUMBER},
    [LOST_TO] = {"to_wall_ns", FIELD_NUMBER},     [LOST_PACKET] = {"packet_id", FIELD_NUMBER},
    [LOST_SWITCH] = {"switch_name", FIELD_TEXT},  [LOST_SESSION] = {"session_name", FIELD_TEXT},
};

/* Behind these, in a recording of several boots, for which CTF has one clock: whose the record is.
 */
enum boot_field { BOOT_HOST, BOOT_ID, BOOT_MONO, BOOT_FIELDS };
static const struct field_info boot_fields[BOOT_FIELDS] = {[BOOT_HOST] = {"host", FIELD_TEXT},
                                                           [BOOT_ID] = {"boot_id", FIELD_TEXT},
                                                           [BOOT_MONO] = {"mono_ns", FIELD_NUMBER}};

static const struct field_info torn_fields[] = {{"message", FIELD_TEXT}};

/* Classes ------------------------------------------------------------------------------------- */

static bool member_add(bt_trace_class *trace_class, bt_field_class *structure,
                       const struct field_info *info)
{
    bt_field_class *member = info->type == FIELD_TEXT ? bt_field_class_string_create(trace_class)
                             : info->type == FIELD_SIGNED
                                 ? bt_field_class_integer_signed_create(trace_class)
                                 : bt_field_class_integer_unsigned_create(trace_class);
    bool is_good =
        member != NULL && bt_field_class_structure_append_member(structure, info->name, member) ==
                              BT_FIELD_CLASS_STRUCTURE_APPEND_MEMBER_STATUS_OK;
    bt_field_class_put_ref(member);
    return is_good;
}

/* An event class with these fields. Null: no memory. */
static bt_event_class *class_make(bt_trace_class *trace_class, bt_stream_class *stream_class,
                                  const char *name, const struct field_info *infos, size_t count)
{
    bt_event_class *made = bt_event_class_create(stream_class);
    bt_field_class *payload = bt_field_class_structure_create(trace_class);
    bool is_good = made != NULL && payload != NULL &&
                   bt_event_class_set_name(made, name) == BT_EVENT_CLASS_SET_NAME_STATUS_OK;
    for (size_t i = 0; i < count && is_good; i++) {
        is_good = member_add(trace_class, payload, &infos[i]);
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

static bt_event_class *shape_class(bt_trace_class *trace_class, bt_stream_class *stream_class,
                                   const struct shape *shape)
{
    struct field_info infos[SHAPE_COMMON + PCAPNG_EVENT_FIELDS_MAX];
    size_t count = 0;
    for (; count < SHAPE_COMMON; count++) {
        bool is_number = count == SHAPE_PRIORITY || count == SHAPE_MONO_NS;
        infos[count] =
            (struct field_info){shape_common_names[count], is_number ? FIELD_NUMBER : FIELD_TEXT};
    }
    for (size_t i = 0; i < shape->field_count && i < PCAPNG_EVENT_FIELDS_MAX; i++) {
        const struct shape_field *field = &shape->fields[i];
        infos[count++] = (struct field_info){field->name, field->is_text     ? FIELD_TEXT
                                                          : field->is_signed ? FIELD_SIGNED
                                                                             : FIELD_NUMBER};
    }
    return class_make(trace_class, stream_class, shape->name, infos, count);
}

/* Of a record: with its boot, when the recording is of several. */
static bt_event_class *record_class(bt_trace_class *trace_class, bt_stream_class *stream_class,
                                    const struct rows *rows, unsigned kind)
{
    struct field_info infos[PACKET_FIELDS + BOOT_FIELDS];
    bool is_lost = kind == ROW_LOST;
    size_t count = is_lost ? LOST_FIELDS : PACKET_FIELDS;
    memcpy(infos, is_lost ? lost_fields : packet_fields, count * sizeof(infos[0]));
    for (size_t i = 0; rows->is_of_several && i < BOOT_FIELDS; i++) {
        infos[count++] = boot_fields[i];
    }
    return class_make(trace_class, stream_class, is_lost ? "capture_lost" : packet_names[kind],
                      infos, count);
}

bool fields_make(struct fields *fields, const struct rows *rows, bt_trace_class *trace_class,
                 bt_stream_class *stream_class)
{
    bool is_good = true;
    *fields = (struct fields){.events = calloc(rows->shapes.count + 1, sizeof(bt_event_class *))};
    for (unsigned kind = 0; kind < ROW_LOST && is_good; kind++) {
        fields->packets[kind] = record_class(trace_class, stream_class, rows, kind);
        is_good = fields->packets[kind] != NULL;
    }
    fields->lost = record_class(trace_class, stream_class, rows, ROW_LOST);
    fields->torn = class_make(trace_class, stream_class, "recording_torn", torn_fields, 1);
    is_good = is_good && fields->events != NULL && fields->lost != NULL && fields->torn != NULL;
    for (size_t i = 0; i < rows->shapes.count && is_good; i++) {
        fields->events[i] = shape_class(trace_class, stream_class, &rows->shapes.list[i]);
        fields->event_count = i + 1;
        is_good = fields->events[i] != NULL;
    }
    return is_good;
}

void fields_fini(struct fields *fields)
{
    for (unsigned kind = 0; kind < ROW_LOST; kind++) {
        bt_event_class_put_ref(fields->packets[kind]);
    }
    for (size_t i = 0; i < fields->event_count; i++) {
        bt_event_class_put_ref(fields->events[i]);
    }
    bt_event_class_put_ref(fields->lost);
    bt_event_class_put_ref(fields->torn);
    free(fields->events);
    *fields = (struct fields){0};
}

const bt_event_class *fields_class(const struct fields *fields, const struct rows *rows,
                                   const struct row *row)
{
    return row->kind == ROW_EVENT  ? fields->events[rows->events[row->of_event].shape]
           : row->kind == ROW_LOST ? fields->lost
                                   : fields->packets[row->kind];
}

/* Values -------------------------------------------------------------------------------------- */

static void number_put(bt_field *payload, uint64_t field, uint64_t value)
{
    bt_field_integer_unsigned_set_value(
        bt_field_structure_borrow_member_field_by_index(payload, field), value);
}

/* Nothing is "-", as the switch tells it to LTTng: babeltrace 2.0 reads an empty text of CTF as the
 * one that it has read before. */
static bool text_put(bt_field *payload, uint64_t field, const char *text)
{
    return bt_field_string_set_value(
               bt_field_structure_borrow_member_field_by_index(payload, field),
               text != NULL && text[0] != '\0' ? text : "-") == BT_FIELD_STRING_SET_VALUE_STATUS_OK;
}

static void numbers_fill(bt_field *payload, const struct row *row, const struct story *story)
{
    number_put(payload, FIELD_PACKET_ID, row->packet_id);
    number_put(payload, FIELD_PARENT_ID, row->parent_id);
    number_put(payload, FIELD_RULE, meta_rule_number(row->stage, row->rule));
    number_put(payload, FIELD_LENGTH, row->length);
    number_put(payload, FIELD_CAPTURED, row->captured_length);
    number_put(payload, FIELD_PORT_ID, row->port.id);
    number_put(payload, FIELD_SESSION, row->session->id);
    number_put(payload, FIELD_FLOW_HASH, row->flow_hash);
    number_put(payload, FIELD_VLAN, story->vlan);
    number_put(payload, FIELD_GENERATION, story->generation);
    number_put(payload, FIELD_SINCE_RX, story->since_rx_ns);
}

static const char *source_of(const struct story *story, const struct dictionary *names,
                             struct dictionary_name *name)
{
    if (!story->has_source) {
        return "";
    }
    return story->source_name.length > 0
               ? text_string(&story->source_name)
               : dictionary_port(names, (struct dictionary_label){.id = story->source}, name);
}

static bool names_fill(bt_field *payload, const struct row *row, const struct story *story)
{
    const struct dictionary *names = &row->session->of->dictionary;
    const struct dictionary_rule_key key = {
        .rule = row->rule, .port = row->port.id, .stage = row->stage};
    struct dictionary_name port, stage, reason, table, source;
    return text_put(payload, FIELD_PORT, dictionary_port(names, row->port, &port)) &&
           text_put(payload, FIELD_STAGE, dictionary_stage(names, row->stage, &stage)) &&
           text_put(payload, FIELD_REASON,
                    row->reason != 0 ? dictionary_reason(names, row->reason, &reason) : "") &&
           text_put(payload, FIELD_SWITCH, row->session->of->name) &&
           text_put(payload, FIELD_RULE_PORT, dictionary_rule_table(names, &key, &table)) &&
           text_put(payload, FIELD_EXTENSION, dictionary_stage_extension(names, row->stage)) &&
           text_put(payload, FIELD_SOURCE, source_of(story, names, &source));
}

static bool boot_fill(bt_field *payload, uint64_t place, const struct rows *rows,
                      const struct row *row)
{
    const struct analysis_session *session = row->session;
    static const struct machine unknown;
    const struct machine *machine =
        session->machine >= 0 ? &rows->analysis->sources.machines[session->machine] : &unknown;
    uint64_t offset_ns = session->clock_wall_ns - session->clock_mono_ns;
    if (!rows->is_of_several) {
        return true;
    }
    number_put(payload, place + BOOT_MONO,
               session->has_clock && row->time_ns > offset_ns ? row->time_ns - offset_ns : 0);
    return text_put(payload, place + BOOT_HOST, machine->host) &&
           text_put(payload, place + BOOT_ID, machine->boot_id);
}

static bool packet_fill(bt_field *payload, const struct rows *rows, const struct row *row)
{
    static const enum packet_field places[STORY_TEXTS] = {[STORY_FLAGS] = FIELD_FLAGS,
                                                          [STORY_HOPS] = FIELD_HOPS,
                                                          [STORY_DECISIONS] = FIELD_DECISIONS,
                                                          [STORY_CHANGES] = FIELD_CHANGES,
                                                          [STORY_HELD] = FIELD_HELD,
                                                          [STORY_OFFLOAD] = FIELD_OFFLOAD,
                                                          [STORY_HEAD] = FIELD_HEAD};
    struct story story;
    bool is_good = story_tell(&story, rows, row);
    if (is_good) {
        numbers_fill(payload, row, &story);
        is_good = names_fill(payload, row, &story);
    }
    for (unsigned i = 0; i < STORY_TEXTS && is_good; i++) {
        is_good = text_put(payload, places[i], text_string(&story.texts[i]));
    }
    story_fini(&story);
    return is_good && boot_fill(payload, PACKET_FIELDS, rows, row);
}

static bool lost_fill(bt_field *payload, const struct rows *rows, const struct row *row)
{
    const struct row_loss *loss = &rows->losses[row->of_event];
    number_put(payload, LOST_JOURNEYS, loss->count);
    number_put(payload, LOST_WORKER, loss->worker);
    number_put(payload, LOST_FROM, loss->from_ns);
    number_put(payload, LOST_TO, loss->to_ns);
    number_put(payload, LOST_PACKET, row->packet_id);
    return text_put(payload, LOST_REASON, meta_loss_name(loss->cause)) &&
           text_put(payload, LOST_SWITCH, row->session->of->name) &&
           text_put(payload, LOST_SESSION, row->session->name) &&
           boot_fill(payload, LOST_FIELDS, rows, row);
}

static bool value_put(bt_field *payload, uint64_t place, const struct shape_field *field,
                      const char *value)
{
    if (field->is_text) {
        return text_put(payload, place, value);
    }
    if (field->is_signed) {
        bt_field_integer_signed_set_value(
            bt_field_structure_borrow_member_field_by_index(payload, place),
            strtoll(value, NULL, 10));
    } else {
        number_put(payload, place, strtoull(value, NULL, 10));
    }
    return true;
}

static bool event_fill(bt_field *payload, const struct rows *rows, const struct row *row)
{
    const struct row_event *event = &rows->events[row->of_event];
    const struct shape *shape = &rows->shapes.list[event->shape];
    number_put(payload, SHAPE_PRIORITY, event->priority);
    number_put(payload, SHAPE_MONO_NS, event->mono_ns);
    bool is_good = text_put(payload, SHAPE_MESSAGE, event->message) &&
                   text_put(payload, SHAPE_SOURCE, event->source) &&
                   text_put(payload, SHAPE_HOST, event->host) &&
                   text_put(payload, SHAPE_BOOT_ID, event->boot_id);
    for (size_t i = 0; i < shape->field_count && i < PCAPNG_EVENT_FIELDS_MAX && is_good; i++) {
        is_good = value_put(payload, SHAPE_COMMON + i, &shape->fields[i], event->values[i]);
    }
    return is_good;
}

bool fields_fill(bt_field *payload, const struct rows *rows, const struct row *row)
{
    return row->kind == ROW_EVENT  ? event_fill(payload, rows, row)
           : row->kind == ROW_LOST ? lost_fill(payload, rows, row)
                                   : packet_fill(payload, rows, row);
}

bool fields_fill_torn(bt_field *payload, const char *problem)
{
    return text_put(payload, 0, problem);
}
