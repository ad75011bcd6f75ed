/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_EXTENSION_HOST_H
#define XSW_SWITCH_EXTENSION_HOST_H

/*
 * Extension instances: the shared object, its checked settings, the state that the host allocated,
 * and the ids of its stages and reasons. Made and retired on the control thread; workers call the
 * operations through switch/stage_extension.c.
 */

#include <stdint.h>

#include <xsw/extension.h>

#include "switch/config.h"
#include "switch/reasons.h"
#include "switch/switch.h"

enum {
    EXTENSION_REASONS_MAX = 32,
    EXTENSION_SETTINGS_MAX = 32,
    EXTENSION_TEXTS_MAX = 1024, /* in a list */
    EXTENSION_STATE_MAX = 64 << 20
};

struct extension_setting_kept {
    const char **texts; /* owned, as are the texts */
    size_t text_count;
    uint8_t is_default;
};

struct extension_instance {
    const struct xsw_extension *extension;
    void *library;
    void *state;
    struct xsw_host host;
    char name[CONFIG_NAME_SIZE];
    char path[CONFIG_PATH_SIZE];          /* as it was found */
    uint16_t ingress_stage, egress_stage; /* ids; for a forwarder both are STAGE_FORWARD */
    uint16_t reason_ids[EXTENSION_REASONS_MAX];
    struct extension_setting_kept
        settings[EXTENSION_SETTINGS_MAX]; /* in force, by declared place */
    const struct vswitch_log *log;
    uint8_t is_initialized;
};

/* Loads the shared object and checks owner, mode, ABI and descriptor; nothing of it has run yet but
 * its constructors. */
enum xsw_status extension_load(const char *path, struct extension_instance *instance,
                               struct xsw_error *error) XSW_MUST_CHECK;

/* Loads, checks the settings, declares the reasons, allocates the state and runs init. Stage ids
 * are the caller's to give. `log` is borrowed. */
enum xsw_status extension_create(const struct extension_config *config, struct reasons *reasons,
                                 const struct vswitch_log *log,
                                 struct extension_instance **instance,
                                 struct xsw_error *error) XSW_MUST_CHECK;
/* For when no worker is inside any more: close, fini, free. Accepts null. */
void extension_destroy(struct extension_instance *instance);

/* a-z, 0-9 and '-', at most CONFIG_NAME_SIZE - 1 characters; null is not. */
int extension_name_is_valid(const char *text);

const char *extension_kind_name(uint32_t kind);

#endif
