/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_CONFIG_POLICY_H
#define XSW_SWITCH_CONFIG_POLICY_H

/*
 * The policies of a port between JSON and struct port_config: VLANs, guards, storm limit,
 * bandwidth, mirror, required extensions. The rest of a port is in switch/config/config_json.c.
 *
 * Threads: control thread.
 */

#include <jansson.h>

#include "switch/config/config.h"
#include "switch/config/config_node.h"

/* Reads the members of the port object that are policies. "vlan" starts from nothing when it is
 * there; of all others, what is absent stays as it is. */
void config_policy_read(const struct config_node *port, struct port_config *config);
/* Sets the members of `port`; 0 when all could be set. Storm limit, bandwidth, mirror and required
 * extensions are left out where there are none. */
int config_policy_set(json_t *port, const struct port_config *config);

/* For the readers of parts: a number of 32 bits; a name of ours, which may be empty. */
void config_number32_read(const struct config_node *object, const char *name, int64_t minimum,
                          int64_t maximum, uint32_t *number);
void config_name_read(const struct config_node *object, const char *name,
                      char text[CONFIG_NAME_SIZE]);
/* Fails when the object has the member. */
void config_member_refuse(const struct config_node *object, const char *name, const char *why);

#endif
