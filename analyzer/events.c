/* SPDX-License-Identifier: Apache-2.0 */
/* See events.h. */
#include "analyzer/events.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/notes.h"

void events_init(struct events *events)
{
    *events = (struct events){0};
    table_init(&events->kernel, sizeof(struct event_kernel_key), sizeof(struct event_kernel),
               EVENTS_KERNEL_MAX);
}

void events_fini(struct events *events)
{
    free(events->list);
    table_fini(&events->kernel);
    events->list = NULL;
    events->count = 0;
}

static void text_take(char *target, size_t size, const char *source)
{
    text_make_safe(target, size, source == NULL ? "" : source);
}

static const char *field_of(const struct pcapng_event *event, const char *name)
{
    for (size_t i = 0; i < event->field_count; i++) {
        if (strcmp(event->fields[i].name, name) == 0) {
            return event->fields[i].value;
        }
    }
    return "";
}

static void kernel_add(struct events *events, const struct pcapng_event *event)
{
    struct event_kernel_key key = {.port = ""};
    text_make_safe(key.port, sizeof(key.port), field_of(event, "port"));
    text_make_safe(key.reason, sizeof(key.reason), field_of(event, "reason"));
    /* The key is compared to its end, and what was cut may have left something behind it. */
    memset(key.port + strlen(key.port), 0, sizeof(key.port) - strlen(key.port));
    memset(key.reason + strlen(key.reason), 0, sizeof(key.reason) - strlen(key.reason));
    struct event_kernel *sum = table_add(&events->kernel, &key);
    if (sum == NULL) {
        return; /* it is among those beyond the list, at the latest */
    }
    if (sum->packets == 0 || event->wall_ns < sum->first_ns) {
        sum->first_ns = event->wall_ns;
    }
    if (event->wall_ns > sum->last_ns) {
        sum->last_ns = event->wall_ns;
    }
    /* Drops that are alike and close together are one event. */
    const char *number = field_of(event, "packets");
    uint64_t packets = strtoull(number, NULL, 10);
    sum->packets += number[0] < '0' || number[0] > '9' || packets == 0 ? 1 : packets;
}

void events_add(struct events *events, const struct pcapng_event *event)
{
    if (event->name != NULL && strcmp(event->name, "kernel_drop") == 0) {
        kernel_add(events, event);
    }
    events->kernel_gaps += event->name != NULL && strcmp(event->name, "kernel_lost") == 0;
    if (events->list == NULL) {
        events->list = calloc(EVENTS_MAX, sizeof(*events->list));
    }
    if (events->list == NULL || events->count == EVENTS_MAX) {
        events->beyond++;
        return;
    }
    struct event *kept = &events->list[events->count++];
    kept->wall_ns = event->wall_ns;
    kept->priority = event->priority;
    text_take(kept->source, sizeof(kept->source), event->source);
    text_take(kept->name, sizeof(kept->name), event->name);
    text_take(kept->message, sizeof(kept->message), event->message);
}

const struct event *events_find_before(const struct events *events, uint64_t until_ns,
                                       uint64_t span_ns, uint8_t priority)
{
    const struct event *found = NULL;
    for (size_t i = 0; i < events->count; i++) {
        const struct event *event = &events->list[i];
        bool is_of_capture = strncmp(event->name, "capture_", strlen("capture_")) == 0;
        if (is_of_capture || event->wall_ns > until_ns || until_ns - event->wall_ns > span_ns ||
            event->priority > priority) {
            continue;
        }
        if (found == NULL || event->wall_ns >= found->wall_ns) {
            found = event;
        }
    }
    return found;
}
