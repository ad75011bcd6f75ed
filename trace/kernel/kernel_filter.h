/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TRACE_KERNEL_FILTER_H
#define XSW_TRACE_KERNEL_FILTER_H

/*
 * The kernel's own filter for net:* events: packets of other devices need not come into the ring.
 * Private to trace.
 *
 * Threads: one.
 */

#include <tracefs/tracefs.h>
#include <xsw/error.h>

#include "trace/kernel/kernel.h"
#include "trace/kernel/kernel_format.h"

/* Where the kernel takes no filter for the devices, all packets come, and others' are to be left
 * out by who reads: the filter of before would keep ours away. An error: not even that can be had.
 */
enum xsw_status kernel_filter_set(struct tracefs_instance *instance,
                                  const struct kernel_format *format,
                                  const struct kernel_device *devices, size_t count,
                                  struct xsw_error *error) XSW_MUST_CHECK;

#endif
