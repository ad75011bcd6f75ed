/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: writes its status into whatever room there is. */
#include <string.h>

#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

static enum xsw_status status_room_status(void *state, uint32_t feature, uint16_t port,
                                          struct xsw_status_value *values, struct xsw_error *error)
{
    static const char text[] = "a text that is longer than most people would think";
    (void)state;
    (void)feature;
    (void)port;
    (void)error;
    memcpy(values[0].text, text, sizeof(text));
    values[0].length = sizeof(text);
    return XSW_OK;
}

static const struct xsw_control_ops control = {
    .size = sizeof(control),
    .status = status_room_status,
};

static const struct xsw_setting_info fields[] = {
    {"text", XSW_SETTING_TEXT, 0, 0, 0, "", "how it is"},
};

static const struct xsw_feature_info features[] = {
    {.size = sizeof(features[0]),
     .name = "health",
     .help = "how it is",
     .scope = XSW_SCOPE_SWITCH,
     .status_fields = fields,
     .status_count = 1},
};

static const struct xsw_filter_ops ops = {.size = sizeof(ops), .ingress = wrong_pass};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "status-room",
    .version = "1",
    .description = "breaks the rule status-room",
    .kind = XSW_EXTENSION_FILTER,
    .init = wrong_init,
    .control = &control,
    .features = features,
    .feature_count = 1,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(extension);
