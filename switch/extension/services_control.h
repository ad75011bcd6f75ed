/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_SERVICES_CONTROL_H
#define XSW_SWITCH_SERVICES_CONTROL_H

/*
 * What the host offers extensions on the control thread: see struct xsw_control_services. The
 * context of the host is the instance.
 */

#include <xsw/extension.h>

extern const struct xsw_control_services services_control;

#endif
