/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: leaves a thread behind. */
#include <pthread.h>
#include <unistd.h>

#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

static void *thread_left_main(void *argument)
{
    for (;;) {
        pause();
    }
    return argument;
}

static enum xsw_status thread_left_init(void *state, const struct xsw_host *host,
                                        const struct xsw_setting *settings, struct xsw_error *error)
{
    (void)host;
    (void)settings;
    (void)error;
    return pthread_create(state, NULL, thread_left_main, NULL) == 0 ? XSW_OK : XSW_NO_MEMORY;
}

static const struct xsw_filter_ops ops = {.size = sizeof(ops), .ingress = wrong_pass};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "thread-left",
    .version = "1",
    .description = "breaks the rule thread-left",
    .kind = XSW_EXTENSION_FILTER,
    .state_size = sizeof(pthread_t),
    .init = thread_left_init,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(extension);
