/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_CONTROL_SERVER_H
#define XSW_SWITCH_CONTROL_SERVER_H

/*
 * The control socket of a daemon: accepts connections, checks who they are, and lets their requests
 * through to the methods, without ever blocking. It has no thread of its own: the owner polls one
 * descriptor and calls control_server_process when it is readable.
 *
 * Threads: control thread.
 */

#include <stdint.h>

#include <xsw/error.h>

#include "switch/control/rpc.h"

struct control_server;

enum {
    CONTROL_CLIENTS_MAX = 64,
    CONTROL_SLOW_SECONDS = 30 /* a peer that reads nothing for so long is dropped */
};

struct control_options {
    const char *path; /* of the socket */
    /* Gets a line "event: key=value" for what an operator wants to know. May be null. */
    void (*log)(void *context, const char *line);
    void *log_context;
};

enum xsw_status control_server_open(const struct control_options *options,
                                    struct control_server **server,
                                    struct xsw_error *error) XSW_MUST_CHECK;
/* Tells the methods that the clients have gone, closes all, removes the socket. Accepts null. */
void control_server_close(struct control_server *server);

/* The table is borrowed until the server is closed. */
enum xsw_status control_server_add(struct control_server *server, const struct rpc_table *table,
                                   struct xsw_error *error) XSW_MUST_CHECK;

/* Readable when control_server_process has something to do. */
int control_server_fd(const struct control_server *server);
/* now_ns: any clock that does not go back; the same for tick. */
void control_server_process(struct control_server *server, uint64_t now_ns);
/* About once a second: drops peers that do not read. */
void control_server_tick(struct control_server *server, uint64_t now_ns);

#endif
