/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_FEATURES_TABLE_H
#define XSW_SWITCH_FEATURES_TABLE_H

/*
 * The built-in features: their schemas, and which members of the configuration's JSON hold their
 * values. With both, every verb and every property of a built-in feature is made of the readers and
 * writers that the configuration has anyway (switch/config/config_json.h,
 * switch/config/config_rule.h).
 *
 * Threads: constant.
 */

#include <stddef.h>

#include <xsw/extension.h>

enum built_in_kind {
    BUILT_IN_PORT,   /* members of a port's configuration */
    BUILT_IN_RULE,   /* an entry of a port's access list */
    BUILT_IN_SWITCH, /* members of the switch's configuration */
    BUILT_IN_STATUS  /* nothing to configure */
};

enum { BUILT_IN_STATUS_MAX = 8 };

struct built_in {
    struct xsw_feature_info info;
    enum built_in_kind kind;
    /* By field: the member, or "MEMBER.MEMBER". A text field whose member is a number in JSON has a
     * '#' before it. */
    const char *const *paths;
    /* Extensions are asked and told about it as a property. */
    int is_property;
    /* A new value of the first field ends the others, which belonged to the old one. */
    int is_led_by_first;
};

extern const struct built_in built_ins[];
extern const size_t built_in_count;

#endif
