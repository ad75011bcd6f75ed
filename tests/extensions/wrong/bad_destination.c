/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: forwards to a port that nobody has. */
#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

static void bad_destination_forward(void *state, const struct xsw_const_batch *batch,
                                    const struct xsw_port_set *connected,
                                    struct xsw_port_set *destinations, struct xsw_verdict *verdicts)
{
    (void)state;
    (void)verdicts;
    wrong_forward_all(batch, connected, destinations);
    xsw_port_set_add(&destinations[0], 200);
}

static const struct xsw_forward_ops ops = {.size = sizeof(ops), .forward = bad_destination_forward};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "bad-destination",
    .version = "1",
    .description = "breaks the rule bad-destination",
    .kind = XSW_EXTENSION_FORWARD,
    .init = wrong_init,
    .forward = &ops,
};

XSW_EXTENSION_EXPORT(extension);
