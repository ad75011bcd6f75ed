/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/kernel/kernel_ports.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "trace/kernel/kernel_story.h"

/* The list behind an event, one that was asked for before it and answered behind it, and the one
 * before. */
enum { LISTS = 3 };

struct list {
    struct kernel_device *devices; /* null: there is none yet */
    size_t count;
    uint64_t asked_ns, answered_ns;
};

struct kernel_ports {
    struct list lists[LISTS]; /* the newest first */
    struct kernel_groups waiting;
    uint64_t lost;
    uint64_t passed; /* at places of no list, for which there was no room since the newest one */
};

enum xsw_status kernel_ports_create(bool by_packet, struct kernel_ports **ports,
                                    struct xsw_error *error)
{
    struct kernel_ports *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for events of the kernel");
    }
    made->waiting.by_packet = by_packet;
    *ports = made;
    return XSW_OK;
}

void kernel_ports_destroy(struct kernel_ports *ports)
{
    for (size_t i = 0; ports != NULL && i < LISTS; i++) {
        free(ports->lists[i].devices);
    }
    free(ports);
}

/* Lists ---------------------------------------------------------------------------------------- */

static bool is_same_port(const struct kernel_device *a, const struct kernel_device *b)
{
    return a->id == b->id && a->since_ns == b->since_ns && strcmp(a->port, b->port) == 0 &&
           strcmp(a->switch_name, b->switch_name) == 0;
}

static bool is_same_device(const struct kernel_device *a, const struct kernel_device *b)
{
    return a->netns == b->netns && strcmp(a->name, b->name) == 0 && is_same_port(a, b);
}

/* What is known of an interface's number stays known: one of that name that comes later, while the
 * port has its device, is another one. */
static void indexes_keep(struct list *list, const struct list *before)
{
    for (size_t i = 0; i < list->count; i++) {
        for (size_t k = 0; k < before->count; k++) {
            if (is_same_device(&list->devices[i], &before->devices[k]) &&
                before->devices[k].index != 0) {
                list->devices[i].index = before->devices[k].index;
                break;
            }
        }
    }
}

/* Whether the newest list has a device that the one before had not. */
static bool has_new(const struct kernel_ports *ports)
{
    const struct list *newest = &ports->lists[0];
    const struct list *before = &ports->lists[1];
    for (size_t i = 0; i < newest->count; i++) {
        size_t k = 0;
        while (k < before->count && !is_same_device(&newest->devices[i], &before->devices[k])) {
            k++;
        }
        if (k == before->count) {
            return true;
        }
    }
    return false;
}

enum xsw_status kernel_ports_list(struct kernel_ports *ports, const struct kernel_device *devices,
                                  size_t count, uint64_t asked_ns, uint64_t answered_ns,
                                  struct xsw_error *error)
{
    struct list list = {.devices = calloc(count + 1, sizeof(*devices)),
                        .count = count,
                        .asked_ns = asked_ns,
                        .answered_ns = answered_ns};
    if (list.devices == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for %zu devices", count);
    }
    if (count > 0) {
        memcpy(list.devices, devices, count * sizeof(*devices));
    }
    indexes_keep(&list, &ports->lists[0]);
    free(ports->lists[LISTS - 1].devices);
    memmove(&ports->lists[1], &ports->lists[0], (LISTS - 1) * sizeof(ports->lists[0]));
    ports->lists[0] = list;
    ports->lost += ports->passed > 0 && has_new(ports) ? ports->passed : 0;
    ports->passed = 0;
    return XSW_OK;
}

const struct kernel_device *kernel_ports_devices(const struct kernel_ports *ports, size_t *count)
{
    *count = ports->lists[0].count;
    return ports->lists[0].devices;
}

/* The one device of the list that it can be, of those that ports had at the time; null: none, or
 * several. `is_there` is set when there is any. */
static struct kernel_device *device_find(const struct list *list, const struct kernel_device *at,
                                         uint64_t mono_ns, bool *is_there)
{
    struct kernel_device *found = NULL;
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        struct kernel_device *device = &list->devices[i];
        bool is_it = (at->netns == 0 || device->netns == 0 || device->netns == at->netns) &&
                     device->since_ns <= mono_ns && strcmp(device->name, at->name) == 0;
        count += is_it ? (at->netns == 0 && device->is_name_shared ? 2 : 1) : 0;
        found = is_it ? device : found;
    }
    *is_there |= count > 0;
    bool is_other =
        found != NULL && at->index != 0 && found->index != 0 && found->index != at->index;
    return count == 1 && !is_other ? found : NULL;
}

/* Events -------------------------------------------------------------------------------------- */

bool kernel_ports_has(const struct kernel_ports *ports, const struct kernel_place *place)
{
    struct kernel_device at = {.netns = place->netns, .index = place->index};
    bool is_there = false;
    memcpy(at.name, place->name, sizeof(at.name));
    (void)device_find(&ports->lists[0], &at, UINT64_MAX, &is_there);
    return is_there;
}

void kernel_ports_add(struct kernel_ports *ports, const struct kernel_event *event,
                      const struct kernel_place *place)
{
    struct kernel_event held = *event;
    held.device = (struct kernel_device){.netns = place->netns, .index = place->index};
    memcpy(held.device.name, place->name, sizeof(held.device.name));
    held.listed_ns = 0;
    held.is_unlisted = !kernel_ports_has(ports, place);
    for (size_t i = 0; i < LISTS && held.listed_ns == 0; i++) {
        if (ports->lists[i].answered_ns < event->mono_ns) {
            held.listed_ns = ports->lists[i].answered_ns;
        }
    }
    if (!kernel_groups_add(&ports->waiting, &held)) {
        *(held.is_unlisted ? &ports->passed : &ports->lost) += event->count;
    }
}

bool kernel_ports_waits(const struct kernel_ports *ports, bool are_all)
{
    bool waits = false;
    for (size_t i = 0; i < ports->waiting.count; i++) {
        waits |= are_all || !ports->waiting.list[i].first.is_unlisted;
    }
    return waits;
}

uint64_t kernel_ports_waiting_since(const struct kernel_ports *ports)
{
    uint64_t since_ns = UINT64_MAX;
    for (size_t i = 0; i < ports->waiting.count; i++) {
        uint64_t mono_ns = ports->waiting.list[i].first.mono_ns;
        since_ns = mono_ns < since_ns ? mono_ns : since_ns;
    }
    return since_ns;
}

/* The number of an interface is its own while it is there; that its name was another one's before
 * does not matter then. */
static bool is_that_interface(const struct kernel_device *device, const struct kernel_device *at)
{
    return at->netns != 0 && device->netns == at->netns && at->index != 0 &&
           device->index == at->index;
}

/* The port that all lists agree on, from the newest back to the one before the group, or the one
 * whose interface it is; null when neither is certain. */
static struct kernel_device *port_find(struct kernel_ports *ports, const struct kernel_event *event,
                                       bool *is_ours)
{
    struct kernel_device *newest = NULL;
    bool is_certain = event->listed_ns != 0;
    bool is_behind = false;
    for (size_t i = 0; i < LISTS && !is_behind && ports->lists[i].devices != NULL; i++) {
        struct kernel_device *device =
            device_find(&ports->lists[i], &event->device, event->mono_ns, is_ours);
        newest = i == 0 ? device : newest;
        is_certain = is_certain && device != NULL && newest != NULL && is_same_port(device, newest);
        is_behind = ports->lists[i].answered_ns <= event->listed_ns;
    }
    is_certain =
        (is_certain && is_behind) || (newest != NULL && is_that_interface(newest, &event->device));
    if (is_certain && newest->index == 0) {
        newest->index = event->device.index;
    }
    return is_certain ? newest : NULL;
}

static void group_tell(struct kernel_ports *ports, struct kernel_group *group, bool has_list,
                       kernel_observer *observer, void *context)
{
    struct kernel_event *event = &group->first;
    bool is_ours = false;
    const struct kernel_device *device = port_find(ports, event, &is_ours);
    if (!is_ours) {
        return;
    }
    if (device != NULL && has_list) {
        event->device = *device;
    }
    observer(group, context);
}

void kernel_ports_tell(struct kernel_ports *ports, bool is_last, kernel_observer *observer,
                       void *context)
{
    struct kernel_groups *waiting = &ports->waiting;
    size_t left = 0;
    for (size_t i = 0; i < waiting->count; i++) {
        struct kernel_group *group = &waiting->list[i];
        bool has_list = group->last_ns < ports->lists[0].asked_ns;
        if (has_list || is_last) {
            group_tell(ports, group, has_list, observer, context);
        } else {
            waiting->list[left++] = *group;
        }
    }
    waiting->count = left;
}

uint64_t kernel_ports_lost(const struct kernel_ports *ports)
{
    return ports->lost;
}
