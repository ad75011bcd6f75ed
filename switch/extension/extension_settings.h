/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_EXTENSION_SETTINGS_H
#define XSW_SWITCH_EXTENSION_SETTINGS_H

/*
 * The settings of an instance: read when it is made, kept as texts while it lives, given as values
 * to init each time that it starts. And what is common to settings and the fields of features.
 *
 * Threads: control thread.
 */

#include "switch/extension/extension_host.h"

/* Fills instance->settings; extension_settings_fini is to be called also after a failure. */
enum xsw_status extension_settings_keep(const struct extension_config *config,
                                        struct extension_instance *instance,
                                        struct xsw_error *error) XSW_MUST_CHECK;
void extension_settings_fini(struct extension_instance *instance);
/* values: EXTENSION_SETTINGS_MAX of them; the texts stay the instance's. */
enum xsw_status extension_settings_values(const struct extension_instance *instance,
                                          struct xsw_setting *values,
                                          struct xsw_error *error) XSW_MUST_CHECK;

/* A number in its range, or true and false; returns whether it is one. */
int setting_number_parse(const struct xsw_setting_info *info, const char *text, uint64_t *number);
/* "a number from 0 to 7": what a person could have given. */
void setting_expected(const struct xsw_setting_info *info, char *text, size_t size);

#endif
