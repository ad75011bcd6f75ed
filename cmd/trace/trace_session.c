/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/trace/trace_session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include <lttng/lttng.h>

#include "base/error.h"
#include "cmd/trace/trace_cut.h"
#include "switch/events.h"

static const char channel_name[] = "xsw";
static const char metadata_name[] = "metadata"; /* LTTng knows its channel by it */
static const char event_prefix[] = "xsw:";

enum {
    EVENT_NAME_SIZE = 128,
    WRITE_US = 1000000,
    METADATA_WRITE_US = 200000,
    METADATA_BYTES = 4096
};

enum xsw_status trace_session_failed(const char *name, const char *what, int code,
                                     struct xsw_error *error)
{
    enum xsw_status status = XSW_IO;
    if (code == -LTTNG_ERR_SESS_NOT_FOUND || code == -LTTNG_ERR_SESSION_NOT_EXIST) {
        status = XSW_NOT_FOUND;
    } else if (code == -LTTNG_ERR_EXIST_SESS) {
        return error_set(error, XSW_EXISTS,
                         "there is a session %s already: stop it first, or give this one another "
                         "name",
                         name);
    } else if (code == -LTTNG_ERR_NO_SESSIOND) {
        return error_set(error, XSW_IO,
                         "no session daemon answers: it is started by `xsw trace start`, as root "
                         "or as a member of the group tracing for all users");
    }
    return error_set(error, status, "session %s: %s: %s", name, what, lttng_strerror(code));
}

/* Profiles ----------------------------------------------------------------------------------- */

static uint64_t kinds_of(bool are_packets)
{
    uint64_t kinds = 0;
    for (uint16_t kind = 0; kind < SWITCH_EVENT_LIMIT; kind++) {
        const struct switch_event_info *info = switch_event_info(kind);
        if (info != NULL && (info->is_packet != 0) == are_packets) {
            kinds |= switch_event_bit(kind);
        }
    }
    return kinds;
}

enum xsw_status trace_profile(const char *name, uint64_t *kinds, struct xsw_error *error)
{
    const uint64_t drops = switch_event_bit(SWITCH_EVENT_PACKET_DROPPED) |
                           switch_event_bit(SWITCH_EVENT_SILENT_DROP) |
                           switch_event_bit(SWITCH_EVENT_CAPTURE_GAP);
    const uint64_t changes = drops | switch_event_bit(SWITCH_EVENT_PACKET_CHANGED) |
                             switch_event_bit(SWITCH_EVENT_PACKET_INJECTED) |
                             switch_event_bit(SWITCH_EVENT_PACKET_CLONED) |
                             switch_event_bit(SWITCH_EVENT_PACKET_REPLACED);
    if (strcmp(name, "drops") == 0) {
        *kinds = drops;
    } else if (strcmp(name, "changes") == 0) {
        *kinds = changes;
    } else if (strcmp(name, "control") == 0) {
        *kinds = kinds_of(false);
    } else if (strcmp(name, "all") == 0) {
        *kinds = kinds_of(false) | kinds_of(true);
    } else {
        return error_set(error, XSW_INVALID,
                         "profile \"%.40s\"; expected drops, changes, control or all", name);
    }
    return XSW_OK;
}

/* Starting ----------------------------------------------------------------------------------- */

static struct lttng_session_descriptor *descriptor_make(const struct trace_plan *plan)
{
    switch (plan->mode) {
    case TRACE_SNAPSHOT:
        /* Without a target: where LTTng puts traces of whoever traces. */
        return lttng_session_descriptor_snapshot_local_create(plan->name, plan->target);
    case TRACE_LOCAL:
        return lttng_session_descriptor_local_create(plan->name, plan->target);
    case TRACE_REMOTE:
        /* One that a relay daemon can also show live, there and on its own host. */
    case TRACE_LIVE:
        break;
    }
    return lttng_session_descriptor_live_network_create(
        plan->name, plan->target != NULL ? plan->target : "net://127.0.0.1", NULL, TRACE_LIVE_US);
}

/* What is written to a folder gets there once a second, and before it what describes it: else
 * nobody could read what is there when the disk is full, or the consumer daemon has died. */
static enum xsw_status channel_enable(const struct trace_plan *plan, struct lttng_handle *handle,
                                      struct lttng_domain *domain, bool is_metadata,
                                      struct xsw_error *error)
{
    struct lttng_channel *channel = lttng_channel_create(domain);
    if (channel == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for a channel");
    }
    snprintf(channel->name, sizeof(channel->name), "%s",
             is_metadata ? metadata_name : channel_name);
    channel->attr.overwrite = plan->mode == TRACE_SNAPSHOT;
    if (plan->mode == TRACE_LOCAL) {
        channel->attr.switch_timer_interval = is_metadata ? METADATA_WRITE_US : WRITE_US;
    }
    if (is_metadata) {
        channel->attr.subbuf_size = METADATA_BYTES;
    }
    int code = lttng_enable_channel(handle, channel);
    lttng_channel_destroy(channel);
    return code < 0 ? trace_session_failed(plan->name, "its channel cannot be made", code, error)
                    : XSW_OK;
}

/* filter: null for none. */
static enum xsw_status event_enable(const struct trace_plan *plan, struct lttng_handle *handle,
                                    const char *name, const char *filter, struct xsw_error *error)
{
    struct lttng_event *event = lttng_event_create();
    if (event == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for an event");
    }
    event->type = LTTNG_EVENT_TRACEPOINT;
    event->loglevel_type = LTTNG_EVENT_LOGLEVEL_ALL;
    event->loglevel = -1;
    snprintf(event->name, sizeof(event->name), "%s%s", event_prefix, name);
    int code = filter != NULL ? lttng_enable_event_with_filter(handle, event, channel_name, filter)
                              : lttng_enable_event(handle, event, channel_name);
    lttng_event_destroy(event);
    if (code == -LTTNG_ERR_FILTER_INVAL) {
        return error_set(
            error, XSW_INVALID,
            "filter \"%.100s\": LTTng does not understand it; expected one like 'port_name == "
            "\"alice\" && length > 1000', see xsw-events(7)",
            filter);
    }
    return code < 0 ? trace_session_failed(plan->name, name, code, error) : XSW_OK;
}

/* Told by another process than the rest: cmd/trace/kernel_teller.h. That something is missing is
 * recorded whatever is wanted: it may be among it. */
static enum xsw_status kernel_enable(const struct trace_plan *plan, struct lttng_handle *handle,
                                     struct xsw_error *error)
{
    static const char *const names[] = {"kernel_drop", "kernel_xdp_exception",
                                        "kernel_xdp_redirect_err"};
    enum xsw_status status = XSW_OK;
    for (size_t i = 0; status == XSW_OK && i < sizeof(names) / sizeof(names[0]); i++) {
        status = event_enable(plan, handle, names[i], plan->filter, error);
    }
    return status == XSW_OK ? event_enable(plan, handle, "kernel_lost", NULL, error) : status;
}

static enum xsw_status session_fill(const struct trace_plan *plan, struct xsw_error *error)
{
    struct lttng_domain domain = {.type = LTTNG_DOMAIN_UST, .buf_type = LTTNG_BUFFER_PER_UID};
    struct lttng_handle *handle = lttng_create_handle(plan->name, &domain);
    if (handle == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for session %s", plan->name);
    }
    enum xsw_status status = channel_enable(plan, handle, &domain, false, error);
    if (status == XSW_OK && plan->mode == TRACE_LOCAL) {
        status = channel_enable(plan, handle, &domain, true, error);
    }
    for (uint16_t kind = 0; status == XSW_OK && kind < SWITCH_EVENT_LIMIT; kind++) {
        if ((plan->kinds & switch_event_bit(kind)) != 0) {
            status = event_enable(plan, handle, switch_event_info(kind)->name, plan->filter, error);
        }
    }
    if (status == XSW_OK && plan->has_kernel) {
        status = kernel_enable(plan, handle, error);
    }
    lttng_destroy_handle(handle);
    int code = status == XSW_OK ? lttng_start_tracing(plan->name) : 0;
    return code < 0 ? trace_session_failed(plan->name, "it cannot be started", code, error)
                    : status;
}

enum xsw_status trace_session_start(const struct trace_plan *plan, struct xsw_error *error)
{
    struct lttng_session_descriptor *descriptor = descriptor_make(plan);
    if (descriptor == NULL) {
        return error_set(
            error, XSW_INVALID,
            "session \"%.60s\" in \"%.100s\": expected a name of letters and digits, and an "
            "absolute path or net://HOST",
            plan->name, plan->target != NULL ? plan->target : "");
    }
    int code = -(int)lttng_create_session_ext(descriptor);
    lttng_session_descriptor_destroy(descriptor);
    if (code != -LTTNG_OK) {
        return trace_session_failed(plan->name, "it cannot be made", code, error);
    }
    enum xsw_status status = session_fill(plan, error);
    if (status != XSW_OK) {
        (void)lttng_destroy_session(plan->name);
    }
    return status;
}

/* What is there ------------------------------------------------------------------------------ */

static uint64_t disk_free(const char *path)
{
    struct statvfs space;
    return statvfs(path, &space) == 0 ? (uint64_t)space.f_bavail * space.f_frsize : UINT64_MAX;
}

/* Whether the channel has events of ours; says whether those of the kernel are among them. */
static bool records_ours(struct lttng_handle *handle, const char *channel, bool *has_kernel)
{
    struct lttng_event *events = NULL;
    int count = lttng_list_events(handle, channel, &events);
    bool ours = false;
    for (int i = 0; i < count; i++) {
        ours |= strncmp(events[i].name, event_prefix, sizeof(event_prefix) - 1) == 0;
        *has_kernel |= strcmp(events[i].name, "xsw:kernel_drop") == 0;
    }
    free(events);
    return ours;
}

/* Adds up the losses of the channels; false when none of them records events of ours. */
static bool channels_look(struct trace_session *session)
{
    struct lttng_domain domain = {.type = LTTNG_DOMAIN_UST, .buf_type = LTTNG_BUFFER_PER_UID};
    struct lttng_handle *handle = lttng_create_handle(session->name, &domain);
    struct lttng_channel *channels = NULL;
    bool ours = false;
    int count = handle != NULL ? lttng_list_channels(handle, &channels) : 0;
    for (int i = 0; i < count; i++) {
        uint64_t events = 0;
        uint64_t packets = 0;
        (void)lttng_channel_get_discarded_event_count(&channels[i], &events);
        (void)lttng_channel_get_lost_packet_count(&channels[i], &packets);
        session->lost_events += events;
        session->overwritten += packets;
        ours |= records_ours(handle, channels[i].name, &session->has_kernel);
    }
    free(channels);
    lttng_destroy_handle(handle);
    return ours;
}

static void session_look(const struct lttng_session *from, struct trace_session *session)
{
    *session =
        (struct trace_session){.is_running = from->enabled != 0, .disk_free_bytes = UINT64_MAX};
    snprintf(session->name, sizeof(session->name), "%s", from->name);
    snprintf(session->path, sizeof(session->path), "%s", from->path);
    if (from->snapshot_mode != 0) {
        session->mode = TRACE_SNAPSHOT;
    } else if (strstr(from->path, "://") != NULL) {
        session->mode = strstr(from->path, "://127.0.0.1") != NULL ? TRACE_LIVE : TRACE_REMOTE;
    } else {
        session->mode = TRACE_LOCAL;
        session->disk_free_bytes = disk_free(from->path);
    }
}

enum xsw_status trace_sessions_list(struct trace_session **sessions, size_t *count,
                                    struct xsw_error *error)
{
    struct lttng_session *all = NULL;
    *sessions = NULL;
    *count = 0;
    int found = lttng_list_sessions(&all);
    if (found < 0) {
        return trace_session_failed("list", "sessions cannot be listed", found, error);
    }
    *sessions = calloc((size_t)found + 1, sizeof(**sessions));
    for (int i = 0; *sessions != NULL && i < found; i++) {
        struct trace_session *session = &(*sessions)[*count];
        session_look(&all[i], session);
        *count += channels_look(session);
    }
    free(all);
    return *sessions != NULL ? XSW_OK : error_set(error, XSW_NO_MEMORY, "no memory for a list");
}

enum xsw_status trace_session_find(const char *name, struct trace_session *session,
                                   struct xsw_error *error)
{
    struct trace_session *sessions;
    size_t count;
    enum xsw_status status = trace_sessions_list(&sessions, &count, error);
    if (status != XSW_OK) {
        return status;
    }
    status = XSW_NOT_FOUND;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(sessions[i].name, name) == 0) {
            *session = sessions[i];
            status = XSW_OK;
        }
    }
    free(sessions);
    return status == XSW_OK
               ? XSW_OK
               : error_set(error, XSW_NOT_FOUND,
                           "there is no session %.60s that records events of xsw: `xsw "
                           "trace status` lists them",
                           name);
}

enum xsw_status trace_session_stop(const char *name, struct trace_session *session,
                                   struct xsw_error *error)
{
    enum xsw_status status = trace_session_find(name, session, error);
    if (status != XSW_OK) {
        return status;
    }
    int code = lttng_stop_tracing(name);
    if (code < 0 && code != -LTTNG_ERR_UST_STOP_FAIL && code != -LTTNG_ERR_TRACE_ALREADY_STOPPED) {
        return trace_session_failed(name, "it cannot be stopped", code, error);
    }
    /* Only now the numbers are the last ones. */
    status = trace_session_find(name, session, error);
    code = lttng_destroy_session(name);
    struct trace_session left;
    if (session->disk_free_bytes < TRACE_DISK_LOW_BYTES &&
        (code >= 0 || trace_session_find(name, &left, NULL) == XSW_NOT_FOUND)) {
        session->cut_bytes = trace_cut(session->path);
        return status; /* it has gone, without what the disk had no room for */
    }
    return code < 0 ? trace_session_failed(name, "it cannot be destroyed", code, error) : status;
}
