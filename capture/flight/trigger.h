/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CAPTURE_TRIGGER_H
#define XSW_CAPTURE_TRIGGER_H

/*
 * What makes a flight recorder write a file: expressions (xsw-filter(7)) on journeys, asked on the
 * workers when packets end. What they find goes to the slots in the flight recorder's file
 * (capture/flight/flight_ring.h), where the process that writes the files looks.
 *
 * A set is an observer of its own beside the flight session's tap, so that triggers come and go
 * while the recorder goes on, and the tap need not know of them. It looks at the packets that the
 * session follows, and sets no bit of its own. Of a batch in which nothing happened, an expression
 * that cannot be true for such packets is asked once, not once a packet
 * (journey_filter_may_match).
 *
 * Threads: made, attached and destroyed on the control thread; the checks run on workers. Rates are
 * counted over all workers, in one word without locks.
 */

#include <stdbool.h>
#include <stdint.h>

#include <xsw/error.h>

#include "capture/flight/flight_ring.h"

struct vswitch;
struct trigger_set;

enum { TRIGGER_RATE_MAX = 1000000000 };

struct trigger_options {
    char name[CONFIG_NAME_SIZE];
    const char *where;        /* null: it is not about journeys; trigger_set_fire alone fires it */
    const char *text;         /* for people, of any length */
    uint32_t rate_per_second; /* so many matches within a second; 0: each match counts */
    uint64_t rearm_ns;        /* hits so soon after it fired only count */
};

/* Compiles the expressions and puts the names into the ring's header. An error names the trigger. A
 * ring has one set at a time. */
enum xsw_status trigger_set_create(struct vswitch *vswitch, struct flight_ring *ring,
                                   const struct trigger_options *triggers, uint32_t count,
                                   struct trigger_set **set,
                                   struct xsw_error *error) XSW_MUST_CHECK;
/* From the next batch on. `follow`: the bit of the packets that are looked at, capture_session_bit;
 * 0: all packets. */
enum xsw_status trigger_set_attach(struct trigger_set *set, uint8_t follow,
                                   struct xsw_error *error) XSW_MUST_CHECK;
/* Detaches and frees; the names go from the ring's header. False: the switch cannot let go for want
 * of memory, and keeps the set, which needs its ring. Accepts null. */
bool trigger_set_destroy(struct trigger_set *set);

/* On the control thread: trigger `index` is hit, for a reason that is not a packet's, or is one's
 * (`packet_id` not 0). */
void trigger_set_fire(struct trigger_set *set, uint32_t index, uint64_t mono_ns,
                      uint64_t packet_id);

#endif
