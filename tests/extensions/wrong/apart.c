/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: counts the packets of all instances in one place. */
#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

static _Atomic uint32_t counted;

static void apart_ingress(void *state, struct xsw_batch *batch, struct xsw_verdict *verdicts)
{
    (void)state;
    for (uint32_t i = 0; i < batch->count; i++) {
        verdicts[i].rule = 1 + counted++ % 1000;
    }
}

static const struct xsw_filter_ops ops = {.size = sizeof(ops), .ingress = apart_ingress};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "apart",
    .version = "1",
    .description = "breaks the rule apart",
    .kind = XSW_EXTENSION_FILTER,
    .init = wrong_init,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(extension);
