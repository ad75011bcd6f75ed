/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_EXIT_CODES_H
#define XSW_CMD_EXIT_CODES_H

/* How every command of ours ends. */
enum {
    EXIT_DONE = 0,
    EXIT_FOUND = 1, /* what a script acts on: the thing is not there, a proof failed */
    EXIT_USAGE = 2,
    EXIT_FAILED = 3
};

#endif
