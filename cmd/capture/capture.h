/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_CAPTURE_H
#define XSW_CMD_CAPTURE_H

/* `xsw capture`; argv[0] is the subcommand's name. Returns the exit code. */
int cmd_capture(int argc, char **argv);

#endif
