/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_SWITCH_CONFIGURE_H
#define XSW_SWITCH_SWITCH_CONFIGURE_H

/*
 * A change of a switch's settings as the operations that extensions know: one for each feature of
 * the switch that differs, all asked about before anything happens.
 *
 * Threads: control thread.
 */

#include <xsw/error.h>

#include "switch/config/config.h"

struct vswitch;

/* XSW_OK: all have accepted, and switch_configure_done must follow. Else nothing is to be done. */
enum xsw_status switch_configure_ask(struct vswitch *vswitch, const struct switch_config *before,
                                     const struct switch_config *after,
                                     struct xsw_error *error) XSW_MUST_CHECK;
void switch_configure_done(struct vswitch *vswitch, const struct switch_config *before,
                           const struct switch_config *after, enum xsw_status outcome);

#endif
