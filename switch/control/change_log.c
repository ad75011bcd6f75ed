/* SPDX-License-Identifier: Apache-2.0 */
#include "switch/control/change_log.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "switch/config/config_json.h"
#include "switch/config/config_rule.h"
#include "switch/state.h"

enum { TEXT_MAX = 480 };

struct entry {
    uint64_t number, mono_ns, generation;
    char port[CONFIG_NAME_SIZE];
    char extension[CONFIG_NAME_SIZE];
    uint32_t rule; /* 0: none */
    char text[TEXT_MAX];
};

struct change_log {
    uint64_t count; /* ever */
    struct entry entries[CHANGE_LOG_MAX];
};

/* What a change is about. */
struct about {
    const char *port;      /* null: none */
    const char *extension; /* null: none */
    uint32_t rule;
};

enum xsw_status change_log_create(struct change_log **log, struct xsw_error *error)
{
    *log = calloc(1, sizeof(**log));
    return *log != NULL ? XSW_OK : error_set(error, XSW_NO_MEMORY, "no memory for a log");
}

void change_log_destroy(struct change_log *log)
{
    free(log);
}

/* What was cut must not end within a character. */
static void text_cut(char to[TEXT_MAX], const char *text)
{
    static const char dots[] = "...";
    size_t length = strlen(text);
    if (length >= TEXT_MAX) {
        length = TEXT_MAX - sizeof(dots);
        while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80) {
            length--;
        }
        memcpy(to, text, length);
        memcpy(to + length, dots, sizeof(dots));
        return;
    }
    memcpy(to, text, length + 1);
}

/* Takes the text. */
static void say(const struct vswitch *vswitch, const struct about *about, struct text *text)
{
    struct change_log *log = vswitch->changes;
    if (!text->failed && text->length != 0) {
        const struct worker *worker = vswitch->workers[0];
        struct entry *entry = &log->entries[log->count++ % CHANGE_LOG_MAX];
        *entry = (struct entry){.number = log->count,
                                .mono_ns = worker->clock(worker->clock_context),
                                .generation = vswitch->generation,
                                .rule = about->rule};
        if (about->port != NULL) {
            snprintf(entry->port, sizeof(entry->port), "%s", about->port);
        }
        if (about->extension != NULL) {
            snprintf(entry->extension, sizeof(entry->extension), "%s", about->extension);
        }
        text_cut(entry->text, text_string(text));
    }
    text_fini(text);
}

/* While a port is being made or the switch is being started, single steps are no changes. */
static bool is_part_of_more(const struct vswitch *vswitch)
{
    return !vswitch->is_active || vswitch->is_held;
}

/* Differences -------------------------------------------------------------------------------- */

static void value_append(struct text *text, const json_t *value)
{
    if (value == NULL) {
        text_append_string(text, "not set");
    } else if (json_is_string(value)) {
        const char *string = json_string_value(value);
        text_append_string(text, string[0] != '\0' ? string : "\"\"");
    } else {
        char *dump = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
        text_append_string(text, dump != NULL ? dump : "?");
        free(dump);
    }
}

static bool list_has(const json_t *list, const json_t *value)
{
    size_t place;
    json_t *element;
    json_array_foreach(list, place, element)
    {
        if (json_equal(element, value)) {
            return true;
        }
    }
    return false;
}

/* " without a, b" or " with c": what is in `list` and not in `other`. */
static bool missing_append(struct text *text, const char *word, const json_t *list,
                           const json_t *other)
{
    bool has_any = false;
    size_t place;
    json_t *element;
    json_array_foreach(list, place, element)
    {
        if (text->length < TEXT_MAX && !list_has(other, element)) {
            text_format(text, "%s", has_any ? ", " : word);
            value_append(text, element);
            has_any = true;
        }
    }
    return has_any;
}

static void difference_append(struct text *text, const char *path, const json_t *before,
                              const json_t *after)
{
    text_format(text, "%s%s ", text->length != 0 ? ", " : "", path);
    if (json_is_array(before) && json_is_array(after)) {
        bool has_gone = missing_append(text, "lost ", before, after);
        bool has_come = missing_append(text, has_gone ? " and got " : "got ", after, before);
        text_append_string(text, has_gone || has_come ? "" : "got another order");
        return;
    }
    value_append(text, before);
    text_append_string(text, " -> ");
    value_append(text, after);
}

static void objects_compare(struct text *text, const char *path, const json_t *before,
                            const json_t *after);

static void member_compare(struct text *text, const char *path, const char *name,
                           const json_t *before, const json_t *after)
{
    char member[96];
    const json_t *was = json_object_get(before, name);
    const json_t *is = json_object_get(after, name);
    if (json_equal((json_t *)was, (json_t *)is) || text->length >= TEXT_MAX) {
        return;
    }
    snprintf(member, sizeof(member), "%.40s%s%.40s", path, path[0] != '\0' ? " " : "", name);
    if (json_is_object(was) || json_is_object(is)) {
        objects_compare(text, member, was, is);
    } else {
        difference_append(text, member, was, is);
    }
}

/* Members by the names that the configuration file has, one inside the other as "vlan access". They
 * are not nested deeper than that. */
static void objects_compare(struct text *text, const char *path, const json_t *before,
                            const json_t *after)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)before, name, value)
    {
        member_compare(text, path, name, before, after);
    }
    json_object_foreach((json_t *)after, name, value)
    {
        if (json_object_get(before, name) == NULL) {
            member_compare(text, path, name, before, after);
        }
    }
}

static void compare_say(const struct vswitch *vswitch, const struct about *about, const char *whose,
                        const json_t *before, const json_t *after)
{
    struct text differences = {0};
    struct text text = {0};
    objects_compare(&differences, "", before, after);
    if (differences.length != 0) {
        text_format(&text, "%s: %s", whose, text_string(&differences));
    }
    text_fini(&differences);
    say(vswitch, about, &text);
}

/* What is told ------------------------------------------------------------------------------- */

void change_log_port(const struct vswitch *vswitch, uint16_t id, const struct port_config *before,
                     const struct port_config *after)
{
    char whose[CONFIG_NAME_SIZE + 8];
    struct about about = {.port = after->name};
    if (is_part_of_more(vswitch) || vswitch->ports[id].is_validation) {
        return;
    }
    json_t *was = config_port_json(before);
    json_t *is = config_port_json(after);
    snprintf(whose, sizeof(whose), "port %s", after->name);
    compare_say(vswitch, &about, whose, was, is);
    json_decref(was);
    json_decref(is);
}

void change_log_switch(const struct vswitch *vswitch, const struct switch_config *before,
                       const struct switch_config *after)
{
    if (is_part_of_more(vswitch)) {
        return;
    }
    json_t *was = config_switch_json(before);
    json_t *is = config_switch_json(after);
    compare_say(vswitch, &(struct about){0}, "the switch", was, is);
    json_decref(was);
    json_decref(is);
}

void change_log_settings(const struct vswitch *vswitch, const char *extension, const json_t *before,
                         const json_t *after)
{
    char whose[CONFIG_NAME_SIZE + 16];
    struct about about = {.extension = extension};
    if (is_part_of_more(vswitch)) {
        return;
    }
    snprintf(whose, sizeof(whose), "extension %s", extension);
    compare_say(vswitch, &about, whose, before, after);
}

void change_log_rule(const struct vswitch *vswitch, uint16_t port, const struct acl_rule *before,
                     const struct acl_rule *after)
{
    const char *name = vswitch->ports[port].config.name;
    const struct acl_rule *rule = after != NULL ? after : before;
    const char *verb = before == NULL ? "added" : after == NULL ? "removed" : "changed";
    struct about about = {.port = name, .rule = rule->id};
    struct text text = {0};
    char words[CONFIG_RULE_TEXT_SIZE];
    if (is_part_of_more(vswitch) || vswitch->ports[port].is_validation) {
        return;
    }
    text_format(&text, "rule %" PRIu32 " of port %s was %s: ", rule->id, name, verb);
    if (before != NULL) {
        config_rule_format(before, words);
        text_format(&text, "\"%s\"%s", words, after != NULL ? " -> " : "");
    }
    if (after != NULL) {
        config_rule_format(after, words);
        text_format(&text, "\"%s\"", words);
    }
    say(vswitch, &about, &text);
}

static void property_append(struct text *text, const struct xsw_property *property)
{
    for (uint32_t i = 0; i < property->value_count && text->length < TEXT_MAX; i++) {
        const struct xsw_setting_info *field = &property->fields[i];
        const struct xsw_setting *value = &property->values[i];
        bool is_text = field->type == XSW_SETTING_TEXT || field->type == XSW_SETTING_TEXT_LIST;
        if (!is_text) {
            text_format(text, "%s%s %" PRIu64, i == 0 ? ": " : ", ", field->name, value->number);
        } else {
            text_format(text, "%s%s ", i == 0 ? ": " : ", ", field->name);
        }
        for (uint32_t j = 0; is_text && j < value->text_count && text->length < TEXT_MAX; j++) {
            text_format(text, "%s%s", j == 0 ? "" : ";", value->texts[j]);
        }
    }
}

void change_log_feature(const struct vswitch *vswitch, const struct xsw_change *change)
{
    const struct xsw_property *property = change->property;
    const char *dot = strchr(property->feature, '.');
    bool is_delete = change->operation == XSW_OP_PORT_PROPERTY_DELETE ||
                     change->operation == XSW_OP_SWITCH_PROPERTY_DELETE;
    char extension[CONFIG_NAME_SIZE];
    struct about about = {.extension = extension};
    struct text text = {0};
    if (dot == NULL || is_part_of_more(vswitch)) {
        return;
    }
    snprintf(extension, sizeof(extension), "%.*s", (int)(dot - property->feature),
             property->feature);
    if (change->port != XSW_PORT_NONE) {
        about.port = vswitch->ports[change->port].config.name;
        text_format(&text, "port %s: ", about.port);
    }
    text_append_string(&text, property->feature);
    if (property->id != 0) {
        text_format(&text, " %" PRIu32, property->id);
        about.rule = strcmp(dot, ".rule") == 0 ? property->id : 0;
    }
    text_append_string(&text, is_delete ? " was removed" : " was set");
    property_append(&text, property);
    say(vswitch, &about, &text);
}

static void port_event(const struct vswitch *vswitch, const struct switch_event *event)
{
    const char *name = vswitch->ports[event->port].config.name;
    struct text text = {0};
    switch (event->kind) {
    case SWITCH_EVENT_PORT_CREATED:
        text_format(&text, "port %s was added", name);
        break;
    case SWITCH_EVENT_PORT_DELETED:
        text_format(&text, "port %s was removed", name);
        break;
    case SWITCH_EVENT_NIC_CONNECTED:
        text_format(&text, "the NIC of port %s was connected", name);
        break;
    case SWITCH_EVENT_NIC_DISCONNECTED:
        text_format(&text, "the NIC of port %s was disconnected", name);
        break;
    default:
        text_format(&text, "the device of port %s %s", name,
                    strcmp(event->detail, "vanished") == 0 ? "vanished"
                    : strcmp(event->detail, "up") == 0     ? "went up"
                                                           : "went down");
        break;
    }
    say(vswitch, &(struct about){.port = name}, &text);
}

static void extension_event(const struct vswitch *vswitch, const struct switch_event *event)
{
    struct text text = {0};
    if (strcmp(event->subject, "set") == 0) {
        return; /* change_log_settings tells what */
    }
    text_format(&text, "extension %s was %s (%s)", event->extension, event->subject, event->detail);
    say(vswitch, &(struct about){.extension = event->extension}, &text);
}

void change_log_event(const struct vswitch *vswitch, const struct switch_event *event)
{
    if (!vswitch->is_active) {
        return;
    }
    switch (event->kind) {
    case SWITCH_EVENT_PORT_CREATED:
    case SWITCH_EVENT_PORT_DELETED:
        if (!vswitch->ports[event->port].is_validation) {
            port_event(vswitch, event);
        }
        break;
    case SWITCH_EVENT_NIC_CONNECTED:
    case SWITCH_EVENT_NIC_DISCONNECTED:
    case SWITCH_EVENT_PORT_STATE:
        if (!is_part_of_more(vswitch)) {
            port_event(vswitch, event);
        }
        break;
    case SWITCH_EVENT_EXTENSION_ATTACHED:
    case SWITCH_EVENT_EXTENSION_DETACHED:
    case SWITCH_EVENT_EXTENSION_CHANGED:
        extension_event(vswitch, event);
        break;
    default:
        break;
    }
}

/* Reading ------------------------------------------------------------------------------------ */

static json_t *entry_json(const struct entry *entry)
{
    json_t *object = json_pack("{s:I,s:I,s:I,s:s}", "number", (json_int_t)entry->number, "mono_ns",
                               (json_int_t)entry->mono_ns, "generation",
                               (json_int_t)entry->generation, "text", entry->text);
    if (object != NULL && entry->port[0] != '\0') {
        json_object_set_new(object, "port", json_string(entry->port));
    }
    if (object != NULL && entry->extension[0] != '\0') {
        json_object_set_new(object, "extension", json_string(entry->extension));
    }
    if (object != NULL && entry->rule != 0) {
        json_object_set_new(object, "rule", json_integer(entry->rule));
    }
    return object;
}

json_t *change_log_json(const struct vswitch *vswitch)
{
    const struct change_log *log = vswitch->changes;
    uint64_t first = log->count > CHANGE_LOG_MAX ? log->count - CHANGE_LOG_MAX : 0;
    json_t *list = json_array();
    for (uint64_t i = first; i < log->count; i++) {
        json_array_append_new(list, entry_json(&log->entries[i % CHANGE_LOG_MAX]));
    }
    return list;
}
