/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_PORT_CHECK_H
#define XSW_SWITCH_PORT_CHECK_H

/*
 * What a port's policies may be: ranges, contradictions, private VLANs that agree with those of the
 * other ports, and a forwarder that enforces what is asked for. Standard policies move to a
 * forwarder that declares them; what it does not declare is refused and not forgotten.
 *
 * Threads: control thread.
 */

#include <stdint.h>

#include <xsw/error.h>

#include "switch/config/config.h"

struct vswitch;
struct extension_instance;

/* Of a port that is to be added, or to be set as this: one of the same name does not count. */
enum xsw_status port_config_check_policies(const struct vswitch *vswitch,
                                           const struct port_config *config,
                                           struct xsw_error *error) XSW_MUST_CHECK;

/* Before an instance comes into force: whether it enforces what the ports of the switch have, if it
 * is a forwarder. It need not be on the switch yet. */
enum xsw_status policy_forwarder_check(const struct vswitch *vswitch,
                                       const struct extension_instance *instance,
                                       struct xsw_error *error) XSW_MUST_CHECK;

/* The forwarder that is in force; null: forwarding is built in. */
struct extension_instance *policy_forwarder(const struct vswitch *vswitch);

#endif
