/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_KERNEL_TELLER_H
#define XSW_CMD_KERNEL_TELLER_H

/*
 * The process that tells LTTng what the kernel drops behind the ports of all switches. xswd has not
 * the rights to read the kernel's events, and shall not have them; so `xsw trace start` leaves this
 * one behind. It loads the same provider as xswd, tells every session that records kernel_drop and
 * its like, and ends by itself when none does. An xswd that goes is waited for, so that tracing
 * goes on. One that dies is followed by another, which tells kernel_lost for the time between; as
 * does, again and again, one that cannot begin. There is one for each xswd: it holds a lock on the
 * file PATH.kernel beside the control socket, and writes there until when all is told.
 *
 * Threads: main only; the process has LTTng's too.
 */

#include <stdbool.h>

#include <xsw/error.h>

enum { KERNEL_TELLER_REMARK_SIZE = 360 };

/* Begins one when there is none; a session that records the events has to be there. `socket` may be
 * null, for the usual place. Returns when all that happens from then on is told. `remark` says what
 * is less good than it could be, or is "". */
enum xsw_status kernel_teller_start(const char *socket, char remark[KERNEL_TELLER_REMARK_SIZE],
                                    struct xsw_error *error) XSW_MUST_CHECK;
/* Waits until what has happened so far is told; not at all when there is none. */
void kernel_teller_flush(const char *socket);
bool kernel_teller_runs(const char *socket);

#endif
