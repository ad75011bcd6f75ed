/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TRACE_KERNEL_INTERFACES_H
#define XSW_TRACE_KERNEL_INTERFACES_H

/*
 * The interfaces of our devices as XDP's events name them: by number, and with the number of their
 * program. Private to trace.
 *
 * Threads: one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xsw/error.h>

#include "trace/kernel/kernel.h"
#include "trace/kernel/kernel_rings.h"

/* All zero at first. */
struct kernel_interfaces {
    struct kernel_interface *list; /* of the devices, in their order */
    size_t count;
    uint64_t found_ns; /* when they were looked up */
};

/* Has the rings watch them, and sets the index of the devices that are in our network namespace.
 * The kernel is asked about each device, so it is not with every list while drops come: with
 * `are_same`, twice a second. */
enum xsw_status kernel_interfaces_find(struct kernel_interfaces *interfaces,
                                       struct kernel_rings *rings, struct kernel_device *devices,
                                       size_t count, bool are_same,
                                       struct xsw_error *error) XSW_MUST_CHECK;
/* The rings must not be read any more. */
void kernel_interfaces_fini(struct kernel_interfaces *interfaces);

#endif
