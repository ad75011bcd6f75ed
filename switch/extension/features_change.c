/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs on built-in features: the values become members of the configuration as it is, which is
 * read again and brought into force by the function that everybody else uses for it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "switch/config/config_json.h"
#include "switch/config/config_rule.h"
#include "switch/extension/feature_values.h"
#include "switch/extension/features_built_in.h"
#include "switch/state.h"

static enum xsw_status no_memory(const struct built_in *built_in, struct xsw_error *error)
{
    return error_set(error, XSW_NO_MEMORY, "no memory for the values of %s", built_in->info.name);
}

/* Lays the values over those in `config`; those of fields that the new first one ends are left out.
 * Null values: the feature goes back to its default. */
static enum xsw_status values_overlay(const struct built_in *built_in, json_t *config,
                                      const json_t *values, struct xsw_error *error)
{
    json_t *merged = values != NULL ? built_in_values(built_in, config) : NULL;
    enum xsw_status status = XSW_OK;
    if (merged != NULL && built_in->is_led_by_first) {
        const char *first = built_in->info.fields[0].name;
        const json_t *led = json_object_get(values, first);
        if (led != NULL && !json_equal(led, json_object_get(merged, first))) {
            json_object_clear(merged);
        }
    }
    if (values != NULL && (merged == NULL || json_object_update(merged, (json_t *)values) != 0)) {
        status = no_memory(built_in, error);
    }
    if (status == XSW_OK && built_in_store(built_in, config, merged) != XSW_OK) {
        status = no_memory(built_in, error);
    }
    json_decref(merged);
    return status;
}

enum xsw_status built_in_port_change(struct vswitch *vswitch, const struct built_in *built_in,
                                     const char *port, const json_t *values,
                                     struct xsw_error *error)
{
    struct port_info info;
    enum xsw_status status = vswitch_port_find(vswitch, port, &info, error);
    if (status != XSW_OK) {
        return status;
    }
    json_t *config = config_port_json(&info.config);
    status = config != NULL ? values_overlay(built_in, config, values, error)
                            : no_memory(built_in, error);
    if (status == XSW_OK) {
        struct config_reader reader;
        struct config_node node = config_node_root(&reader, "port", config, error);
        struct port_config changed;
        port_config_init(&changed);
        config_port_read(&node, false, &changed);
        status = reader.status;
        if (status == XSW_OK) {
            status = vswitch_port_set(vswitch, &changed, error);
        }
    }
    json_decref(config);
    return status;
}

enum xsw_status built_in_switch_change(struct vswitch *vswitch, const struct built_in *built_in,
                                       const json_t *values, struct xsw_error *error)
{
    json_t *config = config_switch_json(vswitch_config(vswitch));
    enum xsw_status status = config != NULL ? values_overlay(built_in, config, values, error)
                                            : no_memory(built_in, error);
    if (status == XSW_OK) {
        struct config_reader reader;
        struct config_node node = config_node_root(&reader, "switch", config, error);
        struct switch_config changed;
        switch_config_init(&changed);
        config_switch_read(&node, &changed);
        status = reader.status;
        if (status == XSW_OK) {
            status = vswitch_set(vswitch, &changed, error);
        }
    }
    json_decref(config);
    return status;
}

/* Rules -------------------------------------------------------------------------------------- */

static enum xsw_status rule_read(const struct built_in *built_in, const json_t *values, uint32_t id,
                                 struct acl_rule *rule, struct xsw_error *error)
{
    json_t *config = json_object();
    if (config == NULL || built_in_store(built_in, config, values) != XSW_OK) {
        json_decref(config);
        return no_memory(built_in, error);
    }
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "values", config, error);
    config_rule_read(&node, rule);
    rule->id = id;
    json_decref(config);
    return reader.status;
}

enum xsw_status built_in_rule_add(struct vswitch *vswitch, const struct built_in *built_in,
                                  const char *port, const json_t *values, uint32_t *id,
                                  struct xsw_error *error)
{
    struct acl_rule rule;
    enum xsw_status status = rule_read(built_in, values, *id, &rule, error);
    if (status == XSW_OK) {
        status = vswitch_acl_add(vswitch, port, &rule, error);
    }
    if (status == XSW_OK) {
        *id = rule.id;
    }
    return status;
}

static enum xsw_status rules_of(struct vswitch *vswitch, const char *port,
                                struct acl_rule_info **rules, size_t *count,
                                struct xsw_error *error)
{
    *rules = calloc(CONFIG_ACL_RULES_MAX, sizeof(**rules));
    if (*rules == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for the rules of port %s", port);
    }
    enum xsw_status status =
        vswitch_acl_list(vswitch, port, *rules, CONFIG_ACL_RULES_MAX, count, error);
    if (*count > CONFIG_ACL_RULES_MAX) {
        *count = CONFIG_ACL_RULES_MAX;
    }
    return status;
}

static enum xsw_status rule_find(struct vswitch *vswitch, const char *port, uint32_t id,
                                 struct acl_rule *rule, struct xsw_error *error)
{
    struct acl_rule_info *rules = NULL;
    size_t count = 0;
    enum xsw_status status = rules_of(vswitch, port, &rules, &count, error);
    size_t place = 0;
    while (status == XSW_OK && place < count && rules[place].rule.id != id) {
        place++;
    }
    if (status == XSW_OK && place == count) {
        status = error_set(error, XSW_NOT_FOUND, "port %s has no rule %u", port, id);
    }
    if (status == XSW_OK) {
        *rule = rules[place].rule;
    }
    free(rules);
    return status;
}

enum xsw_status built_in_rule_set(struct vswitch *vswitch, const struct built_in *built_in,
                                  const char *port, uint32_t id, const json_t *values,
                                  struct xsw_error *error)
{
    struct acl_rule before;
    struct acl_rule after;
    enum xsw_status status = rule_find(vswitch, port, id, &before, error);
    json_t *config = status == XSW_OK ? config_rule_json(&before) : NULL;
    json_t *merged = config != NULL ? built_in_values(built_in, config) : NULL;
    if (status == XSW_OK && (merged == NULL || json_object_update(merged, (json_t *)values) != 0)) {
        status = no_memory(built_in, error);
    }
    if (status == XSW_OK) {
        status = rule_read(built_in, merged, id, &after, error);
    }
    if (status == XSW_OK) {
        status = vswitch_acl_set(vswitch, port, &after, error);
    }
    json_decref(config);
    json_decref(merged);
    return status;
}

/* Reading ------------------------------------------------------------------------------------ */

static enum xsw_status entry_append(const struct built_in *built_in, uint32_t id,
                                    const json_t *config, json_t *entries)
{
    json_t *values = config != NULL ? built_in_values(built_in, config) : NULL;
    if (values != NULL && !built_in->is_led_by_first && !built_in->info.is_list &&
        feature_values_fill(values, &built_in->info, NULL) != XSW_OK) {
        json_decref(values);
        return XSW_NO_MEMORY;
    }
    json_t *entry = json_pack("{s:s,s:I,s:o}", "feature", built_in->info.name, "id", (json_int_t)id,
                              "values", values);
    return json_array_append_new(entries, entry) == 0 ? XSW_OK : XSW_NO_MEMORY;
}

static enum xsw_status rules_append(struct vswitch *vswitch, const struct built_in *built_in,
                                    const char *port, json_t *entries, struct xsw_error *error)
{
    struct acl_rule_info *rules = NULL;
    size_t count = 0;
    enum xsw_status status = rules_of(vswitch, port, &rules, &count, error);
    for (size_t i = 0; status == XSW_OK && i < count; i++) {
        json_t *config = config_rule_json(&rules[i].rule);
        status = entry_append(built_in, rules[i].rule.id, config, entries);
        json_decref(config);
    }
    free(rules);
    return status;
}

enum xsw_status built_in_get(struct vswitch *vswitch, const struct built_in *built_in,
                             const char *port, json_t *entries, struct xsw_error *error)
{
    struct port_info info;
    json_t *config = NULL;
    enum xsw_status status = XSW_OK;
    switch (built_in->kind) {
    case BUILT_IN_STATUS:
        return XSW_OK;
    case BUILT_IN_RULE:
        return rules_append(vswitch, built_in, port, entries, error);
    case BUILT_IN_SWITCH:
        config = config_switch_json(vswitch_config(vswitch));
        break;
    case BUILT_IN_PORT:
        status = vswitch_port_find(vswitch, port, &info, error);
        config = status == XSW_OK ? config_port_json(&info.config) : NULL;
        break;
    }
    if (status == XSW_OK) {
        status = entry_append(built_in, 0, config, entries);
    }
    json_decref(config);
    return status;
}
