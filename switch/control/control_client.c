/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Buffers of a control connection. The input is one flat buffer whose used part moves to the front
 * when it reaches the end; the output is a list of answers, each with the descriptors that travel
 * with its first byte.
 */
#include "switch/control/control_client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { INPUT_FIRST = 4096 };

struct control_output {
    struct control_output *next;
    char *text;
    size_t length, sent;
    int fds[RPC_FDS_MAX]; /* our own copies, closed when they are sent */
    size_t fd_count;
};

struct control_client *control_client_create(int fd, const struct rpc_caller *caller,
                                             uint64_t now_ns)
{
    struct control_client *client = calloc(1, sizeof(*client));
    char *input = malloc(INPUT_FIRST);
    if (client == NULL || input == NULL) {
        free(client);
        free(input);
        close(fd);
        return NULL;
    }
    client->fd = fd;
    client->caller = *caller;
    client->progress_ns = now_ns;
    client->input = input;
    client->input_size = INPUT_FIRST;
    return client;
}

static void output_close_fds(struct control_output *output)
{
    for (size_t i = 0; i < output->fd_count; i++) {
        close(output->fds[i]);
    }
    output->fd_count = 0;
}

static void output_destroy(struct control_output *output)
{
    output_close_fds(output);
    free(output->text);
    free(output);
}

void control_client_destroy(struct control_client *client)
{
    while (client->first != NULL) {
        struct control_output *output = client->first;
        client->first = output->next;
        output_destroy(output);
    }
    close(client->fd);
    free(client->input);
    free(client);
}

size_t control_client_line_max(const struct control_client *client)
{
    return client->caller.may_manage ? RPC_MANAGE_LINE_MAX : RPC_LINE_MAX;
}

/* Makes room for at least one more byte. The buffer grows to one line of the largest size. */
static enum xsw_status input_make_room(struct control_client *client)
{
    if (client->input_start > 0) {
        size_t used = client->input_end - client->input_start;
        memmove(client->input, client->input + client->input_start, used);
        client->searched -= client->input_start;
        client->input_end = used;
        client->input_start = 0;
    }
    if (client->input_end < client->input_size) {
        return XSW_OK;
    }
    size_t most = control_client_line_max(client);
    if (client->input_size > most) {
        return XSW_LIMIT;
    }
    size_t size = client->input_size * 2 > most ? most + 1 : client->input_size * 2;
    char *larger = realloc(client->input, size);
    if (larger == NULL) {
        return XSW_END;
    }
    client->input = larger;
    client->input_size = size;
    return XSW_OK;
}

enum xsw_status control_client_read(struct control_client *client)
{
    enum xsw_status status = input_make_room(client);
    if (status != XSW_OK) {
        return status;
    }
    for (;;) {
        ssize_t got = recv(client->fd, client->input + client->input_end,
                           client->input_size - client->input_end, 0);
        if (got > 0) {
            client->input_end += (size_t)got;
            return XSW_OK;
        }
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            return XSW_AGAIN;
        }
        return XSW_END;
    }
}

bool control_client_has_line(const struct control_client *client)
{
    if (client->input_ended) {
        return client->input_end > client->input_start;
    }
    return memchr(client->input + client->searched, '\n', client->input_end - client->searched) !=
           NULL;
}

enum xsw_status control_client_line(struct control_client *client, const char **line,
                                    size_t *length)
{
    char *start = client->input + client->input_start;
    char *end =
        memchr(client->input + client->searched, '\n', client->input_end - client->searched);
    if (end == NULL) {
        client->searched = client->input_end;
        if (!client->input_ended || client->input_end == client->input_start) {
            return XSW_AGAIN;
        }
        end = client->input + client->input_end;
        client->input_start = client->input_end;
    } else {
        client->input_start = (size_t)(end - client->input) + 1;
        client->searched = client->input_start;
    }
    *line = start;
    *length = (size_t)(end - start);
    return XSW_OK;
}

enum xsw_status control_client_queue(struct control_client *client, struct rpc_answer *answer)
{
    struct control_output *output = calloc(1, sizeof(*output));
    if (output == NULL) {
        return XSW_NO_MEMORY;
    }
    for (size_t i = 0; i < answer->fd_count; i++) {
        int copy = fcntl(answer->fds[i], F_DUPFD_CLOEXEC, 0);
        if (copy < 0) {
            output_destroy(output);
            return XSW_LIMIT;
        }
        output->fds[output->fd_count++] = copy;
    }
    output->text = answer->text;
    output->length = answer->length;
    *answer = (struct rpc_answer){0};
    if (client->first == NULL) {
        client->first = output;
    } else {
        client->last->next = output;
    }
    client->last = output;
    client->output_bytes += output->length;
    return XSW_OK;
}

static ssize_t output_send(int fd, const struct control_output *output)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int) * RPC_FDS_MAX)];
    } control = {.bytes = {0}};
    struct iovec piece = {.iov_base = output->text + output->sent,
                          .iov_len = output->length - output->sent};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    if (output->fd_count > 0) {
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * output->fd_count);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int) * output->fd_count);
        memcpy(CMSG_DATA(header), output->fds, sizeof(int) * output->fd_count);
    }
    return sendmsg(fd, &message, MSG_NOSIGNAL);
}

enum xsw_status control_client_flush(struct control_client *client, uint64_t now_ns)
{
    while (client->first != NULL) {
        struct control_output *output = client->first;
        ssize_t sent = output_send(client->fd, output);
        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent < 0) {
            return errno == EAGAIN || errno == EWOULDBLOCK ? XSW_AGAIN : XSW_END;
        }
        output_close_fds(output);
        output->sent += (size_t)sent;
        client->output_bytes -= (size_t)sent;
        client->progress_ns = now_ns;
        if (output->sent == output->length) {
            client->first = output->next;
            output_destroy(output);
        }
    }
    client->last = NULL;
    client->progress_ns = now_ns;
    return XSW_OK;
}
