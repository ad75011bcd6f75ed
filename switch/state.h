/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_STATE_H
#define XSW_SWITCH_STATE_H

/* The switch as the control thread keeps it: what was configured, and what was made of it. Private
 * to the sources of switch/ that implement switch.h. Control thread only, but for `published`. */

#include <stdatomic.h>
#include <stdbool.h>

#include "switch/events.h"
#include "switch/extension/extension_host.h"
#include "switch/extension/references.h"
#include "switch/path/pipeline.h"
#include "switch/path/reasons.h"
#include "switch/path/worker.h"
#include "switch/switch.h"

struct change_log;
struct feature_store;

struct acl_slot {
    struct acl_rule rule;
    uint32_t counter;  /* index into worker_counters.rules */
    uint64_t baseline; /* of that counter when the rule was made */
};

/* What is to be deleted as soon as no reference of an extension holds it any more. */
enum port_leaving { PORT_STAYS, PORT_NIC_LEAVES, PORT_LEAVES };

/* A port that was removed leaves its name behind, until another one gets its id. */
struct port_slot {
    enum xsw_port_state life; /* XSW_STATE_NOT_CREATED: there is none with this id */
    bool is_validation;       /* a trial: see vswitch_port_validate */
    bool was_seen;            /* its NIC was there: packets may have its id */
    bool is_waiting;          /* a reference holds up its deletion, and the log says so */
    enum port_leaving leaving;
    struct port *port;             /* its NIC; null: it has none now */
    uint64_t opened_ns;            /* CLOCK_MONOTONIC, when the NIC had been opened */
    uint64_t since;                /* generation of the first snapshot with it */
    uint64_t removed_at;           /* generation; meaningful when there is none */
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
    bool is_active; /* everything that was configured at the start is there */
    bool is_held;   /* changes are gathered: nothing is published until the last one is in */
    struct vswitch_log log;
    struct vswitch_devices devices;
    const struct extension_interposer *interposer; /* null: none */
    struct port_slot ports[XSW_PORTS_MAX];         /* by id */
    uint16_t next_port;
    struct references references; /* to ports and NICs, by extensions */
    struct extension_instance
        *extensions[CONFIG_EXTENSIONS_MAX]; /* newest first within each kind */
    uint32_t extension_count;
    uint16_t next_self;             /* see extension_instance.self */
    struct feature_store *features; /* values of extensions' features; null: none yet */
    struct stage_info stages[STAGES_MAX];
    uint16_t next_stage;
    struct reasons reasons;
    struct mac_table *macs;
    struct storm *storms; /* by port id; written by the workers */
    uint64_t macs_aged;
    struct frame_queue *announcements; /* null: there never was one */
    uint8_t rule_is_used[RULES_MAX];
    struct xsw_flow_table *connections; /* null until the first stateful rule */
    struct bandwidth *bandwidth;
    struct event_sink *event_sinks[EVENT_SINKS_MAX];
    struct change_log *changes; /* owned */
    struct observer *observers[OBSERVERS_MAX];
    struct port_name *past_ports; /* owned; oldest first: see switch_port_ids.c */
    size_t past_count, past_capacity;
    struct worker *workers[CONFIG_WORKERS_MAX];
    uint32_t worker_count;
    _Atomic(const struct pipeline *) published;
};

static inline bool port_slot_exists(const struct port_slot *slot)
{
    return slot->life != XSW_STATE_NOT_CREATED;
}

/* Whether packets come and go: the port has a NIC, and it is connected. */
static inline bool port_slot_is_connected(const struct port_slot *slot)
{
    return slot->port != NULL && slot->life == XSW_STATE_CONNECTED;
}

/* Builds a snapshot of the state; the caller publishes or frees it. */
enum xsw_status pipeline_build(const struct vswitch *vswitch, struct pipeline **pipeline,
                               struct xsw_error *error) XSW_MUST_CHECK;
void pipeline_free(const struct pipeline *pipeline); /* accepts null */
/* The part of it that is about ports; XSW_NO_MEMORY or XSW_OK. */
enum xsw_status pipeline_ports_build(const struct vswitch *vswitch,
                                     struct pipeline *pipeline) XSW_MUST_CHECK;
/* And the part about event sinks and names, when the observers are in it. */
void pipeline_events_build(const struct vswitch *vswitch, struct pipeline *pipeline);
/* For mac_table_age; the context is the switch. */
void vswitch_event_mac_aged(void *context, uint64_t key, uint16_t port);

/* Builds, publishes, waits until every worker has taken it up, frees the old one. On failure
 * nothing has changed for the workers; the caller restores the state. */
enum xsw_status vswitch_publish(struct vswitch *vswitch, struct xsw_error *error) XSW_MUST_CHECK;

uint32_t vswitch_now_seconds(const struct vswitch *vswitch); /* the switch's clock */

/* Completes the deletions that no reference holds up any more. */
void vswitch_ports_settle(struct vswitch *vswitch);

/* An id for a new port, of which no packet is under way any more that means another one. */
enum xsw_status port_id_take(struct vswitch *vswitch, uint16_t *taken,
                             struct xsw_error *error) XSW_MUST_CHECK;
/* Before the slot of an id is filled anew: whose it was stays known for a while; and once it has
 * its new name, those who look on learn of it. */
enum xsw_status port_id_forget(struct vswitch *vswitch, uint16_t id,
                               struct xsw_error *error) XSW_MUST_CHECK;
enum xsw_status port_id_tell(const struct vswitch *vswitch, struct xsw_error *error) XSW_MUST_CHECK;

/* What an id has counted, ever. */
struct port_counters vswitch_port_sums(const struct vswitch *vswitch, uint16_t id);

/* 0 when there is none of that name. */
uint16_t vswitch_port_id(const struct vswitch *vswitch, const char *name);

/* The sum over the workers of a counter, given by its place in worker_counters. */
uint64_t vswitch_sum(const struct vswitch *vswitch, size_t offset);
#define VSWITCH_SUM(vswitch, member) vswitch_sum(vswitch, offsetof(struct worker_counters, member))

#endif
