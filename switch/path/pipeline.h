/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_PIPELINE_H
#define XSW_SWITCH_PIPELINE_H

/*
 * The pipeline: one immutable snapshot of everything that decides about a packet, and the one path
 * that every packet takes through it.
 *
 *   rx → ingress capture* → ingress filter* → ingress policy → forward → mirror
 *      → egress policy → egress filter* (reverse) → egress capture* (reverse) → tx
 *
 * The control thread builds a snapshot and publishes it with one release store; a worker loads it
 * with acquire between two batches and uses it for the whole of the next one. An old snapshot is
 * freed when every worker has taken up a newer one.
 */

#include <stdint.h>

#include <xsw/extension.h>

#include "switch/events.h"
#include "switch/path/mac_table.h"
#include "switch/path/observe.h"
#include "switch/policy/acl.h"
#include "switch/policy/bandwidth.h"
#include "switch/policy/storm.h"
#include "switch/port/port.h"
#include "switch/switch.h"

struct worker;
struct extension_instance;

struct batch {
    uint32_t count;
    struct packet *packets[XSW_BATCH_MAX];
};

/* Ids of the built-in stages: for ever. Extensions' stages get ids from STAGE_EXTENSIONS_FIRST on.
 */
enum {
    STAGE_RX = 0,
    STAGE_INGRESS_POLICY = 1,
    STAGE_FORWARD = 2,
    STAGE_MIRROR = 3,
    STAGE_EGRESS_POLICY = 4,
    STAGE_TX = 5,
    STAGE_EXTENSIONS_FIRST = 8
};

struct stage {
    uint16_t id;
    uint8_t may_change; /* an ingress filter: watched packets are compared before and after */
    uint8_t is_egress;  /* behind forwarding */
    void (*run)(struct worker *worker, const struct stage *stage, struct batch *batch);
    struct extension_instance *extension; /* null for built-in stages */
};

/* port_view.unusual: what few ports have, so that the others pay one branch for all of it. */
enum {
    PORT_IS_TRUSTED = 0x01,  /* port 0: what extensions originate; no policy applies */
    PORT_IS_BLOCKED = 0x02,  /* an extension that it requires is not there */
    PORT_IS_APART = 0x04,    /* its NIC is not connected */
    PORT_GUARDS_DHCP = 0x08, /* see switch/policy/guards.h */
    PORT_GUARDS_ROUTER = 0x10,
    PORT_LIMITS_STORM = 0x20, /* see switch/policy/storm.h */
    PORT_RESETS_PRIORITY = 0x40,
    PORT_VLAN_ELSEWHERE = 0x80,      /* the forwarder enforces it: assigned here, not checked */
    PORT_SECURITY_ELSEWHERE = 0x100, /* as above: source addresses, guards, storm limit */
    PORT_IS_ABSENT = 0x200,          /* there is no NIC with this id */
    PORT_IS_SHUT = PORT_IS_BLOCKED | PORT_IS_APART | PORT_IS_ABSENT /* in both directions */
};

/* What the stages need to know of a port. */
struct port_view {
    struct port *port;    /* null: there is no NIC with this id */
    uint32_t frame_max;   /* bytes: MTU + Ethernet header; see port_frame_is_too_long */
    uint16_t access_vlan; /* of untagged frames that come in, the only ones; 0: a trunk */
    uint16_t native_vlan; /* of a trunk; 0: untagged frames are refused */
    uint16_t member_vlan; /* the VLAN that it is sent, beside those of trunk_vlans */
    uint16_t unusual;     /* PORT_* */
    uint8_t is_guarded;
    uint8_t mac_count;
    uint8_t has_rules_in, has_rules_out; /* access rules, or connections that they keep */
    uint16_t mirror_in;  /* port that gets copies of what this one sends; or XSW_PORT_NONE */
    uint16_t mirror_out; /* the same of what it is sent */
    const uint64_t *trunk_vlans; /* bit map: VLANs of a trunk, or those that a private port is sent
                                    beside member_vlan; null: none; owned by the snapshot */
    uint64_t macs[CONFIG_MACS_MAX]; /* mac_load() */
    struct acl_list acl_in, acl_out;
    uint8_t is_stateful;    /* one of the lists has rules that keep connections */
    uint8_t scope_has_vlan; /* a trunk: connections of different VLANs are different ones */
    struct bandwidth_view bandwidth;
    uint64_t *owned_vlans;
    struct storm *storm; /* shared by the workers; outlives the snapshot */
    struct storm_config storm_limits;
};

/* Whether frames of the VLAN may be sent to the port. */
static inline int port_carries_vlan(const struct port_view *port, uint16_t vlan)
{
    return vlan == port->member_vlan ||
           (port->trunk_vlans != NULL && (port->trunk_vlans[vlan / 64] >> vlan % 64 & 1) != 0);
}

/* The length of the frames that will be cut from one with GSO. */
uint32_t port_segment_length(const struct xsw_packet *packet);

/* A tag does not count against the MTU; of a frame with GSO its segments do. */
static inline int port_frame_is_too_long(const struct port_view *port,
                                         const struct xsw_packet *packet)
{
    uint32_t tag = (packet->flags & XSW_PACKET_TAGGED) != 0 ? 4 : 0;
    if (__builtin_expect(packet->length <= port->frame_max + tag, 1)) {
        return 0;
    }
    return packet->offload.gso_type == XSW_GSO_NONE ||
           port_segment_length(packet) > port->frame_max + tag;
}

enum { VLAN_SETS_MAX = 4096 };

/* For observers and event sinks; empty when there are none. Stages and reasons are the switch's own
 * tables, in which a name never changes once a snapshot knows it. */
struct pipeline_names {
    char switch_name[CONFIG_NAME_SIZE];
    char ports[XSW_PORTS_MAX][CONFIG_NAME_SIZE]; /* by id; a port that is gone keeps its name */
    /* The same for who sees pseudonyms only: "port-7" for a name that tells an address. */
    char hidden_ports[XSW_PORTS_MAX][CONFIG_NAME_SIZE];
    uint8_t port_kinds[XSW_PORTS_MAX];  /* enum port_kind */
    uint64_t port_since[XSW_PORTS_MAX]; /* generation of the first snapshot with it */
    uint64_t ports_changed;             /* the highest of these */
    const struct stage_info *stages;    /* by id */
    const struct reason_info *reasons;  /* by id */
};

struct pipeline {
    uint64_t generation;
    uint32_t stage_count;
    struct stage stages[STAGES_MAX];
    uint8_t place_of[STAGES_MAX]; /* by stage id; of those that are in the pipeline */
    uint32_t ticker_count;        /* extensions that are called between batches */
    struct extension_instance *tickers[CONFIG_EXTENSIONS_MAX];
    uint8_t ticks[CONFIG_EXTENSIONS_MAX]; /* by place: it has a tick; else only its frames go out */
    uint8_t has_timers; /* there is something to do on the worker when no packet comes */
    uint8_t has_frames; /* the control thread may originate packets */
    uint8_t has_bandwidth;
    struct frame_queue *announcements; /* see switch/life/announce.h; null: there never was one */
    struct port_view ports[XSW_PORTS_MAX];
    struct xsw_port_set connected;
    /* Ports of a VLAN: members[vlan_members[vlan]]; set 0 is the empty one. */
    uint16_t vlan_members[4096];
    struct xsw_port_set *members;
    /* Addresses are learned and found under a VLAN that all of a private VLAN have in common: the
     * primary one of a secondary one, itself of any other. Meaningful when has_private_vlans. */
    uint16_t filtering_ids[4096];
    struct mac_table *macs;
    struct xsw_flow_table *connections; /* of stateful rules; null: there never was one */
    struct bandwidth *bandwidth;
    uint32_t enforced_elsewhere; /* XSW_POLICY_* that the forwarder enforces */
    uint8_t has_private_vlans;
    uint8_t has_mirrors;
    uint8_t observer_count;
    uint32_t observed_bytes; /* the largest snap length of the observers */
    struct observer *observers[OBSERVERS_MAX];
    uint8_t is_followed; /* there is an observer that wants more than drops */
    uint8_t event_sink_count;
    const struct event_sink *event_sinks[EVENT_SINKS_MAX];
    uint64_t events_wanted;  /* switch_event_bit() of the kinds that a sink wants */
    uint64_t turn_budget_ns; /* 0: nobody wants to know how long a turn is */
    struct pipeline_names names;
};

/* Runs a batch from place `first` to its end. Packets that were dropped or delivered are freed. */
void pipeline_run(struct worker *worker, const struct pipeline *pipeline, struct batch *batch,
                  uint32_t first);

/* The same for packets that do not come from the stage before: they are counted as `incoming`. */
void pipeline_enter(struct worker *worker, const struct pipeline *pipeline, struct batch *batch,
                    uint32_t place, counter *incoming);

/* The stages, one source each. */
void stage_receive(struct worker *worker, const struct stage *stage, struct batch *batch);
void stage_ingress_policy(struct worker *worker, const struct stage *stage, struct batch *batch);
void stage_forward(struct worker *worker, const struct stage *stage, struct batch *batch);
void stage_mirror(struct worker *worker, const struct stage *stage, struct batch *batch);
void stage_egress_policy(struct worker *worker, const struct stage *stage, struct batch *batch);
void stage_transmit(struct worker *worker, const struct stage *stage, struct batch *batch);
void stage_ingress_capture(struct worker *worker, const struct stage *stage, struct batch *batch);
void stage_egress_capture(struct worker *worker, const struct stage *stage, struct batch *batch);
void stage_ingress_filter(struct worker *worker, const struct stage *stage, struct batch *batch);
void stage_egress_filter(struct worker *worker, const struct stage *stage, struct batch *batch);
void stage_forward_extension(struct worker *worker, const struct stage *stage, struct batch *batch);
/* For an extension that takes no part in this direction, but makes packets at this place. */
void stage_idle(struct worker *worker, const struct stage *stage, struct batch *batch);

#endif
