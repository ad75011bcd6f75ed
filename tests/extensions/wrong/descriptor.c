/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: has a name that cannot stand in a command. */
#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

static const struct xsw_filter_ops ops = {.size = sizeof(ops), .ingress = wrong_pass};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .version = "1",
    .description = "breaks the rule descriptor",
    .kind = XSW_EXTENSION_FILTER,
    .init = wrong_init,
    .name = "Wrong Name",
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(extension);
