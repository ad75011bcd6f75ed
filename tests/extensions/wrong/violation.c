/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: names a source port that does not exist. */
#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

static void violation_ingress(void *state, struct xsw_batch *batch, struct xsw_verdict *verdicts)
{
    (void)verdicts;
    const struct xsw_host *host = ((struct wrong_host *)state)->host;
    (void)host->data->set_source(host, batch->worker, batch->packets[0], 99);
}

static const struct xsw_filter_ops ops = {.size = sizeof(ops), .ingress = violation_ingress};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "violation",
    .version = "1",
    .description = "breaks the rule violation",
    .kind = XSW_EXTENSION_FILTER,
    .flags = XSW_EXTENSION_ORIGINATES,
    .state_size = sizeof(struct wrong_host),
    .init = wrong_init_host,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(extension);
