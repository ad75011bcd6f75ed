/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: wants to see the ports before they are all there. */
#include <stdio.h>

#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

static void enumeration_each(void *context, const struct xsw_port_info *port)
{
    (void)context;
    (void)port;
}

static enum xsw_status enumeration_init(void *state, const struct xsw_host *host,
                                        const struct xsw_setting *settings, struct xsw_error *error)
{
    (void)settings;
    enum xsw_status status = host->control->ports(host, enumeration_each, state);
    if (status != XSW_OK && error != NULL) {
        snprintf(error->text, sizeof(error->text), "the ports cannot be listed");
    }
    return status != XSW_OK ? XSW_INVALID : XSW_OK;
}

static const struct xsw_filter_ops ops = {.size = sizeof(ops), .ingress = wrong_pass};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "enumeration",
    .version = "1",
    .description = "breaks the rule enumeration",
    .kind = XSW_EXTENSION_FILTER,
    .init = enumeration_init,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(extension);
