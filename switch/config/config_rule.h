/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_CONFIG_RULE_H
#define XSW_SWITCH_CONFIG_RULE_H

/*
 * A rule of a port's access list: out of JSON, into JSON, and as a line of text for people.
 *
 * Threads: any; nothing is kept.
 */

#include <stddef.h>

#include <jansson.h>

#include "switch/config/config.h"
#include "switch/config/config_node.h"

enum {
    CONFIG_RULE_TEXT_SIZE = 320 /* the longest rule fits */
};

/* Failures stick in the node's reader. direction and action must be there. */
void config_rule_read(const struct config_node *node, struct acl_rule *rule);
/* A new object in the shape that config_rule_read takes; null when memory is short. */
json_t *config_rule_json(const struct acl_rule *rule);
/* "deny in tcp dst 10.0.0.2 dst port 23" */
void config_rule_format(const struct acl_rule *rule, char text[CONFIG_RULE_TEXT_SIZE]);

#endif
