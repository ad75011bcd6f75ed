/* SPDX-License-Identifier: Apache-2.0 */
/* What people do to ports and NICs: checked here, then done by the steps of
 * switch/life/port_life.c; and back in the reverse order. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "switch/extension/notify.h"
#include "switch/life/lifecycle.h"
#include "switch/life/port_life.h"
#include "switch/policy/port_check.h"

void port_config_init(struct port_config *config)
{
    *config = (struct port_config){.kind = PORT_KIND_TAP,
                                   .mtu = CONFIG_MTU_DEFAULT,
                                   .vlan = {.mode = VLAN_ACCESS, .access = 1}};
}

/* Checks ------------------------------------------------------------------------------------- */

static enum xsw_status name_check(const char *name, struct xsw_error *error)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    size_t length = strspn(name, allowed);
    if (length == 0 || name[length] != '\0') {
        return error_set(error, XSW_INVALID,
                         "port name \"%s\": expected letters, digits, '-', '_' and '.'", name);
    }
    return XSW_OK;
}

/* One port to the outside and one to the host at most, and none where the type of the switch has
 * none. */
static enum xsw_status role_check(const struct vswitch *vswitch, const struct port_config *config,
                                  struct xsw_error *error)
{
    static const char *const names[] = {[PORT_ROLE_GENERIC] = "generic",
                                        [PORT_ROLE_EXTERNAL] = "external",
                                        [PORT_ROLE_INTERNAL] = "internal"};
    static const char *const types[] = {[SWITCH_EXTERNAL] = "external",
                                        [SWITCH_INTERNAL] = "internal",
                                        [SWITCH_PRIVATE] = "private"};
    enum switch_type type = vswitch->config.type;
    if (config->role == PORT_ROLE_GENERIC) {
        return XSW_OK;
    }
    if (type == SWITCH_PRIVATE || (type == SWITCH_INTERNAL && config->role == PORT_ROLE_EXTERNAL)) {
        return error_set(error, XSW_INVALID, "port %s: %s switches have no %s port", config->name,
                         types[type], names[config->role]);
    }
    for (uint16_t id = 1; id < XSW_PORTS_MAX; id++) {
        const struct port_slot *slot = &vswitch->ports[id];
        if (slot->life != XSW_STATE_NOT_CREATED && slot->config.role == config->role &&
            strcmp(slot->config.name, config->name) != 0) {
            return error_set(error, XSW_EXISTS,
                             "port %s: the switch has an %s port already: %s; one is all that a "
                             "switch can have",
                             config->name, names[config->role], slot->config.name);
        }
    }
    return XSW_OK;
}

static enum xsw_status values_check(const struct vswitch *vswitch, const struct port_config *config,
                                    struct xsw_error *error)
{
    if (config->mtu < CONFIG_MTU_MIN || config->mtu > CONFIG_MTU_MAX) {
        return error_set(error, XSW_INVALID, "port %s: MTU %u; expected %d to %d", config->name,
                         config->mtu, CONFIG_MTU_MIN, CONFIG_MTU_MAX);
    }
    if (config->spoof_guard && config->mac_count == 0) {
        return error_set(error, XSW_INVALID,
                         "port %s: the spoofing guard needs the addresses that it allows: macs",
                         config->name);
    }
    uint16_t mirror = vswitch_port_id(vswitch, config->mirror_to);
    if (config->mirror_to[0] != '\0' &&
        (strcmp(config->mirror_to, config->name) == 0 || mirror == XSW_PORT_NONE ||
         vswitch->ports[mirror].leaving == PORT_LEAVES)) {
        return error_set(error, XSW_NOT_FOUND,
                         "port %s: mirror_to \"%s\"; expected the name of another port that "
                         "exists and stays",
                         config->name, config->mirror_to);
    }
    return XSW_OK;
}

static enum xsw_status config_check(const struct vswitch *vswitch, const struct port_config *config,
                                    struct xsw_error *error)
{
    enum xsw_status status = name_check(config->name, error);
    if (status == XSW_OK) {
        status = port_config_check_policies(vswitch, config, error);
    }
    if (status == XSW_OK) {
        status = values_check(vswitch, config, error);
    }
    if (status == XSW_OK) {
        status = role_check(vswitch, config, error);
    }
    return status == XSW_OK ? bandwidth_check(vswitch, config, error) : status;
}

/* Making ------------------------------------------------------------------------------------- */

/* What a port is before it has any policy. */
static struct port_config config_bare(const struct port_config *config)
{
    struct port_config bare = *config;
    port_config_init(&bare);
    memcpy(bare.name, config->name, sizeof(bare.name));
    memcpy(bare.friendly_name, config->friendly_name, sizeof(bare.friendly_name));
    memcpy(bare.device, config->device, sizeof(bare.device));
    bare.kind = config->kind;
    bare.role = config->role;
    bare.mtu = config->mtu;
    return bare;
}

/* All before the NIC: the port, and what is configured on it. */
static enum xsw_status port_prepare(struct vswitch *vswitch, uint16_t id,
                                    const struct port_request *request, struct xsw_error *error)
{
    const char *name = request->config.name;
    enum xsw_status status = port_life_create(vswitch, id, error);
    if (status == XSW_OK) {
        status = port_life_configure(vswitch, id, NULL, &request->config, error);
    }
    for (size_t i = 0; status == XSW_OK && i < request->rule_count; i++) {
        status = vswitch_acl_add(vswitch, name, &request->rules[i], error);
        if (status != XSW_OK) {
            error_prefix(error, "acl[%zu]", i);
        }
    }
    if (status == XSW_OK && request->configure != NULL) {
        status = request->configure(request->context, vswitch, name, error);
    }
    return status;
}

/* Takes back what has been made of a port. An extension may hold it up. */
static void port_undo(struct vswitch *vswitch, uint16_t id)
{
    struct port_slot *slot = &vswitch->ports[id];
    if (slot->life != XSW_STATE_NOT_CREATED) {
        (void)!port_life_end(vswitch, id, NULL);
    } else {
        slot->config.name[0] = '\0';
    }
}

static enum xsw_status slot_take(struct vswitch *vswitch, const struct port_config *config,
                                 uint16_t *id, struct xsw_error *error)
{
    enum xsw_status status = config_check(vswitch, config, error);
    if (status != XSW_OK) {
        return status;
    }
    uint16_t same = vswitch_port_id(vswitch, config->name);
    if (same != XSW_PORT_NONE) {
        bool is_leaving = vswitch->ports[same].leaving == PORT_LEAVES;
        return error_set(error, XSW_EXISTS, "there is a port \"%s\" already%s", config->name,
                         is_leaving ? ", which waits for an extension to let it go" : "");
    }
    status = port_id_take(vswitch, id, error);
    if (status == XSW_OK) {
        status = port_id_forget(vswitch, *id, error);
    }
    if (status == XSW_OK) {
        vswitch->ports[*id] = (struct port_slot){.config = config_bare(config),
                                                 .state = PORT_NO_NIC,
                                                 .since = vswitch->generation + 1,
                                                 .baseline = vswitch_port_sums(vswitch, *id)};
        bandwidth_forget(vswitch->bandwidth, *id);
    }
    return status;
}

enum xsw_status vswitch_port_make(struct vswitch *vswitch, const struct port_request *request,
                                  uint16_t *id, struct xsw_error *error)
{
    uint16_t taken = XSW_PORT_NONE;
    bool was_held = vswitch->is_held;
    enum xsw_status status = bandwidth_check_sum(vswitch, &request->config, 0, error);
    if (status == XSW_OK) {
        status = slot_take(vswitch, &request->config, &taken, error);
    }
    if (status != XSW_OK) {
        return status;
    }
    /* One publication for all of it; no worker sees half a port. */
    vswitch->is_held = true;
    status = port_prepare(vswitch, taken, request, error);
    if (status == XSW_OK && request->config.kind != PORT_KIND_NONE) {
        status = port_life_nic_create(vswitch, taken, error);
        if (status == XSW_OK) {
            status = port_life_nic_connect(vswitch, taken, error);
        }
    }
    if (status == XSW_OK) {
        status = port_id_tell(vswitch, error);
    }
    if (status == XSW_OK) {
        vswitch->is_held = was_held;
        status = vswitch_publish(vswitch, error);
    }
    if (status != XSW_OK) {
        /* No worker has seen the port: it goes without a word to them. */
        vswitch->is_held = true;
        port_undo(vswitch, taken);
    }
    vswitch->is_held = was_held;
    if (status == XSW_OK && id != NULL) {
        *id = taken;
    }
    return status;
}

enum xsw_status vswitch_port_add(struct vswitch *vswitch, const struct port_config *config,
                                 uint16_t *id, struct xsw_error *error)
{
    struct port_request request = {.config = *config};
    return vswitch_port_make(vswitch, &request, id, error);
}

enum xsw_status vswitch_port_validate(struct vswitch *vswitch, const struct port_request *request,
                                      struct xsw_error *error)
{
    uint16_t id = XSW_PORT_NONE;
    bool was_held = vswitch->is_held;
    enum xsw_status status = slot_take(vswitch, &request->config, &id, error);
    if (status != XSW_OK) {
        return status;
    }
    vswitch->is_held = true;
    vswitch->ports[id].is_validation = true;
    status = port_prepare(vswitch, id, request, error);
    port_undo(vswitch, id);
    vswitch->is_held = was_held;
    return status;
}

/* Removing and setting ----------------------------------------------------------------------- */

static const char *mirror_user(const struct vswitch *vswitch, const char *name)
{
    for (uint16_t id = 1; id < XSW_PORTS_MAX; id++) {
        const struct port_slot *slot = &vswitch->ports[id];
        if (slot->life != XSW_STATE_NOT_CREATED && strcmp(slot->config.mirror_to, name) == 0) {
            return slot->config.name;
        }
    }
    return NULL;
}

enum xsw_status vswitch_port_remove(struct vswitch *vswitch, const char *name,
                                    struct xsw_error *error)
{
    uint16_t id = XSW_PORT_NONE;
    enum xsw_status status = port_life_find(vswitch, name, &id, error);
    if (status != XSW_OK) {
        return status;
    }
    const char *user = mirror_user(vswitch, name);
    if (user != NULL) {
        return error_set(error, XSW_BUSY, "port %s is the mirror of port %s: end that first", name,
                         user);
    }
    status = port_life_end(vswitch, id, error);
    vswitch_ports_settle(vswitch);
    return status;
}

static bool is_same_port(const struct port_config *a, const struct port_config *b)
{
    return a->kind == b->kind && a->role == b->role && strcmp(a->device, b->device) == 0 &&
           strcmp(a->input_path, b->input_path) == 0 &&
           strcmp(a->output_path, b->output_path) == 0 && a->keep_timing == b->keep_timing;
}

enum xsw_status vswitch_port_set(struct vswitch *vswitch, const struct port_config *config,
                                 struct xsw_error *error)
{
    uint16_t id = XSW_PORT_NONE;
    enum xsw_status status = port_life_find_staying(vswitch, config->name, &id, error);
    if (status == XSW_OK) {
        status = config_check(vswitch, config, error);
    }
    if (status == XSW_OK) {
        status = bandwidth_check_sum(vswitch, config, id, error);
    }
    struct port_slot *slot = &vswitch->ports[id];
    if (status == XSW_OK && !is_same_port(&slot->config, config)) {
        status = error_set(error, XSW_UNSUPPORTED,
                           "port %s: role, kind, device and files of a port cannot be changed: "
                           "remove it and add it again",
                           config->name);
    }
    if (status != XSW_OK) {
        return status;
    }
    struct port_config before = slot->config;
    status = port_life_configure(vswitch, id, &before, config, error);
    /* Addresses were learned under the VLANs that it had. */
    if (status == XSW_OK && memcmp(&before.vlan, &config->vlan, sizeof(before.vlan)) != 0) {
        mac_table_flush(vswitch->macs, id);
    }
    return status;
}
