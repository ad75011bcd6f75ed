/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Methods about the daemon, the switch and its MAC table.
 */
#include "switch/control/control_methods.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "switch/config/config_file.h"
#include "switch/config/config_node.h"
#include "switch/config/config_text.h"
#include "switch/control/control_json.h"
#include "switch/control/control_server.h"
#include "switch/switch.h"
#include "switch/switches.h"

enum { MACS_SHOWN_DEFAULT = 10000, MACS_SHOWN_MAX = 200000 };

static const char *const no_members[] = {NULL};

enum xsw_status control_reply(struct rpc_reply *reply, json_t *result, struct xsw_error *error)
{
    if (result == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for the reply");
    }
    reply->result = result;
    return XSW_OK;
}

static enum xsw_status params_none(const json_t *params, struct xsw_error *error)
{
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "params", params, error);
    config_node_check_object(&node, no_members);
    return reader.status;
}

json_t *control_switch_json(struct vswitch *vswitch)
{
    json_t *object = config_switch_json(vswitch_config(vswitch));
    json_t *more = json_pack("{s:s,s:I,s:I}", "uuid", vswitch_uuid(vswitch), "generation",
                             (json_int_t)vswitch_generation(vswitch), "ports",
                             (json_int_t)vswitch_ports(vswitch, NULL, 0));
    if (object == NULL || more == NULL || json_object_update(object, more) != 0) {
        json_decref(object);
        object = NULL;
    }
    json_decref(more);
    return object;
}

json_t *control_mac_counters_json(struct vswitch *vswitch)
{
    struct mac_counters counters = vswitch_mac_counters(vswitch);
    return json_pack("{s:I,s:I,s:I,s:I,s:I}", "entries", (json_int_t)counters.entries, "learned",
                     (json_int_t)counters.learned, "moved", (json_int_t)counters.moved, "aged",
                     (json_int_t)counters.aged, "refused", (json_int_t)counters.refused);
}

static enum xsw_status method_switch_show(void *context, const struct rpc_caller *caller,
                                          const json_t *params, struct rpc_reply *reply,
                                          struct xsw_error *error)
{
    (void)caller;
    if (params_none(params, error) != XSW_OK) {
        return XSW_INVALID;
    }
    return control_reply(reply,
                         json_pack("{s:o,s:o}", "switch", control_switch_json(context), "mac",
                                   control_mac_counters_json(context)),
                         error);
}

static enum xsw_status method_config_show(void *context, const struct rpc_caller *caller,
                                          const json_t *params, struct rpc_reply *reply,
                                          struct xsw_error *error)
{
    (void)caller;
    if (params_none(params, error) != XSW_OK) {
        return XSW_INVALID;
    }
    return control_reply(reply, json_pack("{s:o}", "configuration", config_running_json(context)),
                         error);
}

static enum xsw_status method_dictionary(void *context, const struct rpc_caller *caller,
                                         const json_t *params, struct rpc_reply *reply,
                                         struct xsw_error *error)
{
    (void)caller;
    if (params_none(params, error) != XSW_OK) {
        return XSW_INVALID;
    }
    return control_reply(reply, control_dictionary_json(context), error);
}

/* Names of the ports by id, for listings; a null array stands for none. */
static struct port_info *ports_by_id(struct vswitch *vswitch)
{
    struct port_info *ports = calloc(XSW_PORTS_MAX, sizeof(*ports));
    struct port_info *by_id = calloc(XSW_PORTS_MAX, sizeof(*by_id));
    size_t count = ports != NULL ? vswitch_ports(vswitch, ports, XSW_PORTS_MAX) : 0;
    for (size_t i = 0; by_id != NULL && i < count && i < XSW_PORTS_MAX; i++) {
        by_id[ports[i].id % XSW_PORTS_MAX] = ports[i];
    }
    free(ports);
    return by_id;
}

static json_t *macs_json(const struct mac_entry *entries, size_t count,
                         const struct port_info *by_id, const char *port)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        const char *name = by_id[entries[i].port % XSW_PORTS_MAX].config.name;
        char mac[CONFIG_MAC_TEXT_SIZE];
        if (port[0] != '\0' && strcmp(port, name) != 0) {
            continue;
        }
        config_mac_format(&entries[i].mac, mac);
        json_array_append_new(list, json_pack("{s:s,s:i,s:s,s:I}", "mac", mac, "vlan",
                                              entries[i].vlan, "port", name, "age_seconds",
                                              (json_int_t)entries[i].age_seconds));
    }
    return list;
}

static enum xsw_status method_mac_list(void *context, const struct rpc_caller *caller,
                                       const json_t *params, struct rpc_reply *reply,
                                       struct xsw_error *error)
{
    static const char *const members[] = {"port", "limit", NULL};
    struct vswitch *vswitch = context;
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "params", params, error);
    char port[CONFIG_NAME_SIZE] = "";
    int64_t limit = MACS_SHOWN_DEFAULT;
    struct port_info info;
    (void)caller;

    config_node_check_object(&node, members);
    config_node_text(&node, "port", port, sizeof(port));
    config_node_number(&node, "limit", 1, MACS_SHOWN_MAX, &limit);
    enum xsw_status status = reader.status;
    if (status == XSW_OK && port[0] != '\0') {
        status = vswitch_port_find(vswitch, port, &info, error);
    }
    if (status != XSW_OK) {
        return status;
    }
    struct mac_entry *entries = calloc((size_t)limit, sizeof(*entries));
    struct port_info *by_id = ports_by_id(vswitch);
    json_t *list = NULL;
    size_t total = 0;
    if (entries != NULL && by_id != NULL) {
        total = vswitch_macs(vswitch, entries, (size_t)limit);
        list = macs_json(entries, total < (size_t)limit ? total : (size_t)limit, by_id, port);
    }
    free(entries);
    free(by_id);
    return control_reply(reply, json_pack("{s:o,s:I}", "entries", list, "total", (json_int_t)total),
                         error);
}

static enum xsw_status method_mac_flush(void *context, const struct rpc_caller *caller,
                                        const json_t *params, struct rpc_reply *reply,
                                        struct xsw_error *error)
{
    static const char *const members[] = {"port", NULL};
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "params", params, error);
    char port[CONFIG_NAME_SIZE] = "";
    struct port_info info = {.id = XSW_PORT_NONE};
    (void)caller;
    (void)reply;

    config_node_check_object(&node, members);
    config_node_text(&node, "port", port, sizeof(port));
    enum xsw_status status = reader.status;
    if (status == XSW_OK && port[0] != '\0') {
        status = vswitch_port_find(context, port, &info, error);
    }
    if (status == XSW_OK) {
        vswitch_mac_flush(context, info.id);
    }
    return status;
}

static const struct rpc_method general_methods[] = {
    {"switch.show", false, method_switch_show}, {"config.show", false, method_config_show},
    {"dictionary", false, method_dictionary},   {"mac.list", false, method_mac_list},
    {"mac.flush", true, method_mac_flush},
};

struct rpc_table control_general_table(struct vswitch *vswitch)
{
    return (struct rpc_table){.methods = general_methods,
                              .count = sizeof(general_methods) / sizeof(general_methods[0]),
                              .context = vswitch};
}

enum xsw_status control_methods_add(struct control_methods *methods, struct switches *switches,
                                    struct control_server *server, struct xsw_error *error)
{
    const struct rpc_table per_switch[] = {
        control_general_table(NULL),   control_port_table(NULL),  control_policy_table(NULL),
        control_extension_table(NULL), control_stats_table(NULL), control_migration_table(NULL),
        control_feature_table(NULL),
    };
    size_t count = sizeof(per_switch) / sizeof(per_switch[0]);
    enum xsw_status status = XSW_OK;

    static_assert(sizeof(per_switch) / sizeof(per_switch[0]) < CONTROL_TABLES_MAX, "tables");
    for (size_t i = 0; i < count; i++) {
        methods->tables[i] = per_switch[i];
        methods->tables[i].context = switches;
        methods->tables[i].resolve = switches_resolve;
    }
    methods->tables[count++] = control_switches_table(switches);
    for (size_t i = 0; i < count && status == XSW_OK; i++) {
        status = control_server_add(server, &methods->tables[i], error);
    }
    return status;
}
