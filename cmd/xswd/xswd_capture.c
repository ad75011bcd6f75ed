/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capture sessions on behalf of connections. The rings' descriptors go out with the reply; from
 * then on the recorder reads without the daemon.
 */
#include "cmd/xswd/xswd_capture.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "capture/privacy/privacy_policy.h"
#include "cmd/xswd/xswd_bounds.h"
#include "cmd/xswd/xswd_capture_manage.h"
#include "cmd/xswd/xswd_sessions.h"
#include "switch/config/config_node.h"
#include "switch/control/control_methods.h"
#include "switch/switch.h"
#include "switch/switches.h"

static struct xswd_session *session_find(struct xswd_capture *capture, uint64_t client,
                                         int64_t session)
{
    for (size_t i = 0; i < XSWD_SESSIONS_MAX; i++) {
        struct xswd_session *place = &capture->sessions[i];
        if (place->vswitch == capture->vswitch && place->client == client &&
            capture_session_id(place->session) == session) {
            return place;
        }
    }
    return NULL;
}

/* A free place, when the switch has less than the sessions that it may have. One that was stopped
 * and whose recorder hangs is none of them: the switch has let go of it. */
static struct xswd_session *place_find(struct xswd_capture *capture)
{
    struct xswd_session *place = NULL;
    size_t used = 0;
    for (size_t i = 0; i < XSWD_SESSIONS_MAX; i++) {
        if (capture->sessions[i].session == NULL) {
            place = &capture->sessions[i];
        } else if (capture->sessions[i].vswitch == capture->vswitch &&
                   !capture_session_is_stopped(capture->sessions[i].session)) {
            used++;
        }
    }
    return used < CAPTURE_SESSIONS_MAX ? place : NULL;
}

static void session_close(struct xswd_session *place)
{
    capture_events_stopped(place->vswitch, place->session);
    capture_session_close(place->session);
    *place = (struct xswd_session){0};
}

static enum xsw_status session_open(struct xswd_capture *capture, struct xswd_session *place,
                                    const struct capture_options *options,
                                    const struct rpc_caller *caller, struct xsw_error *error)
{
    enum xsw_status status =
        capture_session_open(capture->vswitch, options, &place->session, error);
    if (status != XSW_OK) {
        place->session = NULL;
        return status;
    }
    place->client = caller->client;
    place->privacy = *options->privacy;
    explicit_bzero(place->privacy.key, sizeof(place->privacy.key));
    place->pid = caller->pid;
    place->uid = caller->uid;
    place->vswitch = capture->vswitch;
    capture_events_started(place->vswitch, place->session);
    return XSW_OK;
}

static enum xsw_status attach_reply(struct xswd_session *place, struct rpc_reply *reply,
                                    struct xsw_error *error)
{
    const int *fds;
    size_t count = capture_session_rings(place->session, &fds);
    json_t *result = session_json(place->session);
    json_object_set_new(result, "privacy", privacy_options_json(&place->privacy));
    enum xsw_status status = control_reply(reply, result, error);
    if (status == XSW_OK && count > RPC_FDS_MAX) {
        status = error_set(error, XSW_LIMIT, "expected at most %d workers, found %zu", RPC_FDS_MAX,
                           count);
    }
    if (status != XSW_OK) {
        session_close(place);
        return status;
    }
    memcpy(reply->fds, fds, count * sizeof(*fds));
    reply->fd_count = count;
    return XSW_OK;
}

static enum xsw_status attach(struct xswd_capture *capture, const struct rpc_caller *caller,
                              struct capture_options *options, struct rpc_reply *reply,
                              struct xsw_error *error)
{
    enum xsw_status status = xswd_bounds_hold(capture, caller, options, error);
    if (status != XSW_OK) {
        return status;
    }
    struct xswd_session *place = place_find(capture);
    if (place == NULL) {
        return error_set(error, XSW_LIMIT,
                         "there are %d capture sessions already: xsw capture list shows them, xsw "
                         "capture stop ends one",
                         CAPTURE_SESSIONS_MAX);
    }
    status = session_open(capture, place, options, caller, error);
    return status == XSW_OK ? attach_reply(place, reply, error) : status;
}

static enum xsw_status method_attach(void *context, const struct rpc_caller *caller,
                                     const json_t *params, struct rpc_reply *reply,
                                     struct xsw_error *error)
{
    static const char *const members[] = {"name", "ring_bytes", "privacy", SESSION_RULES_MEMBERS,
                                          NULL};
    struct xswd_capture *capture = context;
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "params", params, error);
    struct session_texts texts;
    struct capture_options options = {0};
    char name[CONFIG_NAME_SIZE] = "";
    int64_t ring_bytes = 0;

    if (caller->is_notification) {
        return error_set(error, XSW_INVALID, "capture.attach: expected an id in the request");
    }
    config_node_check_object(&node, members);
    config_node_text(&node, "name", name, sizeof(name));
    config_node_number(&node, "ring_bytes", 0, CAPTURE_RING_MAX, &ring_bytes);
    session_rules_read(&node, &options.rules, &texts);
    struct privacy_options privacy;
    bool has_key;
    privacy_options_read(&node, &privacy, &has_key);
    enum xsw_status status = reader.status;
    if (status == XSW_OK) {
        status = xswd_privacy_settle(capture, caller, &options.rules, &privacy, has_key, error);
    }
    if (status == XSW_OK) {
        options.privacy = &privacy;
        options.name = name;
        options.ring_bytes = (uint32_t)ring_bytes;
        status = attach(capture, caller, &options, reply, error);
    }
    session_texts_fini(&texts);
    return status;
}

/* Closes the session; its recorder may go on and empty the rings. */
static void session_leave(struct xswd_capture *capture, struct xswd_session *place,
                          const struct rpc_caller *caller)
{
    const int *fds;
    size_t count = capture_session_rings(place->session, &fds);
    xswd_leavings_take(&capture->leavings, fds, count, caller);
    session_close(place);
}

static enum xsw_status method_detach(void *context, const struct rpc_caller *caller,
                                     const json_t *params, struct rpc_reply *reply,
                                     struct xsw_error *error)
{
    int64_t number = 0;
    enum xsw_status status = session_number_of(params, &number, error);
    if (status != XSW_OK) {
        return status;
    }
    struct xswd_session *place = session_find(context, caller->client, number);
    if (place == NULL) {
        return error_set(error, XSW_NOT_FOUND, "this connection has no capture session %lld",
                         (long long)number);
    }
    status = capture_session_stop(place->session, error);
    json_t *result = NULL;
    if (status == XSW_OK) {
        uint32_t workers = vswitch_worker_count(place->vswitch);
        result =
            json_pack("{s:o,s:o,s:o}", "account", session_account_json(place->session, workers),
                      "workers", session_workers_json(place->session, workers), "stages",
                      session_stages_json(place->session, place->vswitch));
    }
    session_leave(context, place, caller);
    return status == XSW_OK ? control_reply(reply, result, error) : status;
}

static enum xsw_status method_orphans(void *context, const struct rpc_caller *caller,
                                      const json_t *params, struct rpc_reply *reply,
                                      struct xsw_error *error)
{
    struct xswd_capture *capture = context;
    return xswd_orphans_list(&capture->orphans, caller, params, reply, error);
}

static enum xsw_status method_recover(void *context, const struct rpc_caller *caller,
                                      const json_t *params, struct rpc_reply *reply,
                                      struct xsw_error *error)
{
    struct xswd_capture *capture = context;
    return xswd_orphans_recover(&capture->orphans, caller, params, reply, error);
}

static void session_abandon(struct xswd_capture *capture, struct xswd_session *place)
{
    const int *fds;
    size_t count = capture_session_rings(place->session, &fds);
    if (!xswd_orphans_take(&capture->orphans, place)) {
        rings_punch(fds, count);
    }
    session_close(place);
}

static void client_gone(void *context, uint64_t client)
{
    struct xswd_capture *capture = context;
    for (size_t i = 0; i < XSWD_SESSIONS_MAX; i++) {
        if (capture->sessions[i].session != NULL && capture->sessions[i].client == client) {
            session_abandon(capture, &capture->sessions[i]);
        }
    }
    xswd_leavings_client_gone(&capture->leavings, client);
}

static enum xsw_status capture_resolve(void *context, const char *name, void **resolved,
                                       struct xsw_error *error)
{
    struct xswd_capture *capture = context;
    *resolved = capture;
    return switches_find(capture->switches, name, &capture->vswitch, error);
}

static enum xsw_status capture_may_remove(void *context, struct vswitch *vswitch,
                                          struct xsw_error *error)
{
    const struct xswd_capture *capture = context;
    for (size_t i = 0; i < XSWD_SESSIONS_MAX; i++) {
        if (capture->sessions[i].session != NULL && capture->sessions[i].vswitch == vswitch) {
            return error_set(error, XSW_BUSY, "switch %s is being captured: end the capture first",
                             vswitch_config(vswitch)->name);
        }
    }
    return XSW_OK;
}

static const struct rpc_method capture_methods[] = {
    {"capture.attach", false, method_attach},   {"capture.detach", false, method_detach},
    {"capture.list", false, xswd_capture_list}, {"capture.set", false, xswd_capture_set},
    {"capture.stop", false, xswd_capture_stop}, {"capture.orphans", false, method_orphans},
    {"capture.recover", false, method_recover},
};

enum xsw_status xswd_capture_init(struct xswd_capture *capture, struct switches *switches,
                                  struct xsw_error *error)
{
    *capture = (struct xswd_capture){
        .table = {.methods = capture_methods,
                  .count = sizeof(capture_methods) / sizeof(capture_methods[0]),
                  .context = capture,
                  .resolve = capture_resolve,
                  .client_gone = client_gone},
        .switches = switches,
    };
    switches->may_remove = capture_may_remove;
    switches->may_remove_context = capture;
    return pseudonym_key_random(capture->privacy_key, error);
}

void xswd_capture_tick(struct xswd_capture *capture)
{
    xswd_orphans_tick(&capture->orphans);
    xswd_leavings_tick(&capture->leavings);
    for (size_t i = 0; i < XSWD_SESSIONS_MAX; i++) {
        struct xswd_session *place = &capture->sessions[i];
        if (place->session != NULL) {
            capture_session_settle(place->session);
            capture_session_forget(place->session);
            capture_events_tick(place->vswitch, place->session, &place->told);
        }
    }
}

void xswd_capture_fini(struct xswd_capture *capture)
{
    for (size_t i = 0; i < XSWD_SESSIONS_MAX; i++) {
        if (capture->sessions[i].session != NULL) {
            session_close(&capture->sessions[i]);
        }
    }
    xswd_leavings_fini(&capture->leavings);
    xswd_orphans_fini(&capture->orphans);
}
