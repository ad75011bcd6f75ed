/* SPDX-License-Identifier: Apache-2.0 */
/* From the control thread's state to an immutable snapshot: the order of the stages, who is called
 * without a packet, who looks on. The ports of it are in switch/path/pipeline_ports.c. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "switch/policy/port_check.h"
#include "switch/state.h"

static void stage_append(struct pipeline *pipeline, const struct stage *stage)
{
    pipeline->stages[pipeline->stage_count++] = *stage;
}

/* One that originates has a place on ingress in any case: there its packets are made. */
static int is_on_ingress(const struct extension_instance *instance)
{
    const struct xsw_extension *extension = instance->extension;
    return extension->kind == XSW_EXTENSION_CAPTURE || extension->filter->ingress != NULL ||
           (extension->flags & XSW_EXTENSION_ORIGINATES) != 0;
}

static int is_in_pipeline(const struct extension_instance *instance, uint32_t kind)
{
    return instance->is_enabled && instance->extension->kind == kind;
}

/* Ingress stages of a kind: from the top down. */
static void ingress_append(const struct vswitch *vswitch, struct pipeline *pipeline, uint32_t kind)
{
    for (uint32_t i = 0; i < vswitch->extension_count; i++) {
        struct extension_instance *instance = vswitch->extensions[i];
        if (!is_in_pipeline(instance, kind) || !is_on_ingress(instance)) {
            continue;
        }
        struct stage stage = {.id = instance->ingress_stage, .extension = instance};
        if (instance->is_leaving) {
            stage.run = stage_idle;
        } else if (kind == XSW_EXTENSION_CAPTURE) {
            stage.run = stage_ingress_capture;
        } else if (instance->extension->filter->ingress != NULL) {
            stage.run = stage_ingress_filter;
            stage.may_change = 1;
        } else {
            stage.run = stage_idle;
        }
        stage_append(pipeline, &stage);
    }
}

/* Egress stages of a kind: from the bottom up. */
static void egress_append(const struct vswitch *vswitch, struct pipeline *pipeline, uint32_t kind)
{
    for (uint32_t i = vswitch->extension_count; i-- > 0;) {
        struct extension_instance *instance = vswitch->extensions[i];
        int is_filter = kind == XSW_EXTENSION_FILTER;
        if (!is_in_pipeline(instance, kind) ||
            (is_filter && instance->extension->filter->egress == NULL)) {
            continue;
        }
        struct stage stage = {.id = instance->egress_stage, .is_egress = 1, .extension = instance};
        stage.run = instance->is_leaving ? stage_idle
                    : is_filter          ? stage_egress_filter
                                         : stage_egress_capture;
        stage_append(pipeline, &stage);
    }
}

static void stages_build(const struct vswitch *vswitch, struct pipeline *pipeline)
{
    struct extension_instance *forward = policy_forwarder(vswitch);
    stage_append(pipeline, &(struct stage){.id = STAGE_RX, .run = stage_receive});
    ingress_append(vswitch, pipeline, XSW_EXTENSION_CAPTURE);
    ingress_append(vswitch, pipeline, XSW_EXTENSION_FILTER);
    stage_append(pipeline,
                 &(struct stage){.id = STAGE_INGRESS_POLICY, .run = stage_ingress_policy});
    stage_append(pipeline, &(struct stage){.id = STAGE_FORWARD,
                                           .run = forward != NULL && !forward->is_leaving
                                                      ? stage_forward_extension
                                                      : stage_forward,
                                           .extension = forward});
    stage_append(pipeline,
                 &(struct stage){.id = STAGE_MIRROR, .is_egress = 1, .run = stage_mirror});
    stage_append(
        pipeline,
        &(struct stage){.id = STAGE_EGRESS_POLICY, .is_egress = 1, .run = stage_egress_policy});
    egress_append(vswitch, pipeline, XSW_EXTENSION_FILTER);
    egress_append(vswitch, pipeline, XSW_EXTENSION_CAPTURE);
    stage_append(pipeline, &(struct stage){.id = STAGE_TX, .is_egress = 1, .run = stage_transmit});
    for (uint32_t place = 0; place < pipeline->stage_count; place++) {
        pipeline->place_of[pipeline->stages[place].id] = (uint8_t)place;
    }
}

/* Extensions that workers call, or take frames from, also when no packet comes. */
static void tickers_build(const struct vswitch *vswitch, struct pipeline *pipeline)
{
    for (uint32_t i = 0; i < vswitch->extension_count; i++) {
        struct extension_instance *instance = vswitch->extensions[i];
        if (instance->is_enabled && (instance->tick != NULL || instance->frames != NULL)) {
            pipeline->ticks[pipeline->ticker_count] =
                instance->tick != NULL && !instance->is_leaving;
            pipeline->tickers[pipeline->ticker_count++] = instance;
            pipeline->has_frames |= instance->frames != NULL;
            pipeline->has_timers = 1;
        }
    }
}

static void observers_build(const struct vswitch *vswitch, struct pipeline *pipeline)
{
    for (uint32_t i = 0; i < OBSERVERS_MAX; i++) {
        struct observer *observer = vswitch->observers[i];
        if (observer == NULL) {
            continue;
        }
        pipeline->observers[pipeline->observer_count++] = observer;
        pipeline->is_followed |= !observer->drops_only;
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
    made->connections = vswitch->connections;
    made->bandwidth = vswitch->bandwidth;
    made->announcements = vswitch->announcements;
    stages_build(vswitch, made);
    tickers_build(vswitch, made);
    observers_build(vswitch, made);
    pipeline_events_build(vswitch, made);
    enum xsw_status status = pipeline_ports_build(vswitch, made);
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
