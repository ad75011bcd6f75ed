/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/xswd/xswd_trace.h"

#include <stdlib.h>

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
    const struct xswd_trace *trace = context;
    (void)caller;
    enum xsw_status status = none_expected(params, error);
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

void xswd_trace_init(struct xswd_trace *trace, struct switches *switches)
{
    *trace = (struct xswd_trace){
        .table = {.methods = trace_methods,
                  .count = sizeof(trace_methods) / sizeof(trace_methods[0]),
                  .context = trace,
                  .resolve = trace_resolve},
        .switches = switches,
        .budget_ns = (uint64_t)BUDGET_DEFAULT_US * NS_PER_US,
    };
    switches->removing = switch_goes;
    switches->removing_context = trace;
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
