/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_EXTENSION_HOST_H
#define XSW_SWITCH_EXTENSION_HOST_H

/*
 * Extension instances: the shared object, its checked settings, the state that the host allocated,
 * and the ids of its stages and reasons. Made and retired on the control thread; workers call the
 * operations through switch/path/stage_extension.c.
 *
 * An instance is configured as long as it is in vswitch.extensions. It runs, is in the pipeline and
 * is told of changes only while it is enabled: a disabled one has no state. What a descriptor may
 * have or lack, by its age, is laid out here in full, so that nobody else needs XSW_HAS for it.
 */

#include <stdint.h>

#include <xsw/extension.h>

#include "switch/config/config.h"
#include "switch/path/reasons.h"
#include "switch/switch.h"

enum {
    EXTENSION_REASONS_MAX = 32,
    EXTENSION_SETTINGS_MAX = 32,
    EXTENSION_TEXTS_MAX = 1024, /* in a list */
    EXTENSION_STATE_MAX = 64 << 20,
    EXTENSION_FEATURES_MAX = 16,
    EXTENSION_FIELDS_MAX = 32 /* of a feature, and of its status */
};

struct vswitch;
struct frame_queue;

/* Stands between the switch and the extensions that it loads from now on: what `replace` returns is
 * taken for the descriptor that was found, and checked, in the library. For who examines extensions
 * on a real switch (certify/spy.h). */
struct extension_interposer {
    const struct xsw_extension *(*replace)(void *context, void *library,
                                           const struct xsw_extension *found);
    void *context;
};
/* `interposer` is borrowed for the life of the switch. */
void vswitch_interpose(struct vswitch *vswitch, const struct extension_interposer *interposer);

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
    struct vswitch *vswitch;              /* the switch that it is on */
    struct frame_queue *frames;           /* what `send` originates; null unless it ORIGINATES */
    int library_fd;                       /* what the library was loaded from; -1: its path */
    uint16_t self;                        /* host.self, for ever: new settings do not change it */
    uint8_t is_enabled;                   /* it has a state and is in the pipeline */
    uint8_t is_initialized;               /* init has returned XSW_OK and fini was not called yet */
    uint8_t is_starting;                  /* it is inside init */
    uint8_t is_leaving; /* it is not called any more; what it originates at its end goes out */
    /* Of the descriptor: null or zero where it has none, or is too old to know. */
    uint64_t tick_ns; /* 0: no tick */
    void (*tick)(void *state, uint32_t worker, uint64_t now_ns);
    uint32_t enforces;              /* XSW_POLICY_* */
    struct xsw_control_ops control; /* all null when it has no control operations */
    struct xsw_feature_info features[EXTENSION_FEATURES_MAX];
    uint32_t feature_count;
};

/* Loads the shared object and checks owner, mode, ABI and descriptor; nothing of it has run yet but
 * its constructors. The file may be replaced afterwards, and the new one loaded beside it. */
enum xsw_status extension_load(const char *path, struct extension_instance *instance,
                               struct xsw_error *error) XSW_MUST_CHECK;
/* The same object once more, for another instance, whatever lies at its path now. It stays loaded
 * only while the first one, or who has taken its library_fd, lives. */
enum xsw_status extension_load_again(const struct extension_instance *loaded,
                                     struct extension_instance *instance,
                                     struct xsw_error *error) XSW_MUST_CHECK;
/* Also after extension_load has failed. */
void extension_unload(struct extension_instance *instance);
/* Lays out the optional members of the descriptor; the rest of it has been checked. */
enum xsw_status extension_check_options(struct extension_instance *instance,
                                        struct xsw_error *error) XSW_MUST_CHECK;

/* Loads, checks the settings and declares the reasons: a disabled instance. Stage ids and `self`
 * are the caller's to give. loaded: another instance whose object is taken; null: the file is
 * loaded. */
enum xsw_status extension_create(const struct extension_config *config, struct vswitch *vswitch,
                                 const struct extension_instance *loaded,
                                 struct extension_instance **instance,
                                 struct xsw_error *error) XSW_MUST_CHECK;
/* Allocates the state and runs init. */
enum xsw_status extension_start(struct extension_instance *instance,
                                struct xsw_error *error) XSW_MUST_CHECK;
/* close and fini, for when no worker is inside any more. Once; nothing is freed. */
void extension_end(struct extension_instance *instance);
/* What it has originated and no worker has taken becomes the heir's. */
void extension_bequeath(struct extension_instance *instance, struct extension_instance *heir);
/* For when no worker is inside any more: close, fini, and the end of its references. It may be
 * started again. */
void extension_stop(struct extension_instance *instance);
/* Stops it and frees all. Accepts null. */
void extension_destroy(struct extension_instance *instance);
/* The operation `second` of all enabled instances of the switch. */
void extensions_second(struct vswitch *vswitch);

/* a-z, 0-9 and '-', at most CONFIG_NAME_SIZE - 1 characters; null is not. */
int extension_name_is_valid(const char *text);

const char *extension_kind_name(uint32_t kind);

/* Where extensions are that are named without a path. */
const char *extension_folder(void);

#endif
