/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CAPTURE_FLIGHT_WATCH_H
#define XSW_CAPTURE_FLIGHT_WATCH_H

/*
 * Triggers that are not about single journeys: a stage whose packets do not add up, and a port that
 * goes down. They fire the triggers of a set (capture/flight/trigger.h).
 *
 * Whether a stage adds up cannot be seen in one look while packets pass. Here its counters are read
 * twice: what went in by the earlier reading and what came out by the later one, and the other way
 * round. More in than out of the first pair, or less of the second, looks like a fault; it is one
 * when every look says so, BALANCE_LOOKS of them at each of BALANCE_TICKS seconds in a row, for a
 * batch does not take that long.
 *
 * Threads: control thread.
 */

#include <stdbool.h>
#include <stdint.h>

#include <xsw/error.h>

#include "capture/flight/trigger.h"
#include "switch/switch.h"

enum { BALANCE_LOOKS = 16, BALANCE_TICKS = 3 };

/* The balance of one stage --------------------------------------------------------------------- */

struct balance_watch {
    uint32_t missing, surplus; /* ticks in a row at which every look said so */
    bool is_broken;            /* was told */
};

enum balance_sign { BALANCE_EVEN = 0, BALANCE_MISSING = 1, BALANCE_SURPLUS = 2 };

/* What one pair of readings says. */
enum balance_sign balance_look(const struct stage_counters *earlier,
                               const struct stage_counters *later);
/* What all looks of a tick said. True once, when it is certain that the stage is broken; again only
 * after it was even. */
bool balance_tick(struct balance_watch *watch, enum balance_sign sign);

/* All that is watched of a switch -------------------------------------------------------------- */

enum flight_watch_kind { FLIGHT_WATCH_BALANCE, FLIGHT_WATCH_PORT_DOWN };

struct flight_watch_spec {
    enum flight_watch_kind kind;
    uint32_t trigger;            /* of the set */
    char port[CONFIG_NAME_SIZE]; /* empty: any */
};

struct flight_watch;

/* `set` is borrowed. Without specs nothing is watched. */
enum xsw_status flight_watch_create(struct vswitch *vswitch, struct trigger_set *set,
                                    const struct flight_watch_spec *specs, uint32_t count,
                                    struct flight_watch **watch,
                                    struct xsw_error *error) XSW_MUST_CHECK;
/* About once a second. */
void flight_watch_tick(struct flight_watch *watch, uint64_t mono_ns);
void flight_watch_destroy(struct flight_watch *watch); /* accepts null */

#endif
