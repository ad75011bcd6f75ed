/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_CONNECTIONS_H
#define XSW_SWITCH_CONNECTIONS_H

/*
 * The connections that stateful access rules let pass, so that their answers pass too. One table a
 * switch, in the shape of <xsw/flow_table.h>: keyed by port, VLAN (of a trunk) and the two ends; it
 * is made when the first stateful rule is, and outlives the snapshots. An entry names the list and
 * the rule that made it.
 *
 * A TCP segment without RST makes or refreshes one, so that a connection that is older than its
 * rule is taken up; after FIN of both sides, or RST of one, it ends within
 * CONNECTIONS_CLOSING_SECONDS, and a new SYN begins a new one. ICMP errors and the fragments of a
 * packet pass with its connection, but for fragments that overtake the first one.
 *
 * Threads: connections_learn and connections_find by workers; the rest by the control thread.
 */

#include <stdint.h>

#include <xsw/error.h>
#include <xsw/flow_table.h>

#include "switch/config/config.h"

struct acl_compiled_rule;

enum {
    CONNECTIONS_MAX = 65536, /* of a switch */
    CONNECTIONS_CLOSING_SECONDS = 5,
    CONNECTIONS_TIMEOUT_DEFAULT = 255,
    CONNECTIONS_TIMEOUT_MAX = 7 * 86400
};

/* Flag of an entry that is no connection: the first fragment of a packet has passed, and for a
 * moment those that follow it pass by the same rule. It goes with the last one. */
enum { CONNECTIONS_OF_FRAGMENTS = 8 };

enum xsw_status connections_create(struct xsw_flow_table **table,
                                   struct xsw_error *error) XSW_MUST_CHECK;
void connections_destroy(struct xsw_flow_table *table); /* accepts null */
/* Forgets those of a port's rule, or of all its rules when `rule` is 0. After the snapshot without
 * them is in force. Accepts null. */
void connections_forget(struct xsw_flow_table *table, uint16_t port, uint32_t rule);

/* vlan: 0 unless the port is a trunk. */
static inline uint32_t connections_scope(uint16_t port, uint32_t vlan)
{
    return (uint32_t)port << 12 | vlan;
}

static inline uint16_t connections_port(const struct xsw_flow_record *record)
{
    return (uint16_t)(record->scope >> 12);
}

static inline uint16_t connections_vlan(const struct xsw_flow_record *record)
{
    return record->scope & 0xfff;
}

/* The list with the rule that made the entry. */
static inline enum acl_direction connections_list(const struct xsw_flow *flow)
{
    return (flow->value.flags & 1) != 0 ? ACL_OUT : ACL_IN;
}

/* A packet as a port's connections see it. */
struct connection_packet {
    const struct xsw_packet *packet;
    enum acl_direction direction; /* the list that it comes to */
    uint32_t scope;
    uint32_t now_seconds;
};

/* Whether the packet answers a connection that the port's other list let pass, or is an ICMP error
 * about a packet of a connection. Refreshes the connection; `flow` is then filled. */
int connections_find(struct xsw_flow_table *table, const struct connection_packet *packet,
                     struct xsw_flow *flow);
/* The rule let the packet pass: makes its connection, or refreshes it. */
void connections_learn(struct xsw_flow_table *table, const struct connection_packet *packet,
                       const struct acl_compiled_rule *rule);

#endif
