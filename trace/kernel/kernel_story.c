/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/kernel/kernel_story.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { BEHIND_SIZE = 96 };

static bool is_at(const struct kernel_device *a, const struct kernel_device *b)
{
    return a->index == b->index && a->netns == b->netns && a->id == b->id &&
           strcmp(a->name, b->name) == 0 && strcmp(a->port, b->port) == 0 &&
           strcmp(a->switch_name, b->switch_name) == 0;
}

static bool is_alike(const struct kernel_event *a, const struct kernel_event *b)
{
    return a->kind == b->kind && a->number == b->number && a->error == b->error &&
           a->listed_ns == b->listed_ns && is_at(&a->device, &b->device) &&
           strcmp(a->location, b->location) == 0;
}

static bool is_of_packet(const struct kernel_event *a, const struct kernel_event *b)
{
    return a->head_length == b->head_length && a->length == b->length &&
           memcmp(a->head, b->head, a->head_length) == 0;
}

/* The place of the group that the event goes to; the number of groups when it is to be a new one,
 * which with `as_rest` is that of the packets that have no event of their own. */
static size_t group_find(const struct kernel_groups *groups, const struct kernel_event *event,
                         bool *as_rest)
{
    const size_t alike_max =
        event->is_unlisted ? (size_t)KERNEL_UNLISTED_ALIKE : (size_t)KERNEL_PACKETS_ALIKE;
    size_t alike = 0;
    size_t rest = groups->count;
    *as_rest = false;
    for (size_t i = 0; i < groups->count; i++) {
        const struct kernel_event *first = &groups->list[i].first;
        if (!is_alike(first, event)) {
            continue;
        }
        if (!groups->by_packet || is_of_packet(first, event)) {
            return i;
        }
        alike++;
        rest = first->head_length == 0 ? i : rest;
    }
    *as_rest = alike >= alike_max;
    return *as_rest ? rest : groups->count;
}

/* Whether one more can be made. What is nobody's shall not take the room of what is ours. */
static bool has_room(const struct kernel_groups *groups, const struct kernel_event *event)
{
    size_t unlisted = 0;
    for (size_t i = 0; i < groups->count; i++) {
        unlisted += groups->list[i].first.is_unlisted;
    }
    return groups->count < KERNEL_GROUPS_MAX &&
           (!event->is_unlisted || unlisted < KERNEL_UNLISTED_MAX);
}

bool kernel_groups_add(struct kernel_groups *groups, const struct kernel_event *event)
{
    bool as_rest;
    size_t i = group_find(groups, event, &as_rest);
    if (i == groups->count && !has_room(groups, event)) {
        return false;
    }
    struct kernel_group *group = &groups->list[i];
    if (i == groups->count) {
        *group = (struct kernel_group){.first = *event};
        groups->count++;
    } else {
        group->first.count += event->count;
    }
    if (as_rest) {
        group->first.head_length = group->first.length = 0;
    }
    group->last_ns = event->mono_ns;
    return true;
}

enum meaning { TEXT, NUMBER };

/* Appends a field; its name is static. */
__attribute__((format(printf, 4, 5))) static void
field(struct kernel_story *story, enum meaning meaning, const char *name, const char *format, ...)
{
    size_t i = story->event.field_count;
    if (i == KERNEL_STORY_FIELDS) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(story->texts[i], sizeof(story->texts[i]), format, arguments);
    va_end(arguments);
    story->fields[i] = (struct pcapng_event_field){name, story->texts[i]};
    story->are_numbers[i] = meaning == NUMBER;
    story->event.field_count++;
}

static void tell_lost(struct kernel_story *story, const struct kernel_event *event)
{
    story->event.name = "kernel_lost";
    snprintf(story->message, sizeof(story->message),
             "Events of the kernel were lost: %" PRIu64
             "; what it dropped in the %.1f s before is not known whole",
             event->count, (double)(event->mono_ns - event->from_ns) / 1e9);
    field(story, NUMBER, "events", "%" PRIu64, event->count);
    field(story, NUMBER, "from_mono_ns", "%" PRIu64, event->from_ns);
    field(story, NUMBER, "to_mono_ns", "%" PRIu64, event->mono_ns);
}

/* "behind port alice"; of a device whose port is not certain, which device it is. */
static const char *behind(const struct kernel_event *event, char text[BEHIND_SIZE])
{
    const struct kernel_device *device = &event->device;
    if (device->port[0] != '\0') {
        snprintf(text, BEHIND_SIZE, "behind port %s", device->port);
    } else {
        snprintf(text, BEHIND_SIZE, "behind an unknown port, device %s", device->name);
    }
    return text;
}

static void tell_drop(struct kernel_story *story, const struct kernel_event *event)
{
    bool has_location = event->location[0] != '\0';
    char where[BEHIND_SIZE];
    story->event.name = "kernel_drop";
    snprintf(story->message, sizeof(story->message),
             "Kernel drops %s: %s%s%s, %" PRIu64 " packet%s", behind(event, where), event->reason,
             has_location ? " in " : "", event->location, event->count,
             event->count == 1 ? "" : "s");
    field(story, TEXT, "reason", "%s", event->reason);
    field(story, NUMBER, "reason_number", "%" PRIu32, event->number);
    if (has_location) {
        field(story, TEXT, "location", "%s", event->location);
    }
}

static void tell_xdp(struct kernel_story *story, const struct kernel_event *event)
{
    bool is_redirect = event->kind == KERNEL_XDP_REDIRECT;
    const char *why = !is_redirect           ? "the program's action could not be done"
                      : event->error == -12  ? "its fill ring is empty"
                      : event->error == -28  ? "its receive ring is full"
                      : event->error == -105 ? "its receive ring is full"
                                             : "the frame was refused";
    char where[BEHIND_SIZE];
    story->event.name = is_redirect ? "kernel_xdp_redirect_err" : "kernel_xdp_exception";
    snprintf(story->message, sizeof(story->message),
             "Kernel drops %s: XDP %s failed, %s, %" PRIu64 " packet%s", behind(event, where),
             event->reason, why, event->count, event->count == 1 ? "" : "s");
    field(story, TEXT, "action", "%s", event->reason);
    if (is_redirect) {
        field(story, NUMBER, "error", "%" PRId32, event->error);
    }
}

static void tell_head(struct kernel_story *story, const struct kernel_event *event)
{
    char hex[2 * KERNEL_HEAD_SIZE + 1] = "";
    if (event->protocol != 0) {
        field(story, TEXT, "protocol", "0x%04x", event->protocol);
    }
    if (event->length != 0) {
        field(story, NUMBER, "length", "%" PRIu32, event->length);
    }
    for (uint32_t i = 0; i < event->head_length && i < KERNEL_HEAD_SIZE; i++) {
        snprintf(hex + (size_t)2 * i, 3, "%02x", event->head[i]);
    }
    if (hex[0] != '\0') {
        field(story, TEXT, "head", "%s", hex);
    }
}

void kernel_story_tell(struct kernel_story *story, const struct kernel_group *group,
                       uint64_t wall_offset_ns)
{
    const struct kernel_event *event = &group->first;
    story->event = (struct pcapng_event){.wall_ns = event->mono_ns + wall_offset_ns,
                                         .mono_ns = event->mono_ns,
                                         .priority = PCAPNG_PRIORITY_WARNING,
                                         .source = "kernel",
                                         .message = story->message,
                                         .fields = story->fields};
    if (event->kind == KERNEL_LOST) {
        tell_lost(story, event);
        return;
    }
    if (event->device.port[0] != '\0') {
        field(story, TEXT, "port", "%s", event->device.port);
        field(story, NUMBER, "port_id", "%u", event->device.id);
    }
    field(story, TEXT, "device", "%s", event->device.name);
    field(story, NUMBER, "netns", "%" PRIu64, event->device.netns);
    if (event->device.index != 0) {
        field(story, NUMBER, "ifindex", "%" PRIu32, event->device.index);
    }
    field(story, NUMBER, "packets", "%" PRIu64, event->count);
    if (event->kind == KERNEL_DROP) {
        tell_drop(story, event);
    } else {
        tell_xdp(story, event);
    }
    field(story, NUMBER, "last_mono_ns", "%" PRIu64, group->last_ns);
    tell_head(story, event);
}

bool kernel_is_noise(const char *reason)
{
    static const char *const names[] = {"NO_SOCKET", "OTHERHOST", "NOT_DROPPED_YET", "CONSUMED"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(reason, names[i]) == 0) {
            return true;
        }
    }
    return false;
}
