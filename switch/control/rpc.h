/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_RPC_H
#define XSW_SWITCH_RPC_H

/*
 * JSON-RPC 2.0 without the socket: a line of text comes in, a line of text goes out. Methods are
 * constant tables; the control server is given one by each part that has methods (the switch its
 * own, xswd the capture ones), so that no layer needs to know the others. One method is built in:
 * "rpc.methods" tells the names of all.
 *
 * Threads: control thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include <xsw/error.h>

#include "switch/config/config.h"

enum {
    RPC_API = 1, /* "api" of hello; grows when a method changes its meaning */
    RPC_FDS_MAX = CONFIG_WORKERS_MAX,
    RPC_TABLES_MAX = 32,
    RPC_LINE_MAX = 1 << 20,         /* a request of who may only look */
    RPC_MANAGE_LINE_MAX = 32 << 20, /* and of who manages: saved ports are large */
    RPC_REPLY_MAX = 32 << 20
};

/* Codes of errors. Failures of the switch have RPC_FAILED and data {"status":"not-found"}. */
enum {
    RPC_PARSE_ERROR = -32700,
    RPC_INVALID_REQUEST = -32600,
    RPC_METHOD_NOT_FOUND = -32601,
    RPC_INVALID_PARAMS = -32602,
    RPC_FAILED = -32000,
    RPC_REFUSED = -32001 /* the peer may not do this */
};

struct rpc_caller {
    uint64_t client;   /* number of the connection, from 1, never used again */
    uint32_t uid, pid; /* of the process that opened it */
    bool may_manage;
    /* Nobody gets the answer: rpc_handle() says so of a request without an id. Methods that pass
     * descriptors refuse then. */
    bool is_notification;
};

/* What a method gives back. `fds` travel with the reply; they stay the method's: the server makes
 * copies of them before the next event. */
struct rpc_reply {
    json_t *result; /* the server releases it; null stands for {} */
    int fds[RPC_FDS_MAX];
    size_t fd_count;
};

/* params is an object, empty when the request had none. XSW_INVALID is answered as
 * RPC_INVALID_PARAMS, any other failure as RPC_FAILED with the status. */
typedef enum xsw_status rpc_function(void *context, const struct rpc_caller *caller,
                                     const json_t *params, struct rpc_reply *reply,
                                     struct xsw_error *error);

struct rpc_method {
    const char *name;  /* "port.add" */
    bool needs_manage; /* else observers may call it too */
    rpc_function *function;
};

struct rpc_table {
    const struct rpc_method *methods;
    size_t count;
    void *context; /* passed to the functions */
    /* Where there are several things that the methods may work on: called before each request with
     * the text "switch" of its params (null: none), which the method does not see; *resolved takes
     * the place of the context. Null: the context itself. */
    enum xsw_status (*resolve)(void *context, const char *name, void **resolved,
                               struct xsw_error *error);
    /* A connection has ended: what belongs to it is to be closed. May be null. */
    void (*client_gone)(void *context, uint64_t client);
};

/* The methods that a server knows. Tables are borrowed. */
struct rpc_registry {
    const struct rpc_table *tables[RPC_TABLES_MAX];
    size_t count;
};

/* The line to send, newline included, from malloc; null when there is none (a notification). */
struct rpc_answer {
    char *text;
    size_t length;
    int fds[RPC_FDS_MAX];
    size_t fd_count;
};

enum xsw_status rpc_registry_add(struct rpc_registry *registry, const struct rpc_table *table,
                                 struct xsw_error *error) XSW_MUST_CHECK;
void rpc_registry_client_gone(const struct rpc_registry *registry, uint64_t client);

/* Never fails: what goes wrong becomes the answer. `line` has no newline and need not end in zero.
 */
void rpc_handle(const struct rpc_registry *registry, const struct rpc_caller *caller,
                const char *line, size_t length, struct rpc_answer *answer);
/* An answer to no request: {"jsonrpc":"2.0","error":{…},"id":null}. */
void rpc_answer_error(struct rpc_answer *answer, int code, const char *message);
void rpc_answer_fini(struct rpc_answer *answer);

#endif
