/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: believes the count that stands in a record. */
#include <string.h>

#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

struct given {
    uint8_t is_given[XSW_PORTS_MAX];
};

static void restore_bad_told(void *state, const struct xsw_change *change)
{
    if (change->operation == XSW_OP_SAVE_COMPLETE) {
        ((struct given *)state)->is_given[change->port % XSW_PORTS_MAX] = 0;
    }
}

static enum xsw_status restore_bad_save(void *state, uint16_t port, struct xsw_record *record)
{
    struct given *given = state;
    if (given->is_given[port % XSW_PORTS_MAX]) {
        return XSW_END;
    }
    given->is_given[port % XSW_PORTS_MAX] = 1;
    memset(record->data, 2, 9); /* two entries of four bytes */
    record->length = 9;
    return XSW_OK;
}

static enum xsw_status restore_bad_restore(void *state, uint16_t port,
                                           const struct xsw_record *record, struct xsw_error *error)
{
    (void)port;
    (void)error;
    struct given *given = state;
    const uint8_t *bytes = record->data;
    uint8_t sum = 0;
    for (uint32_t i = 0; i < 4u * bytes[0]; i++) {
        sum = (uint8_t)(sum + bytes[1 + i]);
    }
    given->is_given[0] = sum;
    return XSW_OK;
}

static const struct xsw_control_ops control = {
    .size = sizeof(control),
    .told = restore_bad_told,
    .save = restore_bad_save,
    .restore = restore_bad_restore,
};

static const struct xsw_filter_ops ops = {.size = sizeof(ops), .ingress = wrong_pass};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "restore-bad",
    .version = "1",
    .description = "breaks the rule restore-bad",
    .kind = XSW_EXTENSION_FILTER,
    .state_size = sizeof(struct given),
    .init = wrong_init,
    .control = &control,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(extension);
