/* SPDX-License-Identifier: Apache-2.0 */
/* The run-time data of features: counted by the switch, or told by an extension into buffers that
 * grow until its texts fit. */
#include "switch/extension/features_status.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "switch/config/config_text.h"
#include "switch/life/lifecycle.h"
#include "switch/state.h"

enum {
    TEXT_FIRST = 256, /* bytes for each text at first */
    TEXT_MAX = 1 << 20,
    GROW_MAX = 8, /* times that an extension may ask for more room */
    ANSWERS_MAX = 8
};

/* The built-in ones: numbers in the order of the declared fields; texts where a field is one. */
struct answers {
    uint64_t numbers[ANSWERS_MAX];
    const char *texts[ANSWERS_MAX];
};

static json_t *number_json(uint64_t number)
{
    return number <= INT64_MAX ? json_integer((json_int_t)number)
                               : json_sprintf("%" PRIu64, number);
}

static json_t *answers_json(const struct xsw_feature_info *info, const struct answers *answers)
{
    json_t *object = json_object();
    for (size_t i = 0; i < info->status_count; i++) {
        json_t *value = info->status_fields[i].type == XSW_SETTING_TEXT
                            ? json_string(answers->texts[i])
                            : number_json(answers->numbers[i]);
        if (json_object_set_new(object, info->status_fields[i].name, value) != 0) {
            json_decref(object);
            return NULL;
        }
    }
    return object;
}

static void traffic_answer(const struct port_info *port, struct answers *answers)
{
    static const char *const links[] = {"up", "down", "vanished", "none"};
    const struct port_counters *counters = &port->counters;
    *answers = (struct answers){
        .numbers = {counters->rx_packets, counters->rx_bytes, counters->tx_packets,
                    counters->tx_bytes, counters->dropped_in, counters->dropped_out},
        .texts = {[6] = lifecycle_state_name(port->life), [7] = links[port->state]}};
}

static enum xsw_status rules_answer(struct vswitch *vswitch, const char *port,
                                    struct answers *answers, struct xsw_error *error)
{
    size_t count = 0;
    struct acl_rule_info *rules = calloc(CONFIG_ACL_RULES_MAX, sizeof(*rules));
    if (rules == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for the rules of port %s", port);
    }
    enum xsw_status status =
        vswitch_acl_list(vswitch, port, rules, CONFIG_ACL_RULES_MAX, &count, error);
    answers->numbers[0] = count;
    for (size_t i = 0; status == XSW_OK && i < count && i < CONFIG_ACL_RULES_MAX; i++) {
        answers->numbers[1] += rules[i].packets;
    }
    free(rules);
    return status;
}

static enum xsw_status built_in_status(struct vswitch *vswitch, const char *port,
                                       const struct feature *feature, json_t **object,
                                       struct xsw_error *error)
{
    struct answers answers = {.numbers = {0}};
    struct port_info info;
    enum xsw_status status = XSW_OK;
    if (strcmp(feature->name, "traffic") == 0) {
        status = vswitch_port_find(vswitch, port, &info, error);
        if (status == XSW_OK) {
            traffic_answer(&info, &answers);
        }
    } else if (strcmp(feature->name, "acl") == 0) {
        status = rules_answer(vswitch, port, &answers, error);
    } else {
        struct mac_counters macs = vswitch_mac_counters(vswitch);
        answers = (struct answers){
            .numbers = {macs.entries, macs.learned, macs.moved, macs.aged, macs.refused}};
    }
    if (status == XSW_OK) {
        *object = answers_json(feature->info, &answers);
    }
    return status;
}

/* Of extensions ------------------------------------------------------------------------------ */

static void texts_free(struct xsw_status_value *values)
{
    for (size_t i = 0; i < FEATURE_FIELDS_MAX; i++) {
        free(values[i].text);
        values[i].text = NULL;
    }
}

/* Room for all texts: TEXT_FIRST, or what the extension says that it takes. */
static enum xsw_status texts_make(const struct xsw_feature_info *info,
                                  struct xsw_status_value *values)
{
    for (size_t i = 0; i < info->status_count; i++) {
        struct xsw_status_value *value = &values[i];
        uint32_t wanted = value->length < TEXT_MAX ? value->length + 1 : TEXT_MAX;
        if (wanted < TEXT_FIRST) {
            wanted = TEXT_FIRST;
        }
        value->length = 0;
        if (info->status_fields[i].type != XSW_SETTING_TEXT || wanted <= value->capacity) {
            continue;
        }
        char *text = realloc(value->text, wanted);
        if (text == NULL) {
            return XSW_NO_MEMORY;
        }
        value->text = text;
        value->capacity = wanted;
        text[0] = '\0';
    }
    return XSW_OK;
}

static json_t *value_json(const struct xsw_setting_info *field,
                          const struct xsw_status_value *value)
{
    if (field->type == XSW_SETTING_TEXT) {
        /* Bytes that are no UTF-8 cannot be shown as they are. */
        json_t *text = json_stringn(value->text, strnlen(value->text, value->capacity));
        return text != NULL ? text : json_string("(not UTF-8)");
    }
    return field->type == XSW_SETTING_BOOL ? json_boolean(value->number != 0)
                                           : number_json(value->number);
}

static json_t *values_json(const struct xsw_feature_info *info,
                           const struct xsw_status_value *values)
{
    json_t *object = json_object();
    for (size_t i = 0; i < info->status_count; i++) {
        if (json_object_set_new(object, info->status_fields[i].name,
                                value_json(&info->status_fields[i], &values[i])) != 0) {
            json_decref(object);
            return NULL;
        }
    }
    return object;
}

static enum xsw_status instance_status(const struct feature *feature, uint16_t port,
                                       json_t **object, struct xsw_error *error)
{
    const struct extension_instance *instance = feature->instance;
    struct xsw_status_value values[FEATURE_FIELDS_MAX] = {{0}};
    struct xsw_error told = {.text = "it gives no reason"};
    enum xsw_status status = XSW_LIMIT;
    for (int tries = 0; status == XSW_LIMIT && tries < GROW_MAX; tries++) {
        status = texts_make(feature->info, values);
        if (status == XSW_OK) {
            status = instance->control.status(instance->state, feature->own, port, values, &told);
        }
    }
    told.text[sizeof(told.text) - 1] = '\0';
    if (status == XSW_OK) {
        *object = values_json(feature->info, values);
    } else if (status == XSW_LIMIT) {
        error_set(error, status, "%s: the extension asked for more room %d times, or for too much",
                  feature->name, GROW_MAX);
    } else {
        status = status < 0 ? status : XSW_INVALID;
        error_set(error, status, "%s: %s", feature->name, told.text);
    }
    texts_free(values);
    return status;
}

bool feature_has_status(const struct feature *feature)
{
    return feature->info->status_count > 0 &&
           (feature->instance == NULL ||
            (feature->instance->is_enabled && feature->instance->is_initialized));
}

enum xsw_status feature_status_json(struct vswitch *vswitch, const char *port, uint16_t id,
                                    const struct feature *feature, json_t **object,
                                    struct xsw_error *error)
{
    *object = NULL;
    if (feature->info->status_count == 0) {
        return error_set(error, XSW_INVALID, "%s has no status", feature->name);
    }
    if (!feature_has_status(feature)) {
        return error_set(error, XSW_INVALID, "%s: the extension is disabled, so it has no status",
                         feature->name);
    }
    enum xsw_status status = feature->instance != NULL
                                 ? instance_status(feature, id, object, error)
                                 : built_in_status(vswitch, port, feature, object, error);
    if (status == XSW_OK && *object == NULL) {
        status = error_set(error, XSW_NO_MEMORY, "no memory for the status of %s", feature->name);
    }
    return status;
}
