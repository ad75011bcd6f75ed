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
#include <xsw/extension.h>
#include <xsw/flow_parts.h>

#include "switch/config/config.h"

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

/* Asked before a network device becomes that of a port: whether other switches leave it. Null, as
 * at first: there are none. The switch itself looks at its own ports. */
struct vswitch_devices {
    enum xsw_status (*check)(void *context, const char *device, struct xsw_error *error);
    void *context;
};
void vswitch_set_devices(struct vswitch *vswitch, const struct vswitch_devices *devices);
/* The name of the port that has the device open; null: none has. */
const char *vswitch_device_port(const struct vswitch *vswitch, const char *device);

const struct switch_config *vswitch_config(const struct vswitch *vswitch);
/* Replaces name, type, bandwidth mode and the MAC table's limits, while packets pass; workers and
 * buffers must be as they are. XSW_BUSY: a port is there that the new type does not allow. */
enum xsw_status vswitch_set(struct vswitch *vswitch, const struct switch_config *config,
                            struct xsw_error *error) XSW_MUST_CHECK;
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
    PORT_DOWN,     /* the device is down */
    PORT_VANISHED, /* the device is gone; the port stays until it is removed */
    PORT_NO_NIC    /* the port has no device now */
};

struct port_counters {
    uint64_t rx_packets, rx_bytes, tx_packets, tx_bytes, dropped_in, dropped_out;
};

/* What a kind of port counts beside that, and only it: frames cut from larger packets, packets that
 * the kernel lost before the switch saw them. */
enum { PORT_NUMBERS_MAX = 8, PORT_ADVICE_SIZE = 240 };
struct port_number {
    const char *name; /* as in JSON: "tx_segments"; of static life */
    uint64_t value;
};

/* Where the device of a port is, as the kernel's own events name it. */
enum { PORT_DEVICE_SIZE = 16 };
struct port_place {
    char device[PORT_DEVICE_SIZE]; /* empty: the port has none, or it is not known */
    uint64_t netns;                /* inode of the network namespace; 0: not known */
    uint64_t since_ns;             /* CLOCK_MONOTONIC: the port has had it at least since then */
};

/* What waits for bandwidth, and what had no room to. */
struct bandwidth_info {
    uint64_t queued_packets, queued_bytes; /* of the port, for its limit */
    uint64_t dropped;
    uint64_t capacity_packets, capacity_bytes; /* of others, for its capacity as a destination */
    uint64_t capacity_dropped;
};

struct port_info {
    uint16_t id;
    struct port_config config;
    enum port_state state;
    enum xsw_port_state life; /* where it is in its life */
    bool is_leaving;          /* it, or its NIC, goes as soon as no extension holds it */
    uint32_t queues;
    struct port_counters counters;
    struct port_number numbers[PORT_NUMBERS_MAX]; /* of its kind */
    uint32_t number_count;
    struct bandwidth_info bandwidth;
    struct port_place place;
    char advice[PORT_ADVICE_SIZE]; /* what a person should know or do about its device; or empty */
};

/*
 * A port comes into being by steps that extensions take part in: the port, its policies, its NIC
 * (none with PORT_KIND_NONE), the connection. One that is refused or fails takes all of those
 * before it back, and nothing has happened; XSW_DENIED: an extension refused, and the error tells
 * which and why. vswitch_port_add goes all the way.
 */
enum xsw_status vswitch_port_add(struct vswitch *vswitch, const struct port_config *config,
                                 uint16_t *id, struct xsw_error *error) XSW_MUST_CHECK;
/* A port with all that is to be in force before its first packet. */
struct port_request {
    struct port_config config;
    struct acl_rule *rules; /* get their ids */
    size_t rule_count;
    /* What else is to be configured: called when the port exists and has no NIC yet. A failure
     * takes the port back. May be null. */
    enum xsw_status (*configure)(void *context, struct vswitch *vswitch, const char *port,
                                 struct xsw_error *error);
    void *context;
};
enum xsw_status vswitch_port_make(struct vswitch *vswitch, const struct port_request *request,
                                  uint16_t *id, struct xsw_error *error) XSW_MUST_CHECK;
/* Asks the extensions whether they would accept such a port, by a trial that is made and deleted
 * again: no NIC, nothing reserved, nothing tried that depends on what is available now. */
enum xsw_status vswitch_port_validate(struct vswitch *vswitch, const struct port_request *request,
                                      struct xsw_error *error) XSW_MUST_CHECK;
/* All the way back. XSW_BUSY: an extension holds the NIC or the port; the error names the holders.
 * The port carries nothing any more then, and the rest happens by itself when they let go. */
enum xsw_status vswitch_port_remove(struct vswitch *vswitch, const char *name,
                                    struct xsw_error *error) XSW_MUST_CHECK;
/* Replaces the friendly name, MTU and policies; name, role, kind, device and paths must be as they
 * are. Extensions are asked about each policy that changes; one refusal refuses all. */
enum xsw_status vswitch_port_set(struct vswitch *vswitch, const struct port_config *config,
                                 struct xsw_error *error) XSW_MUST_CHECK;

/* The NIC of a port that exists. What is read of `config`: name, kind, device, paths and timing.
 * XSW_UNSUPPORTED: not in the state that the port is in. */
enum xsw_status vswitch_nic_add(struct vswitch *vswitch, const struct port_config *config,
                                struct xsw_error *error) XSW_MUST_CHECK;
enum xsw_status vswitch_nic_connect(struct vswitch *vswitch, const char *port,
                                    struct xsw_error *error) XSW_MUST_CHECK;
enum xsw_status vswitch_nic_disconnect(struct vswitch *vswitch, const char *port,
                                       struct xsw_error *error) XSW_MUST_CHECK;
/* Disconnects it first when it is connected. XSW_BUSY: an extension holds it, as for
 * vswitch_port_remove. */
enum xsw_status vswitch_nic_remove(struct vswitch *vswitch, const char *port,
                                   struct xsw_error *error) XSW_MUST_CHECK;

/* Everything that was configured at the start is there: extensions learn it, and may enumerate from
 * now on. Once in the life of a switch. */
void vswitch_activate(struct vswitch *vswitch);
bool vswitch_is_active(const struct vswitch *vswitch);

/* Ports in ascending id. Fills at most `capacity`; returns how many there are. */
size_t vswitch_ports(struct vswitch *vswitch, struct port_info *ports, size_t capacity);
struct port_name {
    uint16_t id;
    enum port_kind kind;
    char name[CONFIG_NAME_SIZE];
    uint64_t since; /* generation of the first snapshot in which the id meant this port */
};
enum { VSWITCH_PAST_PORTS_MAX = 2048 };
/* As vswitch_ports, and also those that were removed, while their id is nobody else's. */
size_t vswitch_port_names(struct vswitch *vswitch, struct port_name *names, size_t capacity);
/* What ids meant before they were given to other ports, in the order in which they lost them: as
 * far back as an observer may ask (struct observer, names_since), and VSWITCH_PAST_PORTS_MAX at
 * most. An id means the port with the highest `since` that is not above the generation that is
 * asked about. Returns how many. */
size_t vswitch_past_ports(struct vswitch *vswitch, const struct port_name **names);
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
/* Another rule in the place of the one with its id, at once: no packet is without either. */
enum xsw_status vswitch_acl_set(struct vswitch *vswitch, const char *port,
                                const struct acl_rule *rule,
                                struct xsw_error *error) XSW_MUST_CHECK;
enum xsw_status vswitch_acl_remove(struct vswitch *vswitch, const char *port, uint32_t rule_id,
                                   struct xsw_error *error) XSW_MUST_CHECK;
/* In the order of evaluation. Fills at most `capacity`; `count` is how many there are. */
enum xsw_status vswitch_acl_list(struct vswitch *vswitch, const char *port,
                                 struct acl_rule_info *rules, size_t capacity, size_t *count,
                                 struct xsw_error *error) XSW_MUST_CHECK;

/* A connection that a stateful rule let pass. */
struct connection_info {
    uint16_t port; /* whose rule it is */
    uint16_t vlan; /* of a trunk, else 0 */
    uint32_t rule;
    enum acl_direction direction;  /* the rule's */
    struct xsw_flow_parts parts;   /* in the direction of the rule */
    uint32_t age_seconds;          /* since the first packet */
    uint32_t idle_seconds;         /* since the last one */
    uint32_t timeout_seconds;      /* it goes when it is idle for longer */
    bool is_closing;               /* TCP: both sides have ended it, or one has reset it */
    uint64_t packets[2], bytes[2]; /* in the direction of the rule, and the answers */
};

struct connection_counters {
    uint64_t live, refused; /* refused: the table was full, and the answers have no entry */
    uint64_t limit;         /* of a switch */
};

/* port: null for all. Fills at most `capacity`; `count` is how many there are. */
enum xsw_status vswitch_connections(struct vswitch *vswitch, const char *port,
                                    struct connection_info *connections, size_t capacity,
                                    size_t *count, struct xsw_error *error) XSW_MUST_CHECK;
struct connection_counters vswitch_connection_counters(const struct vswitch *vswitch);

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
    bool is_enabled;
    uint64_t packets, dropped, silently_dropped;
    uint64_t violations; /* of the rules of the data path, ever */
};

/* The newest of a class is on top: first on ingress, last on egress; and first in the list, which
 * goes by class: capture, filter, forward. */
enum xsw_status vswitch_extension_add(struct vswitch *vswitch,
                                      const struct extension_config *config,
                                      struct xsw_error *error) XSW_MUST_CHECK;
/* New settings for a running instance; the old state is retired. */
enum xsw_status vswitch_extension_set(struct vswitch *vswitch,
                                      const struct extension_config *config,
                                      struct xsw_error *error) XSW_MUST_CHECK;
enum xsw_status vswitch_extension_remove(struct vswitch *vswitch, const char *name,
                                         struct xsw_error *error) XSW_MUST_CHECK;
/* Into the pipeline and out of it. A disabled instance keeps its settings, its place and its
 * features' values, and loses its state. Doing what is done already is no error. */
enum xsw_status vswitch_extension_enable(struct vswitch *vswitch, const char *name,
                                         struct xsw_error *error) XSW_MUST_CHECK;
enum xsw_status vswitch_extension_disable(struct vswitch *vswitch, const char *name,
                                          struct xsw_error *error) XSW_MUST_CHECK;
/* Where in its class an instance goes; before is above. */
enum extension_place { EXTENSION_TOP, EXTENSION_BOTTOM, EXTENSION_BEFORE, EXTENSION_AFTER };
/* other: of the same class; null for top and bottom. */
enum xsw_status vswitch_extension_move(struct vswitch *vswitch, const char *name,
                                       enum extension_place place, const char *other,
                                       struct xsw_error *error) XSW_MUST_CHECK;
/* Loads the shared object again, from another path unless it is null, and lets it take over: same
 * settings, features' values, and what the old one saves of the ports. It must be the same
 * extension of the same kind. On failure the old one goes on. */
enum xsw_status vswitch_extension_upgrade(struct vswitch *vswitch, const char *name,
                                          const char *path, struct xsw_error *error) XSW_MUST_CHECK;
size_t vswitch_extensions(struct vswitch *vswitch, struct extension_info *extensions,
                          size_t capacity);
/* A rule of the data path, and how often an extension broke it. */
struct violation_info {
    const char *name;
    const char *sentence;
    uint64_t count;
};
enum { VIOLATIONS_MAX = 32 };
/* All rules, in the order of switch/extension/violations.def. Fills at most `capacity`; returns how
 * many there are, 0 when there is no such extension. */
size_t vswitch_extension_violations(struct vswitch *vswitch, const char *name,
                                    struct violation_info *violations, size_t capacity);
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
    /* Packets: in + clones + injected + released = out + dropped + consumed + held. */
    uint64_t in, clones, injected, out, dropped;
    uint64_t consumed;       /* replaced by a clone */
    uint64_t held, released; /* kept for a while, and let go again */
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

/* Attaches an observer (see switch/path/observe.h); it sees every packet received after the return.
 * At most OBSERVERS_MAX. The caller owns it and keeps it until vswitch_observer_remove returned. */
enum xsw_status vswitch_observer_add(struct vswitch *vswitch, struct observer *observer,
                                     struct xsw_error *error) XSW_MUST_CHECK;
/* An observer's snap length, or what its operations read, has changed. When it returns XSW_OK,
 * every worker has begun a batch since. */
enum xsw_status vswitch_observer_changed(struct vswitch *vswitch,
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
