/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: allocates for every batch. */
#include <stdlib.h>

#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

static void hot_path_ingress(void *state, struct xsw_batch *batch, struct xsw_verdict *verdicts)
{
    (void)state;
    uint32_t *scratch = malloc(batch->count * sizeof(*scratch));
    if (scratch != NULL) {
        scratch[batch->count - 1] = batch->packets[0]->length;
        verdicts[0].rule = scratch[batch->count - 1];
    }
    free(scratch);
}

static const struct xsw_filter_ops ops = {.size = sizeof(ops), .ingress = hot_path_ingress};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "hot-path",
    .version = "1",
    .description = "breaks the rule hot-path",
    .kind = XSW_EXTENSION_FILTER,
    .init = wrong_init,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(extension);
