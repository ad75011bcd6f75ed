/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: takes a reference to each port and never gives it back. */
#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

static void references_told(void *state, const struct xsw_change *change)
{
    const struct xsw_host *host = ((struct wrong_host *)state)->host;
    if (change->operation == XSW_OP_NIC_CONNECT) {
        (void)host->control->port_reference(host, change->port);
    }
}

static const struct xsw_control_ops control = {
    .size = sizeof(control),
    .told = references_told,
};

static const struct xsw_filter_ops ops = {.size = sizeof(ops), .ingress = wrong_pass};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "references",
    .version = "1",
    .description = "breaks the rule references",
    .kind = XSW_EXTENSION_FILTER,
    .state_size = sizeof(struct wrong_host),
    .init = wrong_init_host,
    .control = &control,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(extension);
