/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_CAPTURE_PRIVACY_H
#define XSW_CMD_CAPTURE_PRIVACY_H

/*
 * The options of xsw capture by which it sees less of packets: capture/privacy/privacy.h.
 */

#include <stdbool.h>

#include <jansson.h>

enum capture_privacy_option {
    CAPTURE_PRIVACY_HEADERS = 600,
    CAPTURE_PRIVACY_MASK,
    CAPTURE_PRIVACY_PSEUDONYMS /* its value may be null: the daemon's own key */
};

/* Puts the option into the member "privacy" of `rules`; a key is read from the file that `text`
 * names. False, with an error for people by `command`, when that cannot be. */
bool capture_privacy_take(const char *command, int option, const char *text, json_t *rules);

#endif
