/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: refuses what it has saved itself. */
#include <stdio.h>
#include <string.h>

#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

struct given {
    uint8_t is_given[XSW_PORTS_MAX];
};

static void restore_own_told(void *state, const struct xsw_change *change)
{
    if (change->operation == XSW_OP_SAVE_COMPLETE) {
        ((struct given *)state)->is_given[change->port % XSW_PORTS_MAX] = 0;
    }
}

static enum xsw_status restore_own_save(void *state, uint16_t port, struct xsw_record *record)
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

static enum xsw_status restore_own_restore(void *state, uint16_t port,
                                           const struct xsw_record *record, struct xsw_error *error)
{
    (void)state;
    (void)port;
    (void)record;
    snprintf(error->text, sizeof(error->text), "this is not mine");
    return XSW_CORRUPT;
}

static const struct xsw_control_ops control = {
    .size = sizeof(control),
    .told = restore_own_told,
    .save = restore_own_save,
    .restore = restore_own_restore,
};

static const struct xsw_filter_ops ops = {.size = sizeof(ops), .ingress = wrong_pass};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "restore-own",
    .version = "1",
    .description = "breaks the rule restore-own",
    .kind = XSW_EXTENSION_FILTER,
    .state_size = sizeof(struct given),
    .init = wrong_init,
    .control = &control,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(extension);
