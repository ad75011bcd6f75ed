/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_TOP_H
#define XSW_CMD_TOP_H

/* `xsw top [FILE]`: see xsw-top(1). argv[0] is "top"; returns the exit status. */
int cmd_top(int argc, char **argv);

#endif
