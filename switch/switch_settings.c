/* SPDX-License-Identifier: Apache-2.0 */
/* What of a switch can be changed while packets pass. */
#include <string.h>

#include "base/error.h"
#include "switch/config/config_text.h"
#include "switch/control/change_log.h"
#include "switch/path/mac_table.h"
#include "switch/state.h"
#include "switch/switch_configure.h"

static enum xsw_status settings_check(const struct switch_config *before,
                                      const struct switch_config *config, struct xsw_error *error)
{
    if (!config_name_is_valid(config->name)) {
        return error_set(error, XSW_INVALID,
                         "switch.name \"%s\": expected letters, digits, '-', '_' and '.'",
                         config->name);
    }
    if (config->mac_limit < 1 || config->mac_limit > CONFIG_MAC_LIMIT_MAX) {
        return error_set(error, XSW_INVALID, "switch.mac_limit: %u; expected 1 to %d",
                         config->mac_limit, CONFIG_MAC_LIMIT_MAX);
    }
    if (config->workers != before->workers || config->buffers != before->buffers) {
        return error_set(error, XSW_UNSUPPORTED,
                         "switch %s: workers and buffers cannot be changed while it runs: set them "
                         "in the configuration and start it again",
                         before->name);
    }
    return XSW_OK;
}

static enum xsw_status type_check(const struct vswitch *vswitch, enum switch_type type,
                                  struct xsw_error *error)
{
    for (uint16_t id = 1; id < XSW_PORTS_MAX; id++) {
        const struct port_slot *slot = &vswitch->ports[id];
        enum port_role role = slot->config.role;
        if (vswitch_port_id(vswitch, slot->config.name) != id || role == PORT_ROLE_GENERIC) {
            continue;
        }
        if (type == SWITCH_PRIVATE || (type == SWITCH_INTERNAL && role == PORT_ROLE_EXTERNAL)) {
            return error_set(error, XSW_BUSY,
                             "port %s is %s, which such a switch does not have: remove it first",
                             slot->config.name,
                             role == PORT_ROLE_EXTERNAL ? "external" : "internal");
        }
    }
    return XSW_OK;
}

/* The new table takes over with the snapshot that brings the other settings. */
static enum xsw_status settings_publish(struct vswitch *vswitch, const struct switch_config *config,
                                        struct mac_table *macs, struct xsw_error *error)
{
    struct switch_config before = vswitch->config;
    struct mac_table *old = vswitch->macs;
    vswitch->config = *config;
    if (macs != NULL) {
        mac_table_copy(macs, old);
        vswitch->macs = macs;
    }
    enum xsw_status status = vswitch_publish(vswitch, error);
    if (status != XSW_OK) {
        vswitch->config = before;
        vswitch->macs = old;
        old = macs;
    }
    if (macs != NULL) {
        mac_table_destroy(old);
    }
    return status;
}

enum xsw_status vswitch_set(struct vswitch *vswitch, const struct switch_config *config,
                            struct xsw_error *error)
{
    const struct switch_config *before = &vswitch->config;
    const struct switch_config kept = *before;
    struct mac_table *macs = NULL;
    enum xsw_status status = settings_check(before, config, error);
    if (status == XSW_OK && config->type != before->type) {
        status = type_check(vswitch, config->type, error);
    }
    if (status == XSW_OK) {
        status = bandwidth_mode_check(vswitch, config->bandwidth_mode, error);
    }
    if (status == XSW_OK && (config->mac_limit != before->mac_limit ||
                             config->mac_ageing_seconds != before->mac_ageing_seconds)) {
        status = mac_table_create(config->mac_limit, config->mac_ageing_seconds, &macs, error);
    }
    if (status == XSW_OK) {
        status = switch_configure_ask(vswitch, &kept, config, error);
    }
    if (status != XSW_OK) {
        mac_table_destroy(macs);
        return status;
    }
    status = settings_publish(vswitch, config, macs, error);
    switch_configure_done(vswitch, &kept, config, status);
    if (status == XSW_OK) {
        change_log_switch(vswitch, &kept, config);
    }
    return status;
}
