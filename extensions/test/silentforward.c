/* SPDX-License-Identifier: Apache-2.0 */
/* Forwards nothing anywhere and gives no reason: the host is to notice. */
#include <xsw/extension.h>

static enum xsw_status silentforward_init(void *state, const struct xsw_host *host,
                                          const struct xsw_setting *settings,
                                          struct xsw_error *error)
{
    (void)state;
    (void)host;
    (void)settings;
    (void)error;
    return XSW_OK;
}

static void silentforward_forward(void *state, const struct xsw_const_batch *batch,
                                  const struct xsw_port_set *connected,
                                  struct xsw_port_set *destinations, struct xsw_verdict *verdicts)
{
    (void)state;
    (void)batch;
    (void)connected;
    (void)destinations;
    (void)verdicts;
}

static const struct xsw_forward_ops ops = {.size = sizeof ops, .forward = silentforward_forward};

static const struct xsw_extension silentforward = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof silentforward,
    .name = "silentforward",
    .version = "1",
    .description = "names no destination",
    .kind = XSW_EXTENSION_FORWARD,
    .init = silentforward_init,
    .forward = &ops,
};

XSW_EXTENSION_EXPORT(silentforward);
