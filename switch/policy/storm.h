/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_STORM_H
#define XSW_SWITCH_STORM_H

/*
 * The storm limit: how many broadcast, multicast and unknown unicast packets a port may send in
 * each second of the switch's clock. One object a port, which all workers write; it outlives the
 * configuration snapshots, so that a change of something else gives nobody a second allowance.
 *
 * Threads: workers, any number at a time, without locks.
 */

#include <stdatomic.h>
#include <stdint.h>

#include <xsw/packet.h>

/* A second and what was spent of it: the second in the upper half, packets in the lower one.
 * Relaxed throughout: nothing else is published with it. */
struct storm_window {
    _Atomic uint64_t spent;
};

struct storm {
    struct storm_window broadcast, multicast, unknown_unicast;
    uint8_t reserved[40]; /* the next port's begins on another cache line */
};

_Static_assert(sizeof(struct storm) == 64, "one cache line a port");

/* Whether so many packets more stay within `limit` in this second; they are then counted. A worker
 * whose clock is a second late counts in the newest second that another one has begun. */
int storm_admit(struct storm_window *window, uint32_t now_seconds, uint32_t packets,
                uint32_t limit);

/* How many packets this one stands for: those that its segments will be. */
uint32_t storm_packets(const struct xsw_packet *packet);

#endif
