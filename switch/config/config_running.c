/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration that is in force, in the shape of the file, so that a running switch can be
 * saved and started again.
 */
#include "switch/config/config_file.h"

#include <stdlib.h>

#include "switch/config/config_rule.h"
#include "switch/extension/features.h"
#include "switch/switch.h"

/* As "features", where there are any; no name stands for the switch. */
static void features_add(json_t *object, struct vswitch *vswitch, const char *port)
{
    struct port_info info = {.id = XSW_PORT_NONE};
    if (port != NULL && vswitch_port_find(vswitch, port, &info, NULL) != XSW_OK) {
        return;
    }
    json_t *list = features_custom_json(vswitch, info.id);
    if (json_array_size(list) > 0) {
        json_object_set(object, "features", list);
    }
    json_decref(list);
}

json_t *config_running_port_json(struct vswitch *vswitch, const struct port_config *port)
{
    size_t count = 0;
    json_t *object = config_port_json(port);
    json_t *list = json_array();
    struct acl_rule_info *rules = calloc(CONFIG_ACL_RULES_MAX, sizeof(*rules));
    if (object == NULL || list == NULL || rules == NULL ||
        vswitch_acl_list(vswitch, port->name, rules, CONFIG_ACL_RULES_MAX, &count, NULL) !=
            XSW_OK) {
        json_decref(object);
        object = NULL;
        goto cleanup;
    }
    if (count > CONFIG_ACL_RULES_MAX) {
        count = CONFIG_ACL_RULES_MAX;
    }
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(list, config_rule_json(&rules[i].rule));
    }
    if (count > 0) {
        json_object_set(object, "acl", list);
    }
    features_add(object, vswitch, port->name);

cleanup:
    free(rules);
    json_decref(list);
    return object;
}

json_t *config_running_settings_json(struct vswitch *vswitch, const char *extension)
{
    json_t *settings = json_object();
    struct setting_info info;
    for (size_t place = 0; vswitch_extension_setting(vswitch, extension, place, &info) == XSW_OK;
         place++) {
        json_t *value = NULL;
        if (info.text_count == 1) {
            value = json_string(info.texts[0]);
        } else {
            value = json_array();
        }
        for (size_t i = 0; info.text_count != 1 && i < info.text_count; i++) {
            json_array_append_new(value, json_string(info.texts[i]));
        }
        json_object_set_new(settings, info.name, value);
    }
    return settings;
}

static json_t *extensions_json(struct vswitch *vswitch)
{
    struct extension_info extensions[CONFIG_EXTENSIONS_MAX];
    size_t count = vswitch_extensions(vswitch, extensions, CONFIG_EXTENSIONS_MAX);
    json_t *list = json_array();
    if (count > CONFIG_EXTENSIONS_MAX) {
        count = CONFIG_EXTENSIONS_MAX;
    }
    /* The switch tells the top first; a configuration puts each on top of those before it. */
    for (size_t i = count; i > 0; i--) {
        const struct extension_info *info = &extensions[i - 1];
        json_t *entry = json_pack("{s:s,s:s,s:o}", "name", info->name, "path", info->path,
                                  "settings", config_running_settings_json(vswitch, info->name));
        if (!info->is_enabled) {
            json_object_set_new(entry, "enabled", json_false());
        }
        json_array_append_new(list, entry);
    }
    return list;
}

json_t *config_running_json(struct vswitch *vswitch)
{
    struct port_info *ports = calloc(XSW_PORTS_MAX, sizeof(*ports));
    json_t *list = json_array();
    if (ports == NULL) {
        json_decref(list);
        return NULL;
    }
    size_t count = vswitch_ports(vswitch, ports, XSW_PORTS_MAX);
    for (size_t i = 0; i < count && i < XSW_PORTS_MAX; i++) {
        json_array_append_new(list, config_running_port_json(vswitch, &ports[i].config));
    }
    free(ports);
    json_t *whole =
        json_pack("{s:o,s:o,s:o}", "switch", config_switch_json(vswitch_config(vswitch)), "ports",
                  list, "extensions", extensions_json(vswitch));
    features_add(whole, vswitch, NULL);
    return whole;
}
