/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_KERNEL_LOCK_H
#define XSW_CMD_KERNEL_LOCK_H

/*
 * The file PATH.kernel beside the control socket of an xswd: whoever tells LTTng what the kernel
 * drops behind its ports holds a lock on it, so that there is one. The lock belongs to the open
 * file, and goes with the process that has it. The file stays when nobody holds it: removing it
 * would let two hold it.
 *
 * Threads: main only.
 */

#include <stdbool.h>

#include <xsw/error.h>

/* `socket` may be null, for the usual place; flags: O_CREAT or 0. -1: it cannot be opened. */
int kernel_lock_open(const char *socket, int flags, struct xsw_error *error);
bool kernel_lock_take(int fd);
void kernel_lock_give(int fd);
/* By anybody. */
bool kernel_lock_is_held(int fd);

#endif
