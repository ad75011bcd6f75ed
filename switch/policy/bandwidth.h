/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_BANDWIDTH_H
#define XSW_SWITCH_BANDWIDTH_H

/*
 * Bandwidth: what a port may send (limit and burst), and how the ports share what a destination can
 * be sent (capacity, by weight or reservation). Packets over the rate wait, held by stage
 * egress-policy, in queues that are bounded by bytes; what does not fit is dropped for
 * `bandwidth-limit`. Packets of port 0 and mirror copies pass by. A copy of a flood counts as what
 * it is, a packet that the port sends.
 *
 * Rates are kept as points in time (sixteenths of a nanosecond): a token bucket of B bytes that
 * fills at a rate is empty at `base` and full B / rate later. A packet may be larger than the
 * bucket (65,535 bytes with GSO): it goes when the bucket is full, and leaves a debt.
 *
 * A destination with a capacity serves the ports that wait for it by start-time fair queueing,
 * which is deficit round robin without its rounds: each port has a virtual time that its bytes
 * divided by its weight move on, and the port that is most behind is next. It is shared by the
 * workers, so that the weights hold between packets of different workers too. In mode absolute the
 * ports whose reservation is not used up go first; what is left is shared evenly.
 *
 * The state of a port survives the snapshots and the port: it is made when a port with this id
 * first needs it, and stays for the next one.
 *
 * Threads: bandwidth_take and bandwidth_run by workers, without locks; the rest by the control
 * thread. A queue has one worker; the buckets, virtual times and counters are shared, atomic and
 * relaxed: nothing else is published with them.
 */

#include <stdint.h>

#include <xsw/error.h>
#include <xsw/packet.h>

#include "switch/config/config.h"

struct worker;
struct stage;
struct packet;
struct vswitch;
struct bandwidth_info; /* of switch/switch.h */

enum {
    BANDWIDTH_RATE_MIN = 8000,       /* bit/s */
    BANDWIDTH_BURST_MIN = 1514,      /* bytes */
    BANDWIDTH_BURST_MAX = 1 << 27,   /* so that no sum of times overflows */
    BANDWIDTH_BURST_DEFAULT = 65536, /* or what the rate is in 10 ms, if that is more */
    BANDWIDTH_QUEUE_DEFAULT = 65536, /* or what the rate is in 50 ms, if that is more */
    BANDWIDTH_WEIGHT_MAX = 100
};

#define BANDWIDTH_RATE_MAX UINT64_C(1000000000000) /* bit/s */

struct bandwidth_state;

/* A rate with its bucket and its queue; times in sixteenths of a nanosecond. */
struct bandwidth_rate {
    uint64_t rate;        /* bit/s; 0: no limit */
    uint64_t depth;       /* time in which the empty bucket becomes full */
    uint64_t debt;        /* time that the largest packet takes */
    uint64_t queue_bytes; /* that may wait; one packet always may */
};

/* What the snapshot says of a port. */
struct bandwidth_view {
    struct bandwidth_state *state; /* null: never limited, and never a bounded destination */
    struct bandwidth_rate limit, capacity, reservation;
    uint32_t weight; /* 1 … 100 */
};

/* All of a switch. */
struct bandwidth;
enum xsw_status bandwidth_create(uint32_t workers, struct bandwidth **bandwidth,
                                 struct xsw_error *error) XSW_MUST_CHECK;
void bandwidth_destroy(struct bandwidth *bandwidth); /* accepts null; no worker runs */
/* For the snapshot. A port that has a limit or a capacity, or had, gets its state. config: null
 * when there is no port with the id now. XSW_NO_MEMORY. */
enum xsw_status bandwidth_view_build(struct bandwidth *bandwidth, uint16_t id,
                                     const struct bandwidth_config *config,
                                     enum bandwidth_mode mode,
                                     struct bandwidth_view *view) XSW_MUST_CHECK;
/* Numbers of the port that has the id now. */
void bandwidth_read(const struct bandwidth *bandwidth, uint16_t id, struct bandwidth_info *info);
/* Before a new port gets the id: the numbers begin with zero. */
void bandwidth_forget(struct bandwidth *bandwidth, uint16_t id);
/* What a port may be configured with: ranges, and what the switch's mode allows. */
enum xsw_status bandwidth_check(const struct vswitch *vswitch, const struct port_config *config,
                                struct xsw_error *error) XSW_MUST_CHECK;
/* Whether the external port's capacity is enough for all reservations with those of this port, of
 * the given id or a new one (0). Not for validation ports: a trial reserves nothing. */
enum xsw_status bandwidth_check_sum(const struct vswitch *vswitch, const struct port_config *config,
                                    uint16_t id, struct xsw_error *error) XSW_MUST_CHECK;
/* Whether the switch may change to this mode: no port has what it does not allow. */
enum xsw_status bandwidth_mode_check(const struct vswitch *vswitch, enum bandwidth_mode mode,
                                     struct xsw_error *error) XSW_MUST_CHECK;

enum bandwidth_verdict {
    BANDWIDTH_PASS,
    BANDWIDTH_HELD, /* it waits: the stage leaves it out of its batch */
    BANDWIDTH_DROP  /* for *reason */
};

/* Stage egress-policy, behind its checks and changes. Only when pipeline->has_bandwidth. */
enum bandwidth_verdict bandwidth_take(struct worker *worker, const struct stage *stage,
                                      struct packet *packet, uint16_t *reason);
/* Releases what is due and says when it wants to be called next: absolute, UINT64_MAX when nothing
 * waits. In each turn while pipeline->has_bandwidth. */
uint64_t bandwidth_run(struct worker *worker, uint64_t now_ns);

#endif
