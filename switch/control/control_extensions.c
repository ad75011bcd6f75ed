/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Methods about extensions: list, add, set, enable, disable, move, upgrade, remove.
 */
#include "switch/control/control_methods.h"

#include <string.h>

#include "base/error.h"
#include "switch/config/config_file.h"
#include "switch/config/config_json.h"
#include "switch/config/config_node.h"
#include "switch/control/control_json.h"
#include "switch/switch.h"

static const char *const extension_only[] = {"extension", NULL};

json_t *control_extension_json(struct vswitch *vswitch, const struct extension_info *info)
{
    return json_pack("{s:s,s:s,s:s,s:s,s:s,s:b,s:o}", "name", info->name, "extension",
                     info->extension, "version", info->version, "kind", info->kind, "path",
                     info->path, "enabled", (int)info->is_enabled, "settings",
                     config_running_settings_json(vswitch, info->name));
}

static enum xsw_status extension_find(struct vswitch *vswitch, const char *name,
                                      struct extension_info *found, struct xsw_error *error)
{
    struct extension_info extensions[CONFIG_EXTENSIONS_MAX];
    size_t count = vswitch_extensions(vswitch, extensions, CONFIG_EXTENSIONS_MAX);
    for (size_t i = 0; i < count && i < CONFIG_EXTENSIONS_MAX; i++) {
        if (strcmp(extensions[i].name, name) == 0) {
            *found = extensions[i];
            return XSW_OK;
        }
    }
    return error_set(error, XSW_NOT_FOUND, "there is no extension \"%s\"", name);
}

/* The rules that it broke, by name; only those that it did. */
static json_t *violated_json(struct vswitch *vswitch, const char *name)
{
    json_t *object = json_object();
    struct violation_info violations[VIOLATIONS_MAX];
    size_t count = vswitch_extension_violations(vswitch, name, violations, VIOLATIONS_MAX);
    for (size_t i = 0; i < count && i < VIOLATIONS_MAX; i++) {
        if (violations[i].count > 0) {
            json_object_set_new(object, violations[i].name,
                                json_integer((json_int_t)violations[i].count));
        }
    }
    return object;
}

static enum xsw_status method_extension_list(void *context, const struct rpc_caller *caller,
                                             const json_t *params, struct rpc_reply *reply,
                                             struct xsw_error *error)
{
    static const char *const members[] = {NULL};
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "params", params, error);
    struct extension_info extensions[CONFIG_EXTENSIONS_MAX];
    (void)caller;

    config_node_check_object(&node, members);
    if (reader.status != XSW_OK) {
        return reader.status;
    }
    size_t count = vswitch_extensions(context, extensions, CONFIG_EXTENSIONS_MAX);
    json_t *list = json_array();
    for (size_t i = 0; i < count && i < CONFIG_EXTENSIONS_MAX; i++) {
        const struct extension_info *info = &extensions[i];
        json_t *object = control_extension_json(context, info);
        json_object_set_new(object, "packets", json_integer((json_int_t)info->packets));
        json_object_set_new(object, "dropped", json_integer((json_int_t)info->dropped));
        json_object_set_new(object, "silently_dropped",
                            json_integer((json_int_t)info->silently_dropped));
        json_object_set_new(object, "violations", json_integer((json_int_t)info->violations));
        json_object_set_new(object, "violated", violated_json(context, info->name));
        json_array_append_new(list, object);
    }
    return control_reply(reply, json_pack("{s:o}", "extensions", list), error);
}

static enum xsw_status method_extension_installed(void *context, const struct rpc_caller *caller,
                                                  const json_t *params, struct rpc_reply *reply,
                                                  struct xsw_error *error)
{
    static const char *const members[] = {NULL};
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "params", params, error);
    (void)caller;
    config_node_check_object(&node, members);
    return reader.status == XSW_OK
               ? control_reply(reply,
                               json_pack("{s:o}", "extensions", control_installed_json(context)),
                               error)
               : reader.status;
}

static enum xsw_status method_extension_add(void *context, const struct rpc_caller *caller,
                                            const json_t *params, struct rpc_reply *reply,
                                            struct xsw_error *error)
{
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "params", params, error);
    struct config_node member = config_node_member(&node, "extension");
    struct config_extension extension;
    (void)caller;
    (void)reply;

    config_node_check_object(&node, extension_only);
    config_node_require(&node, "extension");
    config_extension_read(&member, &extension);
    config_node_require(&member, "path");
    enum xsw_status status = reader.status;
    if (status == XSW_OK) {
        status = vswitch_extension_add(context, &extension.config, error);
    }
    config_extension_fini(&extension);
    return status;
}

/* The settings in force with those of the request laid over them, as the member "extension" of a
 * new object; null when memory is short. */
static json_t *extension_merge(struct vswitch *vswitch, const struct extension_info *info,
                               const json_t *request)
{
    json_t *settings = config_running_settings_json(vswitch, info->name);
    json_t *changes = json_object_get(json_object_get(request, "extension"), "settings");
    if (json_is_object(changes) && json_object_update(settings, changes) != 0) {
        json_decref(settings);
        return NULL;
    }
    return json_pack("{s:{s:s,s:s,s:o}}", "extension", "name", info->name, "path", info->path,
                     "settings", settings);
}

static enum xsw_status extension_set(struct vswitch *vswitch, const struct extension_info *info,
                                     const json_t *request, struct xsw_error *error)
{
    struct config_reader reader;
    json_t *merged = extension_merge(vswitch, info, request);
    struct config_node node = config_node_root(&reader, "params", merged, error);
    struct config_node member = config_node_member(&node, "extension");
    struct config_extension extension;
    if (merged == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for the settings of %s", info->name);
    }
    config_extension_read(&member, &extension);
    enum xsw_status status = reader.status;
    if (status == XSW_OK) {
        status = vswitch_extension_set(vswitch, &extension.config, error);
    }
    config_extension_fini(&extension);
    json_decref(merged);
    return status;
}

static enum xsw_status method_extension_set(void *context, const struct rpc_caller *caller,
                                            const json_t *params, struct rpc_reply *reply,
                                            struct xsw_error *error)
{
    static const char *const members[] = {"name", "settings", NULL};
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "params", params, error);
    struct config_node member = config_node_member(&node, "extension");
    char name[CONFIG_NAME_SIZE] = "";
    struct extension_info info;
    (void)caller;
    (void)reply;

    config_node_check_object(&node, extension_only);
    config_node_require(&node, "extension");
    config_node_check_object(&member, members);
    config_node_require(&member, "name");
    config_node_require(&member, "settings");
    config_node_text(&member, "name", name, sizeof(name));
    struct config_node settings = config_node_member(&member, "settings");
    if (config_node_is_there(&settings) && !json_is_object(settings.value)) {
        config_node_fail(&settings, "expected an object: a member for each setting");
    }
    enum xsw_status status = reader.status;
    if (status == XSW_OK) {
        status = extension_find(context, name, &info, error);
    }
    return status == XSW_OK ? extension_set(context, &info, params, error) : status;
}

/* {"name":…}, for a verb that needs nothing else. */
static enum xsw_status name_read(const json_t *params, char name[CONFIG_NAME_SIZE],
                                 struct xsw_error *error)
{
    static const char *const members[] = {"name", NULL};
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "params", params, error);
    config_node_check_object(&node, members);
    config_node_require(&node, "name");
    config_node_text(&node, "name", name, CONFIG_NAME_SIZE);
    return reader.status;
}

/* What needs nothing but the name of an instance. */
static enum xsw_status name_do(struct vswitch *vswitch, const json_t *params,
                               enum xsw_status (*change)(struct vswitch *vswitch, const char *name,
                                                         struct xsw_error *error),
                               struct xsw_error *error)
{
    char name[CONFIG_NAME_SIZE] = "";
    enum xsw_status status = name_read(params, name, error);
    return status == XSW_OK ? change(vswitch, name, error) : status;
}

static enum xsw_status method_extension_remove(void *context, const struct rpc_caller *caller,
                                               const json_t *params, struct rpc_reply *reply,
                                               struct xsw_error *error)
{
    (void)caller;
    (void)reply;
    return name_do(context, params, vswitch_extension_remove, error);
}

static enum xsw_status method_extension_enable(void *context, const struct rpc_caller *caller,
                                               const json_t *params, struct rpc_reply *reply,
                                               struct xsw_error *error)
{
    (void)caller;
    (void)reply;
    return name_do(context, params, vswitch_extension_enable, error);
}

static enum xsw_status method_extension_disable(void *context, const struct rpc_caller *caller,
                                                const json_t *params, struct rpc_reply *reply,
                                                struct xsw_error *error)
{
    (void)caller;
    (void)reply;
    return name_do(context, params, vswitch_extension_disable, error);
}

static enum xsw_status method_extension_move(void *context, const struct rpc_caller *caller,
                                             const json_t *params, struct rpc_reply *reply,
                                             struct xsw_error *error)
{
    static const char *const members[] = {"name", "place", "other", NULL};
    static const char *const places[] = {[EXTENSION_TOP] = "top",
                                         [EXTENSION_BOTTOM] = "bottom",
                                         [EXTENSION_BEFORE] = "before",
                                         [EXTENSION_AFTER] = "after",
                                         NULL};
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "params", params, error);
    char name[CONFIG_NAME_SIZE] = "";
    char other[CONFIG_NAME_SIZE] = "";
    unsigned place = EXTENSION_TOP;
    (void)caller;
    (void)reply;

    config_node_check_object(&node, members);
    config_node_require(&node, "name");
    config_node_require(&node, "place");
    config_node_text(&node, "name", name, sizeof(name));
    config_node_choice(&node, "place", places, &place);
    config_node_text(&node, "other", other, sizeof(other));
    if (place == EXTENSION_BEFORE || place == EXTENSION_AFTER) {
        config_node_require(&node, "other");
    }
    return reader.status == XSW_OK
               ? vswitch_extension_move(context, name, (enum extension_place)place, other, error)
               : reader.status;
}

static enum xsw_status method_extension_upgrade(void *context, const struct rpc_caller *caller,
                                                const json_t *params, struct rpc_reply *reply,
                                                struct xsw_error *error)
{
    static const char *const members[] = {"name", "path", NULL};
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "params", params, error);
    char name[CONFIG_NAME_SIZE] = "";
    char path[CONFIG_PATH_SIZE] = "";
    struct extension_info info;
    (void)caller;

    config_node_check_object(&node, members);
    config_node_require(&node, "name");
    config_node_text(&node, "name", name, sizeof(name));
    config_node_text(&node, "path", path, sizeof(path));
    enum xsw_status status = reader.status;
    if (status == XSW_OK) {
        status = vswitch_extension_upgrade(context, name, path[0] != '\0' ? path : NULL, error);
    }
    if (status == XSW_OK) {
        status = extension_find(context, name, &info, error);
    }
    return status == XSW_OK
               ? control_reply(
                     reply, json_pack("{s:o}", "extension", control_extension_json(context, &info)),
                     error)
               : status;
}

static const struct rpc_method extension_methods[] = {
    {"extension.list", false, method_extension_list},
    {"extension.installed", true, method_extension_installed},
    {"extension.add", true, method_extension_add},
    {"extension.set", true, method_extension_set},
    {"extension.enable", true, method_extension_enable},
    {"extension.disable", true, method_extension_disable},
    {"extension.move", true, method_extension_move},
    {"extension.upgrade", true, method_extension_upgrade},
    {"extension.remove", true, method_extension_remove},
};

struct rpc_table control_extension_table(struct vswitch *vswitch)
{
    return (struct rpc_table){.methods = extension_methods,
                              .count = sizeof(extension_methods) / sizeof(extension_methods[0]),
                              .context = vswitch};
}
