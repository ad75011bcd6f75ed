/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: waits for something that never comes. */
#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

static void no_hang_ingress(void *state, struct xsw_batch *batch, struct xsw_verdict *verdicts)
{
    (void)state;
    (void)batch;
    volatile uint32_t *rule = &verdicts[0].rule;
    while (*rule == 0) {
    }
}

static const struct xsw_filter_ops ops = {.size = sizeof(ops), .ingress = no_hang_ingress};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "no-hang",
    .version = "1",
    .description = "breaks the rule no-hang",
    .kind = XSW_EXTENSION_FILTER,
    .init = wrong_init,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(extension);
