/* SPDX-License-Identifier: Apache-2.0 */
/* Extensions of a switch: made first, then published, then the old one retired when no worker is
 * inside it any more. The changes of one that is there are in switch/extension/extension_changes.c.
 */
#include "switch/switch_extensions.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "switch/control/events_control.h"
#include "switch/extension/features.h"
#include "switch/extension/features_store.h"
#include "switch/policy/port_check.h"
#include "switch/state.h"

uint32_t extension_place_of(const struct vswitch *vswitch, const char *name)
{
    uint32_t place = 0;
    while (place < vswitch->extension_count &&
           strcmp(vswitch->extensions[place]->name, name) != 0) {
        place++;
    }
    return place;
}

enum xsw_status extension_not_found(const char *name, struct xsw_error *error)
{
    return error_set(error, XSW_NOT_FOUND, "there is no extension \"%s\" on this switch", name);
}

/* The id of the stage with this name: the old one when an extension comes back. */
static enum xsw_status stage_take(struct vswitch *vswitch,
                                  const struct extension_instance *instance, bool is_egress,
                                  uint16_t *id, struct xsw_error *error)
{
    char name[sizeof(vswitch->stages[0].name)];
    snprintf(name, sizeof(name), "%s-%s.%s", is_egress ? "egress" : "ingress",
             extension_kind_name(instance->extension->kind), instance->name);
    for (uint16_t i = STAGE_EXTENSIONS_FIRST; i < vswitch->next_stage; i++) {
        if (strcmp(vswitch->stages[i].name, name) == 0) {
            *id = i;
            return XSW_OK;
        }
    }
    if (vswitch->next_stage >= STAGES_MAX) {
        return error_set(error, XSW_LIMIT,
                         "extension %s: no stage id left for it: a switch gives %d in its life",
                         instance->name, STAGES_MAX - STAGE_EXTENSIONS_FIRST);
    }
    struct stage_info *stage = &vswitch->stages[vswitch->next_stage];
    stage->id = vswitch->next_stage++;
    stage->egress = is_egress;
    memcpy(stage->name, name, sizeof(name));
    snprintf(stage->extension, sizeof(stage->extension), "%s", instance->name);
    *id = stage->id;
    return XSW_OK;
}

/* One that originates has a place on ingress in any case: there its packets are made. */
static enum xsw_status stages_take(struct vswitch *vswitch, struct extension_instance *instance,
                                   struct xsw_error *error)
{
    const struct xsw_extension *extension = instance->extension;
    if (extension->kind == XSW_EXTENSION_FORWARD) {
        instance->ingress_stage = instance->egress_stage = STAGE_FORWARD;
        return XSW_OK;
    }
    bool is_filter = extension->kind == XSW_EXTENSION_FILTER;
    enum xsw_status status = XSW_OK;
    if (!is_filter || extension->filter->ingress != NULL ||
        (extension->flags & XSW_EXTENSION_ORIGINATES) != 0) {
        status = stage_take(vswitch, instance, false, &instance->ingress_stage, error);
    }
    if (status == XSW_OK && (!is_filter || extension->filter->egress != NULL)) {
        status = stage_take(vswitch, instance, true, &instance->egress_stage, error);
    }
    return status;
}

void extension_forward_name(struct vswitch *vswitch)
{
    const struct extension_instance *forwarder = policy_forwarder(vswitch);
    struct stage_info *stage = &vswitch->stages[STAGE_FORWARD];
    snprintf(stage->extension, sizeof(stage->extension), "%s",
             forwarder != NULL ? forwarder->name : "");
}

void extension_log(struct vswitch *vswitch, const char *event,
                   const struct extension_instance *instance)
{
    char line[192];
    snprintf(line, sizeof(line), "%s: extension=%s name=%s version=%.32s kind=%s", event,
             instance->name, instance->extension->name, instance->extension->version,
             extension_kind_name(instance->extension->kind));
    vswitch->log.line(vswitch->log.context, line);
    event_extension(vswitch, event + strlen("extension-"), instance);
}

/* A number that no instance of the switch has. */
static uint16_t self_take(struct vswitch *vswitch)
{
    for (;;) {
        uint16_t self = ++vswitch->next_self;
        uint32_t place = 0;
        while (place < vswitch->extension_count && vswitch->extensions[place]->self != self) {
            place++;
        }
        if (self != 0 && place == vswitch->extension_count) {
            return self;
        }
    }
}

static enum xsw_status forwarder_check(const struct vswitch *vswitch,
                                       const struct extension_instance *instance,
                                       struct xsw_error *error)
{
    const struct extension_instance *forwarder = policy_forwarder(vswitch);
    if (instance->extension->kind != XSW_EXTENSION_FORWARD) {
        return XSW_OK;
    }
    if (forwarder != NULL && strcmp(forwarder->name, instance->name) != 0) {
        return error_set(error, XSW_BUSY,
                         "extension %s: the switch has the forwarder \"%s\" already, and one is "
                         "all that can be enabled: disable it first",
                         instance->name, forwarder->name);
    }
    return policy_forwarder_check(vswitch, instance, error);
}

enum xsw_status extension_attach(struct extension_instance *instance, struct xsw_error *error)
{
    enum xsw_status status = forwarder_check(instance->vswitch, instance, error);
    if (status == XSW_OK) {
        status = stages_take(instance->vswitch, instance, error);
    }
    if (status == XSW_OK) {
        status = extension_start(instance, error);
    }
    if (status == XSW_OK) {
        status = features_deliver(instance, error);
        if (status != XSW_OK) {
            extension_stop(instance);
        }
    }
    return status;
}

static enum xsw_status place_check(const struct vswitch *vswitch,
                                   const struct extension_instance *instance,
                                   struct xsw_error *error)
{
    if (extension_place_of(vswitch, instance->name) < vswitch->extension_count) {
        return error_set(error, XSW_EXISTS,
                         "there is an extension \"%s\" already: give this instance another name",
                         instance->name);
    }
    if (vswitch->extension_count == CONFIG_EXTENSIONS_MAX) {
        return error_set(error, XSW_LIMIT, "a switch has at most %d extensions",
                         CONFIG_EXTENSIONS_MAX);
    }
    return XSW_OK;
}

static void list_remove(struct vswitch *vswitch, uint32_t place)
{
    vswitch->extension_count--;
    memmove(&vswitch->extensions[place], &vswitch->extensions[place + 1],
            (vswitch->extension_count - place) * sizeof(vswitch->extensions[0]));
}

static void list_insert(struct vswitch *vswitch, uint32_t place,
                        struct extension_instance *instance)
{
    memmove(&vswitch->extensions[place + 1], &vswitch->extensions[place],
            (vswitch->extension_count - place) * sizeof(vswitch->extensions[0]));
    vswitch->extensions[place] = instance;
    vswitch->extension_count++;
}

/* The first place of its class: the list goes by class. */
static uint32_t top_of(const struct vswitch *vswitch, uint32_t kind)
{
    uint32_t place = 0;
    while (place < vswitch->extension_count && vswitch->extensions[place]->extension->kind < kind) {
        place++;
    }
    return place;
}

static enum xsw_status instance_add(struct vswitch *vswitch, struct extension_instance *instance,
                                    bool is_disabled, struct xsw_error *error)
{
    enum xsw_status status = place_check(vswitch, instance, error);
    if (status == XSW_OK) {
        instance->self = self_take(vswitch);
        status = is_disabled ? XSW_OK : extension_attach(instance, error);
    }
    if (status != XSW_OK) {
        return status;
    }
    uint32_t place = top_of(vswitch, instance->extension->kind);
    list_insert(vswitch, place, instance);
    instance->is_enabled = !is_disabled;
    status = is_disabled ? XSW_OK : vswitch_publish(vswitch, error);
    if (status != XSW_OK) {
        list_remove(vswitch, place);
    }
    return status;
}

enum xsw_status vswitch_extension_add(struct vswitch *vswitch,
                                      const struct extension_config *config,
                                      struct xsw_error *error)
{
    struct extension_instance *instance = NULL;
    enum xsw_status status = extension_create(config, vswitch, NULL, &instance, error);
    if (status != XSW_OK) {
        return status;
    }
    status = instance_add(vswitch, instance, config->is_disabled, error);
    if (status != XSW_OK) {
        extension_destroy(instance);
        return status;
    }
    extension_forward_name(vswitch);
    extension_log(vswitch, "extension-added", instance);
    return XSW_OK;
}

enum xsw_status vswitch_extension_remove(struct vswitch *vswitch, const char *name,
                                         struct xsw_error *error)
{
    uint32_t place = extension_place_of(vswitch, name);
    if (place == vswitch->extension_count) {
        return extension_not_found(name, error);
    }
    struct extension_instance *instance = vswitch->extensions[place];
    enum xsw_status status = extension_leave(vswitch, instance, error);
    if (status != XSW_OK) {
        return status;
    }
    list_remove(vswitch, place);
    status = vswitch_publish(vswitch, error);
    if (status != XSW_OK) {
        list_insert(vswitch, place, instance);
        return status;
    }
    extension_forward_name(vswitch);
    extension_log(vswitch, "extension-removed", instance);
    features_instance_gone(vswitch, instance);
    extension_destroy(instance);
    return XSW_OK;
}

size_t vswitch_extension_violations(struct vswitch *vswitch, const char *name,
                                    struct violation_info *violations, size_t capacity)
{
    static const struct violation_info all[] = {
#define VIOLATION(symbol, name, sentence) {name, sentence, 0},
#include "switch/extension/violations.def"
#undef VIOLATION
    };
    uint32_t place = extension_place_of(vswitch, name);
    if (place == vswitch->extension_count) {
        return 0;
    }
    const struct extension_instance *instance = vswitch->extensions[place];
    for (size_t i = 0; i < VIOLATION_COUNT && i < capacity; i++) {
        violations[i] = all[i];
        if (instance->ingress_stage != 0) {
            violations[i].count += VSWITCH_SUM(vswitch, violations[instance->ingress_stage][i]);
        }
        if (instance->egress_stage != 0 && instance->egress_stage != instance->ingress_stage) {
            violations[i].count += VSWITCH_SUM(vswitch, violations[instance->egress_stage][i]);
        }
    }
    return VIOLATION_COUNT;
}

static void info_fill(struct vswitch *vswitch, const struct extension_instance *instance,
                      struct extension_info *info)
{
    const struct xsw_extension *extension = instance->extension;
    *info = (struct extension_info){.packets = 0};
    snprintf(info->name, sizeof(info->name), "%s", instance->name);
    snprintf(info->path, sizeof(info->path), "%s", instance->path);
    snprintf(info->extension, sizeof(info->extension), "%s", extension->name);
    snprintf(info->version, sizeof(info->version), "%s", extension->version);
    snprintf(info->kind, sizeof(info->kind), "%s", extension_kind_name(extension->kind));
    info->is_enabled = instance->is_enabled;
    const uint16_t stages[2] = {instance->ingress_stage, instance->egress_stage};
    for (int side = 0; side < 2; side++) {
        if (stages[side] == 0 || (side == 1 && stages[1] == stages[0])) {
            continue;
        }
        struct stage_counters counters = vswitch_stage_counters(vswitch, stages[side]);
        info->packets += counters.in;
        info->dropped += counters.dropped;
        info->silently_dropped += vswitch_dropped(vswitch, stages[side], REASON_SILENT_DROP);
        for (uint32_t i = 0; i < VIOLATION_COUNT; i++) {
            info->violations += VSWITCH_SUM(vswitch, violations[stages[side]][i]);
        }
    }
}

size_t vswitch_extensions(struct vswitch *vswitch, struct extension_info *extensions,
                          size_t capacity)
{
    for (uint32_t i = 0; i < vswitch->extension_count && i < capacity; i++) {
        info_fill(vswitch, vswitch->extensions[i], &extensions[i]);
    }
    return vswitch->extension_count;
}

enum xsw_status vswitch_extension_setting(struct vswitch *vswitch, const char *name, size_t place,
                                          struct setting_info *setting)
{
    uint32_t at = extension_place_of(vswitch, name);
    if (at == vswitch->extension_count) {
        return XSW_NOT_FOUND;
    }
    const struct extension_instance *instance = vswitch->extensions[at];
    if (place >= instance->extension->setting_count) {
        return XSW_END;
    }
    snprintf(setting->name, sizeof(setting->name), "%s", instance->extension->settings[place].name);
    setting->texts = instance->settings[place].texts;
    setting->text_count = instance->settings[place].text_count;
    setting->is_default = instance->settings[place].is_default;
    return XSW_OK;
}
