/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_FLOWFILTER_RULES_H
#define XSW_FLOWFILTER_RULES_H

/*
 * The rules of a flow filter: those of its settings, which hold for all ports, and those that were
 * added to single ports. The control thread keeps them in a register; the workers read a table, an
 * immutable picture of the register. A rule that has gone is marked first, so that it ends even
 * when there is no memory for a new table.
 *
 * Threads: the control thread, but for a published table, which all may read.
 */

#include <pcap/pcap.h>
#include <stdatomic.h>
#include <stdint.h>

#include <xsw/extension.h>

enum {
    RULES_SETTING_MAX = 1024, /* in the settings */
    RULES_SLOT_BITS = 11,
    RULES_MAX = 1 << RULES_SLOT_BITS, /* of an instance, with those of its ports */
    RULE_STATEFUL_DEFAULT = 255,
    RULE_STATEFUL_MAX = 7 * 86400,
    RULE_TEXT_SIZE = 200
};

struct rule {
    struct bpf_program program;
    uint32_t id;
    uint32_t order;            /* in its list */
    uint32_t serial;           /* the slot, and how often that was used: of this rule alone */
    uint32_t stateful_seconds; /* 0: keeps no connections */
    uint16_t port;             /* 0: of all ports */
    uint16_t action;           /* enum xsw_action */
    uint16_t directions;       /* sum of enum xsw_direction */
    uint16_t slot;
    _Atomic uint8_t has_gone;
    uint8_t is_prepared;                         /* not there yet: the sweep leaves it */
    uint64_t packets_before, connections_before; /* counted for the slot by rules before it */
    char text[RULE_TEXT_SIZE];                   /* as a person wrote it, maybe cut off */
};

struct rule_list {
    uint32_t first, count; /* among the table's rules */
    uint16_t directions;   /* that its rules name */
};

struct rule_table {
    uint64_t generation;
    uint32_t count;
    uint8_t has_stateful;
    struct rule_list lists[XSW_PORTS_MAX]; /* by port; 0: of all ports */
    struct rule *slots[RULES_MAX];
    struct rule *rules[]; /* by port and order */
};

struct rule_register {
    uint64_t generation;
    struct rule *slots[RULES_MAX]; /* owned */
    uint32_t uses[RULES_MAX];
    void *spare; /* memory for the next table, so that it cannot fail */
};

/* "ID allow|deny [in|out|both] EXPRESSION [stateful[=SECONDS]]"; `place`: in the list, from 0. */
enum xsw_status rule_parse(const char *text, uint32_t place, struct rule **rule,
                           struct xsw_error *error) XSW_MUST_CHECK;
/* Of the fields of an entry of a port: action, direction, expression, stateful. */
enum xsw_status rule_make(const struct xsw_setting *fields, uint32_t id, uint16_t port,
                          struct rule **rule, struct xsw_error *error) XSW_MUST_CHECK;
void rule_destroy(struct rule *rule); /* accepts null */

/* Takes the rule into a free slot. */
enum xsw_status rule_register_add(struct rule_register *rules, struct rule *rule,
                                  struct xsw_error *error) XSW_MUST_CHECK;
/* The rule with this id in the list of the port, null when there is none. */
struct rule *rule_register_find(const struct rule_register *rules, uint16_t port, uint32_t id);
/* Frees a rule that no table has had. */
void rule_register_drop(struct rule_register *rules, struct rule *rule);
/* Frees the rules that have gone: when no worker has a table with them any more. */
void rule_register_sweep(struct rule_register *rules);
void rule_register_fini(struct rule_register *rules);
/* Sees to it that the next table will find memory. */
enum xsw_status rule_register_reserve(struct rule_register *rules,
                                      struct xsw_error *error) XSW_MUST_CHECK;
/* A table of the rules that have not gone. Null: no memory. To be freed with free(). */
struct rule_table *rule_register_table(struct rule_register *rules);

#endif
