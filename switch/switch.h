/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_SWITCH_H
#define XSW_SWITCH_SWITCH_H

/*
 * The switch as the control thread sees it: create, configure while traffic flows, read, destroy.
 * Every change builds a new pipeline snapshot, publishes it with one release store, wakes the
 * workers and waits until each has passed a quiet point; when the call returns, the change is in
 * force for every packet received from then on.
 *
 * Threads: all functions here are for one thread, the control thread. Errors: `error` is optional.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xsw/error.h>

#include "switch/config.h"

struct vswitch;
struct observer;

/* Workers are created but do not run before vswitch_start. */
enum xsw_status vswitch_create(const struct switch_config *config, struct vswitch **vswitch,
                               struct xsw_error *error) XSW_MUST_CHECK;
enum xsw_status vswitch_start(struct vswitch *vswitch, struct xsw_error *error) XSW_MUST_CHECK;
/* Stops the workers, closes ports, retires extensions. Accepts null. */
void vswitch_destroy(struct vswitch *vswitch);

/* Where lines "event: key=value" go; nowhere at first. Called on the control thread. */
struct vswitch_log {
    void (*line)(void *context, const char *line);
    void *context;
};
void vswitch_set_log(struct vswitch *vswitch, const struct vswitch_log *log);

const struct switch_config *vswitch_config(const struct vswitch *vswitch);
const char *vswitch_uuid(const struct vswitch *vswitch); /* new at every start */
uint64_t vswitch_generation(const struct vswitch *vswitch);
/* To be called about once a second: ages MAC entries, notices devices that vanished. */
void vswitch_tick(struct vswitch *vswitch);
/* Defaults that a person expects: tap, MTU 1500, access VLAN 1, no guard. */
void port_config_init(struct port_config *config);
void switch_config_init(struct switch_config *config);

/* Ports ------------------------------------------------------------------------------------- */

enum port_state {
    PORT_UP,
    PORT_DOWN,    /* the device is down */
    PORT_VANISHED /* the device is gone; the port stays until it is removed */
};

struct port_counters {
    uint64_t rx_packets, rx_bytes, tx_packets, tx_bytes, dropped_in, dropped_out;
};

struct port_info {
    uint16_t id;
    struct port_config config;
    enum port_state state;
    uint32_t queues;
    struct port_counters counters;
};

enum xsw_status vswitch_port_add(struct vswitch *vswitch, const struct port_config *config,
                                 uint16_t *id, struct xsw_error *error) XSW_MUST_CHECK;
/* The same with an access list that is in force before the first packet; `rules` get their ids. */
enum xsw_status vswitch_port_add_with_acl(struct vswitch *vswitch, const struct port_config *config,
                                          struct acl_rule *rules, size_t rule_count,
                                          struct xsw_error *error) XSW_MUST_CHECK;
enum xsw_status vswitch_port_remove(struct vswitch *vswitch, const char *name,
                                    struct xsw_error *error) XSW_MUST_CHECK;
/* Replaces MTU, VLAN, guard and mirror settings; name, kind, device and paths must be as they are.
 */
enum xsw_status vswitch_port_set(struct vswitch *vswitch, const struct port_config *config,
                                 struct xsw_error *error) XSW_MUST_CHECK;
/* Ports in ascending id. Fills at most `capacity`; returns how many there are. */
size_t vswitch_ports(struct vswitch *vswitch, struct port_info *ports, size_t capacity);
struct port_name {
    uint16_t id;
    enum port_kind kind;
    char name[CONFIG_NAME_SIZE];
};
/* As vswitch_ports, and also those that were removed, while their id is nobody else's. */
size_t vswitch_port_names(struct vswitch *vswitch, struct port_name *names, size_t capacity);
enum xsw_status vswitch_port_find(struct vswitch *vswitch, const char *name, struct port_info *port,
                                  struct xsw_error *error) XSW_MUST_CHECK;

/* Policies ----------------------------------------------------------------------------------- */

struct acl_rule_info {
    struct acl_rule rule;
    uint64_t packets; /* that it decided, ever */
};

/* Gives rule->id when it was 0. */
enum xsw_status vswitch_acl_add(struct vswitch *vswitch, const char *port, struct acl_rule *rule,
                                struct xsw_error *error) XSW_MUST_CHECK;
enum xsw_status vswitch_acl_remove(struct vswitch *vswitch, const char *port, uint32_t rule_id,
                                   struct xsw_error *error) XSW_MUST_CHECK;
/* In the order of evaluation. Fills at most `capacity`; `count` is how many there are. */
enum xsw_status vswitch_acl_list(struct vswitch *vswitch, const char *port,
                                 struct acl_rule_info *rules, size_t capacity, size_t *count,
                                 struct xsw_error *error) XSW_MUST_CHECK;

/* MAC table ---------------------------------------------------------------------------------- */

struct mac_entry {
    struct mac_address mac;
    uint16_t vlan;
    uint16_t port;
    uint32_t age_seconds; /* since a packet from it was last seen */
};

struct mac_counters {
    uint64_t entries, learned, moved, aged, refused; /* refused: the table was full */
};

size_t vswitch_macs(struct vswitch *vswitch, struct mac_entry *entries, size_t capacity);
struct mac_counters vswitch_mac_counters(struct vswitch *vswitch);
/* Forgets all, or those of a port when its id is not 0. */
void vswitch_mac_flush(struct vswitch *vswitch, uint16_t port);

/* Extensions --------------------------------------------------------------------------------- */

struct extension_info {
    char name[CONFIG_NAME_SIZE];
    char path[CONFIG_PATH_SIZE];
    char extension[CONFIG_NAME_SIZE]; /* the name in the descriptor */
    char version[CONFIG_NAME_SIZE];
    char kind[16]; /* capture, filter, forward */
    uint64_t packets, dropped, silently_dropped;
};

/* The newest of a class is on top: first on ingress, last on egress; and first in the list. */
enum xsw_status vswitch_extension_add(struct vswitch *vswitch,
                                      const struct extension_config *config,
                                      struct xsw_error *error) XSW_MUST_CHECK;
/* New settings for a running instance; the old state is retired. */
enum xsw_status vswitch_extension_set(struct vswitch *vswitch,
                                      const struct extension_config *config,
                                      struct xsw_error *error) XSW_MUST_CHECK;
enum xsw_status vswitch_extension_remove(struct vswitch *vswitch, const char *name,
                                         struct xsw_error *error) XSW_MUST_CHECK;
size_t vswitch_extensions(struct vswitch *vswitch, struct extension_info *extensions,
                          size_t capacity);
struct setting_info {
    char name[CONFIG_NAME_SIZE];
    const char *const *texts; /* valid until the next change of the extension */
    size_t text_count;
    bool is_default;
};
/* The settings in force of an instance, by place from 0; XSW_END behind the last. */
enum xsw_status vswitch_extension_setting(struct vswitch *vswitch, const char *name, size_t place,
                                          struct setting_info *setting) XSW_MUST_CHECK;

/* Stages, reasons, accounts ------------------------------------------------------------------ */

enum {
    STAGES_MAX = 64, /* ids 0 … 63; an id is never used again for another stage */
    REASONS_MAX = 192
};

struct stage_info {
    uint16_t id;
    uint16_t order; /* place in the pipeline now; 0xffff when it is no longer in it */
    bool egress;    /* behind forwarding: its packets have a destination */
    char name[2 * CONFIG_NAME_SIZE];  /* rx, ingress-filter.NAME, … */
    char extension[CONFIG_NAME_SIZE]; /* instance name, or empty */
};

struct stage_counters {
    uint64_t in, clones, injected, out, dropped, held; /* packets */
};

struct reason_info {
    uint16_t id;
    char name[CONFIG_NAME_SIZE];
    char sentence[128];
    char owner[CONFIG_NAME_SIZE]; /* the extension that declared it, or "xsw" */
};

size_t vswitch_stages(struct vswitch *vswitch, struct stage_info *stages, size_t capacity);
size_t vswitch_reasons(struct vswitch *vswitch, struct reason_info *reasons, size_t capacity);
struct stage_counters vswitch_stage_counters(struct vswitch *vswitch, uint16_t stage);
/* Packets dropped at `stage` for `reason`, ever. */
uint64_t vswitch_dropped(struct vswitch *vswitch, uint16_t stage, uint16_t reason);

/* Observers ---------------------------------------------------------------------------------- */

/* Attaches an observer (see switch/observe.h); it sees every packet received after the return. At
 * most OBSERVERS_MAX. The caller owns it and keeps it until vswitch_observer_remove returned. */
enum xsw_status vswitch_observer_add(struct vswitch *vswitch, struct observer *observer,
                                     struct xsw_error *error) XSW_MUST_CHECK;
/* When it returns XSW_OK no worker uses the observer any more. It fails only without memory; the
 * observer then stays attached. */
enum xsw_status vswitch_observer_remove(struct vswitch *vswitch, struct observer *observer,
                                        struct xsw_error *error) XSW_MUST_CHECK;
uint32_t vswitch_worker_count(const struct vswitch *vswitch);

/* Without vswitch_start, a test or a benchmark drives a worker by itself: worker_turn(). */
struct worker;
struct worker *vswitch_worker(struct vswitch *vswitch, uint32_t index);
/* The kind's own object, to feed and to drain a memory port; null when there is no such port. */
struct port;
struct port *vswitch_port_object(struct vswitch *vswitch, const char *name);

#endif
