/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: a capture extension that wants to be asked. */
#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

static enum xsw_status capture_veto_ask(void *state, const struct xsw_change *change,
                                        struct xsw_error *refusal)
{
    (void)state;
    (void)change;
    (void)refusal;
    return XSW_OK;
}

static const struct xsw_control_ops control = {
    .size = sizeof(control),
    .ask = capture_veto_ask,
};

static const struct xsw_capture_ops ops = {.size = sizeof(ops), .look = wrong_look};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "capture-veto",
    .version = "1",
    .description = "breaks the rule capture-veto",
    .kind = XSW_EXTENSION_CAPTURE,
    .init = wrong_init,
    .control = &control,
    .capture = &ops,
};

XSW_EXTENSION_EXPORT(extension);
