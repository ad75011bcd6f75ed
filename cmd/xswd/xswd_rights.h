/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_XSWD_RIGHTS_H
#define XSW_CMD_XSWD_RIGHTS_H

/*
 * The rights of the daemon: what its ports need and nothing more, so that a mistake in it, or in an
 * extension, is not a mistake with all the rights of root.
 *
 * Threads: main, before any other is made: rights belong to threads, which inherit them.
 */

#include <stddef.h>

#include <xsw/error.h>

enum { RIGHTS_TEXT_SIZE = 96 };

/* Gives up all capabilities but those of ports, for good: from the bounding set too, and nothing
 * that is executed gets any back. Of those that are kept, only what the process had before. `text`
 * becomes their names, "net_admin,net_raw", for the log. */
enum xsw_status rights_reduce(char text[RIGHTS_TEXT_SIZE], struct xsw_error *error) XSW_MUST_CHECK;

#endif
