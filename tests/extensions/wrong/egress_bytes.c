/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: changes on egress what others see too. */
#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

static void egress_bytes_egress(void *state, const struct xsw_const_batch *batch,
                                struct xsw_verdict *verdicts)
{
    (void)state;
    (void)verdicts;
    for (uint32_t i = 0; i < batch->count; i++) {
        batch->packets[i]->data[batch->packets[i]->length - 1] ^= 1;
    }
}

static const struct xsw_filter_ops ops = {.size = sizeof(ops), .egress = egress_bytes_egress};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "egress-bytes",
    .version = "1",
    .description = "breaks the rule egress-bytes",
    .kind = XSW_EXTENSION_FILTER,
    .init = wrong_init,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(extension);
