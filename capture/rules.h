/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CAPTURE_RULES_H
#define XSW_CAPTURE_RULES_H

/*
 * The rules of a capture session, compiled for the workers: immutable from the moment at which the
 * workers know them, but for what is said of members.
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

enum { RULES_KEPT_MAX = 8 };

struct rules {
    struct capture_rules told; /* the texts, owned, and the numbers */
    /* Those before: a packet is judged by the rules under which it came in, however long somebody
     * holds it. Owned; RULES_KEPT_MAX of them at most. */
    _Atomic(struct rules *) older;
    /* By worker: the id of the first packet that it asked about by these; UINT64_MAX: none yet. Its
     * worker's alone. */
    uint64_t since_ids[CONFIG_WORKERS_MAX];
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
 * was expected. `before`, or null: those that these are to replace. A name that they have too may
 * be that of a port that is gone; nothing has to do with it until there is one of that name again.
 */
enum xsw_status rules_create(struct vswitch *vswitch, const struct capture_rules *told,
                             const struct rules *before, struct rules **rules,
                             struct xsw_error *error) XSW_MUST_CHECK;
/* Whether other rules may come of the same texts when there are other ports. */
bool rules_name_ports(const struct rules *rules);
void rules_destroy(struct rules *rules); /* and those before; accepts null */
/* `rules` come in the place of `before`, which they keep. Returns those that are no longer kept;
 * workers may look at them until each has begun another batch. */
struct rules *rules_replace(struct rules *rules, struct rules *before) XSW_MUST_CHECK;
/* Whether those before may be about a packet with this id. */
static inline bool rules_may_be_older(const struct rules *rules, uint32_t worker, uint64_t id)
{
    return rules->since_ids[worker] > id;
}
/* The rules under which the packet with this id came in on the worker. */
static inline struct rules *rules_of(struct rules *rules, uint32_t worker, uint64_t id)
{
    struct rules *older;
    while (rules->since_ids[worker] > id &&
           (older = atomic_load_explicit(&rules->older, memory_order_acquire)) != NULL) {
        rules = older;
    }
    return rules;
}
/* Whether the workers would do the same by both, and people are told the same of them. */
bool rules_are_same(const struct rules *rules, const struct rules *other);

#endif
