/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_EXTCAP_H
#define XSW_CMD_EXTCAP_H

#include <stdbool.h>

/* `xsw extcap`, which Wireshark runs under the name xsw-extcap: what it can capture from, and the
 * capture itself. Returns the exit code. */
int cmd_extcap(int argc, char **argv);

/* True when this is the name, perhaps with a path, under which Wireshark runs xsw. */
bool extcap_is_name(const char *program);

#endif
