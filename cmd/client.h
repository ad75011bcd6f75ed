/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_CLIENT_H
#define XSW_CMD_CLIENT_H

/*
 * A connection of a command to xswd: one request, one reply, descriptors beside it.
 *
 * Threads: none of its own; a connection is used by one thread. Calls block until the reply is
 * there, the connection ends, or the time that they were given is over.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include <xsw/error.h>

#include "switch/config/config.h"

enum { CLIENT_FDS_MAX = CONFIG_WORKERS_MAX };

struct client;

/* What a call gave. The caller owns all of it: client_reply_fini frees it and closes the fds that
 * were not taken out (set a taken one to -1). */
struct client_reply {
    json_t *result;
    int fds[CLIENT_FDS_MAX];
    size_t fd_count;
};

/* socket_path: null for $XSW_SOCKET, or the default when that is not set. The error says what to do
 * when nobody listens. */
enum xsw_status client_connect(const char *socket_path, struct client **client,
                               struct xsw_error *error) XSW_MUST_CHECK;
/* The same with client_limit, which holds for the connection too: XSW_AGAIN when xswd is there and
 * takes none within that time. */
enum xsw_status client_connect_within(const char *socket_path, uint32_t milliseconds,
                                      struct client **client,
                                      struct xsw_error *error) XSW_MUST_CHECK;
/* Requests from now on are about this switch; at first they are about $XSW_SWITCH, or when that is
 * not set about the only one. Null or empty: the only one. */
enum xsw_status client_select(struct client *client, const char *switch_name,
                              struct xsw_error *error) XSW_MUST_CHECK;
/* From now on an answer has to come within this time, or the call fails with XSW_AGAIN; 0: no
 * limit. After one that did not come, client_is_late, what is called is still asked for, in its
 * order, and fails the same way at once. */
void client_limit(struct client *client, uint32_t milliseconds);
bool client_is_late(const struct client *client);
/* Accepts null. */
void client_close(struct client *client);

/* Takes `params` (an object, or null for none), also when it fails. On failure `reply` is empty and
 * the error holds the daemon's sentence; the status is the switch's own (XSW_NOT_FOUND, …),
 * XSW_INVALID for a request of the wrong shape, XSW_IO when the connection ended. */
enum xsw_status client_call(struct client *client, const char *method, json_t *params,
                            struct client_reply *reply, struct xsw_error *error) XSW_MUST_CHECK;
void client_reply_fini(struct client_reply *reply);

/* To poll for: it becomes readable, outside calls, only when the daemon has gone. */
int client_fd(const struct client *client);
/* The path that this connection uses. */
const char *client_path(const struct client *client);

#endif
