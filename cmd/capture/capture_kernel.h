/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_CAPTURE_KERNEL_H
#define XSW_CMD_CAPTURE_KERNEL_H

/*
 * The process of `xsw capture --trace` that reads the kernel's events, the one that keeps it alive,
 * and the socket on which it tells of them. They are not in the process group of the recorder, so
 * that a Ctrl-C ends the recording and not what is recorded.
 *
 * Threads: one on each side.
 */

#include <sys/types.h>

#include <xsw/error.h>

#include "cmd/trace/kernel_keeper.h"
#include "trace/kernel/kernel.h"

struct capture_kernel {
    pid_t pid;                /* of the keeper; 0: there is none */
    int fd;                   /* -1: it has ended */
    bool is_told_whole;       /* it has told all, and that this is the end */
    struct kernel_life *life; /* null: it was never begun */
};

/* One message. */
struct capture_kernel_message {
    enum capture_kernel_kind {
        CAPTURE_KERNEL_READY,  /* from here on all is told; `text` is the remark */
        CAPTURE_KERNEL_GROUP,  /* `group` */
        CAPTURE_KERNEL_UNTOLD, /* what happened from from_ns to to_ns is not; `text` says why */
        CAPTURE_KERNEL_END     /* all is told, and nothing more will come */
    } kind;
    uint64_t from_ns; /* 0: it never began */
    uint64_t to_ns;   /* 0: nor is what follows */
    struct kernel_group group;
    char text[360];
};

enum xsw_status capture_kernel_start(struct capture_kernel *kernel, const char *socket,
                                     const char *switch_name,
                                     struct xsw_error *error) XSW_MUST_CHECK;
/* The next message. XSW_AGAIN: none now. XSW_END: none will come. A reader that has gone without a
 * word is a last message CAPTURE_KERNEL_UNTOLD. */
enum xsw_status capture_kernel_next(struct capture_kernel *kernel,
                                    struct capture_kernel_message *message) XSW_MUST_CHECK;
/* Asks it to tell the rest and to end; go on with capture_kernel_next until XSW_END. */
void capture_kernel_stop(struct capture_kernel *kernel);
/* What has not ended by then is killed. */
void capture_kernel_close(struct capture_kernel *kernel);

#endif
