/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Methods about features, the built-in ones and those of extensions alike, and about ports as
 * documents: feature.list, get, status, add, set, remove; port.save, port.restore.
 */
#include <string.h>

#include "base/error.h"
#include "switch/config/config_node.h"
#include "switch/control/control_methods.h"
#include "switch/extension/features.h"
#include "switch/life/port_state.h"
#include "switch/switch.h"

static enum xsw_status method_feature_list(void *context, const struct rpc_caller *caller,
                                           const json_t *params, struct rpc_reply *reply,
                                           struct xsw_error *error)
{
    static const char *const members[] = {NULL};
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "params", params, error);
    struct feature features[FEATURES_MAX];
    (void)caller;

    config_node_check_object(&node, members);
    if (reader.status != XSW_OK) {
        return reader.status;
    }
    size_t count = vswitch_features(context, features, FEATURES_MAX);
    json_t *list = json_array();
    for (size_t i = 0; i < count && i < FEATURES_MAX; i++) {
        if (json_array_append_new(list, feature_schema_json(&features[i])) != 0) {
            json_decref(list);
            list = NULL;
        }
    }
    return control_reply(reply, json_pack("{s:o}", "features", list), error);
}

/* What a request names. */
struct request {
    char port[CONFIG_NAME_SIZE]; /* empty: the switch */
    char feature[FEATURE_NAME_SIZE];
    uint32_t id;
};

/* members: what the method takes, null terminated. */
static void request_read(const struct config_node *params, const char *const *members,
                         struct request *request)
{
    int64_t id = 0;
    *request = (struct request){.id = 0};
    config_node_check_object(params, members);
    config_node_text(params, "port", request->port, sizeof(request->port));
    config_node_text(params, "feature", request->feature, sizeof(request->feature));
    config_node_number(params, "id", 0, UINT32_MAX, &id);
    request->id = (uint32_t)id;
}

typedef enum xsw_status reader_function(struct vswitch *vswitch, const char *port,
                                        const char *feature, json_t **entries,
                                        struct xsw_error *error);

/* feature.get and feature.status: {"port"?, "feature"?} to {"entries": […]}. */
static enum xsw_status entries_reply(struct vswitch *vswitch, const json_t *params,
                                     reader_function *function, struct rpc_reply *reply,
                                     struct xsw_error *error)
{
    static const char *const members[] = {"port", "feature", NULL};
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "params", params, error);
    struct request request;
    json_t *entries = NULL;
    request_read(&node, members, &request);
    enum xsw_status status = reader.status;
    if (status == XSW_OK) {
        status = function(vswitch, request.port,
                          request.feature[0] != '\0' ? request.feature : NULL, &entries, error);
    }
    return status == XSW_OK ? control_reply(reply, json_pack("{s:o}", "entries", entries), error)
                            : status;
}

static enum xsw_status method_feature_get(void *context, const struct rpc_caller *caller,
                                          const json_t *params, struct rpc_reply *reply,
                                          struct xsw_error *error)
{
    (void)caller;
    return entries_reply(context, params, vswitch_feature_get, reply, error);
}

static enum xsw_status method_feature_status(void *context, const struct rpc_caller *caller,
                                             const json_t *params, struct rpc_reply *reply,
                                             struct xsw_error *error)
{
    (void)caller;
    return entries_reply(context, params, vswitch_feature_status, reply, error);
}

static const char *const change_members[] = {"port", "feature", "id", "values", NULL};

static enum xsw_status method_feature_add(void *context, const struct rpc_caller *caller,
                                          const json_t *params, struct rpc_reply *reply,
                                          struct xsw_error *error)
{
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "params", params, error);
    struct config_node values = config_node_member(&node, "values");
    struct request request;
    (void)caller;
    request_read(&node, change_members, &request);
    config_node_require(&node, "feature");
    enum xsw_status status = reader.status;
    if (status == XSW_OK) {
        status = vswitch_feature_add(context, request.port, request.feature, &values, &request.id,
                                     error);
    }
    return status == XSW_OK
               ? control_reply(reply, json_pack("{s:I}", "id", (json_int_t)request.id), error)
               : status;
}

static enum xsw_status method_feature_set(void *context, const struct rpc_caller *caller,
                                          const json_t *params, struct rpc_reply *reply,
                                          struct xsw_error *error)
{
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "params", params, error);
    struct config_node values = config_node_member(&node, "values");
    struct request request;
    (void)caller;
    (void)reply;
    request_read(&node, change_members, &request);
    config_node_require(&node, "feature");
    config_node_require(&node, "values");
    return reader.status == XSW_OK ? vswitch_feature_set(context, request.port, request.feature,
                                                         request.id, &values, error)
                                   : reader.status;
}

static enum xsw_status method_feature_remove(void *context, const struct rpc_caller *caller,
                                             const json_t *params, struct rpc_reply *reply,
                                             struct xsw_error *error)
{
    static const char *const members[] = {"port", "feature", "id", NULL};
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "params", params, error);
    struct request request;
    (void)caller;
    (void)reply;
    request_read(&node, members, &request);
    config_node_require(&node, "feature");
    return reader.status == XSW_OK
               ? vswitch_feature_remove(context, request.port, request.feature, request.id, error)
               : reader.status;
}

/* Ports as documents ------------------------------------------------------------------------- */

static enum xsw_status method_port_save(void *context, const struct rpc_caller *caller,
                                        const json_t *params, struct rpc_reply *reply,
                                        struct xsw_error *error)
{
    static const char *const members[] = {"name", NULL};
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "params", params, error);
    char name[CONFIG_NAME_SIZE] = "";
    json_t *document = NULL;
    (void)caller;
    config_node_check_object(&node, members);
    config_node_require(&node, "name");
    config_node_text(&node, "name", name, sizeof(name));
    enum xsw_status status = reader.status;
    if (status == XSW_OK) {
        status = port_state_save(context, name, &document, error);
    }
    return status == XSW_OK ? control_reply(reply, json_pack("{s:o}", "state", document), error)
                            : status;
}

static enum xsw_status method_port_restore(void *context, const struct rpc_caller *caller,
                                           const json_t *params, struct rpc_reply *reply,
                                           struct xsw_error *error)
{
    static const char *const members[] = {"state", "name", "device", NULL};
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "params", params, error);
    char name[CONFIG_NAME_SIZE] = "";
    char device[CONFIG_NAME_SIZE] = "";
    (void)caller;
    (void)reply;
    config_node_check_object(&node, members);
    config_node_require(&node, "state");
    config_node_text(&node, "name", name, sizeof(name));
    config_node_text(&node, "device", device, sizeof(device));
    struct port_state_change change = {.name = name, .device = device};
    return reader.status == XSW_OK
               ? port_state_restore(context, json_object_get(params, "state"), &change, error)
               : reader.status;
}

static const struct rpc_method feature_methods[] = {
    {"feature.list", false, method_feature_list},
    {"feature.get", false, method_feature_get},
    {"feature.status", false, method_feature_status},
    {"feature.add", true, method_feature_add},
    {"feature.set", true, method_feature_set},
    {"feature.remove", true, method_feature_remove},
    {"port.save", true, method_port_save},
    {"port.restore", true, method_port_restore},
};

struct rpc_table control_feature_table(struct vswitch *vswitch)
{
    return (struct rpc_table){.methods = feature_methods,
                              .count = sizeof(feature_methods) / sizeof(feature_methods[0]),
                              .context = vswitch};
}
