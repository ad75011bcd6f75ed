/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/xswd/xswd_capture_manage.h"

#include "base/clock.h"
#include "base/error.h"
#include "capture/privacy/privacy_policy.h"
#include "cmd/xswd/xswd_bounds.h"
#include "cmd/xswd/xswd_capture.h"
#include "cmd/xswd/xswd_hide.h"
#include "cmd/xswd/xswd_sessions.h"
#include "switch/config/config_node.h"
#include "switch/control/control_methods.h"
#include "switch/switch.h"

/* The session of the number, if the caller may change it: his user's own, or he manages. */
static struct xswd_session *session_of_caller(struct xswd_capture *capture,
                                              const struct rpc_caller *caller, int64_t number,
                                              struct xsw_error *error)
{
    struct xswd_session *place = NULL;
    for (size_t i = 0; i < XSWD_SESSIONS_MAX; i++) {
        struct xswd_session *one = &capture->sessions[i];
        if (one->session != NULL && one->vswitch == capture->vswitch &&
            capture_session_id(one->session) == number) {
            place = one;
        }
    }
    if (place == NULL) {
        error_set(error, XSW_NOT_FOUND, "no capture session %lld: xsw capture list shows them",
                  (long long)number);
    } else if (!caller->may_manage && place->uid != caller->uid) {
        error_set(error, XSW_DENIED, "capture session %lld belongs to somebody else",
                  (long long)number);
        place = NULL;
    }
    return place;
}

static json_t *place_json(const struct xswd_session *place)
{
    uint32_t workers = vswitch_worker_count(place->vswitch);
    uint64_t since_ns = clock_mono_ns() - capture_session_started_ns(place->session);
    json_t *object = session_json(place->session);
    json_object_set_new(object, "age_seconds",
                        json_integer((json_int_t)(since_ns / NS_PER_SECOND)));
    json_object_set_new(object, "privacy", privacy_options_json(&place->privacy));
    json_object_set_new(object, "pid", json_integer(place->pid));
    json_object_set_new(object, "uid", json_integer(place->uid));
    json_object_set_new(object, "stopped",
                        json_boolean(capture_session_is_stopped(place->session)));
    json_object_set_new(object, "account", session_account_json(place->session, workers));
    json_object_set_new(object, "by_worker", session_workers_json(place->session, workers));
    return object;
}

enum xsw_status xswd_capture_set(void *context, const struct rpc_caller *caller,
                                 const json_t *params, struct rpc_reply *reply,
                                 struct xsw_error *error)
{
    static const char *const members[] = {"session", SESSION_RULES_MEMBERS, NULL};
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "params", params, error);
    struct session_texts texts;
    int64_t number = 0;

    config_node_check_object(&node, members);
    config_node_require(&node, "session");
    config_node_number(&node, "session", 0, UINT32_MAX, &number);
    if (reader.status != XSW_OK) {
        return reader.status;
    }
    struct xswd_session *place = session_of_caller(context, caller, number, error);
    if (place == NULL) {
        return error->status;
    }
    struct capture_rules rules = *capture_session_rules(place->session);
    session_rules_read(&node, &rules, &texts);
    rules.is_bounded = !caller->may_manage;
    uint32_t number_before = capture_session_rules_number(place->session);
    enum xsw_status status = reader.status;
    if (status == XSW_OK) {
        struct privacy_options same = place->privacy;
        status = xswd_privacy_settle(context, caller, &rules, &same, false, error);
    }
    if (status == XSW_OK) {
        status = capture_session_set(place->session, &rules, error);
    }
    session_texts_fini(&texts);
    if (status == XSW_OK && capture_session_rules_number(place->session) != number_before) {
        capture_events_changed(place->vswitch, place->session);
    }
    return status == XSW_OK ? control_reply(reply, place_json(place), error) : status;
}

/* It ends here and now; its recorder sees that, takes what is left, and says why. */
enum xsw_status xswd_capture_stop(void *context, const struct rpc_caller *caller,
                                  const json_t *params, struct rpc_reply *reply,
                                  struct xsw_error *error)
{
    int64_t number = 0;
    enum xsw_status status = session_number_of(params, &number, error);
    if (status != XSW_OK) {
        return status;
    }
    struct xswd_session *place = session_of_caller(context, caller, number, error);
    if (place == NULL) {
        return error->status;
    }
    status = capture_session_stop(place->session, error);
    return status == XSW_OK ? control_reply(reply, place_json(place), error) : status;
}

enum xsw_status xswd_capture_list(void *context, const struct rpc_caller *caller,
                                  const json_t *params, struct rpc_reply *reply,
                                  struct xsw_error *error)
{
    static const char *const members[] = {NULL};
    struct xswd_capture *capture = context;
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "params", params, error);

    config_node_check_object(&node, members);
    if (reader.status != XSW_OK) {
        return reader.status;
    }
    json_t *list = json_array();
    for (size_t i = 0; i < XSWD_SESSIONS_MAX; i++) {
        const struct xswd_session *place = &capture->sessions[i];
        if (place->session != NULL && place->vswitch == capture->vswitch) {
            json_t *told = place_json(place);
            xswd_hide_session(told, place->vswitch, caller, place->uid);
            json_array_append_new(list, told);
        }
    }
    return control_reply(reply, json_pack("{s:o}", "sessions", list), error);
}
