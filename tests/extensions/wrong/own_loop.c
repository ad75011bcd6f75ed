/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: reports every packet that it sees leave, its own reports too. */
#include <string.h>

#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

static void own_loop_look(void *state, enum xsw_direction direction,
                          const struct xsw_const_batch *batch)
{
    const struct xsw_host *host = ((struct wrong_host *)state)->host;
    for (uint32_t i = 0; direction == XSW_EGRESS && i < batch->count; i++) {
        struct xsw_packet *made = host->data->alloc(host, batch->worker, 60);
        if (made != NULL) {
            memset(made->data, 0xff, 6);
            made->data[6] = 2;
            (void)host->data->inject(host, batch->worker, made, XSW_INGRESS);
        }
    }
}

static const struct xsw_capture_ops ops = {.size = sizeof(ops), .look = own_loop_look};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "own-loop",
    .version = "1",
    .description = "breaks the rule own-loop",
    .kind = XSW_EXTENSION_CAPTURE,
    .flags = XSW_EXTENSION_ORIGINATES,
    .state_size = sizeof(struct wrong_host),
    .init = wrong_init_host,
    .capture = &ops,
};

XSW_EXTENSION_EXPORT(extension);
