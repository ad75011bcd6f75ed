/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/capture/capture_kernel.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "cmd/client.h"
#include "cmd/exit_codes.h"
#include "cmd/trace/kernel_watch.h"

enum { TURN_MS = 50, SEND_BYTES = 4 << 20 };

/* The child ---------------------------------------------------------------------------------- */

struct child {
    int fd;
    bool is_alone; /* nobody reads us any more */
    struct kernel_watch watch;
};

static void send_message(struct child *child, const struct capture_kernel_message *message)
{
    while (!child->is_alone) {
        if (send(child->fd, message, sizeof(*message), MSG_NOSIGNAL) >= 0) {
            return;
        }
        child->is_alone = errno != EINTR;
    }
}

static void group_send(const struct kernel_group *group, void *context)
{
    struct capture_kernel_message message;
    memset(&message, 0, sizeof(message));
    message.kind = CAPTURE_KERNEL_GROUP;
    message.group = *group;
    if (group->first.device != NULL) {
        message.device = *group->first.device;
    }
    message.group.first.device = NULL;
    send_message(context, &message);
}

/* Until the other side closes or shuts down its end. What it does not read waits in the socket, and
 * then in the kernel's rings, which count what they lose. */
static enum xsw_status child_run(struct child *child, struct xsw_error *error)
{
    struct pollfd wait = {.fd = child->fd, .events = POLLIN};
    enum xsw_status status = XSW_OK;
    bool is_over = false;
    while (status == XSW_OK && !is_over && !child->is_alone) {
        is_over = poll(&wait, 1, TURN_MS) > 0;
        status = kernel_watch_turn(&child->watch, error);
    }
    return status;
}

static enum xsw_status child_begin(struct child *child, const char *socket_path,
                                   const char *switch_name, struct client **client,
                                   struct xsw_error *error)
{
    static const struct kernel_options options = {0};
    enum xsw_status status = client_connect(socket_path, client, error);
    if (status == XSW_OK && switch_name != NULL) {
        status = client_select(*client, switch_name, error);
    }
    return status == XSW_OK
               ? kernel_watch_open(&child->watch, &options, *client, group_send, child, error)
               : status;
}

static void child_main(int fd, const char *socket_path, const char *switch_name)
{
    struct child child = {.fd = fd};
    struct client *client = NULL;
    struct xsw_error error = {0};
    struct capture_kernel_message message;
    memset(&message, 0, sizeof(message));
    prctl(PR_SET_NAME, "xsw-kernel");
    enum xsw_status status = child_begin(&child, socket_path, switch_name, &client, &error);
    if (status == XSW_OK) {
        message.kind = CAPTURE_KERNEL_READY;
        snprintf(message.text, sizeof(message.text), "%s", kernel_trace_remark(child.watch.trace));
        send_message(&child, &message);
        status = child_run(&child, &error);
        kernel_watch_close(&child.watch);
    }
    if (status != XSW_OK) {
        message.kind = CAPTURE_KERNEL_FAILED;
        memcpy(message.text, error.text, sizeof(message.text));
        send_message(&child, &message);
    }
    client_close(client);
}

/* The recorder ------------------------------------------------------------------------------- */

enum xsw_status capture_kernel_start(struct capture_kernel *kernel, const char *socket,
                                     const char *switch_name, struct xsw_error *error)
{
    int pair[2];
    const int room = SEND_BYTES;
    *kernel = (struct capture_kernel){.fd = -1};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        return error_errno(error, "no socket for events of the kernel");
    }
    (void)setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
    pid_t pid = fork();
    if (pid < 0) {
        close(pair[0]);
        close(pair[1]);
        return error_errno(error, "no process for events of the kernel");
    }
    if (pid == 0) {
        /* The recorder's descriptors are none of ours: the connection that its session lives by. */
        int fd = dup2(pair[1], 3);
        if (fd == 3 && close_range(4, ~0U, 0) == 0) {
            child_main(fd, socket, switch_name);
        }
        _exit(EXIT_DONE);
    }
    close(pair[1]);
    kernel->pid = pid;
    kernel->fd = pair[0];
    return XSW_OK;
}

static enum xsw_status child_ended(struct capture_kernel *kernel)
{
    close(kernel->fd);
    kernel->fd = -1;
    return XSW_END;
}

enum xsw_status capture_kernel_next(struct capture_kernel *kernel,
                                    struct capture_kernel_message *message)
{
    if (kernel->fd < 0) {
        return XSW_END;
    }
    ssize_t got = recv(kernel->fd, message, sizeof(*message), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return XSW_AGAIN;
    }
    if (got != (ssize_t)sizeof(*message)) {
        return child_ended(kernel);
    }
    message->text[sizeof(message->text) - 1] = '\0';
    message->group.first.device =
        message->group.first.kind == KERNEL_LOST ? NULL : &message->device;
    return XSW_OK;
}

void capture_kernel_stop(struct capture_kernel *kernel)
{
    if (kernel->fd >= 0) {
        (void)shutdown(kernel->fd, SHUT_WR);
    }
}

void capture_kernel_close(struct capture_kernel *kernel)
{
    if (kernel->fd >= 0) {
        close(kernel->fd);
        kernel->fd = -1;
    }
    if (kernel->pid > 0) {
        while (waitpid(kernel->pid, NULL, 0) < 0 && errno == EINTR) {
        }
        kernel->pid = 0;
    }
}
