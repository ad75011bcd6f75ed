/* SPDX-License-Identifier: Apache-2.0 */
/* Drops every packet for a reason that it has not declared: the host is to notice. */
#include <xsw/extension.h>

static enum xsw_status badreason_init(void *state, const struct xsw_host *host,
                                      const struct xsw_setting *settings, struct xsw_error *error)
{
    (void)state;
    (void)host;
    (void)settings;
    (void)error;
    return XSW_OK;
}

static void badreason_ingress(void *state, struct xsw_batch *batch, struct xsw_verdict *verdicts)
{
    (void)state;
    for (uint32_t i = 0; i < batch->count; i++) {
        verdicts[i] = (struct xsw_verdict){.action = XSW_DROP, .reason = 7, .rule = 3};
    }
}

static const struct xsw_reason_info reasons[] = {
    {"declared", "the only reason that is declared"},
};

static const struct xsw_filter_ops ops = {.size = sizeof ops, .ingress = badreason_ingress};

static const struct xsw_extension badreason = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof badreason,
    .name = "badreason",
    .version = "1",
    .description = "drops for an undeclared reason",
    .kind = XSW_EXTENSION_FILTER,
    .reasons = reasons,
    .reason_count = 1,
    .init = badreason_init,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(badreason);
