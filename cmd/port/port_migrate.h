/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_PORT_MIGRATE_H
#define XSW_CMD_PORT_MIGRATE_H

/* A verb of xsw port. Threads: main only. */

struct command;

extern const char port_migrate_help[];
int port_migrate(struct command *command);

#endif
