/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: takes for granted that there is memory. */
#include <stdlib.h>

#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

struct table {
    volatile uint8_t *bytes;
};

static enum xsw_status no_memory_init(void *state, const struct xsw_host *host,
                                      const struct xsw_setting *settings, struct xsw_error *error)
{
    struct table *table = state;
    (void)host;
    (void)settings;
    (void)error;
    table->bytes = malloc(1000);
    table->bytes[0] = 1;
    return XSW_OK;
}

static void no_memory_fini(void *state)
{
    free((void *)((struct table *)state)->bytes);
}

static const struct xsw_filter_ops ops = {.size = sizeof(ops), .ingress = wrong_pass};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "no-memory",
    .version = "1",
    .description = "breaks the rule no-memory",
    .kind = XSW_EXTENSION_FILTER,
    .state_size = sizeof(struct table),
    .init = no_memory_init,
    .fini = no_memory_fini,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(extension);
