/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_CONFIGURATION_H
#define XSW_CMD_CONFIGURATION_H

/* The configuration in force, for xsw config and xsw switch. Threads: main only. */

#include <jansson.h>

struct command;

/* Of the switch that is named by --switch or $XSW_SWITCH, else of all. Returns the exit code. */
int configuration_fetch(const struct command *command, json_t **configuration);
/* A verb: prints it. */
int configuration_show(struct command *command);

#endif
