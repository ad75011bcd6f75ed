/* SPDX-License-Identifier: Apache-2.0 */
/* Policies of a port, in JSON. What one value says is checked here, with its path; what values say
 * together, and with those of other ports, in switch/policy/port_check.c. */
#include "switch/config/config_policy.h"

#include <stdio.h>
#include <string.h>

#include "switch/config/config_text.h"
#include "switch/policy/bandwidth.h"

static const char *const vlan_members[] = {"mode",    "access",    "native",      "allowed", "type",
                                           "primary", "secondary", "secondaries", NULL};
static const char *const storm_members[] = {"broadcast", "multicast", "unknown_unicast", NULL};
static const char *const bandwidth_members[] = {"limit",       "burst",    "weight",
                                                "reservation", "capacity", NULL};
static const char *const vlan_modes[] = {
    [VLAN_ACCESS] = "access", [VLAN_TRUNK] = "trunk", [VLAN_PRIVATE] = "private", NULL};
static const char *const private_types[] = {[PRIVATE_VLAN_ISOLATED] = "isolated",
                                            [PRIVATE_VLAN_COMMUNITY] = "community",
                                            [PRIVATE_VLAN_PROMISCUOUS] = "promiscuous",
                                            NULL};
static const char *const priority_tags[] = {"keep", "reset", NULL};
static const char *const mirror_directions[] = {
    [MIRROR_BOTH] = "both", [MIRROR_IN] = "in", [MIRROR_OUT] = "out", NULL};

void config_number32_read(const struct config_node *object, const char *name, int64_t minimum,
                          int64_t maximum, uint32_t *number)
{
    int64_t value = *number;
    config_node_number(object, name, minimum, maximum, &value);
    *number = (uint32_t)value;
}

void config_name_read(const struct config_node *object, const char *name,
                      char text[CONFIG_NAME_SIZE])
{
    config_node_text(object, name, text, CONFIG_NAME_SIZE);
    struct config_node member = config_node_member(object, name);
    if (config_node_is_there(&member) && text[0] != '\0' && !config_name_is_valid(text)) {
        config_node_fail(&member, "expected letters, digits, '-', '_' and '.', found \"%s\"", text);
    }
}

void config_member_refuse(const struct config_node *object, const char *name, const char *why)
{
    struct config_node member = config_node_member(object, name);
    if (config_node_is_there(&member)) {
        config_node_fail(&member, "%s", why);
    }
}

static void vlans_read(const struct config_node *vlan, const char *name, uint64_t set[4096 / 64])
{
    config_node_require(vlan, name);
    struct config_node list = config_node_member(vlan, name);
    size_t count = config_node_length(&list, CONFIG_VLAN_MAX);
    for (size_t i = 0; i < count; i++) {
        struct config_node element = config_node_element(&list, i);
        char number[24];
        const char *text = json_string_value(element.value);
        if (json_is_integer(element.value)) {
            snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(element.value));
            text = number;
        }
        if (text == NULL || !config_vlans_parse(text, set)) {
            config_node_fail(&element, "expected a VLAN from 1 to %d or a range like \"20-30\"",
                             CONFIG_VLAN_MAX);
        }
    }
}

static uint16_t vlan_number_read(const struct config_node *vlan, const char *name, int minimum)
{
    int64_t number = 0;
    config_node_number(vlan, name, minimum, CONFIG_VLAN_MAX, &number);
    return (uint16_t)number;
}

static uint16_t vlan_number_need(const struct config_node *vlan, const char *name)
{
    config_node_require(vlan, name);
    return vlan_number_read(vlan, name, 1);
}

/* Refuses what belongs to another mode, or to another type of private VLAN. */
static void vlan_members_refuse(const struct config_node *vlan, const char *mode,
                                const char *const *names)
{
    char why[80];
    for (; *names != NULL; names++) {
        snprintf(why, sizeof(why), "does not belong to mode \"%s\"", mode);
        config_member_refuse(vlan, *names, why);
    }
}

static void private_read(const struct config_node *node, struct vlan_config *vlan)
{
    static const char *const others[] = {"access", "native", "allowed", NULL};
    unsigned type = PRIVATE_VLAN_ISOLATED;
    vlan_members_refuse(node, "private", others);
    config_node_require(node, "type");
    config_node_choice(node, "type", private_types, &type);
    vlan->private_type = (enum private_vlan_type)type;
    vlan->primary = vlan_number_need(node, "primary");
    if (type == PRIVATE_VLAN_PROMISCUOUS) {
        config_member_refuse(node, "secondary", "a promiscuous port has \"secondaries\"");
        vlans_read(node, "secondaries", vlan->allowed);
    } else {
        config_member_refuse(node, "secondaries", "belongs to type \"promiscuous\"");
        vlan->secondary = vlan_number_need(node, "secondary");
    }
}

static void vlan_read(const struct config_node *port, struct vlan_config *vlan)
{
    static const char *const not_access[] = {"native",    "allowed",     "type", "primary",
                                             "secondary", "secondaries", NULL};
    static const char *const not_trunk[] = {"access",    "type",        "primary",
                                            "secondary", "secondaries", NULL};
    struct config_node node = config_node_member(port, "vlan");
    struct vlan_config read = {.mode = VLAN_ACCESS};
    unsigned mode = VLAN_ACCESS;
    if (!config_node_is_there(&node)) {
        return;
    }
    config_node_check_object(&node, vlan_members);
    config_node_require(&node, "mode");
    config_node_choice(&node, "mode", vlan_modes, &mode);
    read.mode = (enum vlan_mode)mode;
    if (mode == VLAN_ACCESS) {
        vlan_members_refuse(&node, "access", not_access);
        read.access = vlan_number_need(&node, "access");
    } else if (mode == VLAN_TRUNK) {
        vlan_members_refuse(&node, "trunk", not_trunk);
        read.native = vlan_number_read(&node, "native", 0);
        vlans_read(&node, "allowed", read.allowed);
    } else {
        private_read(&node, &read);
    }
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

static void storm_read(const struct config_node *port, struct storm_config *storm)
{
    struct config_node node = config_node_member(port, "storm_limit");
    if (!config_node_is_there(&node)) {
        return;
    }
    config_node_check_object(&node, storm_members);
    config_number32_read(&node, "broadcast", 0, UINT32_MAX, &storm->broadcast);
    config_number32_read(&node, "multicast", 0, UINT32_MAX, &storm->multicast);
    config_number32_read(&node, "unknown_unicast", 0, UINT32_MAX, &storm->unknown_unicast);
}

static void rate_read(const struct config_node *bandwidth, const char *name, uint64_t *rate)
{
    int64_t value = (int64_t)*rate;
    config_node_number(bandwidth, name, 0, (int64_t)BANDWIDTH_RATE_MAX, &value);
    *rate = (uint64_t)value;
}

static void bandwidth_read_all(const struct config_node *port, struct bandwidth_config *bandwidth)
{
    struct config_node node = config_node_member(port, "bandwidth");
    if (!config_node_is_there(&node)) {
        return;
    }
    config_node_check_object(&node, bandwidth_members);
    rate_read(&node, "limit", &bandwidth->limit);
    rate_read(&node, "reservation", &bandwidth->reservation);
    rate_read(&node, "capacity", &bandwidth->capacity);
    config_number32_read(&node, "burst", 0, UINT32_MAX, &bandwidth->burst);
    config_number32_read(&node, "weight", 0, BANDWIDTH_WEIGHT_MAX, &bandwidth->weight);
}

static void required_read(const struct config_node *port, struct port_config *config)
{
    struct config_node list = config_node_member(port, "required_extensions");
    if (!config_node_is_there(&list)) {
        return;
    }
    size_t count = config_node_length(&list, CONFIG_REQUIRED_MAX);
    memset(config->required, 0, sizeof(config->required));
    for (size_t i = 0; i < count; i++) {
        struct config_node element = config_node_element(&list, i);
        const char *text = json_string_value(element.value);
        if (text == NULL || strlen(text) >= CONFIG_NAME_SIZE || !config_name_is_valid(text)) {
            config_node_fail(&element, "expected the name of an instance of an extension");
        } else {
            strcpy(config->required[i], text);
        }
    }
    config->required_count = (uint32_t)count;
}

void config_policy_read(const struct config_node *port, struct port_config *config)
{
    unsigned is_reset = config->reset_priority;
    unsigned direction = config->mirror_direction;
    vlan_read(port, &config->vlan);
    config_node_bool(port, "spoof_guard", &config->spoof_guard);
    macs_read(port, config);
    config_node_bool(port, "dhcp_guard", &config->dhcp_guard);
    config_node_bool(port, "router_guard", &config->router_guard);
    config_node_choice(port, "priority_tag", priority_tags, &is_reset);
    config->reset_priority = is_reset != 0;
    storm_read(port, &config->storm);
    bandwidth_read_all(port, &config->bandwidth);
    config_name_read(port, "mirror_to", config->mirror_to);
    config_node_choice(port, "mirror_direction", mirror_directions, &direction);
    config->mirror_direction = (enum mirror_direction)direction;
    required_read(port, config);
}

static json_t *vlans_json(const uint64_t set[4096 / 64])
{
    json_t *list = json_array();
    unsigned first;
    unsigned last = 0;
    while (config_vlans_next(set, last + 1, &first, &last)) {
        if (first == last) {
            json_array_append_new(list, json_integer(first));
        } else {
            json_array_append_new(list, json_sprintf("%u-%u", first, last));
        }
    }
    return list;
}

static json_t *vlan_json(const struct vlan_config *vlan)
{
    if (vlan->mode == VLAN_ACCESS) {
        return json_pack("{s:s,s:i}", "mode", "access", "access", vlan->access);
    }
    if (vlan->mode == VLAN_TRUNK) {
        return json_pack("{s:s,s:i,s:o}", "mode", "trunk", "native", vlan->native, "allowed",
                         vlans_json(vlan->allowed));
    }
    const char *type = private_types[vlan->private_type];
    if (vlan->private_type == PRIVATE_VLAN_PROMISCUOUS) {
        return json_pack("{s:s,s:s,s:i,s:o}", "mode", "private", "type", type, "primary",
                         vlan->primary, "secondaries", vlans_json(vlan->allowed));
    }
    return json_pack("{s:s,s:s,s:i,s:i}", "mode", "private", "type", type, "primary", vlan->primary,
                     "secondary", vlan->secondary);
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

static int storm_set(json_t *port, const struct storm_config *storm)
{
    if (storm->broadcast == 0 && storm->multicast == 0 && storm->unknown_unicast == 0) {
        return 0;
    }
    return json_object_set_new(port, "storm_limit",
                               json_pack("{s:I,s:I,s:I}", "broadcast", (json_int_t)storm->broadcast,
                                         "multicast", (json_int_t)storm->multicast,
                                         "unknown_unicast", (json_int_t)storm->unknown_unicast));
}

static int bandwidth_set(json_t *port, const struct bandwidth_config *bandwidth)
{
    if (bandwidth->limit == 0 && bandwidth->burst == 0 && bandwidth->weight == 0 &&
        bandwidth->reservation == 0 && bandwidth->capacity == 0) {
        return 0;
    }
    return json_object_set_new(
        port, "bandwidth",
        json_pack("{s:I,s:I,s:I,s:I,s:I}", "limit", (json_int_t)bandwidth->limit, "burst",
                  (json_int_t)bandwidth->burst, "weight", (json_int_t)bandwidth->weight,
                  "reservation", (json_int_t)bandwidth->reservation, "capacity",
                  (json_int_t)bandwidth->capacity));
}

static int mirror_set(json_t *port, const struct port_config *config)
{
    int failed = 0;
    if (config->mirror_to[0] != '\0') {
        failed |= json_object_set_new(port, "mirror_to", json_string(config->mirror_to));
    }
    if (config->mirror_to[0] != '\0' || config->mirror_direction != MIRROR_BOTH) {
        const char *direction = mirror_directions[config->mirror_direction];
        failed |= json_object_set_new(port, "mirror_direction", json_string(direction));
    }
    return failed;
}

static int required_set(json_t *port, const struct port_config *config)
{
    if (config->required_count == 0) {
        return 0;
    }
    json_t *list = json_array();
    for (uint32_t i = 0; i < config->required_count; i++) {
        json_array_append_new(list, json_string(config->required[i]));
    }
    return json_object_set_new(port, "required_extensions", list);
}

int config_policy_set(json_t *port, const struct port_config *config)
{
    int failed = json_object_set_new(port, "vlan", vlan_json(&config->vlan));
    failed |= json_object_set_new(port, "spoof_guard", json_boolean(config->spoof_guard));
    failed |= json_object_set_new(port, "macs", macs_json(config));
    failed |= json_object_set_new(port, "dhcp_guard", json_boolean(config->dhcp_guard));
    failed |= json_object_set_new(port, "router_guard", json_boolean(config->router_guard));
    failed |= json_object_set_new(port, "priority_tag",
                                  json_string(priority_tags[config->reset_priority]));
    failed |= storm_set(port, &config->storm);
    failed |= bandwidth_set(port, &config->bandwidth);
    failed |= mirror_set(port, config);
    return failed | required_set(port, config);
}
