/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: never forgets that it has given its records. */
#include <string.h>

#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

struct given {
    uint8_t is_given[XSW_PORTS_MAX];
};

static enum xsw_status save_again_save(void *state, uint16_t port, struct xsw_record *record)
{
    struct given *given = state;
    if (given->is_given[port % XSW_PORTS_MAX]) {
        return XSW_END;
    }
    given->is_given[port % XSW_PORTS_MAX] = 1;
    memset(record->data, 7, 8);
    record->length = 8;
    return XSW_OK;
}

static enum xsw_status save_again_restore(void *state, uint16_t port,
                                          const struct xsw_record *record, struct xsw_error *error)
{
    (void)state;
    (void)port;
    (void)record;
    (void)error;
    return XSW_OK;
}

static const struct xsw_control_ops control = {
    .size = sizeof(control),
    .save = save_again_save,
    .restore = save_again_restore,
};

static const struct xsw_filter_ops ops = {.size = sizeof(ops), .ingress = wrong_pass};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "save-again",
    .version = "1",
    .description = "breaks the rule save-again",
    .kind = XSW_EXTENSION_FILTER,
    .state_size = sizeof(struct given),
    .init = wrong_init,
    .control = &control,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(extension);
