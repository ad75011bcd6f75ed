/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: changes the frame that it forwards. */
#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

static void forward_bytes_forward(void *state, const struct xsw_const_batch *batch,
                                  const struct xsw_port_set *connected,
                                  struct xsw_port_set *destinations, struct xsw_verdict *verdicts)
{
    (void)state;
    (void)verdicts;
    wrong_forward_all(batch, connected, destinations);
    for (uint32_t i = 0; i < batch->count; i++) {
        batch->packets[i]->data[batch->packets[i]->length - 1] ^= 1;
    }
}

static const struct xsw_forward_ops ops = {.size = sizeof(ops), .forward = forward_bytes_forward};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "forward-bytes",
    .version = "1",
    .description = "breaks the rule forward-bytes",
    .kind = XSW_EXTENSION_FORWARD,
    .init = wrong_init,
    .forward = &ops,
};

XSW_EXTENSION_EXPORT(extension);
