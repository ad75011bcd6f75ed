/* SPDX-License-Identifier: Apache-2.0 */
/* The checks of a port's policies, before anything is changed. Each refusal names the port, the
 * other one if there is one, and what to do. */
#include "switch/policy/port_check.h"

#include <string.h>

#include "base/error.h"
#include "switch/state.h"

static int vlan_has(const uint64_t set[4096 / 64], uint32_t vlan)
{
    return (set[vlan / 64] >> vlan % 64 & 1) != 0;
}

static int vlan_is_valid(uint32_t vlan)
{
    return vlan >= 1 && vlan <= CONFIG_VLAN_MAX;
}

/* Whether the VLAN is a secondary one of this port's private VLAN. */
static int is_secondary(const struct vlan_config *vlan, uint32_t number)
{
    if (vlan->mode != VLAN_PRIVATE) {
        return 0;
    }
    return vlan->private_type == PRIVATE_VLAN_PROMISCUOUS ? vlan_has(vlan->allowed, number)
                                                          : vlan->secondary == number;
}

static enum xsw_status private_check(const struct port_config *config, struct xsw_error *error)
{
    const struct vlan_config *vlan = &config->vlan;
    uint32_t secondaries = 0;
    if (!vlan_is_valid(vlan->primary)) {
        return error_set(error, XSW_INVALID, "port %s: primary VLAN %u; expected 1 to %d",
                         config->name, vlan->primary, CONFIG_VLAN_MAX);
    }
    for (uint32_t number = 0; number < 4096; number++) {
        if (!is_secondary(vlan, number)) {
            continue;
        }
        if (!vlan_is_valid(number) || number == vlan->primary) {
            return error_set(error, XSW_INVALID,
                             "port %s: secondary VLAN %u; expected 1 to %d, and another one than "
                             "the primary VLAN",
                             config->name, number, CONFIG_VLAN_MAX);
        }
        secondaries++;
    }
    if (secondaries == 0) {
        return error_set(error, XSW_INVALID,
                         "port %s: a private VLAN needs the secondary VLANs that it is made of",
                         config->name);
    }
    return XSW_OK;
}

static enum xsw_status vlan_check(const struct port_config *config, struct xsw_error *error)
{
    const struct vlan_config *vlan = &config->vlan;
    if (vlan->mode == VLAN_ACCESS && !vlan_is_valid(vlan->access)) {
        return error_set(error, XSW_INVALID, "port %s: access VLAN %u; expected 1 to %d",
                         config->name, vlan->access, CONFIG_VLAN_MAX);
    }
    if (vlan->mode == VLAN_TRUNK && vlan->native > CONFIG_VLAN_MAX) {
        return error_set(error, XSW_INVALID, "port %s: native VLAN %u; expected 0 to %d",
                         config->name, vlan->native, CONFIG_VLAN_MAX);
    }
    return vlan->mode == VLAN_PRIVATE ? private_check(config, error) : XSW_OK;
}

/* What makes a VLAN number mean one thing on one port and another on the other; null: nothing. */
static const char *vlan_conflict(const struct vlan_config *a, const struct vlan_config *b,
                                 uint32_t number)
{
    if (!is_secondary(a, number)) {
        return NULL;
    }
    if (b->mode == VLAN_ACCESS && b->access == number) {
        return "is the access VLAN";
    }
    if (b->mode != VLAN_PRIVATE) {
        return NULL;
    }
    if (b->primary == number) {
        return "is a primary VLAN";
    }
    if (is_secondary(b, number) && b->primary != a->primary) {
        return "belongs to another primary VLAN";
    }
    int is_typed =
        a->private_type != PRIVATE_VLAN_PROMISCUOUS && b->private_type != PRIVATE_VLAN_PROMISCUOUS;
    if (is_secondary(b, number) && is_typed && a->private_type != b->private_type) {
        return b->private_type == PRIVATE_VLAN_ISOLATED ? "is an isolated VLAN"
                                                        : "is a community VLAN";
    }
    return NULL;
}

static enum xsw_status neighbour_check(const struct port_config *config,
                                       const struct port_config *other, struct xsw_error *error)
{
    if (config->vlan.mode != VLAN_PRIVATE && other->vlan.mode != VLAN_PRIVATE) {
        return XSW_OK;
    }
    for (uint32_t number = 1; number <= CONFIG_VLAN_MAX; number++) {
        const char *conflict = vlan_conflict(&config->vlan, &other->vlan, number);
        if (conflict != NULL) {
            return error_set(error, XSW_INVALID,
                             "port %s: secondary VLAN %u %s on port %s; expected one meaning of a "
                             "VLAN on a switch",
                             config->name, number, conflict, other->name);
        }
        conflict = vlan_conflict(&other->vlan, &config->vlan, number);
        if (conflict != NULL) {
            return error_set(error, XSW_INVALID,
                             "port %s: VLAN %u %s, and on port %s it is a secondary VLAN of "
                             "primary VLAN %u; expected one meaning of a VLAN on a switch",
                             config->name, number, conflict, other->name, other->vlan.primary);
        }
    }
    return XSW_OK;
}

static enum xsw_status neighbours_check(const struct vswitch *vswitch,
                                        const struct port_config *config, struct xsw_error *error)
{
    enum xsw_status status = XSW_OK;
    for (uint16_t id = 1; status == XSW_OK && id < XSW_PORTS_MAX; id++) {
        const struct port_slot *slot = &vswitch->ports[id];
        if (port_slot_exists(slot) && !slot->is_validation &&
            strcmp(slot->config.name, config->name) != 0) {
            status = neighbour_check(config, &slot->config, error);
        }
    }
    return status;
}

static enum xsw_status required_check(const struct port_config *config, struct xsw_error *error)
{
    if (config->required_count > CONFIG_REQUIRED_MAX) {
        return error_set(error, XSW_LIMIT, "port %s: %u required extensions; expected at most %d",
                         config->name, config->required_count, CONFIG_REQUIRED_MAX);
    }
    for (uint32_t i = 0; i < config->required_count; i++) {
        for (uint32_t j = 0; j < i; j++) {
            if (strcmp(config->required[i], config->required[j]) == 0) {
                return error_set(error, XSW_INVALID,
                                 "port %s: required extension \"%s\" is there twice", config->name,
                                 config->required[i]);
            }
        }
    }
    return XSW_OK;
}

/* XSW_POLICY_* bits that somebody must enforce, so that the port is as configured. */
static uint32_t policy_of_port(const struct port_config *config)
{
    const struct vlan_config *vlan = &config->vlan;
    const struct storm_config *storm = &config->storm;
    int is_plain = vlan->mode == VLAN_ACCESS && vlan->access == 1;
    int is_secured = config->spoof_guard || config->dhcp_guard || config->router_guard ||
                     storm->broadcast != 0 || storm->multicast != 0 || storm->unknown_unicast != 0;
    return (is_plain ? 0 : (uint32_t)XSW_POLICY_VLAN) |
           (is_secured ? (uint32_t)XSW_POLICY_SECURITY : 0);
}

/* Names the first thing that the forwarder would leave undone. */
static enum xsw_status enforced_check(const struct port_config *config,
                                      const struct extension_instance *forwarder,
                                      struct xsw_error *error)
{
    uint32_t undone = policy_of_port(config) & ~forwarder->enforces;
    if (undone == 0) {
        return XSW_OK;
    }
    if ((undone & XSW_POLICY_VLAN) != 0) {
        return error_set(
            error, XSW_UNSUPPORTED,
            "port %s: forwarder \"%s\" does not enforce VLANs; expected access VLAN 1, "
            "or a switch without this forwarder",
            config->name, forwarder->name);
    }
    return error_set(error, XSW_UNSUPPORTED,
                     "port %s: forwarder \"%s\" does not enforce guards and storm limits; expected "
                     "a port without them, or a switch without this forwarder",
                     config->name, forwarder->name);
}

struct extension_instance *policy_forwarder(const struct vswitch *vswitch)
{
    for (uint32_t i = 0; i < vswitch->extension_count; i++) {
        struct extension_instance *instance = vswitch->extensions[i];
        if (instance->is_enabled && instance->extension->kind == XSW_EXTENSION_FORWARD) {
            return instance;
        }
    }
    return NULL;
}

enum xsw_status port_config_check_policies(const struct vswitch *vswitch,
                                           const struct port_config *config,
                                           struct xsw_error *error)
{
    enum xsw_status status = vlan_check(config, error);
    if (status == XSW_OK) {
        status = neighbours_check(vswitch, config, error);
    }
    if (status == XSW_OK) {
        status = required_check(config, error);
    }
    const struct extension_instance *forwarder = policy_forwarder(vswitch);
    if (status == XSW_OK && forwarder != NULL) {
        status = enforced_check(config, forwarder, error);
    }
    return status;
}

enum xsw_status policy_forwarder_check(const struct vswitch *vswitch,
                                       const struct extension_instance *instance,
                                       struct xsw_error *error)
{
    if (instance->extension->kind != XSW_EXTENSION_FORWARD) {
        return XSW_OK;
    }
    enum xsw_status status = XSW_OK;
    for (uint16_t id = 1; status == XSW_OK && id < XSW_PORTS_MAX; id++) {
        const struct port_slot *slot = &vswitch->ports[id];
        if (port_slot_exists(slot)) {
            status = enforced_check(&slot->config, instance, error);
        }
    }
    return status;
}
