/* SPDX-License-Identifier: Apache-2.0 */
/* From the control thread's state to an immutable snapshot: the order of the stages, what each port
 * allows, who is in which VLAN. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "packet/wire.h"
#include "switch/state.h"

static void stage_append(struct pipeline *pipeline, const struct stage *stage)
{
    pipeline->stages[pipeline->stage_count++] = *stage;
}

/* Ingress stages of a kind: newest first. */
static void ingress_append(const struct vswitch *vswitch, struct pipeline *pipeline, uint32_t kind)
{
    for (uint32_t i = 0; i < vswitch->extension_count; i++) {
        struct extension_instance *instance = vswitch->extensions[i];
        const struct xsw_extension *extension = instance->extension;
        if (extension->kind != kind ||
            (kind == XSW_EXTENSION_FILTER && extension->filter->ingress == NULL)) {
            continue;
        }
        int is_filter = kind == XSW_EXTENSION_FILTER;
        stage_append(pipeline, &(struct stage){.id = instance->ingress_stage,
                                               .may_change = (uint8_t)is_filter,
                                               .run = is_filter ? stage_ingress_filter
                                                                : stage_ingress_capture,
                                               .extension = instance});
    }
}

/* Egress stages of a kind: in reverse. */
static void egress_append(const struct vswitch *vswitch, struct pipeline *pipeline, uint32_t kind)
{
    for (uint32_t i = vswitch->extension_count; i-- > 0;) {
        struct extension_instance *instance = vswitch->extensions[i];
        const struct xsw_extension *extension = instance->extension;
        if (extension->kind != kind ||
            (kind == XSW_EXTENSION_FILTER && extension->filter->egress == NULL)) {
            continue;
        }
        int is_filter = kind == XSW_EXTENSION_FILTER;
        stage_append(pipeline,
                     &(struct stage){.id = instance->egress_stage,
                                     .is_egress = 1,
                                     .run = is_filter ? stage_egress_filter : stage_egress_capture,
                                     .extension = instance});
    }
}

static struct extension_instance *forwarder(const struct vswitch *vswitch)
{
    for (uint32_t i = 0; i < vswitch->extension_count; i++) {
        if (vswitch->extensions[i]->extension->kind == XSW_EXTENSION_FORWARD) {
            return vswitch->extensions[i];
        }
    }
    return NULL;
}

static void stages_build(const struct vswitch *vswitch, struct pipeline *pipeline)
{
    struct extension_instance *forward = forwarder(vswitch);
    stage_append(pipeline, &(struct stage){.id = STAGE_RX, .run = stage_receive});
    ingress_append(vswitch, pipeline, XSW_EXTENSION_CAPTURE);
    ingress_append(vswitch, pipeline, XSW_EXTENSION_FILTER);
    stage_append(pipeline,
                 &(struct stage){.id = STAGE_INGRESS_POLICY, .run = stage_ingress_policy});
    stage_append(pipeline,
                 &(struct stage){.id = STAGE_FORWARD,
                                 .run = forward != NULL ? stage_forward_extension : stage_forward,
                                 .extension = forward});
    stage_append(pipeline,
                 &(struct stage){.id = STAGE_MIRROR, .is_egress = 1, .run = stage_mirror});
    stage_append(
        pipeline,
        &(struct stage){.id = STAGE_EGRESS_POLICY, .is_egress = 1, .run = stage_egress_policy});
    egress_append(vswitch, pipeline, XSW_EXTENSION_FILTER);
    egress_append(vswitch, pipeline, XSW_EXTENSION_CAPTURE);
    stage_append(pipeline, &(struct stage){.id = STAGE_TX, .is_egress = 1, .run = stage_transmit});
}

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

static enum xsw_status port_build(const struct vswitch *vswitch, const struct port_slot *slot,
                                  struct port_view *view)
{
    const struct port_config *config = &slot->config;
    *view = (struct port_view){
        .port = slot->port,
        .frame_max = config->mtu + ETHERNET_SIZE,
        .is_guarded = config->spoof_guard,
        .mac_count = (uint8_t)config->mac_count,
        .mirror_port = vswitch_port_id(vswitch, config->mirror_to),
    };
    for (uint32_t i = 0; i < config->mac_count; i++) {
        view->macs[i] = mac_load(config->macs[i].bytes);
    }
    if (config->vlan.mode == VLAN_ACCESS) {
        view->access_vlan = config->vlan.access;
    } else {
        view->native_vlan = config->vlan.native;
        view->owned_vlans = malloc(sizeof(config->vlan.allowed));
        if (view->owned_vlans == NULL) {
            return XSW_NO_MEMORY;
        }
        memcpy(view->owned_vlans, config->vlan.allowed, sizeof(config->vlan.allowed));
        view->trunk_vlans = view->owned_vlans;
    }
    if (acl_build(slot, ACL_IN, &view->acl_in) != XSW_OK) {
        return XSW_NO_MEMORY;
    }
    return acl_build(slot, ACL_OUT, &view->acl_out);
}

static int port_is_in(const struct port_config *config, uint32_t vlan)
{
    if (config->vlan.mode == VLAN_ACCESS) {
        return config->vlan.access == vlan;
    }
    return (config->vlan.allowed[vlan / 64] >> vlan % 64 & 1) != 0 || config->vlan.native == vlan;
}

static void members_add(const struct vswitch *vswitch, struct pipeline *pipeline, uint32_t vlan,
                        uint32_t *set_count)
{
    struct xsw_port_set set = {{0}};
    int has_any = 0;
    for (uint16_t id = 1; id < XSW_PORTS_MAX; id++) {
        const struct port_slot *slot = &vswitch->ports[id];
        if (slot->port != NULL && port_is_in(&slot->config, vlan)) {
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

static enum xsw_status members_build(const struct vswitch *vswitch, struct pipeline *pipeline)
{
    pipeline->members = calloc(VLAN_SETS_MAX, sizeof(*pipeline->members));
    if (pipeline->members == NULL) {
        return XSW_NO_MEMORY;
    }
    uint32_t set_count = 1; /* set 0 is the empty one */
    for (uint32_t vlan = 1; vlan <= CONFIG_VLAN_MAX; vlan++) {
        members_add(vswitch, pipeline, vlan, &set_count);
    }
    return XSW_OK;
}

static void observers_build(const struct vswitch *vswitch, struct pipeline *pipeline)
{
    for (uint32_t i = 0; i < OBSERVERS_MAX; i++) {
        struct observer *observer = vswitch->observers[i];
        if (observer == NULL) {
            continue;
        }
        pipeline->observers[pipeline->observer_count++] = observer;
        if (observer->snap_length > pipeline->observed_bytes) {
            pipeline->observed_bytes = observer->snap_length;
        }
    }
}

enum xsw_status pipeline_build(const struct vswitch *vswitch, struct pipeline **pipeline,
                               struct xsw_error *error)
{
    struct pipeline *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for a new configuration");
    }
    made->generation = vswitch->generation + 1;
    made->macs = vswitch->macs;
    stages_build(vswitch, made);
    observers_build(vswitch, made);
    enum xsw_status status = members_build(vswitch, made);
    for (uint16_t id = 1; status == XSW_OK && id < XSW_PORTS_MAX; id++) {
        if (vswitch->ports[id].port != NULL) {
            status = port_build(vswitch, &vswitch->ports[id], &made->ports[id]);
            xsw_port_set_add(&made->connected, id);
            made->has_mirrors |= made->ports[id].mirror_port != XSW_PORT_NONE;
        }
    }
    if (status != XSW_OK) {
        pipeline_free(made);
        return error_set(error, XSW_NO_MEMORY, "no memory for a new configuration");
    }
    *pipeline = made;
    return XSW_OK;
}

void pipeline_free(const struct pipeline *pipeline)
{
    if (pipeline == NULL) {
        return;
    }
    for (uint32_t id = 0; id < XSW_PORTS_MAX; id++) {
        free(pipeline->ports[id].acl_in.rules);
        free(pipeline->ports[id].acl_out.rules);
        free(pipeline->ports[id].owned_vlans);
    }
    free(pipeline->members);
    free((void *)pipeline);
}
