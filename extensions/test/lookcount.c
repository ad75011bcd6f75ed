/* SPDX-License-Identifier: Apache-2.0 */
/* Counts the packets that it is shown, and writes the counts to the log when it ends. */
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>

#include <xsw/extension.h>

struct lookcount {
    const struct xsw_host *host;
    atomic_uint_fast64_t ingress; /* by all workers */
    atomic_uint_fast64_t egress;
};

static enum xsw_status lookcount_init(void *state, const struct xsw_host *host,
                                      const struct xsw_setting *settings, struct xsw_error *error)
{
    struct lookcount *counts = state;
    (void)settings;
    (void)error;
    counts->host = host;
    return XSW_OK;
}

static void lookcount_look(void *state, enum xsw_direction direction,
                           const struct xsw_const_batch *batch)
{
    struct lookcount *counts = state;
    atomic_fetch_add_explicit(direction == XSW_INGRESS ? &counts->ingress : &counts->egress,
                              batch->count, memory_order_relaxed);
}

static void lookcount_fini(void *state)
{
    struct lookcount *counts = state;
    char text[80];
    snprintf(text, sizeof text, "lookcount: ingress=%" PRIuFAST64 " egress=%" PRIuFAST64,
             atomic_load(&counts->ingress), atomic_load(&counts->egress));
    counts->host->log(counts->host, text);
}

static const struct xsw_capture_ops ops = {.size = sizeof ops, .look = lookcount_look};

static const struct xsw_extension lookcount = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof lookcount,
    .name = "lookcount",
    .version = "1",
    .description = "counts what it is shown",
    .kind = XSW_EXTENSION_CAPTURE,
    .state_size = sizeof(struct lookcount),
    .init = lookcount_init,
    .fini = lookcount_fini,
    .capture = &ops,
};

XSW_EXTENSION_EXPORT(lookcount);
