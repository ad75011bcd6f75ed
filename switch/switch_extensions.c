/* SPDX-License-Identifier: Apache-2.0 */
/* Extensions of a switch: made first, then published, then the old one retired when no worker is
 * inside it any more. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "switch/state.h"

static uint32_t place_of(const struct vswitch *vswitch, const char *name)
{
    uint32_t place = 0;
    while (place < vswitch->extension_count &&
           strcmp(vswitch->extensions[place]->name, name) != 0) {
        place++;
    }
    return place;
}

static enum xsw_status not_found(const char *name, struct xsw_error *error)
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
    if (!is_filter || extension->filter->ingress != NULL) {
        status = stage_take(vswitch, instance, false, &instance->ingress_stage, error);
    }
    if (status == XSW_OK && (!is_filter || extension->filter->egress != NULL)) {
        status = stage_take(vswitch, instance, true, &instance->egress_stage, error);
    }
    return status;
}

static const char *forwarder_name(const struct vswitch *vswitch)
{
    for (uint32_t i = 0; i < vswitch->extension_count; i++) {
        if (vswitch->extensions[i]->extension->kind == XSW_EXTENSION_FORWARD) {
            return vswitch->extensions[i]->name;
        }
    }
    return NULL;
}

static void forward_stage_name(struct vswitch *vswitch)
{
    const char *name = forwarder_name(vswitch);
    struct stage_info *stage = &vswitch->stages[STAGE_FORWARD];
    snprintf(stage->extension, sizeof(stage->extension), "%s", name != NULL ? name : "");
}

static enum xsw_status place_check(const struct vswitch *vswitch,
                                   const struct extension_instance *instance,
                                   struct xsw_error *error)
{
    if (place_of(vswitch, instance->name) < vswitch->extension_count) {
        return error_set(error, XSW_EXISTS,
                         "there is an extension \"%s\" already: give this instance another name",
                         instance->name);
    }
    if (vswitch->extension_count == CONFIG_EXTENSIONS_MAX) {
        return error_set(error, XSW_LIMIT, "a switch has at most %d extensions",
                         CONFIG_EXTENSIONS_MAX);
    }
    const char *forwarder = forwarder_name(vswitch);
    if (instance->extension->kind == XSW_EXTENSION_FORWARD && forwarder != NULL) {
        return error_set(
            error, XSW_BUSY,
            "extension %s: the switch has the forwarder \"%s\" already, and one is all "
            "that a switch can have",
            instance->name, forwarder);
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

enum xsw_status vswitch_extension_add(struct vswitch *vswitch,
                                      const struct extension_config *config,
                                      struct xsw_error *error)
{
    struct extension_instance *instance = NULL;
    enum xsw_status status =
        extension_create(config, &vswitch->reasons, &vswitch->log, &instance, error);
    if (status != XSW_OK) {
        return status;
    }
    status = place_check(vswitch, instance, error);
    if (status == XSW_OK) {
        status = stages_take(vswitch, instance, error);
    }
    if (status != XSW_OK) {
        extension_destroy(instance);
        return status;
    }
    list_insert(vswitch, 0, instance);
    status = vswitch_publish(vswitch, error);
    if (status != XSW_OK) {
        list_remove(vswitch, 0);
        extension_destroy(instance);
    }
    forward_stage_name(vswitch);
    return status;
}

enum xsw_status vswitch_extension_set(struct vswitch *vswitch,
                                      const struct extension_config *config,
                                      struct xsw_error *error)
{
    uint32_t place = place_of(vswitch, config->name);
    if (place == vswitch->extension_count) {
        return not_found(config->name, error);
    }
    struct extension_instance *old = vswitch->extensions[place];
    struct extension_config again = *config;
    snprintf(again.path, sizeof(again.path), "%s", old->path);
    struct extension_instance *instance = NULL;
    enum xsw_status status =
        extension_create(&again, &vswitch->reasons, &vswitch->log, &instance, error);
    if (status != XSW_OK) {
        return status;
    }
    instance->ingress_stage = old->ingress_stage;
    instance->egress_stage = old->egress_stage;
    vswitch->extensions[place] = instance;
    status = vswitch_publish(vswitch, error);
    if (status != XSW_OK) {
        vswitch->extensions[place] = old;
        old = instance;
    }
    extension_destroy(old);
    return status;
}

enum xsw_status vswitch_extension_remove(struct vswitch *vswitch, const char *name,
                                         struct xsw_error *error)
{
    uint32_t place = place_of(vswitch, name);
    if (place == vswitch->extension_count) {
        return not_found(name, error);
    }
    struct extension_instance *instance = vswitch->extensions[place];
    list_remove(vswitch, place);
    enum xsw_status status = vswitch_publish(vswitch, error);
    if (status != XSW_OK) {
        list_insert(vswitch, place, instance);
        return status;
    }
    extension_destroy(instance);
    forward_stage_name(vswitch);
    return XSW_OK;
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
    const uint16_t stages[2] = {instance->ingress_stage, instance->egress_stage};
    for (int side = 0; side < 2; side++) {
        if (stages[side] == 0 || (side == 1 && stages[1] == stages[0])) {
            continue;
        }
        struct stage_counters counters = vswitch_stage_counters(vswitch, stages[side]);
        info->packets += counters.in;
        info->dropped += counters.dropped;
        info->silently_dropped += vswitch_dropped(vswitch, stages[side], REASON_SILENT_DROP);
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
    uint32_t at = place_of(vswitch, name);
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
