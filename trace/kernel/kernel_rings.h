/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TRACE_KERNEL_RINGS_H
#define XSW_TRACE_KERNEL_RINGS_H

/*
 * The rings of the processors of a tracefs instance: whole pages are read, and cut into raw events.
 * Private to trace.
 *
 * Threads: one.
 */

#include <stddef.h>
#include <stdint.h>

#include <tracefs/tracefs.h>
#include <xsw/error.h>

#include "trace/kernel/kernel_format.h"
#include "trace/kernel/kernel_join.h"

/* A device of ours, as events name it. */
struct kernel_interface {
    struct kernel_place place; /* index 0: it is not in our network namespace */
    uint32_t program;          /* number of its XDP program; 0: none */
};

struct kernel_rings;

/* The instance and the format are borrowed. */
enum xsw_status kernel_rings_open(struct tracefs_instance *instance,
                                  const struct kernel_format *format, struct kernel_rings **rings,
                                  struct xsw_error *error) XSW_MUST_CHECK;
/* Borrowed until the next one, or the end. */
void kernel_rings_watch(struct kernel_rings *rings, const struct kernel_interface *interfaces,
                        size_t count);
typedef void kernel_raw_observer(const struct kernel_raw *raw, void *context);
/* All that is there now; never waits. */
enum xsw_status kernel_rings_read(struct kernel_rings *rings, kernel_raw_observer *observer,
                                  void *context, struct xsw_error *error) XSW_MUST_CHECK;
/* Events that were overwritten, or found no room. */
uint64_t kernel_rings_lost(const struct kernel_rings *rings);
void kernel_rings_close(struct kernel_rings *rings); /* accepts null */

#endif
