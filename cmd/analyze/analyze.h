/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_ANALYZE_H
#define XSW_CMD_ANALYZE_H

/* `xsw analyze FILE…`: see xsw-analyze(1). argv[0] is "analyze"; returns the exit status. */
int cmd_analyze(int argc, char **argv);

#endif
