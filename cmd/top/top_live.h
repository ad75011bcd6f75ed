/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_TOP_LIVE_H
#define XSW_CMD_TOP_LIVE_H

/*
 * Feeds the viewer from a running switch: counters and lists over the control socket, journeys out
 * of the rings of two capture sessions of its own. One takes a sample of all journeys, at most so
 * many a second, so that the switch does not notice it; the other one those that were dropped,
 * which a sample might miss.
 *
 * When xswd goes away, what was gathered stays, and it is looked for again every second.
 *
 * Threads: one.
 */

#include <stdbool.h>
#include <stdint.h>

#include <xsw/error.h>

#include "tui/evidence.h"
#include "tui/model.h"
#include "tui/screens/screen.h"

struct top_live;

struct top_live_options {
    const char *socket, *switch_name; /* null: not given */
    const char *filter;               /* of pcap-filter(7), for the evidence; "": all */
    uint32_t rate;                    /* journeys a second and session; 0: no evidence */
    uint32_t snap_length;
    bool has_kernel; /* watch what the kernel drops at the ports, too */
};

/* Model and evidence are borrowed. Fails when nobody answers. */
enum xsw_status top_live_open(const struct top_live_options *options, struct model *model,
                              struct evidence *evidence, struct top_live **live,
                              struct xsw_error *error) XSW_MUST_CHECK;
void top_live_close(struct top_live *live); /* accepts null */

/* Asks for what is due. `screen`: lists that are not shown are asked for less often, or not at all.
 * Frozen, the journeys stay in the rings. */
void top_live_turn(struct top_live *live, uint64_t mono_ns, enum screen_id screen, bool is_frozen);
/* Only journeys that match are captured from now on, so that more of these are. False, with the
 * daemon's sentence, when it refuses: then all are captured. */
bool top_live_filter(struct top_live *live, const char *where, struct xsw_error *error);

#endif
