/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: says that a clone goes on, and makes none. */
#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

static void not_replaced_ingress(void *state, struct xsw_batch *batch, struct xsw_verdict *verdicts)
{
    (void)state;
    verdicts[batch->count - 1].action = XSW_REPLACED;
}

static const struct xsw_filter_ops ops = {.size = sizeof(ops), .ingress = not_replaced_ingress};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "not-replaced",
    .version = "1",
    .description = "breaks the rule not-replaced",
    .kind = XSW_EXTENSION_FILTER,
    .flags = XSW_EXTENSION_ORIGINATES,
    .init = wrong_init,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(extension);
