/* SPDX-License-Identifier: Apache-2.0 */
/* Takes every Nth packet away without a verdict, which is against the contract: the host is to
 * notice. */
#include <stdatomic.h>

#include <xsw/extension.h>

struct vanish {
    uint64_t every;
    atomic_uint_fast64_t seen; /* by all workers */
};

static enum xsw_status vanish_init(void *state, const struct xsw_host *host,
                                   const struct xsw_setting *settings, struct xsw_error *error)
{
    struct vanish *vanish = state;
    (void)host;
    (void)error;
    vanish->every = settings[0].number;
    return XSW_OK;
}

static void vanish_ingress(void *state, struct xsw_batch *batch, struct xsw_verdict *verdicts)
{
    struct vanish *vanish = state;
    (void)verdicts;
    for (uint32_t i = 0; i < batch->count; i++) {
        uint64_t number = atomic_fetch_add_explicit(&vanish->seen, 1, memory_order_relaxed) + 1;
        if (number % vanish->every == 0) {
            batch->packets[i] = NULL;
        }
    }
}

static const struct xsw_setting_info settings_table[] = {
    {"every", XSW_SETTING_NUMBER, 1, UINT32_MAX, 2, NULL, "the Nth packet vanishes, and so on"},
};

static const struct xsw_filter_ops ops = {.size = sizeof ops, .ingress = vanish_ingress};

static const struct xsw_extension vanish_extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof vanish_extension,
    .name = "vanish",
    .version = "1",
    .description = "loses packets without a word",
    .kind = XSW_EXTENSION_FILTER,
    .state_size = sizeof(struct vanish),
    .settings = settings_table,
    .setting_count = 1,
    .init = vanish_init,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(vanish_extension);
