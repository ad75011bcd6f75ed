/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: has no fini for what init allocates. */
#include <stdlib.h>

#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

static enum xsw_status memory_leak_init(void *state, const struct xsw_host *host,
                                        const struct xsw_setting *settings, struct xsw_error *error)
{
    (void)host;
    (void)settings;
    (void)error;
    *(void **)state = malloc(1000);
    return *(void **)state != NULL ? XSW_OK : XSW_NO_MEMORY;
}

static const struct xsw_filter_ops ops = {.size = sizeof(ops), .ingress = wrong_pass};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "memory-leak",
    .version = "1",
    .description = "breaks the rule memory-leak",
    .kind = XSW_EXTENSION_FILTER,
    .state_size = sizeof(void *),
    .init = memory_leak_init,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(extension);
