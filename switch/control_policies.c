/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Methods about the access rules of ports.
 */
#include "switch/control_methods.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "switch/config_node.h"
#include "switch/config_rule.h"
#include "switch/switch.h"

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

static const struct rpc_method policy_methods[] = {
    {"policy.list", false, method_policy_list},
    {"policy.add", true, method_policy_add},
    {"policy.remove", true, method_policy_remove},
};

struct rpc_table control_policy_table(struct vswitch *vswitch)
{
    return (struct rpc_table){.methods = policy_methods,
                              .count = sizeof(policy_methods) / sizeof(policy_methods[0]),
                              .context = vswitch};
}
