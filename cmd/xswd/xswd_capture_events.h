/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_XSWD_CAPTURE_EVENTS_H
#define XSW_CMD_XSWD_CAPTURE_EVENTS_H

/*
 * What happens to capture sessions, as events of their switch (switch/events.h): the switch does
 * not know that they are there.
 *
 * Threads: control thread.
 */

#include <stdint.h>

#include "switch/config/config.h"

struct capture_session;
struct vswitch;

/* What of a session was told already. Zero at first. */
struct capture_told {
    uint64_t lost;                      /* journeys */
    uint8_t levels[CONFIG_WORKERS_MAX]; /* enum budget_level, by worker */
};

void capture_events_started(const struct vswitch *vswitch, const struct capture_session *session);
void capture_events_changed(const struct vswitch *vswitch, const struct capture_session *session);
/* Before the session is closed. */
void capture_events_stopped(const struct vswitch *vswitch, const struct capture_session *session);
/* About once a second: what was lost since the last time, and workers that have no time for it. */
void capture_events_tick(const struct vswitch *vswitch, const struct capture_session *session,
                         struct capture_told *told);
/* A trigger of a flight recorder was hit, by a packet unless that is 0. */
void capture_events_trigger(const struct vswitch *vswitch, const struct capture_session *session,
                            const char *cause, uint64_t packet_id);

#endif
