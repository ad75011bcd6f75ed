/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_XSWD_FLIGHT_LIFE_H
#define XSW_CMD_XSWD_FLIGHT_LIFE_H

/* How a flight recorder of the daemon comes into being, is watched, and goes; for xswd_flight.c.
 * Threads: control thread. */

#include "capture/flight/flight_watch.h"
#include "capture/flight/trigger.h"
#include "capture/session.h"
#include "cmd/xswd/xswd_flight.h"

/* What is asked of a new one. */
struct flight_wish {
    const char *name;
    struct capture_rules rules;
    int64_t memory_bytes; /* a worker; 0: the default */
    struct privacy_options privacy;
};

/* Of flights->vswitch, at a free place. */
enum xsw_status xswd_flight_open(struct xswd_flights *flights, struct xswd_flight *flight,
                                 const struct flight_wish *wish,
                                 struct xsw_error *error) XSW_MUST_CHECK;
void xswd_flight_close(struct xswd_flight *flight);

struct flight_triggers {
    struct trigger_options options[FLIGHT_TRIGGERS_MAX];
    uint32_t count;
    struct flight_watch_spec specs[FLIGHT_TRIGGERS_MAX];
    uint32_t spec_count;
};

/* In the place of those before, for a connection. When it fails there are none. Texts that the
 * recorder's privacy forbids are taken out of `triggers`. */
enum xsw_status xswd_flight_watch(struct xswd_flight *flight, uint64_t client,
                                  struct flight_triggers *triggers,
                                  struct xsw_error *error) XSW_MUST_CHECK;
/* False: workers still use the triggers, for want of memory. */
bool xswd_flight_unwatch(struct xswd_flight *flight);

#endif
