/* SPDX-License-Identifier: Apache-2.0 */
/* Changes of an extension that is there, while packets pass: enabled, disabled, moved, set,
 * replaced by a newer one. Each is one snapshot; packets of the one before it see the old state of
 * things to their end, and what an instance that leaves still holds is let go by the workers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "switch/config/config_file.h"
#include "switch/control/change_log.h"
#include "switch/extension/features_store.h"
#include "switch/life/port_state.h"
#include "switch/path/frame_queue.h"
#include "switch/state.h"
#include "switch/switch_extensions.h"

enum { FRAMES_WAIT_TRIES = 200, FRAMES_WAIT_NS = 1000000 };

static enum xsw_status instance_find(const struct vswitch *vswitch, const char *name,
                                     struct extension_instance **instance, struct xsw_error *error)
{
    uint32_t place = extension_place_of(vswitch, name);
    if (place == vswitch->extension_count) {
        return extension_not_found(name, error);
    }
    *instance = vswitch->extensions[place];
    return XSW_OK;
}

enum xsw_status vswitch_extension_enable(struct vswitch *vswitch, const char *name,
                                         struct xsw_error *error)
{
    struct extension_instance *instance = NULL;
    enum xsw_status status = instance_find(vswitch, name, &instance, error);
    if (status != XSW_OK || instance->is_enabled) {
        return status;
    }
    status = extension_attach(instance, error);
    if (status != XSW_OK) {
        return status;
    }
    instance->is_enabled = 1;
    status = vswitch_publish(vswitch, error);
    if (status != XSW_OK) {
        instance->is_enabled = 0;
        extension_stop(instance);
        return status;
    }
    extension_forward_name(vswitch);
    extension_log(vswitch, "extension-enabled", instance);
    return XSW_OK;
}

/* The frames of worker 0 go out in its next turns: soon, unless it has no buffers. */
static void frames_wait(struct vswitch *vswitch, const struct extension_instance *instance)
{
    for (int tries = 0; vswitch->is_started && tries < FRAMES_WAIT_TRIES; tries++) {
        if (frame_queue_is_empty(instance->frames)) {
            return;
        }
        worker_wake(vswitch->workers[0]);
        nanosleep(&(struct timespec){.tv_nsec = FRAMES_WAIT_NS}, NULL);
    }
}

enum xsw_status extension_leave(struct vswitch *vswitch, struct extension_instance *instance,
                                struct xsw_error *error)
{
    if (!instance->is_enabled || instance->frames == NULL || instance->is_leaving) {
        return XSW_OK;
    }
    instance->is_leaving = 1;
    enum xsw_status status = vswitch_publish(vswitch, error);
    if (status != XSW_OK) {
        instance->is_leaving = 0;
        return status;
    }
    extension_end(instance);
    frames_wait(vswitch, instance);
    return XSW_OK;
}

enum xsw_status vswitch_extension_disable(struct vswitch *vswitch, const char *name,
                                          struct xsw_error *error)
{
    struct extension_instance *instance = NULL;
    enum xsw_status status = instance_find(vswitch, name, &instance, error);
    if (status != XSW_OK || !instance->is_enabled) {
        return status;
    }
    status = extension_leave(vswitch, instance, error);
    if (status != XSW_OK) {
        return status;
    }
    instance->is_enabled = 0;
    status = vswitch_publish(vswitch, error);
    if (status != XSW_OK) {
        instance->is_enabled = 1;
        return status;
    }
    extension_forward_name(vswitch);
    extension_log(vswitch, "extension-disabled", instance);
    extension_stop(instance);
    return XSW_OK;
}

/* Order -------------------------------------------------------------------------------------- */

/* Where in its class, which is `first` … `last`, the instance at `from` is to stand; the list is
 * taken as it is without it. */
static enum xsw_status place_find(const struct vswitch *vswitch, uint32_t from,
                                  enum extension_place place, const char *other, uint32_t *to,
                                  struct xsw_error *error)
{
    const struct extension_instance *moved = vswitch->extensions[from];
    uint32_t kind = moved->extension->kind;
    uint32_t count = vswitch->extension_count;
    uint32_t first = from;
    uint32_t last = from;
    while (first > 0 && vswitch->extensions[first - 1]->extension->kind == kind) {
        first--;
    }
    while (last + 1 < count && vswitch->extensions[last + 1]->extension->kind == kind) {
        last++;
    }
    if (place == EXTENSION_TOP || place == EXTENSION_BOTTOM) {
        *to = place == EXTENSION_TOP ? first : last;
        return XSW_OK;
    }
    uint32_t at = extension_place_of(vswitch, other);
    if (at == count) {
        return extension_not_found(other, error);
    }
    if (at < first || at > last || at == from) {
        return error_set(
            error, XSW_INVALID,
            "extension %s: it can be moved before and after the others of its class, "
            "%s; %s is %s",
            moved->name, extension_kind_name(kind), other,
            at == from ? "itself" : extension_kind_name(vswitch->extensions[at]->extension->kind));
    }
    uint32_t behind = place == EXTENSION_AFTER ? at + 1 : at;
    *to = from < behind ? behind - 1 : behind;
    return XSW_OK;
}

enum xsw_status vswitch_extension_move(struct vswitch *vswitch, const char *name,
                                       enum extension_place place, const char *other,
                                       struct xsw_error *error)
{
    struct extension_instance *before[CONFIG_EXTENSIONS_MAX];
    struct extension_instance **list = vswitch->extensions;
    uint32_t from = extension_place_of(vswitch, name);
    uint32_t to = 0;
    if (from == vswitch->extension_count) {
        return extension_not_found(name, error);
    }
    enum xsw_status status = place_find(vswitch, from, place, other, &to, error);
    if (status != XSW_OK || to == from) {
        return status;
    }
    memcpy(before, list, sizeof(before));
    struct extension_instance *moved = list[from];
    if (to < from) {
        memmove(&list[to + 1], &list[to], (from - to) * sizeof(list[0]));
    } else {
        memmove(&list[from], &list[from + 1], (to - from) * sizeof(list[0]));
    }
    list[to] = moved;
    status = vswitch_publish(vswitch, error);
    if (status != XSW_OK) {
        memcpy(list, before, sizeof(before));
        return status;
    }
    extension_log(vswitch, "extension-moved", moved);
    return XSW_OK;
}

/* One for another ---------------------------------------------------------------------------- */

/* What the old one leaves to the one that comes: its name, place and numbers. */
static enum xsw_status heir_check(const struct extension_instance *old,
                                  const struct extension_instance *heir, struct xsw_error *error)
{
    if (strcmp(heir->extension->name, old->extension->name) != 0 ||
        heir->extension->kind != old->extension->kind) {
        return error_set(error, XSW_INVALID,
                         "extension %s: %s is the %s extension %s; expected another version of the "
                         "%s extension %s",
                         old->name, heir->path, extension_kind_name(heir->extension->kind),
                         heir->extension->name, extension_kind_name(old->extension->kind),
                         old->extension->name);
    }
    return XSW_OK;
}

/* Takes `heir`, which is destroyed when it cannot take over. It is of the same object with other
 * settings, or newer, and then it gets what the old one saves of the ports. */
static enum xsw_status replace(struct vswitch *vswitch, struct extension_instance *old,
                               struct extension_instance *heir, bool is_newer,
                               struct xsw_error *error)
{
    uint32_t place = extension_place_of(vswitch, old->name);
    heir->self = old->self;
    enum xsw_status status = heir_check(old, heir, error);
    if (status == XSW_OK && old->is_enabled) {
        status = extension_attach(heir, error);
    }
    if (status == XSW_OK && old->is_enabled && is_newer) {
        status = port_state_hand_over(vswitch, old, heir, error);
    }
    if (status == XSW_OK) {
        vswitch->extensions[place] = heir;
        heir->is_enabled = old->is_enabled;
        status = heir->is_enabled ? vswitch_publish(vswitch, error) : XSW_OK;
    }
    if (status != XSW_OK) {
        vswitch->extensions[place] = old;
        extension_destroy(heir);
        return status;
    }
    if (!is_newer) {
        heir->library_fd = old->library_fd;
        old->library_fd = -1;
    }
    features_settle(heir);
    extension_end(old);
    extension_bequeath(old, heir);
    worker_wake(vswitch->workers[0]);
    extension_destroy(old);
    return XSW_OK;
}

enum xsw_status vswitch_extension_set(struct vswitch *vswitch,
                                      const struct extension_config *config,
                                      struct xsw_error *error)
{
    struct extension_instance *old = NULL;
    struct extension_instance *heir = NULL;
    enum xsw_status status = instance_find(vswitch, config->name, &old, error);
    if (status != XSW_OK) {
        return status;
    }
    json_t *before = config_running_settings_json(vswitch, config->name);
    status = extension_create(config, vswitch, old, &heir, error);
    if (status == XSW_OK) {
        status = replace(vswitch, old, heir, false, error);
    }
    if (status == XSW_OK) {
        json_t *after = config_running_settings_json(vswitch, config->name);
        extension_log(vswitch, "extension-set", heir);
        change_log_settings(vswitch, config->name, before, after);
        json_decref(after);
    }
    json_decref(before);
    return status;
}

/* The settings that a person gave the instance; `settings` has room for all that it declares. */
static size_t settings_given(const struct extension_instance *instance,
                             struct extension_setting *settings)
{
    size_t count = 0;
    for (size_t i = 0; i < instance->extension->setting_count; i++) {
        const struct extension_setting_kept *kept = &instance->settings[i];
        if (kept->is_default) {
            continue;
        }
        struct extension_setting *setting = &settings[count++];
        snprintf(setting->name, sizeof(setting->name), "%s", instance->extension->settings[i].name);
        setting->texts = kept->texts;
        setting->text_count = kept->text_count;
    }
    return count;
}

enum xsw_status vswitch_extension_upgrade(struct vswitch *vswitch, const char *name,
                                          const char *path, struct xsw_error *error)
{
    struct extension_instance *old = NULL;
    struct extension_instance *heir = NULL;
    struct extension_setting settings[EXTENSION_SETTINGS_MAX];
    enum xsw_status status = instance_find(vswitch, name, &old, error);
    if (status != XSW_OK) {
        return status;
    }
    struct extension_config config = {.settings = settings,
                                      .setting_count = settings_given(old, settings)};
    snprintf(config.name, sizeof(config.name), "%s", old->name);
    snprintf(config.path, sizeof(config.path), "%s", path != NULL ? path : old->path);
    status = extension_create(&config, vswitch, NULL, &heir, error);
    if (status == XSW_OK) {
        status = replace(vswitch, old, heir, true, error);
    }
    if (status == XSW_OK) {
        extension_log(vswitch, "extension-upgraded", heir);
    }
    return status;
}
