/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_XSWD_CAPTURE_H
#define XSW_CMD_XSWD_CAPTURE_H

/*
 * The capture methods of the control socket: capture.attach, detach, list, set and stop. They are
 * here because the switch does not know capture. A session belongs to the connection that made it
 * and ends with it, however that ends; when it
 * was not detached, its rings are kept for a while (cmd/xswd/xswd_orphans.h).
 *
 * Threads: control thread.
 */

#include <stdint.h>

#include "capture/privacy/privacy.h"
#include "capture/session.h"
#include "cmd/xswd/xswd_capture_events.h"
#include "cmd/xswd/xswd_leavings.h"
#include "cmd/xswd/xswd_orphans.h"
#include "switch/control/rpc.h"

struct switches;
struct vswitch;

enum { XSWD_SESSIONS_MAX = 64 };

struct xswd_session {
    struct capture_session *session; /* null: this place is free */
    struct vswitch *vswitch;
    uint64_t client;
    uint32_t pid, uid;              /* of who attached it */
    struct privacy_options privacy; /* without the key */
    struct capture_told told;       /* of what events tell */
};

struct xswd_capture {
    struct rpc_table table;
    struct switches *switches;
    struct vswitch *vswitch;                 /* the one that the running request is about */
    uint8_t privacy_key[PSEUDONYM_KEY_SIZE]; /* of pseudonyms, when none is given; of this run */
    struct xswd_session sessions[XSWD_SESSIONS_MAX];
    struct xswd_orphans orphans;   /* what recorders that died left */
    struct xswd_leavings leavings; /* and what those that detached are still to read */
};

/* Ready for control_server_add(server, &capture->table, …); a switch on which a session is attached
 * is not removed from `switches` any more. The struct must not move. */
enum xsw_status xswd_capture_init(struct xswd_capture *capture, struct switches *switches,
                                  struct xsw_error *error) XSW_MUST_CHECK;
/* About once a second: tells, as events, what the sessions lose. */
void xswd_capture_tick(struct xswd_capture *capture);
/* Closes all sessions; to be called before the switches are destroyed. */
void xswd_capture_fini(struct xswd_capture *capture);

#endif
