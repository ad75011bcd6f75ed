/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CAPTURE_RULES_H
#define XSW_CAPTURE_RULES_H

/*
 * The rules of a capture session, compiled for the workers: immutable from the moment at which the
 * workers know them.
 *
 * Threads: made and destroyed on the control thread, read by workers.
 */

#include <pcap/pcap.h>
#include <stdatomic.h>
#include <stdint.h>

#include <xsw/error.h>
#include <xsw/packet.h>

#include "capture/session.h"
#include "capture/where.h"
#include "switch/policy/bandwidth.h"

struct rules {
    struct capture_rules told;  /* the texts, owned, and the numbers */
    struct rules *older;        /* that a worker may still use; owned */
    uint32_t number;            /* from 1 */
    struct bpf_program program; /* without instructions: everything matches */
    struct where *where;        /* null: every journey is wanted */
    struct xsw_port_set ports;
    uint64_t stages;            /* bit n: stage n; 0: all */
    struct bandwidth_rate rate; /* of journeys; .rate 0: no limit */
    uint8_t has_ports;
    uint8_t asks_at_begin; /* something else than the filter is asked when a packet comes in */
    uint8_t asks_at_end;   /* something is asked when a journey is over */
};

/* Names of ports and stages mean what they name now. Errors name the member of the rules, and what
 * was expected. */
enum xsw_status rules_create(struct vswitch *vswitch, const struct capture_rules *told,
                             struct rules **rules, struct xsw_error *error) XSW_MUST_CHECK;
void rules_destroy(struct rules *rules); /* accepts null */
/* Whether the workers would do the same by both, and people are told the same of them. */
bool rules_are_same(const struct rules *rules, const struct rules *other);

#endif
