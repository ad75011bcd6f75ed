/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/xswd/xswd_orphans.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "capture/privacy/privacy_policy.h"
#include "cmd/xswd/xswd_capture.h"
#include "cmd/xswd/xswd_hide.h"
#include "cmd/xswd/xswd_leavings.h"
#include "cmd/xswd/xswd_sessions.h"
#include "switch/config/config_node.h"
#include "switch/control/control_methods.h"
#include "switch/switch.h"

static void orphan_close(struct orphan *orphan)
{
    for (size_t i = 0; i < orphan->fd_count; i++) {
        close(orphan->fds[i]);
    }
    json_decref(orphan->about);
    json_decref(orphan->ended);
    json_decref(orphan->dictionary);
    *orphan = (struct orphan){0};
}

/* Who keeps a descriptor keeps no memory by it. */
static void orphan_forget(struct orphan *orphan)
{
    rings_punch(orphan->fds, orphan->fd_count);
    orphan_close(orphan);
}

/* A free place, or that of the oldest. */
static struct orphan *place_make(struct xswd_orphans *orphans)
{
    struct orphan *oldest = &orphans->places[0];
    for (size_t i = 0; i < ORPHANS_MAX; i++) {
        if (orphans->places[i].number < oldest->number) {
            oldest = &orphans->places[i];
        }
    }
    orphan_forget(oldest);
    return oldest;
}

static void about_make(struct orphan *orphan, const struct xswd_session *place)
{
    uint32_t workers = vswitch_worker_count(place->vswitch);
    json_t *capture = session_json(place->session);
    json_object_set_new(capture, "privacy", privacy_options_json(&place->privacy));
    orphan->about =
        json_pack("{s:s,s:o,s:o}", "switch", vswitch_config(place->vswitch)->name, "capture",
                  capture, "account", session_account_json(place->session, workers));
    orphan->ended =
        json_pack("{s:o,s:o,s:o}", "account", session_account_json(place->session, workers),
                  "workers", session_workers_json(place->session, workers), "stages",
                  session_stages_json(place->session, place->vswitch));
}

bool xswd_orphans_take(struct xswd_orphans *orphans, struct xswd_session *place)
{
    const int *fds;
    size_t count = capture_session_rings(place->session, &fds);
    /* Before the end: what ids of ports meant is known as long as somebody looks on. */
    json_t *dictionary = control_dictionary_json(place->vswitch);
    if (capture_session_stop(place->session, NULL) != XSW_OK || count > RPC_FDS_MAX ||
        rings_bytes_left(fds, count) == 0) {
        json_decref(dictionary);
        return false;
    }
    struct orphan *orphan = place_make(orphans);
    *orphan = (struct orphan){.number = ++orphans->last_number,
                              .uid = place->uid,
                              .pid = place->pid,
                              .since_ns = clock_mono_ns(),
                              .hides_from_observers =
                                  vswitch_config(place->vswitch)->observers.pseudonyms,
                              .dictionary = dictionary};
    about_make(orphan, place);
    while (orphan->fd_count < count) {
        int fd = fcntl(fds[orphan->fd_count], F_DUPFD_CLOEXEC, 3);
        if (fd < 0) {
            break;
        }
        orphan->fds[orphan->fd_count++] = fd;
    }
    if (orphan->fd_count < count || orphan->about == NULL || orphan->ended == NULL ||
        orphan->dictionary == NULL) {
        orphan_forget(orphan);
        return false;
    }
    return true;
}

void xswd_orphans_tick(struct xswd_orphans *orphans)
{
    uint64_t now = clock_mono_ns();
    for (size_t i = 0; i < ORPHANS_MAX; i++) {
        struct orphan *orphan = &orphans->places[i];
        bool is_old = now - orphan->since_ns > ORPHAN_SECONDS_MAX * (uint64_t)NS_PER_SECOND;
        if (orphan->number != 0 &&
            (is_old || rings_bytes_left(orphan->fds, orphan->fd_count) == 0)) {
            orphan_forget(orphan);
        }
    }
}

void xswd_orphans_fini(struct xswd_orphans *orphans)
{
    for (size_t i = 0; i < ORPHANS_MAX; i++) {
        orphan_close(&orphans->places[i]); /* somebody may be reading them */
    }
}

/* Methods ------------------------------------------------------------------------------------ */

static json_t *orphan_json(const struct orphan *orphan)
{
    json_t *object = json_copy(orphan->about);
    uint64_t age_ns = clock_mono_ns() - orphan->since_ns;
    json_object_set_new(object, "orphan", json_integer((json_int_t)orphan->number));
    json_object_set_new(object, "age_seconds", json_integer((json_int_t)(age_ns / NS_PER_SECOND)));
    json_object_set_new(object, "uid", json_integer(orphan->uid));
    json_object_set_new(object, "pid", json_integer(orphan->pid));
    json_object_set_new(object, "bytes_left",
                        json_integer((json_int_t)rings_bytes_left(orphan->fds, orphan->fd_count)));
    return object;
}

enum xsw_status xswd_orphans_list(struct xswd_orphans *orphans, const struct rpc_caller *caller,
                                  const json_t *params, struct rpc_reply *reply,
                                  struct xsw_error *error)
{
    static const char *const members[] = {NULL};
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "params", params, error);

    config_node_check_object(&node, members);
    if (reader.status != XSW_OK) {
        return reader.status;
    }
    xswd_orphans_tick(orphans);
    json_t *list = json_array();
    for (size_t i = 0; i < ORPHANS_MAX; i++) {
        if (orphans->places[i].number != 0) {
            const struct orphan *orphan = &orphans->places[i];
            json_t *told = orphan_json(orphan);
            json_t *capture = json_deep_copy(json_object_get(told, "capture"));
            if (orphan->hides_from_observers && !caller->may_manage && caller->uid != orphan->uid) {
                xswd_hide_words(capture);
            }
            json_object_set_new(told, "capture", capture);
            json_array_append_new(list, told);
        }
    }
    return control_reply(reply, json_pack("{s:o}", "orphans", list), error);
}

static struct orphan *orphan_find(struct xswd_orphans *orphans, int64_t number)
{
    for (size_t i = 0; i < ORPHANS_MAX; i++) {
        if (number > 0 && orphans->places[i].number == (uint64_t)number) {
            return &orphans->places[i];
        }
    }
    return NULL;
}

enum xsw_status xswd_orphans_recover(struct xswd_orphans *orphans, const struct rpc_caller *caller,
                                     const json_t *params, struct rpc_reply *reply,
                                     struct xsw_error *error)
{
    static const char *const members[] = {"orphan", NULL};
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "params", params, error);
    int64_t number = 0;

    if (caller->is_notification) {
        return error_set(error, XSW_INVALID, "capture.recover: expected an id in the request");
    }
    config_node_check_object(&node, members);
    config_node_require(&node, "orphan");
    config_node_number(&node, "orphan", 1, INT64_MAX, &number);
    if (reader.status != XSW_OK) {
        return reader.status;
    }
    xswd_orphans_tick(orphans);
    const struct orphan *orphan = orphan_find(orphans, number);
    if (orphan == NULL) {
        return error_set(error, XSW_NOT_FOUND,
                         "no rings of a dead recorder with number %lld: capture.orphans lists them",
                         (long long)number);
    }
    if (!caller->may_manage && caller->uid != orphan->uid) {
        return error_set(error, XSW_DENIED, "rings %lld are those of a recorder of somebody else",
                         (long long)number);
    }
    json_t *result = orphan_json(orphan);
    json_object_set(result, "ended", orphan->ended);
    json_object_set(result, "dictionary", orphan->dictionary);
    enum xsw_status status = control_reply(reply, result, error);
    for (size_t i = 0; status == XSW_OK && i < orphan->fd_count; i++) {
        reply->fds[reply->fd_count++] = orphan->fds[i];
    }
    return status;
}
