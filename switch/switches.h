/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_SWITCHES_H
#define XSW_SWITCH_SWITCHES_H

/*
 * The switches of one daemon. Each has workers, ports, extensions, addresses and captures of its
 * own, and knows nothing of the others; what they share is this list and the control socket. A
 * request says which one it means by name (see rpc_table.resolve).
 *
 * Threads: control thread.
 */

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include <xsw/error.h>

#include "switch/config/config_file.h"
#include "switch/switch.h"

enum { SWITCHES_MAX = CONFIG_SWITCHES_MAX };

struct switches;

/* A switch with the log that adds its name to each line. */
struct switches_entry {
    struct switches *owner;
    struct vswitch *vswitch;
};

struct switches {
    struct switches_entry *entries[SWITCHES_MAX]; /* in the order in which they were made */
    size_t count;
    struct vswitch_log log;
    /* Why a switch must stay: XSW_OK when it may go. Null: it may. */
    enum xsw_status (*may_remove)(void *context, struct vswitch *vswitch, struct xsw_error *error);
    void *may_remove_context;
    /* Told before a switch is destroyed by switches_remove. May be null. */
    void (*removing)(void *context, struct vswitch *vswitch);
    void *removing_context;
};

/* Makes the switch, applies its configuration, activates and starts it. On failure nothing of it is
 * left. */
enum xsw_status switches_add(struct switches *switches, const struct config *config,
                             struct xsw_error *error) XSW_MUST_CHECK;
/* One with ports goes only when `is_forced`. */
enum xsw_status switches_remove(struct switches *switches, const char *name, bool is_forced,
                                struct xsw_error *error) XSW_MUST_CHECK;
/* name: null for the only one; when there are several, the error lists them. */
enum xsw_status switches_find(const struct switches *switches, const char *name,
                              struct vswitch **vswitch, struct xsw_error *error) XSW_MUST_CHECK;
/* New settings; a name must be no other switch's. */
enum xsw_status switches_set(const struct switches *switches, struct vswitch *vswitch,
                             const struct switch_config *config,
                             struct xsw_error *error) XSW_MUST_CHECK;
/* About once a second. */
void switches_tick(const struct switches *switches);
/* Destroys all, the newest first. */
void switches_fini(struct switches *switches);

/* For rpc_table.resolve; the context is a struct switches: the first gives the switch, the second,
 * for methods of the daemon itself, checks the name and gives the list. */
enum xsw_status switches_resolve(void *context, const char *name, void **resolved,
                                 struct xsw_error *error);
enum xsw_status switches_resolve_all(void *context, const char *name, void **resolved,
                                     struct xsw_error *error);

#endif
