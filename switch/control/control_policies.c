/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Methods about the access rules of ports.
 */
#include "switch/control/control_methods.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "packet/flow_key.h"
#include "packet/parse.h"
#include "switch/config/config_node.h"
#include "switch/config/config_rule.h"
#include "switch/switch.h"

/* Connections in one reply. */
enum { CONNECTIONS_SHOWN_DEFAULT = 1000, CONNECTIONS_SHOWN_MAX = 10000 };

static json_t *rule_json(const char *port, const struct acl_rule_info *info)
{
    char text[CONFIG_RULE_TEXT_SIZE];
    config_rule_format(&info->rule, text);
    return json_pack("{s:s,s:o,s:s,s:I}", "port", port, "rule", config_rule_json(&info->rule),
                     "text", text, "packets", (json_int_t)info->packets);
}

/* Appends the rules of a port, in the order of evaluation. */
static enum xsw_status rules_append(struct vswitch *vswitch, const char *port, json_t *list,
                                    struct xsw_error *error)
{
    size_t count = 0;
    struct acl_rule_info *rules = calloc(CONFIG_ACL_RULES_MAX, sizeof(*rules));
    if (rules == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for the rules of %s", port);
    }
    enum xsw_status status =
        vswitch_acl_list(vswitch, port, rules, CONFIG_ACL_RULES_MAX, &count, error);
    for (size_t i = 0; status == XSW_OK && i < count && i < CONFIG_ACL_RULES_MAX; i++) {
        json_array_append_new(list, rule_json(port, &rules[i]));
    }
    free(rules);
    return status;
}

static enum xsw_status all_rules_append(struct vswitch *vswitch, json_t *list,
                                        struct xsw_error *error)
{
    enum xsw_status status = XSW_OK;
    struct port_info *ports = calloc(XSW_PORTS_MAX, sizeof(*ports));
    if (ports == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for the ports");
    }
    size_t count = vswitch_ports(vswitch, ports, XSW_PORTS_MAX);
    for (size_t i = 0; status == XSW_OK && i < count && i < XSW_PORTS_MAX; i++) {
        status = rules_append(vswitch, ports[i].config.name, list, error);
    }
    free(ports);
    return status;
}

static enum xsw_status method_policy_list(void *context, const struct rpc_caller *caller,
                                          const json_t *params, struct rpc_reply *reply,
                                          struct xsw_error *error)
{
    static const char *const members[] = {"port", NULL};
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "params", params, error);
    char port[CONFIG_NAME_SIZE] = "";
    (void)caller;

    config_node_check_object(&node, members);
    config_node_text(&node, "port", port, sizeof(port));
    if (reader.status != XSW_OK) {
        return reader.status;
    }
    json_t *list = json_array();
    enum xsw_status status = port[0] != '\0' ? rules_append(context, port, list, error)
                                             : all_rules_append(context, list, error);
    if (status != XSW_OK) {
        json_decref(list);
        return status;
    }
    return control_reply(reply, json_pack("{s:o}", "rules", list), error);
}

static enum xsw_status method_policy_add(void *context, const struct rpc_caller *caller,
                                         const json_t *params, struct rpc_reply *reply,
                                         struct xsw_error *error)
{
    static const char *const members[] = {"port", "rule", NULL};
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "params", params, error);
    struct config_node rule_node = config_node_member(&node, "rule");
    char port[CONFIG_NAME_SIZE] = "";
    char text[CONFIG_RULE_TEXT_SIZE];
    struct acl_rule rule;
    (void)caller;

    config_node_check_object(&node, members);
    config_node_require(&node, "port");
    config_node_require(&node, "rule");
    config_node_text(&node, "port", port, sizeof(port));
    config_rule_read(&rule_node, &rule);
    enum xsw_status status = reader.status;
    if (status == XSW_OK) {
        status = vswitch_acl_add(context, port, &rule, error);
    }
    if (status != XSW_OK) {
        return status;
    }
    config_rule_format(&rule, text);
    return control_reply(
        reply, json_pack("{s:s,s:I,s:s}", "port", port, "id", (json_int_t)rule.id, "text", text),
        error);
}

static enum xsw_status method_policy_remove(void *context, const struct rpc_caller *caller,
                                            const json_t *params, struct rpc_reply *reply,
                                            struct xsw_error *error)
{
    static const char *const members[] = {"port", "id", NULL};
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "params", params, error);
    char port[CONFIG_NAME_SIZE] = "";
    int64_t id = 0;
    (void)caller;
    (void)reply;

    config_node_check_object(&node, members);
    config_node_require(&node, "port");
    config_node_require(&node, "id");
    config_node_text(&node, "port", port, sizeof(port));
    config_node_number(&node, "id", 1, INT32_MAX, &id);
    if (reader.status != XSW_OK) {
        return reader.status;
    }
    return vswitch_acl_remove(context, port, (uint32_t)id, error);
}

/* Connections -------------------------------------------------------------------------------- */

static const char *const directions[] = {[ACL_IN] = "in", [ACL_OUT] = "out"};

static json_t *ends_json(const struct xsw_flow_parts *parts, char text[FLOW_TEXT_SIZE])
{
    char name[16], source[INET6_ADDRSTRLEN] = "", destination[INET6_ADDRSTRLEN] = "";
    int family = parts->family == 4 ? AF_INET : AF_INET6;
    struct flow_key key = {.family = parts->family,
                           .protocol = parts->protocol,
                           .source_port = parts->source_port,
                           .destination_port = parts->destination_port};
    memcpy(key.source, parts->source, sizeof(key.source));
    memcpy(key.destination, parts->destination, sizeof(key.destination));
    flow_key_text(&key, text, FLOW_TEXT_SIZE);
    inet_ntop(family, parts->source, source, sizeof(source));
    inet_ntop(family, parts->destination, destination, sizeof(destination));
    json_t *ends = json_pack("{s:s,s:s,s:s}", "protocol",
                             flow_protocol_name(parts->protocol, name, sizeof(name)), "source",
                             source, "destination", destination);
    if (parse_has_ports(parts->protocol)) {
        json_object_set_new(ends, "source_port", json_integer(parts->source_port));
        json_object_set_new(ends, "destination_port", json_integer(parts->destination_port));
    }
    return ends;
}

static json_t *connection_json(const char *port, const struct connection_info *info)
{
    char text[FLOW_TEXT_SIZE];
    json_t *entry = ends_json(&info->parts, text);
    json_t *rest = json_pack(
        "{s:s,s:s,s:I,s:s,s:I,s:I,s:I,s:b,s:I,s:I,s:I,s:I}", "port", port, "text", text, "rule",
        (json_int_t)info->rule, "direction", directions[info->direction], "age_seconds",
        (json_int_t)info->age_seconds, "idle_seconds", (json_int_t)info->idle_seconds,
        "timeout_seconds", (json_int_t)info->timeout_seconds, "closing", info->is_closing,
        "packets", (json_int_t)info->packets[0], "bytes", (json_int_t)info->bytes[0],
        "answer_packets", (json_int_t)info->packets[1], "answer_bytes", (json_int_t)info->bytes[1]);
    if (info->vlan != 0) {
        json_object_set_new(rest, "vlan", json_integer(info->vlan));
    }
    json_object_update(entry, rest);
    json_decref(rest);
    return entry;
}

static const char *name_of(const struct port_name *names, size_t count, uint16_t id)
{
    for (size_t i = 0; i < count; i++) {
        if (names[i].id == id) {
            return names[i].name;
        }
    }
    return "";
}

/* The first `most` connections of a port, or of all when it is null. */
static enum xsw_status connections_append(struct vswitch *vswitch, const char *port, size_t most,
                                          json_t *list, size_t *total, struct xsw_error *error)
{
    struct port_name *names = calloc(XSW_PORTS_MAX, sizeof(*names));
    struct connection_info *connections = calloc(most, sizeof(*connections));
    enum xsw_status status = XSW_OK;
    if (names == NULL || connections == NULL) {
        status = error_set(error, XSW_NO_MEMORY, "no memory for a list of connections");
    } else {
        status = vswitch_connections(vswitch, port, connections, most, total, error);
    }
    if (status == XSW_OK) {
        size_t count = vswitch_port_names(vswitch, names, XSW_PORTS_MAX);
        for (size_t i = 0; i < *total && i < most; i++) {
            const char *name = name_of(names, count, connections[i].port);
            json_array_append_new(list, connection_json(name, &connections[i]));
        }
    }
    free(connections);
    free(names);
    return status;
}

static enum xsw_status method_policy_connections(void *context, const struct rpc_caller *caller,
                                                 const json_t *params, struct rpc_reply *reply,
                                                 struct xsw_error *error)
{
    static const char *const members[] = {"port", "count", NULL};
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "params", params, error);
    char port[CONFIG_NAME_SIZE] = "";
    int64_t most = CONNECTIONS_SHOWN_DEFAULT;
    size_t total = 0;
    (void)caller;

    config_node_check_object(&node, members);
    config_node_text(&node, "port", port, sizeof(port));
    config_node_number(&node, "count", 1, CONNECTIONS_SHOWN_MAX, &most);
    if (reader.status != XSW_OK) {
        return reader.status;
    }
    json_t *list = json_array();
    enum xsw_status status = connections_append(context, port[0] != '\0' ? port : NULL,
                                                (size_t)most, list, &total, error);
    if (status != XSW_OK) {
        json_decref(list);
        return status;
    }
    struct connection_counters counters = vswitch_connection_counters(context);
    return control_reply(reply,
                         json_pack("{s:o,s:I,s:I,s:I,s:I}", "connections", list, "total",
                                   (json_int_t)total, "live", (json_int_t)counters.live, "limit",
                                   (json_int_t)counters.limit, "refused",
                                   (json_int_t)counters.refused),
                         error);
}

static const struct rpc_method policy_methods[] = {
    {"policy.list", false, method_policy_list},
    {"policy.add", true, method_policy_add},
    {"policy.remove", true, method_policy_remove},
    {"policy.connections", false, method_policy_connections},
};

struct rpc_table control_policy_table(struct vswitch *vswitch)
{
    return (struct rpc_table){.methods = policy_methods,
                              .count = sizeof(policy_methods) / sizeof(policy_methods[0]),
                              .context = vswitch};
}
