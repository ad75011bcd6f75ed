/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_XSWD_FLIGHT_EVENTS_H
#define XSW_CMD_XSWD_FLIGHT_EVENTS_H

/*
 * Triggers of flight recorders that were hit, as events of the switch (switch/events.h).
 *
 * Threads: control thread.
 */

#include <stdint.h>

#include "capture/flight/flight_ring.h"

struct capture_session;
struct vswitch;

/* What was told already. Zero at first. */
struct flight_told {
    uint64_t trigger_number; /* of the triggers that `fires` are about */
    uint64_t fires[FLIGHT_TRIGGERS_MAX];
};

/* About once a second. session: the recorder's, whose memory is `ring`. */
void flight_events_tick(const struct vswitch *vswitch, const struct capture_session *session,
                        struct flight_ring *ring, struct flight_told *told);

#endif
