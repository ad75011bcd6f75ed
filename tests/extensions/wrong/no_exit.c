/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: ends the process when it does not like a packet. */
#include <stdlib.h>

#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

static void no_exit_ingress(void *state, struct xsw_batch *batch, struct xsw_verdict *verdicts)
{
    (void)state;
    (void)verdicts;
    if (batch->packets[0]->source_port == 3) {
        exit(1);
    }
}

static const struct xsw_filter_ops ops = {.size = sizeof(ops), .ingress = no_exit_ingress};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "no-exit",
    .version = "1",
    .description = "breaks the rule no-exit",
    .kind = XSW_EXTENSION_FILTER,
    .init = wrong_init,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(extension);
