/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Methods about the daemon and the list of its switches.
 */
#include <unistd.h>

#include "base/error.h"
#include "switch/config/config_file.h"
#include "switch/config/config_node.h"
#include "switch/control/control_json.h"
#include "switch/control/control_methods.h"
#include "switch/switches.h"

static enum xsw_status params_none(const json_t *params, struct xsw_error *error)
{
    static const char *const members[] = {NULL};
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "params", params, error);
    config_node_check_object(&node, members);
    return reader.status;
}

/* "switch" and "uuid" are those of the first switch: what a client of one switch wants to know. */
static enum xsw_status method_hello(void *context, const struct rpc_caller *caller,
                                    const json_t *params, struct rpc_reply *reply,
                                    struct xsw_error *error)
{
    const struct switches *switches = context;
    const struct vswitch *first = switches->count > 0 ? switches->entries[0]->vswitch : NULL;
    json_t *names = json_array();
    if (params_none(params, error) != XSW_OK) {
        json_decref(names);
        return XSW_INVALID;
    }
    for (size_t i = 0; i < switches->count; i++) {
        json_array_append_new(names,
                              json_string(vswitch_config(switches->entries[i]->vswitch)->name));
    }
    return control_reply(reply,
                         json_pack("{s:s,s:i,s:I,s:s,s:s,s:b,s:o}", "version", XSW_VERSION, "api",
                                   RPC_API, "pid", (json_int_t)getpid(), "uuid",
                                   first != NULL ? vswitch_uuid(first) : "", "switch",
                                   first != NULL ? vswitch_config(first)->name : "", "may_manage",
                                   (int)caller->may_manage, "switches", names),
                         error);
}

static enum xsw_status method_switch_list(void *context, const struct rpc_caller *caller,
                                          const json_t *params, struct rpc_reply *reply,
                                          struct xsw_error *error)
{
    const struct switches *switches = context;
    (void)caller;
    if (params_none(params, error) != XSW_OK) {
        return XSW_INVALID;
    }
    json_t *list = json_array();
    for (size_t i = 0; i < switches->count; i++) {
        json_array_append_new(list, control_switch_json(switches->entries[i]->vswitch));
    }
    return control_reply(reply, json_pack("{s:o}", "switches", list), error);
}

/* The params are a configuration of one switch. */
static enum xsw_status method_switch_add(void *context, const struct rpc_caller *caller,
                                         const json_t *params, struct rpc_reply *reply,
                                         struct xsw_error *error)
{
    struct switches *switches = context;
    struct config config;
    struct vswitch *made;
    (void)caller;
    enum xsw_status status = config_read(params, "params", &config, error);
    if (status == XSW_OK) {
        status = switches_add(switches, &config, error);
    }
    if (status == XSW_OK) {
        status = switches_find(switches, config.switch_config.name, &made, error);
    }
    config_fini(&config);
    return status == XSW_OK
               ? control_reply(reply, json_pack("{s:o}", "switch", control_switch_json(made)),
                               error)
               : status;
}

static enum xsw_status method_switch_remove(void *context, const struct rpc_caller *caller,
                                            const json_t *params, struct rpc_reply *reply,
                                            struct xsw_error *error)
{
    static const char *const members[] = {"name", "force", NULL};
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "params", params, error);
    char name[CONFIG_NAME_SIZE] = "";
    bool is_forced = false;
    (void)caller;
    (void)reply;

    config_node_check_object(&node, members);
    config_node_require(&node, "name");
    config_node_text(&node, "name", name, sizeof(name));
    config_node_bool(&node, "force", &is_forced);
    return reader.status == XSW_OK ? switches_remove(context, name, is_forced, error)
                                   : reader.status;
}

/* "name" says which switch, "set" what is laid over its configuration. */
static enum xsw_status method_switch_set(void *context, const struct rpc_caller *caller,
                                         const json_t *params, struct rpc_reply *reply,
                                         struct xsw_error *error)
{
    static const char *const members[] = {"name", "set", NULL};
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "params", params, error);
    struct config_node set = config_node_member(&node, "set");
    char name[CONFIG_NAME_SIZE] = "";
    struct vswitch *vswitch = NULL;
    (void)caller;

    config_node_check_object(&node, members);
    config_node_require(&node, "name");
    config_node_require(&node, "set");
    config_node_text(&node, "name", name, sizeof(name));
    enum xsw_status status = reader.status;
    if (status == XSW_OK) {
        status = switches_find(context, name, &vswitch, error);
    }
    if (status != XSW_OK) {
        return status;
    }
    struct switch_config config = *vswitch_config(vswitch);
    config_switch_read(&set, &config);
    status = reader.status;
    if (status == XSW_OK) {
        status = switches_set(context, vswitch, &config, error);
    }
    return status == XSW_OK
               ? control_reply(reply, json_pack("{s:o}", "switch", control_switch_json(vswitch)),
                               error)
               : status;
}

/* A configuration file for all switches: one has the short form. */
static enum xsw_status method_config_all(void *context, const struct rpc_caller *caller,
                                         const json_t *params, struct rpc_reply *reply,
                                         struct xsw_error *error)
{
    const struct switches *switches = context;
    (void)caller;
    if (params_none(params, error) != XSW_OK) {
        return XSW_INVALID;
    }
    json_t *whole;
    if (switches->count == 1) {
        whole = config_running_json(switches->entries[0]->vswitch);
    } else {
        json_t *list = json_array();
        for (size_t i = 0; i < switches->count; i++) {
            json_array_append_new(list, config_running_json(switches->entries[i]->vswitch));
        }
        whole = json_pack("{s:o}", "switches", list);
    }
    return control_reply(reply, json_pack("{s:o}", "configuration", whole), error);
}

static const struct rpc_method switches_methods[] = {
    {"hello", false, method_hello},          {"switch.list", false, method_switch_list},
    {"switch.add", true, method_switch_add}, {"switch.remove", true, method_switch_remove},
    {"switch.set", true, method_switch_set}, {"config.all", false, method_config_all},
};

struct rpc_table control_switches_table(struct switches *switches)
{
    return (struct rpc_table){.methods = switches_methods,
                              .count = sizeof(switches_methods) / sizeof(switches_methods[0]),
                              .context = switches,
                              .resolve = switches_resolve_all};
}
