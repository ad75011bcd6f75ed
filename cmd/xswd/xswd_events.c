/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/xswd/xswd_events.h"

#include "base/error.h"
#include "cmd/xswd/xswd_bounds.h"
#include "cmd/xswd/xswd_hide.h"
#include "switch/config/config_node.h"
#include "switch/control/control_methods.h"
#include "switch/switch.h"
#include "trace/event_ring.h"

enum { BUDGET_DEFAULT_US = 1000, BUDGET_MAX_US = 10000000, NS_PER_US = 1000 };

static void sink_event(void *state, const struct switch_event *event)
{
    const struct xswd_events_place *place = state;
    struct switch_event hidden;
    if (place->hides_addresses) {
        xswd_hide_event(event, &hidden);
        event = &hidden;
    }
    event_rings_put(place->rings, event);
}

static bool names_addresses(uint16_t kind)
{
    return kind == SWITCH_EVENT_MAC_LEARNED || kind == SWITCH_EVENT_MAC_MOVED ||
           kind == SWITCH_EVENT_MAC_AGED || kind == SWITCH_EVENT_MAC_LIMIT;
}

/* All that is about no single packet: packets are what a capture is for. Who may see pseudonyms
 * only is not told of addresses. */
static uint64_t wanted_kinds(bool hides_addresses)
{
    uint64_t kinds = 0;
    for (uint16_t kind = 0; kind < SWITCH_EVENT_LIMIT; kind++) {
        const struct switch_event_info *info = switch_event_info(kind);
        if (info != NULL && !info->is_packet && !(hides_addresses && names_addresses(kind))) {
            kinds |= switch_event_bit((enum switch_event_kind)kind);
        }
    }
    return kinds;
}

static void place_close(struct xswd_events_place *place)
{
    /* A sink that could not be removed may still be called: what it writes to stays. */
    if (vswitch_event_sink_remove(place->vswitch, &place->sink, NULL) == XSW_OK) {
        event_rings_destroy(place->rings);
        *place = (struct xswd_events_place){0};
    }
}

static struct xswd_events_place *place_find(struct xswd_events *events)
{
    for (size_t i = 0; i < XSWD_EVENTS_MAX; i++) {
        if (events->places[i].rings == NULL) {
            return &events->places[i];
        }
    }
    return NULL;
}

static enum xsw_status place_open(struct xswd_events *events, struct xswd_events_place *place,
                                  const struct rpc_caller *caller, uint64_t budget_ns,
                                  struct xsw_error *error)
{
    bool hides_addresses = xswd_is_held_to_pseudonyms(events->vswitch, caller);
    enum xsw_status status =
        event_rings_create(vswitch_worker_count(events->vswitch), &place->rings, error);
    if (status != XSW_OK) {
        place->rings = NULL;
        return status;
    }
    place->vswitch = events->vswitch;
    place->hides_addresses = hides_addresses;
    place->sink = (struct event_sink){.event = sink_event,
                                      .state = place,
                                      .wanted = wanted_kinds(hides_addresses),
                                      .budget_ns = budget_ns};
    status = vswitch_event_sink_add(events->vswitch, &place->sink, error);
    if (status != XSW_OK) {
        event_rings_destroy(place->rings);
        *place = (struct xswd_events_place){0};
    }
    return status;
}

static enum xsw_status method_attach(void *context, const struct rpc_caller *caller,
                                     const json_t *params, struct rpc_reply *reply,
                                     struct xsw_error *error)
{
    static const char *const members[] = {"budget_us", NULL};
    struct xswd_events *events = context;
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "params", params, error);
    int64_t budget_us = BUDGET_DEFAULT_US;

    if (caller->is_notification) {
        return error_set(error, XSW_INVALID, "events.attach: expected an id in the request");
    }
    config_node_check_object(&node, members);
    config_node_number(&node, "budget_us", 1, BUDGET_MAX_US, &budget_us);
    if (reader.status != XSW_OK) {
        return reader.status;
    }
    enum xsw_status status = xswd_bounds_hold_events(
        events, caller, json_object_get(params, "budget_us") != NULL, error);
    if (status != XSW_OK) {
        return status;
    }
    struct xswd_events_place *place = place_find(events);
    if (place == NULL) {
        return error_set(error, XSW_LIMIT, "%d follow the events of switches already",
                         XSWD_EVENTS_MAX);
    }
    status = place_open(events, place, caller, (uint64_t)budget_us * NS_PER_US, error);
    if (status == XSW_OK) {
        place->client = caller->client;
        place->uid = caller->uid;
        place->is_observer = !caller->may_manage;
        reply->fds[0] = event_rings_fd(place->rings);
        reply->fd_count = 1;
        status = control_reply(reply,
                               json_pack("{s:I,s:I}", "workers",
                                         (json_int_t)vswitch_worker_count(events->vswitch),
                                         "records", (json_int_t)EVENT_RING_RECORDS),
                               error);
    }
    return status;
}

static void client_gone(void *context, uint64_t client)
{
    struct xswd_events *events = context;
    for (size_t i = 0; i < XSWD_EVENTS_MAX; i++) {
        if (events->places[i].rings != NULL && events->places[i].client == client) {
            place_close(&events->places[i]);
        }
    }
}

static void switch_goes(void *context, struct vswitch *vswitch)
{
    struct xswd_events *events = context;
    for (size_t i = 0; i < XSWD_EVENTS_MAX; i++) {
        if (events->places[i].rings != NULL && events->places[i].vswitch == vswitch) {
            place_close(&events->places[i]);
        }
    }
    if (events->removing != NULL) {
        events->removing(events->removing_context, vswitch);
    }
}

static enum xsw_status events_resolve(void *context, const char *name, void **resolved,
                                      struct xsw_error *error)
{
    struct xswd_events *events = context;
    *resolved = events;
    return switches_find(events->switches, name, &events->vswitch, error);
}

static const struct rpc_method event_methods[] = {
    {"events.attach", false, method_attach},
};

void xswd_events_init(struct xswd_events *events, struct switches *switches)
{
    *events = (struct xswd_events){
        .table = {.methods = event_methods,
                  .count = sizeof(event_methods) / sizeof(event_methods[0]),
                  .context = events,
                  .resolve = events_resolve,
                  .client_gone = client_gone},
        .switches = switches,
        .removing = switches->removing,
        .removing_context = switches->removing_context,
    };
    switches->removing = switch_goes;
    switches->removing_context = events;
}

void xswd_events_fini(struct xswd_events *events)
{
    for (size_t i = 0; i < XSWD_EVENTS_MAX; i++) {
        if (events->places[i].rings != NULL) {
            place_close(&events->places[i]);
        }
    }
}
