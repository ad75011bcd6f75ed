/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_FEATURES_BUILT_IN_H
#define XSW_SWITCH_FEATURES_BUILT_IN_H

/*
 * The values of built-in features, taken out of the JSON of a configuration and put back into it.
 *
 * Threads: control thread.
 */

#include <jansson.h>

#include <xsw/error.h>

#include "switch/config/config_node.h"
#include "switch/extension/features.h"
#include "switch/extension/features_table.h"

struct port_slot;

/* Null when there is none of that name. */
const struct built_in *built_in_find(const char *name);

/* The fields that the configuration, a port's, a rule's or a switch's, has. Null: no memory. */
json_t *built_in_values(const struct built_in *built_in, const json_t *config);
/* Replaces them; null: all are taken out. */
enum xsw_status built_in_store(const struct built_in *built_in, json_t *config,
                               const json_t *values) XSW_MUST_CHECK;

/* The verbs of vswitch_feature_add, set and remove; `values` as feature_values_read gives them. */
enum xsw_status built_in_port_change(struct vswitch *vswitch, const struct built_in *built_in,
                                     const char *port, const json_t *values,
                                     struct xsw_error *error) XSW_MUST_CHECK;
enum xsw_status built_in_switch_change(struct vswitch *vswitch, const struct built_in *built_in,
                                       const json_t *values,
                                       struct xsw_error *error) XSW_MUST_CHECK;
/* *id: 0 for the next free one. */
enum xsw_status built_in_rule_add(struct vswitch *vswitch, const struct built_in *built_in,
                                  const char *port, const json_t *values, uint32_t *id,
                                  struct xsw_error *error) XSW_MUST_CHECK;
enum xsw_status built_in_rule_set(struct vswitch *vswitch, const struct built_in *built_in,
                                  const char *port, uint32_t id, const json_t *values,
                                  struct xsw_error *error) XSW_MUST_CHECK;
/* Appends {"feature","id","values"} for what is there; of "acl", for each rule. */
enum xsw_status built_in_get(struct vswitch *vswitch, const struct built_in *built_in,
                             const char *port, json_t *entries,
                             struct xsw_error *error) XSW_MUST_CHECK;

#endif
