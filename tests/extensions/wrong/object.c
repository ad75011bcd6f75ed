/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: asks for a stack that can be executed: see tests/parts/certify.cmake. */
#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

static const struct xsw_filter_ops ops = {.size = sizeof(ops), .ingress = wrong_pass};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "object",
    .version = "1",
    .description = "breaks the rule object",
    .kind = XSW_EXTENSION_FILTER,
    .init = wrong_init,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(extension);
