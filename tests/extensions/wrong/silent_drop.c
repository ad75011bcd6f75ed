/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: takes every tenth packet away without a verdict. */
#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

static void silent_drop_ingress(void *state, struct xsw_batch *batch, struct xsw_verdict *verdicts)
{
    (void)state;
    (void)verdicts;
    for (uint32_t i = 9; i < batch->count; i += 10) {
        batch->packets[i] = NULL;
    }
}

static const struct xsw_filter_ops ops = {.size = sizeof(ops), .ingress = silent_drop_ingress};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "silent-drop",
    .version = "1",
    .description = "breaks the rule silent-drop",
    .kind = XSW_EXTENSION_FILTER,
    .init = wrong_init,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(extension);
