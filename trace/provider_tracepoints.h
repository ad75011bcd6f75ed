/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tracepoints, in the language of lttng-ust(3). LTTng includes this header several times, with
 * its macros meaning something else each time: there is nothing here but them. The events that are
 * not about packets are made from switch/events.def.
 */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER xsw

#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "trace/provider_tracepoints.h"

#if !defined(XSW_TRACE_PROVIDER_TRACEPOINTS_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define XSW_TRACE_PROVIDER_TRACEPOINTS_H

#include <lttng/tracepoint.h>

#include "trace/provider.h"
#include "trace/reason_values.h"

/* clang-format off */

/* Names of extensions' stages and reasons are known when they come, so those stand beside the number, as
 * stage_name and reason_name. */
LTTNG_UST_TRACEPOINT_ENUM(xsw, stage,
    LTTNG_UST_TP_ENUM_VALUES(
        lttng_ust_field_enum_value("rx", 0)
        lttng_ust_field_enum_value("ingress-policy", 1)
        lttng_ust_field_enum_value("forward", 2)
        lttng_ust_field_enum_value("mirror", 3)
        lttng_ust_field_enum_value("egress-policy", 4)
        lttng_ust_field_enum_value("tx", 5)
        lttng_ust_field_enum_range("extension", 8, 63)
        lttng_ust_field_enum_value("none", 65535)
    )
)

LTTNG_UST_TRACEPOINT_ENUM(xsw, reason,
    LTTNG_UST_TP_ENUM_VALUES(
        lttng_ust_field_enum_value("none", 0)
        XSW_TRACE_REASON_VALUES
        lttng_ust_field_enum_range("extension", 64, 191)
    )
)

/* In this order wherever a packet is meant. */
#define XSW_TRACE_WHICH_FIELDS                                                              \
    lttng_ust_field_integer(uint64_t, packet_id, packet->packet_id)                         \
    lttng_ust_field_integer(uint64_t, parent_id, packet->parent_id)                         \
    lttng_ust_field_integer(uint64_t, at_mono_ns, packet->at_mono_ns)                       \
    lttng_ust_field_integer(uint64_t, since_rx_ns, packet->since_rx_ns)                     \
    lttng_ust_field_integer(uint16_t, port, packet->port)                                   \
    lttng_ust_field_string(port_name, provider_text(packet->port_name))                                    \
    lttng_ust_field_enum(xsw, stage, uint16_t, stage, packet->stage)                        \
    lttng_ust_field_string(stage_name, provider_text(packet->stage_name))                                  \
    lttng_ust_field_string(extension, provider_text(packet->extension))                                    \
    lttng_ust_field_string(switch_name, provider_text(packet->switch_name))

LTTNG_UST_TRACEPOINT_EVENT_CLASS(xsw, packet,
    LTTNG_UST_TP_ARGS(const struct trace_packet *, packet),
    LTTNG_UST_TP_FIELDS(
        XSW_TRACE_WHICH_FIELDS
        lttng_ust_field_enum(xsw, reason, uint16_t, reason, packet->reason)
        lttng_ust_field_string(reason_name, provider_text(packet->reason_name))
        lttng_ust_field_integer(uint32_t, rule, packet->rule)
        lttng_ust_field_integer(uint16_t, rule_port, packet->rule_port)
        lttng_ust_field_integer(uint16_t, source_port, packet->source_port)
        lttng_ust_field_string(source_name, provider_text(packet->source_name))
        lttng_ust_field_integer(uint16_t, destination_port, packet->destination_port)
        lttng_ust_field_string(destination_name, provider_text(packet->destination_name))
        lttng_ust_field_integer(uint32_t, length, packet->length)
        lttng_ust_field_integer(uint16_t, vlan, packet->vlan)
        lttng_ust_field_integer(uint16_t, worker, packet->worker)
        lttng_ust_field_integer(uint64_t, generation, packet->generation)
    )
)

LTTNG_UST_TRACEPOINT_EVENT_INSTANCE(xsw, packet, xsw, packet_dropped,
    LTTNG_UST_TP_ARGS(const struct trace_packet *, packet))
LTTNG_UST_TRACEPOINT_LOGLEVEL(xsw, packet_dropped, LTTNG_UST_TRACEPOINT_LOGLEVEL_WARNING)
LTTNG_UST_TRACEPOINT_EVENT_INSTANCE(xsw, packet, xsw, packet_delivered,
    LTTNG_UST_TP_ARGS(const struct trace_packet *, packet))
LTTNG_UST_TRACEPOINT_LOGLEVEL(xsw, packet_delivered, LTTNG_UST_TRACEPOINT_LOGLEVEL_INFO)
LTTNG_UST_TRACEPOINT_EVENT_INSTANCE(xsw, packet, xsw, packet_injected,
    LTTNG_UST_TP_ARGS(const struct trace_packet *, packet))
LTTNG_UST_TRACEPOINT_LOGLEVEL(xsw, packet_injected, LTTNG_UST_TRACEPOINT_LOGLEVEL_INFO)
LTTNG_UST_TRACEPOINT_EVENT_INSTANCE(xsw, packet, xsw, packet_cloned,
    LTTNG_UST_TP_ARGS(const struct trace_packet *, packet))
LTTNG_UST_TRACEPOINT_LOGLEVEL(xsw, packet_cloned, LTTNG_UST_TRACEPOINT_LOGLEVEL_INFO)
LTTNG_UST_TRACEPOINT_EVENT_INSTANCE(xsw, packet, xsw, packet_replaced,
    LTTNG_UST_TP_ARGS(const struct trace_packet *, packet))
LTTNG_UST_TRACEPOINT_LOGLEVEL(xsw, packet_replaced, LTTNG_UST_TRACEPOINT_LOGLEVEL_INFO)

LTTNG_UST_TRACEPOINT_EVENT(xsw, packet_hop,
    LTTNG_UST_TP_ARGS(const struct trace_packet *, packet),
    LTTNG_UST_TP_FIELDS(XSW_TRACE_WHICH_FIELDS)
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(xsw, packet_hop, LTTNG_UST_TRACEPOINT_LOGLEVEL_DEBUG)

LTTNG_UST_TRACEPOINT_EVENT(xsw, packet_changed,
    LTTNG_UST_TP_ARGS(const struct trace_packet *, packet, const struct trace_change *, change),
    LTTNG_UST_TP_FIELDS(
        XSW_TRACE_WHICH_FIELDS
        lttng_ust_field_integer(uint16_t, offset, change->offset)
        lttng_ust_field_integer(uint8_t, old_length, change->old_length)
        lttng_ust_field_integer(uint8_t, new_length, change->new_length)
        lttng_ust_field_integer_hex(uint64_t, old_bytes, change->old_bytes)
        lttng_ust_field_integer_hex(uint64_t, new_bytes, change->new_bytes)
        lttng_ust_field_integer(uint8_t, undeclared, change->is_undeclared)
    )
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(xsw, packet_changed, LTTNG_UST_TRACEPOINT_LOGLEVEL_INFO)

LTTNG_UST_TRACEPOINT_EVENT_CLASS(xsw, control,
    LTTNG_UST_TP_ARGS(const struct switch_event *, event),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, at_mono_ns, event->mono_ns)
        lttng_ust_field_integer(uint64_t, generation, event->generation)
        lttng_ust_field_string(switch_name, provider_text(event->switch_name))
        lttng_ust_field_integer(uint16_t, port, event->port)
        lttng_ust_field_string(port_name, provider_text(event->port_name))
        lttng_ust_field_enum(xsw, stage, uint16_t, stage, event->stage)
        lttng_ust_field_string(stage_name, provider_text(event->stage_name))
        lttng_ust_field_string(extension, provider_text(event->extension))
        lttng_ust_field_string(subject, provider_text(event->subject))
        lttng_ust_field_string(detail, provider_text(event->detail))
        lttng_ust_field_integer(uint64_t, value, event->value)
        lttng_ust_field_integer(uint64_t, before, event->before)
        lttng_ust_field_integer(uint64_t, packet_id, event->packet_id)
    )
)

#define XSW_TRACE_TRACEPOINT_PACKET(name, level)
#define XSW_TRACE_TRACEPOINT_CONTROL(name, level)                                           \
    LTTNG_UST_TRACEPOINT_EVENT_INSTANCE(xsw, control, xsw, name,                            \
        LTTNG_UST_TP_ARGS(const struct switch_event *, event))                              \
    LTTNG_UST_TRACEPOINT_LOGLEVEL(xsw, name, LTTNG_UST_TRACEPOINT_LOGLEVEL_##level)
#define EVENT(id, symbol, name, class, level, subject, detail, value, before, sentence)     \
    XSW_TRACE_TRACEPOINT_##class(name, level)
#include "switch/events.def"
#undef EVENT
#undef XSW_TRACE_TRACEPOINT_PACKET
#undef XSW_TRACE_TRACEPOINT_CONTROL

/* What the kernel dropped: the fields of kernel_drop and its like in recordings, but that port and
 * port_name are what they are in all events here. */
LTTNG_UST_TRACEPOINT_EVENT_CLASS(xsw, kernel,
    LTTNG_UST_TP_ARGS(const struct trace_kernel *, kernel),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, at_mono_ns, kernel->at_mono_ns)
        lttng_ust_field_integer(uint64_t, last_mono_ns, kernel->last_mono_ns)
        lttng_ust_field_string(switch_name, provider_text(kernel->switch_name))
        lttng_ust_field_integer(uint16_t, port, kernel->port)
        lttng_ust_field_string(port_name, provider_text(kernel->port_name))
        lttng_ust_field_string(device, provider_text(kernel->device))
        lttng_ust_field_integer(uint64_t, netns, kernel->netns)
        lttng_ust_field_integer(uint32_t, ifindex, kernel->ifindex)
        lttng_ust_field_integer(uint64_t, packets, kernel->count)
        lttng_ust_field_string(reason, provider_text(kernel->reason))
        lttng_ust_field_integer(uint32_t, reason_number, kernel->reason_number)
        lttng_ust_field_integer(int32_t, error, kernel->error)
        lttng_ust_field_string(location, provider_text(kernel->location))
        lttng_ust_field_integer_hex(uint16_t, protocol, kernel->protocol)
        lttng_ust_field_integer(uint32_t, length, kernel->length)
        lttng_ust_field_string(head, provider_text(kernel->head))
    )
)

LTTNG_UST_TRACEPOINT_EVENT_INSTANCE(xsw, kernel, xsw, kernel_drop,
    LTTNG_UST_TP_ARGS(const struct trace_kernel *, kernel))
LTTNG_UST_TRACEPOINT_LOGLEVEL(xsw, kernel_drop, LTTNG_UST_TRACEPOINT_LOGLEVEL_WARNING)
LTTNG_UST_TRACEPOINT_EVENT_INSTANCE(xsw, kernel, xsw, kernel_xdp_exception,
    LTTNG_UST_TP_ARGS(const struct trace_kernel *, kernel))
LTTNG_UST_TRACEPOINT_LOGLEVEL(xsw, kernel_xdp_exception, LTTNG_UST_TRACEPOINT_LOGLEVEL_WARNING)
LTTNG_UST_TRACEPOINT_EVENT_INSTANCE(xsw, kernel, xsw, kernel_xdp_redirect_err,
    LTTNG_UST_TP_ARGS(const struct trace_kernel *, kernel))
LTTNG_UST_TRACEPOINT_LOGLEVEL(xsw, kernel_xdp_redirect_err, LTTNG_UST_TRACEPOINT_LOGLEVEL_WARNING)

LTTNG_UST_TRACEPOINT_EVENT(xsw, kernel_lost,
    LTTNG_UST_TP_ARGS(const struct trace_kernel *, kernel),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, from_mono_ns, kernel->at_mono_ns)
        lttng_ust_field_integer(uint64_t, to_mono_ns, kernel->last_mono_ns)
        lttng_ust_field_integer(uint64_t, events, kernel->count)
    )
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(xsw, kernel_lost, LTTNG_UST_TRACEPOINT_LOGLEVEL_WARNING)

/* clang-format on */

#endif

#include <lttng/tracepoint-event.h>
