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

#include "switch/acl.h"
#include "switch/mac_table.h"
#include "switch/observe.h"
#include "switch/port.h"
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

/* What the stages need to know of a port. */
struct port_view {
    struct port *port;    /* null: there is none with this id */
    uint32_t frame_max;   /* bytes: MTU + Ethernet header; see port_frame_is_too_long */
    uint16_t access_vlan; /* 0: a trunk */
    uint16_t native_vlan; /* of a trunk; 0: untagged frames are refused */
    uint16_t mirror_port; /* XSW_PORT_NONE: not mirrored */
    uint8_t is_guarded;
    uint8_t mac_count;
    uint64_t macs[CONFIG_MACS_MAX]; /* mac_load() */
    struct acl_list acl_in, acl_out;
    const uint64_t *trunk_vlans; /* bit map of a trunk; owned by the snapshot */
    uint64_t *owned_vlans;
};

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

struct pipeline {
    uint64_t generation;
    uint32_t stage_count;
    uint32_t forward_place, mirror_place;
    struct stage stages[STAGES_MAX];
    struct port_view ports[XSW_PORTS_MAX];
    struct xsw_port_set connected;
    /* Ports of a VLAN: members[vlan_members[vlan]]; set 0 is the empty one. */
    uint16_t vlan_members[4096];
    struct xsw_port_set *members;
    struct mac_table *macs;
    uint8_t has_mirrors;
    uint8_t observer_count;
    uint32_t observed_bytes; /* the largest snap length of the observers */
    struct observer *observers[OBSERVERS_MAX];
};

/* Runs a batch from place `first` to its end. Packets that were dropped or delivered are freed. */
void pipeline_run(struct worker *worker, const struct pipeline *pipeline, struct batch *batch,
                  uint32_t first);

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

#endif
