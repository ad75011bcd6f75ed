/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_XSWD_LEAVINGS_H
#define XSW_CMD_XSWD_LEAVINGS_H

/*
 * Rings of capture sessions that were detached: their recorder takes the rest out of them. When it
 * has, or its connection ends, their memory is given back, so that a descriptor that somebody keeps
 * keeps no memory.
 *
 * Threads: control thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "switch/control/rpc.h"

enum { LEAVINGS_MAX = 64 };

struct leaving {
    int fds[RPC_FDS_MAX]; /* our own, one a worker */
    size_t fd_count;      /* 0: this place is free */
    uint64_t client;
    uint64_t number; /* by which the oldest is found */
    uint32_t uid;
};

struct xswd_leavings {
    uint64_t last_number;
    struct leaving places[LEAVINGS_MAX];
};

/* What was written to rings and is still to be read. */
uint64_t rings_bytes_left(const int *fds, size_t count);
/* Gives the memory of rings back at once. */
void rings_punch(const int *fds, size_t count);

/* Of a session that has been stopped; its rings are the caller's still. When there is no place, the
 * oldest goes. */
void xswd_leavings_take(struct xswd_leavings *leavings, const int *fds, size_t count,
                        const struct rpc_caller *caller);
/* Lets go of what has been emptied. */
void xswd_leavings_tick(struct xswd_leavings *leavings);
void xswd_leavings_client_gone(struct xswd_leavings *leavings, uint64_t client);
/* How many the user has. */
size_t xswd_leavings_of(const struct xswd_leavings *leavings, uint32_t uid);
/* Without giving memory back: recorders may go on when the daemon has ended. */
void xswd_leavings_fini(struct xswd_leavings *leavings);

#endif
