/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: changes bytes before anybody has asked it to. */
#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

static void passive_bytes_ingress(void *state, struct xsw_batch *batch,
                                  struct xsw_verdict *verdicts)
{
    (void)state;
    (void)verdicts;
    for (uint32_t i = 0; i < batch->count; i++) {
        batch->packets[i]->data[batch->packets[i]->length - 1] ^= 1;
    }
}

static const struct xsw_filter_ops ops = {.size = sizeof(ops), .ingress = passive_bytes_ingress};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "passive-bytes",
    .version = "1",
    .description = "breaks the rule passive-bytes",
    .kind = XSW_EXTENSION_FILTER,
    .flags = XSW_EXTENSION_CHANGES_BYTES,
    .init = wrong_init,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(extension);
