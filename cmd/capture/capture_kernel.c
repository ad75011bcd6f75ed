/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/capture/capture_kernel.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "cmd/exit_codes.h"
#include "cmd/trace/kernel_watch.h"

enum { TURN_MS = 50, END_MS = 1000, SEND_BYTES = 4 << 20 };

/* Who reads ----------------------------------------------------------------------------------- */

struct reader {
    int fd;
    const char *socket, *switch_name;
    bool is_alone; /* nobody reads us any more */
    struct kernel_watch watch;
};

static void send_message(struct reader *reader, const struct capture_kernel_message *message)
{
    while (!reader->is_alone) {
        if (send(reader->fd, message, sizeof(*message), MSG_NOSIGNAL) >= 0) {
            return;
        }
        reader->is_alone = errno != EINTR;
    }
}

static void send_text(struct reader *reader, enum capture_kernel_kind kind, const char *text,
                      uint64_t from_ns, uint64_t to_ns)
{
    struct capture_kernel_message message;
    memset(&message, 0, sizeof(message));
    message.kind = kind;
    message.from_ns = from_ns;
    message.to_ns = to_ns;
    snprintf(message.text, sizeof(message.text), "%s", text);
    send_message(reader, &message);
}

static void group_send(const struct kernel_group *group, void *context)
{
    struct capture_kernel_message message;
    memset(&message, 0, sizeof(message));
    message.kind = CAPTURE_KERNEL_GROUP;
    message.group = *group;
    send_message(context, &message);
}

/* Until the other side closes or shuts down its end. What it does not read waits in the socket, and
 * then in the kernel's rings, which count what they lose. */
static enum xsw_status reader_run(struct reader *reader, struct kernel_life *life,
                                  struct xsw_error *error)
{
    struct pollfd wait = {.fd = reader->fd, .events = POLLIN};
    enum xsw_status status = XSW_OK;
    bool is_over = false;
    while (status == XSW_OK && !is_over && !reader->is_alone) {
        is_over = poll(&wait, 1, TURN_MS) > 0;
        status = is_over ? kernel_watch_finish(&reader->watch, error)
                         : kernel_watch_turn(&reader->watch, error);
        atomic_store_explicit(&life->told_ns, reader->watch.told_ns, memory_order_relaxed);
    }
    return status;
}

/* One that begins for the first time and cannot has said all that there is to say. */
static bool reader_main(struct kernel_life *life, void *context)
{
    struct reader *reader = context;
    struct xsw_error error = {0};
    const struct kernel_watch_options options = {.kernel = {.by_packet = true},
                                                 .socket = reader->socket,
                                                 .switch_name = reader->switch_name};
    uint64_t told_ns = atomic_load_explicit(&life->told_ns, memory_order_relaxed);
    enum xsw_status status =
        kernel_watch_open(&reader->watch, &options, group_send, reader, &error);
    if (status != XSW_OK && told_ns == 0) {
        send_text(reader, CAPTURE_KERNEL_UNTOLD, error.text, 0, 0);
        send_text(reader, CAPTURE_KERNEL_END, "", 0, 0);
        return true;
    }
    if (status == XSW_OK) {
        if (told_ns != 0) {
            send_text(reader, CAPTURE_KERNEL_UNTOLD, life->cause, told_ns, reader->watch.told_ns);
        }
        send_text(reader, CAPTURE_KERNEL_READY, kernel_trace_remark(reader->watch.trace), 0, 0);
        atomic_store_explicit(&life->told_ns, reader->watch.told_ns, memory_order_relaxed);
        status = reader_run(reader, life, &error);
        kernel_watch_close(&reader->watch);
    }
    if (status != XSW_OK) {
        snprintf(life->cause, sizeof(life->cause), "%.*s", KERNEL_CAUSE_SIZE - 1, error.text);
        return false;
    }
    send_text(reader, CAPTURE_KERNEL_END, "", 0, 0);
    return true;
}

static void keeper_main(struct kernel_life *life, int fd, const char *socket,
                        const char *switch_name)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    struct reader reader = {.fd = fd, .socket = socket, .switch_name = switch_name};
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        signal(signals[i], SIG_IGN); /* for the recorder, which then ends us */
    }
    if (!kernel_keep(life, reader_main, &reader)) {
        send_text(&reader, CAPTURE_KERNEL_UNTOLD, life->cause,
                  atomic_load_explicit(&life->told_ns, memory_order_relaxed), 0);
        send_text(&reader, CAPTURE_KERNEL_END, "", 0, 0);
    }
}

/* The recorder ------------------------------------------------------------------------------- */

static enum xsw_status keeper_start(struct capture_kernel *kernel, const int pair[2],
                                    const char *socket, const char *switch_name,
                                    struct xsw_error *error)
{
    pid_t pid = fork();
    if (pid < 0) {
        return error_errno(error, "no process for events of the kernel");
    }
    if (pid == 0) {
        /* The recorder's descriptors are none of ours: the connection that its session lives by. */
        int fd = dup2(pair[1], 3);
        (void)setpgid(0, 0);
        if (fd == 3 && close_range(4, ~0U, 0) == 0) {
            keeper_main(kernel->life, fd, socket, switch_name);
        }
        _exit(EXIT_DONE);
    }
    (void)setpgid(pid, pid);
    kernel->pid = pid;
    return XSW_OK;
}

enum xsw_status capture_kernel_start(struct capture_kernel *kernel, const char *socket,
                                     const char *switch_name, struct xsw_error *error)
{
    int pair[2];
    const int room = SEND_BYTES;
    *kernel = (struct capture_kernel){.fd = -1};
    enum xsw_status status = kernel_life_create(&kernel->life, error);
    if (status != XSW_OK) {
        return status;
    }
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        return error_errno(error, "no socket for events of the kernel");
    }
    (void)setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
    status = keeper_start(kernel, pair, socket, switch_name, error);
    close(pair[1]);
    kernel->fd = pair[0];
    return status;
}

/* The last message, unless the end was told. */
static enum xsw_status reader_ended(struct capture_kernel *kernel,
                                    struct capture_kernel_message *message)
{
    close(kernel->fd);
    kernel->fd = -1;
    if (kernel->is_told_whole) {
        return XSW_END;
    }
    memset(message, 0, sizeof(*message));
    message->kind = CAPTURE_KERNEL_UNTOLD;
    message->from_ns = atomic_load_explicit(&kernel->life->told_ns, memory_order_relaxed);
    snprintf(message->text, sizeof(message->text), "the process that reads them has ended");
    return XSW_OK;
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
        return reader_ended(kernel, message);
    }
    message->text[sizeof(message->text) - 1] = '\0';
    if (message->kind == CAPTURE_KERNEL_END) {
        kernel->is_told_whole = true;
        return reader_ended(kernel, message);
    }
    return XSW_OK;
}

void capture_kernel_stop(struct capture_kernel *kernel)
{
    if (kernel->fd >= 0) {
        (void)shutdown(kernel->fd, SHUT_WR);
    }
}

/* False: it goes on, and we may not end it. */
static bool keeper_end(pid_t pid)
{
    int process = pidfd_open(pid, 0);
    struct pollfd wait = {.fd = process, .events = POLLIN};
    bool has_ended = process >= 0 && poll(&wait, 1, END_MS) > 0;
    if (process >= 0) {
        close(process);
    }
    return has_ended || kill(-pid, SIGKILL) == 0;
}

void capture_kernel_close(struct capture_kernel *kernel)
{
    if (kernel->fd >= 0) {
        close(kernel->fd);
        kernel->fd = -1;
    }
    if (kernel->pid > 0 && keeper_end(kernel->pid)) {
        while (waitpid(kernel->pid, NULL, 0) < 0 && errno == EINTR) {
        }
    }
    kernel->pid = 0;
    kernel_life_destroy(kernel->life);
    kernel->life = NULL;
}
