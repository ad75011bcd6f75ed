/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: takes for granted that IPv4 has a whole header. */
#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

static void bad_packets_ingress(void *state, struct xsw_batch *batch, struct xsw_verdict *verdicts)
{
    (void)state;
    static const uint8_t *const nothing;
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct xsw_packet *packet = batch->packets[i];
        if (packet->ether_type == 0x0800) {
            const uint8_t *ip = packet->l3_offset != 0 ? packet->data + packet->l3_offset : nothing;
            verdicts[i].rule = *(const volatile uint8_t *)ip;
        }
    }
}

static const struct xsw_filter_ops ops = {.size = sizeof(ops), .ingress = bad_packets_ingress};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "bad-packets",
    .version = "1",
    .description = "breaks the rule bad-packets",
    .kind = XSW_EXTENSION_FILTER,
    .init = wrong_init,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(extension);
