/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Methods about ports: list, show, add, set, remove.
 */
#include "switch/control_methods.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "switch/config_file.h"
#include "switch/config_json.h"
#include "switch/config_node.h"
#include "switch/control_json.h"
#include "switch/switch.h"

static const char *const name_only[] = {"name", NULL};
static const char *const port_only[] = {"port", NULL};
static const char *const no_members[] = {NULL};

static const char *const state_names[] = {
    [PORT_UP] = "up", [PORT_DOWN] = "down", [PORT_VANISHED] = "vanished"};

json_t *control_port_counters_json(const struct port_counters *counters)
{
    return json_pack("{s:I,s:I,s:I,s:I,s:I,s:I}", "rx_packets", (json_int_t)counters->rx_packets,
                     "rx_bytes", (json_int_t)counters->rx_bytes, "tx_packets",
                     (json_int_t)counters->tx_packets, "tx_bytes", (json_int_t)counters->tx_bytes,
                     "dropped_in", (json_int_t)counters->dropped_in, "dropped_out",
                     (json_int_t)counters->dropped_out);
}

static json_t *port_json(const struct port_info *info)
{
    json_t *object = config_port_json(&info->config);
    json_t *more = json_pack("{s:i,s:s,s:I,s:o}", "id", info->id, "state", state_names[info->state],
                             "queues", (json_int_t)info->queues, "counters",
                             control_port_counters_json(&info->counters));
    if (object == NULL || more == NULL || json_object_update(object, more) != 0) {
        json_decref(object);
        object = NULL;
    }
    json_decref(more);
    return object;
}

static enum xsw_status method_port_list(void *context, const struct rpc_caller *caller,
                                        const json_t *params, struct rpc_reply *reply,
                                        struct xsw_error *error)
{
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "params", params, error);
    (void)caller;
    config_node_check_object(&node, no_members);
    if (reader.status != XSW_OK) {
        return reader.status;
    }
    struct port_info *ports = calloc(XSW_PORTS_MAX, sizeof(*ports));
    if (ports == NULL) {
        return control_reply(reply, NULL, error);
    }
    size_t count = vswitch_ports(context, ports, XSW_PORTS_MAX);
    json_t *list = json_array();
    for (size_t i = 0; i < count && i < XSW_PORTS_MAX; i++) {
        json_array_append_new(list, port_json(&ports[i]));
    }
    free(ports);
    return control_reply(reply, json_pack("{s:o}", "ports", list), error);
}

static enum xsw_status name_read(const json_t *params, char name[CONFIG_NAME_SIZE],
                                 struct xsw_error *error)
{
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "params", params, error);
    name[0] = '\0';
    config_node_check_object(&node, name_only);
    config_node_require(&node, "name");
    config_node_text(&node, "name", name, CONFIG_NAME_SIZE);
    return reader.status;
}

static enum xsw_status method_port_show(void *context, const struct rpc_caller *caller,
                                        const json_t *params, struct rpc_reply *reply,
                                        struct xsw_error *error)
{
    char name[CONFIG_NAME_SIZE];
    struct port_info info;
    (void)caller;
    enum xsw_status status = name_read(params, name, error);
    if (status == XSW_OK) {
        status = vswitch_port_find(context, name, &info, error);
    }
    if (status != XSW_OK) {
        return status;
    }
    return control_reply(reply, json_pack("{s:o}", "port", port_json(&info)), error);
}

static enum xsw_status method_port_add(void *context, const struct rpc_caller *caller,
                                       const json_t *params, struct rpc_reply *reply,
                                       struct xsw_error *error)
{
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "params", params, error);
    struct config_node port = config_node_member(&node, "port");
    struct port_config config;
    struct acl_rule *rules = NULL;
    size_t rule_count = 0;
    struct port_info info;
    (void)caller;

    port_config_init(&config);
    config_node_check_object(&node, port_only);
    config_node_require(&node, "port");
    config_port_read(&port, true, &config);
    config_rules_read(&port, &rules, &rule_count);
    enum xsw_status status = reader.status;
    if (status == XSW_OK) {
        status = vswitch_port_add_with_acl(context, &config, rules, rule_count, error);
    }
    free(rules);
    if (status == XSW_OK) {
        status = vswitch_port_find(context, config.name, &info, error);
    }
    if (status != XSW_OK) {
        return status;
    }
    return control_reply(reply, json_pack("{s:o}", "port", port_json(&info)), error);
}

/* The request is laid over the port as it is. */
static enum xsw_status method_port_set(void *context, const struct rpc_caller *caller,
                                       const json_t *params, struct rpc_reply *reply,
                                       struct xsw_error *error)
{
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "params", params, error);
    struct config_node port = config_node_member(&node, "port");
    char name[CONFIG_NAME_SIZE] = "";
    struct port_info info;
    (void)caller;

    config_node_check_object(&node, port_only);
    config_node_require(&node, "port");
    config_node_require(&port, "name");
    config_node_text(&port, "name", name, sizeof(name));
    enum xsw_status status = reader.status;
    if (status == XSW_OK) {
        status = vswitch_port_find(context, name, &info, error);
    }
    if (status != XSW_OK) {
        return status;
    }
    config_port_read(&port, false, &info.config);
    if (reader.status != XSW_OK) {
        return reader.status;
    }
    status = vswitch_port_set(context, &info.config, error);
    if (status == XSW_OK) {
        status = vswitch_port_find(context, name, &info, error);
    }
    if (status != XSW_OK) {
        return status;
    }
    return control_reply(reply, json_pack("{s:o}", "port", port_json(&info)), error);
}

static enum xsw_status method_port_remove(void *context, const struct rpc_caller *caller,
                                          const json_t *params, struct rpc_reply *reply,
                                          struct xsw_error *error)
{
    char name[CONFIG_NAME_SIZE];
    (void)caller;
    (void)reply;
    enum xsw_status status = name_read(params, name, error);
    return status == XSW_OK ? vswitch_port_remove(context, name, error) : status;
}

static const struct rpc_method port_methods[] = {
    {"port.list", false, method_port_list},    {"port.show", false, method_port_show},
    {"port.add", true, method_port_add},       {"port.set", true, method_port_set},
    {"port.remove", true, method_port_remove},
};

struct rpc_table control_port_table(struct vswitch *vswitch)
{
    return (struct rpc_table){.methods = port_methods,
                              .count = sizeof(port_methods) / sizeof(port_methods[0]),
                              .context = vswitch};
}
