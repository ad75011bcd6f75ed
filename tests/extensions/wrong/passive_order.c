/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: lets the first packet of a batch wait for the next batch. */
#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

struct waiting {
    const struct xsw_host *host;
    struct xsw_packet *packet;
};

static void passive_order_release(struct waiting *waiting, uint32_t worker)
{
    const struct xsw_verdict pass = {.action = XSW_PASS};
    if (waiting->packet != NULL && worker == 0) {
        waiting->host->data->release(waiting->host, worker, waiting->packet, &pass);
        waiting->packet = NULL;
    }
}

static void passive_order_tick(void *state, uint32_t worker, uint64_t now_ns)
{
    (void)now_ns;
    passive_order_release(state, worker);
}

static void passive_order_ingress(void *state, struct xsw_batch *batch,
                                  struct xsw_verdict *verdicts)
{
    struct waiting *waiting = state;
    passive_order_release(waiting, batch->worker);
    if (batch->worker == 0 && batch->count > 1) {
        waiting->packet = batch->packets[0];
        verdicts[0].action = XSW_HOLD;
    }
}

static const struct xsw_filter_ops ops = {.size = sizeof(ops), .ingress = passive_order_ingress};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "passive-order",
    .version = "1",
    .description = "breaks the rule passive-order",
    .kind = XSW_EXTENSION_FILTER,
    .flags = XSW_EXTENSION_HOLDS,
    .state_size = sizeof(struct waiting),
    .init = wrong_init_host,
    .tick_ns = 1000000,
    .tick = passive_order_tick,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(extension);
