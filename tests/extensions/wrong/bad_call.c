/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: makes packets without XSW_EXTENSION_ORIGINATES. */
#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

static void bad_call_ingress(void *state, struct xsw_batch *batch, struct xsw_verdict *verdicts)
{
    (void)verdicts;
    const struct xsw_host *host = ((struct wrong_host *)state)->host;
    struct xsw_packet *made = host->data->alloc(host, batch->worker, 60);
    if (made != NULL) {
        host->data->discard(host, batch->worker, made);
    }
}

static const struct xsw_filter_ops ops = {.size = sizeof(ops), .ingress = bad_call_ingress};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "bad-call",
    .version = "1",
    .description = "breaks the rule bad-call",
    .kind = XSW_EXTENSION_FILTER,
    .state_size = sizeof(struct wrong_host),
    .init = wrong_init_host,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(extension);
