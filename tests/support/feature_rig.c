/* SPDX-License-Identifier: Apache-2.0 */
#include "support/feature_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "switch/extension/features.h"

enum { SETTINGS_MAX = 8, TEXT_SIZE = 4096 };

json_t *feature_rig_json(const char *text)
{
    char quoted[TEXT_SIZE];
    json_error_t error;
    snprintf(quoted, sizeof(quoted), "%s", text);
    for (char *at = quoted; *at != '\0'; at++) {
        *at = *at == '\'' ? '"' : *at;
    }
    json_t *value = json_loads(quoted, JSON_DECODE_ANY, &error);
    if (value == NULL) {
        fail_msg("%s: %s", text, error.text);
    }
    return value;
}

enum xsw_status feature_rig_notebook(struct rig *rig, const char *name, const char *settings,
                                     struct xsw_error *error)
{
    char words[TEXT_SIZE];
    struct extension_setting given[SETTINGS_MAX] = {0};
    const char *texts[SETTINGS_MAX];
    struct extension_config config = {.path = EXTENSION_DIR "/test/notebook1.so",
                                      .settings = given};
    snprintf(config.name, sizeof(config.name), "%s", name);
    snprintf(words, sizeof(words), "%s", settings);
    char *rest = words;
    for (char *word = strtok_r(words, " ", &rest); word != NULL;
         word = strtok_r(NULL, " ", &rest)) {
        char *equals = strchr(word, '=');
        struct extension_setting *setting = &given[config.setting_count];
        assert_non_null(equals);
        snprintf(setting->name, sizeof(setting->name), "%.*s", (int)(equals - word), word);
        texts[config.setting_count] = equals + 1;
        setting->texts = &texts[config.setting_count++];
        setting->text_count = 1;
    }
    return vswitch_extension_add(rig->vswitch, &config, error);
}

enum xsw_status feature_rig_add(struct rig *rig, const char *port, const char *feature, uint32_t id,
                                const char *values, struct xsw_error *error)
{
    struct config_reader reader;
    json_t *object = feature_rig_json(values);
    struct config_node node = config_node_root(&reader, "values", object, error);
    enum xsw_status status = vswitch_feature_add(rig->vswitch, port, feature, &node, &id, error);
    json_decref(object);
    return status;
}

enum xsw_status feature_rig_set(struct rig *rig, const char *port, const char *feature, uint32_t id,
                                const char *values, struct xsw_error *error)
{
    struct config_reader reader;
    json_t *object = feature_rig_json(values);
    struct config_node node = config_node_root(&reader, "values", object, error);
    enum xsw_status status = vswitch_feature_set(rig->vswitch, port, feature, id, &node, error);
    json_decref(object);
    return status;
}

void feature_rig_expect(struct rig *rig, const char *port, const char *feature,
                        const char *expected)
{
    struct xsw_error error;
    json_t *entries = NULL;
    json_t *wanted = feature_rig_json(expected);
    if (vswitch_feature_get(rig->vswitch, port, feature, &entries, &error) != XSW_OK) {
        fail_msg("%s", error.text);
    }
    if (!json_equal(entries, wanted)) {
        char *found = json_dumps(entries, JSON_COMPACT);
        print_error("expected %s\nfound    %s\n", expected, found);
        free(found);
        fail();
    }
    json_decref(entries);
    json_decref(wanted);
}

static json_t *status_of(struct rig *rig, const char *port, const char *feature, json_t **entries)
{
    struct xsw_error error;
    if (vswitch_feature_status(rig->vswitch, port, feature, entries, &error) != XSW_OK) {
        fail_msg("%s", error.text);
    }
    return json_object_get(json_array_get(*entries, 0), "status");
}

json_int_t feature_rig_status(struct rig *rig, const char *port, const char *feature,
                              const char *member)
{
    json_t *entries = NULL;
    json_int_t number =
        json_integer_value(json_object_get(status_of(rig, port, feature, &entries), member));
    json_decref(entries);
    return number;
}

char *feature_rig_status_text(struct rig *rig, const char *port, const char *feature,
                              const char *member)
{
    json_t *entries = NULL;
    char *text =
        strdup(json_string_value(json_object_get(status_of(rig, port, feature, &entries), member)));
    json_decref(entries);
    return text;
}
