/* SPDX-License-Identifier: Apache-2.0 */
/* The members of a descriptor that came after the base of version 1. Each is copied when the
 * extension is young enough to have it and checked then, so that the rest of the switch reads plain
 * members and never a size. */
#include <stddef.h>
#include <string.h>

#include "base/error.h"
#include "switch/extension/extension_host.h"

enum {
    FLAGS_KNOWN = XSW_EXTENSION_CHANGES_BYTES | XSW_EXTENSION_ORIGINATES | XSW_EXTENSION_HOLDS |
                  XSW_EXTENSION_DROPS_HELD,
    POLICIES_KNOWN = XSW_POLICY_VLAN | XSW_POLICY_SECURITY,
    FEATURE_BASE = offsetof(struct xsw_feature_info, status_count) + sizeof(size_t),
    FEATURE_SIZE_MAX = 4096
};

static const char *flags_fault(const struct xsw_extension *extension)
{
    if ((extension->flags & ~(uint32_t)FLAGS_KNOWN) != 0) {
        return "flags that this xsw does not know";
    }
    if ((extension->flags & XSW_EXTENSION_HOLDS) != 0 && extension->kind == XSW_EXTENSION_CAPTURE) {
        return "the flag HOLDS, and a capture extension may not hold packets";
    }
    if ((extension->flags & XSW_EXTENSION_DROPS_HELD) != 0 &&
        (extension->flags & XSW_EXTENSION_HOLDS) == 0) {
        return "the flag DROPS_HELD without HOLDS";
    }
    return NULL;
}

static const char *tick_take(struct extension_instance *instance)
{
    const struct xsw_extension *extension = instance->extension;
    if (!XSW_HAS(extension, struct xsw_extension, tick)) {
        return NULL;
    }
    if ((extension->tick != NULL) != (extension->tick_ns != 0)) {
        return "one of tick and tick_ns without the other";
    }
    if (extension->tick != NULL && extension->tick_ns < XSW_TICK_MINIMUM_NS) {
        return "a tick_ns below 100,000";
    }
    instance->tick = extension->tick;
    instance->tick_ns = extension->tick_ns;
    return NULL;
}

static const char *enforces_take(struct extension_instance *instance)
{
    const struct xsw_extension *extension = instance->extension;
    if (!XSW_HAS(extension, struct xsw_extension, enforces) || extension->enforces == 0) {
        return NULL;
    }
    if (extension->kind != XSW_EXTENSION_FORWARD) {
        return "enforces, which is for forwarders only";
    }
    if ((extension->enforces & ~(uint32_t)POLICIES_KNOWN) != 0) {
        return "enforces with policies that this xsw does not know";
    }
    instance->enforces = extension->enforces;
    return NULL;
}

static const char *control_take(struct extension_instance *instance)
{
    const struct xsw_extension *extension = instance->extension;
    if (!XSW_HAS(extension, struct xsw_extension, control) || extension->control == NULL) {
        return NULL;
    }
    size_t size = extension->control->size;
    if (size < sizeof(size_t) || size % sizeof(void *) != 0) {
        return "control operations of a size that cannot be";
    }
    memcpy(&instance->control, extension->control,
           size < sizeof(instance->control) ? size : sizeof(instance->control));
    if (extension->kind == XSW_EXTENSION_CAPTURE && instance->control.ask != NULL) {
        return "the operation ask, and a capture extension may refuse nothing";
    }
    if ((instance->control.save != NULL) != (instance->control.restore != NULL)) {
        return "one of the operations save and restore without the other";
    }
    return NULL;
}

/* Features ----------------------------------------------------------------------------------- */

static int is_named_before(const struct xsw_setting_info *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(fields[i].name, fields[count].name) == 0) {
            return 1;
        }
    }
    return 0;
}

static int default_is_good(const struct xsw_setting_info *field)
{
    switch (field->type) {
    case XSW_SETTING_BOOL:
        return field->default_number <= 1;
    case XSW_SETTING_NUMBER:
        return field->minimum <= field->default_number && field->default_number <= field->maximum;
    case XSW_SETTING_TEXT:
    case XSW_SETTING_TEXT_LIST:
        return 1;
    }
    return 0;
}

static const char *fields_fault(const struct xsw_setting_info *fields, size_t count, int is_status)
{
    if (count > EXTENSION_FIELDS_MAX || (count > 0 && fields == NULL)) {
        return "a feature with more than 32 fields, or none where it says there are some";
    }
    for (size_t i = 0; i < count; i++) {
        if (!extension_name_is_valid(fields[i].name) || is_named_before(fields, i)) {
            return "a feature with a field whose name is not of a-z, 0-9, '-', or there twice";
        }
        if (fields[i].type < XSW_SETTING_BOOL || fields[i].type > XSW_SETTING_TEXT_LIST ||
            (is_status && fields[i].type == XSW_SETTING_TEXT_LIST)) {
            return "a feature with a field of a type that cannot be there";
        }
        if (!is_status && !default_is_good(&fields[i])) {
            return "a feature with a field whose default is not in its range";
        }
    }
    return NULL;
}

static const char *feature_fault(const struct extension_instance *instance, uint32_t place)
{
    const struct xsw_feature_info *feature = &instance->features[place];
    if (!extension_name_is_valid(feature->name) || feature->help == NULL) {
        return "a feature without a name of a-z, 0-9, '-', or without help";
    }
    for (uint32_t i = 0; i < place; i++) {
        if (strcmp(instance->features[i].name, feature->name) == 0) {
            return "two features of the same name";
        }
    }
    if (feature->scope != XSW_SCOPE_PORT && feature->scope != XSW_SCOPE_SWITCH) {
        return "a feature with a scope that is neither port (1) nor switch (2)";
    }
    if (feature->field_count == 0 && feature->status_count == 0) {
        return "a feature without fields and without status";
    }
    if (feature->status_count > 0 && instance->control.status == NULL) {
        return "a feature with status, and no operation status";
    }
    const char *fault = fields_fault(feature->fields, feature->field_count, 0);
    return fault != NULL ? fault : fields_fault(feature->status_fields, feature->status_count, 1);
}

/* The structs of an extension younger than this xsw are longer than ours: they are gone through by
 * their own size. */
static const char *features_take(struct extension_instance *instance)
{
    const struct xsw_extension *extension = instance->extension;
    if (!XSW_HAS(extension, struct xsw_extension, feature_count) || extension->feature_count == 0) {
        return NULL;
    }
    if (extension->feature_count > EXTENSION_FEATURES_MAX || extension->features == NULL) {
        return "more than 16 features, or none where it says there are some";
    }
    size_t stride = extension->features->size;
    if (stride < FEATURE_BASE || stride % sizeof(void *) != 0 || stride > FEATURE_SIZE_MAX) {
        return "features of a size that cannot be";
    }
    for (uint32_t i = 0; i < extension->feature_count; i++) {
        const void *entry = (const char *)extension->features + i * stride;
        struct xsw_feature_info *feature = &instance->features[i];
        memcpy(feature, entry, stride < sizeof(*feature) ? stride : sizeof(*feature));
        if (feature->size != stride) {
            return "features of different sizes";
        }
        const char *fault = feature_fault(instance, i);
        if (fault != NULL) {
            return fault;
        }
    }
    instance->feature_count = (uint32_t)extension->feature_count;
    return NULL;
}

enum xsw_status extension_check_options(struct extension_instance *instance,
                                        struct xsw_error *error)
{
    const char *fault = flags_fault(instance->extension);
    if (fault == NULL) {
        fault = tick_take(instance);
    }
    if (fault == NULL) {
        fault = enforces_take(instance);
    }
    if (fault == NULL) {
        fault = control_take(instance);
    }
    if (fault == NULL) {
        fault = features_take(instance);
    }
    if (fault != NULL) {
        return error_set(error, XSW_CORRUPT, "extension %s: its descriptor has %s", instance->path,
                         fault);
    }
    return XSW_OK;
}
