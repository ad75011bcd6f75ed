/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: never makes up its mind about a feature of its own. */
#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

static enum xsw_status retry_storm_ask(void *state, const struct xsw_change *change,
                                       struct xsw_error *refusal)
{
    (void)state;
    (void)refusal;
    return change->operation == XSW_OP_SWITCH_PROPERTY_ADD ? XSW_AGAIN : XSW_OK;
}

static const struct xsw_control_ops control = {
    .size = sizeof(control),
    .ask = retry_storm_ask,
};

static const struct xsw_setting_info fields[] = {
    {"rate", XSW_SETTING_NUMBER, 1, 100, 10, NULL, "packets a second"},
};

static const struct xsw_feature_info features[] = {
    {.size = sizeof(features[0]),
     .name = "quota",
     .help = "a quota",
     .scope = XSW_SCOPE_SWITCH,
     .fields = fields,
     .field_count = 1},
};

static const struct xsw_filter_ops ops = {.size = sizeof(ops), .ingress = wrong_pass};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "retry-storm",
    .version = "1",
    .description = "breaks the rule retry-storm",
    .kind = XSW_EXTENSION_FILTER,
    .init = wrong_init,
    .control = &control,
    .features = features,
    .feature_count = 1,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(extension);
