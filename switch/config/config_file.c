/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration file: read whole, checked whole, then applied. What is in force is told in the
 * same shape by config_running.c.
 */
#include "switch/config/config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "switch/config/config_rule.h"
#include "switch/extension/features.h"
#include "switch/switch.h"

static const char *const config_members[] = {"switch", "ports", "extensions", "features", NULL};
static const char *const configs_members[] = {"switches", NULL};

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

/* They can be checked when the extensions are there: see config_apply. */
static json_t *features_take(const struct config_node *object)
{
    struct config_node node = config_node_member(object, "features");
    if (config_node_is_there(&node) && !json_is_array(node.value)) {
        config_node_fail(&node, "expected an array");
    }
    return json_incref(json_object_get(object->value, "features"));
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
        port->features = features_take(&element);
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

static void one_read(const struct config_node *node, struct config *config)
{
    struct config_node switch_node = config_node_member(node, "switch");
    struct config_node ports = config_node_member(node, "ports");
    struct config_node extensions = config_node_member(node, "extensions");

    *config = (struct config){0};
    switch_config_init(&config->switch_config);
    config_node_check_object(node, config_members);
    if (config_node_is_there(&switch_node)) {
        config_switch_read(&switch_node, &config->switch_config);
    }
    ports_read(&ports, config);
    extensions_read(&extensions, config);
    config->features = features_take(node);
}

enum xsw_status config_read(const json_t *root, const char *name, struct config *config,
                            struct xsw_error *error)
{
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, name, root, error);
    one_read(&node, config);
    return reader.status;
}

static void switch_names_check(const struct config_node *list, const struct configs *configs)
{
    for (size_t i = 0; i < configs->count; i++) {
        const char *name = configs->list[i].switch_config.name;
        for (size_t j = 0; j < i; j++) {
            if (strcmp(configs->list[j].switch_config.name, name) == 0) {
                struct config_node element = config_node_element(list, i);
                struct config_node node = config_node_member(&element, "switch");
                config_node_fail(&node, "the name \"%s\" is that of switches[%zu]", name, j);
            }
        }
    }
}

enum xsw_status configs_read(const json_t *root, struct configs *configs, struct xsw_error *error)
{
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "", root, error);
    struct config_node list = config_node_member(&node, "switches");
    bool is_list = config_node_is_there(&list);
    size_t count = 1;

    *configs = (struct configs){0};
    if (is_list) {
        config_node_check_object(&node, configs_members);
        count = config_node_length(&list, CONFIG_SWITCHES_MAX);
    }
    if (reader.status == XSW_OK && count == 0) {
        config_node_fail(&list, "expected at least one switch");
    }
    if (reader.status != XSW_OK) {
        return reader.status;
    }
    configs->list = calloc(count, sizeof(*configs->list));
    if (configs->list == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for %zu switches", count);
    }
    configs->count = count;
    for (size_t i = 0; i < count; i++) {
        struct config_node element = is_list ? config_node_element(&list, i) : node;
        one_read(&element, &configs->list[i]);
    }
    switch_names_check(&list, configs);
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

enum xsw_status configs_load(const char *path, struct configs *configs, struct xsw_error *error)
{
    json_error_t parse_error;
    char *text;
    size_t length;

    *configs = (struct configs){0};
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
    status = configs_read(root, configs, error);
    json_decref(root);
    return status == XSW_OK ? XSW_OK : error_prefix(error, "%s", path);
}

void config_fini(struct config *config)
{
    for (size_t i = 0; i < config->port_count; i++) {
        free(config->ports[i].rules);
        json_decref(config->ports[i].features);
    }
    for (size_t i = 0; i < config->extension_count; i++) {
        config_extension_fini(&config->extensions[i]);
    }
    free(config->ports);
    free(config->extensions);
    json_decref(config->features);
    *config = (struct config){0};
}

void configs_fini(struct configs *configs)
{
    for (size_t i = 0; i < configs->count; i++) {
        config_fini(&configs->list[i]);
    }
    free(configs->list);
    *configs = (struct configs){0};
}

static enum xsw_status features_configure(const json_t *features, struct vswitch *vswitch,
                                          const char *port, struct xsw_error *error)
{
    struct config_reader reader;
    struct config_node list = config_node_root(&reader, "features", features, error);
    return features_apply(vswitch, port, &list, error);
}

static enum xsw_status port_configure(void *context, struct vswitch *vswitch, const char *port,
                                      struct xsw_error *error)
{
    return features_configure(context, vswitch, port, error);
}

/* Mirrors are set later: the port that they go to may come behind in the list. */
static enum xsw_status port_apply(const struct config_port *port, struct vswitch *vswitch,
                                  struct xsw_error *error)
{
    struct port_request request = {.config = port->config,
                                   .rules = port->rules,
                                   .rule_count = port->rule_count,
                                   .configure = port_configure,
                                   .context = port->features};
    request.config.mirror_to[0] = '\0';
    return vswitch_port_make(vswitch, &request, NULL, error);
}

enum xsw_status config_apply(const struct config *config, struct vswitch *vswitch,
                             struct xsw_error *error)
{
    for (size_t i = 0; i < config->extension_count; i++) {
        const struct extension_config *extension = &config->extensions[i].config;
        if (vswitch_extension_add(vswitch, extension, error) != XSW_OK) {
            return error_prefix(error, "extensions[%zu] (%s)", i, extension->path);
        }
    }
    if (features_configure(config->features, vswitch, NULL, error) != XSW_OK) {
        return error != NULL ? error->status : XSW_INVALID;
    }
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
    vswitch_activate(vswitch);
    return XSW_OK;
}
