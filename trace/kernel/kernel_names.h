/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TRACE_KERNEL_NAMES_H
#define XSW_TRACE_KERNEL_NAMES_H

/*
 * What devices are called, and which number they have, in other network namespaces: those that can
 * be seen, which are those of processes (/proc) and those that have a name (/run/netns). Private to
 * trace.
 *
 * Threads: one; for the time of the call it is in other network namespaces.
 */

#include <stddef.h>

#include <xsw/error.h>

#include "trace/kernel/kernel.h"

/* The kernel's net:* events name a device and not its namespace, so a name tells a device only when
 * no other namespace has one of that name. Sets is_name_shared of the devices where one has; of all
 * when namespaces cannot be looked into. An error: there is no way back to our own. */
enum xsw_status kernel_names_check(struct kernel_device *devices, size_t count,
                                   struct xsw_error *error) XSW_MUST_CHECK;
/* Sets the index of devices that have none, where it can be found. The same error. */
enum xsw_status kernel_names_index(struct kernel_device *devices, size_t count,
                                   struct xsw_error *error) XSW_MUST_CHECK;

#endif
