/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: takes for granted that every packet has a transport header. */
#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

static void no_crash_ingress(void *state, struct xsw_batch *batch, struct xsw_verdict *verdicts)
{
    (void)state;
    static const uint8_t *const nothing;
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct xsw_packet *packet = batch->packets[i];
        const uint8_t *header = packet->l4_offset != 0 ? packet->data + packet->l4_offset : nothing;
        verdicts[i].rule = *(const volatile uint8_t *)header;
    }
}

static const struct xsw_filter_ops ops = {.size = sizeof(ops), .ingress = no_crash_ingress};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "no-crash",
    .version = "1",
    .description = "breaks the rule no-crash",
    .kind = XSW_EXTENSION_FILTER,
    .init = wrong_init,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(extension);
