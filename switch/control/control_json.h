/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_CONTROL_JSON_H
#define XSW_SWITCH_CONTROL_JSON_H

/*
 * Pieces of replies that several methods share. All return new objects, null when memory is short.
 *
 * Threads: control thread.
 */

#include <jansson.h>

#include "switch/switch.h"

json_t *control_port_counters_json(const struct port_counters *counters);
json_t *control_switch_json(struct vswitch *vswitch);
json_t *control_mac_counters_json(struct vswitch *vswitch);
json_t *control_extension_json(struct vswitch *vswitch, const struct extension_info *info);
/* The extensions of the installed folder. */
json_t *control_installed_json(struct vswitch *vswitch);

#endif
