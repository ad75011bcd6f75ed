/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_CONFIG_JSON_H
#define XSW_SWITCH_CONFIG_JSON_H

/*
 * The values of switch/config/config.h out of JSON and into JSON: one shape for the configuration
 * file, for requests and for replies. Readers overlay: members that are absent leave the value as
 * the caller set it, so that a default, or a port as it is now, is the start.
 *
 * Failures stick in the node's reader. Threads: control thread.
 */

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include <xsw/error.h>

#include "switch/config/config.h"
#include "switch/config/config_node.h"

void config_switch_read(const struct config_node *node, struct switch_config *config);
json_t *config_switch_json(const struct switch_config *config);

/* "name" must be there. "acl" is accepted when has_acl is set; config_rules_read reads it. */
void config_port_read(const struct config_node *node, bool has_acl, struct port_config *config);
json_t *config_port_json(const struct port_config *config);
const char *config_port_kind_name(enum port_kind kind);

/* The rules of a port's "acl" member. *rules is from malloc, null for none. */
void config_rules_read(const struct config_node *port, struct acl_rule **rules, size_t *count);

/* An extension's configuration with the memory that its texts need. */
struct config_extension {
    struct extension_config config;
    struct extension_setting *settings;
    const char **pointers;
    json_t *texts; /* keeps the strings alive that `pointers` point to */
};

enum {
    CONFIG_SETTINGS_MAX = 32,        /* of an instance, as the extension ABI allows */
    CONFIG_SETTING_TEXTS_MAX = 1024, /* of a list */
    CONFIG_SETTING_TEXT_SIZE = 4096
};

/* Begins with an empty configuration. config_extension_fini is to be called also after a failure.
 */
void config_extension_read(const struct config_node *node, struct config_extension *extension);
void config_extension_fini(struct config_extension *extension);

#endif
