/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_CONFIGURATION_H
#define XSW_CMD_CONFIGURATION_H

/* The configuration in force, for xsw config and xsw switch. Threads: main only. */

struct command;

/* A verb: prints that of the switch that is named by --switch or $XSW_SWITCH, else of all. Returns
 * the exit code. */
int configuration_show(struct command *command);

#endif
