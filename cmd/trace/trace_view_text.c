/* SPDX-License-Identifier: Apache-2.0 */
/* Events of a trace as lines for people. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "analyzer/books/notes.h"
#include "cmd/trace/trace_view_parts.h"
#include "switch/events.h"

enum { TIME_SIZE = 40, NS = 1000000000 };

/* A drop of the kernel behind a port. */
static bool is_of_kernel(const struct view_event *event)
{
    return strncmp(event->name, "kernel_", 7) == 0 && view_field_find(event, "packets") != NULL;
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

/* A text from outside, such as the name that a guest gives its device: nothing in it steers the
 * terminal. */
static void text_print(const char *text)
{
    size_t size = strlen(text) + 1; /* what is made safe is no longer */
    char *safe = malloc(size);
    if (safe != NULL) {
        text_make_safe(safe, size, text);
        fputs(safe, stdout);
    }
    free(safe);
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
    const char *source = view_text_of(event, "source_name");
    const char *destination = view_text_of(event, "destination_name");
    if (source == NULL && destination == NULL) {
        part_print(" port ", view_text_of(event, "port_name"));
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
    const struct view_field *field = view_field_find(event, name);
    if (field != NULL && meaning[0] != '\0' && field->number != 0) {
        printf(" (%s: %s)", meaning, field->text);
    }
}

static void details_print(const struct view_event *event)
{
    const struct switch_event_info *info = info_of(event->name);
    const struct view_field *rule = view_field_find(event, "rule");
    const struct view_field *parent = view_field_find(event, "parent_id");
    part_print(" at ", view_text_of(event, "stage_name"));
    part_print(" by ", view_text_of(event, "extension"));
    part_print(": ", view_text_of(event, "reason_name"));
    if (rule != NULL && rule->number != 0) {
        printf(" rule %s", rule->text);
    }
    if (parent != NULL && parent->number != 0) {
        printf(" (from #%s)", parent->text);
    }
    part_print(" ", view_text_of(event, "subject"));
    part_print(": ", view_text_of(event, "detail"));
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
    const struct view_field *packets = view_field_find(event, "packets");
    const struct view_field *error = view_field_find(event, "error");
    const char *port = view_text_of(event, "port_name");
    const char *device = view_text_of(event, "device");
    if (port != NULL) {
        part_print(" behind port ", port);
    } else {
        part_print(" behind an unknown port, device ", device != NULL ? device : "unknown");
    }
    part_print(": ", view_text_of(event, "reason"));
    part_print(" in ", view_text_of(event, "location"));
    if (error != NULL && error->number != 0) {
        part_print(" failed, error ", error->text);
    }
    printf(", %s packet%s", packets->text, packets->number == 1 ? "" : "s");
    if (port != NULL) {
        part_print(", device ", device);
    }
}

void view_event_print(const struct view *view, const struct view_event *event)
{
    char time[TIME_SIZE];
    const struct view_field *packet = view_field_find(event, "packet_id");
    const char *colour = colour_of(view, event);
    fputs(time_text(event->time_ns, time), stdout);
    if (view->shows_host) {
        part_print(" ", event->host);
    }
    part_print(" ", view_text_of(event, "switch_name"));
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

void view_loss_print(const struct view *view, const struct view_loss *loss)
{
    fputs(view->has_colour ? "\033[33m" : "", stdout);
    if (loss->is_known) {
        printf("%" PRIu64 " %s lost here", loss->count, loss->what);
    } else {
        printf("an unknown number of %s lost here", loss->what);
    }
    part_print(", by ", loss->host[0] != '\0' ? loss->host : NULL);
    printf("%s\n", view->has_colour ? "\033[0m" : "");
}
