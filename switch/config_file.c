/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration file: read whole, checked whole, then applied. What is in force can be shown in
 * the same shape, so that a running switch can be saved and started again.
 */
#include "switch/config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "switch/config_rule.h"
#include "switch/switch.h"

static const char *const config_members[] = {"switch", "ports", "extensions", NULL};

static void port_names_check(const struct config_node *list, const struct config *config)
{
    for (size_t i = 0; i < config->port_count; i++) {
        const struct port_config *port = &config->ports[i].config;
        struct config_node element = config_node_element(list, i);
        bool mirror_found = port->mirror_to[0] == '\0';
        for (size_t j = 0; j < config->port_count; j++) {
            const char *other = config->ports[j].config.name;
            if (j < i && strcmp(other, port->name) == 0) {
                config_node_fail(&element, "the name \"%s\" is that of ports[%zu]", other, j);
            }
            if (j != i && strcmp(other, port->mirror_to) == 0) {
                mirror_found = true;
            }
        }
        struct config_node mirror = config_node_member(&element, "mirror_to");
        if (!mirror_found) {
            config_node_fail(&mirror, "expected the name of another port, found \"%s\"",
                             port->mirror_to);
        }
    }
}

static void ports_read(const struct config_node *list, struct config *config)
{
    size_t count = config_node_length(list, XSW_PORTS_MAX - 1);
    config->ports = calloc(count + 1, sizeof(*config->ports));
    if (config->ports == NULL) {
        config_node_fail(list, "no memory for %zu ports", count);
        return;
    }
    config->port_count = count;
    for (size_t i = 0; i < count; i++) {
        struct config_port *port = &config->ports[i];
        struct config_node element = config_node_element(list, i);
        port_config_init(&port->config);
        config_port_read(&element, true, &port->config);
        config_rules_read(&element, &port->rules, &port->rule_count);
    }
    port_names_check(list, config);
}

static void extensions_read(const struct config_node *list, struct config *config)
{
    size_t count = config_node_length(list, CONFIG_EXTENSIONS_MAX);
    config->extensions = calloc(count + 1, sizeof(*config->extensions));
    if (config->extensions == NULL) {
        config_node_fail(list, "no memory for %zu extensions", count);
        return;
    }
    config->extension_count = count;
    for (size_t i = 0; i < count; i++) {
        struct config_node element = config_node_element(list, i);
        config_extension_read(&element, &config->extensions[i]);
        config_node_require(&element, "path");
    }
}

enum xsw_status config_read(const json_t *root, struct config *config, struct xsw_error *error)
{
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "", root, error);
    struct config_node switch_node = config_node_member(&node, "switch");
    struct config_node ports = config_node_member(&node, "ports");
    struct config_node extensions = config_node_member(&node, "extensions");

    *config = (struct config){0};
    switch_config_init(&config->switch_config);
    config_node_check_object(&node, config_members);
    if (config_node_is_there(&switch_node)) {
        config_switch_read(&switch_node, &config->switch_config);
    }
    ports_read(&ports, config);
    extensions_read(&extensions, config);
    return reader.status;
}

/* Reads at most CONFIG_FILE_MAX bytes; a file that grows meanwhile is bounded all the same. */
static enum xsw_status file_read(const char *path, char **text, size_t *length,
                                 struct xsw_error *error)
{
    enum xsw_status status = XSW_OK;
    size_t size = 1 << 16;
    *length = 0;
    *text = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return error_errno(error, "%s: the configuration cannot be opened", path);
    }
    for (;;) {
        char *larger = realloc(*text, size);
        if (larger == NULL) {
            status = error_set(error, XSW_NO_MEMORY, "%s: no memory for %zu bytes", path, size);
            break;
        }
        *text = larger;
        ssize_t got = read(fd, *text + *length, size - *length);
        if (got < 0) {
            status = error_errno(error, "%s: the configuration cannot be read", path);
        }
        if (got <= 0) {
            break;
        }
        *length += (size_t)got;
        if (*length > CONFIG_FILE_MAX) {
            status = error_set(error, XSW_LIMIT, "%s: expected at most %d bytes of configuration",
                               path, CONFIG_FILE_MAX);
            break;
        }
        if (*length == size) {
            size *= 2;
        }
    }
    close(fd);
    return status;
}

enum xsw_status config_load(const char *path, struct config *config, struct xsw_error *error)
{
    json_error_t parse_error;
    char *text;
    size_t length;

    *config = (struct config){0};
    enum xsw_status status = file_read(path, &text, &length, error);
    if (status != XSW_OK) {
        free(text);
        return status;
    }
    json_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &parse_error);
    free(text);
    if (root == NULL) {
        return error_set(error, XSW_INVALID, "%s:%d:%d: %s", path, parse_error.line,
                         parse_error.column, parse_error.text);
    }
    status = config_read(root, config, error);
    json_decref(root);
    return status == XSW_OK ? XSW_OK : error_prefix(error, "%s", path);
}

void config_fini(struct config *config)
{
    for (size_t i = 0; i < config->port_count; i++) {
        free(config->ports[i].rules);
    }
    for (size_t i = 0; i < config->extension_count; i++) {
        config_extension_fini(&config->extensions[i]);
    }
    free(config->ports);
    free(config->extensions);
    *config = (struct config){0};
}

/* Mirrors are set later: the port that they go to may come behind in the list. */
static enum xsw_status port_apply(const struct config_port *port, struct vswitch *vswitch,
                                  struct xsw_error *error)
{
    struct port_config config = port->config;
    uint16_t id;
    config.mirror_to[0] = '\0';
    enum xsw_status status = vswitch_port_add(vswitch, &config, &id, error);
    for (size_t i = 0; status == XSW_OK && i < port->rule_count; i++) {
        struct acl_rule rule = port->rules[i];
        status = vswitch_acl_add(vswitch, config.name, &rule, error);
        if (status != XSW_OK) {
            error_prefix(error, "acl[%zu]", i);
        }
    }
    return status;
}

enum xsw_status config_apply(const struct config *config, struct vswitch *vswitch,
                             struct xsw_error *error)
{
    for (size_t i = 0; i < config->port_count; i++) {
        const struct config_port *port = &config->ports[i];
        if (port_apply(port, vswitch, error) != XSW_OK) {
            return error_prefix(error, "ports[%zu] (%s)", i, port->config.name);
        }
    }
    for (size_t i = 0; i < config->port_count; i++) {
        const struct port_config *port = &config->ports[i].config;
        if (port->mirror_to[0] != '\0' && vswitch_port_set(vswitch, port, error) != XSW_OK) {
            return error_prefix(error, "ports[%zu] (%s)", i, port->name);
        }
    }
    for (size_t i = 0; i < config->extension_count; i++) {
        const struct extension_config *extension = &config->extensions[i].config;
        if (vswitch_extension_add(vswitch, extension, error) != XSW_OK) {
            return error_prefix(error, "extensions[%zu] (%s)", i, extension->path);
        }
    }
    return XSW_OK;
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
        json_array_append_new(list, json_pack("{s:s,s:s,s:o}", "name", info->name, "path",
                                              info->path, "settings",
                                              config_running_settings_json(vswitch, info->name)));
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
    return json_pack("{s:o,s:o,s:o}", "switch", config_switch_json(vswitch_config(vswitch)),
                     "ports", list, "extensions", extensions_json(vswitch));
}
