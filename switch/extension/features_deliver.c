/* SPDX-License-Identifier: Apache-2.0 */
/* What was set of a feature before its instance came: brought to it alone, as if it were added now.
 * Nobody else is asked, as nothing changes for them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "switch/extension/feature_values.h"
#include "switch/extension/features_store.h"
#include "switch/extension/notify.h"
#include "switch/state.h"

enum { ASK_TRIES = 3, ASK_PAUSE_NS = 200000 };

struct delivery {
    struct extension_instance *instance;
    uint16_t port;
    enum xsw_status status;
    struct xsw_error *error;
};

static enum xsw_status instance_ask(const struct extension_instance *instance,
                                    const struct xsw_change *change, struct xsw_error *refusal)
{
    enum xsw_status status = XSW_OK;
    for (int i = 0; i < ASK_TRIES && instance->control.ask != NULL; i++) {
        *refusal = (struct xsw_error){.status = XSW_DENIED, .text = "it gives no reason"};
        status = instance->control.ask(instance->state, change, refusal);
        refusal->text[sizeof(refusal->text) - 1] = '\0';
        if (status != XSW_AGAIN && status != XSW_NO_MEMORY) {
            break;
        }
        nanosleep(&(struct timespec){.tv_nsec = ASK_PAUSE_NS}, NULL);
    }
    return status;
}

static void property_deliver(void *context, const struct xsw_property *property)
{
    struct delivery *delivery = context;
    struct extension_instance *instance = delivery->instance;
    const struct xsw_control_ops *control = &instance->control;
    struct xsw_port_info info;
    struct xsw_error refusal;
    enum xsw_operation operation =
        delivery->port != XSW_PORT_NONE ? XSW_OP_PORT_PROPERTY_ADD : XSW_OP_SWITCH_PROPERTY_ADD;
    struct xsw_change change =
        notify_change(instance->vswitch, operation, delivery->port, &info, property);
    if (instance->extension->kind == XSW_EXTENSION_CAPTURE) {
        if (control->told != NULL) {
            control->told(instance->state, &change);
        }
        return;
    }
    delivery->status = instance_ask(instance, &change, &refusal);
    if (delivery->status != XSW_OK) {
        delivery->status =
            error_set(delivery->error, XSW_DENIED,
                      "extension %s: it refuses the value of %s that is set on %s: %s",
                      instance->name, property->feature,
                      change.info != NULL ? change.info->name : "the switch", refusal.text);
    } else if (control->done != NULL) {
        control->done(instance->state, &change, XSW_OK);
    }
}

/* The values as the instance's schema takes them: it may be another than that under which they were
 * set. Null after a failure. */
static json_t *values_again(const struct feature_value *value, const struct xsw_feature_info *info,
                            struct xsw_error *error)
{
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, value->name, value->values, error);
    json_t *values = feature_values_read(&node, info);
    if (values != NULL && feature_values_fill(values, info, error) != XSW_OK) {
        json_decref(values);
        return NULL;
    }
    return values;
}

static enum xsw_status value_deliver(struct delivery *delivery, const struct feature_value *value,
                                     uint32_t own)
{
    const struct xsw_feature_info *info = &delivery->instance->features[own];
    json_t *values = values_again(value, info, delivery->error);
    if (values == NULL) {
        return error_prefix(delivery->error,
                            "extension %s: a value that was set does not fit its feature any more",
                            delivery->instance->name);
    }
    struct feature_entry entry = {
        .name = value->name, .info = info, .own = own, .id = value->id, .object = values};
    delivery->port = value->port;
    delivery->status = XSW_OK;
    enum xsw_status status = feature_entry_show(&entry, property_deliver, delivery);
    json_decref(values);
    return status == XSW_OK ? delivery->status : status;
}

enum xsw_status features_deliver(struct extension_instance *instance, struct xsw_error *error)
{
    struct delivery delivery = {.instance = instance, .error = error};
    const struct feature_value *value;
    size_t length = strlen(instance->name);
    enum xsw_status status = XSW_OK;
    for (size_t i = 0; status == XSW_OK && (value = features_value(instance->vswitch, i)) != NULL;
         i++) {
        if (strncmp(value->name, instance->name, length) != 0 || value->name[length] != '.') {
            continue;
        }
        uint32_t own = feature_own(instance, value->name);
        if (own == UINT32_MAX) {
            return error_set(error, XSW_INVALID,
                             "extension %s: it has no feature %s, which has a value: remove that "
                             "first",
                             instance->name, value->name + length + 1);
        }
        status = value_deliver(&delivery, value, own);
    }
    return status;
}

void features_settle(struct extension_instance *instance)
{
    const struct feature_value *value;
    for (size_t i = 0; (value = features_value(instance->vswitch, i)) != NULL; i++) {
        uint32_t own = feature_own(instance, value->name);
        json_t *values =
            own != UINT32_MAX ? values_again(value, &instance->features[own], NULL) : NULL;
        if (values != NULL) {
            features_value_replace(instance->vswitch, i, values);
        }
    }
}
