/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TRACE_READERS_H
#define XSW_TRACE_READERS_H

/*
 * Traces that others have written, as events like those of recordings: CTF, as LTTng and Trace
 * Compass have it, through libbabeltrace2, and trace.dat of trace-cmd, through libtracecmd. Both
 * libraries parse; what they give is copied into struct pcapng_event, with texts cut to bounds.
 *
 * An event's name is that of the trace, but for our own (xsw:packet_dropped is packet_dropped). Its
 * message is the name and the fields. Texts are valid during the call of the observer alone.
 *
 * Threads: one at a time.
 */

#include <stdbool.h>

#include <xsw/error.h>

#include "formats/pcapng/pcapng_items.h"

enum trace_kind { TRACE_NONE, TRACE_CTF, TRACE_DAT };

/* What a path is, by what is there: a folder in or below which a CTF metadata file stands, or a
 * file that begins like a trace.dat. TRACE_NONE: neither. */
enum trace_kind trace_kind_find(const char *path);

struct trace_about {
    const char *host;    /* null: the trace does not tell */
    const char *boot_id; /* the same */
    const char *system;  /* the same; "Linux 6.1.0-18-amd64 x86_64" */
    bool has_mono;       /* the times are CLOCK_MONOTONIC of that boot */
};

/* `about` is of the event's stream. */
typedef void trace_observer(const struct pcapng_event *event, const struct trace_about *about,
                            void *context);

/* Reads all, in the order of time. XSW_UNSUPPORTED: this xsw was built without the library.
 * Events that the tracer or the kernel lost are told as an event "events_lost", whole packets of a
 * CTF trace as "trace_packets_lost": with their number, and from when to when as far as the trace
 * tells (from_mono_ns, to_mono_ns, from_wall_ns, to_wall_ns). */
enum xsw_status trace_read(const char *path, enum trace_kind kind, trace_observer *observer,
                           void *context, struct xsw_error *error) XSW_MUST_CHECK;

#endif
