/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: has a setting whose default it would refuse. */
#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

static const struct xsw_setting_info settings[] = {
    {"rate", XSW_SETTING_NUMBER, 1, 100, 1000, NULL, "packets a second"},
};

static const struct xsw_filter_ops ops = {.size = sizeof(ops), .ingress = wrong_pass};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "settings",
    .version = "1",
    .description = "breaks the rule settings",
    .kind = XSW_EXTENSION_FILTER,
    .init = wrong_init,
    .settings = settings,
    .setting_count = 1,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(extension);
