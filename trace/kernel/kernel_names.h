/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TRACE_KERNEL_NAMES_H
#define XSW_TRACE_KERNEL_NAMES_H

/*
 * The kernel's net:* events name a device and not its network namespace. So a name tells a device
 * only when no other namespace has one of that name: this looks into those that can be seen, which
 * are those of processes (/proc) and those that have a name (/run/netns). Private to trace.
 *
 * Threads: one; for the time of the call it is in other network namespaces.
 */

#include <stddef.h>

#include <xsw/error.h>

#include "trace/kernel/kernel.h"

/* Sets is_name_shared of the devices; of all whose namespaces cannot be looked into. An error:
 * there is no way back to our own. */
enum xsw_status kernel_names_check(struct kernel_device *devices, size_t count,
                                   struct xsw_error *error) XSW_MUST_CHECK;

#endif
