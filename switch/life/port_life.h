/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_PORT_LIFE_H
#define XSW_SWITCH_PORT_LIFE_H

/*
 * The steps of a port's life, each with what it does to the switch and whom it asks or tells. A
 * step that fails has changed nothing. Legality is in switch/life/lifecycle.h; a step that is not
 * legal in the state of the port fails with XSW_UNSUPPORTED and says why.
 *
 * Properties go with their port: PORT_DELETE ends them all, none is told to be deleted by itself.
 *
 * Threads: control thread. Private to the sources of switch/ that implement switch.h.
 */

#include "switch/state.h"

/* XSW_NOT_FOUND. */
enum xsw_status port_life_find(const struct vswitch *vswitch, const char *name, uint16_t *id,
                               struct xsw_error *error) XSW_MUST_CHECK;
/* Also XSW_BUSY when it, or its NIC, is on its way out. */
enum xsw_status port_life_find_staying(const struct vswitch *vswitch, const char *name,
                                       uint16_t *id, struct xsw_error *error) XSW_MUST_CHECK;

/* The slot has its configuration. */
enum xsw_status port_life_create(struct vswitch *vswitch, uint16_t id,
                                 struct xsw_error *error) XSW_MUST_CHECK;
/* What each policy needs on the way from one configuration to another: asks about all that come or
 * change, puts `after` in force, and says so. One refusal refuses all. Null `before`: the port is
 * new, and all of `after` is added. */
enum xsw_status port_life_configure(struct vswitch *vswitch, uint16_t id,
                                    const struct port_config *before,
                                    const struct port_config *after,
                                    struct xsw_error *error) XSW_MUST_CHECK;
/* A rule of the access list: asks whether it may come, or change (PROPERTY_ADD or UPDATE; XSW_OK:
 * port_life_rule_done must follow); how that ended; and that it has gone. */
enum xsw_status port_life_rule_ask(struct vswitch *vswitch, uint16_t id,
                                   enum xsw_operation operation, const struct acl_rule *rule,
                                   struct xsw_error *error) XSW_MUST_CHECK;
void port_life_rule_done(struct vswitch *vswitch, uint16_t id, enum xsw_operation operation,
                         const struct acl_rule *rule, enum xsw_status outcome);
void port_life_rule_gone(struct vswitch *vswitch, uint16_t id, const struct acl_rule *rule);
/* Opens the device that the slot's configuration names. From now on what it receives is taken, and
 * dropped behind the extensions. */
enum xsw_status port_life_nic_create(struct vswitch *vswitch, uint16_t id,
                                     struct xsw_error *error) XSW_MUST_CHECK;
/* Told before the first packet passes. */
enum xsw_status port_life_nic_connect(struct vswitch *vswitch, uint16_t id,
                                      struct xsw_error *error) XSW_MUST_CHECK;
/* Told when no packet passes any more. */
enum xsw_status port_life_nic_disconnect(struct vswitch *vswitch, uint16_t id,
                                         struct xsw_error *error) XSW_MUST_CHECK;
/* Disconnects it first when it is connected. XSW_BUSY: an extension holds the NIC; slot->leaving
 * tells that it is to go. */
enum xsw_status port_life_nic_end(struct vswitch *vswitch, uint16_t id,
                                  struct xsw_error *error) XSW_MUST_CHECK;
/* All the way back from any state. XSW_BUSY: an extension holds the NIC or the port, as above. */
enum xsw_status port_life_end(struct vswitch *vswitch, uint16_t id,
                              struct xsw_error *error) XSW_MUST_CHECK;

#endif
