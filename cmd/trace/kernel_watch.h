/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_KERNEL_WATCH_H
#define XSW_CMD_KERNEL_WATCH_H

/*
 * Events of the kernel for the ports of a switch, or of all switches: asks xswd where the devices
 * of its ports are, now and then and behind every drop, and tells what the kernel drops there,
 * equal drops of one turn as one. While xswd does not answer, drops wait; when it has gone, they
 * have no port, until there is an xswd again.
 *
 * Threads: one.
 */

#include <stdbool.h>
#include <stdint.h>

#include <xsw/error.h>

#include "cmd/client.h"
#include "trace/kernel/kernel.h"

struct kernel_watch_options {
    struct kernel_options kernel;
    const char *socket, *switch_name; /* null: as for all commands; borrowed while it watches */
    bool is_of_all; /* switches of xswd, those that come meanwhile too; devices have their names */
};

struct kernel_watch {
    struct kernel_watch_options options;
    struct kernel_trace *trace;
    struct client *client; /* null: xswd is to be connected to again */
    uint64_t asked_ns;
    uint64_t told_ns; /* all that happened before this is told, what was lost too */
    bool has_ended;   /* xswd has gone; it may come again */
    kernel_observer *observer;
    void *context;
};

enum xsw_status kernel_watch_open(struct kernel_watch *watch,
                                  const struct kernel_watch_options *options,
                                  kernel_observer *observer, void *context,
                                  struct xsw_error *error) XSW_MUST_CHECK;
/* Tells what there is. Call it every 50 ms or so. */
enum xsw_status kernel_watch_turn(struct kernel_watch *watch,
                                  struct xsw_error *error) XSW_MUST_CHECK;
/* The last turn: tells all that happened before the call, and all losses. */
enum xsw_status kernel_watch_finish(struct kernel_watch *watch,
                                    struct xsw_error *error) XSW_MUST_CHECK;
void kernel_watch_close(struct kernel_watch *watch); /* also of one that was all zero */

#endif
