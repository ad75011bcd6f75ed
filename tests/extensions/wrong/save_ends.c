/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: has always one more record. */
#include <string.h>

#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

static enum xsw_status save_ends_save(void *state, uint16_t port, struct xsw_record *record)
{
    (void)state;
    (void)port;
    memcpy(record->data, "data", 4);
    record->length = 4;
    return XSW_OK;
}

static enum xsw_status save_ends_restore(void *state, uint16_t port,
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
    .save = save_ends_save,
    .restore = save_ends_restore,
};

static const struct xsw_filter_ops ops = {.size = sizeof(ops), .ingress = wrong_pass};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "save-ends",
    .version = "1",
    .description = "breaks the rule save-ends",
    .kind = XSW_EXTENSION_FILTER,
    .init = wrong_init,
    .control = &control,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(extension);
