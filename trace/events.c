/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/events.h"

#include <dlfcn.h>
#include <stdlib.h>

#include "base/error.h"
#include "switch/events.h"
#include "switch/path/observe.h"
#include "trace/events_packet.h"
#include "trace/provider.h"

enum { COMPARED_BYTES = 65535 }; /* of a frame whose changes are told: all of it */

struct trace_events {
    struct vswitch *vswitch;
    const struct trace_provider *provider;
    /* What the two ask for; they do not change while they are attached. */
    uint64_t wanted;
    uint64_t budget_ns;
    int is_observing, is_sinking;
    struct observer observer;
    struct event_sink sink;
};

static uint64_t kinds_of_packets(void)
{
    uint64_t kinds = 0;
    for (uint16_t kind = 0; kind < SWITCH_EVENT_LIMIT; kind++) {
        const struct switch_event_info *info = switch_event_info(kind);
        if (info != NULL && info->is_packet) {
            kinds |= switch_event_bit(kind);
        }
    }
    return kinds;
}

/* On workers --------------------------------------------------------------------------------- */

static void observer_begin(void *state, uint32_t worker, const struct worker_counters *counters)
{
    (void)state;
    (void)worker;
    (void)counters;
}

static void observer_received(void *state, uint32_t worker, struct packet *const *packets,
                              uint32_t count, uint8_t bit)
{
    const struct trace_events *events = state;
    (void)worker;
    if ((events->wanted & switch_event_bit(SWITCH_EVENT_PACKET_CHANGED)) == 0) {
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        packets[i]->watch |= bit;
    }
}

/* The kinds that are still recorded: a session may have ended since we attached. Delivered packets
 * that nothing else is to be told of are passed over without a look at each. */
static void observer_ended(void *state, uint32_t worker, const struct ended_batch *batch,
                           uint8_t bit)
{
    const struct trace_events *events = state;
    (void)bit;
    uint64_t wanted = 0;
    for (uint64_t left = events->wanted; left != 0; left &= left - 1) {
        enum switch_event_kind kind = (enum switch_event_kind)__builtin_ctzll(left);
        wanted |= events->provider->is_enabled(kind) ? switch_event_bit(kind) : 0;
    }
    uint64_t of_drops = switch_event_bit(SWITCH_EVENT_PACKET_DROPPED) |
                        switch_event_bit(SWITCH_EVENT_PACKET_REPLACED);
    int is_delivered = batch->packets[0]->drop_reason == 0;
    if (wanted == 0 || (is_delivered && (wanted & ~of_drops) == 0)) {
        return;
    }
    for (uint32_t i = 0; i < batch->count; i++) {
        events_packet_tell(events->provider, wanted, worker, batch, batch->packets[i]);
    }
}

static void sink_event(void *state, const struct switch_event *event)
{
    const struct trace_events *events = state;
    events->provider->event(event);
}

static const struct observer_ops observer_ops = {
    .begin = observer_begin,
    .end = observer_begin,
    .received = observer_received,
    .ended = observer_ended,
};

/* Attaching ---------------------------------------------------------------------------------- */

struct trace_events *trace_events_create(struct vswitch *vswitch,
                                         const struct trace_provider *provider)
{
    struct trace_events *made = calloc(1, sizeof(*made));
    if (made != NULL) {
        made->vswitch = vswitch;
        made->provider = provider;
        made->observer = (struct observer){.ops = &observer_ops, .state = made};
        made->sink = (struct event_sink){.event = sink_event, .state = made};
    }
    return made;
}

static enum xsw_status detach(struct trace_events *events, struct xsw_error *error)
{
    enum xsw_status status = XSW_OK;
    if (events->is_observing) {
        status = vswitch_observer_remove(events->vswitch, &events->observer, error);
        events->is_observing = status != XSW_OK;
    }
    if (status == XSW_OK && events->is_sinking) {
        status = vswitch_event_sink_remove(events->vswitch, &events->sink, error);
        events->is_sinking = status != XSW_OK;
    }
    return status;
}

static enum xsw_status attach(struct trace_events *events, uint64_t wanted, uint64_t budget_ns,
                              struct xsw_error *error)
{
    const uint64_t of_packets = kinds_of_packets() & wanted;
    const uint64_t of_drops = switch_event_bit(SWITCH_EVENT_PACKET_DROPPED) |
                              switch_event_bit(SWITCH_EVENT_PACKET_REPLACED);
    int compares = (wanted & switch_event_bit(SWITCH_EVENT_PACKET_CHANGED)) != 0;
    enum xsw_status status = XSW_OK;
    events->wanted = of_packets;
    events->observer.drops_only = (of_packets & ~of_drops) == 0;
    events->observer.snap_length = compares ? COMPARED_BYTES : 0;
    events->sink.wanted = wanted & ~of_packets;
    events->sink.budget_ns = budget_ns;
    if (of_packets != 0) {
        status = vswitch_observer_add(events->vswitch, &events->observer, error);
        events->is_observing = status == XSW_OK;
    }
    if (status == XSW_OK && events->sink.wanted != 0) {
        status = vswitch_event_sink_add(events->vswitch, &events->sink, error);
        events->is_sinking = status == XSW_OK;
    }
    return status;
}

enum xsw_status trace_events_follow(struct trace_events *events, uint64_t wanted,
                                    uint64_t budget_ns, struct xsw_error *error)
{
    if (trace_events_wanted(events) == wanted && events->budget_ns == budget_ns) {
        return XSW_OK;
    }
    enum xsw_status status = detach(events, error);
    if (status == XSW_OK) {
        events->budget_ns = budget_ns;
        status = attach(events, wanted, budget_ns, error);
    }
    return status;
}

uint64_t trace_events_wanted(const struct trace_events *events)
{
    return (events->is_observing ? events->wanted : 0) |
           (events->is_sinking ? events->sink.wanted : 0);
}

struct vswitch *trace_events_switch(const struct trace_events *events)
{
    return events->vswitch;
}

void trace_events_destroy(struct trace_events *events)
{
    /* While a switch cannot make a new configuration its workers may still call us: better kept. */
    if (events != NULL && detach(events, NULL) == XSW_OK) {
        free(events);
    }
}

/* The provider ------------------------------------------------------------------------------- */

uint64_t trace_provider_wanted(const struct trace_provider *provider)
{
    uint64_t wanted = 0;
    for (uint16_t kind = 0; kind < SWITCH_EVENT_LIMIT; kind++) {
        if (switch_event_info(kind) != NULL && provider->is_enabled(kind)) {
            wanted |= switch_event_bit(kind);
        }
    }
    return wanted;
}

enum xsw_status trace_provider_load(const char *path, const struct trace_provider **provider,
                                    struct xsw_error *error)
{
    const char *given = path != NULL ? path : getenv("XSW_TRACE_PROVIDER");
    const char *from = given != NULL && given[0] != '\0' ? given : XSW_TRACE_DIR "/xsw-trace.so";
    void *library = dlopen(from, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (library == NULL) {
        return error_set(error, XSW_UNSUPPORTED,
                         "the trace provider cannot be loaded: %s; it needs the package "
                         "liblttng-ust1, and an xsw that was built with LTTng",
                         dlerror());
    }
    const struct trace_provider *found = dlsym(library, TRACE_PROVIDER_SYMBOL);
    if (found == NULL || found->version != TRACE_PROVIDER_VERSION) {
        return error_set(error, XSW_UNSUPPORTED,
                         "%s is not the trace provider of this version of xswd: install both from "
                         "one build",
                         from);
    }
    *provider = found;
    return XSW_OK;
}
