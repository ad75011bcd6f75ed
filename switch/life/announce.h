/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_ANNOUNCE_H
#define XSW_SWITCH_ANNOUNCE_H

/*
 * Announcements: after a guest has moved here, frames in its name tell the other ports, and the
 * switches behind them, where its addresses are now. They are reverse ARP requests (RFC 903), as
 * QEMU sends them: they carry an address as source and ask nothing of anybody. A frame comes in as
 * if the guest's port had received it, so that it is counted, seen, checked and forwarded as all
 * that the guest sends.
 *
 * Threads: vswitch_announce on the control thread, announce_receive on worker 0.
 */

#include <stddef.h>
#include <stdint.h>

#include <xsw/error.h>

struct packet;
struct vswitch;
struct worker;

/* Announces all addresses that are learned on the port, and those that its guard allows. *count:
 * how many. XSW_AGAIN: the frames of an earlier call are not out yet; nothing is announced. */
enum xsw_status vswitch_announce(struct vswitch *vswitch, const char *port, size_t *count,
                                 struct xsw_error *error) XSW_MUST_CHECK;

/* At most `capacity` packets that a port is to have received; returns how many. */
uint32_t announce_receive(struct worker *worker, struct packet **packets, uint32_t capacity);

#endif
