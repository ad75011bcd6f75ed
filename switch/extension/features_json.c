/* SPDX-License-Identifier: Apache-2.0 */
/* Schemas for people and programs, and lists of values from a configuration. */
#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "switch/extension/features.h"
#include "switch/state.h"

static const char *type_name(enum xsw_setting_type type)
{
    switch (type) {
    case XSW_SETTING_BOOL:
        return "bool";
    case XSW_SETTING_NUMBER:
        return "number";
    case XSW_SETTING_TEXT:
        return "text";
    case XSW_SETTING_TEXT_LIST:
        break;
    }
    return "list";
}

static json_t *number_json(uint64_t number)
{
    return number <= INT64_MAX ? json_integer((json_int_t)number)
                               : json_sprintf("%" PRIu64, number);
}

/* The member "default"; null when the field must be given, or has no default of its own. */
static json_t *default_json(const struct xsw_setting_info *field)
{
    switch (field->type) {
    case XSW_SETTING_BOOL:
        return json_boolean(field->default_number != 0);
    case XSW_SETTING_NUMBER:
        return number_json(field->default_number);
    case XSW_SETTING_TEXT:
        return field->default_text != NULL ? json_string(field->default_text) : NULL;
    case XSW_SETTING_TEXT_LIST:
        break;
    }
    return json_array();
}

static json_t *field_json(const struct xsw_setting_info *field, bool is_status)
{
    json_t *object = json_pack("{s:s,s:s,s:s}", "name", field->name, "type", type_name(field->type),
                               "help", field->help != NULL ? field->help : "");
    json_t *preset = is_status ? NULL : default_json(field);
    int failed = object == NULL ? -1 : 0;
    if (failed == 0 && preset != NULL) {
        failed = json_object_set(object, "default", preset);
    }
    if (failed == 0 && !is_status && field->type == XSW_SETTING_NUMBER) {
        failed = json_object_set_new(object, "minimum", number_json(field->minimum)) |
                 json_object_set_new(object, "maximum", number_json(field->maximum));
    }
    json_decref(preset);
    if (failed != 0) {
        json_decref(object);
        return NULL;
    }
    return object;
}

static json_t *fields_json(const struct xsw_setting_info *fields, size_t count, bool is_status)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        if (json_array_append_new(list, field_json(&fields[i], is_status)) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

json_t *feature_schema_json(const struct feature *feature)
{
    const struct xsw_feature_info *info = feature->info;
    return json_pack("{s:s,s:s,s:s,s:b,s:s,s:o,s:o}", "name", feature->name, "owner",
                     feature->instance != NULL ? feature->instance->name : "xsw", "scope",
                     info->scope == XSW_SCOPE_PORT ? "port" : "switch", "list", info->is_list != 0,
                     "help", info->help, "fields",
                     fields_json(info->fields, info->field_count, false), "status",
                     fields_json(info->status_fields, info->status_count, true));
}

/* Lists of values ---------------------------------------------------------------------------- */

static void entry_apply(struct vswitch *vswitch, const char *port, const struct config_node *entry,
                        struct xsw_error *error)
{
    static const char *const members[] = {"feature", "id", "values", NULL};
    char name[FEATURE_NAME_SIZE] = "";
    int64_t id = 0;
    struct feature feature;
    struct config_node values = config_node_member(entry, "values");
    config_node_check_object(entry, members);
    config_node_require(entry, "feature");
    config_node_text(entry, "feature", name, sizeof(name));
    config_node_number(entry, "id", 0, UINT32_MAX, &id);
    struct config_reader *reader = entry->reader;
    if (reader->status == XSW_OK) {
        reader->status = vswitch_feature_find(vswitch, name, &feature, error);
    }
    if (reader->status == XSW_OK && feature.instance == NULL) {
        config_node_fail(entry, "%s is built in: expected a member of its own for it", name);
    }
    if (reader->status == XSW_OK) {
        uint32_t taken = (uint32_t)id;
        reader->status = vswitch_feature_add(vswitch, port, name, &values, &taken, error);
    }
}

enum xsw_status features_apply(struct vswitch *vswitch, const char *port,
                               const struct config_node *list, struct xsw_error *error)
{
    size_t count = config_node_length(list, (size_t)FEATURES_MAX * FEATURE_ENTRIES_MAX);
    for (size_t i = 0; list->reader->status == XSW_OK && i < count; i++) {
        struct config_node entry = config_node_element(list, i);
        entry_apply(vswitch, port, &entry, error);
    }
    return list->reader->status;
}
