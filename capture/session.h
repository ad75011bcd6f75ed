/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CAPTURE_SESSION_H
#define XSW_CAPTURE_SESSION_H

/*
 * A capture session on the switch's side: a filter, a snap length and one ring of shared memory for
 * each worker, attached to the switch as an observer. The recorder, another process, gets the
 * rings' file descriptors and empties them (capture/ring.h says what is in them).
 *
 * The filter is asked when a packet comes in, and decides whether it is followed; the metadata
 * expression when its journey is over, and decides whether that is kept.
 *
 * Threads: control thread. The observer that it registers runs on the workers.
 */

#include <stddef.h>
#include <stdint.h>

#include <xsw/error.h>

#include "switch/switch.h"

struct vswitch;
struct capture_session;

enum {
    CAPTURE_SNAP_MAX = 262144,
    CAPTURE_RING_DEFAULT = 16 << 20, /* bytes a worker */
    CAPTURE_RING_MIN = 1 << 16,
    CAPTURE_RING_MAX = 1 << 30,
    CAPTURE_SESSIONS_MAX = 8
};

struct capture_options {
    const char *filter;   /* pcap-filter expression on the packet as it came in; null or "": all */
    const char *where;    /* metadata expression, xsw-filter(7), on journeys; null or "": all */
    uint32_t snap_length; /* bytes kept of each packet; 0: CAPTURE_SNAP_MAX */
    uint32_t ring_bytes;  /* a worker; rounded up to a power of two; 0: default */
};

/* On success the switch captures from the next batch on. The filter is compiled here: an error says
 * what libpcap says of the expression. */
enum xsw_status capture_session_open(struct vswitch *vswitch, const struct capture_options *options,
                                     struct capture_session **session,
                                     struct xsw_error *error) XSW_MUST_CHECK;
/* One descriptor a worker, owned by the session. Returns how many. */
size_t capture_session_rings(const struct capture_session *session, const int **fds);
uint32_t capture_session_id(const struct capture_session *session);
uint32_t capture_session_snap_length(const struct capture_session *session);
uint32_t capture_session_ring_bytes(const struct capture_session *session);
const char *capture_session_filter(const struct capture_session *session);
const char *capture_session_where(const struct capture_session *session); /* "": none */

struct capture_account { /* journeys of one worker: offered = filtered + written + lost */
    uint64_t offered, filtered, written, lost_ring_full, lost_too_big;
    uint64_t unwanted; /* of `filtered`: those that `where` did not match */
};
struct capture_account capture_session_account(const struct capture_session *session,
                                               uint32_t worker);

/* Detaches from the switch; when it returns XSW_OK, no worker writes to the rings, and the accounts
 * are final. Idempotent. The rings stay readable to those who have them mapped. */
enum xsw_status capture_session_stop(struct capture_session *session,
                                     struct xsw_error *error) XSW_MUST_CHECK;
/* The switch's own counters of all packets, watched or not, from attach to stop; after stop. */
struct stage_counters capture_session_stage(const struct capture_session *session, uint16_t stage);
uint64_t capture_session_dropped(const struct capture_session *session, uint16_t stage,
                                 uint16_t reason);
/* Stops if need be, and frees. Accepts null. */
void capture_session_close(struct capture_session *session);

#endif
