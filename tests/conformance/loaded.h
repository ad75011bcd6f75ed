/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TEST_LOADED_H
#define XSW_TEST_LOADED_H

/*
 * The least of a host: loads an extension, fills in its settings, and keeps its state. For tests of
 * extensions without a switch.
 */

#include <stddef.h>
#include <stdint.h>

#include <xsw/extension.h>

#include "conformance/services.h"

enum { LOADED_SETTINGS_MAX = 32, LOADED_TEXTS_MAX = 32 };

struct loaded {
    struct services *offered; /* points to the next member */
    struct services services;
    void *handle;
    const struct xsw_extension *descriptor;
    struct xsw_host host;
    struct xsw_setting settings[LOADED_SETTINGS_MAX];
    const char *texts[LOADED_SETTINGS_MAX][LOADED_TEXTS_MAX];
    void *state;
    unsigned logged; /* lines */
};

/* Returns a sentence about what is wrong, null when nothing is. */
const char *loaded_open(struct loaded *loaded, const char *path);
void loaded_close(struct loaded *loaded);

/* All settings as they are when nobody gives them; a text that must be given is empty. */
void loaded_defaults(struct loaded *loaded);

/* "name=value"; given again for a list it appends. The text must outlive the next init. */
const char *loaded_set(struct loaded *loaded, const char *assignment);

/* A new zeroed state, then init with the settings; fini ends it. */
enum xsw_status loaded_init(struct loaded *loaded, struct xsw_error *error);
void loaded_fini(struct loaded *loaded);

#endif
