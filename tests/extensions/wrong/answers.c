/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: answers with a status that there is not. */
#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

static enum xsw_status answers_ask(void *state, const struct xsw_change *change,
                                   struct xsw_error *refusal)
{
    (void)state;
    (void)change;
    (void)refusal;
    return (enum xsw_status)77;
}

static const struct xsw_control_ops control = {
    .size = sizeof(control),
    .ask = answers_ask,
};

static const struct xsw_filter_ops ops = {.size = sizeof(ops), .ingress = wrong_pass};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "answers",
    .version = "1",
    .description = "breaks the rule answers",
    .kind = XSW_EXTENSION_FILTER,
    .init = wrong_init,
    .control = &control,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(extension);
