/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_NOTIFY_H
#define XSW_SWITCH_NOTIFY_H

/*
 * How a change on the control path reaches the extensions of a switch that have `control`. An
 * operation that may be refused goes
 *
 *     notify_ask → the switch does it → notify_done (XSW_OK, or why it could not)
 *
 * and one that may not is done and then told: notify_tell. Filters and the forwarder are asked, in
 * pipeline order from top to bottom; capture extensions are told of all that is done. Each
 * operation leaves a line in the event log with its outcome.
 *
 * While extensions are called they may take and give back references and ask what exists; a
 * deletion that becomes possible by that is made when the calls have ended.
 *
 * Threads: control thread.
 */

#include <xsw/error.h>
#include <xsw/extension.h>

struct vswitch;

/* The port as extensions see it. The texts are the slot's own. */
void notify_port_info(const struct vswitch *vswitch, uint16_t port, struct xsw_port_info *info);

/* A change of a port, or with port 0 of the switch, ready to be asked, done or told. `info` is the
 * caller's storage, filled and referred to by the result when port is not 0; its state is the one
 * that the operation leads to. `property` is null or borrowed; its `own` is set for each extension
 * by the notification. */
struct xsw_change notify_change(const struct vswitch *vswitch, enum xsw_operation operation,
                                uint16_t port, struct xsw_port_info *info,
                                const struct xsw_property *property);

/*
 * Asks. XSW_OK: all have accepted, and notify_done must follow. Otherwise those that had accepted
 * have been told that it did not happen, in reverse order, nothing more is to be done, and `error`
 * says who refused and why:
 *   XSW_DENIED       an extension refused, also by asking for more time or memory three times
 *   XSW_UNSUPPORTED  the operation is not legal in the state of the port
 *   XSW_INVALID      nobody may be asked about it
 */
enum xsw_status notify_ask(struct vswitch *vswitch, const struct xsw_change *change,
                           struct xsw_error *error) XSW_MUST_CHECK;

/* XSW_OK: in force; those who were asked learn it, and capture extensions are told. Else the switch
 * itself failed: those who were asked learn it in reverse order, capture extensions nothing. */
void notify_done(struct vswitch *vswitch, const struct xsw_change *change, enum xsw_status outcome);

/* Tells all, capture first, of an operation that is not to be refused and has been done. */
void notify_tell(struct vswitch *vswitch, const struct xsw_change *change);

#endif
