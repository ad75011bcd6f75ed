/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Switch and port configuration between JSON and the structs of switch/config.h. Extensions are in
 * switch/config_extension.c, access rules in switch/config_rule.c.
 */
#include "switch/config_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "switch/config_rule.h"
#include "switch/config_text.h"

static const char *const switch_members[] = {
    "name", "workers", "mac_limit", "mac_ageing_seconds", "buffers", NULL};
static const char *const port_members[] = {"name",      "kind", "device", "input",       "output",
                                           "timing",    "mtu",  "vlan",   "spoof_guard", "macs",
                                           "mirror_to", "acl",  NULL};
static const char *const vlan_members[] = {"mode", "access", "native", "allowed", NULL};
static const char *const port_kinds[] = {
    [PORT_KIND_TAP] = "tap", [PORT_KIND_MEMORY] = "memory", [PORT_KIND_FILE] = "file", NULL};
static const char *const vlan_modes[] = {[VLAN_ACCESS] = "access", [VLAN_TRUNK] = "trunk", NULL};

enum { AGEING_MAX = 1000000 };

static void number32_read(const struct config_node *object, const char *name, int64_t minimum,
                          int64_t maximum, uint32_t *number)
{
    int64_t value = *number;
    config_node_number(object, name, minimum, maximum, &value);
    *number = (uint32_t)value;
}

static void name_read(const struct config_node *object, const char *name,
                      char text[CONFIG_NAME_SIZE])
{
    config_node_text(object, name, text, CONFIG_NAME_SIZE);
    struct config_node member = config_node_member(object, name);
    if (config_node_is_there(&member) && text[0] != '\0' && !config_name_is_valid(text)) {
        config_node_fail(&member, "expected letters, digits, '-', '_' and '.', found \"%s\"", text);
    }
}

void config_switch_read(const struct config_node *node, struct switch_config *config)
{
    config_node_check_object(node, switch_members);
    name_read(node, "name", config->name);
    number32_read(node, "workers", 1, CONFIG_WORKERS_MAX, &config->workers);
    number32_read(node, "mac_limit", 1, CONFIG_MAC_LIMIT_MAX, &config->mac_limit);
    number32_read(node, "mac_ageing_seconds", 0, AGEING_MAX, &config->mac_ageing_seconds);
    number32_read(node, "buffers", 0, CONFIG_BUFFERS_MAX, &config->buffers);
}

json_t *config_switch_json(const struct switch_config *config)
{
    return json_pack("{s:s,s:I,s:I,s:I,s:I}", "name", config->name, "workers",
                     (json_int_t)config->workers, "mac_limit", (json_int_t)config->mac_limit,
                     "mac_ageing_seconds", (json_int_t)config->mac_ageing_seconds, "buffers",
                     (json_int_t)config->buffers);
}

const char *config_port_kind_name(enum port_kind kind)
{
    return port_kinds[kind];
}

static void allowed_read(const struct config_node *vlan, uint64_t allowed[4096 / 64])
{
    struct config_node list = config_node_member(vlan, "allowed");
    size_t count = config_node_length(&list, CONFIG_VLAN_MAX);
    memset(allowed, 0, 4096 / 8);
    for (size_t i = 0; i < count; i++) {
        struct config_node element = config_node_element(&list, i);
        char number[24];
        const char *text = json_string_value(element.value);
        if (json_is_integer(element.value)) {
            snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(element.value));
            text = number;
        }
        if (text == NULL || !config_vlans_parse(text, allowed)) {
            config_node_fail(&element, "expected a VLAN from 1 to %d or a range like \"20-30\"",
                             CONFIG_VLAN_MAX);
        }
    }
}

static void member_refuse(const struct config_node *object, const char *name, const char *why)
{
    struct config_node member = config_node_member(object, name);
    if (config_node_is_there(&member)) {
        config_node_fail(&member, "%s", why);
    }
}

static void vlan_read(const struct config_node *port, struct vlan_config *vlan)
{
    struct config_node node = config_node_member(port, "vlan");
    if (!config_node_is_there(&node)) {
        return;
    }
    struct vlan_config read = {.mode = VLAN_ACCESS};
    unsigned mode = VLAN_ACCESS;
    int64_t access = 0;
    int64_t native = 0;

    config_node_check_object(&node, vlan_members);
    config_node_require(&node, "mode");
    config_node_choice(&node, "mode", vlan_modes, &mode);
    read.mode = (enum vlan_mode)mode;
    config_node_number(&node, "access", 1, CONFIG_VLAN_MAX, &access);
    config_node_number(&node, "native", 0, CONFIG_VLAN_MAX, &native);
    if (mode == VLAN_ACCESS) {
        config_node_require(&node, "access");
        member_refuse(&node, "native", "belongs to mode \"trunk\", found mode \"access\"");
        member_refuse(&node, "allowed", "belongs to mode \"trunk\", found mode \"access\"");
    } else {
        config_node_require(&node, "allowed");
        member_refuse(&node, "access", "belongs to mode \"access\", found mode \"trunk\"");
        allowed_read(&node, read.allowed);
    }
    read.access = (uint16_t)access;
    read.native = (uint16_t)native;
    *vlan = read;
}

static void macs_read(const struct config_node *port, struct port_config *config)
{
    struct config_node list = config_node_member(port, "macs");
    if (!config_node_is_there(&list)) {
        return;
    }
    size_t count = config_node_length(&list, CONFIG_MACS_MAX);
    for (size_t i = 0; i < count; i++) {
        struct config_node element = config_node_element(&list, i);
        const char *text = json_string_value(element.value);
        if (text == NULL || !config_mac_parse(text, &config->macs[i])) {
            config_node_fail(&element, "expected an address like \"02:00:00:00:00:01\"");
        }
    }
    config->mac_count = (uint32_t)count;
}

/* What belongs to one kind of port only is refused on the others: it would have no effect. */
static void kind_check(const struct config_node *node, const struct port_config *config)
{
    if (config->kind != PORT_KIND_TAP) {
        member_refuse(node, "device", "belongs to kind \"tap\"");
    }
    if (config->kind == PORT_KIND_FILE) {
        if (config->input_path[0] == '\0' && config->output_path[0] == '\0') {
            config_node_fail(node, "kind \"file\" needs \"input\", \"output\" or both");
        }
        return;
    }
    member_refuse(node, "input", "belongs to kind \"file\"");
    member_refuse(node, "output", "belongs to kind \"file\"");
    member_refuse(node, "timing", "belongs to kind \"file\"");
}

void config_port_read(const struct config_node *node, bool has_acl, struct port_config *config)
{
    unsigned kind = config->kind;

    config_node_check_object(node, port_members);
    if (!has_acl) {
        member_refuse(node, "acl", "rules are added and removed one at a time, with policy.add");
    }
    config_node_require(node, "name");
    name_read(node, "name", config->name);
    struct config_node name = config_node_member(node, "name");
    if (config->name[0] == '\0') {
        config_node_fail(&name, "is empty");
    }
    config_node_choice(node, "kind", port_kinds, &kind);
    config->kind = (enum port_kind)kind;
    name_read(node, "device", config->device);
    config_node_text(node, "input", config->input_path, sizeof(config->input_path));
    config_node_text(node, "output", config->output_path, sizeof(config->output_path));
    config_node_bool(node, "timing", &config->keep_timing);
    number32_read(node, "mtu", CONFIG_MTU_MIN, CONFIG_MTU_MAX, &config->mtu);
    vlan_read(node, &config->vlan);
    config_node_bool(node, "spoof_guard", &config->spoof_guard);
    macs_read(node, config);
    name_read(node, "mirror_to", config->mirror_to);
    kind_check(node, config);
}

static json_t *vlan_json(const struct vlan_config *vlan)
{
    if (vlan->mode == VLAN_ACCESS) {
        return json_pack("{s:s,s:i}", "mode", "access", "access", vlan->access);
    }
    json_t *allowed = json_array();
    unsigned first;
    unsigned last = 0;
    while (config_vlans_next(vlan->allowed, last + 1, &first, &last)) {
        if (first == last) {
            json_array_append_new(allowed, json_integer(first));
        } else {
            json_array_append_new(allowed, json_sprintf("%u-%u", first, last));
        }
    }
    return json_pack("{s:s,s:i,s:o}", "mode", "trunk", "native", vlan->native, "allowed", allowed);
}

static json_t *macs_json(const struct port_config *config)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < config->mac_count; i++) {
        char text[CONFIG_MAC_TEXT_SIZE];
        config_mac_format(&config->macs[i], text);
        json_array_append_new(list, json_string(text));
    }
    return list;
}

static int kind_members_set(json_t *object, const struct port_config *config)
{
    int failed = 0;
    if (config->kind == PORT_KIND_TAP && config->device[0] != '\0') {
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
    json_t *object = json_pack("{s:s,s:s,s:I,s:o,s:b,s:o}", "name", config->name, "kind",
                               port_kinds[config->kind], "mtu", (json_int_t)config->mtu, "vlan",
                               vlan_json(&config->vlan), "spoof_guard", (int)config->spoof_guard,
                               "macs", macs_json(config));
    int failed = object == NULL ? -1 : kind_members_set(object, config);
    if (failed == 0 && config->mirror_to[0] != '\0') {
        failed = json_object_set_new(object, "mirror_to", json_string(config->mirror_to));
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
