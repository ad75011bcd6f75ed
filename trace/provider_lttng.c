/* SPDX-License-Identifier: Apache-2.0 */
/* xsw-trace.so: the only thing of ours that knows LTTng-UST. */
#include "trace/provider.h"

/* Nothing is "-": babeltrace2 of Debian 12 shows an empty string as the one that it has read
 * before. */
static inline const char *provider_text(const char *text)
{
    return text[0] != '\0' ? text : "-";
}

#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE
#include "trace/provider_tracepoints.h"

static int provider_is_enabled(enum switch_event_kind kind)
{
    switch (kind) {
#define EVENT(id, symbol, name, class, level, subject, detail, value, before, sentence)            \
    case SWITCH_EVENT_##symbol:                                                                    \
        return lttng_ust_tracepoint_enabled(xsw, name) != 0;
#include "switch/events.def"
#undef EVENT
    case SWITCH_EVENT_LIMIT:
        break;
    }
    return 0;
}

static void provider_packet(enum switch_event_kind kind, const struct trace_packet *packet)
{
    switch (kind) {
    case SWITCH_EVENT_PACKET_DROPPED:
        lttng_ust_tracepoint(xsw, packet_dropped, packet);
        break;
    case SWITCH_EVENT_PACKET_DELIVERED:
        lttng_ust_tracepoint(xsw, packet_delivered, packet);
        break;
    case SWITCH_EVENT_PACKET_HOP:
        lttng_ust_tracepoint(xsw, packet_hop, packet);
        break;
    case SWITCH_EVENT_PACKET_INJECTED:
        lttng_ust_tracepoint(xsw, packet_injected, packet);
        break;
    case SWITCH_EVENT_PACKET_CLONED:
        lttng_ust_tracepoint(xsw, packet_cloned, packet);
        break;
    case SWITCH_EVENT_PACKET_REPLACED:
        lttng_ust_tracepoint(xsw, packet_replaced, packet);
        break;
    default:
        break; /* packet_changed says more: provider_changed */
    }
}

static void provider_changed(const struct trace_packet *packet, const struct trace_change *change)
{
    lttng_ust_tracepoint(xsw, packet_changed, packet, change);
}

#define TELL_PACKET(symbol, name)
#define TELL_CONTROL(symbol, name)                                                                 \
    case SWITCH_EVENT_##symbol:                                                                    \
        lttng_ust_tracepoint(xsw, name, event);                                                    \
        break;

static void provider_event(const struct switch_event *event)
{
    switch (event->kind) {
#define EVENT(id, symbol, name, class, level, subject, detail, value, before, sentence)            \
    TELL_##class(symbol, name)
#include "switch/events.def"
#undef EVENT
    default:
        break;
    }
}

static int provider_kernel_is_enabled(void)
{
    return lttng_ust_tracepoint_enabled(xsw, kernel_drop) != 0 ||
           lttng_ust_tracepoint_enabled(xsw, kernel_xdp_exception) != 0 ||
           lttng_ust_tracepoint_enabled(xsw, kernel_xdp_redirect_err) != 0 ||
           lttng_ust_tracepoint_enabled(xsw, kernel_lost) != 0;
}

static void provider_kernel(const struct trace_kernel *kernel)
{
    switch (kernel->kind) {
    case TRACE_KERNEL_DROP:
        lttng_ust_tracepoint(xsw, kernel_drop, kernel);
        break;
    case TRACE_KERNEL_XDP_EXCEPTION:
        lttng_ust_tracepoint(xsw, kernel_xdp_exception, kernel);
        break;
    case TRACE_KERNEL_XDP_REDIRECT:
        lttng_ust_tracepoint(xsw, kernel_xdp_redirect_err, kernel);
        break;
    case TRACE_KERNEL_LOST:
        lttng_ust_tracepoint(xsw, kernel_lost, kernel);
        break;
    }
}

__attribute__((visibility("default"))) extern const struct trace_provider xsw_trace_provider;

const struct trace_provider xsw_trace_provider = {
    .version = TRACE_PROVIDER_VERSION,
    .is_enabled = provider_is_enabled,
    .packet = provider_packet,
    .changed = provider_changed,
    .event = provider_event,
    .kernel_is_enabled = provider_kernel_is_enabled,
    .kernel = provider_kernel,
};
