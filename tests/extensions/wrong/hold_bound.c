/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: holds the last packet of each large batch for ever. */
#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

static void hold_bound_ingress(void *state, struct xsw_batch *batch, struct xsw_verdict *verdicts)
{
    (void)state;
    if (batch->count > 20) {
        verdicts[batch->count - 1].action = XSW_HOLD;
    }
}

static const struct xsw_filter_ops ops = {.size = sizeof(ops), .ingress = hold_bound_ingress};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "hold-bound",
    .version = "1",
    .description = "breaks the rule hold-bound",
    .kind = XSW_EXTENSION_FILTER,
    .flags = XSW_EXTENSION_HOLDS,
    .init = wrong_init,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(extension);
