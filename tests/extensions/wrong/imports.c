/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: needs a function of the host that is not in any table. */
#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

/* Nobody has it. */
extern int xsw_switch_internal(int number);

static void imports_ingress(void *state, struct xsw_batch *batch, struct xsw_verdict *verdicts)
{
    (void)state;
    if (batch->count > XSW_BATCH_MAX) {
        verdicts[0].rule = (uint32_t)xsw_switch_internal(1);
    }
}

static const struct xsw_filter_ops ops = {.size = sizeof(ops), .ingress = imports_ingress};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "imports",
    .version = "1",
    .description = "breaks the rule imports",
    .kind = XSW_EXTENSION_FILTER,
    .init = wrong_init,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(extension);
