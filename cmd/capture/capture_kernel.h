/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_CAPTURE_KERNEL_H
#define XSW_CMD_CAPTURE_KERNEL_H

/*
 * The child process of `xsw capture --trace` that reads the kernel's events, and the socket on
 * which it tells of them.
 *
 * Threads: one on each side.
 */

#include <sys/types.h>

#include <xsw/error.h>

#include "trace/kernel.h"
#include "trace/kernel_story.h"

struct capture_kernel {
    pid_t pid; /* 0: there is none */
    int fd;    /* -1: it has ended */
};

/* One message. */
struct capture_kernel_message {
    enum capture_kernel_kind {
        CAPTURE_KERNEL_READY, /* from here on all is told */
        CAPTURE_KERNEL_GROUP, /* `group`, whose device is `device` */
        CAPTURE_KERNEL_FAILED /* it ends: `text` says why */
    } kind;
    struct kernel_group group;
    struct kernel_device device;
    char text[360];
};

enum xsw_status capture_kernel_start(struct capture_kernel *kernel, const char *socket,
                                     const char *switch_name,
                                     struct xsw_error *error) XSW_MUST_CHECK;
/* The next message. XSW_AGAIN: none now. XSW_END: the child has ended. */
enum xsw_status capture_kernel_next(struct capture_kernel *kernel,
                                    struct capture_kernel_message *message) XSW_MUST_CHECK;
/* Asks the child to tell the rest and to end; go on with capture_kernel_next until XSW_END, which
 * then waits for it. */
void capture_kernel_stop(struct capture_kernel *kernel);
void capture_kernel_close(struct capture_kernel *kernel);

#endif
