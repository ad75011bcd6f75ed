/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_CAPTURE_HIDE_EVENT_H
#define XSW_CMD_CAPTURE_HIDE_EVENT_H

/*
 * What a recording with pseudonyms tells of events: capture_hide.h about their texts. They are also
 * about what others do, whose filters and names nobody asked to be in this file.
 *
 * Threads: any.
 */

#include <stdbool.h>

#include "trace/event_ring.h"
#include "trace/kernel/kernel.h"

/* In place. False: it is about an address, and not to be told at all. */
bool capture_hide_event(struct event_record *record);
/* In place: names of the port and its device. */
void capture_hide_device(struct kernel_device *device);

#endif
