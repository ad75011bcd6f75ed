/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_KERNEL_WATCH_H
#define XSW_CMD_KERNEL_WATCH_H

/*
 * Events of the kernel for the ports of a switch, or of all switches: asks xswd now and then where
 * the devices of its ports are, and tells what the kernel drops there, equal drops of one turn as
 * one.
 *
 * Threads: one.
 */

#include <stdbool.h>
#include <stdint.h>

#include <xsw/error.h>

#include "cmd/client.h"
#include "trace/kernel.h"
#include "trace/kernel_story.h"

struct kernel_watch {
    struct kernel_trace *trace;
    struct client *client; /* borrowed */
    uint64_t asked_ns;
    bool is_of_all; /* switches of xswd, those that come meanwhile too */
    bool has_ended; /* xswd answers no more: the devices stay as they were */
    struct kernel_groups groups;
    void (*observer)(const struct kernel_group *group, void *context);
    void *context;
};

typedef void kernel_group_observer(const struct kernel_group *group, void *context);

enum xsw_status kernel_watch_open(struct kernel_watch *watch, const struct kernel_options *options,
                                  struct client *client, kernel_group_observer *observer,
                                  void *context, struct xsw_error *error) XSW_MUST_CHECK;
/* The same for all switches of xswd; devices have the names of their switches then. */
enum xsw_status kernel_watch_open_all(struct kernel_watch *watch, struct client *client,
                                      kernel_group_observer *observer, void *context,
                                      struct xsw_error *error) XSW_MUST_CHECK;
/* Tells what there is. Call it every 50 ms or so. */
enum xsw_status kernel_watch_turn(struct kernel_watch *watch,
                                  struct xsw_error *error) XSW_MUST_CHECK;
void kernel_watch_close(struct kernel_watch *watch);

#endif
