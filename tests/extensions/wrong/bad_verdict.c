/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: drops for a reason that it has not declared. */
#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

static void bad_verdict_ingress(void *state, struct xsw_batch *batch, struct xsw_verdict *verdicts)
{
    (void)state;
    verdicts[batch->count - 1] = (struct xsw_verdict){.action = XSW_DROP, .reason = 3};
}

static const struct xsw_filter_ops ops = {.size = sizeof(ops), .ingress = bad_verdict_ingress};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "bad-verdict",
    .version = "1",
    .description = "breaks the rule bad-verdict",
    .kind = XSW_EXTENSION_FILTER,
    .init = wrong_init,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(extension);
