/* SPDX-License-Identifier: Apache-2.0 */
/* Built-in features as members of a configuration's JSON, and as properties that extensions see. */
#include "switch/extension/features_built_in.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "switch/config/config_json.h"
#include "switch/config/config_rule.h"
#include "switch/extension/feature_values.h"
#include "switch/state.h"

enum { MEMBER_SIZE = 32 };

const struct built_in *built_in_find(const char *name)
{
    for (size_t i = 0; i < built_in_count; i++) {
        if (strcmp(built_ins[i].info.name, name) == 0) {
            return &built_ins[i];
        }
    }
    return NULL;
}

/* Members ------------------------------------------------------------------------------------ */

/* "storm_limit.broadcast" is a member of a member; the first half goes to `outer`, "" when there is
 * none. Returns the second. */
static const char *path_split(const char *path, char outer[MEMBER_SIZE])
{
    const char *name = path[0] == '#' ? path + 1 : path;
    const char *dot = strchr(name, '.');
    snprintf(outer, MEMBER_SIZE, "%.*s", dot != NULL ? (int)(dot - name) : 0, name);
    return dot != NULL ? dot + 1 : name;
}

static json_t *member_get(const json_t *config, const char *path)
{
    char outer[MEMBER_SIZE];
    const char *name = path_split(path, outer);
    return json_object_get(outer[0] != '\0' ? json_object_get(config, outer) : config, name);
}

static int member_set(json_t *config, const char *path, json_t *value)
{
    char outer[MEMBER_SIZE];
    const char *name = path_split(path, outer);
    if (outer[0] == '\0') {
        return json_object_set_new(config, name, value);
    }
    json_t *object = json_object_get(config, outer);
    if (object == NULL) {
        if (json_object_set_new(config, outer, json_object()) != 0) {
            json_decref(value);
            return -1;
        }
        object = json_object_get(config, outer);
    }
    return json_object_set_new(object, name, value);
}

static void members_delete(const struct built_in *built_in, json_t *config)
{
    for (size_t i = 0; i < built_in->info.field_count; i++) {
        char outer[MEMBER_SIZE];
        const char *name = path_split(built_in->paths[i], outer);
        json_object_del(config, outer[0] != '\0' ? outer : name);
    }
}

static bool is_at_nothing(const struct xsw_setting_info *field, const json_t *value)
{
    switch (field->type) {
    case XSW_SETTING_TEXT:
        return json_string_length(value) == 0;
    case XSW_SETTING_TEXT_LIST:
        return json_array_size(value) == 0;
    case XSW_SETTING_NUMBER:
        return json_integer_value(value) == 0 && json_is_integer(value) &&
               field->default_number == 0;
    case XSW_SETTING_BOOL:
        break;
    }
    return false;
}

enum xsw_status built_in_store(const struct built_in *built_in, json_t *config,
                               const json_t *values)
{
    members_delete(built_in, config);
    for (size_t i = 0; i < built_in->info.field_count; i++) {
        const struct xsw_setting_info *field = &built_in->info.fields[i];
        json_t *value = json_object_get(values, field->name);
        if (value == NULL || is_at_nothing(field, value)) {
            continue;
        }
        char *end = NULL;
        json_int_t number =
            built_in->paths[i][0] == '#' ? strtoll(json_string_value(value), &end, 10) : 0;
        json_t *stored = end != NULL && *end == '\0' ? json_integer(number) : json_deep_copy(value);
        if (member_set(config, built_in->paths[i], stored) != 0) {
            return XSW_NO_MEMORY;
        }
    }
    return XSW_OK;
}

json_t *built_in_values(const struct built_in *built_in, const json_t *config)
{
    json_t *given = json_object();
    struct config_reader reader;
    for (size_t i = 0; i < built_in->info.field_count; i++) {
        json_t *value = member_get(config, built_in->paths[i]);
        if (value != NULL && json_object_set(given, built_in->info.fields[i].name, value) != 0) {
            json_decref(given);
            return NULL;
        }
    }
    /* From the members' types to those of the fields: a list of numbers becomes one of texts. */
    struct config_node node = config_node_root(&reader, built_in->info.name, given, NULL);
    json_t *values = feature_values_read(&node, &built_in->info);
    json_decref(given);
    return values;
}

/* Properties --------------------------------------------------------------------------------- */

static enum xsw_status entry_show(const struct built_in *built_in, uint32_t id,
                                  const json_t *config, feature_each *each, void *context)
{
    json_t *values = built_in_values(built_in, config);
    enum xsw_status status = XSW_NO_MEMORY;
    if (values != NULL) {
        status = feature_entry_show(&(struct feature_entry){.name = built_in->info.name,
                                                            .info = &built_in->info,
                                                            .own = UINT32_MAX,
                                                            .id = id,
                                                            .object = values},
                                    each, context);
    }
    json_decref(values);
    return status;
}

/* What a configuration says of one feature; null, which is also no memory, for a null one. */
static json_t *part_of(const struct built_in *built_in, const json_t *config)
{
    return config != NULL ? built_in_values(built_in, config) : NULL;
}

/* The change of one feature, handed to a function that knows only properties. */
struct change_call {
    feature_change *change;
    void *context;
    enum xsw_operation operation;
    enum xsw_status status;
};

static void change_make(void *context, const struct xsw_property *property)
{
    struct change_call *call = context;
    call->status = call->change(call->context, call->operation, property);
}

static enum xsw_status feature_diff(const struct built_in *built_in, const json_t *const configs[3],
                                    struct change_call *call)
{
    json_t *parts[3]; /* before, after, default */
    for (int i = 0; i < 3; i++) {
        parts[i] = part_of(built_in, configs[i]);
    }
    bool was_there = parts[0] != NULL && !json_equal(parts[0], parts[2]);
    bool is_there = parts[1] != NULL && !json_equal(parts[1], parts[2]);
    enum xsw_status status = parts[2] != NULL ? XSW_OK : XSW_NO_MEMORY;
    if (status == XSW_OK && (was_there || is_there) && !json_equal(parts[0], parts[1])) {
        call->operation = !is_there    ? XSW_OP_PORT_PROPERTY_DELETE
                          : !was_there ? XSW_OP_PORT_PROPERTY_ADD
                                       : XSW_OP_PORT_PROPERTY_UPDATE;
        status = entry_show(built_in, 0, is_there ? configs[1] : configs[0], change_make, call);
    }
    for (int i = 0; i < 3; i++) {
        json_decref(parts[i]);
    }
    return status == XSW_OK ? call->status : status;
}

enum xsw_status features_diff(const struct port_config *before, const struct port_config *after,
                              feature_change *change, void *context)
{
    struct port_config plain;
    struct change_call call = {.change = change, .context = context, .status = XSW_OK};
    port_config_init(&plain);
    json_t *configs[3] = {before != NULL ? config_port_json(before) : NULL,
                          after != NULL ? config_port_json(after) : NULL, config_port_json(&plain)};
    bool is_complete = (before == NULL || configs[0] != NULL) &&
                       (after == NULL || configs[1] != NULL) && configs[2] != NULL;
    enum xsw_status status = is_complete ? XSW_OK : XSW_NO_MEMORY;
    for (size_t i = 0; status == XSW_OK && i < built_in_count; i++) {
        if (built_ins[i].kind == BUILT_IN_PORT && built_ins[i].is_property) {
            status = feature_diff(&built_ins[i], (const json_t *const *)configs, &call);
        }
    }
    for (int i = 0; i < 3; i++) {
        json_decref(configs[i]);
    }
    return status;
}

enum xsw_status features_of_rule(const struct acl_rule *rule, feature_each *each, void *context)
{
    json_t *config = config_rule_json(rule);
    enum xsw_status status = XSW_NO_MEMORY;
    if (config != NULL) {
        status = entry_show(built_in_find("acl"), rule->id, config, each, context);
    }
    json_decref(config);
    return status;
}

struct each_call {
    feature_each *each;
    void *context;
};

static enum xsw_status each_added(void *context, enum xsw_operation operation,
                                  const struct xsw_property *property)
{
    const struct each_call *call = context;
    (void)operation;
    call->each(call->context, property);
    return XSW_OK;
}

static enum xsw_status switch_walk(const struct switch_config *config, feature_each *each,
                                   void *context)
{
    json_t *object = config_switch_json(config);
    enum xsw_status status = object != NULL ? XSW_OK : XSW_NO_MEMORY;
    for (size_t i = 0; status == XSW_OK && i < built_in_count; i++) {
        if (built_ins[i].kind == BUILT_IN_SWITCH) {
            status = entry_show(&built_ins[i], 0, object, each, context);
        }
    }
    json_decref(object);
    return status;
}

static enum xsw_status switch_feature_diff(const struct built_in *built_in, const json_t *before,
                                           const json_t *after, struct change_call *call)
{
    json_t *was = part_of(built_in, before);
    json_t *is = part_of(built_in, after);
    enum xsw_status status = was != NULL && is != NULL ? XSW_OK : XSW_NO_MEMORY;
    if (status == XSW_OK && !json_equal(was, is)) {
        status = entry_show(built_in, 0, after, change_make, call);
    }
    json_decref(was);
    json_decref(is);
    return status == XSW_OK ? call->status : status;
}

enum xsw_status features_switch_diff(const struct switch_config *before,
                                     const struct switch_config *after, feature_change *change,
                                     void *context)
{
    struct change_call call = {
        .change = change, .context = context, .operation = XSW_OP_SWITCH_PROPERTY_UPDATE};
    json_t *was = config_switch_json(before);
    json_t *is = config_switch_json(after);
    enum xsw_status status = was != NULL && is != NULL ? XSW_OK : XSW_NO_MEMORY;
    for (size_t i = 0; status == XSW_OK && i < built_in_count; i++) {
        if (built_ins[i].kind == BUILT_IN_SWITCH) {
            status = switch_feature_diff(&built_ins[i], was, is, &call);
        }
    }
    json_decref(was);
    json_decref(is);
    return status;
}

/* The built-in policies of a port that are not at their defaults, and its rules. */
static enum xsw_status slot_walk(const struct port_slot *slot, feature_each *each, void *context)
{
    struct each_call call = {each, context};
    enum xsw_status status = features_diff(NULL, &slot->config, each_added, &call);
    for (uint32_t i = 0; status == XSW_OK && i < slot->acl_count; i++) {
        status = features_of_rule(&slot->acl[i].rule, each, context);
    }
    return status;
}

enum xsw_status features_walk(const struct vswitch *vswitch, uint16_t port, feature_each *each,
                              void *context)
{
    enum xsw_status status = port != XSW_PORT_NONE ? slot_walk(&vswitch->ports[port], each, context)
                                                   : switch_walk(&vswitch->config, each, context);
    return status == XSW_OK ? features_custom(vswitch, port, NULL, each, context) : status;
}
