/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_LIFECYCLE_H
#define XSW_SWITCH_LIFECYCLE_H

/*
 * The life of a port and its NIC as tables: which operation leads from which state to which, and
 * what is allowed in a state. No effects; switch/life/port_life.c does what the tables allow.
 *
 *   NotCreated --PORT_CREATE--> PortCreated --NIC_CREATE--> NicCreated --NIC_CONNECT--> Connected
 *                                   |                        |    ^                        |
 *                             PORT_TEARDOWN           NIC_DELETE NIC_CREATE         NIC_DISCONNECT
 *                                   v                        v    |                        v
 *   NotCreated <--PORT_DELETE-- TearingDown <-PORT_TEARDOWN- NicDeleted <-NIC_DELETE- Disconnected
 *
 * Threads: any; all of it is constant.
 */

#include <stdbool.h>

#include <xsw/extension.h>

enum { LIFECYCLE_STATES = XSW_STATE_TEARING_DOWN + 1 };

/* Whether the operation is legal on a port in this state, and where it leads. Operations that
 * change what a port is but not where it is in its life (updates, properties, save and restore)
 * lead back to the same state. Those of the switch are legal on no port. `to` may be null. */
bool lifecycle_next(enum xsw_port_state from, enum xsw_operation operation,
                    enum xsw_port_state *to);

/* What is allowed while a port is in a state. */
struct lifecycle_rights {
    bool port_reference;  /* an extension may take one */
    bool nic_reference;   /* likewise; a NIC reference ends only with the NIC */
    bool port_operations; /* the switch may send operations about the port */
    bool port_queries;    /* extensions may ask about the port */
    bool nic_operations;
    bool nic_queries;
    bool packets_from_switch;     /* what the NIC receives is taken, and seen by extensions */
    bool packets_from_extensions; /* packets may have it as source or destination */
};

const struct lifecycle_rights *lifecycle_rights(enum xsw_port_state state);

/* Whether extensions are asked before this operation, and may refuse it. */
bool lifecycle_is_vetoable(enum xsw_operation operation);

const char *lifecycle_state_name(enum xsw_port_state state);        /* "nic-created" */
const char *lifecycle_operation_name(enum xsw_operation operation); /* "port-create" */

#endif
