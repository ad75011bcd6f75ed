/* SPDX-License-Identifier: Apache-2.0 */
/* Features by name, and the verbs that are the same for all of them. */
#include "switch/extension/features.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "switch/extension/feature_values.h"
#include "switch/extension/features_built_in.h"
#include "switch/extension/features_status.h"
#include "switch/extension/features_store.h"
#include "switch/state.h"

/* By name ------------------------------------------------------------------------------------ */

static void custom_fill(struct extension_instance *instance, uint32_t own, struct feature *feature)
{
    *feature = (struct feature){.info = &instance->features[own], .instance = instance, .own = own};
    snprintf(feature->name, sizeof(feature->name), "%s.%s", instance->name, feature->info->name);
}

size_t vswitch_features(const struct vswitch *vswitch, struct feature *features, size_t capacity)
{
    size_t count = 0;
    for (size_t i = 0; i < built_in_count; i++, count++) {
        if (count < capacity) {
            features[count] = (struct feature){.info = &built_ins[i].info, .own = UINT32_MAX};
            snprintf(features[count].name, sizeof(features[count].name), "%s",
                     built_ins[i].info.name);
        }
    }
    for (uint32_t i = 0; i < vswitch->extension_count; i++) {
        for (uint32_t own = 0; own < vswitch->extensions[i]->feature_count; own++, count++) {
            if (count < capacity) {
                custom_fill(vswitch->extensions[i], own, &features[count]);
            }
        }
    }
    return count;
}

uint32_t feature_own(const struct extension_instance *instance, const char *name)
{
    size_t length = strlen(instance->name);
    if (strncmp(name, instance->name, length) != 0 || name[length] != '.') {
        return UINT32_MAX;
    }
    for (uint32_t own = 0; own < instance->feature_count; own++) {
        if (strcmp(instance->features[own].name, name + length + 1) == 0) {
            return own;
        }
    }
    return UINT32_MAX;
}

static enum xsw_status not_found(const struct vswitch *vswitch, const char *name,
                                 struct xsw_error *error)
{
    struct feature features[FEATURES_MAX];
    const char *names[FEATURES_MAX + 1];
    size_t count = vswitch_features(vswitch, features, FEATURES_MAX);
    for (size_t i = 0; i < count && i < FEATURES_MAX; i++) {
        names[i] = features[i].name;
    }
    names[count < FEATURES_MAX ? count : FEATURES_MAX] = NULL;
    const char *near = config_near(name, names);
    return error_set(error, XSW_NOT_FOUND, "there is no feature \"%.63s\"%s%s%s", name,
                     near != NULL ? ": did you mean \"" : ": see xsw feature list",
                     near != NULL ? near : "", near != NULL ? "\"?" : "");
}

enum xsw_status vswitch_feature_find(const struct vswitch *vswitch, const char *name,
                                     struct feature *feature, struct xsw_error *error)
{
    const struct built_in *built_in = built_in_find(name);
    if (built_in != NULL) {
        *feature = (struct feature){.info = &built_in->info, .own = UINT32_MAX};
        snprintf(feature->name, sizeof(feature->name), "%s", name);
        return XSW_OK;
    }
    for (uint32_t i = 0; i < vswitch->extension_count; i++) {
        uint32_t own = feature_own(vswitch->extensions[i], name);
        if (own != UINT32_MAX) {
            custom_fill(vswitch->extensions[i], own, feature);
            return XSW_OK;
        }
    }
    return not_found(vswitch, name, error);
}

/* Verbs -------------------------------------------------------------------------------------- */

/* What a request is about. */
struct target {
    struct feature feature;
    const struct built_in *built_in; /* null: an extension's */
    uint16_t port;
};

static enum xsw_status port_find(const struct vswitch *vswitch, const char *name, uint16_t *id,
                                 struct xsw_error *error)
{
    *id = XSW_PORT_NONE;
    if (name == NULL || name[0] == '\0') {
        return XSW_OK;
    }
    *id = vswitch_port_id(vswitch, name);
    return *id != XSW_PORT_NONE ? XSW_OK
                                : error_set(error, XSW_NOT_FOUND, "there is no port \"%s\"", name);
}

static enum xsw_status target_find(const struct vswitch *vswitch, const char *port,
                                   const char *name, struct target *target, struct xsw_error *error)
{
    enum xsw_status status = vswitch_feature_find(vswitch, name, &target->feature, error);
    if (status == XSW_OK) {
        status = port_find(vswitch, port, &target->port, error);
    }
    if (status != XSW_OK) {
        return status;
    }
    bool is_of_port = target->feature.info->scope == XSW_SCOPE_PORT;
    target->built_in = target->feature.instance == NULL ? built_in_find(name) : NULL;
    if (is_of_port != (target->port != XSW_PORT_NONE)) {
        return error_set(error, XSW_INVALID, "%s is a feature of %s", name,
                         is_of_port ? "ports: name one" : "the switch, and not of its ports");
    }
    return XSW_OK;
}

static enum xsw_status changeable_find(const struct vswitch *vswitch, const char *port,
                                       const char *name, struct target *target,
                                       struct xsw_error *error)
{
    enum xsw_status status = target_find(vswitch, port, name, target, error);
    if (status == XSW_OK && target->feature.info->field_count == 0) {
        status = error_set(error, XSW_INVALID, "%s has nothing to set, only status", name);
    }
    return status;
}

/* An entry of a list has an id, and nobody guesses which one is meant. */
static enum xsw_status entry_find(const struct vswitch *vswitch, const char *port, const char *name,
                                  uint32_t id, struct target *target, struct xsw_error *error)
{
    enum xsw_status status = changeable_find(vswitch, port, name, target, error);
    if (status == XSW_OK && target->feature.info->is_list && id == 0) {
        status = error_set(error, XSW_INVALID, "%s is a list: say which entry with id N", name);
    }
    return status;
}

/* The checked values; null after a failure, which is in *status and in the node's error. */
static json_t *values_read(const struct config_node *values, const struct target *target,
                           enum xsw_status *status)
{
    json_t *read = feature_values_read(values, target->feature.info);
    *status = read != NULL ? XSW_OK : values->reader->status;
    return read;
}

static enum xsw_status built_in_add(struct vswitch *vswitch, const char *port,
                                    const struct target *target, json_t *values, uint32_t *id,
                                    struct xsw_error *error)
{
    switch (target->built_in->kind) {
    case BUILT_IN_RULE:
        return built_in_rule_add(vswitch, target->built_in, port, values, id, error);
    case BUILT_IN_SWITCH:
        return built_in_switch_change(vswitch, target->built_in, values, error);
    case BUILT_IN_PORT:
    case BUILT_IN_STATUS:
        break;
    }
    return built_in_port_change(vswitch, target->built_in, port, values, error);
}

enum xsw_status vswitch_feature_add(struct vswitch *vswitch, const char *port, const char *feature,
                                    const struct config_node *values, uint32_t *id,
                                    struct xsw_error *error)
{
    struct target target;
    enum xsw_status status = changeable_find(vswitch, port, feature, &target, error);
    json_t *read = status == XSW_OK ? values_read(values, &target, &status) : NULL;
    if (status == XSW_OK && target.built_in != NULL) {
        status = built_in_add(vswitch, port, &target, read, id, error);
    } else if (status == XSW_OK) {
        status = feature_values_fill(read, target.feature.info, error);
        if (status == XSW_OK) {
            status = features_value_add(vswitch, target.port, &target.feature, read, id, error);
        }
    }
    json_decref(read);
    return status;
}

enum xsw_status vswitch_feature_set(struct vswitch *vswitch, const char *port, const char *feature,
                                    uint32_t id, const struct config_node *values,
                                    struct xsw_error *error)
{
    struct target target;
    enum xsw_status status = entry_find(vswitch, port, feature, id, &target, error);
    json_t *read = status == XSW_OK ? values_read(values, &target, &status) : NULL;
    if (status == XSW_OK && target.built_in == NULL) {
        status = features_value_set(vswitch, target.port, &target.feature, id, read, error);
    } else if (status == XSW_OK && target.built_in->kind == BUILT_IN_RULE) {
        status = built_in_rule_set(vswitch, target.built_in, port, id, read, error);
    } else if (status == XSW_OK) {
        status = built_in_add(vswitch, port, &target, read, &id, error);
    }
    json_decref(read);
    return status;
}

enum xsw_status vswitch_feature_remove(struct vswitch *vswitch, const char *port,
                                       const char *feature, uint32_t id, struct xsw_error *error)
{
    struct target target;
    enum xsw_status status = entry_find(vswitch, port, feature, id, &target, error);
    if (status != XSW_OK) {
        return status;
    }
    if (target.built_in == NULL) {
        return features_value_remove(vswitch, target.port, &target.feature, id, error);
    }
    if (target.built_in->kind == BUILT_IN_RULE) {
        return vswitch_acl_remove(vswitch, port, id, error);
    }
    return built_in_add(vswitch, port, &target, NULL, &id, error);
}

/* Reading ------------------------------------------------------------------------------------ */

static json_t *value_json(const struct feature_value *value)
{
    return json_pack("{s:s,s:I,s:O}", "feature", value->name, "id", (json_int_t)value->id, "values",
                     value->values);
}

static enum xsw_status entries_append(struct vswitch *vswitch, const struct feature *feature,
                                      uint16_t port, const char *name, json_t *entries,
                                      struct xsw_error *error)
{
    const struct feature_value *value;
    if (feature->instance == NULL) {
        return built_in_get(vswitch, built_in_find(feature->name), name, entries, error);
    }
    for (size_t i = 0; (value = features_value(vswitch, i)) != NULL; i++) {
        if (value->port == port && strcmp(value->name, feature->name) == 0 &&
            json_array_append_new(entries, value_json(value)) != 0) {
            return error_set(error, XSW_NO_MEMORY, "no memory for the values of %s", value->name);
        }
    }
    return XSW_OK;
}

static enum xsw_status all_append(struct vswitch *vswitch, uint16_t port, const char *name,
                                  json_t *entries, struct xsw_error *error)
{
    struct feature features[FEATURES_MAX];
    size_t count = vswitch_features(vswitch, features, FEATURES_MAX);
    uint32_t scope = port != XSW_PORT_NONE ? XSW_SCOPE_PORT : XSW_SCOPE_SWITCH;
    enum xsw_status status = XSW_OK;
    for (size_t i = 0; status == XSW_OK && i < count && i < FEATURES_MAX; i++) {
        if (features[i].info->scope == scope) {
            status = entries_append(vswitch, &features[i], port, name, entries, error);
        }
    }
    return status;
}

enum xsw_status vswitch_feature_get(struct vswitch *vswitch, const char *port, const char *feature,
                                    json_t **entries, struct xsw_error *error)
{
    struct target target;
    json_t *list = json_array();
    enum xsw_status status = XSW_OK;
    if (feature != NULL) {
        status = target_find(vswitch, port, feature, &target, error);
        if (status == XSW_OK) {
            status = entries_append(vswitch, &target.feature, target.port, port, list, error);
        }
    } else {
        status = port_find(vswitch, port, &target.port, error);
        if (status == XSW_OK) {
            status = all_append(vswitch, target.port, port, list, error);
        }
    }
    if (status != XSW_OK) {
        json_decref(list);
        return status;
    }
    *entries = list;
    return XSW_OK;
}

static enum xsw_status status_append(struct vswitch *vswitch, const char *port,
                                     const struct target *target, json_t *entries,
                                     struct xsw_error *error)
{
    json_t *object = NULL;
    enum xsw_status status =
        feature_status_json(vswitch, port, target->port, &target->feature, &object, error);
    if (status != XSW_OK) {
        return status;
    }
    json_t *entry = json_pack("{s:s,s:o}", "feature", target->feature.name, "status", object);
    return json_array_append_new(entries, entry) == 0
               ? XSW_OK
               : error_set(error, XSW_NO_MEMORY, "no memory for a status");
}

/* One of many: when it fails, why is told in its place, and the others are told all the same. */
static enum xsw_status status_or_fault_append(struct vswitch *vswitch, const char *port,
                                              const struct target *target, json_t *entries,
                                              struct xsw_error *error)
{
    struct xsw_error fault;
    if (status_append(vswitch, port, target, entries, &fault) == XSW_OK) {
        return XSW_OK;
    }
    json_t *text = json_string(fault.text);
    json_t *entry = json_pack("{s:s,s:o}", "feature", target->feature.name, "error",
                              text != NULL ? text : json_string("its error is not UTF-8"));
    return json_array_append_new(entries, entry) == 0
               ? XSW_OK
               : error_set(error, XSW_NO_MEMORY, "no memory for a status");
}

enum xsw_status vswitch_feature_status(struct vswitch *vswitch, const char *port,
                                       const char *feature, json_t **entries,
                                       struct xsw_error *error)
{
    struct target target = {.port = XSW_PORT_NONE};
    struct feature features[FEATURES_MAX];
    json_t *list = json_array();
    enum xsw_status status = feature != NULL ? target_find(vswitch, port, feature, &target, error)
                                             : port_find(vswitch, port, &target.port, error);
    size_t count = feature == NULL ? vswitch_features(vswitch, features, FEATURES_MAX) : 0;
    uint32_t scope = target.port != XSW_PORT_NONE ? XSW_SCOPE_PORT : XSW_SCOPE_SWITCH;
    if (status == XSW_OK && feature != NULL) {
        status = status_append(vswitch, port, &target, list, error);
    }
    for (size_t i = 0; status == XSW_OK && i < count && i < FEATURES_MAX; i++) {
        target.feature = features[i];
        if (features[i].info->scope == scope && feature_has_status(&features[i])) {
            status = status_or_fault_append(vswitch, port, &target, list, error);
        }
    }
    if (status != XSW_OK) {
        json_decref(list);
        return status;
    }
    *entries = list;
    return XSW_OK;
}

json_t *features_custom_json(const struct vswitch *vswitch, uint16_t port)
{
    const struct feature_value *value;
    json_t *list = json_array();
    for (size_t i = 0; list != NULL && (value = features_value(vswitch, i)) != NULL; i++) {
        if (value->port == port && json_array_append_new(list, value_json(value)) != 0) {
            json_decref(list);
            list = NULL;
        }
    }
    return list;
}
