/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_EVENTS_CONTROL_H
#define XSW_SWITCH_EVENTS_CONTROL_H

/*
 * Where the control path tells what it did: each beside the line that it writes into the log, so
 * that neither knows of something that the other does not.
 *
 * Threads: control thread.
 */

#include <xsw/error.h>
#include <xsw/extension.h>

struct extension_instance;
struct vswitch;

/* A change was made and told, or could not be made. */
void event_change(const struct vswitch *vswitch, const struct xsw_change *change,
                  enum xsw_status outcome);
/* An extension, `by`, refused it. */
void event_veto(const struct vswitch *vswitch, const struct xsw_change *change, const char *by,
                const char *reason);
/* how: "added", "removed", "enabled", "disabled", "moved", "set", "upgraded". */
void event_extension(const struct vswitch *vswitch, const char *how,
                     const struct extension_instance *instance);

#endif
