/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: moves the frame further than its headroom goes. */
#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

static void frame_bounds_ingress(void *state, struct xsw_batch *batch, struct xsw_verdict *verdicts)
{
    (void)state;
    (void)verdicts;
    for (uint32_t i = 0; i < batch->count; i++) {
        batch->packets[i]->data -= 100;
        batch->packets[i]->length += 100;
    }
}

static const struct xsw_filter_ops ops = {.size = sizeof(ops), .ingress = frame_bounds_ingress};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "frame-bounds",
    .version = "1",
    .description = "breaks the rule frame-bounds",
    .kind = XSW_EXTENSION_FILTER,
    .flags = XSW_EXTENSION_CHANGES_BYTES,
    .init = wrong_init,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(extension);
