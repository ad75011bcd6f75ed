/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capture sessions on behalf of connections. The rings' descriptors go out with the reply; from
 * then on the recorder reads without the daemon.
 */
#include "cmd/xswd_capture.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "switch/config_node.h"
#include "switch/control_methods.h"
#include "switch/switch.h"
#include "switch/switches.h"

enum { FILTER_SIZE = 4096 };

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

/* A free place, when the switch has less than the sessions that it may have. */
static struct xswd_session *place_find(struct xswd_capture *capture)
{
    struct xswd_session *place = NULL;
    size_t used = 0;
    for (size_t i = 0; i < XSWD_SESSIONS_MAX; i++) {
        if (capture->sessions[i].session == NULL) {
            place = &capture->sessions[i];
        } else if (capture->sessions[i].vswitch == capture->vswitch) {
            used++;
        }
    }
    return used < CAPTURE_SESSIONS_MAX ? place : NULL;
}

static void session_close(struct xswd_session *place)
{
    capture_session_close(place->session);
    *place = (struct xswd_session){0};
}

static json_t *session_json(const struct capture_session *session)
{
    const int *fds;
    size_t workers = capture_session_rings(session, &fds);
    const char *filter = capture_session_filter(session);
    return json_pack("{s:I,s:I,s:I,s:I,s:s,s:s}", "session",
                     (json_int_t)capture_session_id(session), "workers", (json_int_t)workers,
                     "snap_length", (json_int_t)capture_session_snap_length(session), "ring_bytes",
                     (json_int_t)capture_session_ring_bytes(session), "filter",
                     filter != NULL ? filter : "", "where", capture_session_where(session));
}

static json_t *counts_json(const struct capture_account *account)
{
    return json_pack("{s:I,s:I,s:I,s:I,s:{s:I,s:I}}", "offered", (json_int_t)account->offered,
                     "filtered", (json_int_t)account->filtered, "unwanted",
                     (json_int_t)account->unwanted, "written", (json_int_t)account->written, "lost",
                     "ring-full", (json_int_t)account->lost_ring_full, "record-too-big",
                     (json_int_t)account->lost_too_big);
}

/* The sum over the workers. */
static json_t *account_json(const struct xswd_capture *capture,
                            const struct capture_session *session)
{
    struct capture_account sum = {0};
    for (uint32_t worker = 0; worker < vswitch_worker_count(capture->vswitch); worker++) {
        struct capture_account account = capture_session_account(session, worker);
        sum.offered += account.offered;
        sum.filtered += account.filtered;
        sum.unwanted += account.unwanted;
        sum.written += account.written;
        sum.lost_ring_full += account.lost_ring_full;
        sum.lost_too_big += account.lost_too_big;
    }
    return counts_json(&sum);
}

static json_t *workers_json(const struct xswd_capture *capture,
                            const struct capture_session *session)
{
    json_t *list = json_array();
    for (uint32_t worker = 0; worker < vswitch_worker_count(capture->vswitch); worker++) {
        struct capture_account account = capture_session_account(session, worker);
        json_t *object = counts_json(&account);
        json_object_set_new(object, "worker", json_integer(worker));
        json_array_append_new(list, object);
    }
    return list;
}

static json_t *dropped_json(const struct capture_session *session, uint16_t stage,
                            const struct reason_info *reasons, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        uint64_t packets = capture_session_dropped(session, stage, reasons[i].id);
        if (packets > 0) {
            json_array_append_new(list, json_pack("{s:i,s:I}", "reason", reasons[i].id, "packets",
                                                  (json_int_t)packets));
        }
    }
    return list;
}

/* What the stages counted from attach to stop. */
static json_t *stages_json(const struct xswd_capture *capture,
                           const struct capture_session *session)
{
    struct stage_info stages[STAGES_MAX];
    struct reason_info *reasons = calloc(REASONS_MAX, sizeof(*reasons));
    json_t *list = json_array();
    size_t stage_count = vswitch_stages(capture->vswitch, stages, STAGES_MAX);
    size_t reason_count =
        reasons != NULL ? vswitch_reasons(capture->vswitch, reasons, REASONS_MAX) : 0;
    if (reason_count > REASONS_MAX) {
        reason_count = REASONS_MAX;
    }
    for (size_t i = 0; reasons != NULL && i < stage_count && i < STAGES_MAX; i++) {
        struct stage_counters c = capture_session_stage(session, stages[i].id);
        json_array_append_new(
            list, json_pack("{s:i,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:o}", "stage", stages[i].id, "in",
                            (json_int_t)c.in, "clones", (json_int_t)c.clones, "injected",
                            (json_int_t)c.injected, "out", (json_int_t)c.out, "consumed",
                            (json_int_t)c.consumed, "held", (json_int_t)c.held, "released",
                            (json_int_t)c.released, "dropped",
                            dropped_json(session, stages[i].id, reasons, reason_count)));
    }
    free(reasons);
    return list;
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
    place->vswitch = capture->vswitch;
    return XSW_OK;
}

static enum xsw_status attach_reply(struct xswd_session *place, struct rpc_reply *reply,
                                    struct xsw_error *error)
{
    const int *fds;
    size_t count = capture_session_rings(place->session, &fds);
    enum xsw_status status = control_reply(reply, session_json(place->session), error);
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

static enum xsw_status method_attach(void *context, const struct rpc_caller *caller,
                                     const json_t *params, struct rpc_reply *reply,
                                     struct xsw_error *error)
{
    static const char *const members[] = {"filter", "where", "snap_length", "ring_bytes", NULL};
    struct xswd_capture *capture = context;
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "params", params, error);
    char filter[FILTER_SIZE] = "";
    char where[FILTER_SIZE] = "";
    int64_t snap_length = 0;
    int64_t ring_bytes = 0;

    config_node_check_object(&node, members);
    config_node_text(&node, "filter", filter, sizeof(filter));
    config_node_text(&node, "where", where, sizeof(where));
    config_node_number(&node, "snap_length", 0, CAPTURE_SNAP_MAX, &snap_length);
    config_node_number(&node, "ring_bytes", 0, CAPTURE_RING_MAX, &ring_bytes);
    if (reader.status != XSW_OK) {
        return reader.status;
    }
    struct xswd_session *place = place_find(capture);
    if (place == NULL) {
        return error_set(error, XSW_LIMIT, "there are %d capture sessions already",
                         CAPTURE_SESSIONS_MAX);
    }
    struct capture_options options = {.filter = filter,
                                      .where = where,
                                      .snap_length = (uint32_t)snap_length,
                                      .ring_bytes = (uint32_t)ring_bytes};
    enum xsw_status status = session_open(capture, place, &options, caller, error);
    return status == XSW_OK ? attach_reply(place, reply, error) : status;
}

static enum xsw_status method_detach(void *context, const struct rpc_caller *caller,
                                     const json_t *params, struct rpc_reply *reply,
                                     struct xsw_error *error)
{
    static const char *const members[] = {"session", NULL};
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "params", params, error);
    int64_t number = 0;

    config_node_check_object(&node, members);
    config_node_require(&node, "session");
    config_node_number(&node, "session", 0, UINT32_MAX, &number);
    if (reader.status != XSW_OK) {
        return reader.status;
    }
    struct xswd_session *place = session_find(context, caller->client, number);
    if (place == NULL) {
        return error_set(error, XSW_NOT_FOUND, "this connection has no capture session %lld",
                         (long long)number);
    }
    enum xsw_status status = capture_session_stop(place->session, error);
    json_t *result = NULL;
    if (status == XSW_OK) {
        result = json_pack("{s:o,s:o,s:o}", "account", account_json(context, place->session),
                           "workers", workers_json(context, place->session), "stages",
                           stages_json(context, place->session));
    }
    session_close(place);
    return status == XSW_OK ? control_reply(reply, result, error) : status;
}

static enum xsw_status method_list(void *context, const struct rpc_caller *caller,
                                   const json_t *params, struct rpc_reply *reply,
                                   struct xsw_error *error)
{
    static const char *const members[] = {NULL};
    struct xswd_capture *capture = context;
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "params", params, error);
    (void)caller;

    config_node_check_object(&node, members);
    if (reader.status != XSW_OK) {
        return reader.status;
    }
    json_t *list = json_array();
    for (size_t i = 0; i < XSWD_SESSIONS_MAX; i++) {
        const struct capture_session *session = capture->sessions[i].session;
        if (session == NULL || capture->sessions[i].vswitch != capture->vswitch) {
            continue;
        }
        json_t *object = session_json(session);
        json_object_set_new(object, "account", account_json(capture, session));
        json_array_append_new(list, object);
    }
    return control_reply(reply, json_pack("{s:o}", "sessions", list), error);
}

static void client_gone(void *context, uint64_t client)
{
    struct xswd_capture *capture = context;
    for (size_t i = 0; i < XSWD_SESSIONS_MAX; i++) {
        if (capture->sessions[i].session != NULL && capture->sessions[i].client == client) {
            session_close(&capture->sessions[i]);
        }
    }
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
    {"capture.attach", false, method_attach},
    {"capture.detach", false, method_detach},
    {"capture.list", false, method_list},
};

void xswd_capture_init(struct xswd_capture *capture, struct switches *switches)
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
}

void xswd_capture_fini(struct xswd_capture *capture)
{
    for (size_t i = 0; i < XSWD_SESSIONS_MAX; i++) {
        if (capture->sessions[i].session != NULL) {
            session_close(&capture->sessions[i]);
        }
    }
}
