/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of a port's life: what each does to the switch, whom it asks before and tells after. */
#include "switch/life/port_life.h"

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "switch/extension/features.h"
#include "switch/extension/notify.h"
#include "switch/life/lifecycle.h"
#include "switch/policy/connections.h"

enum xsw_status port_life_find(const struct vswitch *vswitch, const char *name, uint16_t *id,
                               struct xsw_error *error)
{
    *id = vswitch_port_id(vswitch, name);
    return *id != XSW_PORT_NONE ? XSW_OK
                                : error_set(error, XSW_NOT_FOUND, "there is no port \"%s\"", name);
}

enum xsw_status port_life_find_staying(const struct vswitch *vswitch, const char *name,
                                       uint16_t *id, struct xsw_error *error)
{
    enum xsw_status status = port_life_find(vswitch, name, id, error);
    const struct port_slot *slot = &vswitch->ports[*id];
    if (status == XSW_OK && slot->leaving != PORT_STAYS) {
        status = error_set(error, XSW_BUSY,
                           "port %s: %s is being removed, and waits for an extension that holds it",
                           name, slot->leaving == PORT_LEAVES ? "it" : "its NIC");
    }
    return status;
}

/* What a person can do instead with a port in this state. */
static const char *advice_for(enum xsw_port_state state)
{
    switch (state) {
    case XSW_STATE_PORT_CREATED:
    case XSW_STATE_NIC_DELETED:
        return ": it needs a NIC first: nic add";
    case XSW_STATE_DISCONNECTED:
        return ": all that is left is nic remove, then nic add";
    case XSW_STATE_NOT_CREATED:
    case XSW_STATE_NIC_CREATED:
    case XSW_STATE_CONNECTED:
    case XSW_STATE_TEARING_DOWN:
        break;
    }
    return "";
}

static enum xsw_status step_check(const struct port_slot *slot, enum xsw_operation operation,
                                  struct xsw_error *error)
{
    if (lifecycle_next(slot->life, operation, NULL)) {
        return XSW_OK;
    }
    return error_set(error, XSW_UNSUPPORTED, "port %s is %s: %s cannot be done to it now%s",
                     slot->config.name, lifecycle_state_name(slot->life),
                     lifecycle_operation_name(operation), advice_for(slot->life));
}

/* Moves the port on to where the change leads, and tells. */
static void step_tell(struct vswitch *vswitch, const struct xsw_change *change)
{
    vswitch->ports[change->port].life = (enum xsw_port_state)change->info->state;
    notify_tell(vswitch, change);
}

enum xsw_status port_life_create(struct vswitch *vswitch, uint16_t id, struct xsw_error *error)
{
    struct xsw_port_info info;
    struct xsw_change change = notify_change(vswitch, XSW_OP_PORT_CREATE, id, &info, NULL);
    enum xsw_status status = notify_ask(vswitch, &change, error);
    if (status == XSW_OK) {
        vswitch->ports[id].life = XSW_STATE_PORT_CREATED;
        notify_done(vswitch, &change, XSW_OK);
    }
    return status;
}

/* NICs --------------------------------------------------------------------------------------- */

/* The device behind the NIC; null for kinds that have none. */
static const char *device_of(const struct port_config *config)
{
    bool has_device = config->kind == PORT_KIND_TAP || config->kind == PORT_KIND_PACKET ||
                      config->kind == PORT_KIND_XDP;
    const char *name = config->device[0] != '\0' ? config->device : config->name;
    return has_device ? name : NULL;
}

/* One that is to have a NIC has none open yet, so it is never itself in the way. */
const char *vswitch_device_port(const struct vswitch *vswitch, const char *device)
{
    for (uint16_t id = 1; id < XSW_PORTS_MAX; id++) {
        const struct port_slot *slot = &vswitch->ports[id];
        const char *taken = slot->port != NULL ? device_of(&slot->config) : NULL;
        if (taken != NULL && strcmp(taken, device) == 0) {
            return slot->config.name;
        }
    }
    return NULL;
}

/* Two ports on one device would each get some of its frames, or all of them twice. One that has
 * gone to another network namespace is not the one of this name here. */
static enum xsw_status device_check(const struct vswitch *vswitch, const struct port_slot *wanted,
                                    struct xsw_error *error)
{
    const char *device = device_of(&wanted->config);
    if (device == NULL || if_nametoindex(device) == 0) {
        return XSW_OK;
    }
    const char *owner = vswitch_device_port(vswitch, device);
    if (owner != NULL) {
        return error_set(error, XSW_EXISTS,
                         "port %s: the device \"%s\" is that of port %s already: a device has one "
                         "port",
                         wanted->config.name, device, owner);
    }
    enum xsw_status status = XSW_OK;
    if (vswitch->devices.check != NULL) {
        status = vswitch->devices.check(vswitch->devices.context, device, error);
    }
    if (status != XSW_OK) {
        error_prefix(error, "port %s", wanted->config.name);
    }
    return status;
}

/* What needs no extension to be known. */
static enum xsw_status nic_check(const struct vswitch *vswitch, const struct port_slot *slot,
                                 struct xsw_error *error)
{
    if (port_kind_ops(slot->config.kind) == NULL) {
        return error_set(error, XSW_INVALID,
                         "port %s: a NIC of kind none is none; expected tap, packet, xdp, file or "
                         "memory",
                         slot->config.name);
    }
    return device_check(vswitch, slot, error);
}

static enum xsw_status nic_open(struct vswitch *vswitch, struct port_slot *slot,
                                struct xsw_error *error)
{
    const struct port_ops *ops = port_kind_ops(slot->config.kind);
    struct port *port = NULL;
    enum xsw_status status = ops->open(&slot->config, vswitch->worker_count, &port, error);
    if (status != XSW_OK) {
        error_prefix(error, "port %s", slot->config.name);
        return status;
    }
    slot->port = port;
    slot->opened_ns = clock_mono_ns();
    slot->was_seen = true;
    slot->state = PORT_UP;
    slot->life = XSW_STATE_NIC_CREATED;
    return XSW_OK;
}

enum xsw_status port_life_nic_create(struct vswitch *vswitch, uint16_t id, struct xsw_error *error)
{
    struct port_slot *slot = &vswitch->ports[id];
    enum xsw_port_state before = slot->life;
    struct xsw_port_info info;
    enum xsw_status status = nic_check(vswitch, slot, error);
    if (status != XSW_OK) {
        return status;
    }
    struct xsw_change change = notify_change(vswitch, XSW_OP_NIC_CREATE, id, &info, NULL);
    status = notify_ask(vswitch, &change, error);
    if (status != XSW_OK) {
        return status;
    }
    status = nic_open(vswitch, slot, error);
    if (status == XSW_OK) {
        status = vswitch_publish(vswitch, error);
        if (status != XSW_OK) {
            slot->port->ops->close(slot->port);
            slot->port = NULL;
            slot->life = before;
        }
    }
    notify_done(vswitch, &change, status);
    return status;
}

enum xsw_status port_life_nic_connect(struct vswitch *vswitch, uint16_t id, struct xsw_error *error)
{
    struct xsw_port_info info;
    enum xsw_status status = step_check(&vswitch->ports[id], XSW_OP_NIC_CONNECT, error);
    if (status != XSW_OK) {
        return status;
    }
    struct xsw_change change = notify_change(vswitch, XSW_OP_NIC_CONNECT, id, &info, NULL);
    step_tell(vswitch, &change);
    status = vswitch_publish(vswitch, error);
    if (status != XSW_OK) {
        /* Nobody may refuse it, so they learn that it is over again. */
        change = notify_change(vswitch, XSW_OP_NIC_DISCONNECT, id, &info, NULL);
        step_tell(vswitch, &change);
    }
    return status;
}

enum xsw_status port_life_nic_disconnect(struct vswitch *vswitch, uint16_t id,
                                         struct xsw_error *error)
{
    struct port_slot *slot = &vswitch->ports[id];
    struct xsw_port_info info;
    enum xsw_status status = step_check(slot, XSW_OP_NIC_DISCONNECT, error);
    if (status != XSW_OK) {
        return status;
    }
    struct xsw_change change = notify_change(vswitch, XSW_OP_NIC_DISCONNECT, id, &info, NULL);
    slot->life = XSW_STATE_DISCONNECTED;
    status = vswitch_publish(vswitch, error);
    if (status != XSW_OK) {
        slot->life = XSW_STATE_CONNECTED;
        return status;
    }
    notify_tell(vswitch, &change);
    return XSW_OK;
}

/* XSW_BUSY while somebody holds what is to be deleted; the first time it is also logged. */
static enum xsw_status held_check(struct vswitch *vswitch, uint16_t id, enum reference_kind kind,
                                  struct xsw_error *error)
{
    static const char *const names[] = {
        [REFERENCE_PORT] = "port-delete", [REFERENCE_NIC] = "nic-delete"};
    struct port_slot *slot = &vswitch->ports[id];
    char holders[160];
    char line[288];
    if (references_count(vswitch, id, kind) == 0) {
        return XSW_OK;
    }
    references_describe(vswitch, id, kind, holders, sizeof(holders));
    if (!slot->is_waiting) {
        slot->is_waiting = true;
        snprintf(line, sizeof(line), "%s: port=%s id=%u state=%s outcome=waits holders=\"%s\"",
                 names[kind], slot->config.name, id, lifecycle_state_name(slot->life), holders);
        vswitch->log.line(vswitch->log.context, line);
    }
    return error_set(error, XSW_BUSY,
                     "port %s: held by %s: it carries nothing any more, and %s by itself when "
                     "that is let go; or remove the extension",
                     slot->config.name, holders,
                     slot->leaving == PORT_LEAVES ? "goes" : "its NIC goes");
}

static enum xsw_status nic_delete(struct vswitch *vswitch, uint16_t id, struct xsw_error *error)
{
    struct port_slot *slot = &vswitch->ports[id];
    enum xsw_port_state before = slot->life;
    struct port *port = slot->port;
    struct xsw_port_info info;
    enum xsw_status status = held_check(vswitch, id, REFERENCE_NIC, error);
    if (status != XSW_OK) {
        return status;
    }
    struct xsw_change change = notify_change(vswitch, XSW_OP_NIC_DELETE, id, &info, NULL);
    slot->port = NULL;
    slot->life = XSW_STATE_NIC_DELETED;
    status = vswitch_publish(vswitch, error);
    if (status != XSW_OK) {
        slot->port = port;
        slot->life = before;
        return status;
    }
    port->ops->close(port);
    slot->is_waiting = false;
    slot->state = PORT_NO_NIC;
    mac_table_flush(vswitch->macs, id);
    notify_tell(vswitch, &change);
    return XSW_OK;
}

enum xsw_status port_life_nic_end(struct vswitch *vswitch, uint16_t id, struct xsw_error *error)
{
    struct port_slot *slot = &vswitch->ports[id];
    enum xsw_status status = XSW_OK;
    if (slot->life == XSW_STATE_CONNECTED) {
        status = port_life_nic_disconnect(vswitch, id, error);
    } else {
        status = step_check(slot, XSW_OP_NIC_DELETE, error);
    }
    if (status != XSW_OK) {
        return status;
    }
    if (slot->leaving == PORT_STAYS) {
        slot->leaving = PORT_NIC_LEAVES;
    }
    status = nic_delete(vswitch, id, error);
    if (status == XSW_OK && slot->leaving == PORT_NIC_LEAVES) {
        slot->leaving = PORT_STAYS;
        slot->config.kind = PORT_KIND_NONE;
        slot->config.device[0] = slot->config.input_path[0] = slot->config.output_path[0] = '\0';
    }
    return status;
}

/* The end ------------------------------------------------------------------------------------ */

static void rules_free(struct vswitch *vswitch, struct port_slot *slot)
{
    for (uint32_t i = 0; i < slot->acl_count; i++) {
        vswitch->rule_is_used[slot->acl[i].counter] = 0;
    }
    free(slot->acl);
    slot->acl = NULL;
    slot->acl_count = 0;
}

static enum xsw_status port_delete(struct vswitch *vswitch, uint16_t id, struct xsw_error *error)
{
    struct port_slot *slot = &vswitch->ports[id];
    struct xsw_port_info info;
    enum xsw_status status = held_check(vswitch, id, REFERENCE_PORT, error);
    if (status != XSW_OK) {
        return status;
    }
    struct xsw_change change = notify_change(vswitch, XSW_OP_PORT_DELETE, id, &info, NULL);
    step_tell(vswitch, &change);
    features_port_gone(vswitch, id);
    rules_free(vswitch, slot);
    connections_forget(vswitch->connections, id, 0);
    slot->leaving = PORT_STAYS;
    slot->is_waiting = false;
    slot->removed_at = vswitch->generation;
    if (!slot->was_seen) {
        /* No packet ever had this id: nothing has to remember whose it was. */
        slot->config.name[0] = '\0';
    }
    return XSW_OK;
}

enum xsw_status port_life_end(struct vswitch *vswitch, uint16_t id, struct xsw_error *error)
{
    struct port_slot *slot = &vswitch->ports[id];
    enum xsw_status status = XSW_OK;
    slot->leaving = PORT_LEAVES;
    if (lifecycle_rights(slot->life)->nic_operations) {
        status = port_life_nic_end(vswitch, id, error);
    }
    if (status == XSW_OK && lifecycle_next(slot->life, XSW_OP_PORT_TEARDOWN, NULL)) {
        struct xsw_port_info info;
        struct xsw_change change = notify_change(vswitch, XSW_OP_PORT_TEARDOWN, id, &info, NULL);
        step_tell(vswitch, &change);
    }
    if (status == XSW_OK) {
        status = port_delete(vswitch, id, error);
    }
    return status;
}

void vswitch_ports_settle(struct vswitch *vswitch)
{
    /* Letting go of one may be what an extension waits for before it lets go of the next. */
    for (bool is_new = !vswitch->is_held; is_new;) {
        is_new = false;
        for (uint16_t id = 1; id < XSW_PORTS_MAX; id++) {
            struct port_slot *slot = &vswitch->ports[id];
            enum xsw_port_state before = slot->life;
            if (slot->leaving == PORT_LEAVES) {
                (void)!port_life_end(vswitch, id, NULL);
            } else if (slot->leaving == PORT_NIC_LEAVES) {
                (void)!port_life_nic_end(vswitch, id, NULL);
            }
            is_new = is_new || slot->life != before;
        }
    }
}
