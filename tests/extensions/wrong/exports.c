/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: exports a function beside its descriptor. */
#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

__attribute__((visibility("default"))) int wrong_exports_helper(void);
int wrong_exports_helper(void)
{
    return 1;
}
static const struct xsw_filter_ops ops = {.size = sizeof(ops), .ingress = wrong_pass};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "exports",
    .version = "1",
    .description = "breaks the rule exports",
    .kind = XSW_EXTENSION_FILTER,
    .init = wrong_init,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(extension);
