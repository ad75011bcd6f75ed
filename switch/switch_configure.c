/* SPDX-License-Identifier: Apache-2.0 */
#include "switch/switch_configure.h"

#include <stdint.h>

#include "base/error.h"
#include "switch/extension/features.h"
#include "switch/extension/notify.h"
#include "switch/state.h"

struct walk {
    struct vswitch *vswitch;
    uint32_t place;          /* of the running change, counted from 0 */
    uint32_t accepted;       /* changes in front that were accepted */
    uint32_t told;           /* done: so many in front learn the outcome */
    enum xsw_status outcome; /* done */
    struct xsw_error *error; /* ask */
};

static enum xsw_status walk_ask(void *context, enum xsw_operation operation,
                                const struct xsw_property *property)
{
    struct walk *walk = context;
    struct xsw_change change =
        notify_change(walk->vswitch, operation, XSW_PORT_NONE, NULL, property);
    enum xsw_status status = notify_ask(walk->vswitch, &change, walk->error);
    walk->accepted += status == XSW_OK;
    return status;
}

static enum xsw_status walk_done(void *context, enum xsw_operation operation,
                                 const struct xsw_property *property)
{
    struct walk *walk = context;
    struct xsw_change change =
        notify_change(walk->vswitch, operation, XSW_PORT_NONE, NULL, property);
    if (walk->place++ < walk->told) {
        notify_done(walk->vswitch, &change, walk->outcome);
    }
    return XSW_OK;
}

enum xsw_status switch_configure_ask(struct vswitch *vswitch, const struct switch_config *before,
                                     const struct switch_config *after, struct xsw_error *error)
{
    struct walk walk = {.vswitch = vswitch, .error = error};
    enum xsw_status status = features_switch_diff(before, after, walk_ask, &walk);
    if (status == XSW_NO_MEMORY) {
        error_set(error, status, "switch %s: no memory for its settings", before->name);
    }
    if (status != XSW_OK && walk.accepted > 0) {
        walk.told = walk.accepted;
        walk.outcome = status;
        (void)!features_switch_diff(before, after, walk_done, &walk);
    }
    return status;
}

void switch_configure_done(struct vswitch *vswitch, const struct switch_config *before,
                           const struct switch_config *after, enum xsw_status outcome)
{
    struct walk walk = {.vswitch = vswitch, .told = UINT32_MAX, .outcome = outcome};
    (void)!features_switch_diff(before, after, walk_done, &walk);
}
