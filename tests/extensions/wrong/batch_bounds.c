/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: sorts packets that are not its to sort. */
#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

static void batch_bounds_ingress(void *state, struct xsw_batch *batch, struct xsw_verdict *verdicts)
{
    (void)state;
    (void)verdicts;
    if (batch->count > 1) {
        struct xsw_packet *first = batch->packets[0];
        batch->packets[0] = batch->packets[1];
        batch->packets[1] = first;
    }
}

static const struct xsw_filter_ops ops = {.size = sizeof(ops), .ingress = batch_bounds_ingress};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "batch-bounds",
    .version = "1",
    .description = "breaks the rule batch-bounds",
    .kind = XSW_EXTENSION_FILTER,
    .init = wrong_init,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(extension);
