/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_FEATURES_STATUS_H
#define XSW_SWITCH_FEATURES_STATUS_H

/*
 * The run-time data of one feature, as JSON.
 *
 * Threads: control thread.
 */

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include <xsw/error.h>

#include "switch/extension/features.h"

/* Whether there is any now. */
bool feature_has_status(const struct feature *feature);
/* A new object with a member for each status field. port and id are the same port, "" and 0 for the
 * switch. */
enum xsw_status feature_status_json(struct vswitch *vswitch, const char *port, uint16_t id,
                                    const struct feature *feature, json_t **object,
                                    struct xsw_error *error) XSW_MUST_CHECK;

#endif
