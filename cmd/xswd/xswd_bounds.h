/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_XSWD_BOUNDS_H
#define XSW_CMD_XSWD_BOUNDS_H

/*
 * What a capture session of somebody who may not manage may take of the daemon's memory: rings of
 * so many bytes in all, and so many sessions a user on all switches together, with those that were
 * detached and whose rings have not been emptied. What it may take of the processors is in
 * capture/rules.c.
 *
 * And of the events of switches: so many followers a user, and all users together half of what a
 * switch has room for, so that who manages, and LTTng, always have room. How long a worker may be
 * at a batch before it is told is the owner's choice, since each one that is told costs the worker.
 *
 * Threads: control thread.
 */

#include <stdbool.h>

#include <xsw/error.h>

#include "capture/session.h"
#include "switch/control/rpc.h"
#include "switch/events.h"

struct xswd_capture;
struct privacy_options;
struct xswd_events;

enum {
    OBSERVER_RINGS_MAX = 64 << 20, /* bytes a session */
    OBSERVER_SESSIONS_MAX = 3,
    OBSERVER_EVENTS_MAX = 3,                    /* a user */
    OBSERVERS_EVENTS_MAX = EVENT_SINKS_MAX / 2, /* all users, on one switch */
};

/* Refuses what is too much; rings whose size was left to us get what is allowed. */
enum xsw_status xswd_bounds_hold(const struct xswd_capture *capture,
                                 const struct rpc_caller *caller, struct capture_options *options,
                                 struct xsw_error *error) XSW_MUST_CHECK;
/* The same for following events of the switch that the running request is about. */
enum xsw_status xswd_bounds_hold_events(const struct xswd_events *events,
                                        const struct rpc_caller *caller, bool has_budget,
                                        struct xsw_error *error) XSW_MUST_CHECK;
/* Makes of the privacy that the caller wants what he gets, within what the switch's configuration
 * lets him see. */
enum xsw_status xswd_privacy_settle(const struct xswd_capture *capture,
                                    const struct rpc_caller *caller,
                                    const struct capture_rules *rules,
                                    struct privacy_options *privacy, bool has_key,
                                    struct xsw_error *error) XSW_MUST_CHECK;

#endif
