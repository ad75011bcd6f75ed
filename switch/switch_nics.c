/* SPDX-License-Identifier: Apache-2.0 */
/* NICs that come and go on ports that stay, and the moment from which a switch is complete. */
#include <string.h>

#include "base/error.h"
#include "switch/extension/notify.h"
#include "switch/life/lifecycle.h"
#include "switch/life/port_life.h"

enum xsw_status vswitch_nic_add(struct vswitch *vswitch, const struct port_config *config,
                                struct xsw_error *error)
{
    uint16_t id = XSW_PORT_NONE;
    enum xsw_status status = port_life_find_staying(vswitch, config->name, &id, error);
    if (status != XSW_OK) {
        return status;
    }
    struct port_slot *slot = &vswitch->ports[id];
    struct port_config kept = slot->config;
    if (!lifecycle_next(slot->life, XSW_OP_NIC_CREATE, NULL)) {
        return error_set(error, XSW_EXISTS, "port %s has a NIC already: it is %s", config->name,
                         lifecycle_state_name(slot->life));
    }
    slot->config.kind = config->kind;
    slot->config.keep_timing = config->keep_timing;
    memcpy(slot->config.device, config->device, sizeof(slot->config.device));
    memcpy(slot->config.input_path, config->input_path, sizeof(slot->config.input_path));
    memcpy(slot->config.output_path, config->output_path, sizeof(slot->config.output_path));
    status = port_life_nic_create(vswitch, id, error);
    if (status != XSW_OK) {
        slot->config = kept;
    }
    return status;
}

enum xsw_status vswitch_nic_connect(struct vswitch *vswitch, const char *port,
                                    struct xsw_error *error)
{
    uint16_t id = XSW_PORT_NONE;
    enum xsw_status status = port_life_find_staying(vswitch, port, &id, error);
    return status == XSW_OK ? port_life_nic_connect(vswitch, id, error) : status;
}

enum xsw_status vswitch_nic_disconnect(struct vswitch *vswitch, const char *port,
                                       struct xsw_error *error)
{
    uint16_t id = XSW_PORT_NONE;
    enum xsw_status status = port_life_find_staying(vswitch, port, &id, error);
    return status == XSW_OK ? port_life_nic_disconnect(vswitch, id, error) : status;
}

enum xsw_status vswitch_nic_remove(struct vswitch *vswitch, const char *port,
                                   struct xsw_error *error)
{
    uint16_t id = XSW_PORT_NONE;
    enum xsw_status status = port_life_find(vswitch, port, &id, error);
    if (status == XSW_OK) {
        status = port_life_nic_end(vswitch, id, error);
        vswitch_ports_settle(vswitch);
    }
    return status;
}

void vswitch_activate(struct vswitch *vswitch)
{
    struct xsw_change change =
        notify_change(vswitch, XSW_OP_SWITCH_ACTIVATE, XSW_PORT_NONE, NULL, NULL);
    if (!vswitch->is_active) {
        vswitch->is_active = true;
        notify_tell(vswitch, &change);
    }
}

bool vswitch_is_active(const struct vswitch *vswitch)
{
    return vswitch->is_active;
}
