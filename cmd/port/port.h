/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_PORT_H
#define XSW_CMD_PORT_H

/* What the commands about ports and NICs share. Threads: main only. */

#include <jansson.h>

struct command;

/* Takes the name of a port and all words behind it, as in `xsw port add`; null after an error. */
json_t *port_read(struct command *command);
/* In one word: the state of its link when it is connected, else where it is in its life. */
const char *port_state_text(const json_t *port);

/* The verb `xsw port validate`. Returns the exit code. */
int port_validate(struct command *command);
/* The verbs `xsw port save` and `xsw port restore`. They return the exit code. */
int port_save(struct command *command);
int port_restore(struct command *command);
extern const char port_save_help[];

#endif
