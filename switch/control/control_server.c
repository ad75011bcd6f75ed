/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control server's loop. A connection that has answers waiting is not read from before they are
 * sent, so what it holds in memory is one line in and little more than one answer out.
 */
#include "switch/control/control_server.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "switch/control/control_client.h"
#include "switch/control/control_socket.h"

enum {
    OUTPUT_HIGH = 256 << 10, /* bytes that may wait before a connection is no longer read */
    LINES_A_TURN = 32        /* so that one busy connection does not hold up the others */
};

struct control_server {
    struct control_socket socket;
    int epoll_fd;
    gid_t group;
    struct control_options options;
    struct rpc_registry registry;
    struct control_client *clients[CONTROL_CLIENTS_MAX];
    uint64_t next_client;
    bool accept_paused; /* no descriptor was to be had; tried again at the next tick */
};

static void server_log(const struct control_server *server, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void server_log(const struct control_server *server, const char *format, ...)
{
    char line[200];
    va_list arguments;
    if (server->options.log == NULL) {
        return;
    }
    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    server->options.log(server->options.log_context, line);
}

static int watch(const struct control_server *server, int operation, int fd, uint32_t events,
                 void *what)
{
    struct epoll_event event = {.events = events, .data = {.ptr = what}};
    return epoll_ctl(server->epoll_fd, operation, fd, &event);
}

enum xsw_status control_server_open(const struct control_options *options,
                                    struct control_server **server, struct xsw_error *error)
{
    struct control_server *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        return error_set(error, XSW_NO_MEMORY, "%s: no memory for the server", options->path);
    }
    made->options = *options;
    made->next_client = 1;
    made->group = control_group();
    made->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    enum xsw_status status = XSW_OK;
    if (made->epoll_fd < 0) {
        status = error_errno(error, "%s: no epoll to be had", options->path);
    }
    if (status == XSW_OK) {
        status = control_socket_listen(options->path, made->group, &made->socket, error);
    }
    if (status == XSW_OK && watch(made, EPOLL_CTL_ADD, made->socket.fd, EPOLLIN, NULL) != 0) {
        status = error_errno(error, "%s: cannot be watched", options->path);
    }
    if (status != XSW_OK) {
        control_server_close(made);
        return status;
    }
    *server = made;
    return XSW_OK;
}

static void client_drop(struct control_server *server, struct control_client *client)
{
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        if (server->clients[i] == client) {
            server->clients[i] = NULL;
        }
    }
    uint64_t number = client->caller.client;
    control_client_destroy(client);
    rpc_registry_client_gone(&server->registry, number);
}

void control_server_close(struct control_server *server)
{
    if (server == NULL) {
        return;
    }
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        if (server->clients[i] != NULL) {
            client_drop(server, server->clients[i]);
        }
    }
    control_socket_close(&server->socket);
    if (server->epoll_fd >= 0) {
        close(server->epoll_fd);
    }
    free(server);
}

enum xsw_status control_server_add(struct control_server *server, const struct rpc_table *table,
                                   struct xsw_error *error)
{
    return rpc_registry_add(&server->registry, table, error);
}

int control_server_fd(const struct control_server *server)
{
    return server->epoll_fd;
}

/* Sends one error line, as far as the new socket takes it, and closes. */
static void peer_refuse(int fd, const char *why)
{
    struct rpc_answer answer;
    rpc_answer_error(&answer, RPC_REFUSED, why);
    if (answer.text != NULL && send(fd, answer.text, answer.length, MSG_NOSIGNAL) < 0) {
        errno = 0; /* the peer has gone already: nobody is left to be told */
    }
    rpc_answer_fini(&answer);
    close(fd);
}

static struct control_client **slot_find(struct control_server *server)
{
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        if (server->clients[i] == NULL) {
            return &server->clients[i];
        }
    }
    return NULL;
}

static void client_add(struct control_server *server, int fd, uint64_t now_ns)
{
    uid_t uid;
    struct control_client **slot = slot_find(server);
    enum control_right right = control_peer_right(fd, server->group, &uid);
    if (right == CONTROL_RIGHT_NONE) {
        server_log(server, "client-refused: uid=%u", (unsigned)uid);
        peer_refuse(fd, "expected the owner of xswd, root, or a member of group xsw");
        return;
    }
    if (slot == NULL) {
        server_log(server, "client-refused: uid=%u clients=%d", (unsigned)uid, CONTROL_CLIENTS_MAX);
        peer_refuse(fd, "there are 64 connections already: close one of them first");
        return;
    }
    struct rpc_caller caller = {.client = server->next_client++,
                                .uid = uid,
                                .pid = control_peer_pid(fd),
                                .may_manage = right == CONTROL_RIGHT_MANAGE};
    struct control_client *client = control_client_create(fd, &caller, now_ns);
    if (client == NULL) {
        return;
    }
    client->events = EPOLLIN;
    if (watch(server, EPOLL_CTL_ADD, fd, client->events, client) != 0) {
        control_client_destroy(client);
    } else {
        *slot = client;
    }
}

static void clients_accept(struct control_server *server, uint64_t now_ns)
{
    for (int i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        int fd = accept4(server->socket.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            client_add(server, fd, now_ns);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
            server_log(server, "accept-paused: error=%s", strerror(errno));
            server->accept_paused = watch(server, EPOLL_CTL_MOD, server->socket.fd, 0, NULL) == 0;
            return;
        } else if (errno != EINTR && errno != ECONNABORTED) {
            return;
        }
    }
}

/* Handles one line. A connection for which there is no memory cannot be told so: it ends. */
static enum xsw_status line_handle(struct control_server *server, struct control_client *client,
                                   const char *line, size_t length)
{
    struct rpc_answer answer;
    enum xsw_status status = XSW_OK;
    if (length > 0 && line[length - 1] == '\r') {
        length--;
    }
    if (length == 0) {
        return XSW_OK;
    }
    rpc_handle(&server->registry, &client->caller, line, length, &answer);
    if (answer.text != NULL && control_client_queue(client, &answer) != XSW_OK) {
        status = XSW_END;
    }
    rpc_answer_fini(&answer);
    return status;
}

static enum xsw_status line_too_long(struct control_client *client)
{
    struct rpc_answer answer;
    char text[128];
    snprintf(text, sizeof(text),
             "request: expected a line of at most %zu bytes; the connection ends here",
             control_client_line_max(client));
    rpc_answer_error(&answer, RPC_INVALID_REQUEST, text);
    enum xsw_status status =
        answer.text != NULL ? control_client_queue(client, &answer) : XSW_NO_MEMORY;
    rpc_answer_fini(&answer);
    client->input_ended = true;
    client->input_start = client->input_end;
    return status;
}

static bool may_take_line(const struct control_client *client)
{
    return client->output_bytes < OUTPUT_HIGH;
}

/* Reads and answers until there is nothing to read, the output is full or the turn is over.
 * Negative or XSW_END: the connection is to be dropped. */
static enum xsw_status client_run(struct control_server *server, struct control_client *client,
                                  uint64_t now_ns)
{
    enum xsw_status status = control_client_flush(client, now_ns);
    for (int lines = 0; lines < LINES_A_TURN && may_take_line(client);) {
        const char *line;
        size_t length;
        if (status < 0 || status == XSW_END) {
            return status;
        }
        if (control_client_line(client, &line, &length) == XSW_OK) {
            status = line_handle(server, client, line, length);
            if (status == XSW_OK) {
                status = control_client_flush(client, now_ns);
            }
            lines++;
            continue;
        }
        if (client->input_ended) {
            break;
        }
        enum xsw_status got = control_client_read(client);
        if (got == XSW_LIMIT) {
            status = line_too_long(client);
        } else if (got == XSW_END) {
            client->input_ended = true;
        } else if (got != XSW_OK) {
            break;
        }
    }
    if (status == XSW_OK || status == XSW_AGAIN) {
        status = control_client_flush(client, now_ns);
    }
    return status;
}

static void client_process(struct control_server *server, struct control_client *client,
                           uint64_t now_ns)
{
    enum xsw_status status = client_run(server, client, now_ns);
    bool has_line = control_client_has_line(client);
    if (status < 0 || status == XSW_END || (client->input_ended && !has_line && status == XSW_OK)) {
        client_drop(server, client);
        return;
    }
    uint32_t events = 0;
    /* Lines that are read already raise no EPOLLIN: a writable socket brings us back to them. */
    if (client->first != NULL || has_line) {
        events |= EPOLLOUT;
    }
    if (!client->input_ended && may_take_line(client)) {
        events |= EPOLLIN;
    }
    if (events == client->events) {
        return;
    }
    client->events = events;
    if (watch(server, EPOLL_CTL_MOD, client->fd, events, client) != 0) {
        client_drop(server, client);
    }
}

void control_server_process(struct control_server *server, uint64_t now_ns)
{
    struct epoll_event events[CONTROL_CLIENTS_MAX + 1];
    int count = epoll_wait(server->epoll_fd, events, CONTROL_CLIENTS_MAX + 1, 0);
    for (int i = 0; i < count; i++) {
        if (events[i].data.ptr == NULL) {
            clients_accept(server, now_ns);
        } else {
            client_process(server, events[i].data.ptr, now_ns);
        }
    }
}

void control_server_tick(struct control_server *server, uint64_t now_ns)
{
    const uint64_t slow_ns = CONTROL_SLOW_SECONDS * UINT64_C(1000000000);
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        struct control_client *client = server->clients[i];
        if (client == NULL || client->first == NULL || now_ns - client->progress_ns < slow_ns) {
            continue;
        }
        server_log(server, "client-dropped: waiting_bytes=%zu reason=slow", client->output_bytes);
        client_drop(server, client);
    }
    if (server->accept_paused &&
        watch(server, EPOLL_CTL_MOD, server->socket.fd, EPOLLIN, NULL) == 0) {
        server->accept_paused = false;
    }
}
