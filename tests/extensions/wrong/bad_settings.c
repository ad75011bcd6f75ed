/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: refuses texts without a word. */
#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

static enum xsw_status bad_settings_init(void *state, const struct xsw_host *host,
                                         const struct xsw_setting *settings,
                                         struct xsw_error *error)
{
    (void)state;
    (void)host;
    (void)error;
    return settings[0].texts[0][0] == '(' ? XSW_INVALID : XSW_OK;
}

static const struct xsw_setting_info settings[] = {
    {"match", XSW_SETTING_TEXT, 0, 0, 0, "", "which packets"},
};

static const struct xsw_filter_ops ops = {.size = sizeof(ops), .ingress = wrong_pass};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "bad-settings",
    .version = "1",
    .description = "breaks the rule bad-settings",
    .kind = XSW_EXTENSION_FILTER,
    .init = bad_settings_init,
    .settings = settings,
    .setting_count = 1,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(extension);
