/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_XSWD_TRACE_H
#define XSW_CMD_XSWD_TRACE_H

/*
 * The trace methods of the control socket: trace.enable, trace.disable, trace.status. They are here
 * because the switch does not know tracing. The provider, and with it LTTng, is loaded by the first
 * trace.enable. From then on xswd looks once a second, and when it is asked, which events some
 * LTTng session records, and has the switches tell of those and of no others.
 *
 * Sessions outlive xswd. While one records, a file PATH.trace beside the control socket says so;
 * an xswd that finds it there when it starts takes part at once, so that tracing goes on.
 *
 * Threads: control thread.
 */

#include <stdbool.h>
#include <stdint.h>

#include "switch/control/control_socket.h"
#include "switch/control/rpc.h"
#include "switch/switches.h"

struct trace_events;
struct trace_provider;

enum { XSWD_TRACE_PATH_SIZE = CONTROL_PATH_SIZE + 8 };

struct xswd_trace {
    struct rpc_table table;
    struct switches *switches;
    const struct trace_provider *provider; /* null: not loaded */
    bool is_on;
    uint64_t budget_ns; /* of a worker's turn */
    char mark_path[XSWD_TRACE_PATH_SIZE];
    bool is_marked; /* the file is there, with this budget */
    uint64_t marked_budget_ns;
    struct trace_events *followed[SWITCHES_MAX];
};

/* Ready for control_server_add(server, &trace->table, …). The struct must not move. */
void xswd_trace_init(struct xswd_trace *trace, struct switches *switches, const char *socket_path);
/* Takes part in the sessions that an xswd before this one has left. XSW_OK: it does, or there are
 * none. */
enum xsw_status xswd_trace_resume(struct xswd_trace *trace, struct xsw_error *error) XSW_MUST_CHECK;
/* About once a second. */
void xswd_trace_tick(struct xswd_trace *trace);
/* To be called before the switches are destroyed. */
void xswd_trace_fini(struct xswd_trace *trace);

#endif
