/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: forwards between guests, and leaves the outside out. */
#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

static const struct xsw_reason_info reasons[] = {
    {"unwanted", "nobody wants it"},
};

static void connectivity_forward(void *state, const struct xsw_const_batch *batch,
                                 const struct xsw_port_set *connected,
                                 struct xsw_port_set *destinations, struct xsw_verdict *verdicts)
{
    (void)state;
    wrong_forward_all(batch, connected, destinations);
    for (uint32_t i = 0; i < batch->count; i++) {
        if (batch->packets[i]->source_port == 2) {
            verdicts[i].action = XSW_DROP;
        }
    }
}

static const struct xsw_forward_ops ops = {.size = sizeof(ops), .forward = connectivity_forward};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "connectivity",
    .version = "1",
    .description = "breaks the rule connectivity",
    .kind = XSW_EXTENSION_FORWARD,
    .init = wrong_init,
    .reasons = reasons,
    .reason_count = 1,
    .forward = &ops,
};

XSW_EXTENSION_EXPORT(extension);
