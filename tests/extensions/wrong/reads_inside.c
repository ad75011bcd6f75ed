/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: reads behind the end of a frame. */
#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

static void reads_inside_ingress(void *state, struct xsw_batch *batch, struct xsw_verdict *verdicts)
{
    (void)state;
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct xsw_packet *packet = batch->packets[i];
        verdicts[i].rule = packet->data[packet->length];
    }
}

static const struct xsw_filter_ops ops = {.size = sizeof(ops), .ingress = reads_inside_ingress};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "reads-inside",
    .version = "1",
    .description = "breaks the rule reads-inside",
    .kind = XSW_EXTENSION_FILTER,
    .init = wrong_init,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(extension);
