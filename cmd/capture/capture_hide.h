/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_CAPTURE_HIDE_H
#define XSW_CMD_CAPTURE_HIDE_H

/*
 * What a recording with pseudonyms says beside its packets. The switch's configuration, the texts
 * of rules, filters and expressions name addresses in so many ways that they are left out; names
 * that look like an address are given up for a number.
 *
 * Threads: any.
 */

#include <stdbool.h>

#include <jansson.h>

/* Whether the session of this reply of capture.attach has pseudonyms. */
bool capture_hides(const json_t *attached);
/* In place: the reply's filter, expression and names, so far as they are there. */
void capture_hide_session(json_t *attached);
/* In place: a dictionary of the switch. */
void capture_hide_dictionary(json_t *dictionary);

#endif
