/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_EXTCAP_LIST_H
#define XSW_CMD_EXTCAP_LIST_H

/* What Wireshark asks before a capture, answered on standard output in the lines of extcap. */

#include "cmd/client.h"

/* The socket that is named, that of $XSW_SOCKET, or that of the user; an ordinary user who has no
 * xswd may belong to the group that watches that of the system. */
enum xsw_status extcap_connect(const char *socket, struct client **client,
                               struct xsw_error *error) XSW_MUST_CHECK;

/* Every switch and every port; one interface that stands for any when there is none. */
void extcap_interfaces_print(void);
/* The options of an interface. */
void extcap_config_print(void);

#endif
