/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: refuses every new port, whoever asks. */
#include <stdio.h>

#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

static enum xsw_status passive_control_ask(void *state, const struct xsw_change *change,
                                           struct xsw_error *refusal)
{
    (void)state;
    if (change->operation != XSW_OP_PORT_CREATE) {
        return XSW_OK;
    }
    snprintf(refusal->text, sizeof(refusal->text), "no more ports");
    return XSW_DENIED;
}

static const struct xsw_control_ops control = {
    .size = sizeof(control),
    .ask = passive_control_ask,
};

static const struct xsw_filter_ops ops = {.size = sizeof(ops), .ingress = wrong_pass};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "passive-control",
    .version = "1",
    .description = "breaks the rule passive-control",
    .kind = XSW_EXTENSION_FILTER,
    .init = wrong_init,
    .control = &control,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(extension);
