/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The settings of an extension out of JSON. The host takes every value as text and checks it
 * against what the extension declares; here a number or a boolean becomes its text, a list its
 * texts.
 */
#include "switch/config/config_json.h"

#include <stdlib.h>
#include <string.h>

#include "switch/config/config_text.h"
#include "switch/extension/extension_host.h"

static const char *const extension_members[] = {"name", "path", "enabled", "settings", NULL};

/* The value as a new string; null when it is of another type. */
static json_t *text_of(const json_t *value)
{
    if (json_is_integer(value)) {
        return json_sprintf("%lld", (long long)json_integer_value(value));
    }
    if (json_is_boolean(value)) {
        return json_string(json_is_true(value) ? "true" : "false");
    }
    if (json_is_string(value) && json_string_length(value) < CONFIG_SETTING_TEXT_SIZE) {
        return json_string(json_string_value(value));
    }
    return NULL;
}

static void text_append(const struct config_node *node, json_t *texts)
{
    json_t *text = text_of(node->value);
    if (text == NULL) {
        config_node_fail(node, "expected a text below %d bytes, a number, true or false",
                         CONFIG_SETTING_TEXT_SIZE);
    } else if (json_array_append_new(texts, text) != 0) {
        config_node_fail(node, "no memory for it");
    }
}

/* Appends the texts of one setting and returns how many they are. */
static size_t setting_append(const struct config_node *node, json_t *texts)
{
    if (!json_is_array(node->value)) {
        text_append(node, texts);
        return 1;
    }
    size_t length = config_node_length(node, CONFIG_SETTING_TEXTS_MAX);
    for (size_t i = 0; i < length; i++) {
        struct config_node element = config_node_element(node, i);
        text_append(&element, texts);
    }
    return length;
}

/* The pointers are made when all texts are there: the array does not move any more. */
static void pointers_make(const struct config_node *node, struct config_extension *extension)
{
    size_t count = json_array_size(extension->texts);
    extension->pointers = calloc(count + 1, sizeof(*extension->pointers));
    if (extension->pointers == NULL) {
        config_node_fail(node, "no memory for %zu texts", count);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        extension->pointers[i] = json_string_value(json_array_get(extension->texts, i));
    }
    size_t next = 0;
    for (size_t i = 0; i < extension->config.setting_count; i++) {
        extension->settings[i].texts = extension->pointers + next;
        next += extension->settings[i].text_count;
    }
    extension->config.settings = extension->settings;
}

static void settings_read(const struct config_node *node, struct config_extension *extension)
{
    if (!config_node_is_there(node)) {
        return;
    }
    if (!json_is_object(node->value)) {
        config_node_fail(node, "expected an object: a member for each setting");
        return;
    }
    size_t count = json_object_size(node->value);
    if (count > CONFIG_SETTINGS_MAX) {
        config_node_fail(node, "expected at most %d settings", CONFIG_SETTINGS_MAX);
        return;
    }
    extension->settings = calloc(count + 1, sizeof(*extension->settings));
    extension->texts = json_array();
    if (extension->settings == NULL || extension->texts == NULL) {
        config_node_fail(node, "no memory for %zu settings", count);
        return;
    }
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)node->value, name, value)
    {
        struct config_node member = config_node_member(node, name);
        struct extension_setting *setting = &extension->settings[extension->config.setting_count];
        if (strlen(name) >= sizeof(setting->name) || !config_name_is_valid(name)) {
            config_node_fail(&member, "is no name of a setting");
            return;
        }
        memcpy(setting->name, name, strlen(name) + 1);
        setting->text_count = setting_append(&member, extension->texts);
        extension->config.setting_count++;
    }
    pointers_make(node, extension);
}

void config_extension_read(const struct config_node *node, struct config_extension *extension)
{
    *extension = (struct config_extension){0};
    config_node_check_object(node, extension_members);
    config_node_text(node, "name", extension->config.name, sizeof(extension->config.name));
    struct config_node name = config_node_member(node, "name");
    if (config_node_is_there(&name) && !extension_name_is_valid(extension->config.name)) {
        config_node_fail(&name, "expected a-z, 0-9 and '-', found \"%s\"", extension->config.name);
    }
    config_node_text(node, "path", extension->config.path, sizeof(extension->config.path));
    bool is_enabled = true;
    config_node_bool(node, "enabled", &is_enabled);
    extension->config.is_disabled = !is_enabled;
    struct config_node settings = config_node_member(node, "settings");
    settings_read(&settings, extension);
    if (node->reader->status != XSW_OK) {
        extension->config.setting_count = 0;
    }
}

void config_extension_fini(struct config_extension *extension)
{
    free(extension->settings);
    free(extension->pointers);
    json_decref(extension->texts);
    *extension = (struct config_extension){0};
}
