/* SPDX-License-Identifier: Apache-2.0 */
#include "switch/extension/feature_values.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "switch/config/config_json.h"
#include "switch/extension/extension_settings.h"

enum { NUMBER_TEXT_SIZE = 24, EXPECTED_SIZE = 80 };

/* Reading ------------------------------------------------------------------------------------ */

/* A number or a boolean as its text, a text as it is; null for what is neither. */
static const char *scalar_text(const json_t *value, char number[NUMBER_TEXT_SIZE])
{
    if (json_is_integer(value)) {
        snprintf(number, NUMBER_TEXT_SIZE, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        return number;
    }
    if (json_is_boolean(value)) {
        return json_is_true(value) ? "true" : "false";
    }
    if (json_is_string(value) && json_string_length(value) < CONFIG_SETTING_TEXT_SIZE) {
        return json_string_value(value);
    }
    return NULL;
}

static json_t *number_json(uint64_t number)
{
    return number <= INT64_MAX ? json_integer((json_int_t)number)
                               : json_sprintf("%" PRIu64, number);
}

static json_t *scalar_read(const struct config_node *node, const struct xsw_setting_info *field)
{
    char text_of_number[NUMBER_TEXT_SIZE];
    char expected[EXPECTED_SIZE];
    const char *text = scalar_text(node->value, text_of_number);
    uint64_t number = 0;
    if (text != NULL && (field->type == XSW_SETTING_TEXT || field->type == XSW_SETTING_TEXT_LIST)) {
        return json_string(text);
    }
    if (text != NULL && setting_number_parse(field, text, &number)) {
        return field->type == XSW_SETTING_BOOL ? json_boolean(number != 0) : number_json(number);
    }
    setting_expected(field, expected, sizeof(expected));
    if (text != NULL) {
        config_node_fail(node, "expected %s, found \"%.60s\"", expected, text);
    } else {
        config_node_fail(node, "expected %s", expected);
    }
    return NULL;
}

static json_t *list_read(const struct config_node *node, const struct xsw_setting_info *field)
{
    json_t *list = json_array();
    if (!json_is_array(node->value)) {
        json_t *only = scalar_read(node, field);
        if (only == NULL || json_array_append_new(list, only) != 0) {
            json_decref(list);
            return NULL;
        }
        return list;
    }
    size_t length = config_node_length(node, CONFIG_SETTING_TEXTS_MAX);
    for (size_t i = 0; i < length; i++) {
        struct config_node element = config_node_element(node, i);
        json_t *text = scalar_read(&element, field);
        if (text == NULL || json_array_append_new(list, text) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static const struct xsw_setting_info *field_find(const struct xsw_feature_info *info,
                                                 const char *name)
{
    for (size_t i = 0; i < info->field_count; i++) {
        if (strcmp(info->fields[i].name, name) == 0) {
            return &info->fields[i];
        }
    }
    return NULL;
}

static void unknown_fail(const struct config_node *member, const struct xsw_feature_info *info)
{
    const char *names[FEATURE_FIELDS_MAX + 1];
    size_t count = 0;
    for (; count < info->field_count && count < FEATURE_FIELDS_MAX; count++) {
        names[count] = info->fields[count].name;
    }
    names[count] = NULL;
    const char *near = config_near(member->name, names);
    if (near != NULL) {
        config_node_fail(member, "%s has no such field: did you mean \"%s\"?", info->name, near);
    } else {
        config_node_fail(member, "%s has no such field", info->name);
    }
}

json_t *feature_values_read(const struct config_node *node, const struct xsw_feature_info *info)
{
    json_t *values = json_object();
    const char *name;
    json_t *value;
    if (config_node_is_there(node) && !json_is_object(node->value)) {
        config_node_fail(node, "expected an object: a member for each field");
    }
    json_object_foreach((json_t *)node->value, name, value)
    {
        struct config_node member = config_node_member(node, name);
        const struct xsw_setting_info *field = field_find(info, name);
        if (field == NULL) {
            unknown_fail(&member, info);
            break;
        }
        json_t *read = field->type == XSW_SETTING_TEXT_LIST ? list_read(&member, field)
                                                            : scalar_read(&member, field);
        if (read == NULL || json_object_set_new(values, name, read) != 0) {
            config_node_fail(&member, "no memory for it");
            break;
        }
    }
    if (values == NULL) {
        config_node_fail(node, "no memory for it");
    }
    if (node->reader->status == XSW_OK) {
        return values;
    }
    json_decref(values);
    return NULL;
}

enum xsw_status feature_values_fill(json_t *values, const struct xsw_feature_info *info,
                                    struct xsw_error *error)
{
    for (size_t i = 0; i < info->field_count; i++) {
        const struct xsw_setting_info *field = &info->fields[i];
        json_t *value = NULL;
        if (json_object_get(values, field->name) != NULL) {
            continue;
        }
        if (field->type == XSW_SETTING_TEXT && field->default_text == NULL) {
            return error_set(error, XSW_INVALID, "%s: field %s must be given: %s", info->name,
                             field->name, field->help != NULL ? field->help : "it has no default");
        }
        switch (field->type) {
        case XSW_SETTING_BOOL:
            value = json_boolean(field->default_number != 0);
            break;
        case XSW_SETTING_NUMBER:
            value = number_json(field->default_number);
            break;
        case XSW_SETTING_TEXT:
            value = json_string(field->default_text);
            break;
        case XSW_SETTING_TEXT_LIST:
            value = json_array();
            break;
        }
        if (json_object_set_new(values, field->name, value) != 0) {
            return error_set(error, XSW_NO_MEMORY, "no memory for the values of %s", info->name);
        }
    }
    return XSW_OK;
}

/* Showing ------------------------------------------------------------------------------------ */

static size_t texts_count(const json_t *object, const struct xsw_feature_info *info)
{
    size_t count = 0;
    for (size_t i = 0; i < info->field_count; i++) {
        const json_t *value = json_object_get(object, info->fields[i].name);
        count += json_is_array(value) ? json_array_size(value) : 1;
    }
    return count;
}

/* Returns how many pointers it has used. */
static size_t setting_make(const json_t *value, const struct xsw_setting_info *field,
                           const char **texts, struct xsw_setting *setting)
{
    uint64_t number = 0;
    *setting = (struct xsw_setting){.texts = texts};
    switch (field->type) {
    case XSW_SETTING_BOOL:
        setting->number = json_is_true(value);
        return 0;
    case XSW_SETTING_NUMBER:
        if (json_is_string(value) &&
            setting_number_parse(field, json_string_value(value), &number)) {
            setting->number = number;
        } else if (json_is_integer(value)) {
            setting->number = (uint64_t)json_integer_value(value);
        }
        return 0;
    case XSW_SETTING_TEXT:
        texts[0] = json_is_string(value) ? json_string_value(value) : "";
        setting->text_count = 1;
        return 1;
    case XSW_SETTING_TEXT_LIST:
        break;
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        const char *text = json_string_value(json_array_get(value, i));
        texts[i] = text != NULL ? text : "";
    }
    setting->text_count = (uint32_t)json_array_size(value);
    return setting->text_count;
}

/* Values as extensions see them. The texts are those of the JSON object, which is to stay. */
struct feature_values {
    struct xsw_setting settings[FEATURE_FIELDS_MAX];
    const char **texts; /* owned: the pointers of all lists */
};

/* From an object as feature_values_read gives it; a field that is not there is zero, or an empty
 * text or list. Fails only without memory. */
static enum xsw_status values_make(const json_t *object, const struct xsw_feature_info *info,
                                   struct feature_values *values)
{
    memset(values, 0, sizeof(*values));
    values->texts = calloc(texts_count(object, info) + 1, sizeof(*values->texts));
    if (values->texts == NULL) {
        return XSW_NO_MEMORY;
    }
    size_t used = 0;
    for (size_t i = 0; i < info->field_count && i < FEATURE_FIELDS_MAX; i++) {
        const json_t *value = json_object_get(object, info->fields[i].name);
        used += setting_make(value, &info->fields[i], &values->texts[used], &values->settings[i]);
    }
    return XSW_OK;
}

enum xsw_status feature_entry_show(const struct feature_entry *entry, feature_each *each,
                                   void *context)
{
    struct feature_values values;
    enum xsw_status status = values_make(entry->object, entry->info, &values);
    if (status == XSW_OK) {
        struct xsw_property property = {.size = sizeof(property),
                                        .feature = entry->name,
                                        .own = entry->own,
                                        .id = entry->id,
                                        .value_count = (uint32_t)entry->info->field_count,
                                        .fields = entry->info->fields,
                                        .values = values.settings};
        each(context, &property);
    }
    free(values.texts);
    return status;
}
