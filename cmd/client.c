/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands' side of the control socket: a blocking request and its reply line, with the
 * descriptors that come beside it.
 */
#include "cmd/client.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "switch/control/control_socket.h"
#include "switch/control/rpc.h"

enum { REPLY_FIRST = 16 << 10, REPLY_LIMIT = RPC_REPLY_MAX + (64 << 10) };

struct client {
    int fd;
    int64_t next_id;
    char path[CONTROL_PATH_SIZE];
    char switch_name[CONFIG_NAME_SIZE]; /* empty: the only one */
    uint64_t limit_ns;                  /* for each answer; 0: none */
    uint64_t deadline_ns;               /* of the call that is being made; 0: none */
    bool is_late;                       /* an answer did not come in time, and may come yet */
    bool is_cut;                        /* a request went out in part */
};

/* A reply line as it grows. */
struct line {
    char *text;
    size_t length, size;
};

static enum xsw_status connect_failed(const char *path, struct xsw_error *error)
{
    if (errno == ENOENT || errno == ECONNREFUSED) {
        return error_set(
            error, XSW_IO,
            "no xswd is listening on %s: start it with `xswd --config FILE`, or name its "
            "socket with --socket",
            path);
    }
    if (errno == EAGAIN) {
        return error_set(error, XSW_AGAIN, "%s: xswd does not take the connection", path);
    }
    if (errno == EACCES || errno == EPERM) {
        return error_set(
            error, XSW_DENIED,
            "%s: you may not connect: expected the owner of xswd, root, or a member of "
            "group xsw",
            path);
    }
    return error_errno(error, "%s: cannot connect", path);
}

enum xsw_status client_select(struct client *client, const char *switch_name,
                              struct xsw_error *error)
{
    int length = snprintf(client->switch_name, sizeof(client->switch_name), "%s",
                          switch_name != NULL ? switch_name : "");
    if (length < 0 || (size_t)length >= sizeof(client->switch_name)) {
        return error_set(error, XSW_INVALID, "--switch: expected a name of at most %zu characters",
                         sizeof(client->switch_name) - 1);
    }
    return XSW_OK;
}

/* One that stands still takes no more connections than it has a queue for. */
static int socket_connect(int fd, const struct sockaddr_un *address, uint32_t milliseconds)
{
    const struct timeval limit = {.tv_sec = milliseconds / 1000,
                                  .tv_usec = milliseconds % 1000 * 1000};
    const struct timeval none = {0};
    if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) != 0 ||
        connect(fd, (const struct sockaddr *)address, sizeof(*address)) != 0) {
        return -1;
    }
    return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &none, sizeof(none));
}

enum xsw_status client_connect(const char *socket_path, struct client **client,
                               struct xsw_error *error)
{
    return client_connect_within(socket_path, 0, client, error);
}

enum xsw_status client_connect_within(const char *socket_path, uint32_t milliseconds,
                                      struct client **client, struct xsw_error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct client *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for a connection");
    }
    made->next_id = 1;
    made->fd = -1;
    enum xsw_status status = control_socket_path(socket_path, made->path, error);
    if (status == XSW_OK) {
        status = client_select(made, getenv("XSW_SWITCH"), error);
    }
    if (status != XSW_OK) {
        goto cleanup;
    }
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", made->path);
    made->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (made->fd < 0) {
        status = error_errno(error, "no socket to be had");
        goto cleanup;
    }
    if (socket_connect(made->fd, &address, milliseconds) != 0) {
        status = connect_failed(made->path, error);
        goto cleanup;
    }
    client_limit(made, milliseconds);
    *client = made;
    return XSW_OK;

cleanup:
    client_close(made);
    return status;
}

void client_close(struct client *client)
{
    if (client == NULL) {
        return;
    }
    if (client->fd >= 0) {
        close(client->fd);
    }
    free(client);
}

int client_fd(const struct client *client)
{
    return client->fd;
}

const char *client_path(const struct client *client)
{
    return client->path;
}

void client_limit(struct client *client, uint32_t milliseconds)
{
    client->limit_ns = (uint64_t)milliseconds * 1000000;
}

bool client_is_late(const struct client *client)
{
    return client->is_late;
}

void client_reply_fini(struct client_reply *reply)
{
    for (size_t i = 0; i < reply->fd_count; i++) {
        if (reply->fds[i] >= 0) {
            close(reply->fds[i]);
        }
    }
    json_decref(reply->result);
    *reply = (struct client_reply){0};
}

/* Until the socket can be read, or written. XSW_AGAIN: it could not in time. */
static enum xsw_status ready_wait(struct client *client, short events, struct xsw_error *error)
{
    struct pollfd watched = {.fd = client->fd, .events = events};
    while (client->deadline_ns != 0) {
        uint64_t now_ns = clock_mono_ns();
        uint64_t left_ns = client->deadline_ns > now_ns ? client->deadline_ns - now_ns : 0;
        int ready = poll(&watched, 1, (int)(left_ns / 1000000));
        if (ready > 0 || (ready < 0 && errno != EINTR)) {
            break;
        }
        if (ready == 0 && left_ns < 1000000) {
            client->is_late = true;
            return error_set(error, XSW_AGAIN, "%s: xswd gives no answer: waited for %.1f s",
                             client->path, (double)client->limit_ns / 1e9);
        }
    }
    return XSW_OK;
}

/* A peer that closed may have left an error line behind, so a broken pipe is no failure yet. */
static enum xsw_status request_send(struct client *client, const char *text, size_t length,
                                    struct xsw_error *error)
{
    int flags = client->deadline_ns != 0 ? MSG_NOSIGNAL | MSG_DONTWAIT : MSG_NOSIGNAL;
    while (length > 0) {
        if (ready_wait(client, POLLOUT, error) != XSW_OK) {
            client->is_cut = true;
            return XSW_AGAIN;
        }
        ssize_t sent = send(client->fd, text, length, flags);
        if (sent < 0 && (errno == EINTR || errno == EAGAIN)) {
            continue;
        }
        if (sent < 0 && (errno == EPIPE || errno == ECONNRESET)) {
            return XSW_OK;
        }
        if (sent < 0) {
            return error_errno(error, "%s: the request cannot be sent", client->path);
        }
        text += sent;
        length -= (size_t)sent;
    }
    return XSW_OK;
}

static void fds_take(struct msghdr *message, struct client_reply *reply)
{
    for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header != NULL;
         header = CMSG_NXTHDR(message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof(fd));
            if (reply->fd_count < CLIENT_FDS_MAX) {
                reply->fds[reply->fd_count++] = fd;
            } else {
                close(fd);
            }
        }
    }
}

static bool line_make_room(struct line *line)
{
    if (line->length < line->size) {
        return true;
    }
    size_t size = line->size == 0 ? REPLY_FIRST : line->size * 2;
    char *larger = size <= 2 * (size_t)REPLY_LIMIT ? realloc(line->text, size) : NULL;
    if (larger == NULL) {
        return false;
    }
    line->text = larger;
    line->size = size;
    return true;
}

/* Receives one piece. Returns what recvmsg did. */
static ssize_t piece_receive(const struct client *client, struct line *line,
                             struct client_reply *reply)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int) * CLIENT_FDS_MAX)];
    } control;
    struct iovec piece = {.iov_base = line->text + line->length,
                          .iov_len = line->size - line->length};
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof(control.bytes)};
    ssize_t got = recvmsg(client->fd, &message, MSG_CMSG_CLOEXEC);
    if (got > 0) {
        fds_take(&message, reply);
        line->length += (size_t)got;
    }
    return got;
}

static enum xsw_status reply_receive(struct client *client, struct line *line,
                                     struct client_reply *reply, struct xsw_error *error)
{
    for (;;) {
        if (line->length > REPLY_LIMIT || !line_make_room(line)) {
            return error_set(error, XSW_LIMIT, "%s: the reply is longer than %d bytes",
                             client->path, REPLY_LIMIT);
        }
        enum xsw_status status = ready_wait(client, POLLIN, error);
        if (status != XSW_OK) {
            return status;
        }
        ssize_t got = piece_receive(client, line, reply);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0 && errno != ECONNRESET) {
            return error_errno(error, "%s: the reply cannot be read", client->path);
        }
        if (got <= 0) {
            return error_set(error, XSW_IO, "%s: xswd closed the connection without a reply",
                             client->path);
        }
        if (memchr(line->text + line->length - got, '\n', (size_t)got) != NULL) {
            return XSW_OK;
        }
    }
}

static enum xsw_status status_of(const char *name)
{
    for (int status = XSW_INVALID; status >= XSW_LIMIT; status--) {
        if (name != NULL && strcmp(name, status_name((enum xsw_status)status)) == 0) {
            return (enum xsw_status)status;
        }
    }
    return XSW_IO;
}

static enum xsw_status reply_understand(const struct client *client, const struct line *line,
                                        int64_t id, struct client_reply *reply,
                                        struct xsw_error *error)
{
    enum xsw_status status = XSW_OK;
    json_error_t parse_error;
    json_t *tree = json_loadb(line->text, line->length, 0, &parse_error);
    json_t *failure = json_object_get(tree, "error");
    json_t *result = json_object_get(tree, "result");
    if (failure != NULL) {
        const char *message = json_string_value(json_object_get(failure, "message"));
        const char *name =
            json_string_value(json_object_get(json_object_get(failure, "data"), "status"));
        status = error_set(error, status_of(name), "%s", message != NULL ? message : "no message");
    } else if (result == NULL || json_integer_value(json_object_get(tree, "id")) != id) {
        status =
            error_set(error, XSW_CORRUPT, "%s: expected the reply to request %lld: is this xswd?",
                      client->path, (long long)id);
    } else {
        reply->result = json_incref(result);
    }
    json_decref(tree);
    return status;
}

static enum xsw_status exchange(struct client *client, int64_t id, const char *text,
                                struct client_reply *reply, struct xsw_error *error)
{
    struct line line = {0};
    if (client->is_cut) {
        return error_set(error, XSW_AGAIN, "%s: xswd takes no requests", client->path);
    }
    client->deadline_ns = client->limit_ns != 0 ? clock_mono_ns() + client->limit_ns : 0;
    enum xsw_status status = request_send(client, text, strlen(text), error);
    if (status == XSW_OK) {
        status = request_send(client, "\n", 1, error);
    }
    if (status == XSW_OK && client->is_late) {
        /* What comes first is the answer that was given up. */
        status =
            error_set(error, XSW_AGAIN, "%s: xswd was told, and gives no answer", client->path);
    } else if (status == XSW_OK) {
        status = reply_receive(client, &line, reply, error);
    }
    if (status == XSW_OK) {
        status = reply_understand(client, &line, id, reply, error);
    }
    free(line.text);
    return status;
}

enum xsw_status client_call(struct client *client, const char *method, json_t *params,
                            struct client_reply *reply, struct xsw_error *error)
{
    *reply = (struct client_reply){0};
    if (params == NULL) {
        params = json_object();
    }
    if (client->switch_name[0] != '\0' && json_object_get(params, "switch") == NULL) {
        json_object_set_new(params, "switch", json_string(client->switch_name));
    }
    int64_t id = client->next_id++;
    json_t *request = json_pack("{s:s,s:I,s:s,s:o}", "jsonrpc", "2.0", "id", (json_int_t)id,
                                "method", method, "params", params);
    char *text = request != NULL ? json_dumps(request, JSON_COMPACT) : NULL;
    json_decref(request);
    if (text == NULL) {
        return error_set(error, XSW_INVALID, "%s: expected arguments in UTF-8", method);
    }
    enum xsw_status status = exchange(client, id, text, reply, error);
    free(text);
    if (status != XSW_OK) {
        client_reply_fini(reply);
    }
    return status;
}
