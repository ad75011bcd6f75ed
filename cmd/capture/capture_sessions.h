/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_CAPTURE_SESSIONS_H
#define XSW_CMD_CAPTURE_SESSIONS_H

/* xsw capture list, show, set and stop: the capture sessions of a switch, seen from outside. */

#include <stdbool.h>

#include <jansson.h>

struct command;

/* Whether the first word of xsw capture, behind options that all commands have, is one of these and
 * no filter expression. */
bool capture_is_about_sessions(int argc, char **argv);
int cmd_capture_sessions(int argc, char **argv);
/* A new list of those of which some worker does less than they want, since they are over their
 * budget. Returns the exit code; what goes wrong has been said. */
int capture_sessions_reduced(const struct command *command, json_t **sessions);

#endif
