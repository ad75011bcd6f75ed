/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_TRACE_SESSION_H
#define XSW_CMD_TRACE_SESSION_H

/*
 * LTTng sessions through liblttng-ctl: what lttng(1) does, in the words of xsw. The sessions are
 * ordinary ones, and lttng list shows them.
 *
 * Threads: main only.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xsw/error.h>

enum {
    TRACE_NAME_SIZE = 256,
    TRACE_PATH_SIZE = 4096,
    TRACE_LIVE_US = 200000,
    TRACE_DISK_LOW_BYTES =
        1 << 20 /* a disk with less than that is full: buffers are written whole */
};

enum trace_mode {
    TRACE_SNAPSHOT, /* in memory, the oldest is overwritten; written when asked */
    TRACE_LOCAL,    /* into a folder */
    TRACE_REMOTE,   /* to a relay daemon */
    TRACE_LIVE      /* to the relay daemon of this host, to be followed */
};

struct trace_plan {
    const char *name;
    enum trace_mode mode;
    uint64_t kinds;     /* switch_event_bit() of the events to record */
    const char *target; /* a folder, or the URL of a relay daemon; null: as mode says */
    bool has_kernel;    /* what the kernel drops behind ports too: see cmd/trace/kernel_teller.h */
    const char *filter; /* of lttng-enable-event(1); null: none */
};

/* Which kinds a profile records: drops, changes, control, all. XSW_INVALID names those that there
 * are. */
enum xsw_status trace_profile(const char *name, uint64_t *kinds,
                              struct xsw_error *error) XSW_MUST_CHECK;

/* Makes the session and starts it. On failure nothing of it is left. */
enum xsw_status trace_session_start(const struct trace_plan *plan,
                                    struct xsw_error *error) XSW_MUST_CHECK;

/* What is known of a session. */
struct trace_session {
    char name[TRACE_NAME_SIZE];
    char path[TRACE_PATH_SIZE]; /* as LTTng says it; empty for one in memory */
    enum trace_mode mode;
    bool is_running;
    bool has_kernel;          /* what the kernel drops is asked for */
    uint64_t lost_events;     /* for which there was no room */
    uint64_t overwritten;     /* packets of events that a newer one took the place of */
    uint64_t disk_free_bytes; /* TRACE_LOCAL; else UINT64_MAX */
    uint64_t cut_bytes;       /* by its end: of a packet that the disk had no room for */
};

/* Sessions that record events of xsw. From malloc. */
enum xsw_status trace_sessions_list(struct trace_session **sessions, size_t *count,
                                    struct xsw_error *error) XSW_MUST_CHECK;
/* XSW_NOT_FOUND. */
enum xsw_status trace_session_find(const char *name, struct trace_session *session,
                                   struct xsw_error *error) XSW_MUST_CHECK;
/* Stops it, waits until all is written, says in `session` what came of it, and destroys it. Where
 * the disk was full the torn end is cut off, so that the rest can be read. */
enum xsw_status trace_session_stop(const char *name, struct trace_session *session,
                                   struct xsw_error *error) XSW_MUST_CHECK;
/* folder: null for the one of the session. `path` says where the snapshot is. */
enum xsw_status trace_session_snapshot(const char *name, const char *folder,
                                       char path[TRACE_PATH_SIZE],
                                       struct xsw_error *error) XSW_MUST_CHECK;
/* Closes what was written so far, for readers; `path` says where it is. */
enum xsw_status trace_session_rotate(const char *name, char path[TRACE_PATH_SIZE],
                                     struct xsw_error *error) XSW_MUST_CHECK;

/* What LTTng says went wrong with a session; `code` is a negative one of LTTng's. */
enum xsw_status trace_session_failed(const char *name, const char *what, int code,
                                     struct xsw_error *error);

#endif
