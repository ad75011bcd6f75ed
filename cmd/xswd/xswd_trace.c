/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/xswd/xswd_trace.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "switch/config/config_node.h"
#include "switch/control/control_methods.h"
#include "switch/events.h"
#include "switch/switch.h"
#include "trace/events.h"

enum { BUDGET_DEFAULT_US = 1000, BUDGET_MAX_US = 10000000, NS_PER_US = 1000 };

static struct trace_events **place_of(struct xswd_trace *trace, const struct vswitch *vswitch)
{
    for (size_t i = 0; i < SWITCHES_MAX; i++) {
        const struct trace_events *events = trace->followed[i];
        if (vswitch != NULL ? events != NULL && trace_events_switch(events) == vswitch
                            : events == NULL) {
            return &trace->followed[i];
        }
    }
    return NULL;
}

/* The mark ------------------------------------------------------------------------------------ */

/* Says beside the socket whether some session records, and the budget. What cannot be written is
 * tried again at the next look; then a restart would not be noticed by the trace, and no more. */
static void mark_keep(struct xswd_trace *trace, bool is_recorded)
{
    char text[24];
    if (!is_recorded) {
        if (trace->is_marked && (unlink(trace->mark_path) == 0 || errno == ENOENT)) {
            trace->is_marked = false;
        }
        return;
    }
    if (trace->is_marked && trace->marked_budget_ns == trace->budget_ns) {
        return;
    }
    int length = snprintf(text, sizeof(text), "%" PRIu64 "\n", trace->budget_ns / NS_PER_US);
    int fd = open(trace->mark_path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        return;
    }
    trace->is_marked = write(fd, text, (size_t)length) == length;
    trace->marked_budget_ns = trace->budget_ns;
    close(fd);
}

/* The budget in the file, in microseconds; 0: there is none of ours. */
static uint64_t mark_read(const struct xswd_trace *trace)
{
    char text[24] = "";
    char *end = NULL;
    struct stat about;
    int fd = open(trace->mark_path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    ssize_t length = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
    bool is_ours =
        length > 0 && fstat(fd, &about) == 0 && S_ISREG(about.st_mode) && about.st_uid == geteuid();
    if (fd >= 0) {
        close(fd);
    }
    uint64_t budget_us = strtoull(text, &end, 10);
    return is_ours && end != text && *end == '\n' && budget_us <= BUDGET_MAX_US ? budget_us : 0;
}

/* Following ----------------------------------------------------------------------------------- */

/* What is recorded of every switch, those that came meanwhile too. */
static enum xsw_status refresh(struct xswd_trace *trace, struct xsw_error *error)
{
    uint64_t wanted = trace->is_on ? trace_provider_wanted(trace->provider) : 0;
    enum xsw_status status = XSW_OK;
    for (size_t i = 0; status == XSW_OK && i < trace->switches->count; i++) {
        struct vswitch *vswitch = trace->switches->entries[i]->vswitch;
        struct trace_events **place = place_of(trace, vswitch);
        if (place == NULL && wanted != 0) {
            place = place_of(trace, NULL);
            *place = trace_events_create(vswitch, trace->provider);
        }
        if (place == NULL) {
            continue;
        }
        status = *place != NULL ? trace_events_follow(*place, wanted, trace->budget_ns, error)
                                : error_set(error, XSW_NO_MEMORY, "no memory to trace a switch");
    }
    mark_keep(trace, wanted != 0);
    return status;
}

static json_t *status_json(const struct xswd_trace *trace)
{
    json_t *recorded = json_array();
    uint64_t wanted = trace->provider != NULL ? trace_provider_wanted(trace->provider) : 0;
    for (uint16_t kind = 0; kind < SWITCH_EVENT_LIMIT; kind++) {
        if ((wanted & switch_event_bit(kind)) != 0) {
            json_array_append_new(recorded, json_string(switch_event_info(kind)->name));
        }
    }
    return json_pack("{s:b,s:b,s:I,s:o}", "loaded", trace->provider != NULL, "on", trace->is_on,
                     "budget_us", (json_int_t)(trace->budget_ns / NS_PER_US), "recorded", recorded);
}

/* A session daemon that hangs holds up requests no longer than that; LTTng joins it when it goes
 * on. */
static enum xsw_status provider_load(struct xswd_trace *trace, struct xsw_error *error)
{
    (void)setenv("LTTNG_UST_REGISTER_TIMEOUT", "500", 0);
    return trace_provider_load(NULL, &trace->provider, error);
}

static enum xsw_status method_enable(void *context, const struct rpc_caller *caller,
                                     const json_t *params, struct rpc_reply *reply,
                                     struct xsw_error *error)
{
    static const char *const members[] = {"budget_us", NULL};
    struct xswd_trace *trace = context;
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "params", params, error);
    int64_t budget_us = (int64_t)(trace->budget_ns / NS_PER_US);
    (void)caller;

    config_node_check_object(&node, members);
    config_node_number(&node, "budget_us", 1, BUDGET_MAX_US, &budget_us);
    enum xsw_status status = reader.status;
    if (status == XSW_OK && trace->provider == NULL) {
        status = provider_load(trace, error);
    }
    if (status == XSW_OK) {
        trace->is_on = true;
        trace->budget_ns = (uint64_t)budget_us * NS_PER_US;
        status = refresh(trace, error);
    }
    return status == XSW_OK ? control_reply(reply, status_json(trace), error) : status;
}

static enum xsw_status none_expected(const json_t *params, struct xsw_error *error)
{
    static const char *const members[] = {NULL};
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "params", params, error);
    config_node_check_object(&node, members);
    return reader.status;
}

static enum xsw_status method_disable(void *context, const struct rpc_caller *caller,
                                      const json_t *params, struct rpc_reply *reply,
                                      struct xsw_error *error)
{
    struct xswd_trace *trace = context;
    (void)caller;
    enum xsw_status status = none_expected(params, error);
    if (status == XSW_OK) {
        trace->is_on = false;
        status = refresh(trace, error);
    }
    return status == XSW_OK ? control_reply(reply, status_json(trace), error) : status;
}

static enum xsw_status method_status(void *context, const struct rpc_caller *caller,
                                     const json_t *params, struct rpc_reply *reply,
                                     struct xsw_error *error)
{
    struct xswd_trace *trace = context;
    (void)caller;
    enum xsw_status status = none_expected(params, error);
    if (status == XSW_OK && trace->provider != NULL) {
        /* What is told to be recorded is told by the switches from now on. */
        status = refresh(trace, error);
    }
    return status == XSW_OK ? control_reply(reply, status_json(trace), error) : status;
}

/* About the daemon and all of its switches; a name is checked all the same. */
static enum xsw_status trace_resolve(void *context, const char *name, void **resolved,
                                     struct xsw_error *error)
{
    struct xswd_trace *trace = context;
    void *all;
    *resolved = trace;
    return switches_resolve_all(trace->switches, name, &all, error);
}

static void switch_goes(void *context, struct vswitch *vswitch)
{
    struct trace_events **place = place_of(context, vswitch);
    if (place != NULL) {
        trace_events_destroy(*place);
        *place = NULL;
    }
}

static const struct rpc_method trace_methods[] = {
    {"trace.enable", true, method_enable},
    {"trace.disable", true, method_disable},
    {"trace.status", false, method_status},
};

void xswd_trace_init(struct xswd_trace *trace, struct switches *switches, const char *socket_path)
{
    *trace = (struct xswd_trace){
        .table = {.methods = trace_methods,
                  .count = sizeof(trace_methods) / sizeof(trace_methods[0]),
                  .context = trace,
                  .resolve = trace_resolve},
        .switches = switches,
        .budget_ns = (uint64_t)BUDGET_DEFAULT_US * NS_PER_US,
    };
    snprintf(trace->mark_path, sizeof(trace->mark_path), "%s.trace", socket_path);
    switches->removing = switch_goes;
    switches->removing_context = trace;
}

enum xsw_status xswd_trace_resume(struct xswd_trace *trace, struct xsw_error *error)
{
    uint64_t budget_us = mark_read(trace);
    if (budget_us == 0) {
        return XSW_OK;
    }
    enum xsw_status status = provider_load(trace, error);
    if (status == XSW_OK) {
        trace->is_on = true;
        trace->budget_ns = budget_us * NS_PER_US;
        trace->is_marked = true; /* taken away at the next look when nobody records any more */
        trace->marked_budget_ns = trace->budget_ns;
        status = refresh(trace, error);
    }
    return status;
}

void xswd_trace_tick(struct xswd_trace *trace)
{
    if (trace->provider != NULL) {
        /* What cannot be had now is tried again in a second. */
        (void)!refresh(trace, NULL);
    }
}

void xswd_trace_fini(struct xswd_trace *trace)
{
    for (size_t i = 0; i < SWITCHES_MAX; i++) {
        trace_events_destroy(trace->followed[i]);
        trace->followed[i] = NULL;
    }
}
