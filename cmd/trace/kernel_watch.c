/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/trace/kernel_watch.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"

static const uint64_t ASK_AGAIN_NS = 500000000;
/* An xswd that hangs must not hold us up: that is when packets are lost. */
enum { ANSWER_MS = 200 };

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
                .since_ns = (uint64_t)json_integer_value(json_object_get(entry, "since_mono_ns")),
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

static enum xsw_status connect_to(struct kernel_watch *watch, uint32_t limit_ms,
                                  struct xsw_error *error)
{
    client_close(watch->client);
    watch->client = NULL;
    enum xsw_status status =
        client_connect_within(watch->options.socket, limit_ms, &watch->client, error);
    if (status == XSW_OK && watch->options.switch_name != NULL) {
        status = client_select(watch->client, watch->options.switch_name, error);
    }
    return status;
}

/* After an answer that did not come in time there is nothing to be asked until xswd is alive again;
 * then it is asked anew. XSW_AGAIN: it is not, in so many milliseconds. */
static enum xsw_status late_wait(struct kernel_watch *watch, int wait_ms, struct xsw_error *error)
{
    if (!client_is_late(watch->client)) {
        return XSW_OK;
    }
    struct pollfd wait = {.fd = client_fd(watch->client), .events = POLLIN};
    if (poll(&wait, 1, wait_ms) <= 0) {
        return error_set(error, XSW_AGAIN, "xswd does not answer");
    }
    return connect_to(watch, ANSWER_MS, error);
}

/* Ports come and go, and devices are moved to other namespaces. */
static enum xsw_status devices_ask(struct kernel_watch *watch, struct device_list *list,
                                   struct xsw_error *error)
{
    watch->asked_ns = clock_mono_ns();
    return watch->options.is_of_all ? devices_of_all(watch, list, error)
                                    : devices_of(watch, "", list, error);
}

/* False: there is no answer. XSW_AGAIN is one that may come later. After all else the connection
 * has gone, and xswd only if it takes no other one; that is tried again whenever there is to be
 * asked. */
static bool devices_have(struct kernel_watch *watch, int wait_ms, struct device_list *list)
{
    struct xsw_error ignored;
    enum xsw_status status = XSW_NOT_FOUND;
    if (watch->client != NULL) {
        status = late_wait(watch, wait_ms, &ignored);
        status = status == XSW_OK ? devices_ask(watch, list, &ignored) : status;
    }
    if (status != XSW_OK && status != XSW_AGAIN) {
        list->count = 0;
        status = connect_to(watch, ANSWER_MS, &ignored);
        status = status == XSW_OK ? devices_ask(watch, list, &ignored) : status;
    }
    watch->has_ended = status != XSW_OK && status != XSW_AGAIN;
    watch->asked_ns = status != XSW_OK ? clock_mono_ns() : watch->asked_ns;
    return status == XSW_OK;
}

enum xsw_status kernel_watch_open(struct kernel_watch *watch,
                                  const struct kernel_watch_options *options,
                                  kernel_observer *observer, void *context, struct xsw_error *error)
{
    struct device_list list = {NULL, 0};
    *watch = (struct kernel_watch){.options = *options, .observer = observer, .context = context};
    enum xsw_status status = connect_to(watch, 0, error);
    if (status == XSW_OK) {
        status = kernel_trace_open(&options->kernel, &watch->trace, error);
    }
    if (status == XSW_OK) {
        status = devices_ask(watch, &list, error);
    }
    if (status == XSW_OK) {
        status = kernel_trace_watch(watch->trace, list.devices, list.count, watch->asked_ns, error);
    }
    free(list.devices);
    if (status != XSW_OK) {
        kernel_watch_close(watch);
        return status;
    }
    client_limit(watch->client, ANSWER_MS);
    watch->told_ns = clock_mono_ns();
    return XSW_OK;
}

static enum xsw_status turn(struct kernel_watch *watch, bool is_last, struct xsw_error *error)
{
    struct device_list list = {NULL, 0};
    uint64_t begun_ns = clock_mono_ns();
    enum xsw_status status = kernel_trace_read(watch->trace, error);
    bool is_due = (kernel_trace_waits(watch->trace, is_last) && watch->client != NULL) ||
                  begun_ns - watch->asked_ns >= ASK_AGAIN_NS;
    if (status == XSW_OK && is_due && devices_have(watch, is_last ? ANSWER_MS : 0, &list)) {
        status = kernel_trace_watch(watch->trace, list.devices, list.count, watch->asked_ns, error);
    }
    free(list.devices);
    kernel_trace_tell(watch->trace, is_last || watch->has_ended, watch->observer, watch->context);
    uint64_t told_ns = kernel_trace_told_until(watch->trace);
    if (status == XSW_OK && told_ns > watch->told_ns) {
        watch->told_ns = begun_ns < told_ns ? begun_ns : told_ns;
    }
    return status;
}

enum xsw_status kernel_watch_turn(struct kernel_watch *watch, struct xsw_error *error)
{
    return turn(watch, false, error);
}

enum xsw_status kernel_watch_finish(struct kernel_watch *watch, struct xsw_error *error)
{
    return turn(watch, true, error);
}

void kernel_watch_close(struct kernel_watch *watch)
{
    kernel_trace_close(watch->trace);
    client_close(watch->client);
    watch->trace = NULL;
    watch->client = NULL;
}
