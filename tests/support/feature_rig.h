/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TEST_FEATURE_RIG_H
#define XSW_TEST_FEATURE_RIG_H

/*
 * Features as a person uses them, in a few words: values are JSON with ' for ". What fails where it
 * must not fails the running test.
 */

#include <jansson.h>

#include "support/switch_rig.h"

/* Adds the notebook of tests/support/extensions, version 1, under `name`; settings as
 * "records=3 bytes=10 trouble=endless". */
enum xsw_status feature_rig_notebook(struct rig *rig, const char *name, const char *settings,
                                     struct xsw_error *error);
enum xsw_status feature_rig_add(struct rig *rig, const char *port, const char *feature, uint32_t id,
                                const char *values, struct xsw_error *error);
enum xsw_status feature_rig_set(struct rig *rig, const char *port, const char *feature, uint32_t id,
                                const char *values, struct xsw_error *error);
/* The entries of the feature are these, as JSON with ' for ". */
void feature_rig_expect(struct rig *rig, const char *port, const char *feature,
                        const char *expected);
/* A member of the status of the feature; the text is from malloc. */
json_int_t feature_rig_status(struct rig *rig, const char *port, const char *feature,
                              const char *member);
char *feature_rig_status_text(struct rig *rig, const char *port, const char *feature,
                              const char *member);
/* JSON with ' for ". */
json_t *feature_rig_json(const char *text);

#endif
