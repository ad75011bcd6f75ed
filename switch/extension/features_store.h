/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_FEATURES_STORE_H
#define XSW_SWITCH_FEATURES_STORE_H

/*
 * The values of the features that extensions declare, by port and name of the instance. They belong
 * to the configuration and not to an instance's state: they are there while the instance is
 * disabled, and when it is replaced by another of the same name.
 *
 * Threads: control thread.
 */

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include <xsw/error.h>

#include "switch/extension/features.h"

/* An entry as it is stored. */
struct feature_value {
    uint16_t port; /* 0: the switch */
    char name[FEATURE_NAME_SIZE];
    uint32_t id;    /* of a list's entry; 0 of a single value */
    json_t *values; /* owned; all fields are in it */
};

/* By place, in ascending port and in the order in which they were added; null behind the last. */
const struct feature_value *features_value(const struct vswitch *vswitch, size_t place);

/* Asks the extensions and stores. `values` is as feature_values_read gives it, with all fields. */
enum xsw_status features_value_add(struct vswitch *vswitch, uint16_t port,
                                   const struct feature *feature, json_t *values, uint32_t *id,
                                   struct xsw_error *error) XSW_MUST_CHECK;
/* Fields that `values` lacks stay as they are. */
enum xsw_status features_value_set(struct vswitch *vswitch, uint16_t port,
                                   const struct feature *feature, uint32_t id, json_t *values,
                                   struct xsw_error *error) XSW_MUST_CHECK;
enum xsw_status features_value_remove(struct vswitch *vswitch, uint16_t port,
                                      const struct feature *feature, uint32_t id,
                                      struct xsw_error *error) XSW_MUST_CHECK;

/* Brings an instance that has just been started everything that is stored for its features, as
 * additions. Values that its schema does not take any more, or that it refuses, fail. */
enum xsw_status features_deliver(struct extension_instance *instance,
                                 struct xsw_error *error) XSW_MUST_CHECK;
/* When the instance is in force: fields that only its schema has get their defaults. */
void features_settle(struct extension_instance *instance);
/* Replaces the values at a place, without a word to anybody. Takes `values`. */
void features_value_replace(struct vswitch *vswitch, size_t place, json_t *values);

#endif
