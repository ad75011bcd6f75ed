/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Switch and port configuration between JSON and the structs of switch/config/config.h. Extensions
 * are in switch/config/config_extension.c, access rules in switch/config/config_rule.c, all other
 * policies of a port in switch/config/config_policy.c.
 */
#include "switch/config/config_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "switch/config/config_policy.h"
#include "switch/config/config_rule.h"

static const char *const switch_members[] = {"name",    "type",      "bandwidth_mode",
                                             "workers", "mac_limit", "mac_ageing_seconds",
                                             "buffers", "observers", NULL};
static const char *const port_members[] = {"name",
                                           "kind",
                                           "role",
                                           "friendly_name",
                                           "device",
                                           "input",
                                           "output",
                                           "timing",
                                           "mtu",
                                           "vlan",
                                           "spoof_guard",
                                           "macs",
                                           "dhcp_guard",
                                           "router_guard",
                                           "priority_tag",
                                           "storm_limit",
                                           "bandwidth",
                                           "mirror_to",
                                           "mirror_direction",
                                           "required_extensions",
                                           "acl",
                                           "features",
                                           NULL};
static const char *const port_kinds[] = {[PORT_KIND_TAP] = "tap",
                                         [PORT_KIND_MEMORY] = "memory",
                                         [PORT_KIND_FILE] = "file",
                                         [PORT_KIND_PACKET] = "packet",
                                         [PORT_KIND_XDP] = "xdp",
                                         [PORT_KIND_NONE] = "none",
                                         NULL};
static const char *const port_roles[] = {[PORT_ROLE_GENERIC] = "generic",
                                         [PORT_ROLE_EXTERNAL] = "external",
                                         [PORT_ROLE_INTERNAL] = "internal",
                                         NULL};
static const char *const switch_types[] = {[SWITCH_EXTERNAL] = "external",
                                           [SWITCH_INTERNAL] = "internal",
                                           [SWITCH_PRIVATE] = "private",
                                           NULL};
static const char *const bandwidth_modes[] = {[BANDWIDTH_NONE] = "none",
                                              [BANDWIDTH_WEIGHT] = "weight",
                                              [BANDWIDTH_ABSOLUTE] = "absolute",
                                              NULL};

enum { AGEING_MAX = 1000000 };

/* It starts from nothing when it is there: what is not named is not asked of observers. */
static void observers_read(const struct config_node *node, struct observers_config *observers)
{
    static const char *const members[] = {"headers_only", "mask_payload", "pseudonyms", "filters",
                                          NULL};
    struct config_node object = config_node_member(node, "observers");
    bool may_filter = true;
    if (!config_node_is_there(&object)) {
        return;
    }
    *observers = (struct observers_config){0};
    config_node_check_object(&object, members);
    config_node_bool(&object, "headers_only", &observers->headers_only);
    config_node_bool(&object, "mask_payload", &observers->mask_payload);
    config_node_bool(&object, "pseudonyms", &observers->pseudonyms);
    config_node_bool(&object, "filters", &may_filter);
    observers->no_filters = !may_filter;
}

/* Left out when observers see all. */
static int observers_set(json_t *object, const struct observers_config *observers)
{
    if (!observers->headers_only && !observers->mask_payload && !observers->pseudonyms &&
        !observers->no_filters) {
        return 0;
    }
    return json_object_set_new(
        object, "observers",
        json_pack("{s:b,s:b,s:b,s:b}", "headers_only", (int)observers->headers_only, "mask_payload",
                  (int)observers->mask_payload, "pseudonyms", (int)observers->pseudonyms, "filters",
                  (int)!observers->no_filters));
}

void config_switch_read(const struct config_node *node, struct switch_config *config)
{
    unsigned type = config->type;
    unsigned mode = config->bandwidth_mode;

    config_node_check_object(node, switch_members);
    config_name_read(node, "name", config->name);
    config_node_choice(node, "type", switch_types, &type);
    config->type = (enum switch_type)type;
    config_node_choice(node, "bandwidth_mode", bandwidth_modes, &mode);
    config->bandwidth_mode = (enum bandwidth_mode)mode;
    config_number32_read(node, "workers", 1, CONFIG_WORKERS_MAX, &config->workers);
    config_number32_read(node, "mac_limit", 1, CONFIG_MAC_LIMIT_MAX, &config->mac_limit);
    config_number32_read(node, "mac_ageing_seconds", 0, AGEING_MAX, &config->mac_ageing_seconds);
    config_number32_read(node, "buffers", 0, CONFIG_BUFFERS_MAX, &config->buffers);
    observers_read(node, &config->observers);
}

json_t *config_switch_json(const struct switch_config *config)
{
    json_t *object =
        json_pack("{s:s,s:s,s:s,s:I,s:I,s:I,s:I}", "name", config->name, "type",
                  switch_types[config->type], "bandwidth_mode",
                  bandwidth_modes[config->bandwidth_mode], "workers", (json_int_t)config->workers,
                  "mac_limit", (json_int_t)config->mac_limit, "mac_ageing_seconds",
                  (json_int_t)config->mac_ageing_seconds, "buffers", (json_int_t)config->buffers);
    if (object != NULL && observers_set(object, &config->observers) != 0) {
        json_decref(object);
        return NULL;
    }
    return object;
}

const char *config_port_kind_name(enum port_kind kind)
{
    return port_kinds[kind];
}

static bool has_device(enum port_kind kind)
{
    return kind == PORT_KIND_TAP || kind == PORT_KIND_PACKET || kind == PORT_KIND_XDP;
}

/* What belongs to one kind of port only is refused on the others: it would have no effect. */
static void kind_check(const struct config_node *node, const struct port_config *config)
{
    if (!has_device(config->kind)) {
        config_member_refuse(node, "device", "belongs to kinds \"tap\", \"packet\" and \"xdp\"");
    }
    if (config->kind == PORT_KIND_FILE) {
        if (config->input_path[0] == '\0' && config->output_path[0] == '\0') {
            config_node_fail(node, "kind \"file\" needs \"input\", \"output\" or both");
        }
        return;
    }
    config_member_refuse(node, "input", "belongs to kind \"file\"");
    config_member_refuse(node, "output", "belongs to kind \"file\"");
    config_member_refuse(node, "timing", "belongs to kind \"file\"");
}

void config_port_read(const struct config_node *node, bool has_acl, struct port_config *config)
{
    unsigned kind = config->kind;
    unsigned role = config->role;

    config_node_check_object(node, port_members);
    if (!has_acl) {
        config_member_refuse(node, "acl",
                             "rules are added and removed one at a time, with policy.add");
        config_member_refuse(node, "features",
                             "values of extensions are changed one at a time, with feature.set");
    }
    config_node_require(node, "name");
    config_name_read(node, "name", config->name);
    struct config_node name = config_node_member(node, "name");
    if (config->name[0] == '\0') {
        config_node_fail(&name, "is empty");
    }
    config_node_choice(node, "kind", port_kinds, &kind);
    config->kind = (enum port_kind)kind;
    config_node_choice(node, "role", port_roles, &role);
    config->role = (enum port_role)role;
    config_node_text(node, "friendly_name", config->friendly_name, sizeof(config->friendly_name));
    config_name_read(node, "device", config->device);
    config_node_text(node, "input", config->input_path, sizeof(config->input_path));
    config_node_text(node, "output", config->output_path, sizeof(config->output_path));
    config_node_bool(node, "timing", &config->keep_timing);
    config_number32_read(node, "mtu", CONFIG_MTU_MIN, CONFIG_MTU_MAX, &config->mtu);
    config_policy_read(node, config);
    kind_check(node, config);
}

static int kind_members_set(json_t *object, const struct port_config *config)
{
    int failed = 0;
    if (has_device(config->kind) && config->device[0] != '\0') {
        failed |= json_object_set_new(object, "device", json_string(config->device));
    }
    if (config->kind != PORT_KIND_FILE) {
        return failed;
    }
    if (config->input_path[0] != '\0') {
        failed |= json_object_set_new(object, "input", json_string(config->input_path));
    }
    if (config->output_path[0] != '\0') {
        failed |= json_object_set_new(object, "output", json_string(config->output_path));
    }
    return failed | json_object_set_new(object, "timing", json_boolean(config->keep_timing));
}

json_t *config_port_json(const struct port_config *config)
{
    json_t *object =
        json_pack("{s:s,s:s,s:s,s:I}", "name", config->name, "kind", port_kinds[config->kind],
                  "role", port_roles[config->role], "mtu", (json_int_t)config->mtu);
    int failed = object == NULL ? -1 : kind_members_set(object, config);
    if (failed == 0 && config->friendly_name[0] != '\0') {
        failed = json_object_set_new(object, "friendly_name", json_string(config->friendly_name));
    }
    if (failed == 0) {
        failed = config_policy_set(object, config);
    }
    if (failed != 0) {
        json_decref(object);
        return NULL;
    }
    return object;
}

void config_rules_read(const struct config_node *port, struct acl_rule **rules, size_t *count)
{
    struct config_node list = config_node_member(port, "acl");
    *rules = NULL;
    *count = 0;
    size_t length = config_node_length(&list, CONFIG_ACL_RULES_MAX);
    if (length == 0) {
        return;
    }
    *rules = calloc(length, sizeof(**rules));
    if (*rules == NULL) {
        config_node_fail(&list, "no memory for %zu rules", length);
        return;
    }
    *count = length;
    for (size_t i = 0; i < length; i++) {
        struct config_node element = config_node_element(&list, i);
        config_rule_read(&element, &(*rules)[i]);
    }
}
