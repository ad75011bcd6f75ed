/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The steps of a live migration that are no one else's method: a device that outlives its port, the
 * state of a NIC that comes here, and the announcement of its addresses. Who takes the steps, in
 * which order, is `xsw port migrate`.
 */
#include <errno.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/error.h"
#include "switch/config/config_node.h"
#include "switch/control/control_methods.h"
#include "switch/life/announce.h"
#include "switch/life/port_state.h"
#include "switch/port/port.h"
#include "switch/switch.h"

static void name_read(const struct config_node *node, char name[CONFIG_NAME_SIZE])
{
    name[0] = '\0';
    config_node_require(node, "name");
    config_node_text(node, "name", name, CONFIG_NAME_SIZE);
}

/* Whether the device stays without any port already: somebody has made it before us. */
static bool device_stays(struct port *port, const struct port_config *config)
{
    struct ifreq request = {0};
    if (config->kind != PORT_KIND_TAP) {
        return true;
    }
    return ioctl(port->ops->poll_fd(port, 0), TUNGETIFF, &request) == 0 &&
           (request.ifr_flags & IFF_PERSIST) != 0;
}

static enum xsw_status method_nic_keep(void *context, const struct rpc_caller *caller,
                                       const json_t *params, struct rpc_reply *reply,
                                       struct xsw_error *error)
{
    static const char *const members[] = {"name", "keep", NULL};
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "params", params, error);
    char name[CONFIG_NAME_SIZE];
    bool must_stay = true;
    struct port_info info;
    (void)caller;

    config_node_check_object(&node, members);
    config_node_require(&node, "keep");
    name_read(&node, name);
    config_node_bool(&node, "keep", &must_stay);
    enum xsw_status status = reader.status;
    if (status == XSW_OK) {
        status = vswitch_port_find(context, name, &info, error);
    }
    if (status != XSW_OK) {
        return status;
    }
    struct port *port = vswitch_port_object(context, name);
    if (port == NULL) {
        return error_set(error, XSW_INVALID, "port %s: expected one that has a NIC", name);
    }
    bool stayed = device_stays(port, &info.config);
    if (port->ops->keep_device != NULL) {
        status = port->ops->keep_device(port, must_stay, error);
    }
    return status == XSW_OK
               ? control_reply(reply, json_pack("{s:b}", "kept_before", (int)stayed), error)
               : error_prefix(error, "port %s", name);
}

static enum xsw_status method_nic_restore(void *context, const struct rpc_caller *caller,
                                          const json_t *params, struct rpc_reply *reply,
                                          struct xsw_error *error)
{
    static const char *const members[] = {"name", "state", NULL};
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "params", params, error);
    struct config_node state = config_node_member(&node, "state");
    char name[CONFIG_NAME_SIZE];
    (void)caller;
    (void)reply;

    config_node_check_object(&node, members);
    config_node_require(&node, "state");
    name_read(&node, name);
    return reader.status == XSW_OK ? port_state_restore_records(context, name, state.value, error)
                                   : reader.status;
}

static enum xsw_status method_port_announce(void *context, const struct rpc_caller *caller,
                                            const json_t *params, struct rpc_reply *reply,
                                            struct xsw_error *error)
{
    static const char *const members[] = {"name", NULL};
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "params", params, error);
    char name[CONFIG_NAME_SIZE];
    size_t count = 0;
    (void)caller;

    config_node_check_object(&node, members);
    name_read(&node, name);
    enum xsw_status status = reader.status;
    if (status == XSW_OK) {
        status = vswitch_announce(context, name, &count, error);
    }
    return status == XSW_OK
               ? control_reply(reply, json_pack("{s:I}", "addresses", (json_int_t)count), error)
               : status;
}

static const struct rpc_method migration_methods[] = {
    {"nic.keep", true, method_nic_keep},
    {"nic.restore", true, method_nic_restore},
    {"port.announce", true, method_port_announce},
};

struct rpc_table control_migration_table(struct vswitch *vswitch)
{
    return (struct rpc_table){.methods = migration_methods,
                              .count = sizeof(migration_methods) / sizeof(migration_methods[0]),
                              .context = vswitch};
}
