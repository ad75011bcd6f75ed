/* SPDX-License-Identifier: Apache-2.0 */
/* Forwards every packet to all connected ports but its source. */
#include <xsw/extension.h>

static enum xsw_status hub_init(void *state, const struct xsw_host *host,
                                const struct xsw_setting *settings, struct xsw_error *error)
{
    (void)state;
    (void)host;
    (void)settings;
    (void)error;
    return XSW_OK;
}

static void hub_forward(void *state, const struct xsw_const_batch *batch,
                        const struct xsw_port_set *connected, struct xsw_port_set *destinations,
                        struct xsw_verdict *verdicts)
{
    (void)state;
    (void)verdicts;
    for (uint32_t i = 0; i < batch->count; i++) {
        destinations[i] = *connected;
        xsw_port_set_remove(&destinations[i], batch->packets[i]->source_port);
    }
}

static const struct xsw_forward_ops ops = {.size = sizeof ops, .forward = hub_forward};

static const struct xsw_extension hub = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof hub,
    .name = "hub",
    .version = "1",
    .description = "forwards to everybody else",
    .kind = XSW_EXTENSION_FORWARD,
    .init = hub_init,
    .forward = &ops,
};

XSW_EXTENSION_EXPORT(hub);
