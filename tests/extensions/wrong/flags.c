/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: sets a flag that version 1 does not have. */
#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

static const struct xsw_filter_ops ops = {.size = sizeof(ops), .ingress = wrong_pass};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "flags",
    .version = "1",
    .description = "breaks the rule flags",
    .kind = XSW_EXTENSION_FILTER,
    .flags = 0x80000000u,
    .init = wrong_init,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(extension);
