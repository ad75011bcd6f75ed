/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_XSWD_ORPHANS_H
#define XSW_CMD_XSWD_ORPHANS_H

/*
 * Rings of capture sessions whose recorder died: its connection ended without capture.detach. The
 * session is stopped, so that the switch goes on as if it had never been; the rings stay, with what
 * the recorder had not written yet, until somebody has emptied them, ten minutes have passed, or
 * four younger ones have come.
 *
 * Threads: control thread.
 */

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "capture/session.h"
#include "switch/control/rpc.h"

enum { ORPHANS_MAX = 4, ORPHAN_SECONDS_MAX = 600 };

struct orphan {
    uint64_t number;      /* 0: this place is free */
    int fds[RPC_FDS_MAX]; /* our own, one a worker */
    size_t fd_count;
    uint32_t uid, pid;         /* of the recorder */
    uint64_t since_ns;         /* monotonic */
    bool hides_from_observers; /* its switch, which may be gone, held them to pseudonyms */
    json_t *about;             /* the session, its account, its switch */
    json_t *ended;             /* account, workers, stages: as capture.detach would have answered */
    json_t *dictionary;        /* of the switch, as it was then */
};

struct xswd_orphans {
    uint64_t last_number;
    struct orphan places[ORPHANS_MAX];
};

struct xswd_session;

/* Stops the session and keeps its rings, unless there is nothing in them: false. The session is to
 * be closed by the caller in any case. */
bool xswd_orphans_take(struct xswd_orphans *orphans, struct xswd_session *place);
/* Lets go of those that have been emptied or are too old, and gives their memory back. */
void xswd_orphans_tick(struct xswd_orphans *orphans);
void xswd_orphans_fini(struct xswd_orphans *orphans);

/* capture.orphans and capture.recover; the second is for who manages and for the recorder's user.
 */
enum xsw_status xswd_orphans_list(struct xswd_orphans *orphans, const struct rpc_caller *caller,
                                  const json_t *params, struct rpc_reply *reply,
                                  struct xsw_error *error);
enum xsw_status xswd_orphans_recover(struct xswd_orphans *orphans, const struct rpc_caller *caller,
                                     const json_t *params, struct rpc_reply *reply,
                                     struct xsw_error *error);

#endif
