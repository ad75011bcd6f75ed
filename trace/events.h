/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TRACE_EVENTS_H
#define XSW_TRACE_EVENTS_H

/*
 * What a switch does, told to a trace provider: an observer for packets and a sink for all else. It
 * asks of the switch only what somebody records. While that is drops alone, a packet that is
 * delivered costs nothing.
 *
 * Threads: control thread; the provider is called by workers too.
 */

#include <stdint.h>

#include <xsw/error.h>

struct trace_events;
struct trace_provider;
struct vswitch;

/* Borrows both. Nothing is attached yet. Null: no memory. */
struct trace_events *trace_events_create(struct vswitch *vswitch,
                                         const struct trace_provider *provider);
/* Attaches to the switch what the kinds need, and detaches the rest. `wanted`: switch_event_bit()
 * of the kinds; 0: none. budget_ns: see struct event_sink. It is one or two new configurations for
 * the switch, and none when nothing changes. */
enum xsw_status trace_events_follow(struct trace_events *events, uint64_t wanted,
                                    uint64_t budget_ns, struct xsw_error *error) XSW_MUST_CHECK;
uint64_t trace_events_wanted(const struct trace_events *events); /* what is followed now */
struct vswitch *trace_events_switch(const struct trace_events *events);
/* Detaches. Accepts null. */
void trace_events_destroy(struct trace_events *events);

/* The kinds that some session of the provider records now. */
uint64_t trace_provider_wanted(const struct trace_provider *provider);
/* Loads xsw-trace.so, from `path` or, when that is null, from $XSW_TRACE_PROVIDER or from where it
 * is installed. LTTng starts its threads by that; it stays loaded until the process ends, as LTTng
 * cannot be unloaded. */
enum xsw_status trace_provider_load(const char *path, const struct trace_provider **provider,
                                    struct xsw_error *error) XSW_MUST_CHECK;

#endif
