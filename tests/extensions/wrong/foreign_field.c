/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: assigns the VLAN, which is the policy's to assign. */
#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

static void foreign_field_ingress(void *state, struct xsw_batch *batch,
                                  struct xsw_verdict *verdicts)
{
    (void)state;
    (void)verdicts;
    for (uint32_t i = 0; i < batch->count; i++) {
        batch->packets[i]->vlan = 7;
    }
}

static const struct xsw_filter_ops ops = {.size = sizeof(ops), .ingress = foreign_field_ingress};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "foreign-field",
    .version = "1",
    .description = "breaks the rule foreign-field",
    .kind = XSW_EXTENSION_FILTER,
    .init = wrong_init,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(extension);
