/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Methods about ports and their NICs.
 */
#include "switch/control/control_methods.h"

#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "switch/config/config_file.h"
#include "switch/config/config_json.h"
#include "switch/config/config_node.h"
#include "switch/control/control_json.h"
#include "switch/extension/features.h"
#include "switch/life/lifecycle.h"
#include "switch/switch.h"

static const char *const name_only[] = {"name", NULL};
static const char *const port_only[] = {"port", NULL};
static const char *const no_members[] = {NULL};

static const char *const state_names[] = {
    [PORT_UP] = "up", [PORT_DOWN] = "down", [PORT_VANISHED] = "vanished", [PORT_NO_NIC] = "no-nic"};

json_t *control_port_counters_json(const struct port_counters *counters)
{
    return json_pack("{s:I,s:I,s:I,s:I,s:I,s:I}", "rx_packets", (json_int_t)counters->rx_packets,
                     "rx_bytes", (json_int_t)counters->rx_bytes, "tx_packets",
                     (json_int_t)counters->tx_packets, "tx_bytes", (json_int_t)counters->tx_bytes,
                     "dropped_in", (json_int_t)counters->dropped_in, "dropped_out",
                     (json_int_t)counters->dropped_out);
}

static int queue_set(json_t *object, const char *name, uint64_t packets, uint64_t bytes,
                     uint64_t dropped)
{
    return json_object_set_new(object, name,
                               json_pack("{s:I,s:I,s:I}", "packets", (json_int_t)packets, "bytes",
                                         (json_int_t)bytes, "dropped", (json_int_t)dropped));
}

/* What its kind counts and says of its device. False without memory. */
static bool details_set(json_t *object, const struct port_info *info)
{
    json_t *numbers = json_object();
    int failed = json_object_set_new(object, "numbers", numbers);
    for (uint32_t i = 0; failed == 0 && i < info->number_count; i++) {
        const struct port_number *number = &info->numbers[i];
        failed =
            json_object_set_new(numbers, number->name, json_integer((json_int_t)number->value));
    }
    const struct bandwidth_info *waits = &info->bandwidth;
    failed |= queue_set(object, "limit_queue", waits->queued_packets, waits->queued_bytes,
                        waits->dropped);
    failed |= queue_set(object, "capacity_queue", waits->capacity_packets, waits->capacity_bytes,
                        waits->capacity_dropped);
    return failed == 0 && json_object_set_new(object, "advice", json_string(info->advice)) == 0;
}

static json_t *port_json(const struct port_info *info)
{
    json_t *object = config_port_json(&info->config);
    json_t *more = json_pack("{s:i,s:s,s:s,s:b,s:I,s:o}", "id", info->id, "state",
                             state_names[info->state], "life", lifecycle_state_name(info->life),
                             "leaving", (int)info->is_leaving, "queues", (json_int_t)info->queues,
                             "counters", control_port_counters_json(&info->counters));
    if (object == NULL || more == NULL || json_object_update(object, more) != 0 ||
        !details_set(object, info)) {
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

/* For who reads the kernel's events, which know devices and no ports. */
static enum xsw_status method_port_devices(void *context, const struct rpc_caller *caller,
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
        const struct port_place *place = &ports[i].place;
        if (place->device[0] != '\0') {
            json_array_append_new(list, json_pack("{s:i,s:s,s:s,s:I,s:I}", "id", ports[i].id,
                                                  "port", ports[i].config.name, "device",
                                                  place->device, "netns", (json_int_t)place->netns,
                                                  "since_mono_ns", (json_int_t)place->since_ns));
        }
    }
    free(ports);
    return control_reply(reply, json_pack("{s:o}", "devices", list), error);
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

static enum xsw_status port_reply(struct vswitch *vswitch, const char *name,
                                  struct rpc_reply *reply, struct xsw_error *error)
{
    struct port_info info;
    enum xsw_status status = vswitch_port_find(vswitch, name, &info, error);
    if (status != XSW_OK) {
        return status;
    }
    return control_reply(reply, json_pack("{s:o}", "port", port_json(&info)), error);
}

static enum xsw_status method_port_show(void *context, const struct rpc_caller *caller,
                                        const json_t *params, struct rpc_reply *reply,
                                        struct xsw_error *error)
{
    char name[CONFIG_NAME_SIZE];
    (void)caller;
    enum xsw_status status = name_read(params, name, error);
    return status == XSW_OK ? port_reply(context, name, reply, error) : status;
}

/* A port as a request has it: its values, rules, and what extensions let people configure. */
struct wanted_port {
    struct config_reader reader;
    struct config_node root, port, features;
    struct port_request request; /* rules are to be freed */
};

static enum xsw_status features_configure(void *context, struct vswitch *vswitch, const char *port,
                                          struct xsw_error *error)
{
    return features_apply(vswitch, port, context, error);
}

static enum xsw_status wanted_read(const json_t *params, const char *const *members,
                                   struct wanted_port *wanted, struct xsw_error *error)
{
    wanted->request =
        (struct port_request){.configure = features_configure, .context = &wanted->features};
    wanted->root = config_node_root(&wanted->reader, "params", params, error);
    wanted->port = config_node_member(&wanted->root, "port");
    wanted->features = config_node_member(&wanted->port, "features");
    port_config_init(&wanted->request.config);
    config_node_check_object(&wanted->root, members);
    config_node_require(&wanted->root, "port");
    config_port_read(&wanted->port, true, &wanted->request.config);
    config_rules_read(&wanted->port, &wanted->request.rules, &wanted->request.rule_count);
    return wanted->reader.status;
}

static enum xsw_status method_port_add(void *context, const struct rpc_caller *caller,
                                       const json_t *params, struct rpc_reply *reply,
                                       struct xsw_error *error)
{
    struct wanted_port wanted;
    (void)caller;
    enum xsw_status status = wanted_read(params, port_only, &wanted, error);
    if (status == XSW_OK) {
        status = vswitch_port_make(context, &wanted.request, NULL, error);
    }
    free(wanted.request.rules);
    return status == XSW_OK ? port_reply(context, wanted.request.config.name, reply, error)
                            : status;
}

/* Who validates a port to move a guest there asks this too, before the guest is cut off. */
static enum xsw_status device_look(const struct port_config *config, struct xsw_error *error)
{
    const char *device = config->device[0] != '\0' ? config->device : config->name;
    bool is_needed = config->kind == PORT_KIND_PACKET || config->kind == PORT_KIND_XDP;
    return !is_needed || if_nametoindex(device) != 0
               ? XSW_OK
               : error_set(error, XSW_NOT_FOUND, "port %s: there is no device \"%s\" here",
                           config->name, device);
}

static enum xsw_status method_port_validate(void *context, const struct rpc_caller *caller,
                                            const json_t *params, struct rpc_reply *reply,
                                            struct xsw_error *error)
{
    static const char *const members[] = {"port", "device", NULL};
    struct wanted_port wanted;
    bool needs_device = false;
    (void)caller;
    (void)reply;
    enum xsw_status status = wanted_read(params, members, &wanted, error);
    if (status == XSW_OK) {
        config_node_bool(&wanted.root, "device", &needs_device);
        status = wanted.reader.status;
    }
    if (status == XSW_OK && needs_device) {
        status = device_look(&wanted.request.config, error);
    }
    if (status == XSW_OK) {
        status = vswitch_port_validate(context, &wanted.request, error);
    }
    free(wanted.request.rules);
    return status;
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
    return status == XSW_OK ? port_reply(context, name, reply, error) : status;
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

/* NICs --------------------------------------------------------------------------------------- */

static enum xsw_status method_nic_add(void *context, const struct rpc_caller *caller,
                                      const json_t *params, struct rpc_reply *reply,
                                      struct xsw_error *error)
{
    static const char *const members[] = {"name",   "kind",   "device", "input",
                                          "output", "timing", NULL};
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "params", params, error);
    struct port_config config;
    (void)caller;

    port_config_init(&config);
    config_node_check_object(&node, members);
    config_port_read(&node, false, &config);
    enum xsw_status status = reader.status;
    if (status == XSW_OK) {
        status = vswitch_nic_add(context, &config, error);
    }
    return status == XSW_OK ? port_reply(context, config.name, reply, error) : status;
}

/* A step that takes the name of the port alone, and leaves the port there. */
static enum xsw_status nic_step(struct vswitch *vswitch, const json_t *params,
                                enum xsw_status (*step)(struct vswitch *vswitch, const char *port,
                                                        struct xsw_error *error),
                                struct rpc_reply *reply, struct xsw_error *error)
{
    char name[CONFIG_NAME_SIZE];
    enum xsw_status status = name_read(params, name, error);
    if (status == XSW_OK) {
        status = step(vswitch, name, error);
    }
    return status == XSW_OK ? port_reply(vswitch, name, reply, error) : status;
}

static enum xsw_status method_nic_connect(void *context, const struct rpc_caller *caller,
                                          const json_t *params, struct rpc_reply *reply,
                                          struct xsw_error *error)
{
    (void)caller;
    return nic_step(context, params, vswitch_nic_connect, reply, error);
}

static enum xsw_status method_nic_disconnect(void *context, const struct rpc_caller *caller,
                                             const json_t *params, struct rpc_reply *reply,
                                             struct xsw_error *error)
{
    (void)caller;
    return nic_step(context, params, vswitch_nic_disconnect, reply, error);
}

static enum xsw_status method_nic_remove(void *context, const struct rpc_caller *caller,
                                         const json_t *params, struct rpc_reply *reply,
                                         struct xsw_error *error)
{
    (void)caller;
    return nic_step(context, params, vswitch_nic_remove, reply, error);
}

static const struct rpc_method port_methods[] = {
    {"port.list", false, method_port_list},       {"port.show", false, method_port_show},
    {"port.devices", false, method_port_devices}, {"port.validate", true, method_port_validate},
    {"port.add", true, method_port_add},          {"port.set", true, method_port_set},
    {"port.remove", true, method_port_remove},    {"nic.add", true, method_nic_add},
    {"nic.connect", true, method_nic_connect},    {"nic.disconnect", true, method_nic_disconnect},
    {"nic.remove", true, method_nic_remove},
};

struct rpc_table control_port_table(struct vswitch *vswitch)
{
    return (struct rpc_table){.methods = port_methods,
                              .count = sizeof(port_methods) / sizeof(port_methods[0]),
                              .context = vswitch};
}
