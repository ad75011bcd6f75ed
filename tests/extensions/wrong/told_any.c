/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: takes every operation that it does not know for one of a port. */
#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

static void told_any_told(void *state, const struct xsw_change *change)
{
    if (change->operation != XSW_OP_SWITCH_ACTIVATE) {
        *(uint64_t *)state += change->info->mtu;
    }
}

static const struct xsw_control_ops control = {
    .size = sizeof(control),
    .told = told_any_told,
};

static const struct xsw_filter_ops ops = {.size = sizeof(ops), .ingress = wrong_pass};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "told-any",
    .version = "1",
    .description = "breaks the rule told-any",
    .kind = XSW_EXTENSION_FILTER,
    .state_size = sizeof(uint64_t),
    .init = wrong_init,
    .control = &control,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(extension);
