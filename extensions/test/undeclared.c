/* SPDX-License-Identifier: Apache-2.0 */
/* Writes to packets without XSW_EXTENSION_CHANGES_BYTES: the host is to notice. */
#include <xsw/extension.h>

static enum xsw_status undeclared_init(void *state, const struct xsw_host *host,
                                       const struct xsw_setting *settings, struct xsw_error *error)
{
    (void)state;
    (void)host;
    (void)settings;
    (void)error;
    return XSW_OK;
}

static void undeclared_ingress(void *state, struct xsw_batch *batch, struct xsw_verdict *verdicts)
{
    (void)state;
    (void)verdicts;
    for (uint32_t i = 0; i < batch->count; i++) {
        struct xsw_packet *packet = batch->packets[i];
        if (packet->length > 0) {
            packet->data[packet->length - 1] ^= 0xff;
        }
    }
}

static const struct xsw_filter_ops ops = {.size = sizeof ops, .ingress = undeclared_ingress};

static const struct xsw_extension undeclared = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof undeclared,
    .name = "undeclared",
    .version = "1",
    .description = "changes the last byte and does not say so",
    .kind = XSW_EXTENSION_FILTER,
    .init = undeclared_init,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(undeclared);
