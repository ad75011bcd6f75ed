/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: drops every tenth packet before anybody has asked it to. */
#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

static const struct xsw_reason_info reasons[] = {
    {"unwanted", "nobody wants it"},
};

static void passive_loss_ingress(void *state, struct xsw_batch *batch, struct xsw_verdict *verdicts)
{
    (void)state;
    for (uint32_t i = 9; i < batch->count; i += 10) {
        verdicts[i].action = XSW_DROP;
    }
}

static const struct xsw_filter_ops ops = {.size = sizeof(ops), .ingress = passive_loss_ingress};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "passive-loss",
    .version = "1",
    .description = "breaks the rule passive-loss",
    .kind = XSW_EXTENSION_FILTER,
    .init = wrong_init,
    .reasons = reasons,
    .reason_count = 1,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(extension);
