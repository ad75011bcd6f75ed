/* SPDX-License-Identifier: Apache-2.0 */
#include "switch/extension/services_control.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "packet/wire.h"
#include "switch/extension/features.h"
#include "switch/extension/notify.h"
#include "switch/path/frame_queue.h"
#include "switch/state.h"

enum { SEND_LENGTH_MAX = 65000 };

static struct extension_instance *instance_of(const struct xsw_host *host)
{
    return host->context;
}

/* An extension that knows a shorter struct gets as much of it as it knows. */
static enum xsw_status switch_info(const struct xsw_host *host, struct xsw_switch_info *info)
{
    const struct vswitch *vswitch = instance_of(host)->vswitch;
    struct xsw_switch_info full = {
        .size = info->size, .is_active = vswitch->is_active, .generation = vswitch->generation};
    if (info->size < sizeof(info->size)) {
        return XSW_INVALID;
    }
    snprintf(full.name, sizeof(full.name), "%s", vswitch->config.name);
    snprintf(full.uuid, sizeof(full.uuid), "%s", vswitch->uuid);
    for (uint16_t id = 1; id < XSW_PORTS_MAX; id++) {
        full.port_count += vswitch->ports[id].life != XSW_STATE_NOT_CREATED;
    }
    memcpy(info, &full, full.size < sizeof(full) ? full.size : sizeof(full));
    return XSW_OK;
}

static enum xsw_status ports(const struct xsw_host *host,
                             void (*each)(void *context, const struct xsw_port_info *port),
                             void *context)
{
    const struct vswitch *vswitch = instance_of(host)->vswitch;
    if (!vswitch->is_active) {
        return XSW_AGAIN;
    }
    for (uint16_t id = 1; id < XSW_PORTS_MAX; id++) {
        struct xsw_port_info info;
        if (vswitch->ports[id].life == XSW_STATE_NOT_CREATED) {
            continue;
        }
        notify_port_info(vswitch, id, &info);
        each(context, &info);
    }
    return XSW_OK;
}

/* The caller's function, and what it is to be told that the walk does not know. */
struct property_walk {
    const struct extension_instance *instance;
    void (*each)(void *context, const struct xsw_property *property);
    void *context;
};

static void property_show(void *context, const struct xsw_property *property)
{
    const struct property_walk *walk = context;
    struct xsw_property own = *property;
    own.own = feature_own(walk->instance, property->feature);
    walk->each(walk->context, &own);
}

static enum xsw_status properties(const struct xsw_host *host, uint16_t port,
                                  void (*each)(void *context, const struct xsw_property *property),
                                  void *context)
{
    struct property_walk walk = {.instance = instance_of(host), .each = each, .context = context};
    const struct vswitch *vswitch = walk.instance->vswitch;
    if (!vswitch->is_active) {
        return XSW_AGAIN;
    }
    if (port >= XSW_PORTS_MAX ||
        (port != 0 && vswitch->ports[port].life == XSW_STATE_NOT_CREATED)) {
        return XSW_NOT_FOUND;
    }
    return features_walk(vswitch, port, property_show, &walk);
}

/* References --------------------------------------------------------------------------------- */

static enum xsw_status port_reference(const struct xsw_host *host, uint16_t port)
{
    struct extension_instance *instance = instance_of(host);
    return reference_take(instance->vswitch, instance, port, REFERENCE_PORT);
}

static enum xsw_status nic_reference(const struct xsw_host *host, uint16_t port)
{
    struct extension_instance *instance = instance_of(host);
    return reference_take(instance->vswitch, instance, port, REFERENCE_NIC);
}

static void give_back(const struct xsw_host *host, uint16_t port, enum reference_kind kind)
{
    struct extension_instance *instance = instance_of(host);
    if (reference_release(instance->vswitch, instance, port, kind)) {
        return;
    }
    char line[128];
    snprintf(line, sizeof(line), "violation: extension=%s rule=bad-dereference port=%u",
             instance->name, port);
    instance->vswitch->log.line(instance->vswitch->log.context, line);
}

static void port_dereference(const struct xsw_host *host, uint16_t port)
{
    give_back(host, port, REFERENCE_PORT);
}

static void nic_dereference(const struct xsw_host *host, uint16_t port)
{
    give_back(host, port, REFERENCE_NIC);
}

/* Workers ------------------------------------------------------------------------------------ */

static void synchronize(const struct xsw_host *host)
{
    const struct extension_instance *instance = instance_of(host);
    struct vswitch *vswitch = instance->vswitch;
    for (uint32_t i = 0; vswitch->is_started && i < vswitch->worker_count; i++) {
        worker_quiet_ask(vswitch->workers[i]);
    }
    for (uint32_t i = 0; vswitch->is_started && i < vswitch->worker_count; i++) {
        while (!worker_quiet_is_passed(vswitch->workers[i])) {
            nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);
        }
    }
}

static enum xsw_status send(const struct xsw_host *host, uint16_t source_port, const void *frame,
                            uint32_t length)
{
    struct extension_instance *instance = instance_of(host);
    const struct vswitch *vswitch = instance->vswitch;
    if (instance->frames == NULL) {
        return XSW_DENIED;
    }
    if (length < ETHERNET_SIZE || length > SEND_LENGTH_MAX || source_port >= XSW_PORTS_MAX) {
        return XSW_INVALID;
    }
    if (source_port != XSW_PORT_NONE && vswitch->ports[source_port].life != XSW_STATE_CONNECTED) {
        return XSW_NOT_FOUND;
    }
    enum xsw_status status = frame_queue_put(instance->frames, source_port, frame, length);
    if (status == XSW_OK) {
        worker_wake(vswitch->workers[0]);
    }
    return status;
}

const struct xsw_control_services services_control = {
    .size = sizeof(struct xsw_control_services),
    .switch_info = switch_info,
    .ports = ports,
    .properties = properties,
    .port_reference = port_reference,
    .port_dereference = port_dereference,
    .nic_reference = nic_reference,
    .nic_dereference = nic_dereference,
    .synchronize = synchronize,
    .send = send,
};
