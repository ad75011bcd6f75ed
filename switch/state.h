/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_STATE_H
#define XSW_SWITCH_STATE_H

/* The switch as the control thread keeps it: what was configured, and what was made of it. Private
 * to the sources of switch/ that implement switch.h. Control thread only, but for `published`. */

#include <stdatomic.h>
#include <stdbool.h>

#include "switch/extension_host.h"
#include "switch/pipeline.h"
#include "switch/reasons.h"
#include "switch/switch.h"
#include "switch/worker.h"

struct acl_slot {
    struct acl_rule rule;
    uint32_t counter;  /* index into worker_counters.rules */
    uint64_t baseline; /* of that counter when the rule was made */
};

/* A port that was removed leaves its name behind, until another one gets its id. */
struct port_slot {
    struct port *port;             /* null: there is none now */
    uint64_t removed_at;           /* generation; meaningful without a port */
    struct port_counters baseline; /* what the id had counted when the port was made */
    struct port_config config;
    enum port_state state;
    struct acl_slot *acl; /* owned; in the order of evaluation */
    uint32_t acl_count;
};

struct vswitch {
    struct switch_config config;
    char uuid[37];
    uint64_t generation;
    bool is_started;
    bool is_held; /* changes are gathered: nothing is published until the last one is in */
    struct vswitch_log log;
    struct port_slot ports[XSW_PORTS_MAX]; /* by id */
    uint16_t next_port;
    struct extension_instance
        *extensions[CONFIG_EXTENSIONS_MAX]; /* newest first within each kind */
    uint32_t extension_count;
    struct stage_info stages[STAGES_MAX];
    uint16_t next_stage;
    struct reasons reasons;
    struct mac_table *macs;
    uint64_t macs_aged;
    uint8_t rule_is_used[RULES_MAX];
    struct observer *observers[OBSERVERS_MAX];
    uint64_t observed_since[OBSERVERS_MAX]; /* generation */
    struct worker *workers[CONFIG_WORKERS_MAX];
    uint32_t worker_count;
    _Atomic(const struct pipeline *) published;
};

/* Builds a snapshot of the state; the caller publishes or frees it. */
enum xsw_status pipeline_build(const struct vswitch *vswitch, struct pipeline **pipeline,
                               struct xsw_error *error) XSW_MUST_CHECK;
void pipeline_free(const struct pipeline *pipeline); /* accepts null */

/* Builds, publishes, waits until every worker has taken it up, frees the old one. On failure
 * nothing has changed for the workers; the caller restores the state. */
enum xsw_status vswitch_publish(struct vswitch *vswitch, struct xsw_error *error) XSW_MUST_CHECK;

uint32_t vswitch_now_seconds(const struct vswitch *vswitch); /* the switch's clock */

/* 0 when there is none of that name. */
uint16_t vswitch_port_id(const struct vswitch *vswitch, const char *name);

/* The sum over the workers of a counter, given by its place in worker_counters. */
uint64_t vswitch_sum(const struct vswitch *vswitch, size_t offset);
#define VSWITCH_SUM(vswitch, member) vswitch_sum(vswitch, offsetof(struct worker_counters, member))

#endif
