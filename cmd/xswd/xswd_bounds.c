/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/xswd/xswd_bounds.h"

#include "base/error.h"
#include "cmd/xswd/xswd_capture.h"
#include "switch/switch.h"

static size_t sessions_of(const struct xswd_capture *capture, uint32_t uid)
{
    size_t count = xswd_leavings_of(&capture->leavings, uid);
    for (size_t i = 0; i < XSWD_SESSIONS_MAX; i++) {
        count += capture->sessions[i].session != NULL && capture->sessions[i].uid == uid;
    }
    return count;
}

/* The largest power of two of which each worker can have one. */
static uint32_t ring_max(uint32_t workers)
{
    uint32_t size = OBSERVER_RINGS_MAX;
    while ((uint64_t)size * workers > OBSERVER_RINGS_MAX) {
        size /= 2;
    }
    return size;
}

enum xsw_status xswd_bounds_hold(const struct xswd_capture *capture,
                                 const struct rpc_caller *caller, struct capture_options *options,
                                 struct xsw_error *error)
{
    options->rules.is_bounded = !caller->may_manage;
    if (caller->may_manage) {
        return XSW_OK;
    }
    if (sessions_of(capture, caller->uid) >= OBSERVER_SESSIONS_MAX) {
        return error_set(error, XSW_LIMIT,
                         "user %u has %d captures already, and may have no more: end one; xsw "
                         "capture list shows them",
                         caller->uid, OBSERVER_SESSIONS_MAX);
    }
    uint32_t workers = vswitch_worker_count(capture->vswitch);
    uint32_t most = ring_max(workers);
    if (options->ring_bytes > most) {
        return error_set(error, XSW_INVALID,
                         "ring_bytes: %u; expected at most %u for each of %u workers, %d MiB in "
                         "all, of who may not manage",
                         options->ring_bytes, most, workers, OBSERVER_RINGS_MAX >> 20);
    }
    if (options->ring_bytes == 0 && most < CAPTURE_RING_DEFAULT) {
        options->ring_bytes = most;
    }
    return XSW_OK;
}
