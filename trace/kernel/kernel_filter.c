/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/kernel/kernel_filter.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"

enum { FILTER_SIZE = 3500 };

/* Names are the guests' to give. What is not plain goes without a filter, not with a wrong one. */
static bool is_plain(const char *name)
{
    return strpbrk(name, "\"\\") == NULL;
}

/* False: the list is too long for a filter, or has a name that no filter can say. */
static bool filter_write(const struct kernel_device *devices, size_t count,
                         char filter[FILTER_SIZE + 64])
{
    /* No device has this name: without one of ours, no event is wanted. */
    size_t length = (size_t)snprintf(filter, FILTER_SIZE + 64, "name == \"/\"");
    bool is_good = true;
    for (size_t i = 0; i < count && is_good; i++) {
        is_good = length < FILTER_SIZE && is_plain(devices[i].name);
        length += (size_t)snprintf(filter + length, FILTER_SIZE + 64 - length, " || name == \"%s\"",
                                   devices[i].name);
    }
    return is_good;
}

enum xsw_status kernel_filter_set(struct tracefs_instance *instance,
                                  const struct kernel_format *format,
                                  const struct kernel_device *devices, size_t count,
                                  struct xsw_error *error)
{
    char filter[FILTER_SIZE + 64];
    bool has_filter = filter_write(devices, count, filter);
    for (unsigned known = 0; known < KERNEL_NET_EVENTS; known++) {
        const struct kernel_known_event *event = &kernel_known_events[known];
        if (format->layouts[known].id < 0) {
            continue;
        }
        bool is_set = has_filter && tracefs_event_file_write(instance, event->system, event->name,
                                                             "filter", filter) >= 0;
        if (!is_set &&
            tracefs_event_file_write(instance, event->system, event->name, "filter", "0") < 0) {
            return error_errno(error, "event %s:%s cannot be told which devices are wanted",
                               event->system, event->name);
        }
    }
    return XSW_OK;
}
