/* SPDX-License-Identifier: Apache-2.0 */
/* What can be taken out of a session that goes on: snapshots, and what it has written so far. */
#include <stdio.h>
#include <time.h>

#include <lttng/lttng.h>

#include "base/error.h"
#include "cmd/trace/trace_session.h"

enum { ROTATION_TRIES = 200, ROTATION_PAUSE_NS = 50000000 };

/* Where a session writes its snapshots when it is not told another place; "" when it has none. */
static void snapshot_place(const char *name, char path[TRACE_PATH_SIZE])
{
    struct lttng_snapshot_output_list *list = NULL;
    path[0] = '\0';
    if (lttng_snapshot_list_output(name, &list) != 0) {
        return;
    }
    const struct lttng_snapshot_output *output = lttng_snapshot_output_list_get_next(list);
    if (output != NULL) {
        snprintf(path, TRACE_PATH_SIZE, "%s", lttng_snapshot_output_get_ctrl_url(output));
    }
    lttng_snapshot_output_list_destroy(list);
}

enum xsw_status trace_session_snapshot(const char *name, const char *folder,
                                       char path[TRACE_PATH_SIZE], struct xsw_error *error)
{
    struct trace_session session;
    enum xsw_status status = trace_session_find(name, &session, error);
    if (status != XSW_OK) {
        return status;
    }
    if (session.mode != TRACE_SNAPSHOT) {
        return error_set(
            error, XSW_UNSUPPORTED,
            "session %s writes all the time, to %.200s: rotate it to read what is there, "
            "or start one without a target",
            name, session.path);
    }
    struct lttng_snapshot_output *output = lttng_snapshot_output_create();
    if (output == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for a snapshot");
    }
    int code = folder != NULL ? lttng_snapshot_output_set_local_path(folder, output) : 0;
    if (code >= 0) {
        code = lttng_snapshot_record(name, folder != NULL ? output : NULL, 0);
    }
    lttng_snapshot_output_destroy(output);
    if (folder != NULL) {
        snprintf(path, TRACE_PATH_SIZE, "%s", folder);
    } else {
        snapshot_place(name, path);
    }
    return code < 0 ? trace_session_failed(name, "the snapshot cannot be written", code, error)
                    : XSW_OK;
}

static enum xsw_status rotation_wait(const char *name, struct lttng_rotation_handle *handle,
                                     char path[TRACE_PATH_SIZE], struct xsw_error *error)
{
    enum lttng_rotation_state state = LTTNG_ROTATION_STATE_ONGOING;
    for (int i = 0; i < ROTATION_TRIES && state == LTTNG_ROTATION_STATE_ONGOING; i++) {
        if (lttng_rotation_handle_get_state(handle, &state) != LTTNG_ROTATION_STATUS_OK) {
            break;
        }
        if (state == LTTNG_ROTATION_STATE_ONGOING) {
            nanosleep(&(struct timespec){.tv_nsec = ROTATION_PAUSE_NS}, NULL);
        }
    }
    const struct lttng_trace_archive_location *location = NULL;
    const char *found = NULL;
    if (state != LTTNG_ROTATION_STATE_COMPLETED ||
        lttng_rotation_handle_get_archive_location(handle, &location) != LTTNG_ROTATION_STATUS_OK) {
        return error_set(error, XSW_IO, "session %s: the rotation did not end", name);
    }
    if (lttng_trace_archive_location_get_type(location) ==
        LTTNG_TRACE_ARCHIVE_LOCATION_TYPE_LOCAL) {
        (void)lttng_trace_archive_location_local_get_absolute_path(location, &found);
    } else {
        (void)lttng_trace_archive_location_relay_get_relative_path(location, &found);
    }
    snprintf(path, TRACE_PATH_SIZE, "%s", found != NULL ? found : "");
    return XSW_OK;
}

enum xsw_status trace_session_rotate(const char *name, char path[TRACE_PATH_SIZE],
                                     struct xsw_error *error)
{
    struct lttng_rotation_handle *handle = NULL;
    struct trace_session session;
    enum xsw_status status = trace_session_find(name, &session, error);
    if (status != XSW_OK) {
        return status;
    }
    if (session.mode != TRACE_LOCAL) {
        return error_set(
            error, XSW_UNSUPPORTED,
            "session %s writes into no folder of its own, so there is nothing to close: %s", name,
            session.mode == TRACE_SNAPSHOT ? "take a snapshot"
                                           : "the relay daemon can be read at any time");
    }
    int code = lttng_rotate_session(name, NULL, &handle);
    if (code < 0) {
        return trace_session_failed(name, "it cannot be rotated", code, error);
    }
    status = rotation_wait(name, handle, path, error);
    lttng_rotation_handle_destroy(handle);
    return status;
}
