/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: holds packets without XSW_EXTENSION_HOLDS. */
#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

static void hold_refused_ingress(void *state, struct xsw_batch *batch, struct xsw_verdict *verdicts)
{
    (void)state;
    verdicts[batch->count - 1].action = XSW_HOLD;
}

static const struct xsw_filter_ops ops = {.size = sizeof(ops), .ingress = hold_refused_ingress};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "hold-refused",
    .version = "1",
    .description = "breaks the rule hold-refused",
    .kind = XSW_EXTENSION_FILTER,
    .init = wrong_init,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(extension);
