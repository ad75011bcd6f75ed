/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: marks what it has seen in the frame. */
#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

static void capture_bytes_look(void *state, enum xsw_direction direction,
                               const struct xsw_const_batch *batch)
{
    (void)state;
    (void)direction;
    for (uint32_t i = 0; i < batch->count; i++) {
        batch->packets[i]->data[batch->packets[i]->length - 1] ^= 1;
    }
}

static const struct xsw_capture_ops ops = {.size = sizeof(ops), .look = capture_bytes_look};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "capture-bytes",
    .version = "1",
    .description = "breaks the rule capture-bytes",
    .kind = XSW_EXTENSION_CAPTURE,
    .init = wrong_init,
    .capture = &ops,
};

XSW_EXTENSION_EXPORT(extension);
