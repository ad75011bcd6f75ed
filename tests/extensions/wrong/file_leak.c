/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: has no fini for what init opens. */
#include <fcntl.h>

#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

static enum xsw_status file_leak_init(void *state, const struct xsw_host *host,
                                      const struct xsw_setting *settings, struct xsw_error *error)
{
    (void)host;
    (void)settings;
    (void)error;
    *(int *)state = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return *(int *)state >= 0 ? XSW_OK : XSW_IO;
}

static const struct xsw_filter_ops ops = {.size = sizeof(ops), .ingress = wrong_pass};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "file-leak",
    .version = "1",
    .description = "breaks the rule file-leak",
    .kind = XSW_EXTENSION_FILTER,
    .state_size = sizeof(int),
    .init = file_leak_init,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(extension);
