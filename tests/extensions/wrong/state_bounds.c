/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: writes behind its state. */
#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

static void state_bounds_ingress(void *state, struct xsw_batch *batch, struct xsw_verdict *verdicts)
{
    (void)verdicts;
    ((uint8_t *)state)[16] = (uint8_t)batch->count;
}

static const struct xsw_filter_ops ops = {.size = sizeof(ops), .ingress = state_bounds_ingress};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "state-bounds",
    .version = "1",
    .description = "breaks the rule state-bounds",
    .kind = XSW_EXTENSION_FILTER,
    .state_size = 16,
    .init = wrong_init,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(extension);
