/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: declares two features of one name. */
#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

static const struct xsw_feature_info features[] = {
    {.size = sizeof(features[0]), .name = "quota", .help = "a quota", .scope = XSW_SCOPE_PORT},
    {.size = sizeof(features[0]), .name = "quota", .help = "again", .scope = XSW_SCOPE_SWITCH},
};

static const struct xsw_filter_ops ops = {.size = sizeof(ops), .ingress = wrong_pass};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "features",
    .version = "1",
    .description = "breaks the rule features",
    .kind = XSW_EXTENSION_FILTER,
    .init = wrong_init,
    .features = features,
    .feature_count = 2,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(extension);
