/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: a capture extension that injects on egress. */
#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

static void egress_origin_look(void *state, enum xsw_direction direction,
                               const struct xsw_const_batch *batch)
{
    const struct xsw_host *host = ((struct wrong_host *)state)->host;
    if (direction == XSW_EGRESS && batch->packets[0]->injector == 0) {
        struct xsw_packet *made = host->data->alloc(host, batch->worker, 60);
        if (made != NULL) {
            (void)host->data->inject(host, batch->worker, made, XSW_EGRESS);
        }
    }
}

static const struct xsw_capture_ops ops = {.size = sizeof(ops), .look = egress_origin_look};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "egress-origin",
    .version = "1",
    .description = "breaks the rule egress-origin",
    .kind = XSW_EXTENSION_CAPTURE,
    .flags = XSW_EXTENSION_ORIGINATES,
    .state_size = sizeof(struct wrong_host),
    .init = wrong_init_host,
    .capture = &ops,
};

XSW_EXTENSION_EXPORT(extension);
