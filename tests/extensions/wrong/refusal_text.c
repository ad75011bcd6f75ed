/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: refuses without a word. */
#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

static enum xsw_status refusal_text_ask(void *state, const struct xsw_change *change,
                                        struct xsw_error *refusal)
{
    (void)state;
    (void)refusal;
    return change->operation == XSW_OP_NIC_CREATE ? XSW_DENIED : XSW_OK;
}

static const struct xsw_control_ops control = {
    .size = sizeof(control),
    .ask = refusal_text_ask,
};

static const struct xsw_filter_ops ops = {.size = sizeof(ops), .ingress = wrong_pass};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "refusal-text",
    .version = "1",
    .description = "breaks the rule refusal-text",
    .kind = XSW_EXTENSION_FILTER,
    .init = wrong_init,
    .control = &control,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(extension);
