/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_XSWD_CAPTURE_H
#define XSW_CMD_XSWD_CAPTURE_H

/*
 * The capture methods of the control socket: capture.attach, capture.detach, capture.list. They are
 * here because the switch does not know capture. A session belongs to the connection that made it
 * and ends with it, however that ends.
 *
 * Threads: control thread.
 */

#include <stdint.h>

#include "capture/session.h"
#include "switch/rpc.h"

struct switches;
struct vswitch;

enum { XSWD_SESSIONS_MAX = 64 };

struct xswd_session {
    struct capture_session *session; /* null: this place is free */
    struct vswitch *vswitch;
    uint64_t client;
};

struct xswd_capture {
    struct rpc_table table;
    struct switches *switches;
    struct vswitch *vswitch; /* the one that the running request is about */
    struct xswd_session sessions[XSWD_SESSIONS_MAX];
};

/* Ready for control_server_add(server, &capture->table, …); a switch on which a session is attached
 * is not removed from `switches` any more. The struct must not move. */
void xswd_capture_init(struct xswd_capture *capture, struct switches *switches);
/* Closes all sessions; to be called before the switches are destroyed. */
void xswd_capture_fini(struct xswd_capture *capture);

#endif
