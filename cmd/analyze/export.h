/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_EXPORT_H
#define XSW_CMD_EXPORT_H

/* `xsw export`; argv[0] is the subcommand's name. Returns the exit code. */
int cmd_export(int argc, char **argv);

#endif
