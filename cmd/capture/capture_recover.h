/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_CAPTURE_RECOVER_H
#define XSW_CMD_CAPTURE_RECOVER_H

/* xsw capture orphans and xsw capture recover: what recorders that died left in their rings. */

struct command;

int capture_orphans(struct command *command);
int capture_recover(struct command *command);

#endif
