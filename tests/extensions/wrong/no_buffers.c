/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: takes for granted that there is a buffer. */
#include <string.h>

#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

static void no_buffers_ingress(void *state, struct xsw_batch *batch, struct xsw_verdict *verdicts)
{
    (void)verdicts;
    const struct xsw_host *host = ((struct wrong_host *)state)->host;
    struct xsw_packet *made = host->data->alloc(host, batch->worker, 60);
    memset(made->data, 0, 60);
    host->data->discard(host, batch->worker, made);
}

static const struct xsw_filter_ops ops = {.size = sizeof(ops), .ingress = no_buffers_ingress};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "no-buffers",
    .version = "1",
    .description = "breaks the rule no-buffers",
    .kind = XSW_EXTENSION_FILTER,
    .flags = XSW_EXTENSION_ORIGINATES,
    .state_size = sizeof(struct wrong_host),
    .init = wrong_init_host,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(extension);
