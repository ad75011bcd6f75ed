/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/trace/kernel_watch.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"

static const uint64_t ASK_AGAIN_NS = 500000000;
enum {
    ANSWER_MS = 200
}; /* an xswd that hangs must not hold us up: that is when packets are lost */

struct device_list {
    struct kernel_device *devices;
    size_t count;
};

static enum xsw_status devices_take(struct device_list *list, const char *switch_name,
                                    const json_t *entries, struct xsw_error *error)
{
    size_t room = json_array_size(entries);
    struct kernel_device *more =
        realloc(list->devices, (list->count + room + 1) * sizeof(*list->devices));
    if (more == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for %zu devices", room);
    }
    list->devices = more;
    for (size_t i = 0; i < room && list->count < KERNEL_DEVICES_MAX; i++) {
        const json_t *entry = json_array_get(entries, i);
        const char *port = json_string_value(json_object_get(entry, "port"));
        const char *name = json_string_value(json_object_get(entry, "device"));
        if (port != NULL && name != NULL) {
            struct kernel_device *device = &list->devices[list->count++];
            *device = (struct kernel_device){
                .netns = (uint64_t)json_integer_value(json_object_get(entry, "netns")),
                .id = (uint16_t)json_integer_value(json_object_get(entry, "id"))};
            snprintf(device->switch_name, sizeof(device->switch_name), "%s", switch_name);
            snprintf(device->port, sizeof(device->port), "%s", port);
            snprintf(device->name, sizeof(device->name), "%s", name);
        }
    }
    return XSW_OK;
}

/* switch_name: "" for the one that the connection is about. */
static enum xsw_status devices_of(struct kernel_watch *watch, const char *switch_name,
                                  struct device_list *list, struct xsw_error *error)
{
    struct client_reply reply;
    json_t *params = switch_name[0] != '\0' ? json_pack("{s:s}", "switch", switch_name) : NULL;
    enum xsw_status status = client_call(watch->client, "port.devices", params, &reply, error);
    if (status != XSW_OK) {
        return status;
    }
    status = devices_take(list, switch_name, json_object_get(reply.result, "devices"), error);
    client_reply_fini(&reply);
    return status;
}

static enum xsw_status devices_of_all(struct kernel_watch *watch, struct device_list *list,
                                      struct xsw_error *error)
{
    struct client_reply reply;
    enum xsw_status status = client_call(watch->client, "switch.list", NULL, &reply, error);
    if (status != XSW_OK) {
        return status;
    }
    const json_t *switches = json_object_get(reply.result, "switches");
    for (size_t i = 0; status == XSW_OK && i < json_array_size(switches); i++) {
        const json_t *name = json_object_get(json_array_get(switches, i), "name");
        if (json_is_string(name)) {
            status = devices_of(watch, json_string_value(name), list, error);
        }
        if (status == XSW_NOT_FOUND) {
            status = XSW_OK; /* it went between the two questions */
        }
    }
    client_reply_fini(&reply);
    return status;
}

/* Ports come and go, and devices are moved to other namespaces. */
static enum xsw_status devices_ask(struct kernel_watch *watch, struct xsw_error *error)
{
    struct device_list list = {NULL, 0};
    enum xsw_status status = watch->is_of_all ? devices_of_all(watch, &list, error)
                                              : devices_of(watch, "", &list, error);
    if (status == XSW_OK) {
        status = kernel_trace_watch(watch->trace, list.devices, list.count, error);
    }
    free(list.devices);
    return status;
}

static enum xsw_status watch_open(struct kernel_watch *watch, const struct kernel_options *options,
                                  struct xsw_error *error)
{
    enum xsw_status status = kernel_trace_open(options, &watch->trace, error);
    if (status == XSW_OK) {
        status = devices_ask(watch, error);
        client_limit(watch->client, ANSWER_MS);
        watch->asked_ns = clock_mono_ns();
    }
    if (status != XSW_OK) {
        kernel_watch_close(watch);
    }
    return status;
}

enum xsw_status kernel_watch_open(struct kernel_watch *watch, const struct kernel_options *options,
                                  struct client *client, kernel_group_observer *observer,
                                  void *context, struct xsw_error *error)
{
    *watch = (struct kernel_watch){.client = client, .observer = observer, .context = context};
    return watch_open(watch, options, error);
}

enum xsw_status kernel_watch_open_all(struct kernel_watch *watch, struct client *client,
                                      kernel_group_observer *observer, void *context,
                                      struct xsw_error *error)
{
    static const struct kernel_options options = {0};
    *watch = (struct kernel_watch){
        .client = client, .is_of_all = true, .observer = observer, .context = context};
    return watch_open(watch, &options, error);
}

static void groups_tell(struct kernel_watch *watch)
{
    for (size_t i = 0; i < watch->groups.count; i++) {
        watch->observer(&watch->groups.list[i], watch->context);
    }
    watch->groups.count = 0;
}

static void event_take(const struct kernel_event *event, void *context)
{
    struct kernel_watch *watch = context;
    if (!kernel_groups_add(&watch->groups, event)) {
        groups_tell(watch);
        (void)kernel_groups_add(&watch->groups, event);
    }
}

enum xsw_status kernel_watch_turn(struct kernel_watch *watch, struct xsw_error *error)
{
    enum xsw_status status = kernel_trace_read(watch->trace, event_take, watch, error);
    groups_tell(watch);
    uint64_t now = clock_mono_ns();
    if (status != XSW_OK || watch->has_ended || now - watch->asked_ns < ASK_AGAIN_NS) {
        return status;
    }
    watch->asked_ns = now;
    struct xsw_error ignored;
    enum xsw_status asked = devices_ask(watch, &ignored);
    watch->has_ended = asked != XSW_OK && asked != XSW_AGAIN;
    return XSW_OK;
}

void kernel_watch_close(struct kernel_watch *watch)
{
    kernel_trace_close(watch->trace);
    watch->trace = NULL;
}
