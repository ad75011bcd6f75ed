/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_ACL_H
#define XSW_SWITCH_ACL_H

/*
 * Port access lists, compiled: rules in the order of evaluation, each a few masked comparisons. The
 * lists are part of the immutable snapshot; workers read them, the control thread makes them.
 */

#include <stdint.h>

#include <xsw/packet.h>

#include "switch/config/config.h"

struct acl_compiled_rule {
    uint32_t id;
    uint32_t counter;          /* index into worker_counters.rules */
    uint32_t stateful_seconds; /* 0: keeps no connections */
    uint32_t kind_mask, kind;  /* EtherType and protocol, as packet_kind() packs them in acl.c */
    uint8_t action;            /* enum acl_action */
    uint8_t needs;             /* which of the conditions below are set; see acl.c */
    uint8_t family;            /* of the addresses: 0, 4 or 6 */
    uint64_t source_mac, destination_mac; /* mac_load() */
    struct port_range source_ports, destination_ports;
    uint64_t source[2], source_mask[2]; /* address bytes as loaded from the packet */
    uint64_t destination[2], destination_mask[2];
};

struct acl_list {
    uint32_t count;
    struct acl_compiled_rule *rules; /* owned by the snapshot */
};

void acl_compile(const struct acl_rule *rule, uint32_t counter, struct acl_compiled_rule *compiled);
/* Order of evaluation: for qsort. */
int acl_rule_compare(const void *a, const void *b);
/* The first rule that matches, from place `first` on; null: none. */
const struct acl_compiled_rule *acl_match_from(const struct acl_list *list, uint32_t first,
                                               const struct xsw_packet *packet);

static inline const struct acl_compiled_rule *acl_match(const struct acl_list *list,
                                                        const struct xsw_packet *packet)
{
    return acl_match_from(list, 0, packet);
}

struct worker;
struct packet;

/* What the port's access list says: of the source port for ACL_IN, of the destination port for
 * ACL_OUT. Counts for the rules, keeps connections, and notes the rule that decided in *rule and in
 * the packet; 0 when none did. REASON_ACL_DENIED or REASON_NONE. Worker. */
uint16_t acl_decide(struct worker *worker, struct packet *packet, enum acl_direction direction,
                    uint32_t *rule);

#endif
