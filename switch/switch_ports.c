/* SPDX-License-Identifier: Apache-2.0 */
/* Ports of a switch: check, open, publish; and back in the reverse order. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "packet/wire.h"
#include "switch/state.h"

void port_config_init(struct port_config *config)
{
    *config = (struct port_config){.kind = PORT_KIND_TAP,
                                   .mtu = CONFIG_MTU_DEFAULT,
                                   .vlan = {.mode = VLAN_ACCESS, .access = 1}};
}

const struct port_ops *port_kind_ops(enum port_kind kind)
{
    switch (kind) {
    case PORT_KIND_TAP:
        return &port_tap_ops;
    case PORT_KIND_MEMORY:
        return &port_memory_ops;
    case PORT_KIND_FILE:
        return &port_file_ops;
    }
    return NULL;
}

uint16_t vswitch_port_id(const struct vswitch *vswitch, const char *name)
{
    for (uint16_t id = 1; name[0] != '\0' && id < XSW_PORTS_MAX; id++) {
        if (vswitch->ports[id].port != NULL && strcmp(vswitch->ports[id].config.name, name) == 0) {
            return id;
        }
    }
    return XSW_PORT_NONE;
}

struct port *vswitch_port_object(struct vswitch *vswitch, const char *name)
{
    return vswitch->ports[vswitch_port_id(vswitch, name)].port;
}

static enum xsw_status not_found(const char *name, struct xsw_error *error)
{
    return error_set(error, XSW_NOT_FOUND, "there is no port \"%s\"", name);
}

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

static enum xsw_status vlan_check(const struct port_config *config, struct xsw_error *error)
{
    const struct vlan_config *vlan = &config->vlan;
    if (vlan->mode == VLAN_ACCESS && (vlan->access < 1 || vlan->access > CONFIG_VLAN_MAX)) {
        return error_set(error, XSW_INVALID, "port %s: access VLAN %u; expected 1 to %d",
                         config->name, vlan->access, CONFIG_VLAN_MAX);
    }
    if (vlan->mode == VLAN_TRUNK && vlan->native > CONFIG_VLAN_MAX) {
        return error_set(error, XSW_INVALID, "port %s: native VLAN %u; expected 0 to %d",
                         config->name, vlan->native, CONFIG_VLAN_MAX);
    }
    return XSW_OK;
}

static enum xsw_status config_check(const struct vswitch *vswitch, const struct port_config *config,
                                    struct xsw_error *error)
{
    enum xsw_status status = name_check(config->name, error);
    if (status == XSW_OK) {
        status = vlan_check(config, error);
    }
    if (status != XSW_OK) {
        return status;
    }
    if (config->mtu < CONFIG_MTU_MIN || config->mtu > CONFIG_MTU_MAX) {
        return error_set(error, XSW_INVALID, "port %s: MTU %u; expected %d to %d", config->name,
                         config->mtu, CONFIG_MTU_MIN, CONFIG_MTU_MAX);
    }
    if (config->spoof_guard && config->mac_count == 0) {
        return error_set(error, XSW_INVALID,
                         "port %s: the spoofing guard needs the addresses that it allows: macs",
                         config->name);
    }
    if (config->mirror_to[0] != '\0' && (strcmp(config->mirror_to, config->name) == 0 ||
                                         vswitch_port_id(vswitch, config->mirror_to) == 0)) {
        return error_set(error, XSW_NOT_FOUND,
                         "port %s: mirror_to \"%s\"; expected the name of another port that exists",
                         config->name, config->mirror_to);
    }
    return XSW_OK;
}

/* Whether an observer has seen the port that had this id: to it the number still means that one. */
static int id_is_remembered(const struct vswitch *vswitch, const struct port_slot *slot)
{
    for (uint32_t i = 0; i < OBSERVERS_MAX && slot->config.name[0] != '\0'; i++) {
        if (vswitch->observers[i] != NULL && vswitch->observed_since[i] <= slot->removed_at) {
            return 1;
        }
    }
    return 0;
}

/* Ids go round, so that one that was given back is not soon another port's. */
static uint16_t id_take(struct vswitch *vswitch)
{
    for (uint32_t tries = 0; tries < XSW_PORTS_MAX; tries++) {
        uint16_t id = vswitch->next_port;
        const struct port_slot *slot = &vswitch->ports[id];
        vswitch->next_port = (uint16_t)(id % (XSW_PORTS_MAX - 1) + 1);
        if (slot->port == NULL && !id_is_remembered(vswitch, slot)) {
            return id;
        }
    }
    return XSW_PORT_NONE;
}

static struct port_counters counters_sum(const struct vswitch *vswitch, uint16_t id)
{
    return (struct port_counters){
        .rx_packets = VSWITCH_SUM(vswitch, ports[id].rx_packets),
        .rx_bytes = VSWITCH_SUM(vswitch, ports[id].rx_bytes),
        .tx_packets = VSWITCH_SUM(vswitch, ports[id].tx_packets),
        .tx_bytes = VSWITCH_SUM(vswitch, ports[id].tx_bytes),
        .dropped_in = VSWITCH_SUM(vswitch, ports[id].dropped_in),
        .dropped_out = VSWITCH_SUM(vswitch, ports[id].dropped_out),
    };
}

enum xsw_status vswitch_port_add(struct vswitch *vswitch, const struct port_config *config,
                                 uint16_t *id, struct xsw_error *error)
{
    enum xsw_status status = config_check(vswitch, config, error);
    if (status != XSW_OK) {
        return status;
    }
    if (vswitch_port_id(vswitch, config->name) != XSW_PORT_NONE) {
        return error_set(error, XSW_EXISTS, "there is a port \"%s\" already", config->name);
    }
    uint16_t taken = id_take(vswitch);
    if (taken == XSW_PORT_NONE) {
        return error_set(error, XSW_LIMIT,
                         "no port id is free: there are %d, and those of ports that a running "
                         "capture has seen are kept until it ends",
                         XSW_PORTS_MAX - 1);
    }
    struct port_slot *slot = &vswitch->ports[taken];
    struct port *port = NULL;
    status = port_kind_ops(config->kind)->open(config, vswitch->worker_count, &port, error);
    if (status != XSW_OK) {
        error_prefix(error, "port %s", config->name);
        return status;
    }
    *slot = (struct port_slot){.port = port,
                               .config = *config,
                               .state = PORT_UP,
                               .baseline = counters_sum(vswitch, taken)};
    status = vswitch_publish(vswitch, error);
    if (status != XSW_OK) {
        slot->port = NULL;
        port->ops->close(port);
        return status;
    }
    if (id != NULL) {
        *id = taken;
    }
    return XSW_OK;
}

enum xsw_status vswitch_port_add_with_acl(struct vswitch *vswitch, const struct port_config *config,
                                          struct acl_rule *rules, size_t rule_count,
                                          struct xsw_error *error)
{
    vswitch->is_held = true;
    uint16_t id = XSW_PORT_NONE;
    enum xsw_status status = vswitch_port_add(vswitch, config, &id, error);
    for (size_t i = 0; status == XSW_OK && i < rule_count; i++) {
        status = vswitch_acl_add(vswitch, config->name, &rules[i], error);
        if (status != XSW_OK) {
            error_prefix(error, "acl[%zu]", i);
        }
    }
    if (status == XSW_OK) {
        vswitch->is_held = false;
        status = vswitch_publish(vswitch, error);
    }
    if (status != XSW_OK && id != XSW_PORT_NONE) {
        /* No worker has seen the port: it goes without a word to them. */
        vswitch->is_held = true;
        (void)!vswitch_port_remove(vswitch, config->name, NULL);
    }
    vswitch->is_held = false;
    return status;
}

static const char *mirror_user(const struct vswitch *vswitch, const char *name)
{
    for (uint16_t id = 1; id < XSW_PORTS_MAX; id++) {
        const struct port_slot *slot = &vswitch->ports[id];
        if (slot->port != NULL && strcmp(slot->config.mirror_to, name) == 0) {
            return slot->config.name;
        }
    }
    return NULL;
}

static void rules_free(struct vswitch *vswitch, struct port_slot *slot)
{
    for (uint32_t i = 0; i < slot->acl_count; i++) {
        vswitch->rule_is_used[slot->acl[i].counter] = 0;
    }
    free(slot->acl);
    slot->acl = NULL;
    slot->acl_count = 0;
}

enum xsw_status vswitch_port_remove(struct vswitch *vswitch, const char *name,
                                    struct xsw_error *error)
{
    uint16_t id = vswitch_port_id(vswitch, name);
    if (id == XSW_PORT_NONE) {
        return not_found(name, error);
    }
    const char *user = mirror_user(vswitch, name);
    if (user != NULL) {
        return error_set(error, XSW_BUSY, "port %s is the mirror of port %s: end that first", name,
                         user);
    }
    struct port_slot *slot = &vswitch->ports[id];
    struct port *port = slot->port;
    slot->port = NULL;
    enum xsw_status status = vswitch_publish(vswitch, error);
    if (status != XSW_OK) {
        slot->port = port;
        return status;
    }
    slot->removed_at = vswitch->generation;
    port->ops->close(port);
    rules_free(vswitch, slot);
    mac_table_flush(vswitch->macs, id);
    return XSW_OK;
}

static int is_same_port(const struct port_config *a, const struct port_config *b)
{
    return a->kind == b->kind && strcmp(a->device, b->device) == 0 &&
           strcmp(a->input_path, b->input_path) == 0 &&
           strcmp(a->output_path, b->output_path) == 0 && a->keep_timing == b->keep_timing;
}

enum xsw_status vswitch_port_set(struct vswitch *vswitch, const struct port_config *config,
                                 struct xsw_error *error)
{
    uint16_t id = vswitch_port_id(vswitch, config->name);
    if (id == XSW_PORT_NONE) {
        return not_found(config->name, error);
    }
    struct port_slot *slot = &vswitch->ports[id];
    enum xsw_status status = config_check(vswitch, config, error);
    if (status == XSW_OK && !is_same_port(&slot->config, config)) {
        status = error_set(error, XSW_UNSUPPORTED,
                           "port %s: kind, device and files of a port cannot be changed: remove it "
                           "and add it again",
                           config->name);
    }
    if (status != XSW_OK) {
        return status;
    }
    struct port_config before = slot->config;
    slot->config = *config;
    status = vswitch_publish(vswitch, error);
    if (status != XSW_OK) {
        slot->config = before;
        return status;
    }
    /* Addresses were learned under the VLANs that it had. */
    if (memcmp(&before.vlan, &config->vlan, sizeof(before.vlan)) != 0) {
        mac_table_flush(vswitch->macs, id);
    }
    return XSW_OK;
}

static struct port_counters counters_of(const struct vswitch *vswitch, uint16_t id)
{
    const struct port_counters *before = &vswitch->ports[id].baseline;
    struct port_counters counters = counters_sum(vswitch, id);
    counters.rx_packets -= before->rx_packets;
    counters.rx_bytes -= before->rx_bytes;
    counters.tx_packets -= before->tx_packets;
    counters.tx_bytes -= before->tx_bytes;
    counters.dropped_in -= before->dropped_in;
    counters.dropped_out -= before->dropped_out;
    return counters;
}

static void info_fill(const struct vswitch *vswitch, uint16_t id, struct port_info *info)
{
    const struct port_slot *slot = &vswitch->ports[id];
    *info = (struct port_info){.id = id,
                               .config = slot->config,
                               .state = slot->port->ops->state(slot->port),
                               .queues = slot->port->queues,
                               .counters = counters_of(vswitch, id)};
}

size_t vswitch_ports(struct vswitch *vswitch, struct port_info *ports, size_t capacity)
{
    size_t count = 0;
    for (uint16_t id = 1; id < XSW_PORTS_MAX; id++) {
        if (vswitch->ports[id].port == NULL) {
            continue;
        }
        if (count < capacity) {
            info_fill(vswitch, id, &ports[count]);
        }
        count++;
    }
    return count;
}

size_t vswitch_port_names(struct vswitch *vswitch, struct port_name *names, size_t capacity)
{
    size_t count = 0;
    for (uint16_t id = 1; id < XSW_PORTS_MAX; id++) {
        const struct port_slot *slot = &vswitch->ports[id];
        if (slot->config.name[0] == '\0') {
            continue;
        }
        if (count < capacity) {
            names[count] = (struct port_name){.id = id, .kind = slot->config.kind};
            memcpy(names[count].name, slot->config.name, sizeof(names[count].name));
        }
        count++;
    }
    return count;
}

enum xsw_status vswitch_port_find(struct vswitch *vswitch, const char *name, struct port_info *port,
                                  struct xsw_error *error)
{
    uint16_t id = vswitch_port_id(vswitch, name);
    if (id == XSW_PORT_NONE) {
        return not_found(name, error);
    }
    info_fill(vswitch, id, port);
    return XSW_OK;
}
