/* SPDX-License-Identifier: Apache-2.0 */
/* How the timeline words what it tells, the same whoever told it. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "analyzer/books/notes.h"
#include "analyzer/timeline/timeline_parts.h"
#include "base/text.h"

static void part_append(struct text *text, const char *before, const char *value)
{
    if (value != NULL && value[0] != '\0') {
        text_format(text, "%s%s", before, value);
    }
}

/* Events of LTTng say what the members of struct switch_event are, not what they mean. */
static void fields_append(struct text *text, const struct pcapng_event *event)
{
    static const char *const names[] = {"extension", "subject", "detail"};
    const char *port = event_port(event);
    const char *before = ": ";
    if (port[0] != '\0') {
        part_append(text, ": port ", port);
        before = ", ";
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *value = event_field(event, names[i]);
        if (value != NULL && value[0] != '\0') {
            part_append(text, before, value);
            before = ", ";
        }
    }
}

/* "mac_learned" is "mac learned" to people. */
static void name_append(struct text *text, const char *name)
{
    for (const char *c = name; *c != '\0'; c++) {
        text_append(text, *c == '_' ? " " : c, 1);
    }
}

void timeline_say_event(char *buffer, size_t size, const struct pcapng_event *event)
{
    struct text text = {0};
    const char *name = event->name != NULL ? event->name : "";
    size_t length = strlen(name);
    /* The readers of traces make the message of the name and the fields. */
    bool is_raw = event->message != NULL && length > 0 &&
                  strncmp(event->message, name, length) == 0 && event->message[length] == ':' &&
                  event->source != NULL && strcmp(event->source, "xsw") == 0;
    if (!is_raw) {
        text_make_safe(buffer, size, event->message != NULL ? event->message : name);
        return;
    }
    name_append(&text, name);
    fields_append(&text, event);
    text_make_safe(buffer, size, text_string(&text));
    text_fini(&text);
}

void timeline_say_alike(char *buffer, size_t size, const struct pcapng_event *event)
{
    struct text text = {0};
    name_append(&text, event->name);
    part_append(&text, ", port ", event_port(event));
    part_append(&text, ", extension ", event_field(event, "extension"));
    part_append(&text, ", switch ", event_switch(event));
    text_make_safe(buffer, size, text_string(&text));
    text_fini(&text);
}

void timeline_say_drop(char *buffer, size_t size, const struct event_sum_key *key,
                       const struct pcapng_event *event)
{
    struct text text = {0};
    bool is_xdp = strncmp(key->kind, "kernel_xdp_", strlen("kernel_xdp_")) == 0;
    bool is_dropped = strcmp(key->kind, "packet_dropped") == 0;
    if (is_dropped) {
        text_append_string(&text, key->reason[0] != '\0' ? key->reason : "an unknown reason");
        part_append(&text, " at ", key->stage);
        part_append(&text, " ", key->why);
        part_append(&text, ", port ", key->port);
    } else {
        text_append_string(&text, "Kernel drops");
        part_append(&text, " behind port ", key->port);
        part_append(&text, " behind an unknown port, device ", key->device);
        text_format(&text, ": %s%s", is_xdp ? "XDP " : "", key->reason);
        text_append_string(&text, is_xdp ? " failed" : "");
        part_append(&text, ", error ", is_xdp ? key->why : "");
        part_append(&text, " in ", event != NULL ? event_field(event, "location") : NULL);
    }
    part_append(&text, ", switch ", key->switch_name);
    text_make_safe(buffer, size, text_string(&text));
    text_fini(&text);
}
