/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_EXTENSION_CHECK_H
#define XSW_CMD_EXTENSION_CHECK_H

/* xsw extension check: the certification kit. It talks to no daemon. */

struct command;

extern const char extension_check_help[];

int extension_check(struct command *command); /* returns the exit code */

#endif
