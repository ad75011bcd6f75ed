/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TRACE_KERNEL_INSTANCE_H
#define XSW_TRACE_KERNEL_INSTANCE_H

/*
 * The tracefs instance of a reader of kernel events, xsw-PID-BEGUN: its process and when that
 * began. What a killed reader has left is removed by the next. Private to trace.
 *
 * Threads: one.
 */

#include <stddef.h>

#include <tracefs/tracefs.h>
#include <xsw/error.h>

/* With the clock "mono", and a ring of so many bytes for each processor; 0: 1 MiB. */
enum xsw_status kernel_instance_make(struct tracefs_instance **instance, size_t buffer_bytes,
                                     struct xsw_error *error) XSW_MUST_CHECK;
/* The error of one that finds no tracefs. */
enum xsw_status kernel_instance_missing(struct xsw_error *error);

#endif
