/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_XSWD_EVENTS_H
#define XSW_CMD_XSWD_EVENTS_H

/*
 * The method events.attach of the control socket: what happens on a switch beside its packets, into
 * shared memory of the connection that asked, until that ends. `xsw capture --trace` writes it
 * beside the packets.
 *
 * Threads: control thread.
 */

#include <stdbool.h>
#include <stdint.h>

#include "switch/control/rpc.h"
#include "switch/events.h"
#include "switch/switches.h"

struct event_rings;

enum { XSWD_EVENTS_MAX = EVENT_SINKS_MAX * SWITCHES_MAX };

struct xswd_events_place {
    struct event_rings *rings; /* null: this place is free */
    struct event_sink sink;
    struct vswitch *vswitch;
    uint64_t client;
    uint32_t uid;
    bool hides_addresses; /* cmd/xswd/xswd_hide.h */
    bool is_observer;     /* may not manage: cmd/xswd/xswd_bounds.h */
};

struct xswd_events {
    struct rpc_table table;
    struct switches *switches;
    struct vswitch *vswitch; /* the one that the running request is about */
    struct xswd_events_place places[XSWD_EVENTS_MAX];
    /* Who wanted to know before us that a switch goes. */
    void (*removing)(void *context, struct vswitch *vswitch);
    void *removing_context;
};

/* Ready for control_server_add(server, &events->table, …), behind all others that are told of
 * switches that go. The struct must not move. */
void xswd_events_init(struct xswd_events *events, struct switches *switches);
/* To be called before the switches are destroyed. */
void xswd_events_fini(struct xswd_events *events);

#endif
