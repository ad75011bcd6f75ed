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

struct vswitch;

struct xswd_session {
    struct capture_session *session; /* null: this place is free */
    uint64_t client;
};

struct xswd_capture {
    struct rpc_table table;
    struct vswitch *vswitch;
    struct xswd_session sessions[CAPTURE_SESSIONS_MAX];
};

/* Ready for control_server_add(server, &capture->table, …). The struct must not move. */
void xswd_capture_init(struct xswd_capture *capture, struct vswitch *vswitch);
/* Closes all sessions; to be called before the switch is destroyed. */
void xswd_capture_fini(struct xswd_capture *capture);

#endif
