/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CAPTURE_PRIVACY_POLICY_H
#define XSW_CAPTURE_PRIVACY_POLICY_H

/*
 * What a capture session asks for by way of privacy, what the switch's configuration lets those who
 * only observe see at most (struct observers_config), and what comes of the two.
 *
 * Threads: control thread.
 */

#include <stdbool.h>

#include <jansson.h>

#include <xsw/error.h>

#include "capture/privacy/privacy.h"
#include "switch/config/config.h"
#include "switch/config/config_node.h"

/* Reads the member "privacy" of the parameters of capture.attach, {"headers_only": bool,
 * "mask_payload": bool, "pseudonyms": bool, "key": 64 hexadecimal digits}; all of it may be left
 * out. `has_key` says whether a key was given. */
void privacy_options_read(const struct config_node *params, struct privacy_options *options,
                          bool *has_key);

/*
 * Makes of what a session asks for what it gets. With pseudonyms and no key of its own it gets
 * `daemon_key`. Who may not manage gets at least what `observers` says; when that forces
 * pseudonyms, the key is the daemon's, since who knows the key can turn pseudonyms back into
 * addresses: a key of the session's own is refused (XSW_DENIED), and so is a filter or metadata
 * expression (`has_filter`) where the configuration forbids them.
 */
enum xsw_status privacy_options_settle(struct privacy_options *options, bool has_key,
                                       bool has_filter, const struct observers_config *observers,
                                       bool may_manage,
                                       const uint8_t daemon_key[PSEUDONYM_KEY_SIZE],
                                       struct xsw_error *error) XSW_MUST_CHECK;

/* For replies and files: {"headers_only": bool, "mask_payload": bool, "pseudonyms": bool}. Never
 * the key. */
json_t *privacy_options_json(const struct privacy_options *options);

#endif
