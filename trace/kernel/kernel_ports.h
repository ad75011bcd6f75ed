/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TRACE_KERNEL_PORTS_H
#define XSW_TRACE_KERNEL_PORTS_H

/*
 * Which port a device is behind, at the time of an event. Ports come and go, their devices get
 * other names and namespaces, and a new port may have the name of an old device; what is known are
 * lists of devices, each of a moment between asking and the answer. So an event waits for a list
 * that was asked for behind it. It has its port when that list names one that has had the device
 * since before the event, and when either all lists back to the last one that was there before the
 * event name the same port, or the number of the interface is that of the event; else the port is
 * not known. Equal events that wait are one group. Private to trace.
 *
 * Events at places that the newest list has not wait too, for they may be at a device that is new;
 * there are few of these, and they wait for the list that comes anyway.
 *
 * Memory is bounded: a group that finds no room is counted as lost, but at places of no list only
 * when the next list has a device that is new.
 *
 * Threads: one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xsw/error.h>

#include "trace/kernel/kernel.h"
#include "trace/kernel/kernel_join.h"

struct kernel_ports;

/* by_packet: see kernel_story.h. */
enum xsw_status kernel_ports_create(bool by_packet, struct kernel_ports **ports,
                                    struct xsw_error *error) XSW_MUST_CHECK;
void kernel_ports_destroy(struct kernel_ports *ports); /* accepts null */

/* Asked for at `asked_ns`, here at `answered_ns`. The index of a device that the list does not tell
 * is learned from the first event there. */
enum xsw_status kernel_ports_list(struct kernel_ports *ports, const struct kernel_device *devices,
                                  size_t count, uint64_t asked_ns, uint64_t answered_ns,
                                  struct xsw_error *error) XSW_MUST_CHECK;
/* The newest list. Borrowed until the next one. */
const struct kernel_device *kernel_ports_devices(const struct kernel_ports *ports, size_t *count);
/* An event at the place; its device is filled in. */
void kernel_ports_add(struct kernel_ports *ports, const struct kernel_event *event,
                      const struct kernel_place *place);
/* Whether the newest list has the place. */
bool kernel_ports_has(const struct kernel_ports *ports, const struct kernel_place *place);
/* Whether an event waits for a list; those at places of no list count with `are_all`. */
bool kernel_ports_waits(const struct kernel_ports *ports, bool are_all);
/* When the first of all that waits happened; UINT64_MAX: nothing does. */
uint64_t kernel_ports_waiting_since(const struct kernel_ports *ports);
/* Tells the groups that have what they waited for, in the order in which they came; with `is_last`
 * all, and those that wait have no port. Events at places that no list has are nobody's. */
void kernel_ports_tell(struct kernel_ports *ports, bool is_last, kernel_observer *observer,
                       void *context);
uint64_t kernel_ports_lost(const struct kernel_ports *ports);

#endif
