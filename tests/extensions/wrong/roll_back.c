/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: keeps what it has prepared when somebody else refuses. */
#include <stdlib.h>

#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

struct ports {
    void *prepared[XSW_PORTS_MAX];
};

static enum xsw_status roll_back_ask(void *state, const struct xsw_change *change,
                                     struct xsw_error *refusal)
{
    struct ports *ports = state;
    (void)refusal;
    if (change->operation != XSW_OP_PORT_CREATE) {
        return XSW_OK;
    }
    void *prepared = malloc(100);
    if (prepared == NULL) {
        return XSW_NO_MEMORY;
    }
    ports->prepared[change->port % XSW_PORTS_MAX] = prepared; /* done() should have freed it */
    return XSW_OK;
}

static void roll_back_told(void *state, const struct xsw_change *change)
{
    struct ports *ports = state;
    if (change->operation == XSW_OP_PORT_DELETE) {
        free(ports->prepared[change->port % XSW_PORTS_MAX]);
        ports->prepared[change->port % XSW_PORTS_MAX] = NULL;
    }
}

static void roll_back_fini(void *state)
{
    struct ports *ports = state;
    for (int i = 0; i < XSW_PORTS_MAX; i++) {
        free(ports->prepared[i]);
    }
}

static const struct xsw_control_ops control = {
    .size = sizeof(control),
    .ask = roll_back_ask,
    .told = roll_back_told,
};

static const struct xsw_filter_ops ops = {.size = sizeof(ops), .ingress = wrong_pass};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "roll-back",
    .version = "1",
    .description = "breaks the rule roll-back",
    .kind = XSW_EXTENSION_FILTER,
    .state_size = sizeof(struct ports),
    .init = wrong_init,
    .control = &control,
    .fini = roll_back_fini,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(extension);
