/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a port as two tables: the transitions, and what each state allows. */
#include "switch/life/lifecycle.h"

#include <stddef.h>

/* Sets of states. */
enum {
    NOT_CREATED = 1 << XSW_STATE_NOT_CREATED,
    PORT_CREATED = 1 << XSW_STATE_PORT_CREATED,
    NIC_CREATED = 1 << XSW_STATE_NIC_CREATED,
    CONNECTED = 1 << XSW_STATE_CONNECTED,
    DISCONNECTED = 1 << XSW_STATE_DISCONNECTED,
    NIC_DELETED = 1 << XSW_STATE_NIC_DELETED,
    TEARING_DOWN = 1 << XSW_STATE_TEARING_DOWN,
    HAS_PORT = PORT_CREATED | NIC_CREATED | CONNECTED | DISCONNECTED | NIC_DELETED
};

enum { TO_SAME = -1 }; /* an operation that does not move the port on */

/* Where each operation is legal, and where it leads from all of those states. */
static const struct transition {
    const char *name;
    unsigned from; /* set of states */
    int to;
    bool is_vetoable;
} transitions[] = {
    [XSW_OP_PORT_CREATE] = {"port-create", NOT_CREATED, XSW_STATE_PORT_CREATED, true},
    [XSW_OP_PORT_UPDATED] = {"port-updated", HAS_PORT, TO_SAME, false},
    [XSW_OP_PORT_TEARDOWN] = {"port-teardown", PORT_CREATED | NIC_DELETED, XSW_STATE_TEARING_DOWN,
                              false},
    [XSW_OP_PORT_DELETE] = {"port-delete", TEARING_DOWN, XSW_STATE_NOT_CREATED, false},
    [XSW_OP_NIC_CREATE] = {"nic-create", PORT_CREATED | NIC_DELETED, XSW_STATE_NIC_CREATED, true},
    [XSW_OP_NIC_CONNECT] = {"nic-connect", NIC_CREATED, XSW_STATE_CONNECTED, false},
    [XSW_OP_NIC_UPDATED] = {"nic-updated", CONNECTED, TO_SAME, false},
    [XSW_OP_NIC_DISCONNECT] = {"nic-disconnect", CONNECTED, XSW_STATE_DISCONNECTED, false},
    [XSW_OP_NIC_DELETE] = {"nic-delete", NIC_CREATED | DISCONNECTED, XSW_STATE_NIC_DELETED, false},
    [XSW_OP_PORT_PROPERTY_ADD] = {"property-add", HAS_PORT, TO_SAME, true},
    [XSW_OP_PORT_PROPERTY_UPDATE] = {"property-update", HAS_PORT, TO_SAME, true},
    [XSW_OP_PORT_PROPERTY_DELETE] = {"property-delete", HAS_PORT | TEARING_DOWN, TO_SAME, false},
    [XSW_OP_SWITCH_PROPERTY_ADD] = {"switch-property-add", 0, TO_SAME, true},
    [XSW_OP_SWITCH_PROPERTY_UPDATE] = {"switch-property-update", 0, TO_SAME, true},
    [XSW_OP_SWITCH_PROPERTY_DELETE] = {"switch-property-delete", 0, TO_SAME, true},
    [XSW_OP_SAVE_COMPLETE] = {"save-complete", HAS_PORT, TO_SAME, false},
    [XSW_OP_RESTORE_COMPLETE] = {"restore-complete", HAS_PORT, TO_SAME, false},
    [XSW_OP_SWITCH_ACTIVATE] = {"switch-activate", 0, TO_SAME, false},
};

/* In the order of the members. */
static const struct lifecycle_rights rights[LIFECYCLE_STATES] = {
    [XSW_STATE_NOT_CREATED] = {false, false, false, false, false, false, false, false},
    [XSW_STATE_PORT_CREATED] = {true, false, true, true, false, false, false, false},
    [XSW_STATE_NIC_CREATED] = {true, false, true, true, true, false, true, false},
    [XSW_STATE_CONNECTED] = {true, true, true, true, true, true, true, true},
    [XSW_STATE_DISCONNECTED] = {true, false, true, true, true, false, true, false},
    [XSW_STATE_NIC_DELETED] = {true, false, true, true, false, false, false, false},
    [XSW_STATE_TEARING_DOWN] = {false, false, true, false, false, false, false, false},
};

static const char *const state_names[LIFECYCLE_STATES] = {
    [XSW_STATE_NOT_CREATED] = "not-created",   [XSW_STATE_PORT_CREATED] = "port-created",
    [XSW_STATE_NIC_CREATED] = "nic-created",   [XSW_STATE_CONNECTED] = "connected",
    [XSW_STATE_DISCONNECTED] = "disconnected", [XSW_STATE_NIC_DELETED] = "nic-deleted",
    [XSW_STATE_TEARING_DOWN] = "tearing-down",
};

static const struct transition *transition_of(enum xsw_operation operation)
{
    size_t count = sizeof(transitions) / sizeof(transitions[0]);
    return (size_t)operation < count && transitions[operation].name != NULL
               ? &transitions[operation]
               : NULL;
}

bool lifecycle_next(enum xsw_port_state from, enum xsw_operation operation, enum xsw_port_state *to)
{
    const struct transition *transition = transition_of(operation);
    if (transition == NULL || (unsigned)from >= LIFECYCLE_STATES ||
        (transition->from & 1U << from) == 0) {
        return false;
    }
    if (to != NULL) {
        *to = transition->to == TO_SAME ? from : (enum xsw_port_state)transition->to;
    }
    return true;
}

const struct lifecycle_rights *lifecycle_rights(enum xsw_port_state state)
{
    return &rights[(unsigned)state < LIFECYCLE_STATES ? state : XSW_STATE_NOT_CREATED];
}

bool lifecycle_is_vetoable(enum xsw_operation operation)
{
    const struct transition *transition = transition_of(operation);
    return transition != NULL && transition->is_vetoable;
}

const char *lifecycle_state_name(enum xsw_port_state state)
{
    return (unsigned)state < LIFECYCLE_STATES ? state_names[state] : "unknown";
}

const char *lifecycle_operation_name(enum xsw_operation operation)
{
    const struct transition *transition = transition_of(operation);
    return transition != NULL ? transition->name : "unknown";
}
