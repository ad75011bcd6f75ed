/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_ACL_H
#define XSW_SWITCH_ACL_H

/*
 * Port access lists, compiled: rules in the order of evaluation, each a few masked comparisons. The
 * lists are part of the immutable snapshot; workers read them, the control thread makes them.
 */

#include <stdint.h>

#include <xsw/packet.h>

#include "switch/config.h"

struct acl_compiled_rule {
    uint32_t id;
    uint32_t counter;         /* index into worker_counters.rules */
    uint32_t kind_mask, kind; /* EtherType and protocol, as packet_kind() packs them in acl.c */
    uint8_t action;           /* enum acl_action */
    uint8_t needs;            /* which of the conditions below are set; see acl.c */
    uint8_t family;           /* of the addresses: 0, 4 or 6 */
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
/* The rule that decides, or null: none matches, the packet is allowed. */
const struct acl_compiled_rule *acl_match(const struct acl_list *list,
                                          const struct xsw_packet *packet);

#endif
