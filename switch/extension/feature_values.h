/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_FEATURE_VALUES_H
#define XSW_SWITCH_FEATURE_VALUES_H

/*
 * The values of one entry of a feature: out of JSON that somebody wrote, into a checked object with
 * a member for each field, and from there into what an extension is shown.
 *
 * Threads: control thread; nothing is kept.
 */

#include <stddef.h>

#include <jansson.h>

#include <xsw/error.h>
#include <xsw/extension.h>

#include "switch/config/config_node.h"
#include "switch/extension/features.h"

/* Checks names, types and ranges, and gives a new object with numbers, booleans, texts and lists of
 * texts; a number above 2^63-1 is a text in it. Only fields that were given are in it. Failures
 * stick in the node's reader; the result is null then. */
json_t *feature_values_read(const struct config_node *node, const struct xsw_feature_info *info);

/* Sets the fields that `values` lacks to their defaults. A text without a default that was not
 * given is XSW_INVALID. */
enum xsw_status feature_values_fill(json_t *values, const struct xsw_feature_info *info,
                                    struct xsw_error *error) XSW_MUST_CHECK;

/* Shows `object` as a property: makes the values, calls `each`, frees them. */
struct feature_entry {
    const char *name;
    const struct xsw_feature_info *info;
    uint32_t own;
    uint32_t id;
    const json_t *object;
};
enum xsw_status feature_entry_show(const struct feature_entry *entry, feature_each *each,
                                   void *context) XSW_MUST_CHECK;

#endif
