/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: releases what it does not hold. */
#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

static void bad_release_ingress(void *state, struct xsw_batch *batch, struct xsw_verdict *verdicts)
{
    (void)verdicts;
    const struct xsw_host *host = ((struct wrong_host *)state)->host;
    const struct xsw_verdict pass = {.action = XSW_PASS};
    host->data->release(host, batch->worker, batch->packets[0], &pass);
}

static const struct xsw_filter_ops ops = {.size = sizeof(ops), .ingress = bad_release_ingress};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "bad-release",
    .version = "1",
    .description = "breaks the rule bad-release",
    .kind = XSW_EXTENSION_FILTER,
    .flags = XSW_EXTENSION_HOLDS,
    .state_size = sizeof(struct wrong_host),
    .init = wrong_init_host,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(extension);
