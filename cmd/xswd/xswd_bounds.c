/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/xswd/xswd_bounds.h"

#include "base/error.h"
#include "capture/privacy/privacy_policy.h"
#include "cmd/xswd/xswd_capture.h"
#include "cmd/xswd/xswd_events.h"
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
    if (options->ring_bytes == 0 && most < capture_ring_default(workers)) {
        options->ring_bytes = most;
    }
    return XSW_OK;
}

enum xsw_status xswd_bounds_hold_events(const struct xswd_events *events,
                                        const struct rpc_caller *caller, bool has_budget,
                                        struct xsw_error *error)
{
    size_t of_user = 0;
    size_t of_observers = 0;
    if (caller->may_manage) {
        return XSW_OK;
    }
    if (has_budget) {
        return error_set(error, XSW_DENIED,
                         "params.budget_us: only who may manage the switch says how long a worker "
                         "may be at a batch; leave it out");
    }
    for (size_t i = 0; i < XSWD_EVENTS_MAX; i++) {
        const struct xswd_events_place *place = &events->places[i];
        bool counts = place->rings != NULL && place->is_observer;
        of_user += counts && place->uid == caller->uid;
        of_observers += counts && place->vswitch == events->vswitch;
    }
    if (of_user >= OBSERVER_EVENTS_MAX) {
        return error_set(error, XSW_LIMIT,
                         "user %u follows the events of switches %d times already, and may not "
                         "once more: end a capture with --trace",
                         caller->uid, OBSERVER_EVENTS_MAX);
    }
    if (of_observers >= OBSERVERS_EVENTS_MAX) {
        return error_set(error, XSW_LIMIT,
                         "%d users who may not manage follow the events of the switch already; the "
                         "rest of the room is for those who may",
                         OBSERVERS_EVENTS_MAX);
    }
    return XSW_OK;
}

static bool has_filter(const struct capture_rules *rules)
{
    return (rules->filter != NULL && rules->filter[0] != '\0') ||
           (rules->where != NULL && rules->where[0] != '\0');
}

enum xsw_status xswd_privacy_settle(const struct xswd_capture *capture,
                                    const struct rpc_caller *caller,
                                    const struct capture_rules *rules,
                                    struct privacy_options *privacy, bool has_key,
                                    struct xsw_error *error)
{
    return privacy_options_settle(privacy, has_key, has_filter(rules),
                                  &vswitch_config(capture->vswitch)->observers, caller->may_manage,
                                  capture->privacy_key, error);
}
