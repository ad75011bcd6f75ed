/* SPDX-License-Identifier: Apache-2.0 */
/* The ports of a snapshot: what each one allows, who is in which VLAN, which VLANs belong together.
 */
#include <stdlib.h>
#include <string.h>

#include "packet/wire.h"
#include "switch/policy/port_check.h"
#include "switch/state.h"

static enum xsw_status acl_build(const struct port_slot *slot, enum acl_direction direction,
                                 struct acl_list *list)
{
    list->rules = calloc(slot->acl_count + 1, sizeof(*list->rules));
    if (list->rules == NULL) {
        return XSW_NO_MEMORY;
    }
    for (uint32_t i = 0; i < slot->acl_count; i++) {
        if (slot->acl[i].rule.direction == direction) {
            acl_compile(&slot->acl[i].rule, slot->acl[i].counter, &list->rules[list->count++]);
        }
    }
    return XSW_OK;
}

/* The VLANs that a port is sent beside its first one. */
static enum xsw_status vlan_set_build(const struct vlan_config *vlan, struct port_view *view)
{
    view->owned_vlans = calloc(1, sizeof(vlan->allowed));
    if (view->owned_vlans == NULL) {
        return XSW_NO_MEMORY;
    }
    if (vlan->mode == VLAN_PRIVATE && vlan->private_type == PRIVATE_VLAN_COMMUNITY) {
        view->owned_vlans[vlan->secondary / 64] = (uint64_t)1 << vlan->secondary % 64;
    } else {
        memcpy(view->owned_vlans, vlan->allowed, sizeof(vlan->allowed));
    }
    view->trunk_vlans = view->owned_vlans;
    return XSW_OK;
}

static enum xsw_status vlan_build(const struct vlan_config *vlan, struct port_view *view)
{
    switch (vlan->mode) {
    case VLAN_ACCESS:
        view->access_vlan = vlan->access;
        view->member_vlan = vlan->access;
        return XSW_OK;
    case VLAN_TRUNK:
        view->native_vlan = vlan->native;
        view->member_vlan = vlan->native;
        return vlan_set_build(vlan, view);
    case VLAN_PRIVATE:
        view->member_vlan = vlan->primary;
        view->access_vlan =
            vlan->private_type == PRIVATE_VLAN_PROMISCUOUS ? vlan->primary : vlan->secondary;
        return vlan->private_type == PRIVATE_VLAN_ISOLATED ? XSW_OK : vlan_set_build(vlan, view);
    }
    return XSW_OK;
}

static int requirements_are_met(const struct vswitch *vswitch, const struct port_config *config)
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < config->required_count; i++) {
        for (uint32_t j = 0; j < vswitch->extension_count; j++) {
            const struct extension_instance *instance = vswitch->extensions[j];
            found += instance->is_enabled && strcmp(instance->name, config->required[i]) == 0;
        }
    }
    return found == config->required_count;
}

/* What is asked of the port beyond VLAN, source address and access lists. */
static uint16_t unusual_build(const struct vswitch *vswitch, const struct port_slot *slot,
                              uint32_t elsewhere)
{
    const struct port_config *config = &slot->config;
    const struct storm_config *storm = &config->storm;
    uint16_t unusual = 0;
    unusual |= requirements_are_met(vswitch, config) ? 0 : PORT_IS_BLOCKED;
    unusual |= port_slot_is_connected(slot) ? 0 : PORT_IS_APART;
    unusual |= config->reset_priority ? PORT_RESETS_PRIORITY : 0;
    unusual |= (elsewhere & XSW_POLICY_VLAN) != 0 ? PORT_VLAN_ELSEWHERE : 0;
    if ((elsewhere & XSW_POLICY_SECURITY) != 0) {
        return unusual | PORT_SECURITY_ELSEWHERE;
    }
    unusual |= config->dhcp_guard ? PORT_GUARDS_DHCP : 0;
    unusual |= config->router_guard ? PORT_GUARDS_ROUTER : 0;
    int is_limited = storm->broadcast != 0 || storm->multicast != 0 || storm->unknown_unicast != 0;
    unusual |= is_limited ? PORT_LIMITS_STORM : 0;
    return unusual;
}

static enum xsw_status port_build(const struct vswitch *vswitch, uint16_t id, uint32_t elsewhere,
                                  struct port_view *view)
{
    const struct port_slot *slot = &vswitch->ports[id];
    const struct port_config *config = &slot->config;
    uint16_t mirror = vswitch_port_id(vswitch, config->mirror_to);
    *view = (struct port_view){
        .port = slot->port,
        .frame_max = config->mtu + ETHERNET_SIZE,
        .unusual = unusual_build(vswitch, slot, elsewhere),
        .is_guarded = config->spoof_guard && (elsewhere & XSW_POLICY_SECURITY) == 0,
        .mac_count = (uint8_t)config->mac_count,
        .mirror_in = config->mirror_direction != MIRROR_OUT ? mirror : XSW_PORT_NONE,
        .mirror_out = config->mirror_direction != MIRROR_IN ? mirror : XSW_PORT_NONE,
        .storm = &vswitch->storms[id],
        .storm_limits = config->storm,
        .scope_has_vlan = config->vlan.mode == VLAN_TRUNK,
    };
    for (uint32_t i = 0; i < config->mac_count; i++) {
        view->macs[i] = mac_load(config->macs[i].bytes);
    }
    for (uint32_t i = 0; i < slot->acl_count; i++) {
        view->is_stateful |= slot->acl[i].rule.stateful_seconds != 0;
    }
    enum xsw_status status = vlan_build(&config->vlan, view);
    if (status == XSW_OK) {
        status = acl_build(slot, ACL_IN, &view->acl_in);
    }
    if (status == XSW_OK) {
        status = acl_build(slot, ACL_OUT, &view->acl_out);
    }
    view->has_rules_in = view->acl_in.count != 0 || view->is_stateful;
    view->has_rules_out = view->acl_out.count != 0 || view->is_stateful;
    return status;
}

static enum xsw_status ports_build(const struct vswitch *vswitch, struct pipeline *pipeline)
{
    enum xsw_status status = XSW_OK;
    pipeline->ports[XSW_PORT_NONE].unusual = PORT_IS_TRUSTED;
    for (uint16_t id = 1; status == XSW_OK && id < XSW_PORTS_MAX; id++) {
        const struct port_slot *slot = &vswitch->ports[id];
        struct port_view *view = &pipeline->ports[id];
        view->unusual = PORT_IS_ABSENT;
        if (slot->port != NULL) {
            status = port_build(vswitch, id, pipeline->enforced_elsewhere, view);
        }
        if (status == XSW_OK) {
            status = bandwidth_view_build(vswitch->bandwidth, id,
                                          slot->port != NULL ? &slot->config.bandwidth : NULL,
                                          vswitch->config.bandwidth_mode, &view->bandwidth);
            pipeline->has_bandwidth |= view->bandwidth.state != NULL;
            pipeline->has_timers |= pipeline->has_bandwidth;
        }
        if (slot->port == NULL) {
            continue;
        }
        if (port_slot_is_connected(slot)) {
            xsw_port_set_add(&pipeline->connected, id);
        }
        pipeline->has_mirrors |=
            view->mirror_in != XSW_PORT_NONE || view->mirror_out != XSW_PORT_NONE;
    }
    return status;
}

/* Secondary VLANs point to their primary one. Which is one alone: see switch/policy/port_check.c.
 */
static void filtering_build(const struct vswitch *vswitch, struct pipeline *pipeline)
{
    for (uint32_t vlan = 0; vlan < 4096; vlan++) {
        pipeline->filtering_ids[vlan] = (uint16_t)vlan;
    }
    for (uint16_t id = 1; id < XSW_PORTS_MAX; id++) {
        const struct port_slot *slot = &vswitch->ports[id];
        const struct vlan_config *vlan = &slot->config.vlan;
        if (!port_slot_exists(slot) || slot->is_validation || vlan->mode != VLAN_PRIVATE) {
            continue;
        }
        pipeline->has_private_vlans = 1;
        if (vlan->private_type != PRIVATE_VLAN_PROMISCUOUS) {
            pipeline->filtering_ids[vlan->secondary] = vlan->primary;
            continue;
        }
        for (uint32_t secondary = 1; secondary <= CONFIG_VLAN_MAX; secondary++) {
            if ((vlan->allowed[secondary / 64] >> secondary % 64 & 1) != 0) {
                pipeline->filtering_ids[secondary] = vlan->primary;
            }
        }
    }
}

static void members_add(struct pipeline *pipeline, uint16_t vlan, uint32_t *set_count)
{
    struct xsw_port_set set = {{0}};
    int has_any = 0;
    for (uint16_t id = 1; id < XSW_PORTS_MAX; id++) {
        if (xsw_port_set_has(&pipeline->connected, id) &&
            port_carries_vlan(&pipeline->ports[id], vlan)) {
            xsw_port_set_add(&set, id);
            has_any = 1;
        }
    }
    if (!has_any) {
        return;
    }
    /* Neighbours of a trunk's range mostly have the same members. */
    if (*set_count > 1 && memcmp(&pipeline->members[*set_count - 1], &set, sizeof(set)) == 0) {
        pipeline->vlan_members[vlan] = (uint16_t)(*set_count - 1);
        return;
    }
    pipeline->members[*set_count] = set;
    pipeline->vlan_members[vlan] = (uint16_t)(*set_count)++;
}

static enum xsw_status members_build(struct pipeline *pipeline)
{
    pipeline->members = calloc(VLAN_SETS_MAX, sizeof(*pipeline->members));
    if (pipeline->members == NULL) {
        return XSW_NO_MEMORY;
    }
    uint32_t set_count = 1; /* set 0 is the empty one */
    for (uint16_t vlan = 1; vlan <= CONFIG_VLAN_MAX; vlan++) {
        members_add(pipeline, vlan, &set_count);
    }
    return XSW_OK;
}

enum xsw_status pipeline_ports_build(const struct vswitch *vswitch, struct pipeline *pipeline)
{
    const struct extension_instance *forwarder = policy_forwarder(vswitch);
    pipeline->enforced_elsewhere = forwarder != NULL ? forwarder->enforces : 0;
    filtering_build(vswitch, pipeline);
    enum xsw_status status = ports_build(vswitch, pipeline);
    return status == XSW_OK ? members_build(pipeline) : status;
}
