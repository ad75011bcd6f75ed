/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_BLACKBOX_H
#define XSW_CMD_BLACKBOX_H

/* xsw blackbox. argv[0] is the subcommand's name; returns the exit code. */

int cmd_blackbox(int argc, char **argv);

#endif
