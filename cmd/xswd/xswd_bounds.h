/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_XSWD_BOUNDS_H
#define XSW_CMD_XSWD_BOUNDS_H

/*
 * What a capture session of somebody who may not manage may take of the daemon's memory: rings of
 * so many bytes in all, and so many sessions a user on all switches together, with those that were
 * detached and whose rings have not been emptied. What it may take of the processors is in
 * capture/rules.c.
 *
 * Threads: control thread.
 */

#include <xsw/error.h>

#include "capture/session.h"
#include "switch/control/rpc.h"

struct xswd_capture;

enum { OBSERVER_RINGS_MAX = 64 << 20 /* bytes a session */, OBSERVER_SESSIONS_MAX = 3 };

/* Refuses what is too much; rings whose size was left to us get what is allowed. */
enum xsw_status xswd_bounds_hold(const struct xswd_capture *capture,
                                 const struct rpc_caller *caller, struct capture_options *options,
                                 struct xsw_error *error) XSW_MUST_CHECK;

#endif
