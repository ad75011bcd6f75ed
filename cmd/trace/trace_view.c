/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/trace/trace_view.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "switch/events.h"

enum { FIELDS_MAX = 40, TEXT_SIZE = 64, TIME_SIZE = 40, NS = 1000000000 };

static const char nothing[] = "-"; /* how the provider writes an empty text */

/* A field of an event: its text, and its number when it has one. */
struct view_field {
    const char *name;
    const char *text;
    char own[TEXT_SIZE]; /* of a number */
    uint64_t number;
    bool is_number, is_signed;
};

struct view_event {
    const char *name; /* without "xsw:" */
    const char *host;
    int64_t time_ns;
    int level; /* of bt_event_class_log_level, or -1 */
    struct view_field fields[FIELDS_MAX];
    size_t field_count;
};

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
    for (uint64_t i = 0; i < count && event->field_count < FIELDS_MAX; i++) {
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

static const struct view_field *field_find(const struct view_event *event, const char *name)
{
    for (size_t i = 0; i < event->field_count; i++) {
        if (strcmp(event->fields[i].name, name) == 0) {
            return &event->fields[i];
        }
    }
    return NULL;
}

/* The text of a field; null when there is none, or nothing in it. */
static const char *text_of(const struct view_event *event, const char *name)
{
    const struct view_field *field = field_find(event, name);
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
            const char *text = name != NULL ? text_of(event, name) : NULL;
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

/* For people --------------------------------------------------------------------------------- */

/* A drop of the kernel behind a port. */
static bool is_of_kernel(const struct view_event *event)
{
    return strncmp(event->name, "kernel_", 7) == 0 && field_find(event, "packets") != NULL;
}

static const char *colour_of(const struct view *view, const struct view_event *event)
{
    if (!view->has_colour) {
        return "";
    }
    if (strcmp(event->name, "packet_dropped") == 0 || is_of_kernel(event)) {
        return "\033[31m";
    }
    switch (event->level) {
    case BT_EVENT_CLASS_LOG_LEVEL_EMERGENCY:
    case BT_EVENT_CLASS_LOG_LEVEL_ALERT:
    case BT_EVENT_CLASS_LOG_LEVEL_CRITICAL:
    case BT_EVENT_CLASS_LOG_LEVEL_ERROR:
        return "\033[31m";
    case BT_EVENT_CLASS_LOG_LEVEL_WARNING:
        return "\033[33m";
    case BT_EVENT_CLASS_LOG_LEVEL_NOTICE:
        return "\033[36m";
    case BT_EVENT_CLASS_LOG_LEVEL_DEBUG:
        return "\033[2m";
    default:
        return "";
    }
}

static const char *time_text(int64_t time_ns, char text[TIME_SIZE])
{
    time_t seconds = (time_t)(time_ns / NS);
    struct tm local;
    size_t length =
        localtime_r(&seconds, &local) != NULL ? strftime(text, TIME_SIZE, "%H:%M:%S", &local) : 0;
    snprintf(text + length, TIME_SIZE - length, ".%09lld", (long long)(time_ns % NS));
    return text;
}

/* A text from outside: nothing in it controls the terminal. */
static void text_print(const char *text)
{
    for (; *text != '\0'; text++) {
        putchar((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text);
    }
}

static void part_print(const char *before, const char *text)
{
    if (text != NULL) {
        fputs(before, stdout);
        text_print(text);
    }
}

/* "in → out" for a packet, else the port that it is about. */
static void ports_print(const struct view_event *event)
{
    const char *source = text_of(event, "source_name");
    const char *destination = text_of(event, "destination_name");
    if (source == NULL && destination == NULL) {
        part_print(" port ", text_of(event, "port_name"));
        return;
    }
    part_print(" ", source != NULL ? source : "xsw");
    part_print(" -> ", destination);
}

/* Fields that are told in words, or that only programs want. */
static bool is_told(const char *name)
{
    static const char *const told[] = {"packet_id",
                                       "parent_id",
                                       "port",
                                       "port_name",
                                       "source_port",
                                       "source_name",
                                       "stage",
                                       "stage_name",
                                       "destination_port",
                                       "destination_name",
                                       "extension",
                                       "reason",
                                       "reason_name",
                                       "rule",
                                       "rule_port",
                                       "switch_name",
                                       "subject",
                                       "detail",
                                       "at_mono_ns",
                                       "since_rx_ns",
                                       "worker",
                                       "cpu_id",
                                       "generation",
                                       "length",
                                       "vlan",
                                       "undeclared",
                                       "value",
                                       "before"};
    for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
        if (strcmp(told[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static const struct switch_event_info *info_of(const char *name)
{
    for (uint16_t kind = 0; kind < SWITCH_EVENT_LIMIT; kind++) {
        const struct switch_event_info *info = switch_event_info(kind);
        if (info != NULL && strcmp(info->name, name) == 0) {
            return info;
        }
    }
    return NULL;
}

/* "VLAN 10": what the number of a control event means, and the number. */
static void meaning_print(const struct view_event *event, const char *name, const char *meaning)
{
    const struct view_field *field = field_find(event, name);
    if (field != NULL && meaning[0] != '\0' && field->number != 0) {
        printf(" (%s: %s)", meaning, field->text);
    }
}

static void details_print(const struct view_event *event)
{
    const struct switch_event_info *info = info_of(event->name);
    const struct view_field *rule = field_find(event, "rule");
    const struct view_field *parent = field_find(event, "parent_id");
    part_print(" at ", text_of(event, "stage_name"));
    part_print(" by ", text_of(event, "extension"));
    part_print(": ", text_of(event, "reason_name"));
    if (rule != NULL && rule->number != 0) {
        printf(" rule %s", rule->text);
    }
    if (parent != NULL && parent->number != 0) {
        printf(" (from #%s)", parent->text);
    }
    part_print(" ", text_of(event, "subject"));
    part_print(": ", text_of(event, "detail"));
    if (info != NULL) {
        meaning_print(event, "value", info->value);
        meaning_print(event, "before", info->before);
    }
    for (size_t i = 0; i < event->field_count; i++) {
        if (!is_told(event->fields[i].name)) {
            printf(" %s=", event->fields[i].name);
            text_print(event->fields[i].text);
        }
    }
}

/* In the words of `xsw trace kernel`. */
static void kernel_print(const struct view_event *event)
{
    const struct view_field *packets = field_find(event, "packets");
    const struct view_field *error = field_find(event, "error");
    const char *port = text_of(event, "port_name");
    part_print(" behind port ", port != NULL ? port : "unknown");
    part_print(": ", text_of(event, "reason"));
    part_print(" in ", text_of(event, "location"));
    if (error != NULL && error->number != 0) {
        part_print(" failed, error ", error->text);
    }
    printf(", %s packet%s", packets->text, packets->number == 1 ? "" : "s");
    part_print(", device ", text_of(event, "device"));
}

static void event_print(const struct view *view, const struct view_event *event)
{
    char time[TIME_SIZE];
    const struct view_field *packet = field_find(event, "packet_id");
    const char *colour = colour_of(view, event);
    fputs(time_text(event->time_ns, time), stdout);
    if (view->shows_host) {
        part_print(" ", event->host);
    }
    part_print(" ", text_of(event, "switch_name"));
    printf(" %s", colour);
    text_print(event->name);
    fputs(colour[0] != '\0' ? "\033[0m" : "", stdout);
    if (packet != NULL && packet->number != 0) {
        printf(" #%s", packet->text);
    }
    if (is_of_kernel(event)) {
        kernel_print(event);
    } else {
        ports_print(event);
        details_print(event);
    }
    putchar('\n');
}

/* For programs ------------------------------------------------------------------------------- */

static void json_line(struct view *view, json_t *object)
{
    if (object == NULL || json_dumpf(object, stdout, JSON_COMPACT) != 0) {
        view->failed = true;
    }
    putchar('\n');
    json_decref(object);
}

static void event_json(struct view *view, const struct view_event *event)
{
    json_t *fields = json_object();
    for (size_t i = 0; i < event->field_count; i++) {
        const struct view_field *field = &event->fields[i];
        /* JSON of ours is read by programs that take whole numbers of 63 bits. */
        json_t *value = field->is_number && (field->is_signed || field->number <= INT64_MAX)
                            ? json_integer((json_int_t)field->number)
                            : json_string(field->text);
        json_object_set_new(fields, field->name, value != NULL ? value : json_null());
    }
    json_line(view,
              json_pack("{s:i,s:s,s:s,s:I,s:o}", "format", 1, "event", event->name, "host",
                        event->host, "time_ns", (json_int_t)event->time_ns, "fields", fields));
}

/* Losses ------------------------------------------------------------------------------------- */

static void lost_show(struct view *view, const bt_message *message, bool are_events)
{
    uint64_t count = 0;
    bool is_known = (are_events ? bt_message_discarded_events_get_count(message, &count)
                                : bt_message_discarded_packets_get_count(message, &count)) ==
                    BT_PROPERTY_AVAILABILITY_AVAILABLE;
    const bt_stream *stream = are_events
                                  ? bt_message_discarded_events_borrow_stream_const(message)
                                  : bt_message_discarded_packets_borrow_stream_const(message);
    const char *host = host_of(bt_stream_borrow_trace_const(stream));
    const char *what = are_events ? "events" : "buffers";
    view->lost += is_known ? count : 1;
    if (view->json) {
        json_line(view, json_pack("{s:i,s:s,s:s,s:s,s:I}", "format", 1, "lost", what, "host", host,
                                  "known", is_known ? "yes" : "no", "count", (json_int_t)count));
        return;
    }
    fputs(view->has_colour ? "\033[33m" : "", stdout);
    if (is_known) {
        printf("%" PRIu64 " %s lost here", count, what);
    } else {
        printf("an unknown number of %s lost here", what);
    }
    part_print(", by ", host[0] != '\0' ? host : NULL);
    printf("%s\n", view->has_colour ? "\033[0m" : "");
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
                event_json(view, &event);
            } else {
                event_print(view, &event);
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
