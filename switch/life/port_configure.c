/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A change of a port's policies or rules as the operations that extensions know: one for each
 * policy that comes, changes or goes. All are asked about before anything happens. The list of them
 * is not kept: features_diff gives the same one each time, and a step picks what it needs of it.
 */
#include <string.h>

#include "base/error.h"
#include "switch/control/change_log.h"
#include "switch/extension/features.h"
#include "switch/extension/notify.h"
#include "switch/life/lifecycle.h"
#include "switch/life/port_life.h"

struct walk {
    struct vswitch *vswitch;
    uint16_t id;
    uint32_t place;      /* of the running operation, counted from 0 */
    uint32_t accepted;   /* operations in front that were accepted or need no question */
    uint32_t only;       /* undo: the place that is meant */
    enum xsw_status why; /* undo: why it did not happen */
    struct xsw_error *error;
};

static enum xsw_status walk_ask(void *context, enum xsw_operation operation,
                                const struct xsw_property *property)
{
    struct walk *walk = context;
    struct xsw_port_info info;
    struct xsw_change change = notify_change(walk->vswitch, operation, walk->id, &info, property);
    enum xsw_status status = XSW_OK;
    if (lifecycle_is_vetoable(operation)) {
        status = notify_ask(walk->vswitch, &change, walk->error);
    }
    walk->accepted += status == XSW_OK;
    return status;
}

static enum xsw_status walk_undo(void *context, enum xsw_operation operation,
                                 const struct xsw_property *property)
{
    struct walk *walk = context;
    struct xsw_port_info info;
    if (walk->place++ == walk->only && lifecycle_is_vetoable(operation)) {
        struct xsw_change change =
            notify_change(walk->vswitch, operation, walk->id, &info, property);
        notify_done(walk->vswitch, &change, walk->why);
    }
    return XSW_OK;
}

static enum xsw_status walk_done(void *context, enum xsw_operation operation,
                                 const struct xsw_property *property)
{
    struct walk *walk = context;
    struct xsw_port_info info;
    struct xsw_change change = notify_change(walk->vswitch, operation, walk->id, &info, property);
    if (lifecycle_is_vetoable(operation)) {
        notify_done(walk->vswitch, &change, XSW_OK);
    } else {
        notify_tell(walk->vswitch, &change);
    }
    return XSW_OK;
}

static void undo_all(struct walk *walk, const struct port_config *before,
                     const struct port_config *after)
{
    while (walk->accepted-- > 0) {
        walk->place = 0;
        walk->only = walk->accepted;
        /* Without memory for a list of values it cannot be told; the walk that asked had it. */
        (void)!features_diff(before, after, walk_undo, walk);
    }
}

static void told(struct vswitch *vswitch, uint16_t id, enum xsw_operation operation)
{
    struct xsw_port_info info;
    if (lifecycle_next(vswitch->ports[id].life, operation, NULL)) {
        struct xsw_change change = notify_change(vswitch, operation, id, &info, NULL);
        notify_tell(vswitch, &change);
    }
}

enum xsw_status port_life_configure(struct vswitch *vswitch, uint16_t id,
                                    const struct port_config *before,
                                    const struct port_config *after, struct xsw_error *error)
{
    struct port_slot *slot = &vswitch->ports[id];
    struct port_config kept = slot->config;
    struct walk walk = {.vswitch = vswitch, .id = id, .error = error};
    enum xsw_status status = features_diff(before, after, walk_ask, &walk);
    if (status == XSW_NO_MEMORY) {
        error_set(error, status, "port %s: no memory for its policies", after->name);
    }
    if (status == XSW_OK) {
        slot->config = *after;
        status = vswitch_publish(vswitch, error);
    }
    if (status != XSW_OK) {
        slot->config = kept;
        walk.why = status;
        undo_all(&walk, before, after);
        return status;
    }
    (void)!features_diff(before, after, walk_done, &walk);
    if (before != NULL) {
        change_log_port(vswitch, id, before, after);
    }
    if (before != NULL && strcmp(before->friendly_name, after->friendly_name) != 0) {
        told(vswitch, id, XSW_OP_PORT_UPDATED);
    }
    if (before != NULL && before->mtu != after->mtu) {
        told(vswitch, id, XSW_OP_NIC_UPDATED);
    }
    return XSW_OK;
}

/* Rules -------------------------------------------------------------------------------------- */

enum rule_step { RULE_ASK, RULE_DONE, RULE_GONE };

struct rule_walk {
    struct vswitch *vswitch;
    uint16_t id;
    enum rule_step step;
    enum xsw_operation operation;
    enum xsw_status status; /* ask: what came of it; done: the outcome */
    struct xsw_error *error;
};

static void rule_take(void *context, const struct xsw_property *property)
{
    struct rule_walk *walk = context;
    struct xsw_port_info info;
    struct xsw_change change =
        notify_change(walk->vswitch, walk->operation, walk->id, &info, property);
    switch (walk->step) {
    case RULE_ASK:
        walk->status = notify_ask(walk->vswitch, &change, walk->error);
        break;
    case RULE_DONE:
        notify_done(walk->vswitch, &change, walk->status);
        break;
    case RULE_GONE:
        notify_tell(walk->vswitch, &change);
        break;
    }
}

enum xsw_status port_life_rule_ask(struct vswitch *vswitch, uint16_t id,
                                   enum xsw_operation operation, const struct acl_rule *rule,
                                   struct xsw_error *error)
{
    struct rule_walk walk = {
        .vswitch = vswitch, .id = id, .step = RULE_ASK, .operation = operation, .error = error};
    enum xsw_status status = features_of_rule(rule, rule_take, &walk);
    return status == XSW_OK ? walk.status : error_set(error, status, "no memory for a rule");
}

void port_life_rule_done(struct vswitch *vswitch, uint16_t id, enum xsw_operation operation,
                         const struct acl_rule *rule, enum xsw_status outcome)
{
    struct rule_walk walk = {
        .vswitch = vswitch, .id = id, .step = RULE_DONE, .operation = operation, .status = outcome};
    (void)!features_of_rule(rule, rule_take, &walk);
}

void port_life_rule_gone(struct vswitch *vswitch, uint16_t id, const struct acl_rule *rule)
{
    struct rule_walk walk = {
        .vswitch = vswitch, .id = id, .step = RULE_GONE, .operation = XSW_OP_PORT_PROPERTY_DELETE};
    (void)!features_of_rule(rule, rule_take, &walk);
}
